use super::*;

impl Server for &str {
    fn name(&self) -> &str {
        self
    }
}

/// Asks servers that answer as `answer` says. Returns the servers that were asked, and the answer.
fn ask(health: &Health, answer: impl Fn(&str) -> Result<Answer, Failure>) -> (Vec<String>, Answer) {
    let deadline = Deadline::after(system_clock, Duration::from_secs(3));
    let mut asked = Vec::new();
    let asking = in_turn(
        &["one", "two", "three"],
        health,
        deadline,
        Vec::new(),
        async |turn: &Turn<'_, &'static str>, _| {
            asked.push(turn.server.to_string());
            answer(turn.server)
        },
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let told = runtime.unwrap().block_on(asking);
    (asked, told)
}

fn health(avoid: &[&str], probe: &[&str]) -> Health {
    let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    Health {
        avoid: list(avoid),
        probe: list(probe),
        probe_time: Duration::from_millis(40),
    }
}

#[test]
fn a_fault_leads_to_the_next_server_and_an_answer_ends_it() {
    let (asked, told) = ask(&Health::default(), |server| match server {
        "one" => Err(Failure::down("connect", "refused")),
        _ => Ok(WireVerdict::Unknown.into()),
    });
    assert_eq!(asked, ["one", "two"]);
    assert_eq!(told.verdict, WireVerdict::Unknown);
    assert_eq!(told.servers.down, ["one"]);
    assert_eq!(told.notes, ["one: connect: refused"]);
}

#[test]
fn a_failure_that_no_other_server_can_mend_is_final() {
    for failure in [
        Failure::settings("x", "wrong"),
        Failure::down("x", "gone").spent(),
    ] {
        let (asked, told) = ask(&Health::default(), |_| Err(failure.clone()));
        assert_eq!(asked, ["one"]);
        assert_eq!(told.servers.down, [""; 0]);
    }
    let (asked, told) = ask(&Health::default(), |_| Err(Failure::trouble("x", "y")));
    assert_eq!(asked.len(), 3);
    let unavailable = WireVerdict::Unavailable("one: x: y; two: x: y; three: x: y".to_owned());
    assert_eq!(told.verdict, unavailable);
    assert_eq!(told.servers.down, [""; 0], "it answered, if not helpfully");
}

#[test]
fn a_process_that_can_ask_no_server_fails_and_calls_none_down() {
    let (asked, told) = ask(&Health::default(), |_| Err(Failure::local("x", "y")));
    assert_eq!(asked.len(), 3);
    let failed = WireVerdict::Failed("one: x: y; two: x: y; three: x: y".to_owned());
    assert_eq!((told.verdict, told.servers.down), (failed, Vec::new()));
    let (_, told) = ask(&Health::default(), |server| match server {
        "two" => Err(Failure::down("x", "gone")),
        _ => Err(Failure::local("x", "y")),
    });
    assert!(matches!(told.verdict, WireVerdict::Unavailable(_)));
    assert_eq!(told.servers.down, ["two"]);
}

#[test]
fn a_process_that_could_not_hear_about_a_password_fails_and_asks_nobody_else() {
    let asleep = Failure::local("bind", "asleep").spent();
    let (asked, told) = ask(&Health::default(), |_| Err(asleep.clone()));
    assert_eq!(asked, ["one"]);
    let failed = WireVerdict::Failed("one: bind: asleep".to_owned());
    assert_eq!(told.verdict, failed);
}

#[test]
fn a_server_that_may_be_back_is_asked_first_and_one_that_is_down_last() {
    let trouble = |_: &str| Err(Failure::trouble("x", "y"));
    let (asked, told) = ask(&health(&["one"], &["three"]), trouble);
    assert_eq!(asked, ["three", "two", "one"]);
    assert!(!told.servers.again, "two may have been sent the password");
    let found = |server: &str| match server {
        "two" => Ok(WireVerdict::Unknown.into()),
        _ => Err(Failure::down("x", "y")),
    };
    let (asked, told) = ask(&health(&["one"], &["three"]), found);
    assert_eq!(asked, ["three", "two"]);
    assert_eq!(
        (told.servers.up, told.servers.down),
        (vec!["two".into()], vec!["three".into()])
    );
}

#[test]
fn only_a_worker_that_asked_every_server_briefly_may_be_asked_again() {
    let all = health(&["one", "two", "three"], &[]);
    let again = |health: &Health, failure: Failure| {
        let (_, told) = ask(health, |_| Err(failure.clone()));
        told.servers.again
    };
    assert!(again(&all, Failure::down("x", "y")));
    assert!(!again(&all, Failure::down("x", "y").spent()));
    assert!(!again(
        &health(&["one", "two"], &[]),
        Failure::down("x", "y")
    ));
}

#[test]
fn servers_are_unanswered_only_if_nothing_was_heard_of_any_of_them() {
    let down = || Failure::down("connect", "refused");
    let unanswered = |health: &Health, second: Failure| {
        let (_, told) = ask(health, |server| {
            Err(match server {
                "two" => second.clone(),
                _ => down(),
            })
        });
        told.servers.unanswered
    };
    for health in [Health::default(), health(&["one", "two", "three"], &[])] {
        assert!(unanswered(&health, down()));
        // Each of them may be due to the person: a broken entry, a search that takes long.
        for second in [
            Failure::settings("other names", "more than 64"),
            Failure::trouble("search", "busy"),
            Failure::local("search", "asleep"),
            down().spent(),
        ] {
            assert!(!unanswered(&health, second.clone()), "{second:?}");
        }
    }
    let (_, told) = ask(&Health::default(), |server| match server {
        "one" => Err(down()),
        _ => Ok(WireVerdict::Unavailable("busy".to_owned()).into()),
    });
    assert!(!told.servers.unanswered);
}

#[test]
fn a_brief_look_that_this_process_slept_through_is_followed_by_a_long_one() {
    let naps = Cell::new(1);
    let (asked, told) = ask(&health(&["one", "two", "three"], &[]), |server| {
        match (server, naps.get()) {
            ("two", 1) => {
                naps.set(0);
                Err(Failure::local("x", "asleep"))
            }
            ("two", _) => Ok(WireVerdict::Unknown.into()),
            _ => Err(Failure::down("x", "y")),
        }
    });
    assert_eq!(asked, ["one", "two", "two"]);
    assert_eq!(told.verdict, WireVerdict::Unknown);
}

#[test]
fn servers_that_dns_names_are_asked_before_the_rest_of_the_queue() {
    #[derive(Clone)]
    struct Sign(&'static str);
    impl Server for Sign {
        fn name(&self) -> &str {
            self.0
        }
        fn names_servers(&self) -> bool {
            self.0 == "sign"
        }
    }
    let deadline = Deadline::after(system_clock, Duration::from_secs(3));
    let health = health(&["b"], &["c"]);
    let mut asked = Vec::new();
    let servers = [Sign("sign"), Sign("last")];
    let asking = in_turn(
        &servers,
        &health,
        deadline,
        Vec::new(),
        async |turn: &Turn<'_, Sign>, _| {
            asked.push(turn.server.0);
            match turn.server.names_servers() {
                // The last one is queued already, and no server is asked twice.
                true => Ok(Outcome::Servers(
                    ["a", "b", "a", "c", "last"].map(Sign).to_vec(),
                )),
                false => Err(Failure::down("x", "y")),
            }
        },
    );
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let told = runtime.unwrap().block_on(asking);
    assert_eq!(asked, ["sign", "c", "a", "last", "b"]);
    assert_eq!(told.servers.down, ["c", "a", "last", "b"]);
    assert_eq!(told.servers.up, ["sign"]);
    assert!(told.servers.unanswered, "the name service is none of them");
}

#[test]
fn each_server_leaves_time_to_the_next() {
    let deadline = Deadline::after(system_clock, Duration::from_secs(3));
    let turn = |probe, is_last| Turn {
        server: &"one",
        probe,
        is_last,
        begin: deadline,
        opened: Cell::new(None),
    };
    let probe = turn(Some(Duration::from_millis(40)), false);
    assert!(probe.deadline(deadline).remaining() <= Duration::from_secs(2));
    assert!(turn(None, true).deadline(deadline).remaining() > Duration::from_secs(2));
    let usual = Duration::from_millis(1_500);
    assert_eq!(probe.opening(usual), Duration::from_millis(40));
    assert_eq!(turn(None, true).opening(usual), usual);
}
