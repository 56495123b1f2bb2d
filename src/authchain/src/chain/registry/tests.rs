//! Tests of sections: their faults, warnings and natures.

use super::*;
use std::path::Path;

use crate::config::Source;

fn error(text: &str) -> String {
    let source = Source::new(Path::new("authchain.toml"), text.to_owned());
    let built = Config::parse(&source).and_then(|config| build(&config, None));
    built
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn second_factors_are_of_the_types_that_the_configuration_takes_for_them() {
    for known in BACKEND_TYPES {
        let text = format!("[backend.a]\ntype = \"{}\"\n", known.name);
        let source = Source::new(Path::new("authchain.toml"), text);
        let (config, _) = Config::parse_all(&source);
        assert_eq!(
            config.factors.len() == 1,
            known.is_factor(),
            "{}",
            known.name
        );
    }
}

#[test]
fn a_fault_in_any_section_is_named_with_its_place() {
    let cases = [
        (
            "[backend.a]\ntype = \"totp\"\n[backend.b]\ntype = \"totp\"\n",
            "4:8: [backend.a] is the same second factor",
        ),
        (
            "[backend.a]\ntype = \"locl\"",
            "2:8: unknown backend type \"locl\" (did you mean \"local\"?); known types: local, ldap, active_directory, nis, app_passwords, plugin, totp",
        ),
        (
            "[backend.a]\ntype = \"local\"\npaswd = \"/a\"",
            "3:1: unknown key \"paswd\" (did you mean \"passwd\"?)",
        ),
        (
            "[backend.a]\ntype = \"local\"\nchain = [\"local\"]",
            "3:1: the key \"chain\" does not belong here: move it to the top of the file, above the first section",
        ),
        (
            "[backend.a]\ntype = \"ldap\"\nuris = [\"ldaps://a\"]\ntls = \"x\"",
            "4:7: \"x\" is none of the words allowed: \"ldaps\", \"starttls\", \"none\"",
        ),
        (
            "[backend.a]\ntype = \"local\"\npasswd = 1",
            "3:10: a text in quotes, such as \"a\", belongs here, not 1",
        ),
        (
            "[backend.a]\ntype = \"local\"\npasswd = \"a\"\nshadow = \"/b\"",
            "3:10: must be an absolute path",
        ),
        (
            "[backend.a]\ntype = \"local\"\npasswd = \"/a\"\nshadow = \"b\"",
            "4:10: must be an absolute path",
        ),
        (
            "[backend.a]\ntype = \"local\"\npasswd = \"/a\"",
            "3:10: passwd and shadow belong together: set both, or neither",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(error(text), format!("authchain.toml:{expected}"), "{text}");
    }
}

#[test]
fn each_type_warns_of_its_dangerous_settings() {
    for (section, expected) in [
        ("type = \"local\"", ""),
        (
            "type = \"active_directory\"\ntls_verify = \"none\"",
            "tls_verify = \"none\"",
        ),
        (
            "type = \"ldap\"\nuris = [\"ldaps://a\"]\ntls_verify = \"ca\"",
            "tls_verify = \"ca\"",
        ),
        ("type = \"ldap\"\ntls_verify = 1", ""),
        ("type = \"nis\"", ""),
        (
            "type = \"nis\"\npassword_change = \"yppasswd\"",
            "password_change = \"yppasswd\"",
        ),
    ] {
        let text = format!("[backend.a]\n{section}");
        let source = Source::new(Path::new("authchain.toml"), text);
        let config = Config::parse(&source).unwrap();
        let table = config.backends.iter().find(|table| table.name() == "a");
        let found = warnings(table.unwrap()).concat();
        assert!(found.starts_with(expected), "{section}: {found}");
        assert_eq!(found.is_empty(), expected.is_empty(), "{section}: {found}");
    }
}

#[test]
fn only_the_backend_over_the_systems_passwd_file_is_the_systems() {
    let section = LocalSettings::default();
    let is_system = |passwd_file: &str| {
        let text = format!("passwd_file = \"{passwd_file}\"");
        let source = Source::new(Path::new("authchain.toml"), text);
        let config = Config::parse(&source).unwrap();
        backend(&config.backends[0], &config.settings)
            .unwrap()
            .nature()
            .is_system()
    };
    assert!(is_system(section.passwd.to_str().unwrap()));
    assert!(!is_system("/srv/passwd"));
}
