//! `authchain plugin-test`: a sound plugin passes, and each fault of a broken one is found.

use crate::fixture::{Fixture, PASSWORD, Run, finish};

/// A sound plugin that knows `alice-test`. A broken one is this with one text replaced.
const SOUND: &str = r#"
say() { printf '%s\n' "$1"; }
member() { value=${line#*"\"$1\":\""} && value=${value%%'"'*}; }
read -r line || exit
case $line in '{"hello":1'*|*',"hello":1'*) ;; *) exit ;; esac
say '{"hello":1,"can":["authenticate","lookup","account"]}'
read -r line || exit
[ "${#line}" -lt 65536 ] || exit
case $line in
    '{"authenticate":{"'*) question=authenticate ;;
    '{"lookup":{"'*) question=lookup ;;
    '{"account":{"'*) question=account ;;
    *) exit ;;
esac
member user && user=$value
[ "$user" = alice-test ] || { say '{"verdict":"unknown"}'; exit; }
person="\"user\":{\"name\":\"$user\",\"uid\":70001}"
groups='' && case $line in *'"groups":['*) person="${person%\}},\"groups\":[]}" ;; esac
if [ $question = lookup ]; then say "{\"verdict\":\"found\",$person}"; exit; fi
if [ $question = account ]; then say "{\"verdict\":\"account\",$person,\"status\":\"valid\"}"; exit; fi
member password
if [ "$value" = Q29ycmVjdC1Ib3JzZSE3 ]; then
    say "{\"verdict\":\"accepted\",$person}"
else
    say '{"verdict":"denied","reason":"bad_credential"}'
fi
"#;

/// Prompts after a right password.
const PROMPTS: (&str, &str) = (
    "    say \"{\\\"verdict\\\":\\\"accepted\\\",$person}\"",
    "    say '{\"prompt\":\"echo_off\",\"text\":\"Code: \"}'\n    read -r line || exit\n    \
     member answer\n    [ \"$value\" = MTIzNDU2 ] || { say \
     '{\"verdict\":\"denied\",\"reason\":\"bad_credential\"}'; exit; }\n    \
     say \"{\\\"verdict\\\":\\\"accepted\\\",$person}\"",
);

/// Makes a plugin of [`SOUND`] with these texts replaced, and plays the cases that have `only` in
/// their names.
fn played(changes: &[(&str, &str)], only: &[&str]) -> Run {
    let fixture = Fixture::new("worker = \"/nowhere\"\n");
    let mut text = SOUND.to_owned();
    for (sound, broken) in changes {
        assert!(text.contains(sound), "{sound}");
        text = text.replace(sound, broken);
    }
    let plugin = fixture.program("plugin", &text);
    let mut arguments = vec!["plugin-test", plugin.to_str().unwrap()];
    arguments.extend(["--unconfined", "--json", "--user", "alice-test"]);
    for part in only {
        arguments.extend(["--only", part]);
    }
    finish(
        &mut fixture.command(&arguments),
        &format!("{PASSWORD}\n123456\n"),
    )
}

/// Returns the words for the results of the cases, by their names.
fn results(run: &Run) -> Vec<(String, String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let json = run.json();
    let cases = json["cases"].as_array().unwrap().iter();
    cases
        .map(|case| {
            (
                text(&case["case"]),
                text(&case["result"]),
                text(&case["said"]),
            )
        })
        .collect()
}

#[test]
fn a_sound_plugin_passes_every_case() {
    let run = played(&[], &[]);
    let results = results(&run);
    assert_eq!(run.code, 0, "{results:?}");
    let others = results.iter().filter(|(_, result, _)| result != "passed");
    let others: Vec<&str> = others.map(|(name, ..)| name.as_str()).collect();
    let skipped = [
        "change_password of the person",
        "a prompt answered wrongly",
        "a prompt that is cancelled",
    ];
    assert_eq!(others, skipped, "{results:?}");
    assert!(results.len() > 40, "{results:?}");
}

#[test]
fn a_sound_plugin_that_prompts_passes() {
    let run = played(&[PROMPTS], &["prompt", "password"]);
    let results = results(&run);
    assert_eq!(run.code, 0, "{results:?}");
    let is_passed = |name: &str| {
        let case = results.iter().find(|(case, ..)| case == name);
        case.is_some_and(|(_, result, _)| result == "passed")
    };
    for name in [
        "the right password",
        "a prompt answered wrongly",
        "a prompt that is cancelled",
    ] {
        assert!(is_passed(name), "{name}: {results:?}");
    }
}

/// A fault of a plugin: texts to replace, the case that finds it, and a word of what is said.
type Broken = (
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
);

const BROKEN: &[Broken] = &[
    (
        &[("say '{\"hello\":1", "say '{\"hello\":2")],
        "hello",
        "version 2",
    ),
    (
        &[(
            "\"can\":[\"authenticate\",\"lookup\",\"account\"]",
            "\"can\":[]",
        )],
        "hello",
        "nothing",
    ),
    (
        &[("say '{\"hello\":1", "echo debug; say '{\"hello\":1")],
        "hello",
        "malformed",
    ),
    (
        &[("say '{\"hello\":1,", "exit 3; say '{\"hello\":1,")],
        "hello",
        "exit status: 3",
    ),
    (
        &[(
            "say '{\"hello\":1",
            "say '{\"verdict\":\"failed\",\"detail\":\"no file\"}'; exit; '",
        )],
        "hello",
        "no file",
    ),
    (
        &[(
            "read -r line || exit\n[",
            "say '{\"verdict\":\"unknown\"}'; read -r line || exit\n[",
        )],
        "silence before the question",
        "between hello and the question",
    ),
    (
        &[("Q29ycmVjdC1Ib3JzZSE3", "eA==")],
        "the right password",
        "denied",
    ),
    (
        &[("if [ \"$value\" = Q29ycmVjdC1Ib3JzZSE3 ]", "if :")],
        "a wrong password",
        "accepted",
    ),
    (
        &[(
            "[ \"$value\" = Q29ycmVjdC1Ib3JzZSE3 ]",
            "[ \"${value%????}\" != \"${value#Q29ycmVjdC1Ib3JzZSE3}\" ] && [ \"${value#Q29ycmVjdC1Ib3JzZSE3}\" != \"$value\" ]",
        )],
        "a password with more behind it",
        "accepted",
    ),
    (
        &[
            (
                "[ \"$value\" = Q29ycmVjdC1Ib3JzZSE3 ]",
                "[ \"$(printf %s \"$value\" | base64 -d | head -n 1)\" = 'Correct-Horse!7' ]",
            ),
            ("say() {", "PATH=/usr/bin:/bin; say() {"),
        ],
        "a password with a line behind it",
        "accepted",
    ),
    (
        &[(
            "'{\"verdict\":\"unknown\"}'",
            "'{\"verdict\":\"denied\",\"reason\":\"bad_credential\"}'",
        )],
        "authenticate of an unknown name",
        "denied",
    ),
    (
        &[(
            "[ \"$user\" = alice-test ]",
            "[ \"$user\" != authchain-plugin-test ]",
        )],
        "a name with a letter more",
        "accepted",
    ),
    (
        &[(
            "[ \"$user\" = alice-test ]",
            "case alice-test in $user) ;; *) false ;; esac",
        )],
        "a name with an asterisk",
        "accepted",
    ),
    (
        &[("user=$value", "user=${value%\\\\}")],
        "a name with quotes",
        "not \"alice-test\\\"'`\"",
    ),
    (
        &[("\\\"name\\\":\\\"$user\\\"", "\\\"name\\\":\\\"root\\\"")],
        "the right password",
        "is about \"root\"",
    ),
    (
        &[("\\\"uid\\\":70001}", "\\\"uid\\\":7${#question}}")],
        "p",
        "uid 76, and 712 with authenticate",
    ),
    (
        &[(
            "{\\\"verdict\\\":\\\"found\\\",$person}",
            "{\\\"verdict\\\":\\\"accepted\\\",$person}",
        )],
        "lookup of the person",
        "accepted does not answer lookup",
    ),
    (
        &[(
            "{\\\"verdict\\\":\\\"account\\\",$person,\\\"status\\\":\\\"valid\\\"}",
            "{\\\"verdict\\\":\\\"account\\\",$person}",
        )],
        "account of the person",
        "no \"status\"",
    ),
    (
        &[("\\\"groups\\\":[]", "\\\"groups\\\":[\\\"wheel\\\"]")],
        "the groups of rules",
        "was not asked about",
    ),
    (
        &[(
            "if [ $question = lookup ]; then",
            "if [ $question = lookup ]; then say '{\"prompt\":\"echo_on\",\"text\":\"?\"}';",
        )],
        "lookup of the person",
        "where nobody can be asked",
    ),
    (
        &[(
            "member password\n",
            "member password; [ ${#value} -lt 600 ] || exit 9\n",
        )],
        "a password of 512 bytes",
        "exit status: 9",
    ),
    (
        &[(
            "user=$value",
            "user=$value; i=0; while [ $i -lt 64 ]; do say '{\"info\":\"x\"}'; i=$((i + 1)); done",
        )],
        "authenticate of an unknown name",
        "more than 64 lines",
    ),
    (
        &[(
            "user=$value",
            "user=$value; say \"{\\\"info\\\":\\\"$(printf %070000d 0)\\\"}\"",
        )],
        "authenticate of an unknown name",
        "longer than 65536 bytes",
    ),
    (
        &[PROMPTS, ("[ \"$value\" = MTIzNDU2 ]", ":")],
        "a prompt answered wrongly",
        "accepted",
    ),
    (
        &[
            PROMPTS,
            (
                "    read -r line || exit\n    member answer",
                "    read -r line || /bin/sleep 5\n    member answer",
            ),
        ],
        "a prompt that is cancelled",
        "still runs",
    ),
    (
        &[(
            "'{\"authenticate\":{\"'*)",
            "'{\"authenticate\":{\"user\"'*)",
        )],
        "members that it does not know",
        "ended without an answer",
    ),
    (
        &[(
            "    *) exit ;;\nesac\nmember user && user=$value",
            "    *) question=authenticate; value=$user; say '{\"verdict\":\"accepted\",\"user\":{\"name\":\"authchain-plugin-test\"}}'; exit;;\nesac\nmember user && user=$value",
        )],
        "an answer in place of a question",
        "accepted",
    ),
    (
        &[("user=$value", "user=$value; /bin/sleep 2")],
        "a budget of 200 ms",
        "no answer in time",
    ),
    (
        &[(
            "user=$value",
            "user=$value; /bin/mkdir \"$0.lock\" || exit 8; /bin/sleep 0.2; /bin/rmdir \"$0.lock\"",
        )],
        "two logins at once",
        "exit status: 8",
    ),
    (
        &[
            (
                "user=$value",
                "user=$value; /bin/mkdir \"$0.lock\" || exit 8; /bin/sleep 0.2; /bin/rmdir \"$0.lock\"",
            ),
            (
                "say '{\"hello\":1,",
                "[ ! -e \"$0.held\" ] || exit 8; : > \"$0.held\"; say '{\"hello\":1,",
            ),
        ],
        "a login after a killed one",
        "exit status: 8",
    ),
    (
        &[("read -r line || exit\n[", "read -r line || /bin/sleep 5\n[")],
        "hang-up after hello",
        "still runs",
    ),
    (
        &[("read -r line || exit\n[", "read -r line || /bin/sleep 5\n[")],
        "hang-up in half a question",
        "still runs",
    ),
    (
        &[("user=$value", "user=$value; /bin/sleep 5")],
        "hang-up after the question",
        "still runs",
    ),
    (
        &[
            ("\"account\"]", "\"account\",\"list\"]"),
            (
                "    *) exit ;;\nesac",
                "    '{\"list\":{'*) say '{\"person\":{\"name\":\"a\"}}'\n\
                 say '{\"verdict\":\"listed\",\"count\":2}'; exit ;;\n    *) exit ;;\nesac",
            ),
        ],
        "a list of people",
        "1 entries, and it counts 2",
    ),
    (
        &[
            ("\"account\"]", "\"account\",\"edit\"]"),
            (
                "    *) exit ;;\nesac",
                "    '{\"edit\":{'*) say '{\"verdict\":\"edited\"}'; exit ;;\n    *) exit ;;\nesac",
            ),
        ],
        "an edit of an unknown name",
        "edited",
    ),
    (
        &[
            ("\"account\"]", "\"account\",\"describe\"]"),
            (
                "    *) exit ;;\nesac",
                "    '{\"describe\":{'*) say '{\"verdict\":\"described\",\"schema\":\
                 {\"required\":[\"file\"]}}'; exit ;;\n    *) exit ;;\nesac",
            ),
        ],
        "describe",
        "settings: ",
    ),
    (
        &[("\"account\"]", "\"account\",\"describe\"]")],
        "describe without settings",
        "ended without an answer",
    ),
];

#[test]
fn each_fault_of_a_broken_plugin_is_found() {
    for (changes, case, words) in BROKEN {
        let run = played(changes, &[case]);
        let results = results(&run);
        assert_eq!(run.code, 1, "{case}: {results:?}");
        let is_found = results.iter().any(|(name, result, said)| {
            name.contains(case) && result == "failed" && said.contains(words)
        });
        assert!(is_found, "{case}, {words}: {results:?}");
    }
}

/// A second factor that gets the answer to the question of its section.
const FACTOR: &str = r#"
say() { printf '%s\n' "$1"; }
read -r line || exit
say '{"hello":1,"can":["confirm"]}'
read -r line || exit
case $line in
    '{"confirm":{"user":"alice-test","answer":"MTIzNDU2"'*)
        say '{"verdict":"accepted","user":{"name":"alice-test"}}' ;;
    '{"confirm":{"user":"alice-test",'*) say '{"verdict":"denied","reason":"bad_credential"}' ;;
    *) say '{"verdict":"unknown"}' ;;
esac
"#;

#[test]
fn a_second_factor_gets_a_right_answer_and_wrong_ones() {
    let fixture = Fixture::new("worker = \"/nowhere\"\n");
    let play = |text: &str| {
        let plugin = fixture.program("plugin", text);
        let plugin = plugin.to_str().unwrap();
        let arguments = [
            "plugin-test",
            plugin,
            "--unconfined",
            "--json",
            "--only",
            "confirm",
        ];
        let person = ["--user", "alice-test", "--prompt", "Code: "];
        let arguments = [&arguments[..], &person].concat();
        let run = finish(
            &mut fixture.command(&arguments),
            &format!("{PASSWORD}\n123456\n"),
        );
        let words = results(&run).into_iter().map(|(_, result, _)| result);
        (run.code, words.collect::<Vec<_>>())
    };
    let passed = || ["passed"; 4].map(str::to_owned).to_vec();
    assert_eq!(play(FACTOR), (0, passed()));
    let lax = FACTOR.replace("MTIzNDU2\"'*", "'*");
    assert_eq!(play(&lax).1[2], "failed", "whatever the answer");
    let strict = FACTOR.replace("\"unknown\"", "\"denied\",\"reason\":\"not_permitted\"");
    let (code, words) = play(&strict);
    assert_eq!(
        (code, words[3].as_str()),
        (0, "advice"),
        "RADIUS cannot tell"
    );
}

#[test]
fn the_table_says_what_to_do() {
    let fixture = Fixture::new("worker = \"/nowhere\"\n");
    let plugin = fixture.program("plugin", "exit 3");
    let arguments = ["plugin-test", plugin.to_str().unwrap(), "--unconfined"];
    let words = [
        "hello",
        "failed",
        "exit status: 3",
        "→ see what it writes",
        "1 failed",
    ];
    fixture.run(&arguments).expect(1, &words);
}

#[test]
fn wrong_usage_is_told_apart_from_a_broken_plugin() {
    let fixture = Fixture::new("worker = \"DIR/nowhere\"\n");
    let plugin = fixture.program("plugin", SOUND);
    let plugin = plugin.to_str().unwrap();
    fixture.write("broken.toml", "a = \n");
    fixture.write("date.toml", "a = 2026-01-01\n");
    let path = |name: &str| fixture.path(name).to_str().unwrap().to_owned();
    for (more, words) in [
        (vec![], "nowhere: no such worker"),
        (
            vec!["--unconfined", "--settings", &path("none.toml")],
            "No such file",
        ),
        (
            vec!["--unconfined", "--settings", &path("broken.toml")],
            "broken.toml: ",
        ),
        (
            vec!["--unconfined", "--settings", &path("date.toml")],
            "must be written in quotes",
        ),
        (vec!["--unconfined", "--user", ":"], "the name has a ':'"),
        (vec!["--unconfined", "--user", "a"], "no answer"),
    ] {
        let mut arguments = vec!["plugin-test", plugin];
        arguments.extend(more);
        let run = fixture.run(&arguments);
        assert!(
            run.code != 0 && run.text().contains(words),
            "{words}: {}",
            run.text()
        );
    }
}
