//! JSON Schemas of values that are fewer than those of their type: [`check`] refuses the others.
//!
//! [`check`]: super::local::LocalSettings::check

/// A duration that may not be zero.
#[derive(schemars::JsonSchema)]
#[schemars(
    with = "String",
    title = "duration longer than 0",
    extend("pattern" = "^0*[1-9][0-9]*(ms|s|m|h|d)$")
)]
pub(in crate::config) struct PositiveDuration;

/// A path that begins with a slash.
#[derive(schemars::JsonSchema)]
#[schemars(with = "String", title = "absolute path", extend("pattern" = "^/"))]
pub(super) struct AbsolutePath;
