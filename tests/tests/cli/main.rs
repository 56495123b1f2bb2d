//! The command, `authchain`, where it needs more than its own unit tests give it.

mod accounts_lock;
mod check_dns;
mod check_online;
mod check_stacks;
mod name_service;
