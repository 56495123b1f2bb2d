//! What the repository promises about itself: its walls, examples, stacks and pages.

mod examples;
mod programs;
mod protocol;
mod stacks;
mod walls;
