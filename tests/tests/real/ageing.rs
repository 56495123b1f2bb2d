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

impl Line {
    /// Returns the code of this machine's pam_unix, where the table tells it.
    fn code_of_pam_unix(&self, is_old: bool) -> Option<i32> {
        self.before_1_6.filter(|_| is_old).or(self.since_1_6)
    }

    /// Returns our code, where it is not that of this machine's pam_unix.
    fn code_of_ours(&self, is_old: bool) -> Option<i32> {
        self.ours.or(self.since_1_6.filter(|_| is_old))
    }
}

/// Returns a person for each line, in the same order.
fn people(table: &Table) -> Vec<Person> {
    let hash = person("alice").hash;
    let person = |(uid, line): (u32, &Line)| Person {
        name: format!("p{uid}"),
        uid,
        hash: (line.hash.clone().or(hash.clone())).filter(|_| !line.absent),
        password: None,
        ageing: Some(line.fields.clone()),
    };
    (6001..).zip(&table.line).map(person).collect()
}

/// Returns whether the machine's Linux-PAM is older than 1.6, by a line that pam_unix judges
/// otherwise since then.
fn is_older_than_1_6(machine: &Machine, table: &Table, people: &[Person]) -> bool {
    let tells = |line: &Line| (line.before_1_6, line.since_1_6) == (Some(0), Some(12));
    let telling = table.line.iter().position(tells).unwrap();
    ask(machine, "theirs", &people[telling].name).codes == [0]
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
    let people = people(&table);
    let Some(machine) = machine_with(test, &people) else {
        return;
    };
    machine.stack(
        "theirs",
        &format!("account required {}\n", theirs.path.display()),
    );
    machine.stack("ours", &machine.plain_stack());
    let mut wrong = String::new();
    let is_old = is_older_than_1_6(&machine, &table, &people);
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
        let pam_unix = line.code_of_pam_unix(is_old);
        let pam_unix = pam_unix.map_or(theirs.codes.clone(), |code| vec![code]);
        let other = line.code_of_ours(is_old);
        let other = other.filter(|_| machine.module.is_ours());
        let texts_agree = other.is_some() || ours.told.is_empty() == theirs.told.is_empty();
        let expected = other.map_or(pam_unix.clone(), |code| vec![code]);
        if theirs.codes != pam_unix || ours.codes != expected || !texts_agree {
            let Line { says, fields, .. } = line;
            wrong += &format!("\n* {says} ({fields}): pam_unix {theirs:?}, ours {ours:?}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
