//! The worker by itself: its confinement, who starts it, and its resolver.

mod confinement;
mod dns;
mod plugins;
mod services;
mod surroundings;
