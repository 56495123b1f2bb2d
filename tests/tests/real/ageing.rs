//! The answers of pam_unix about ageing, and ours.

use std::path::Path;

use authchain_tests::need;
use authchain_tests::real::ask::{Answer, Ask};
use authchain_tests::real::machine::Machine;
use authchain_tests::real::module::Module;
use authchain_tests::real::people::{Person, person};
use authchain_tests::real::stories::machine_with;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    line: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    says: String,
    fields: String,
    hash: Option<String>,
    /// Whether shadow has no line, although passwd has an `x`.
    #[serde(default)]
    absent: bool,
    /// The codes of pam_unix, if Linux-PAM 1.6 changed its code or its texts.
    before_1_6: Option<i32>,
    since_1_6: Option<i32>,
    /// Our code, if it differs from pam_unix's.
    ours: Option<i32>,
    because: Option<String>,
}

/// A line by whose code of pam_unix one can tell whether Linux-PAM is older than 1.6.
fn telling_line(table: &Table) -> usize {
    let tells = |line: &Line| (line.before_1_6, line.since_1_6) == (Some(0), Some(12));
    table.line.iter().position(tells).unwrap()
}

fn ask(machine: &Machine, service: &str, user: &str) -> Answer {
    let ask = Ask {
        service: service.into(),
        user: user.into(),
        steps: vec!["account".into()],
        ..Ask::default()
    };
    machine
        .ask(&ask)
        .unwrap_or_else(|how| panic!("{service}, {user}: {how:?}"))
}

#[test]
fn an_account_is_as_old_as_pam_unix_says() {
    let test = "ageing";
    let Some(theirs) = Module::pam_unix().filter(|m| Path::new(&m.path).exists()) else {
        need::skip(test, "there is no pam_unix.so to compare with");
        return;
    };
    let table: Table = toml::from_str(include_str!("../../stories/real/ageing.toml")).unwrap();
    let people: Vec<Person> = (6001..)
        .zip(&table.line)
        .map(|(uid, line)| Person {
            name: format!("p{uid}"),
            uid,
            hash: line
                .hash
                .clone()
                .or(person("alice").hash)
                .filter(|_| !line.absent),
            password: None,
            ageing: Some(line.fields.clone()),
        })
        .collect();
    let Some(machine) = machine_with(test, &people) else {
        return;
    };
    machine.stack(
        "theirs",
        &format!("account required {}\n", theirs.path.display()),
    );
    machine.stack("ours", &machine.plain_stack());
    let mut wrong = String::new();
    // As Debian 12 has it.
    let is_old = ask(&machine, "theirs", &people[telling_line(&table)].name).codes == [0];
    for (line, person) in table.line.iter().zip(&people) {
        let theirs = ask(&machine, "theirs", &person.name);
        let ours = ask(&machine, "ours", &person.name);
        println!("{:?} {:?} {}", theirs.codes, ours.codes, line.says);
        assert_eq!(
            line.ours.is_some(),
            line.because.is_some(),
            "a difference has a reason: {}",
            line.says
        );
        let pam_unix = match line.before_1_6 {
            Some(before) if is_old => vec![before],
            _ => line
                .since_1_6
                .map_or(theirs.codes.clone(), |code| vec![code]),
        };
        let is_ours = machine.module.is_ours();
        let told = line.since_1_6.filter(|_| is_ours && is_old);
        let expected = line.ours.filter(|_| is_ours).or(told);
        let texts_agree = expected.is_some() || ours.told.is_empty() == theirs.told.is_empty();
        let expected = expected.map_or(pam_unix.clone(), |code| vec![code]);
        let agrees = theirs.codes == pam_unix && ours.codes == expected && texts_agree;
        if !agrees {
            let Line { says, fields, .. } = line;
            wrong += &format!("\n* {says} ({fields}): pam_unix {theirs:?}, ours {ours:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
