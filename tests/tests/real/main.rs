//! The module inside the real programs, on machines of their own.

mod ageing;
mod callers;
mod changes;
mod changes_at_login;
mod changes_beside;
mod changes_hashes;
mod changes_signals;
mod changing_programs;
mod directory;
mod directory_changes;
mod directory_hosts;
mod fail2ban;
mod failing_programs;
mod failures;
mod faults;
mod homes;
mod lockers;
mod module;
mod names;
mod readme;
mod second_factor_faults;
mod second_factors;
mod stacks;
mod stage;
mod stories;
mod strangers;
