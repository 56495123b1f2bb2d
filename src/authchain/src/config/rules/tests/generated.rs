//! Generated rules and logins for the laws.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use toml::de::DeTable;

use super::source;
use crate::config::rules::{Choice, Group, LoginFacts, Rules, SecondChoice, parse};

pub(super) const GROUPS: [&str; 4] = ["staff", "guests", "wheel", "10"];
pub(super) const ADDRESSES: [&str; 4] = ["10.0.0.1", "10.1.0.1", "192.0.2.7", "2001:db8::1"];

const OTHER_RHOSTS: [&str; 3] = ["", "host.example.com", "::ffff:10.0.0.1"];

/// A rule as text: the lines of its keys, in any order.
#[derive(Debug, Clone)]
pub(super) struct RuleText {
    pub(super) lists: Vec<(&'static str, Vec<String>)>,
    pub(super) denies: bool,
    pub(super) has_chain: bool,
}

impl RuleText {
    /// Returns the keys as lines.
    pub(super) fn lines(&self) -> Vec<String> {
        let written = self.lists.iter().filter(|(_, entries)| !entries.is_empty());
        let mut lines: Vec<_> = written
            .map(|(key, entries)| format!("{key} = {entries:?}"))
            .collect();
        if self.denies {
            lines.push("access = 'deny'".to_owned());
        } else if self.has_chain {
            lines.push("chain = ['corp']".to_owned());
        } else {
            lines.push("access = 'allow'".to_owned());
        }
        lines
    }
}

fn entries(known: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let signed = |entry: &'static str| {
        any::<bool>().prop_map(move |out| match out {
            true => format!("!{entry}"),
            false => entry.to_owned(),
        })
    };
    let some = subsequence(known, 0..=2)
        .prop_flat_map(move |some| some.into_iter().map(signed).collect::<Vec<_>>());
    prop_oneof![2 => Just(Vec::new()), 1 => some]
}

pub(super) fn rule() -> impl Strategy<Value = RuleText> {
    let lists = (
        entries(&["sshd", "su", "s*", "*"]),
        entries(&["alice", "bob", "root"]),
        entries(&GROUPS),
        entries(&[
            "local",
            "10.0.0.0/8",
            "10.0.0.0/16",
            "0.0.0.0/0",
            "::/0",
            "192.0.2.7",
        ]),
        entries(&["tty1", "tty*", "/dev/pts/*"]),
    );
    (lists, any::<bool>(), any::<bool>()).prop_map(|((a, b, c, d, e), denies, has_chain)| {
        RuleText {
            lists: vec![
                ("service", a),
                ("user", b),
                ("group", c),
                ("from", d),
                ("tty", e),
            ],
            denies,
            has_chain,
        }
    })
}

pub(super) fn rules() -> impl Strategy<Value = Vec<RuleText>> {
    proptest::collection::vec(rule(), 0..5)
}

/// A login, and the person's groups by the file and by the backend.
#[derive(Debug, Clone)]
pub(super) struct LoginCase {
    pub(super) service: &'static str,
    pub(super) user: &'static str,
    pub(super) own_names: Vec<&'static str>,
    pub(super) rhost: &'static str,
    pub(super) tty: &'static str,
    pub(super) in_file: BTreeSet<&'static str>,
    pub(super) of_backend: BTreeSet<&'static str>,
    /// The groups of which the backend is unclear.
    pub(super) unclear: BTreeSet<&'static str>,
}

impl LoginCase {
    pub(super) fn facts(&self) -> LoginFacts<'_> {
        let facts = LoginFacts::new(self.service, self.user, self.rhost, self.tty);
        facts.known_as(&self.own_names)
    }

    /// Returns the second choice where the backend is clear about all groups.
    pub(super) fn second<'r>(&self, rules: &'r Rules) -> Choice<'r> {
        let unclear = BTreeSet::new();
        let case = self.clone();
        super::only(&Self { unclear, ..case }.second_choice(rules))
    }

    /// Returns the second choice.
    pub(super) fn second_choice<'r>(&self, rules: &'r Rules) -> SecondChoice<'r> {
        let of_backend = |group: &Group| {
            let is_unclear = self.unclear.contains(group.to_string().as_str());
            Ok(answer(&self.of_backend)(group).ok().filter(|_| !is_unclear))
        };
        let chosen = rules.second_choice(&self.facts(), answer(&self.in_file), of_backend);
        chosen.unwrap()
    }

    /// Returns whether the first choice leaves a way in.
    pub(super) fn may_allow(&self, rules: &Rules) -> bool {
        let choice = rules.first_choice(&self.facts(), answer(&self.in_file));
        choice.unwrap().may_allow
    }
}

/// Returns the answers of a source that has the person in these groups.
pub(super) fn answer<'g>(
    groups: &'g BTreeSet<&'static str>,
) -> impl Fn(&Group) -> Result<bool, String> + 'g {
    |group| Ok(groups.contains(group.to_string().as_str()))
}

fn groups() -> impl Strategy<Value = BTreeSet<&'static str>> {
    subsequence(&GROUPS, 0..=3).prop_map(BTreeSet::from_iter)
}

pub(super) fn login() -> impl Strategy<Value = LoginCase> {
    (
        select(&["sshd", "su", "login"]),
        select(&["alice", "ALICE", "bob", "root", "eve"]),
        proptest::collection::vec(select(&["alice", "Bob", "eve"]), 0..3),
        prop_oneof![select(&ADDRESSES), select(&OTHER_RHOSTS)],
        select(&["", "tty1", "/dev/tty1", "pts/0", "ssh", "../tty1"]),
        groups(),
        groups(),
        groups(),
    )
        .prop_map(
            |(service, user, own_names, rhost, tty, in_file, of_backend, unclear)| LoginCase {
                service,
                user,
                own_names,
                rhost,
                tty,
                in_file,
                of_backend,
                unclear,
            },
        )
}

/// Reads rules, without the checks of the whole: dead rules obey the laws, too.
pub(super) fn read(rules: &[RuleText]) -> Rules {
    read_lines(rules.iter().map(RuleText::lines))
}

/// Reads rules that are given as the lines of their keys.
pub(super) fn read_lines(rules: impl Iterator<Item = Vec<String>>) -> Rules {
    let sections = rules.map(|lines| format!("[[rule]]\n{}\n", lines.join("\n")));
    let source = source(&sections.collect::<String>());
    let mut root = DeTable::parse(source.text()).unwrap().into_inner();
    let Some(value) = root.remove("rule") else {
        return Rules::default();
    };
    let (rules, faults) = parse(value, false, &source);
    assert!(faults.is_empty(), "{faults:?}");
    rules
}
