//! Tests of the command `authchain` that need servers or a built worker.

mod accounts_lock;
mod backend_accounts;
mod check_dns;
mod check_online;
mod check_stacks;
mod name_service;
mod plugins;
mod sync;
