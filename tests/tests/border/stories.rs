//! The stories of the module: what people type and see, the codes, and the log.

use std::path::Path;

use authchain_tests::host::story::Stories;
use authchain_tests::need;

fn play(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
    Stories::read(&folder.join(name)).play();
}

#[test]
fn passwords_are_judged_as_told() {
    play("border-passwords.toml");
}

#[test]
fn accounts_are_judged_as_told() {
    play("border-accounts.toml");
}

#[test]
fn stacks_flags_and_arguments_mean_what_is_told() {
    play("border-stacks.toml");
}

#[test]
fn rules_say_who_may_in_as_told() {
    play("border-rules.toml");
}

#[test]
fn second_factors_are_asked_as_told() {
    play("border-second-factors.toml");
}

#[test]
fn plugins_are_asked_as_told() {
    play("border-plugins.toml");
}

#[test]
fn app_passwords_are_taken_as_told() {
    play("border-app-passwords.toml");
}

#[test]
fn passwords_are_changed_as_told() {
    if need::root("border") {
        play("border-changes.toml");
    }
}
