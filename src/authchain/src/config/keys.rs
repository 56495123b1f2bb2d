//! The keys of a settings struct, and suggestions for mistyped keys.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor, value::Error};
use serde::forward_to_deserialize_any;

/// Returns the keys of a settings struct. They come from its `Deserialize`, so that no second list
/// of the fields is needed.
pub(super) fn keys_of<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // The reader takes the names and then fails, so that there is never a value.
    let _ = T::deserialize(KeyReader(&mut keys));
    keys
}

struct KeyReader<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for KeyReader<'_> {
    type Error = Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        Err(de::Error::custom("only the names were wanted"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
        Err(de::Error::custom("not a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The end of a message: ` (did you mean "x"?)` if one of the known keys is similar to the given
/// one.
pub(super) struct DidYouMean<'a, I>(pub(super) &'a str, pub(super) I);

impl<'k, I: Iterator<Item = &'k str> + Clone> fmt::Display for DidYouMean<'_, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let close = (self.1.clone())
            .map(|known| (strsim::damerau_levenshtein(self.0, known), known))
            .min();
        match close {
            Some((distance, known)) if distance <= slips_allowed(known) => {
                write!(f, " (did you mean \"{known}\"?)")
            }
            _ => Ok(()),
        }
    }
}

/// Returns how many typing mistakes a key may have to count as similar to `known`: one, and one
/// more for every four letters.
fn slips_allowed(known: &str) -> usize {
    (known.len() / 4).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only the names of the fields matter")]
    struct Sample {
        uris: Vec<String>,
        bind_password_file: String,
    }

    fn hint(given: &str) -> String {
        DidYouMean(given, keys_of::<Sample>().iter().copied()).to_string()
    }

    #[test]
    fn keys_come_from_the_struct_itself() {
        assert_eq!(keys_of::<Sample>(), ["uris", "bind_password_file"]);
        assert!(keys_of::<String>().is_empty());
    }

    #[test]
    fn a_similar_key_is_suggested_and_a_different_key_is_not() {
        assert_eq!(
            hint("bind_pasword_file"),
            " (did you mean \"bind_password_file\"?)"
        );
        assert_eq!(hint("uri"), " (did you mean \"uris\"?)");
        assert_eq!(hint("colour"), "");
    }
}
