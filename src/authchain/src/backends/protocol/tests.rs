use super::*;
use crate::words::{AccountStatus, Denial, DenialReason, Secret};
use proptest::prelude::*;

#[cfg(feature = "manage")]
mod accounts;
mod changes;

fn strings() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec("[^\0]{0,20}", 0..4)
}

fn users() -> impl Strategy<Value = WireUser> {
    let texts = [(); 4].map(|()| "[^\0]{0,20}");
    let alias_of = proptest::option::of("[^\0]{0,20}");
    let ids = any::<[Option<u32>; 2]>();
    let groups = proptest::option::of(strings());
    let lists = (strings(), strings());
    (texts, alias_of, ids, groups, lists).prop_map(
        |([name, gecos, home, shell], alias_of, [uid, gid], groups, lists)| WireUser {
            name,
            alias_of,
            also_named: lists.0,
            uid,
            gid,
            gecos,
            home,
            shell,
            groups,
            unclear_groups: lists.1,
        },
    )
}

fn valid() -> impl Strategy<Value = AccountStatus> {
    proptest::option::of("[^\0]{0,20}").prop_map(|warning| AccountStatus::Valid { warning })
}

fn states() -> impl Strategy<Value = AccountStatus> {
    prop_oneof![
        valid(),
        Just(AccountStatus::MustChangePassword),
        Just(AccountStatus::PasswordExpired),
        Just(AccountStatus::AccountExpired),
        Just(AccountStatus::Locked),
        Just(AccountStatus::NotPermitted),
    ]
}

fn denials() -> impl Strategy<Value = Denial> {
    let reasons = prop_oneof![
        Just(DenialReason::BadCredential),
        Just(DenialReason::EmptyPassword),
        Just(DenialReason::Locked),
        Just(DenialReason::NotPermitted),
        Just(DenialReason::AnotherPerson),
    ];
    let detail = proptest::option::of("[^\0]{0,20}");
    let state =
        proptest::option::of(states().prop_filter("forbids login", AccountStatus::forbids_login));
    (reasons, detail, state).prop_map(|(reason, detail, state)| Denial {
        reason,
        detail,
        state,
    })
}

fn verdicts() -> impl Strategy<Value = WireVerdict> {
    prop_oneof![
        (users(), proptest::option::of(valid()))
            .prop_map(|(user, status)| WireVerdict::Accepted(user, status)),
        (users(), any::<bool>()).prop_map(|(user, is_known)| {
            WireVerdict::MustChange(user, is_known.then_some(AccountStatus::MustChangePassword))
        }),
        denials().prop_map(WireVerdict::Denied),
        changes::verdicts(),
        Just(WireVerdict::Unknown),
        "[^\0]{0,20}".prop_map(WireVerdict::Unavailable),
        "[^\0]{0,20}".prop_map(WireVerdict::Failed),
        users().prop_map(WireVerdict::Found),
        (users(), states()).prop_map(|(user, status)| WireVerdict::Account(user, status)),
    ]
}

fn found() -> impl Strategy<Value = ServersFound> {
    let others = (any::<u64>(), any::<bool>(), any::<bool>());
    (strings(), strings(), others).prop_map(|(down, up, (open_ms, again, unanswered))| {
        ServersFound {
            open_ms: if up.is_empty() { 0 } else { open_ms },
            down,
            up,
            again,
            unanswered,
        }
    })
}

fn findings() -> impl Strategy<Value = ServerFinding> {
    let severities = vec![
        Severity::Fine,
        Severity::Note,
        Severity::Warning,
        Severity::Error,
    ];
    let texts = [(); 3].map(|()| "[^\0]{0,20}");
    let took = any::<u32>().prop_map(|us| std::time::Duration::from_micros(us.into()));
    (texts, proptest::sample::select(severities), took).prop_map(
        |([server, step, text], severity, took)| ServerFinding {
            server,
            step,
            took,
            severity,
            text,
        },
    )
}

fn replies() -> impl Strategy<Value = Reply> {
    prop_oneof![usual_replies(), findings().prop_map(Reply::Finding)]
}

fn usual_replies() -> impl Strategy<Value = Reply> {
    let can = proptest::sample::subsequence(Operation::ALL.to_vec(), 0..=Operation::ALL.len());
    prop_oneof![
        can.prop_map(Reply::Hello),
        (any::<bool>(), "[^\0]{0,20}").prop_map(|(echo, text)| Reply::Prompt { echo, text }),
        "[^\0]{0,20}".prop_map(Reply::Info),
        "[^\0]{0,20}".prop_map(Reply::Error),
        (verdicts(), found(), strings()).prop_map(|(verdict, servers, notes)| {
            Reply::Verdict(Conclusion {
                verdict,
                servers,
                notes,
            })
        }),
    ]
}

/// Generates lines that look like messages, so that the parser does not refuse them at once.
fn objects() -> impl Strategy<Value = String> {
    let names = proptest::sample::select(vec![
        "hello",
        "can",
        "prompt",
        "text",
        "info",
        "error",
        "verdict",
        "reason",
        "detail",
        "user",
        "status",
        "warning",
        "down",
        "up",
        "open_ms",
        "again",
        "unanswered",
        "notes",
        "change_password",
        "kind",
        "old_password",
        "new_password",
        "backend",
        "type",
        "settings",
        "authenticate",
        "lookup",
        "account",
        "answer",
        "name",
        "uid",
        "password",
        "budget_ms",
        "service",
        "groups",
        "examine",
        "finding",
        "server",
        "step",
        "took_us",
    ]);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        Just("1".to_owned()),
        "[a-z_]{0,8}".prop_map(|word| format!("{word:?}")),
        proptest::sample::select(vec!["accepted", "denied", "locked", "echo_on", "c2VjcmV0"])
            .prop_map(|word| format!("{word:?}")),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4);
        let members = proptest::collection::vec((names.clone(), inner), 0..6);
        prop_oneof![
            list.prop_map(|items| format!("[{}]", items.join(","))),
            members.prop_map(|members| {
                let members = members
                    .iter()
                    .map(|(name, value)| format!("{name:?}:{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }),
        ]
    })
}

proptest! {
    // Generating texts takes long; the fuzzers run more cases.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_reply_is_read_as_it_was_written(reply in replies()) {
        let line = reply.to_line().unwrap();
        prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        prop_assert_eq!(Reply::parse(&line), Ok(reply));
    }

    #[test]
    fn a_question_is_read_as_it_was_written(
        user in "[^\0]{1,40}", tty in "[^\0]{0,20}", budget_ms: u64,
        password in proptest::collection::vec(any::<u8>(), 0..200), which in 0..3usize,
        groups in proptest::collection::btree_set("\\PC{1,20}", 0..4),
    ) {
        let groups: Vec<String> = groups.into_iter().collect();
        let operation = Operation::ALL[which];
        let secret = Secret::new(password.clone());
        let written = Message::Question(Question {
            operation, user: user.clone(), tty: tty.clone(), budget_ms,
            password: (operation == Operation::Authenticate).then_some(Bytes::Lent(&secret)),
            change: None,
            answer: None,
            service: "sshd".to_owned(), rhost: String::new(), ruser: String::new(),
            groups: groups.clone(),
        });
        let line = written.to_line().unwrap();
        let Ok(Message::Question(read)) = Message::parse(&line) else { panic!("not a question") };
        prop_assert_eq!((read.operation, read.user, read.tty, read.budget_ms), (operation, user, tty, budget_ms));
        prop_assert_eq!(read.groups, groups);
        let read = read.password.map(|bytes| bytes.secret().expose().to_vec());
        prop_assert_eq!(read, (which == 0).then_some(password));
    }

    #[test]
    fn no_bytes_make_either_end_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Reply::parse(&bytes);
        let _ = Message::parse(&bytes);
    }

    #[test]
    fn no_object_makes_either_end_panic(text in objects()) {
        let _ = Reply::parse(text.as_bytes());
        let _ = Message::parse(text.as_bytes());
    }

    #[test]
    fn lines_come_whole_however_the_stream_is_cut(
        texts in proptest::collection::vec("[a-z]{0,9000}", 1..6), size in 1..5000usize,
    ) {
        let stream = texts.join("\n") + "\n";
        let mut lines = LineBuffer::default();
        let mut found = Vec::new();
        for chunk in stream.as_bytes().chunks(size) {
            let mut chunk = chunk;
            while !chunk.is_empty() {
                lines.read_from(&mut chunk).unwrap();
                while let Some(line) = lines.next_line().unwrap() {
                    found.push(String::from_utf8(line.to_vec()).unwrap());
                }
            }
        }
        prop_assert_eq!(found, texts);
        prop_assert!(lines.is_empty());
    }
}

#[test]
fn lines_are_as_the_protocol_page_shows_them() {
    let secret = Secret::new(b"secret".to_vec());
    let question = Message::Question(Question {
        operation: Operation::Authenticate,
        user: "alice".to_owned(),
        password: Some(Bytes::Lent(&secret)),
        change: None,
        answer: None,
        service: "sshd".to_owned(),
        tty: "ssh".to_owned(),
        rhost: "192.0.2.7".to_owned(),
        ruser: String::new(),
        groups: ["staff", "1000"].map(str::to_owned).into(),
        budget_ms: 2900,
    });
    assert_eq!(
        text(&question),
        r#"{"authenticate":{"user":"alice","password":"c2VjcmV0","service":"sshd","tty":"ssh","rhost":"192.0.2.7","ruser":"","groups":["staff","1000"],"budget_ms":2900}}"#
    );
    assert_eq!(
        text(&Message::Answer(Bytes::Lent(&secret))),
        r#"{"answer":"c2VjcmV0"}"#
    );
    let hello = Message::Hello(Hello {
        backend: "corp".to_owned(),
        kind: "ldap".to_owned(),
        settings: serde_json::json!({"base": "dc=example"}),
        avoid: vec!["ldaps://ldap1.example.com".to_owned()],
        probe: vec![],
        probe_ms: 40,
    });
    assert_eq!(
        text(&hello),
        r#"{"hello":1,"backend":"corp","type":"ldap","settings":{"base":"dc=example"},"avoid":["ldaps://ldap1.example.com"],"probe_ms":40}"#
    );
    let user = WireUser {
        name: "alice".to_owned(),
        groups: Some(vec!["staff".to_owned()]),
        ..WireUser::default()
    };
    let warning = Some("3 days".to_owned());
    let accepted = WireVerdict::Accepted(user, Some(AccountStatus::Valid { warning }));
    assert_eq!(
        String::from_utf8(Reply::Verdict(accepted.into()).to_line().unwrap()).unwrap(),
        "{\"verdict\":\"accepted\",\"user\":{\"name\":\"alice\",\"gecos\":\"\",\"home\":\"\",\"shell\":\"\",\
         \"groups\":[\"staff\"]},\"status\":\"valid\",\"warning\":\"3 days\"}\n"
    );
    let denied = WireVerdict::Denied(DenialReason::BadCredential.into());
    assert_eq!(
        String::from_utf8(Reply::Verdict(denied.into()).to_line().unwrap()).unwrap(),
        "{\"verdict\":\"denied\",\"reason\":\"bad_credential\"}\n"
    );
}

#[test]
fn a_finding_is_as_the_protocol_page_shows_it_and_alone_on_its_line() {
    let finding = ServerFinding {
        server: "ldaps://ldap2.example.com".to_owned(),
        step: "connect".to_owned(),
        took: std::time::Duration::from_micros(98),
        severity: Severity::Error,
        text: "connection refused".to_owned(),
    };
    let line = r#"{"text":"connection refused","finding":"error","server":"ldaps://ldap2.example.com","step":"connect","took_us":98}"#;
    let written = Reply::Finding(finding.clone()).to_line().unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), format!("{line}\n"));
    assert_eq!(Reply::parse(line.as_bytes()), Ok(Reply::Finding(finding)));
    let two = line.replace("\"step\"", "\"info\":\"x\",\"step\"");
    assert_eq!(Reply::parse(two.as_bytes()), Err(ProtocolError::NoMessage));
    let odd = line.replace("error", "grave");
    let grave = ProtocolError::Value("finding", "grave".to_owned());
    assert_eq!(Reply::parse(odd.as_bytes()), Err(grave));
}

fn text(message: &Message<'_>) -> String {
    let line = message.to_line().unwrap();
    String::from_utf8(line.to_vec())
        .unwrap()
        .trim_end()
        .to_owned()
}

#[test]
fn what_is_no_reply_is_an_error_that_says_why() {
    for (line, why) in [
        ("", "malformed: EOF"),
        ("garbage", "malformed: expected value"),
        (
            "[1]",
            "malformed: invalid type: sequence, expected an object",
        ),
        ("{}", "an object that is not exactly one message"),
        (
            r#"{"info":"a"}{"info":"b"}"#,
            "malformed: trailing characters",
        ),
        (r#"{"info":"a","info":"b"}"#, "malformed: duplicate field"),
        (
            r#"{"info":"a","error":"b"}"#,
            "an object that is not exactly one message",
        ),
        (r#"{"info":7}"#, "malformed: invalid type: integer"),
        (r#"{"info":"a\u0000b"}"#, "a string with a NUL in it"),
        (r#"{"hello":2,"can":[]}"#, "version 2, not 1"),
        (r#"{"hello":1}"#, "no \"can\""),
        (r#"{"prompt":"loud","text":"?"}"#, "\"prompt\" is \"loud\""),
        (r#"{"prompt":"echo_on"}"#, "no \"text\""),
        (r#"{"verdict":"perhaps"}"#, "\"verdict\" is \"perhaps\""),
        (r#"{"verdict":"accepted"}"#, "no \"user\""),
        (
            r#"{"verdict":"accepted","user":["alice"]}"#,
            "malformed: invalid type: sequence",
        ),
        (
            r#"{"verdict":"accepted","user":{"uid":1}}"#,
            "malformed: missing field `name`",
        ),
        (
            r#"{"verdict":"accepted","user":{"name":"a","uid":-1}}"#,
            "malformed: invalid value",
        ),
        (
            r#"{"verdict":"found","user":{"name":"a","groups":"staff"}}"#,
            "malformed: invalid type: string",
        ),
        (
            r#"{"verdict":"found","user":{"name":"a","groups":["staff\u0000"]}}"#,
            "a string with a NUL",
        ),
        (
            r#"{"verdict":"accepted","user":{"name":"a\u0000"}}"#,
            "a string with a NUL",
        ),
        (r#"{"verdict":"denied"}"#, "no \"reason\""),
        (
            r#"{"verdict":"denied","reason":"stand_in"}"#,
            "\"reason\" is \"stand_in\"",
        ),
        (r#"{"verdict":"unavailable"}"#, "no \"detail\""),
        (
            r#"{"verdict":"account","user":{"name":"a"},"status":"fine"}"#,
            "\"status\" is",
        ),
        (
            r#"{"verdict":"account","user":{"name":"a"}}"#,
            "no \"status\"",
        ),
        (
            r#"{"verdict":"accepted","user":{"name":"a"},"status":"fine"}"#,
            "\"status\" is \"fine\"",
        ),
        (
            r#"{"verdict":"accepted","user":{"name":"a"},"status":"valid","warning":"\u0000"}"#,
            "a string with a NUL",
        ),
        (
            r#"{"verdict":"accepted","user":{"name":"a"},"status":"locked"}"#,
            "\"accepted\" of an account that is \"locked\"",
        ),
        (
            r#"{"verdict":"accepted","user":{"name":"a"},"status":"must_change_password"}"#,
            "\"accepted\" of an account that is \"must_change_password\"",
        ),
        (
            r#"{"verdict":"must_change","user":{"name":"a"},"status":"valid"}"#,
            "\"must_change\" of an account that is \"valid\"",
        ),
    ] {
        let error = Reply::parse(line.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(why), "{line}: {error}");
    }
    assert!(Reply::parse(b"{\"info\":\"\xff\"}").is_err());
    let long = format!("{{\"info\":\"{}\"}}", "x".repeat(MAX_LINE));
    assert_eq!(Reply::parse(long.as_bytes()), Err(ProtocolError::TooLong));
    assert_eq!(
        Reply::Info("x".repeat(MAX_LINE)).to_line(),
        Err(ProtocolError::TooLong)
    );
}

#[test]
fn what_is_no_message_is_an_error_that_does_not_repeat_a_password() {
    let question = |members: &str| {
        format!(r#"{{"authenticate":{{"user":"a","service":"s","budget_ms":1{members}}}}}"#)
    };
    for (line, why) in [
        (question(""), "no \"password\""),
        (
            question(r#","password":"hunter2""#),
            "malformed: not base64 with padding",
        ),
        (question(r#","password":"c2Vjc\u006dV0""#), ""),
        (
            r#"{"answer":"hunter2"}"#.to_owned(),
            "malformed: not base64",
        ),
        (r#"{"hello":1}"#.to_owned(), "no \"backend\""),
        (r#"{"hello":2}"#.to_owned(), "version 2"),
        (
            r#"{"lookup":[]}"#.to_owned(),
            "malformed: invalid type: sequence",
        ),
        (
            r#"{"lookup":{"user":"a\u0000","service":"s","budget_ms":1}}"#.to_owned(),
            "a string with a NUL",
        ),
        (
            r#"{"hello":1,"answer":""}"#.to_owned(),
            "an object that is not exactly one message",
        ),
    ] {
        match Message::parse(line.as_bytes()) {
            Ok(_) => assert_eq!(why, "", "{line}"),
            Err(error) => {
                assert!(
                    error.to_string().starts_with(why) && !why.is_empty(),
                    "{line}: {error}"
                );
                assert!(!error.to_string().contains("hunter2"), "{error}");
            }
        }
    }
}

#[test]
fn members_of_other_replies_are_checked_too() {
    for (members, why) in [
        (r#""reason":7"#, "malformed: invalid type: integer"),
        (r#""down":null"#, "malformed: invalid type: null"),
        (r#""can":["\u0000"]"#, "a string with a NUL in it"),
        (
            r#""reason":"x","reason":null"#,
            "malformed: duplicate field `reason`",
        ),
        (
            r#""t\u0065xt":"x","text":"y""#,
            "malformed: duplicate field `text`",
        ),
        (r#""hello":1"#, "an object that is not exactly one message"),
        (r#""hello":null,"reason":null"#, ""),
    ] {
        match Reply::parse(format!(r#"{{"info":"x",{members}}}"#).as_bytes()) {
            Ok(reply) => assert_eq!((reply, why), (Reply::Info("x".to_owned()), "")),
            Err(error) => assert!(error.to_string().starts_with(why), "{members}: {error}"),
        }
    }
    let twice = br#"{"lookup":{"user":"a","service":"s","budget_ms":1,"user":"b"}}"#;
    let Err(error) = Message::parse(twice) else {
        panic!("one of two users")
    };
    assert!(
        error
            .to_string()
            .starts_with("malformed: duplicate field `user`"),
        "{error}"
    );
}

#[test]
fn a_question_asks_about_a_few_groups_each_once_and_readable() {
    let many = |count: usize| (0..count).map(|n| n.to_string()).collect::<Vec<_>>();
    let owned = |groups: &[&str]| groups.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (groups, fault) in [
        (vec![], None),
        (
            owned(&["staff", "1000", "cn=a b,dc=x", "Straße", "Staff"]),
            None,
        ),
        (many(MAX_GROUPS), None),
        (many(MAX_GROUPS + 1), Some("more than 128 of them")),
        (vec!["x".repeat(MAX_GROUP_BYTES)], None),
        (
            vec!["x".repeat(MAX_GROUP_BYTES), "y".to_owned()],
            Some("more than 8192 bytes together"),
        ),
        (owned(&["staff", ""]), Some("an empty name")),
        (owned(&["a\nb"]), Some("a control character in a name")),
        (owned(&["a\0"]), Some("a control character in a name")),
        (owned(&["a", "b", "a"]), Some("one of them twice")),
    ] {
        let fault = fault.map(|why| ProtocolError::Groups(why.to_owned()));
        let json = serde_json::to_string(&groups).unwrap();
        let members = format!(r#""user":"a","service":"s","budget_ms":1,"groups":{json}"#);
        let line = format!(r#"{{"lookup":{{{members}}}}}"#);
        assert_eq!(Message::parse(line.as_bytes()).err(), fault, "{json}");
        let question = Message::Question(Question {
            operation: Operation::Lookup,
            user: "a".to_owned(),
            password: None,
            change: None,
            answer: None,
            service: "s".to_owned(),
            tty: String::new(),
            rhost: String::new(),
            ruser: String::new(),
            groups,
            budget_ms: 1,
        });
        assert_eq!(question.to_line().err(), fault, "{json}");
    }
}

#[test]
fn the_longest_password_and_the_longest_groups_fit_into_one_line() {
    let password = Secret::new(vec![b'x'; 32 * 1024]);
    let question = Message::Question(Question {
        operation: Operation::Authenticate,
        user: "\"".repeat(256),
        password: Some(Bytes::Lent(&password)),
        change: None,
        answer: None,
        service: "sshd".to_owned(),
        tty: "ssh".to_owned(),
        rhost: "x".repeat(1024),
        ruser: "\"".repeat(256),
        groups: (100..228)
            .map(|n| format!("{n}{}", "\"".repeat(61)))
            .collect(),
        budget_ms: u64::MAX,
    });
    assert!(question.to_line().is_ok());
}

proptest! {
    #[test]
    fn an_answer_names_only_groups_that_were_asked_about_and_none_twice(
        asked in proptest::collection::btree_set("[a-cA]{1,2}", 0..6),
        answered in proptest::collection::vec("[a-cA]{1,2}", 0..4),
        clear in 0..4_usize,
    ) {
        let asked: Vec<String> = asked.into_iter().collect();
        let is_asked = answered.iter().all(|name| asked.contains(name));
        let is_twice = (answered.iter())
            .any(|name| answered.iter().filter(|other| *other == name).count() > 1);
        let may = !asked.is_empty() && is_asked && !is_twice;
        let told = |clear: usize| {
            let (groups, unclear) = answered.split_at(clear.min(answered.len()));
            let user = WireUser {
                groups: Some(groups.to_vec()),
                unclear_groups: unclear.to_vec(),
                ..WireUser::default()
            };
            check_answered(&user, &asked).is_ok()
        };
        prop_assert_eq!(told(answered.len()), may);
        prop_assert_eq!(told(clear), may);
    }
}

#[test]
fn what_is_unclear_is_told_beside_what_is_clear_and_other_names_are_a_few_login_names() {
    let asked = ["staff".to_owned()];
    let unclear_alone = WireUser {
        unclear_groups: asked.to_vec(),
        ..WireUser::default()
    };
    assert!(check_answered(&unclear_alone, &asked).is_err());
    assert!(check_answered(&WireUser::default(), &asked).is_ok());
    let names = |count: usize| -> Vec<String> { (0..count).map(|n| format!("a{n}")).collect() };
    assert!(check_names(&names(MAX_OTHER_NAMES)).is_ok());
    assert!(check_names(&names(MAX_OTHER_NAMES + 1)).is_err());
    for name in ["", " a", "a:b", "a\n", "-a"] {
        assert!(check_names(&[name.to_owned()]).is_err(), "{name:?}");
    }
}

#[test]
fn a_reason_without_a_word_is_not_sent_as_another() {
    let denial = WireVerdict::Denied(DenialReason::StandInPassword.into());
    let error = Reply::Verdict(denial.into()).to_line().unwrap_err();
    assert_eq!(error.to_string(), "no word for this \"reason\"");
}

#[test]
fn unknown_members_are_ignored() {
    let line = br#"{"verdict":"unknown","mood":{"deep":[1,2,{"x":null}]},"trace":"abc"}"#;
    assert_eq!(
        Reply::parse(line),
        Ok(Reply::Verdict(WireVerdict::Unknown.into()))
    );
    let can = br#"{"hello":1,"can":["lookup","sing"]}"#;
    assert_eq!(Reply::parse(can), Ok(Reply::Hello(vec![Operation::Lookup])));
}

#[test]
fn a_line_that_never_ends_is_refused_at_the_limit() {
    let stream = vec![b'x'; MAX_LINE * 2];
    let mut rest = &stream[..];
    let mut lines = LineBuffer::default();
    let error = loop {
        lines.read_from(&mut rest).unwrap();
        if let Err(error) = lines.next_line() {
            break error;
        }
    };
    assert_eq!(error, ProtocolError::TooLong);
    assert_eq!(rest.len(), MAX_LINE);
    let mut whole = vec![b'x'; MAX_LINE - 1];
    whole.push(b'\n');
    let mut rest = &whole[..];
    let mut lines = LineBuffer::default();
    while !rest.is_empty() {
        lines.read_from(&mut rest).unwrap();
    }
    assert_eq!(
        lines.next_line().unwrap().map(<[u8]>::len),
        Some(MAX_LINE - 1)
    );
}
