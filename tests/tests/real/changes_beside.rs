//! The same changes of the same shadow lines by pam_unix and by our module.

use std::fs;
use std::path::Path;

use authchain_tests::host::codes::{AUTHINFO_UNAVAIL, AUTHTOK_ERR};
use authchain_tests::need;
use authchain_tests::real::ask::{Answer, Ask};
use authchain_tests::real::machine::Machine;
use authchain_tests::real::module::Module;
use authchain_tests::real::people::{Person, person};
use authchain_tests::real::stories::machine_with;

/// A shadow line: what it is, its password field (`HASH` is alice's), and its third to eighth field.
const LINES: [(&str, &str, &str); 13] = [
    ("an everyday account", "HASH", "today-10:0:99999:7::"),
    ("no dates", "HASH", ":::::"),
    ("changed too recently", "HASH", "today-2:5:99999:7::"),
    ("changed in the future", "HASH", "today+5:3:99999:7::"),
    ("must be changed, and is young", "HASH", "0:5:99999:7::"),
    (
        "aged out, within the days of grace",
        "HASH",
        "today-35:0:30:7:10:",
    ),
    ("aged out too long ago", "HASH", "today-99:0:30:7:10:"),
    ("an account that has ended", "HASH", "today-10:0:99999:7::1"),
    ("locked", "!HASH", "today-10:0:99999:7::"),
    ("no password", "", "today-10:0:99999:7::"),
    ("never a password", "*", "today-10:0:99999:7::"),
    (
        "never a password, as useradd makes it",
        "!",
        "today-10:0:99999:7::",
    ),
    ("no shadow line", "absent", ""),
];

/// The codes of pam_unix and ours where they differ, and the reason: docs/passwords.md has them.
const DIFFERENT: [(&str, bool, i32, i32); 1] = [("no shadow line", false, 9, 7)];

const OLD: &str = "open sesame";
const NEW: &str = "new and quite long";

fn people() -> Vec<Person> {
    let hash = person("alice").hash.unwrap();
    let of_line = |(uid, (_, password, ageing)): (u32, &(&str, &str, &str))| Person {
        name: format!("p{uid}"),
        uid,
        password: None,
        hash: (*password != "absent").then(|| password.replace("HASH", &hash)),
        ageing: Some((*ageing).to_owned()),
    };
    (6001..).zip(&LINES).map(of_line).collect()
}

/// Changes a password by one module, with shadow as it was. Returns the answer and the new line.
fn change(machine: &Machine, service: &str, name: &str, as_root: bool) -> (Answer, String) {
    let shadow = machine.outside("/etc/shadow");
    let before = fs::read_to_string(&shadow).unwrap();
    let uid: u32 = name[1..].parse().unwrap();
    let answers: &[&str] = match (as_root, LINES[uid as usize - 6001].1) {
        (true, _) | (false, "") => &[NEW, NEW],
        _ => &[OLD, NEW, NEW],
    };
    let ask = Ask {
        service: service.into(),
        user: name.into(),
        change: answers.iter().map(|answer| (*answer).into()).collect(),
        steps: vec!["chauthtok".into()],
        real_uid: (!as_root).then_some(uid),
        ..Ask::default()
    };
    let answer = machine
        .ask(&ask)
        .unwrap_or_else(|how| panic!("{service}, {name}: {how:?}"));
    let after = fs::read_to_string(&shadow).unwrap();
    machine.write("/etc/shadow", 0o640, &before);
    let line = |text: &str| {
        let mut lines = text.lines();
        let line = lines.find(|line| line.starts_with(&format!("{name}:")));
        line.unwrap_or_default().to_owned()
    };
    let (old, new) = (line(&before), line(&after));
    let is_new_hash = old.split(':').nth(1) != new.split(':').nth(1);
    let fields: Vec<&str> = new.split(':').skip(2).collect();
    (
        answer,
        format!("new hash: {is_new_hash}, {}", fields.join(":")),
    )
}

#[test]
fn a_change_ends_as_with_pam_unix_and_leaves_the_same_line() {
    let test = "changes beside";
    let Some(theirs) = Module::pam_unix().filter(|m| Path::new(&m.path).exists()) else {
        need::skip(test, "there is no pam_unix.so to compare with");
        return;
    };
    let Some(machine) = machine_with(test, &people()).filter(|machine| machine.module.is_ours())
    else {
        return;
    };
    let (module, arguments) = (machine.module.inside(), machine.module.arguments);
    machine.stack(
        "theirs",
        &format!("password required {} nodelay\n", theirs.path.display()),
    );
    machine.stack("ours", &format!("password required {module} {arguments}\n"));
    let mut wrong = String::new();
    for ((says, ..), person) in LINES.iter().zip(&people()) {
        for as_root in [true, false] {
            let theirs = change(&machine, "theirs", &person.name, as_root);
            let ours = change(&machine, "ours", &person.name, as_root);
            let different = DIFFERENT
                .iter()
                .find(|(line, root, ..)| line == says && *root == as_root);
            let is_right = match different {
                Some((.., code, our_code)) => {
                    theirs.0.codes == [*code] && ours.0.codes == [*our_code]
                }
                None => theirs.0.codes == ours.0.codes && theirs.1 == ours.1,
            };
            if !is_right {
                wrong += &format!("\n* {says}, as root {as_root}:\n  {theirs:?}\n  {ours:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_shadow_file_that_is_missing_is_made_by_neither() {
    let test = "changes beside: no shadow file";
    let Some(theirs) = Module::pam_unix().filter(|m| Path::new(&m.path).exists()) else {
        need::skip(test, "there is no pam_unix.so to compare with");
        return;
    };
    let Some(machine) = machine_with(test, &people()).filter(|machine| machine.module.is_ours())
    else {
        return;
    };
    let (module, arguments) = (machine.module.inside(), machine.module.arguments);
    let theirs = format!("{} nodelay", theirs.path.display());
    fs::remove_file(machine.outside("/etc/shadow")).unwrap();
    for line in [theirs, format!("{module} {arguments}")] {
        machine.stack("stage", &format!("password required {line}\n"));
        for real_uid in [None, Some(6001)] {
            let answers: &[&str] = match real_uid {
                None => &[NEW, NEW],
                Some(_) => &[OLD, NEW, NEW],
            };
            let ask = Ask {
                service: "stage".into(),
                user: "p6001".into(),
                change: answers.iter().map(|answer| (*answer).into()).collect(),
                steps: vec!["chauthtok".into()],
                real_uid,
                ..Ask::default()
            };
            let answer = machine.ask(&ask).unwrap();
            let code = match (real_uid, line.contains("pam_unix")) {
                (None, true) => AUTHTOK_ERR,
                _ => AUTHINFO_UNAVAIL,
            };
            assert_eq!(answer.codes, [code], "{line}: {answer:?}");
            assert!(!machine.outside("/etc/shadow").exists(), "{line}");
        }
    }
}
