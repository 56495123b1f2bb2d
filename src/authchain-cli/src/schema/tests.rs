//! The schema beside the parser, under a validator as strict as the strictest.

mod validator;

use std::fs;
use std::path::Path;

use authchain::chain::registry;
use authchain::config::{Config, Source};

use super::*;
use validator::faults;

/// Returns the paths of the faults that the schema finds in a configuration.
fn marked(text: &str) -> Vec<String> {
    let value: Value = toml::from_str(text).unwrap();
    faults(&document(&[]), &value)
}

fn parser_accepts(text: &str) -> bool {
    let source = Source::new(Path::new("authchain.toml"), text.to_owned());
    Config::parse(&source).is_ok_and(|config| registry::build(&config, None).is_ok())
}

/// A section of each type with the keys that it needs.
const SECTIONS: [(&str, &str); 7] = [
    ("local", ""),
    ("ldap", "uris = [\"ldaps://a\"]\nbase = \"dc=x\"\n"),
    ("active_directory", "domain = \"ad.example.com\"\n"),
    ("nis", "domain = \"x\"\nservers = [\"a\"]\n"),
    ("app_passwords", ""),
    ("plugin", "program = \"a\"\n"),
    ("totp", ""),
];

#[test]
fn every_example_is_without_a_fault() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conf");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let text = fs::read_to_string(&path).unwrap();
            assert_eq!(marked(&text), [""; 0], "{path:?}");
        }
    }
}

#[test]
fn one_fault_marks_one_key() {
    let corp = "[backend.corp]\ntype = \"ldap\"\nbase = \"dc=x\"\nuris = [\"ldaps://a\"]\n";
    for (text, expected) in [
        ("chan = [\"local\"]", "/chan"),
        ("chain = []", "/chain"),
        ("chain = [1]", "/chain/0"),
        ("deadline = 8", "/deadline"),
        ("min_uid = -1", "/min_uid"),
        ("worker = \"w\"", "/worker"),
        ("then = \"totp\"", "/then"),
        ("not_enrolled = \"allow\"", "/not_enrolled"),
        ("[[rule]]\nusers = [\"a\"]", "/rule/0/users"),
        ("[[rule]]\nname = \"\"", "/rule/0/name"),
        ("[[rule]]\nuser = []", "/rule/0/user"),
        ("[[rule]]\naccess = \"no\"", "/rule/0/access"),
        ("[[rule]]\nthen = [1]", "/rule/0/then/0"),
        ("[[rule]]\ncode = \"behind\"", "/rule/0/code"),
        ("[[rule]]\npublickey = \"count\"", "/rule/0/publickey"),
        (
            "[[rule]]\nthen = [\"totp\"]\nremember = \"0m\"",
            "/rule/0/remember",
        ),
        ("[backend.\"a b\"]\ntype = \"local\"", "/backend/a b"),
        (
            "[backend.a]\ntype = \"ldpa\"\nbase = \"dc=x\"",
            "/backend/a/type",
        ),
        ("[backend.a]\non_denied = \"stop\"", "/backend/a"),
        ("[backend.a]\ntype = \"nis\"\ndomain = \"x\"", "/backend/a"),
        (
            "[backend.a]\ntype = \"local\"\npaswd = \"/p\"",
            "/backend/a/paswd",
        ),
        (
            "[backend.a]\ntype = \"local\"\nbase = \"dc=x\"",
            "/backend/a/base",
        ),
        (
            "[backend.a]\ntype = \"totp\"\ntimeout = \"3s\"",
            "/backend/a/timeout",
        ),
        (
            "[backend.a]\ntype = \"totp\"\ndigits = 9",
            "/backend/a/digits",
        ),
        (
            &format!("{corp}on_denied = \"halt\""),
            "/backend/corp/on_denied",
        ),
        (&format!("{corp}tls = \"tsl\""), "/backend/corp/tls"),
        (&format!("{corp}scop = \"one\""), "/backend/corp/scop"),
        (&format!("{corp}domain = \"x\""), "/backend/corp/domain"),
        (&format!("{corp}timeout = \"3w\""), "/backend/corp/timeout"),
    ] {
        assert!(!parser_accepts(&format!("{text}\n")), "{text}");
        assert_eq!(marked(text), [expected], "{text}");
    }
}

#[test]
fn schema_and_parser_agree_at_the_ends_of_every_range() {
    let mut ranges = 0;
    let global = keys_of(schema_for!(GlobalSettings));
    ranges += tried_at_the_ends("", &global);
    let rule = "[[rule]]\nthen = [\"totp\"]\nremember = \"1ms\"\n";
    ranges += tried_at_the_ends(rule, &keys_of(schema_for!(RuleSettings)));
    for (name, needed) in SECTIONS {
        let backend_type = BACKEND_TYPES.iter().find(|known| known.name == name);
        let backend_type = backend_type.unwrap();
        // A plugin has all of its keys as a second factor.
        let top = if name == "plugin" {
            "then = [\"x\"]\n"
        } else {
            ""
        };
        let before = format!("{top}[backend.x]\ntype = \"{name}\"\n{needed}");
        ranges += tried_at_the_ends(&before, &keys_of((backend_type.schema)()));
        if !backend_type.is_factor() {
            ranges += tried_at_the_ends(&before, &keys_of(schema_for!(BackendSettings)));
        }
    }
    assert!(ranges > 20, "{ranges} values were tried");
    assert_eq!(SECTIONS.len(), BACKEND_TYPES.len());
}

/// Compares the schema with the parser at the ends of each key's range, behind the lines of
/// `before`, and returns the number of values.
fn tried_at_the_ends(before: &str, keys: &Keys) -> usize {
    let mut count = 0;
    for (key, schema) in &keys.schemas {
        let others = (before.lines()).filter(|line| !line.starts_with(&format!("{key} =")));
        let others: String = others.map(|line| format!("{line}\n")).collect();
        for value in ends_of_range(schema) {
            let text = format!("{others}{key} = {value}\n");
            assert_eq!(marked(&text).is_empty(), parser_accepts(&text), "{text}");
            count += 1;
        }
    }
    count
}

/// Returns values at both sides of each end of a range.
fn ends_of_range(schema: &Value) -> Vec<String> {
    let number = |member: &str| schema.get(member).and_then(Value::as_i64);
    let around = |end: i64| [end - 1, end, end + 1];
    if schema["type"] == "integer" {
        let ends = [number("minimum").unwrap(), number("maximum").unwrap()];
        return (ends.into_iter().flat_map(around))
            .map(|n| n.to_string())
            .collect();
    }
    if schema["type"] == "array" && schema["uniqueItems"] != true {
        let ends = [
            number("minItems").unwrap_or(0),
            number("maxItems").unwrap_or(16),
        ];
        // The texts are names, and origins of a login. Servers' URIs and aliases need signs of
        // their own.
        let is_of_names = number("minItems").is_some();
        let counts = ends
            .into_iter()
            .flat_map(around)
            .filter(|n| is_of_names && *n >= 0);
        return counts
            .map(|n| format!("{:?}", vec!["local"; n as usize]))
            .collect();
    }
    let durations = schema["title"]
        .as_str()
        .is_some_and(|title| title.starts_with("duration"));
    let texts: &[&str] = match durations {
        true => &["0s", "0ms", "00d", "1ms", "010d", "s", "1", "-1s", "1h"],
        false => &[],
    };
    texts.iter().map(|text| format!("{text:?}")).collect()
}

#[test]
fn a_key_is_documented_outside_of_the_conditions_too() {
    let section = section(&[]);
    for (name, keys) in BACKEND_TYPES
        .iter()
        .map(|known| (known.name, keys_of((known.schema)())))
    {
        for (key, schema) in keys.schemas {
            let shown = section["properties"][&key]["description"].as_str().unwrap();
            let own = schema["description"].as_str().unwrap();
            assert!(shown.contains(own), "{key} of {name}");
        }
    }
    let base = section["properties"]["base"]["description"]
        .as_str()
        .unwrap();
    assert!(base.starts_with("`ldap`: ") && base.contains("\n\n`active_directory`: "));
}

#[test]
fn a_plugin_that_describes_its_settings_has_them_in_the_schema() {
    let schema = json!({
        "type": "object",
        "properties": { "file": { "type": "string" } },
        "required": ["file"],
    });
    let document = document(&[("htdigest".to_owned(), schema)]);
    let marked = |program: &str, settings: &str| {
        let text = format!(
            "[backend.a]\ntype = \"plugin\"\nprogram = \"{program}\"\nsettings = {settings}\n"
        );
        let value = toml::from_str::<Value>(&text).unwrap();
        faults(&document, &value).len()
    };
    assert_eq!(marked("htdigest", "{ file = \"/a\" }"), 0);
    assert!(marked("htdigest", "{ file = 1 }") > 0);
    assert!(marked("htdigest", "{ realm = \"x\" }") > 0);
    assert_eq!(marked("other", "{ realm = \"x\" }"), 0);
}
