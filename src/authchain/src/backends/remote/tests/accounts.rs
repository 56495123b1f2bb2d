//! Tasks about accounts, given to a worker.

use super::stage::Stage;
use crate::backends::accounts::{
    AccountVerdict, Changes, Edit, Entries, ListEnd, ListEntries, Listed, Remove, Selection,
};
use crate::words::{BackendError, Username};

fn polite(then: &str) -> Stage {
    Stage::new(&format!(
        "read -r hello\nsay '{{\"hello\":1,\"can\":[\"list\",\"edit\"]}}'\nread -r task\n{then}\n"
    ))
}

fn listed(then: &str) -> (Result<ListEnd, BackendError>, Vec<Listed>) {
    let mut entries = Vec::new();
    let selection = Selection {
        entries: Entries::People,
        matching: String::new(),
        most: None,
    };
    let (end, ..) = polite(then).ask(|remote, request, _| {
        ListEntries::list(remote, &selection, request.context, &mut |entry| {
            entries.push(entry);
        })
    });
    (end, entries)
}

fn edited(then: &str) -> Result<AccountVerdict, BackendError> {
    let alice = Username::parse(b"alice").unwrap();
    let changes = Changes {
        locked: Some(true),
        ..Changes::default()
    };
    let edited = polite(then)
        .ask(|remote, request, _| Edit::edit(remote, &alice, &changes, request.context));
    edited.0
}

const ALICE: &str = r#"say '{"person":{"name":"alice","uid":1}}'"#;

#[test]
fn a_list_is_whole_only_with_the_count_of_its_entries() {
    let (end, entries) = listed(&format!(
        r#"{ALICE}; say '{{"verdict":"listed","count":1}}'"#
    ));
    assert_eq!(
        end,
        Ok(ListEnd {
            count: 1,
            more: false
        })
    );
    assert_eq!(entries.len(), 1);
    for (then, why) in [
        (
            format!(r#"{ALICE}; say '{{"verdict":"listed","count":2}}'"#),
            "1 entries, and it counts 2",
        ),
        (ALICE.to_owned(), "ended without an answer"),
        (
            r#"say '{"group":{"name":"a"}}'"#.to_owned(),
            "an entry of another kind",
        ),
        (
            r#"say '{"verdict":"edited"}'"#.to_owned(),
            "another verdict than list has",
        ),
        (
            r#"say '{"info":"x"}'"#.to_owned(),
            "neither an entry nor a verdict",
        ),
    ] {
        match listed(&then).0 {
            Err(BackendError::Failed(text)) => assert!(text.contains(why), "{then}: {text}"),
            other => panic!("{then}: {other:?}"),
        }
    }
}

#[test]
fn a_worker_that_is_lost_after_it_was_told_to_change_something_may_have_done_it() {
    assert_eq!(
        edited(r#"say '{"verdict":"edited"}'"#),
        Ok(AccountVerdict::Done)
    );
    assert_eq!(
        edited(r#"say '{"verdict":"unknown"}'"#),
        Ok(AccountVerdict::Unknown)
    );
    let refused = edited(r#"say '{"verdict":"refused","reason":"invalid","text":"a\nb"}'"#);
    assert_eq!(refused, Ok(AccountVerdict::Refused("a b".to_owned())));
    for then in [
        "",
        "say garbage",
        r#"say '{"verdict":"listed","count":0}'"#,
        ALICE,
    ] {
        assert!(
            matches!(edited(then), Ok(AccountVerdict::Unsure(_))),
            "{then}"
        );
    }
    let down = edited(r#"say '{"verdict":"unavailable","detail":"down"}'"#);
    assert_eq!(down, Err(BackendError::Unavailable("down".to_owned())));
}

#[test]
fn a_worker_that_lacks_a_task_is_not_given_it() {
    let alice = Username::parse(b"alice").unwrap();
    let stage = polite("");
    let (removed, ..) =
        stage.ask(|remote, request, _| Remove::remove(remote, &alice, request.context));
    let refused = AccountVerdict::Refused("this source cannot remove".to_owned());
    assert_eq!(removed, Ok(refused));
}
