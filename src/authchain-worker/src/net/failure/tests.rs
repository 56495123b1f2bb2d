use super::*;
use std::cell::Cell;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use authchain::tools::deadline::{Moment, system_clock};
use nix::errno::Errno;

#[test]
fn a_failure_has_the_systems_text() {
    let refused = io::Error::from_raw_os_error(111);
    let failure = Failure::down("connect", io_text(&refused));
    assert_eq!(failure.to_string(), "connect: connection refused");
}

thread_local!(static AHEAD: Cell<Duration> = const { Cell::new(Duration::ZERO) });

/// Returns a clock that jumps ahead while this thread is stopped.
fn jumping() -> Moment {
    let now = system_clock();
    now.checked_add(AHEAD.get()).unwrap_or(now)
}

/// Returns the failure of a server that never answers, in a process that is stopped for
/// `stopped` of the 200 ms it waits.
fn silence(stopped: Duration) -> Failure {
    let deadline = Deadline::after(jumping, Duration::from_millis(200));
    let mut has_begun = false;
    let silent = poll_fn(|_| {
        if !std::mem::replace(&mut has_begun, true) {
            AHEAD.set(AHEAD.get() + stopped);
        }
        Poll::<Result<(), Failure>>::Pending
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let waiting = within(deadline, "connect", silent);
    runtime.unwrap().block_on(waiting).unwrap_err()
}

#[test]
fn a_process_that_did_not_run_calls_no_server_down() {
    let heard = silence(Duration::ZERO);
    assert_eq!((heard.kind, &*heard.text), (FailureKind::Down, "timed out"));
    for stopped in [120, 180, 60_000].map(Duration::from_millis) {
        let late = silence(stopped);
        assert_eq!((late.kind, &*late.text), (FailureKind::Local, ASLEEP));
    }
}

#[test]
fn an_error_of_this_machine_calls_no_server_down() {
    let kind = |errno: Errno| {
        let error = io::Error::from(errno);
        Failure::of_socket("connect", &error).kind
    };
    for here in [
        Errno::EAFNOSUPPORT,
        Errno::EPERM,
        Errno::EACCES,
        Errno::EMFILE,
        Errno::ENOBUFS,
        Errno::ENOMEM,
        Errno::EADDRNOTAVAIL,
    ] {
        assert_eq!(kind(here), FailureKind::Local, "{here}");
    }
    for nowhere in [Errno::ENETUNREACH, Errno::ENETDOWN] {
        assert_eq!(kind(nowhere), FailureKind::Trouble, "{nowhere}");
    }
    for there in [Errno::ECONNREFUSED, Errno::EHOSTUNREACH] {
        assert_eq!(kind(there), FailureKind::Down);
    }
}

#[test]
fn a_connection_that_broke_is_no_server_that_is_down() {
    let kind = |errno: Errno| {
        let error = io::Error::from(errno);
        Failure::of_connection("search", &error).kind
    };
    for there in [Errno::ECONNRESET, Errno::ETIMEDOUT, Errno::EPIPE] {
        assert_eq!(kind(there), FailureKind::Trouble, "{there}");
    }
    for here in [Errno::ENOBUFS, Errno::ENOMEM, Errno::EPERM] {
        assert_eq!(kind(here), FailureKind::Local, "{here}");
    }
}

#[test]
fn the_text_of_a_server_stays_in_its_quotes_wherever_it_is_cut() {
    let said = server_text(r#" x"; root: local: accepted (1 ms) "#);
    assert_eq!(said, r#""x\"; root: local: accepted (1 ms)""#);
    assert_eq!(server_text(" \0"), "");
    let both = format!("{} {}", "x".repeat(MAX_TEXT - 10), said);
    let text = Failure::trouble("bind", both).text;
    assert!(text.ends_with(r#""x\"; roo""#), "{text}");
}

#[test]
fn no_text_breaks_or_fills_the_log() {
    let failure = Failure::trouble("x", format!("a\nb\x1b{}", "c".repeat(4096)));
    assert!(failure.text.starts_with("a\\nb\\u{1b}ccc"), "{failure}");
    assert_eq!(failure.text.chars().count(), MAX_TEXT);
}

#[test]
fn a_deadline_that_is_over_before_the_wait_calls_no_server_down() {
    let over = Deadline::after(system_clock, Duration::ZERO);
    let waiting = within(over, "connect", async { Ok(()) });
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().build().unwrap();
    let failure = runtime.block_on(waiting).unwrap_err();
    assert_eq!((failure.kind, &*failure.text), (FailureKind::Local, ASLEEP));
}

#[test]
fn only_a_timeout_names_the_setting_that_limited_it() {
    let timeout = silence(Duration::ZERO).limited_by("timeout");
    let timeout = timeout.limited_by("connect_timeout");
    assert_eq!(timeout.to_string(), "connect: timed out (timeout)");
    let refused = Failure::down("connect", "refused").limited_by("timeout");
    assert_eq!(refused.text, "refused");
}

#[test]
fn every_failure_but_one_of_the_settings_is_spent_once_the_password_is_sent() {
    let kind = |failure: Failure| failure.spent().kind;
    assert_eq!(kind(Failure::down("x", "")), FailureKind::Spent);
    assert_eq!(kind(Failure::trouble("x", "")), FailureKind::Spent);
    assert_eq!(kind(Failure::local("x", "")), FailureKind::LocalSpent);
    assert_eq!(kind(Failure::settings("x", "")), FailureKind::Settings);
}
