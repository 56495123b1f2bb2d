//! The members that replies have.

use serde::de::MapAccess;

use super::WireUser;
use super::members::{Direction, Shape, Value};
use super::object::Object;

/// The members that say which reply it is: each has exactly one of them.
const HEADS: &[&str] = &["hello", "prompt", "info", "error", "finding", "verdict"];

/// Every member of every reply.
const MEMBERS: &[(&str, Shape<Replies>)] = &[
    ("hello", Shape::Number),
    ("can", Shape::Texts),
    ("prompt", Shape::Text),
    ("text", Shape::Text),
    ("info", Shape::Text),
    ("error", Shape::Text),
    ("finding", Shape::Text),
    ("server", Shape::Text),
    ("step", Shape::Text),
    ("took_us", Shape::Number),
    ("verdict", Shape::Text),
    ("reason", Shape::Text),
    ("detail", Shape::Text),
    ("user", Shape::Own(Replies::User)),
    ("status", Shape::Text),
    ("warning", Shape::Text),
    ("down", Shape::Texts),
    ("up", Shape::Texts),
    ("open_ms", Shape::Number),
    ("again", Shape::Truth),
    ("notes", Shape::Texts),
];

/// Returns whether a member of this name says which reply it is.
pub(super) fn is_head(name: &str) -> bool {
    HEADS.contains(&name)
}

/// The members that only replies have.
#[derive(Clone, Copy)]
pub(super) enum Replies {
    User,
}

impl Direction for Replies {
    type Own = WireUser;

    fn member(name: &str) -> Option<(&'static str, Shape<Self>)> {
        MEMBERS.iter().find(|(known, _)| *known == name).copied()
    }

    fn read<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Option<WireUser>, A::Error> {
        let Object(user) = map.next_value()?;
        Ok(Some(user))
    }
}

/// Returns whether a string of the value has a NUL in it.
pub(super) fn has_nul(value: &Value<WireUser>) -> bool {
    let has_nul = |text: &String| text.contains('\0');
    match value {
        Value::Number(_) | Value::Truth(_) => false,
        Value::Text(text) => has_nul(text),
        Value::Texts(texts) => texts.iter().any(has_nul),
        Value::Own(user) => user.texts().any(has_nul),
    }
}
