//! What is made of a worker's words, its silence and its end.

mod marks;
mod stage;
mod talk;
