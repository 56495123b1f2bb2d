//! The members of the JSON object on a line: each at most once, and each of its own shape.
//!
//! Members come in any order, so all of them are read before the kind of the message is known.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::{MAX_LINE, ProtocolError};

/// One direction of the protocol, to the worker or to the module, with the members of its lines.
///
/// The implementing type is an enum of the members whose values [`read`](Self::read) reads.
pub(super) trait Direction: Sized {
    /// A value that [`read`](Self::read) returns.
    type Special;

    /// Returns a member's name and shape; `None` for a member that is ignored.
    fn member(name: &str) -> Option<(&'static str, Shape<Self>)>;

    /// Reads the value of this member; `None` where it is null.
    fn read<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Option<Self::Special>, A::Error>;
}

/// The JSON type of a member's value.
#[derive(Clone, Copy)]
pub(super) enum Shape<D> {
    /// A whole number from 0, or null.
    Number,
    /// A string, or null.
    Text,
    /// A list of strings.
    Texts,
    /// True, false, or null.
    Bool,
    /// A value that the direction reads by [`Direction::read`].
    Special(D),
}

/// The value of a member, in the variant named like its [`Shape`].
pub(super) enum Value<S> {
    Number(u64),
    Text(String),
    Texts(Vec<String>),
    Bool(bool),
    Special(S),
}

/// The members of one line that the protocol knows. A null is `None`, and counts as missing.
pub(super) struct Members<D: Direction>(Vec<(&'static str, Option<Value<D::Special>>)>);

impl<D: Direction> Members<D> {
    /// Reads the object on a line, with or without its line feed.
    pub(super) fn parse(line: &[u8]) -> Result<Self, ProtocolError> {
        if line.len() > MAX_LINE {
            return Err(ProtocolError::TooLong);
        }
        Ok(serde_json::from_slice(line)?)
    }

    /// Takes the head of the line, the only member that `is_head`: it tells the kind of the
    /// message.
    pub(super) fn take_head(
        &mut self,
        is_head: impl Fn(&str) -> bool,
    ) -> Result<(&'static str, Value<D::Special>), ProtocolError> {
        let given = self.0.iter_mut().filter(|(_, value)| value.is_some());
        let mut heads = given.filter(|(name, _)| is_head(name));
        let (Some((name, value)), None) = (heads.next(), heads.next()) else {
            return Err(ProtocolError::NoMessage);
        };
        let value = value.take().ok_or(ProtocolError::NoMessage)?;
        Ok((name, value))
    }

    /// Takes the text that `name` has, if there is one.
    pub(super) fn maybe_text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Takes the text that `name` has to have.
    pub(super) fn text(&mut self, name: &'static str) -> Result<String, ProtocolError> {
        self.maybe_text(name).ok_or(ProtocolError::Missing(name))
    }

    /// Takes the number that `name` has, if there is one.
    pub(super) fn number(&mut self, name: &str) -> Option<u64> {
        match self.take(name) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// Takes the texts that `name` has, if it is there.
    pub(super) fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        match self.take(name) {
            Some(Value::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    /// Takes the boolean that `name` has; false if it is not there.
    pub(super) fn is_true(&mut self, name: &str) -> bool {
        matches!(self.take(name), Some(Value::Bool(true)))
    }

    /// Takes the value of a special shape that `name` has, if there is one.
    pub(super) fn special(&mut self, name: &str) -> Option<D::Special> {
        match self.take(name) {
            Some(Value::Special(value)) => Some(value),
            _ => None,
        }
    }

    /// Returns every value that has not been taken.
    pub(super) fn values(&self) -> impl Iterator<Item = &Value<D::Special>> {
        self.0.iter().filter_map(|(_, value)| value.as_ref())
    }

    fn take(&mut self, name: &str) -> Option<Value<D::Special>> {
        let mut members = self.0.iter_mut();
        let (_, value) = members.find(|(known, _)| *known == name)?;
        value.take()
    }
}

impl<D: Direction> Shape<D> {
    fn read<'de, A: MapAccess<'de>>(
        self,
        map: &mut A,
    ) -> Result<Option<Value<D::Special>>, A::Error> {
        Ok(match self {
            Self::Number => map.next_value::<Option<_>>()?.map(Value::Number),
            Self::Text => map.next_value::<Option<_>>()?.map(Value::Text),
            Self::Bool => map.next_value::<Option<_>>()?.map(Value::Bool),
            Self::Texts => Some(Value::Texts(map.next_value()?)),
            Self::Special(member) => member.read(map)?.map(Value::Special),
        })
    }
}

impl<'de, D: Direction> Deserialize<'de> for Members<D> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct MembersVisitor<D>(PhantomData<D>);

impl<'de, D: Direction> Visitor<'de> for MembersVisitor<D> {
    type Value = Members<D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<D>, A::Error> {
        let mut members: Vec<(&'static str, _)> = Vec::new();
        while let Some(Name(known)) = map.next_key()? {
            let Some((name, shape)): Option<(_, Shape<D>)> = known else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if members.iter().any(|(given, _)| *given == name) {
                return Err(A::Error::duplicate_field(name));
            }
            members.push((name, shape.read(&mut map)?));
        }
        Ok(Members(members))
    }
}

/// The name of a member, looked up as it is read, so that nothing of the line is kept.
struct Name<D>(Option<(&'static str, Shape<D>)>);

impl<'de, D: Direction> Deserialize<'de> for Name<D> {
    fn deserialize<R: Deserializer<'de>>(deserializer: R) -> Result<Self, R::Error> {
        deserializer.deserialize_identifier(NameVisitor(PhantomData))
    }
}

struct NameVisitor<D>(PhantomData<D>);

impl<D: Direction> Visitor<'_> for NameVisitor<D> {
    type Value = Name<D>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name<D>, E> {
        Ok(Name(D::member(name)))
    }
}
