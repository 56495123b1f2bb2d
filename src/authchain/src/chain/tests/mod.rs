//! Tests of the chain, with backends, a system and a person that answer as the test wrote.

mod aliases;
mod app_passwords;
mod cases;
mod changes;
mod factor_stage;
mod fake_system;
mod instructions;
mod laws;
mod login_events;
mod one_password;
mod plugin_factors;
mod rules;
mod scripted;
mod scripted_factor;
mod second_factors;
mod user_ids;

use std::time::{Duration, SystemTime};

use self::fake_system::FakeSystem;
use self::login_events::{Event, LoggedEvent, happen};
use self::one_password::OnePassword;
use self::scripted::Scripted;
use super::*;
use crate::tools::deadline::{Deadline, system_clock};
use crate::tools::request::Context;
use crate::words::Account;

fn context(allow_empty_password: bool) -> Context<'static> {
    Context {
        service: "test",
        tty: "",
        rhost: "",
        ruser: "",
        uid: 0,
        euid: 0,
        now: SystemTime::UNIX_EPOCH,
        deadline: Deadline::after(system_clock, Duration::from_secs(8)),
        allow_empty_password,
        has_publickey: false,
        silent: false,
        journal: &LoggedEvent,
    }
}

/// Returns a context as in su, whose caller may do with this process what they like.
fn su() -> Context<'static> {
    Context {
        uid: 1000,
        ..context(false)
    }
}

fn chain(backends: &[Scripted]) -> Chain {
    chain_in(FakeSystem::default(), backends)
}

fn chain_in(system: FakeSystem, backends: &[Scripted]) -> Chain {
    let links = backends.iter().map(Scripted::link).collect();
    Chain::new(links, 1000, Box::new(system)).unwrap()
}

fn login(backends: &[Scripted], name: &str, password: &'static [u8]) -> AuthDecision {
    login_in(&chain(backends), &context(false), name, password)
}

fn login_in(
    chain: &Chain,
    context: &Context<'_>,
    name: &str,
    password: &'static [u8],
) -> AuthDecision {
    let mut person = OnePassword {
        password: Ok(password),
        asked: 0,
        prompt: None,
    };
    let report = |_: &AuthDecision| happen(Event::Logged);
    let decision = chain.authenticate(name.as_bytes(), context, &mut person, report);
    assert_eq!(
        person.asked, 1,
        "the password is asked for once, whatever comes of it"
    );
    decision
}

fn account(backends: &[Scripted], name: &str) -> AccountDecision {
    account_known(backends, name, None)
}

fn account_known(backends: &[Scripted], name: &str, known: Option<&Account>) -> AccountDecision {
    let mut decision = chain(backends).account(name.as_bytes(), known, &context(false));
    for step in &mut decision.steps {
        step.took = Duration::ZERO;
    }
    decision
}

fn accepts<A>(decision: &Decision<A>) -> bool {
    matches!(decision.outcome, Outcome::Answered(_))
}
