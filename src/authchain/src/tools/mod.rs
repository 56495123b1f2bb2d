//! Floor 1: the request and its surroundings (time, log, person), and how files are opened.
//!
//! - [`request`]: what the host program said, the question to one backend, and the password.
//! - [`deadline`]: time as a parameter, so that tests decide what time it is.
//! - [`conversation`]: the person who logs in, as a trait.
//! - [`journal`]: the system's log, which never keeps a login waiting for long.
//! - [`trusted_file`]: opens a file only if no untrusted user could have written or replaced it.
//! - [`deferred`]: work that only a refused login has to do.
//! - [`name_service`]: users in the system's name service; which of its errors mean "not found".
//! - [`password_dialogue`]: the person whose password is to be changed, as a trait.
//! - [`random`]: random numbers from the kernel.
//! - [`session`]: which session of which boot this process belongs to.
//! - [`one_error`]: keeps back the errors of backends; a refused login tells the last one.
//!
//! **Uses** `words`. **Used by** every floor above, the module, the worker and the command.
//! **Begin with** [`request::Context`]: it holds all that the library knows of its surroundings.

pub mod conversation;
pub mod deadline;
pub mod deferred;
pub mod journal;
pub mod name_service;
pub mod one_error;
pub mod password_dialogue;
pub mod random;
pub mod request;
pub mod session;
pub mod trusted_file;
