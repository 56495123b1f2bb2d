//! Tests of the repository itself: its walls, examples, stacks and pages.

mod examples;
mod install;
mod packaging;
mod programs;
mod prose;
mod protocol;
mod release;
mod stacks;
mod walls;
