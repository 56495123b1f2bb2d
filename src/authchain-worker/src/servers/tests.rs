use super::*;

impl Server for &str {
    fn name(&self) -> &str {
        self
    }
}

/// Asks servers that answer as `answer` says; returns who was asked, and the answer.
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
    assert_eq!(told.down, ["one"]);
    assert_eq!(told.notes, ["one: connect: refused"]);
}

#[test]
fn what_no_other_server_can_mend_is_final() {
    for failure in [
        Failure::settings("x", "wrong"),
        Failure::down("x", "gone").spent(),
    ] {
        let (asked, told) = ask(&Health::default(), |_| Err(failure.clone()));
        assert_eq!(asked, ["one"]);
        assert_eq!(told.down, [""; 0]);
    }
    let (asked, told) = ask(&Health::default(), |_| Err(Failure::trouble("x", "y")));
    assert_eq!(asked.len(), 3);
    let unavailable = WireVerdict::Unavailable("one: x: y; two: x: y; three: x: y".to_owned());
    assert_eq!(told.verdict, unavailable);
    assert_eq!(told.down, [""; 0], "it answered, if not helpfully");
}

#[test]
fn a_process_that_can_ask_no_server_fails_and_calls_none_down() {
    let (asked, told) = ask(&Health::default(), |_| Err(Failure::local("x", "y")));
    assert_eq!(asked.len(), 3);
    let failed = WireVerdict::Failed("one: x: y; two: x: y; three: x: y".to_owned());
    assert_eq!((told.verdict, told.down), (failed, Vec::new()));
    let (_, told) = ask(&Health::default(), |server| match server {
        "two" => Err(Failure::down("x", "gone")),
        _ => Err(Failure::local("x", "y")),
    });
    assert!(matches!(told.verdict, WireVerdict::Unavailable(_)));
    assert_eq!(told.down, ["two"]);
}

#[test]
fn who_may_be_back_is_asked_first_and_who_is_down_not_at_all() {
    let unknown = |_: &str| Err(Failure::trouble("x", "y"));
    let (asked, _) = ask(&health(&["one"], &["three"]), unknown);
    assert_eq!(asked, ["three", "two"]);
    let (asked, told) = ask(&health(&["one", "two", "three"], &[]), unknown);
    assert_eq!(asked, [""; 0]);
    let unavailable = WireVerdict::Unavailable("known to be down: one, two, three".to_owned());
    assert_eq!(told.verdict, unavailable);
}

#[test]
fn who_is_named_on_the_way_is_asked_before_who_was_to_come() {
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
    assert_eq!(asked, ["sign", "c", "a", "last"]);
    assert_eq!(told.down, ["c", "a", "last"]);
}

#[test]
fn each_leaves_time_to_those_after_it() {
    let deadline = Deadline::after(system_clock, Duration::from_secs(3));
    let turn = |probe, is_last| Turn {
        server: &"one",
        probe,
        is_last,
    };
    let probe = turn(Some(Duration::from_millis(40)), false);
    assert!(probe.deadline(deadline).remaining() <= Duration::from_secs(2));
    assert!(turn(None, true).deadline(deadline).remaining() > Duration::from_secs(2));
    let usual = Duration::from_millis(1_500);
    assert_eq!(probe.opening(usual), Duration::from_millis(40));
    assert_eq!(turn(None, true).opening(usual), usual);
}
