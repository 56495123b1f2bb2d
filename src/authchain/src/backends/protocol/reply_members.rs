//! The members that replies have.

use serde::de::MapAccess;

use super::WireUser;
use super::members::{Direction, Shape, Value};
use super::object::Object;
#[cfg(feature = "manage")]
use crate::backends::accounts::Listed;

/// The members that tell the kind of a reply: each reply has exactly one of them.
const HEADS: &[&str] = &[
    "hello",
    "prompt",
    "info",
    "error",
    "finding",
    #[cfg(feature = "manage")]
    "person",
    #[cfg(feature = "manage")]
    "group",
    "verdict",
];

/// Every member of every reply.
const MEMBERS: &[(&str, Shape<ReplyMember>)] = &[
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
    ("user", Shape::Special(ReplyMember::User)),
    ("status", Shape::Text),
    ("warning", Shape::Text),
    ("down", Shape::Texts),
    ("up", Shape::Texts),
    ("open_ms", Shape::Number),
    ("again", Shape::Bool),
    ("unanswered", Shape::Bool),
    ("notes", Shape::Texts),
    #[cfg(feature = "manage")]
    ("person", Shape::Special(ReplyMember::Person)),
    #[cfg(feature = "manage")]
    ("group", Shape::Special(ReplyMember::Group)),
    #[cfg(feature = "manage")]
    ("count", Shape::Number),
    #[cfg(feature = "manage")]
    ("more", Shape::Bool),
    #[cfg(feature = "manage")]
    ("schema", Shape::Special(ReplyMember::Schema)),
];

/// Returns whether a member of this name tells the kind of the reply.
pub(super) fn is_head(name: &str) -> bool {
    HEADS.contains(&name)
}

/// The members of replies whose values [`Direction::read`] reads.
#[derive(Clone, Copy)]
pub(super) enum ReplyMember {
    User,
    #[cfg(feature = "manage")]
    Person,
    #[cfg(feature = "manage")]
    Group,
    #[cfg(feature = "manage")]
    Schema,
}

/// The values of [`ReplyMember`].
pub(super) enum ReplyValue {
    User(WireUser),
    #[cfg(feature = "manage")]
    Listed(Listed),
    #[cfg(feature = "manage")]
    Schema(serde_json::Value),
}

impl Direction for ReplyMember {
    type Special = ReplyValue;

    fn member(name: &str) -> Option<(&'static str, Shape<Self>)> {
        MEMBERS.iter().find(|(known, _)| *known == name).copied()
    }

    fn read<'de, A: MapAccess<'de>>(self, map: &mut A) -> Result<Option<ReplyValue>, A::Error> {
        Ok(Some(match self {
            Self::User => {
                let Object(user) = map.next_value()?;
                ReplyValue::User(user)
            }
            #[cfg(feature = "manage")]
            Self::Person => {
                let Object(person) = map.next_value()?;
                ReplyValue::Listed(Listed::Person(person))
            }
            #[cfg(feature = "manage")]
            Self::Group => {
                let Object(group) = map.next_value()?;
                ReplyValue::Listed(Listed::Group(group))
            }
            #[cfg(feature = "manage")]
            Self::Schema => {
                let Object(schema) = map.next_value()?;
                ReplyValue::Schema(serde_json::Value::Object(schema))
            }
        }))
    }
}

/// Returns whether a string of the value has a NUL in it.
pub(super) fn has_nul(value: &Value<ReplyValue>) -> bool {
    let contains_nul = |text: &String| text.contains('\0');
    match value {
        Value::Number(_) | Value::Bool(_) => false,
        Value::Text(text) => contains_nul(text),
        Value::Texts(texts) => texts.iter().any(contains_nul),
        Value::Special(ReplyValue::User(user)) => user.texts().any(contains_nul),
        #[cfg(feature = "manage")]
        Value::Special(ReplyValue::Listed(entry)) => entry.texts().any(contains_nul),
        // Shown to the administrator alone, with control characters written out.
        #[cfg(feature = "manage")]
        Value::Special(ReplyValue::Schema(_)) => false,
    }
}
