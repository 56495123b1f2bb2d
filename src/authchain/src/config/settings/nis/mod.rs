//! Settings of `type = "nis"`.

mod address;
mod check;
pub mod name;
mod settings;

pub use address::Address;
pub use settings::{ChangeWay, NisSettings, SourcePort, Transport};
