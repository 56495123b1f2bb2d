//! Servers that are down, and the marks for them.

use std::fs::{self, DirEntry};
use std::time::Duration;

use authchain_tests::host::codes::{AUTHINFO_UNAVAIL, SUCCESS, SYSTEM_ERR};
use authchain_tests::host::scene::{Call, Phase};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
use authchain_tests::pattern::fits;

use super::{clean, configured, played, scene, two};

fn marks(stage: &Transaction) -> Vec<DirEntry> {
    let marks = fs::read_dir(stage.path().join("run")).unwrap();
    marks.map(Result::unwrap).collect()
}

#[test]
fn servers_that_were_down_are_asked_last_then_probed_by_one() {
    let scene = configured(
        scene("down"),
        "[\"ldap://one\"]",
        "[\"ldap://one\", \"ldap://two\"]",
    );
    let mut scene = scene.with_arguments("nodelay");
    scene.script.answers = vec!["opensesame".into(); 2];
    scene.script.calls = vec![Call::new(Phase::Authenticate); 2];
    let stage = Transaction::set(&scene);
    let report = clean(stage.play(&scene));
    let note = "WARNING pam_authchain(stage:auth): corp: avoid [] probe []";
    assert_eq!(report.log_lines[0], note, "{report:#?}");
    let note = |avoid: &str, probe: &str| {
        format!("WARNING pam_authchain(stage:auth): corp: avoid [{avoid}] probe [{probe}]")
    };
    let both = "String(\"ldap://one\"), String(\"ldap://two\")";
    assert!(report.log_lines.contains(&note(both, "")), "{report:#?}");
    std::thread::sleep(Duration::from_millis(1100));
    let report = clean(stage.play(&scene));
    assert_eq!(report.log_lines[0], note("", both), "{report:#?}");
    // The probe failed; the next one is due in a second.
    assert!(report.log_lines.contains(&note(both, "")), "{report:#?}");
}

#[test]
fn marks_are_made_whatever_the_caller_allows_to_be_written() {
    let mut scene = scene("down");
    scene.script.process.hostile = true;
    let stage = Transaction::set(&scene);
    let report = clean(stage.play(&scene));
    assert_eq!(report.codes, [AUTHINFO_UNAVAIL], "{report:#?}");
    let [mark] = &marks(&stage)[..] else {
        panic!("{:?}", marks(&stage));
    };
    let name = "corp:<n>@ldap%3A%2F%2Fone";
    assert!(fits(name, mark.file_name().to_str().unwrap()), "{mark:?}");
    assert_eq!(mark.metadata().unwrap().len(), 0);
}

#[test]
fn marks_made_for_the_caller_of_su_are_that_callers() {
    if !need::root("worker") {
        return;
    }
    let mut scene = scene("down");
    let stage = Transaction::set(&scene);
    let mut why_for = |caller| {
        scene.script.process.real_uid = caller;
        let report = clean(stage.play(&scene));
        assert_eq!(report.codes, [AUTHINFO_UNAVAIL], "{report:#?}");
        report.log_lines.last().unwrap().clone()
    };
    assert!(fits(
        "...corp unavailable: down (<n> ms)",
        &why_for(Some(65_533))
    ));
    let name = marks(&stage)[0].file_name().into_string().unwrap();
    assert!(fits("corp:<n>~65533@ldap%3A%2F%2Fone", &name), "{name}");
    assert!(fits(
        "...corp unavailable: down (<n> ms)",
        &why_for(Some(65_532))
    ));
    assert!(fits("...corp unavailable: down (<n> ms)", &why_for(None)));
}

/// A chain in which another backend would let alice in if corp did not answer.
#[test]
fn in_su_neither_an_outage_nor_a_worker_that_fails_leads_to_the_next_backend() {
    if !need::root("worker") {
        return;
    }
    let scene_of = |kind: &str, caller: Option<u32>| {
        let mut scene = two(kind, "obliging");
        scene.script.process.real_uid = caller;
        // Known to the system, as everybody is who is asked for through su.
        let line = "alice:*:10001:10001:::\n".to_owned();
        scene.files.insert("passwd".to_owned(), line);
        scene
    };
    for (kind, code) in [
        ("down", AUTHINFO_UNAVAIL),
        ("gone", SYSTEM_ERR),
        ("crashed", SYSTEM_ERR),
        ("garbage", SYSTEM_ERR),
        ("closed", SYSTEM_ERR),
    ] {
        let codes = |caller| played(&scene_of(kind, caller)).codes;
        assert_eq!(codes(Some(65_533)), [code], "{kind}");
        assert_eq!(codes(None), [SUCCESS], "{kind}");
    }
}
