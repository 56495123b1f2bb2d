//! What the repository promises about itself: its walls, its examples, its stacks, its protocol's page.

mod examples;
mod protocol;
mod stacks;
mod walls;
