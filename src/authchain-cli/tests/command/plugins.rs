//! Plugins in `check`, `backends` and `describe`.

use crate::confined_worker;
use crate::fixture::{Fixture, Run};

/// A plugin that can be asked everything and describes its settings.
const PLUGIN: &str = r#"
read -r hello
printf '%s\n' '{"hello":1,"can":["authenticate","account","lookup","describe"]}'
read -r question
case $question in
'{"describe"'*) printf '%s\n' '{"verdict":"described","schema":{"type":"object",
"properties":{"file":{"type":"string","title":"password file","description":"As htdigest writes it."}},
"required":["file"],"additionalProperties":false}}' | tr -d '\n'; echo ;;
*) printf '%s\n' '{"verdict":"unknown"}' ;;
esac
exec cat"#;

const WEB: &str = "[backend.web]\ntype = \"plugin\"\nprogram = \"DIR/plugin\"\n";

/// Makes a configuration with this text, a worker that becomes plugins without walls, and the
/// script `plugin`.
fn fixture(config: &str, plugin: &str) -> Fixture {
    let fixture = Fixture::new(&format!("worker = \"DIR/worker\"\n{config}"));
    let about = confined_worker::about();
    let worker = format!(
        "test \"$1\" = --about && echo '{about}' && exit\n\
         while [ $# -gt 0 ]; do [ \"$1\" = --run ] && exec \"$2\"; shift; done"
    );
    fixture.program("worker", &worker);
    fixture.program("plugin", plugin);
    fixture
}

fn checked(config: &str, plugin: &str) -> Run {
    fixture(config, plugin).check()
}

#[test]
fn the_settings_of_a_plugin_are_held_against_its_description() {
    let config = |settings: &str| format!("chain = [\"local\", \"web\"]\n{WEB}{settings}");
    let good = checked(&config("settings = { file = \"/a\" }\n"), PLUGIN);
    assert!(!good.text().contains("settings"), "{}", good.text());
    let missing = checked(&config(""), PLUGIN);
    missing.expect(2, &["error: ", "\"file\" must be given"]);
    let wrong = checked(&config("settings = { file = 1, fiel = 2 }\n"), PLUGIN);
    wrong.expect(
        2,
        &[
            "authchain.toml:6:12: file: 1 is no string",
            "unknown key \"fiel\"",
        ],
    );
}

#[test]
fn a_plugin_that_does_not_do_what_it_is_for_is_reported() {
    let chain = format!("chain = [\"local\", \"web\"]\n{WEB}");
    let only = |words: &str| {
        format!("read -r hello\nprintf '%s\\n' '{{\"hello\":1,\"can\":[{words}]}}'\nexec cat")
    };
    checked(&chain, &only("\"lookup\"")).expect(
        2,
        &["plugin web cannot authenticate (nobody gets in by it)"],
    );
    let words = ["plugin web says nothing of accounts: another backend"];
    checked(&chain, &only("\"authenticate\"")).expect(1, &words);
    let then = format!("then = [\"web\"]\n{WEB}");
    checked(&then, PLUGIN).expect(
        2,
        &["plugin web cannot confirm (everybody who is asked for it is refused)"],
    );
    checked(&chain, "exit 3").expect(
        2,
        &["plugin web: worker: ended without an answer: exit status 3 (nobody gets in by it)"],
    );
}

#[test]
fn files_and_users_of_plugins_that_are_not_there_are_reported() {
    let more =
        "settings = { file = \"/a\" }\nread = [\"/nowhere/file\"]\nuser = \"no-such-user\"\n";
    let config = format!("chain = [\"local\", \"web\"]\n{WEB}{more}");
    checked(&config, PLUGIN).expect(
        1,
        &[
            "/nowhere/file: is not there (read: plugin web cannot read it)",
            "plugin web: there is no user no-such-user, so it runs as nobody",
        ],
    );
}

#[test]
fn backends_shows_what_a_plugin_says_of_itself() {
    let fixture = fixture(&format!("chain = [\"local\", \"web\"]\n{WEB}"), PLUGIN);
    let shown = fixture.run(&["backends", "--json"]).expect(0, &[]).json();
    let web = &shown["backends"][0];
    assert_eq!(web["name"], "web");
    let capabilities = &web["capabilities"];
    assert_eq!(capabilities["authenticate"]["can"], true);
    assert_eq!(capabilities["register"]["why"], "the plugin cannot");
    assert!(shown["plugins"].is_array());
}

#[test]
fn describe_shows_the_settings_of_a_plugin() {
    let fixture = fixture("", PLUGIN);
    let path = fixture.path("plugin");
    let plugin = path.to_str().unwrap();
    fixture.run(&["describe", "--plugin", plugin]).expect(
        0,
        &[
            "can be asked: authenticate, lookup, account, describe",
            "file must be given   (string)",
            "password file: As htdigest writes it.",
        ],
    );
    let gone = fixture.run(&["describe", "--plugin", "/nowhere/plugin"]);
    gone.expect(2, &["/nowhere/plugin"]);
    let wrong = fixture.run(&["describe", "--plugin", "a/b"]);
    wrong.expect(1, &["an absolute path, or the name of an installed plugin"]);
}

#[test]
fn only_a_plugin_knows_who_is_enrolled() {
    let factor = PLUGIN.replace("\"authenticate\"", "\"confirm\"");
    let then = format!("then = [\"web\"]\n{WEB}settings = {{ file = \"/a\" }}\n");
    let fixture = fixture(&then, &factor);
    let text = fixture.check().text();
    assert!(!text.contains("nobody is enrolled"), "{text}");
    assert!(text.contains("root may depend on a plugin"), "{text}");
    let explained = fixture.run(&["explain", "--user", "alice", "--service", "sshd"]);
    let words = ["web (the plugin knows who is enrolled)", "web is asked for"];
    explained.expect(0, &words);
}
