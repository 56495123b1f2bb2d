//! Tasks about accounts, and the entries of lists.

use super::text;
use crate::backends::accounts::{
    Changes, Entries, ListEnd, Listed, ListedGroup, ListedPerson, NewPerson, Selection,
};
use crate::backends::protocol::{
    AccountEnd, AccountTask, AccountWork, Conclusion, Message, Operation, ProtocolError, Reply,
    WireVerdict,
};
use crate::words::Username;

fn carol() -> Username {
    Username::parse(b"carol").unwrap()
}

fn works() -> [AccountWork; 6] {
    let selection = |entries, matching: &str, most| {
        AccountWork::List(Selection {
            entries,
            matching: matching.to_owned(),
            most,
        })
    };
    [
        AccountWork::Register(NewPerson {
            name: carol(),
            uid: Some(10_007),
            gid: None,
            gecos: "Carol".to_owned(),
            home: "/home/carol".to_owned(),
            shell: "/bin/sh".to_owned(),
            mail: Some("c@example.com".to_owned()),
        }),
        AccountWork::Edit(
            carol(),
            Changes {
                gecos: Some("Carol J".to_owned()),
                mail: Some(String::new()),
                shell: None,
                locked: Some(false),
            },
        ),
        AccountWork::Edit(carol(), Changes::default()),
        AccountWork::Remove(carol()),
        selection(Entries::People, "a*b", Some(7)),
        selection(Entries::Groups, "", None),
    ]
}

#[test]
fn a_task_is_read_as_it_was_written() {
    for work in works() {
        let task = AccountTask {
            work,
            budget_ms: 29_900,
        };
        let line = text(&Message::Task(task.clone()));
        match Message::parse(line.as_bytes()) {
            Ok(Message::Task(read)) => assert_eq!(read, task, "{line}"),
            _ => panic!("{line}"),
        }
    }
}

#[test]
fn a_task_that_lacks_something_or_says_something_else_is_an_error() {
    let missing = ProtocolError::Missing;
    for (line, expected) in [
        (r#"{"remove":{"budget_ms":1}}"#, missing("user")),
        (r#"{"edit":{"locked":true}}"#, missing("user")),
        (
            r#"{"register":{"user":"a","home":"/","shell":"/"}}"#,
            missing("gecos"),
        ),
        (
            r#"{"register":{"user":"a","gecos":"","shell":"/"}}"#,
            missing("home"),
        ),
        (r#"{"list":{"budget_ms":1}}"#, missing("entries")),
        (
            r#"{"list":{"entries":"computers"}}"#,
            ProtocolError::Value("entries", "computers".to_owned()),
        ),
        (
            r#"{"remove":{"user":"a:b"}}"#,
            ProtocolError::Value("user", "a:b".to_owned()),
        ),
        (
            r#"{"list":{"entries":"people","matching":"a\u0000"}}"#,
            ProtocolError::Nul,
        ),
        (
            r#"{"list":{"entries":"people"},"remove":{"user":"a"}}"#,
            ProtocolError::NoMessage,
        ),
    ] {
        assert_eq!(
            Message::parse(line.as_bytes()).err(),
            Some(expected),
            "{line}"
        );
    }
    for line in [
        r#"{"list":["people"]}"#,
        r#"{"edit":{"user":"a","locked":1}}"#,
    ] {
        let error = Message::parse(line.as_bytes()).err();
        assert!(matches!(error, Some(ProtocolError::Malformed(_))), "{line}");
    }
}

#[test]
fn entries_and_ends_are_read_as_they_were_written() {
    let person = ListedPerson {
        name: "carol".to_owned(),
        uid: Some(1),
        mail: Some("c@example.com".to_owned()),
        ..ListedPerson::default()
    };
    let group = ListedGroup {
        name: "staff".to_owned(),
        gid: None,
        members: vec!["carol".to_owned()],
    };
    let end = |end| Reply::Verdict(Conclusion::from(WireVerdict::Carried(end)));
    for reply in [
        Reply::Listed(Listed::Person(person)),
        Reply::Listed(Listed::Group(group)),
        end(AccountEnd::Edited),
        end(AccountEnd::Removed),
        end(AccountEnd::Listed(ListEnd {
            count: 3,
            more: true,
        })),
    ] {
        let line = reply.to_line().unwrap();
        assert_eq!(Reply::parse(&line), Ok(reply));
    }
    let nul = br#"{"group":{"name":"a","members":["b\u0000"]}}"#;
    assert_eq!(Reply::parse(nul), Err(ProtocolError::Nul));
    let uncounted = br#"{"verdict":"listed"}"#;
    assert_eq!(
        Reply::parse(uncounted),
        Err(ProtocolError::Missing("count"))
    );
}

#[test]
fn a_verdict_on_a_task_answers_no_question() {
    let listed = WireVerdict::Carried(AccountEnd::Listed(ListEnd::default()));
    for operation in Operation::ALL {
        let can = operation.can_have(&listed);
        assert_eq!(can, *operation == Operation::List, "{operation:?}");
    }
}
