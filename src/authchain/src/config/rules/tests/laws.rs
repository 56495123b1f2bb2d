//! Properties of every set of rules.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::select;

use super::generated::{
    ADDRESSES, LoginCase, RuleText, answer, login, read, read_lines, rule, rules,
};
use super::in_short;
use crate::config::rules::check::shuts_root_out;
use crate::config::rules::cover::covers;
use crate::config::rules::{Choice, FirstChoice, Group, Rules};

/// Returns whether an entry matches, as simply as it can be said.
fn entry_matches(key: &str, entry: &str, login: &LoginCase, groups: impl Fn(&str) -> bool) -> bool {
    let starts = |text: &str, wanted: &str| text.starts_with(wanted);
    let tty = login.tty.trim_start_matches("/dev/");
    let address = login.rhost.trim_start_matches("::ffff:");
    match (key, entry) {
        ("service", "*") => true,
        ("service", "s*") => starts(login.service, "s"),
        ("service", service) => login.service == service,
        ("user", user) => login.user == user,
        ("group", group) => groups(group),
        ("from", "local") => login.rhost.is_empty(),
        ("from", "10.0.0.0/8") => starts(address, "10."),
        ("from", "10.0.0.0/16") => starts(address, "10.0."),
        ("from", "0.0.0.0/0") => address.contains('.'),
        ("from", "::/0") => address.contains(':'),
        ("from", address_alone) => address == address_alone,
        ("tty", "tty*") => starts(tty, "tty"),
        ("tty", "/dev/pts/*") => starts(tty, "pts/"),
        ("tty", name) => tty == name,
        other => panic!("{other:?}"),
    }
}

/// Returns whether a rule fits a login about which everything is known.
fn fits(rule: &RuleText, login: &LoginCase) -> bool {
    let counts_backend = rule.denies || !rule.has_chain;
    let groups = |group: &str| {
        login.in_file.contains(group) || counts_backend && login.of_backend.contains(group)
    };
    rule.lists.iter().all(|(key, entries)| {
        let matches = |entry: &str| entry_matches(key, entry, login, groups);
        let (out, some): (Vec<_>, Vec<_>) =
            entries.iter().partition(|entry| entry.starts_with('!'));
        let is_out = out
            .iter()
            .any(|entry| matches(entry.trim_start_matches('!')));
        !is_out && (some.is_empty() || some.iter().any(|entry| matches(entry)))
    })
}

/// Returns the login with nothing unknown: an address, and a name that is nobody else's.
fn plain(login: LoginCase) -> LoginCase {
    let rhost = match login.rhost {
        "host.example.com" => "192.0.2.7",
        rhost => rhost,
    };
    let user = login
        .user
        .strip_prefix("ALICE")
        .map_or(login.user, |_| "alice");
    LoginCase {
        user,
        rhost,
        own_names: Vec::new(),
        ..login
    }
}

/// Returns both choices of a login in short, and whether there is a way in. `fails` says which
/// lookups fail, by their number.
fn choices(rules: &Rules, login: &LoginCase, fails: u32) -> Result<[String; 3], String> {
    let count = Cell::new(0_u32);
    let failing = |group: &Group, answers: &dyn Fn(&Group) -> Result<bool, String>| {
        count.set(count.get() + 1);
        match fails.checked_shr(count.get()).unwrap_or(0) & 1 {
            1 => Err("cannot say".to_owned()),
            _ => answers(group),
        }
    };
    let (in_file, of_backend) = (answer(&login.in_file), answer(&login.of_backend));
    let in_file = |group: &Group| failing(group, &in_file);
    let of_backend = |group: &Group| failing(group, &of_backend);
    let FirstChoice {
        by_file, may_allow, ..
    } = rules.first_choice(&login.facts(), in_file)?;
    let of_backend = |group: &Group| of_backend(group).map(Some);
    let second = rules.second_choice(&login.facts(), in_file, of_backend)?;
    Ok([
        in_short(&by_file),
        may_allow.to_string(),
        in_short(&second.first),
    ])
}

/// Returns the rules with their keys and the entries of their lists in another order.
fn turned(rules: &[RuleText]) -> Rules {
    read_lines(rules.iter().map(|rule| {
        let mut rule = rule.clone();
        rule.lists
            .iter_mut()
            .for_each(|(_, entries)| entries.reverse());
        let mut lines = rule.lines();
        lines.reverse();
        lines
    }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_first_rule_that_fits_is_chosen(texts in rules(), login in login()) {
        let login = plain(login);
        let rules = read(&texts);
        let fitting = texts.iter().position(|text| fits(text, &login));
        let expected = fitting.map_or(0, |place| place + 1);
        let chosen = login.second(&rules);
        prop_assert_eq!(chosen.rule().map_or(0, |rule| rule.number), expected);
        prop_assert!(!matches!(chosen, Choice::Unclear(_)));
    }

    #[test]
    fn where_groups_are_unclear_the_choice_that_is_right_is_among_those_that_may_be_made(
        texts in rules(), login in login(), whole in 0..16_u32,
    ) {
        let rules = read(&texts);
        let places = super::generated::GROUPS.iter().enumerate();
        let is_in = |(n, group): &(usize, &&'static str)| match login.unclear.contains(**group) {
            true => whole >> n & 1 == 1,
            false => login.of_backend.contains(**group),
        };
        let of_backend = places.filter(is_in).map(|(_, group)| *group).collect();
        let right = LoginCase { of_backend, ..login.clone() }.second(&rules);
        let chosen = login.second_choice(&rules);
        prop_assert!(chosen.all().any(|choice| in_short(choice) == in_short(&right)));
        prop_assert!(!chosen.all().all(Choice::allows) || right.allows());
    }

    #[test]
    fn the_second_choice_only_takes_away(texts in rules(), login in login()) {
        let rules = read(&texts);
        let before = LoginCase { own_names: Vec::new(), ..login.clone() };
        prop_assert!(before.may_allow(&rules) || !login.second(&rules).allows());
    }

    #[test]
    fn a_way_in_that_is_left_open_leads_in_for_some_groups(texts in rules(), login in login()) {
        let rules = read(&texts);
        let login = LoginCase { own_names: Vec::new(), ..login };
        let with = |groups: u32| {
            let of_backend = super::generated::GROUPS.iter().enumerate();
            let of_backend = of_backend.filter(|(n, _)| groups >> n & 1 == 1);
            LoginCase { of_backend: of_backend.map(|(_, group)| *group).collect(), ..login.clone() }
        };
        let leads_in = (0..16).any(|groups| with(groups).second(&rules).allows());
        // It may be left open for no reason, where two rules want what no person has, but never
        // closed.
        prop_assert!(!leads_in || login.may_allow(&rules));
    }

    #[test]
    fn a_lookup_that_fails_lets_in_nobody_else(texts in rules(), login in login(), fails: u32) {
        let rules = read(&texts);
        if let Ok(chosen) = choices(&rules, &login, fails) {
            prop_assert_eq!(Ok(chosen), choices(&rules, &login, 0));
        }
    }

    #[test]
    fn a_lookup_is_asked_only_where_the_other_keys_may_fit(texts in rules(), login in login()) {
        let rules = read(&texts);
        let is_about = |text: &RuleText| {
            let lists = text.lists.iter().filter(|(key, _)| *key != "group");
            let text = RuleText { lists: lists.cloned().collect(), ..text.clone() };
            fits(&text, &plain(login.clone()))
        };
        let names_groups = |text: &RuleText| !text.lists[2].1.is_empty();
        let needed = texts.iter().any(|text| is_about(text) && names_groups(text));
        let login = plain(login.clone());
        prop_assert!(needed || choices(&rules, &login, u32::MAX).is_ok());
    }

    #[test]
    fn a_deny_that_fits_beats_what_comes_behind_it(
        texts in rules(), deny in rule(), login in login(),
    ) {
        let deny = RuleText { denies: true, ..deny };
        let login = plain(login);
        let is_hit = fits(&deny, &login);
        let rules = read(&[&[deny], texts.as_slice()].concat());
        prop_assert!(!is_hit || !login.second(&rules).allows());
    }

    #[test]
    fn the_order_of_keys_and_entries_means_nothing(texts in rules(), login in login()) {
        prop_assert_eq!(choices(&read(&texts), &login, 0), choices(&turned(&texts), &login, 0));
    }

    #[test]
    fn an_ipv4_mapped_address_is_the_ipv4_address(texts in rules(), login in login()) {
        let rules = read(&texts);
        let of = |rhost| choices(&rules, &LoginCase { rhost, ..login.clone() }, 0);
        prop_assert_eq!(of("10.0.0.1"), of("::ffff:10.0.0.1"));
    }

    #[test]
    fn a_host_name_lets_in_nobody_whom_some_address_would_not(
        texts in rules(), login in login(), address in select(&ADDRESSES),
    ) {
        let rules = read(&texts);
        let of = |rhost| LoginCase { rhost, ..login.clone() }.second(&rules);
        let by_name = of("host.example.com");
        prop_assert!(!by_name.allows() || in_short(&by_name) == in_short(&of(address)));
    }

    #[test]
    fn other_letters_let_in_nobody_whom_the_name_would_not(texts in rules(), login in login()) {
        let rules = read(&texts);
        let of = |user| LoginCase { user, ..login.clone() }.second(&rules);
        let shouted = of("ALICE");
        prop_assert!(!shouted.allows() || in_short(&shouted) == in_short(&of("alice")));
    }

    #[test]
    fn an_alias_changes_the_choice_into_none_that_allows(texts in rules(), login in login()) {
        let rules = read(&texts);
        let plain = LoginCase { own_names: Vec::new(), ..login.clone() }.second(&rules);
        let known = login.second(&rules);
        prop_assert!(!known.allows() || in_short(&known) == in_short(&plain));
    }

    #[test]
    fn a_rule_that_can_never_fit_never_does(wide in rule(), narrow in rule(), login in login()) {
        // Most of the narrower rule's lists are those of the wider one.
        let lists = wide.lists.iter().zip(&narrow.lists);
        let lists = lists.map(|(wide, own)| if wide.1.is_empty() { own } else { wide });
        let narrow = RuleText { lists: lists.cloned().collect(), ..narrow };
        let rules = read(&[wide, narrow]);
        let mut both = rules.iter();
        let is_dead = covers(both.next().unwrap(), both.next().unwrap());
        let chosen = login.second(&rules);
        prop_assert!(!is_dead || chosen.rule().is_none_or(|rule| rule.number != 2));
    }

    #[test]
    fn a_root_who_is_shut_out_never_gets_in(texts in rules(), login in login()) {
        let rules = read(&texts);
        // The rules' own chains have a directory alone.
        if shuts_root_out(&rules, |chain| chain.is_none()).is_some() {
            let chosen = LoginCase { user: "root", own_names: Vec::new(), ..login }.second(&rules);
            prop_assert!(!chosen.allows() || chosen.chain().is_some());
        }
    }
}
