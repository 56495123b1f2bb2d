//! The rules: `[[rule]]` sections, each with its conditions and what holds where they fit.
//!
//! - [`RuleSettings`]: the keys of a section; their doc comments are the manual.
//! - [`Rule`]: a section that was read. Each condition is a [`List`] of entries.
//! - [`Rules`]: all of them in order, and the two choices among them.
//!
//! A login is chosen a rule twice: before the prompt by what this machine knows
//! ([`Rules::first_choice`]), and after a backend has accepted by the backend's groups, too
//! ([`Rules::second_choice`]). The second choice can only take away. What cannot be found out
//! refuses: a file that cannot be read, a host name where an address decides, a name that may be
//! the same name in other letters.

mod check;
mod choice;
mod cover;
mod demand;
mod facts;
mod fit;
mod group;
mod list;
mod machine_groups;
mod origin;
mod parse;
mod pattern;
mod rule;
mod settings;
mod user;

pub use choice::{Choice, FirstChoice, Rules, SecondChoice};
pub use demand::{Demand, Remember};
pub use facts::LoginFacts;
pub use fit::Fit;
pub use group::{Group, MAX_GROUP_BYTES, MAX_GROUPS};
pub use list::List;
pub use machine_groups::MachineGroups;
pub use origin::{Origin, OriginEntry};
pub use pattern::Pattern;
pub use rule::{Conditions, Rule};
pub use settings::{RuleAccess, RuleSettings};
pub use user::UserEntry;

pub(super) use check::{check, check_groups};
pub(super) use parse::parse;

#[cfg(test)]
mod tests;
