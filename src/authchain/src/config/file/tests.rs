//! Whole files, good and bad.

use super::*;
use std::path::Path;
use std::time::Duration;

use crate::config::settings::Then;

fn source(text: &str) -> Source {
    Source::new(Path::new("authchain.toml"), text.to_owned())
}

fn error(text: &str) -> String {
    let source = source(text);
    Config::parse(&source).unwrap_err().to_string()
}

#[test]
fn an_empty_text_means_the_local_chain() {
    let source = source("");
    let config = Config::parse(&source).unwrap();
    let links = config.links(None).unwrap();
    assert_eq!(links.len(), 1);
    assert_eq!(
        (links[0].name(), links[0].common().kind.get_ref().as_str()),
        ("local", "local")
    );
    assert_eq!(config.settings.min_uid, 1000);
    assert_eq!(config.settings.deadline.duration(), Duration::from_secs(8));
}

#[test]
fn the_keys_that_all_backends_share_are_read_with_their_defaults() {
    let source =
        source("[backend.a]\ntype = \"x\"\non_denied = \"stop\"\ntimeout = \"1s\"\nuris = []\n");
    let config = Config::parse(&source).unwrap();
    let common = config.backend("a").unwrap().common();
    assert_eq!(common.on_denied, Then::Stop);
    assert_eq!(common.on_unavailable, Then::Next);
    assert_eq!(common.timeout.duration(), Duration::from_secs(1));
}

#[test]
fn every_fault_is_named_with_its_place() {
    let cases = [
        (
            "deadlin = \"8s\"",
            "1:1: unknown key \"deadlin\" (did you mean \"deadline\"?)",
        ),
        ("\n  colour = 1", "2:3: unknown key \"colour\""),
        (
            "on_denied = \"stop\"",
            "1:1: the key \"on_denied\" does not belong here: move it below the [backend.NAME] it is about",
        ),
        (
            "deadline = 8",
            "1:12: a duration such as \"3s\", \"250ms\" or \"2m\" belongs here, not 8",
        ),
        (
            "deadline = \"8 hours\"",
            "1:12: a duration such as \"3s\", \"250ms\" or \"2m\" belongs here, not \"8 hours\"",
        ),
        (
            "min_uid = -1",
            "1:11: a whole number from 0 to 4294967295 belongs here, not -1",
        ),
        (
            "chain = \"local\"",
            "1:9: a list such as [\"a\", \"b\"] belongs here, not \"local\"",
        ),
        ("deadline = \"0s\"", "1:12: must be longer than nothing"),
        (
            "[backend.a]\ntype = \"x\"\ntimeout = \"0ms\"",
            "3:11: must be longer than nothing",
        ),
        ("worker = \"w\"", "1:10: must be an absolute path"),
        ("run_dir = \"./run\"", "1:11: must be an absolute path"),
        ("log_socket = \"\"", "1:14: must be an absolute path"),
        ("passwd_file = \"passwd\"", "1:15: must be an absolute path"),
        ("state_dir = \"../x\"", "1:13: must be an absolute path"),
        (
            "make_home = true\nhome_dirs = [\"/home\", \"/etc\"]",
            "2:13: /etc is a folder of the system",
        ),
        ("chain = []", " the chain is empty: nobody could log in"),
        (
            "chain = [\"local\", \"corp\"]",
            "1:19: the chain names \"corp\", but there is no [backend.corp]",
        ),
        (
            "chain = [\"locl\"]",
            "1:10: the chain names \"locl\", but there is no [backend.locl] (did you mean \"local\"?)",
        ),
        (
            "chain = [\"local\",\n \"local\"]",
            "2:2: the chain names \"local\" twice",
        ),
        ("[backend.corp]", "1:10: [backend.corp] has no \"type\""),
        (
            "[backend]\ncorp = 1",
            "2:1: \"corp\" must be a section: [backend.corp]",
        ),
        (
            "backend = 1",
            "1:1: \"backend\" must be sections: [backend.NAME]",
        ),
        (
            "[backend.\"a b\"]\ntype = \"x\"",
            "1:10: a backend's name is made of letters, digits, '-' and '_'",
        ),
        (
            "[backend.a]\ntype = 1",
            "2:8: a text in quotes, such as \"a\", belongs here, not 1",
        ),
        (
            "[backend.a]\ntype = \"x\"\non_denied = \"halt\"",
            "3:13: \"halt\" is none of the words allowed: \"next\" or \"stop\"",
        ),
        (
            "[backend.a]\ntype=\"x\"\n[backend.a]\n",
            "3:10: duplicate key",
        ),
        ("chain = [", "1:10: unclosed array, expected `]`"),
    ];
    for (text, expected) in cases {
        let error = error(text);
        let found = error.strip_prefix("authchain.toml:").unwrap();
        assert!(
            found.starts_with(expected),
            "{text:?}:\n  found {found}\n  expected {expected}"
        );
    }
}

#[test]
fn every_fault_is_found_and_the_rest_is_read() {
    let text = "colour = 1\nmin_uid = \"x\"\ndeadline = 8\nchain = [\"nowhere\"]\n\
                fail_delay = \"1s\"\n[backend.a]\ntype = \"x\"\ntimeout = 3\n\
                on_denied = \"halt\"\n[backend.b]\n[backend.c]\ntype = \"y\"\n";
    let source = source(text);
    let (config, faults) = Config::parse_all(&source);
    let mut places: Vec<_> = (faults.iter())
        .map(|fault| fault.location.as_ref().map_or(0, |place| place.line))
        .collect();
    places.sort_unstable();
    // The chain is not looked at: a section that it names may be one with a fault.
    assert_eq!(places, [1, 2, 3, 8, 9, 10], "{faults:#?}");
    assert_eq!(config.settings.fail_delay.duration().as_secs(), 1);
    let names: Vec<_> = config.backends.iter().map(BackendTable::name).collect();
    assert_eq!(names, ["a", "c", "local"]);
    assert_eq!(Config::parse(&source).unwrap_err(), faults[0]);
}

#[test]
fn a_value_that_is_left_out_brings_no_fault_of_its_own() {
    for (text, expected) in [
        ("[backend.a]\ntype = 1\n", 1),
        ("backend = 1\n", 1),
        ("a = [\n", 1),
    ] {
        let source = source(text);
        let (_, faults) = Config::parse_all(&source);
        assert_eq!(faults.len(), expected, "{text}: {faults:?}");
    }
}

#[test]
fn a_fault_is_told_in_one_line() {
    for text in [
        "chain = [",
        "a = \"\"\"",
        "= 1",
        "[backend.a]\ntype=\"x\"\n[backend.a]\n",
        "\u{0}",
    ] {
        assert_eq!(error(text).lines().count(), 1, "{text:?}: {}", error(text));
    }
}

#[test]
fn a_module_argument_may_reorder_backends_but_not_add_any() {
    let source = source("chain = [\"a\"]\n[backend.a]\ntype=\"x\"\n");
    let config = Config::parse(&source).unwrap();
    let order = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let links = config.links(Some(&order(&["local", "a"]))).unwrap();
    assert_eq!(
        links.iter().map(|l| l.name()).collect::<Vec<_>>(),
        ["local", "a"]
    );
    assert!(config.links(Some(&order(&["b"]))).is_err());
    assert!(config.links(Some(&[])).is_err());
}

#[test]
fn deep_nesting_is_refused_and_not_recursed_into() {
    let text = format!("chain = {}", "[".repeat(100_000));
    assert!(error(&text).contains("recursion"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "(?s).{0,200}") {
        let source = source(&text);
        let (_, faults) = Config::parse_all(&source);
        let first = Config::parse(&source).err();
        proptest::prop_assert_eq!(first, faults.into_iter().next());
    }
}

/// A section of a plugin.
const PLUGIN: &str = "[backend.p]\ntype = \"plugin\"\nprogram = \"p\"\n";

#[test]
fn a_plugin_is_a_second_factor_if_a_then_names_it() {
    let factors = |before: &str, after: &str| {
        let source = source(&format!("{before}{PLUGIN}{after}"));
        let config = Config::parse(&source).unwrap();
        let names = config.factors.iter().map(|table| table.name().to_owned());
        (names.collect::<Vec<_>>(), config.backend("p").is_some())
    };
    let nobody = Vec::<String>::new();
    assert_eq!(factors("", ""), (nobody.clone(), true));
    assert_eq!(factors("chain = [\"local\", \"p\"]\n", ""), (nobody, true));
    let factor = (vec!["p".to_owned()], false);
    assert_eq!(factors("then = [\"p\"]\n", "timeout = \"9s\"\n"), factor);
    assert_eq!(factors("", "[[rule]]\nthen = [\"p\"]\n"), factor);
}

#[test]
fn a_plugin_is_not_both_a_backend_and_a_second_factor() {
    let both = error(&format!("chain = [\"p\"]\nthen = [\"p\"]\n{PLUGIN}"));
    assert_eq!(
        both,
        "authchain.toml:1:10: \"p\" is a second factor: name it in `then`"
    );
    let key = error(&format!("then = [\"p\"]\n{PLUGIN}on_denied = \"stop\"\n"));
    assert_eq!(
        key,
        "authchain.toml:5:13: a second factor has no such key: it is no backend"
    );
}
