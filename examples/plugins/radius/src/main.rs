//! A second factor of a RADIUS server (RFC 2865), such as servers of one-time codes are.
//!
//! It asks the server with an empty password, or with what was typed if the section has `prompt`.
//! Where the server answers with a challenge, its text is shown to the person, and what they type
//! goes back to it. Settings: `server` (an address and a port), `secret` (a file that has the shared
//! secret) and `nas` (the name of this machine for the server).

mod md5;
mod module;
mod radius;

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::module::{Module, broken};
use crate::radius::{Reply, Server};

/// Most challenges for one login.
const MAX_CHALLENGES: usize = 5;

fn main() -> ExitCode {
    // An error is the end of the exchange, and nobody is there to be told about it.
    match Module::listen().and_then(|module| run(&module)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn run(module: &Module) -> io::Result<()> {
    let hello = module.hear()?;
    if hello["hello"] != 1 {
        return Err(broken());
    }
    let settings = &hello["settings"];
    let server = Server::of(settings);
    if let Some(why) = server.as_ref().err().filter(|_| is_complete(settings)) {
        return module.say(&unavailable(why));
    }
    module.say(&json!({"hello": 1, "can": ["confirm", "describe"]}))?;
    let message = module.hear()?;
    let verdict = match server {
        _ if message.get("describe").is_some() => {
            json!({"verdict": "described", "schema": schema()})
        }
        Ok(server) => confirm(&server, &message["confirm"], module)?,
        Err(why) => unavailable(&why),
    };
    module.say(&verdict)?;
    // The module ends this process.
    module.hear().map(|_| ())
}

/// The settings, and what each means.
const SETTINGS: [(&str, &str); 3] = [
    (
        "server",
        "The address and the port of the server, such as 192.0.2.10:1812.",
    ),
    (
        "secret",
        "A file that has the secret which the server shares with this machine.",
    ),
    (
        "nas",
        "The name of this machine for the server (NAS-Identifier).",
    ),
];

fn is_complete(settings: &Value) -> bool {
    SETTINGS.iter().all(|(key, _)| settings[*key].is_string())
}

/// Returns the description of the settings, for `authchain check`.
fn schema() -> Value {
    let property = |(key, help): &(&str, &str)| {
        let value = json!({"type": "string", "description": help});
        ((*key).to_owned(), value)
    };
    json!({
        "type": "object",
        "properties": SETTINGS.iter().map(property).collect::<serde_json::Map<_, _>>(),
        "required": SETTINGS.map(|(key, _)| key),
        "additionalProperties": false,
    })
}

/// Returns the verdict about the person of a question.
fn confirm(server: &Server, question: &Value, module: &Module) -> io::Result<Value> {
    let user = question["user"].as_str().ok_or_else(broken)?;
    let budget = question["budget_ms"].as_u64().ok_or_else(broken)?;
    let budget = Duration::from_millis(budget);
    let mut typed = match question.get("answer") {
        Some(answer) => module::decoded(answer)?,
        None => Vec::new(),
    };
    let mut state = None;
    for _ in 0..=MAX_CHALLENGES {
        match server.ask(user, &typed, state.as_deref(), budget) {
            Ok(Reply::Accept) => {
                return Ok(json!({"verdict": "accepted", "user": {"name": user}}));
            }
            // RADIUS does not tell a wrong code from an unknown person.
            Ok(Reply::Reject(text)) => {
                return Ok(json!({
                    "verdict": "denied", "reason": "bad_credential", "detail": text,
                }));
            }
            Ok(Reply::Challenge { text, state: next }) => {
                module.say(&json!({"prompt": "echo_off", "text": text}))?;
                typed = module::decoded(&module.hear()?["answer"])?;
                state = Some(next);
            }
            Err(why) => return Ok(unavailable(&why)),
        }
    }
    Ok(unavailable("the server asks for more and more"))
}

fn unavailable(why: &str) -> Value {
    json!({"verdict": "unavailable", "detail": why})
}
