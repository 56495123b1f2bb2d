//! Tests of lines and stacks. `tests/tests/cli/check_stacks.rs` compares thousands of stacks with
//! the real libpam.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::control::{ANSWERS, Control};
use super::syntax::Kind;
use super::*;

/// Files by name.
struct Texts(BTreeMap<PathBuf, Vec<Line>>);

impl Texts {
    fn new(texts: &[(&str, &str)]) -> Self {
        let read = |(name, text): &(&str, &str)| (PathBuf::from(name), parse(text));
        Self(texts.iter().map(read).collect())
    }
}

impl ServiceFiles for Texts {
    fn path_of(&self, name: &str) -> PathBuf {
        PathBuf::from(name)
    }

    fn lines(&self, path: &Path) -> Option<&[Line]> {
        self.0.get(path).map(Vec::as_slice)
    }
}

fn module(line: &str) -> (Control, String, Vec<String>) {
    match parse(line).remove(0).instruction {
        Instruction::Module {
            control,
            module,
            arguments,
            ..
        } => (control, module, arguments),
        other => panic!("{line:?}: {other:?}"),
    }
}

#[test]
fn comments_blank_lines_and_continuations_are_read_as_libpam_reads_them() {
    let text =
        "# c\n\n  auth required \\\n  pam_a.so \\\n x=1 # y\n\n# c\naccount required pam_b.so#z\n";
    let lines = parse(text);
    assert_eq!(lines.len(), 2);
    assert_eq!(
        (lines[0].number, lines[0].kind),
        (3, Kind::Of(Facility::Auth))
    );
    assert_eq!(lines[1].number, 8);
    assert_eq!(module("auth required \\\n pam_a.so x \\\n y").2, ["x", "y"]);
    assert_eq!(module("account required pam_b.so#z").1, "pam_b.so");
}

#[test]
fn a_line_that_versions_of_libpam_read_differently_cannot_be_used() {
    for between in ["", "# c"] {
        let lines = parse(&format!("auth required \\\n{between}\npam_a.so\n"));
        let Instruction::Broken { why, .. } = &lines[0].instruction else {
            panic!("{lines:?}");
        };
        assert!(why.contains("before 1.6"), "{why}");
    }
}

#[test]
fn brackets_hold_actions_and_arguments_with_blanks() {
    let line = "auth\t[success=2 user_unknown=ignore default=die]  pam_x.so [a b\\] c] d";
    let (control, module, arguments) = module(line);
    assert_eq!(control.action("success"), Action::Jump(2));
    assert_eq!(control.action("user_unknown"), Action::Ignore);
    assert_eq!(control.action("perm_denied"), Action::Die);
    assert_eq!(
        (module.as_str(), arguments),
        ("pam_x.so", vec!["a b] c".to_owned(), "d".to_owned()])
    );
}

#[test]
fn answers_that_brackets_do_not_name_are_bad() {
    let (control, ..) = module("auth [success=ok] pam_x.so");
    assert_eq!(control.action("auth_err"), Action::Bad);
}

#[test]
fn control_words_have_the_actions_of_the_manual() {
    for (word, success, error) in [
        ("required", Action::Ok, Action::Bad),
        ("Requisite", Action::Ok, Action::Die),
        ("sufficient", Action::Done, Action::Ignore),
        ("optional", Action::Ok, Action::Ignore),
    ] {
        let (control, ..) = module(&format!("auth {word} pam_x.so"));
        assert_eq!(
            (control.action("success"), control.action("auth_err")),
            (success, error)
        );
    }
}

#[test]
fn includes_are_recognised_in_all_three_forms() {
    let auth = Kind::Of(Facility::Auth);
    for (line, kind, is_substack) in [
        ("@include common-auth", Kind::All, false),
        ("auth include common-auth", auth, false),
        ("-AUTH substack common-auth", auth, true),
        ("autth include common-auth", Kind::Unknown, false),
    ] {
        let file = "common-auth".to_owned();
        let expected = Line {
            number: 1,
            kind,
            instruction: Instruction::Include { file, is_substack },
        };
        assert_eq!(parse(line), [expected]);
    }
}

#[test]
fn the_first_default_and_the_last_action_of_an_answer_count() {
    let control = |brackets: &str| module(&format!("auth {brackets} pam_x.so")).0;
    for (brackets, success, error) in [
        (
            "[default=ignore default=die]",
            Action::Ignore,
            Action::Ignore,
        ),
        ("[default=ignore success=ok]", Action::Ok, Action::Ignore),
        ("[success=ok success=done]", Action::Done, Action::Bad),
        ("[ success = ok\tdefault=7 ]", Action::Ok, Action::Jump(7)),
        ("[success=okdefault=die]", Action::Ok, Action::Die),
        ("[required]", Action::Ok, Action::Bad),
        ("success=ok", Action::Ok, Action::Bad),
    ] {
        let control = control(brackets);
        let found = (control.action("success"), control.action("auth_err"));
        assert_eq!(found, (success, error), "{brackets}");
        assert!(!control.is_unreadable, "{brackets}");
    }
}

#[test]
fn a_control_that_libpam_cannot_read_makes_every_answer_bad() {
    for control in [
        "requred",
        "[success]",
        "[success=some]",
        "[success=0]",
        "[success=ok,default=die]",
        "[SUCCESS=ok]",
        "[default=ok success=okay]",
    ] {
        let (read, ..) = module(&format!("auth {control} pam_x.so"));
        assert!(read.is_unreadable, "{control}");
        assert_eq!(read.action("success"), Action::Bad, "{control}");
        assert_eq!(read.text, control);
    }
}

#[test]
fn lines_that_libpam_cannot_use_are_broken() {
    for line in [
        "auth",
        "auth required",
        "autth required pam_x.so",
        "auth required \\",
    ] {
        assert!(
            matches!(parse(line)[0].instruction, Instruction::Broken { .. }),
            "{line}"
        );
    }
    // A file with the line ends of another system names modules that are not there.
    assert_eq!(module("auth required pam_x.so\r\n").1, "pam_x.so\r");
}

/// Returns the answer of the stack `text`. Each module answers its own name: `pam_auth_err.so`
/// answers `auth_err`.
fn outcome(text: &str) -> &'static str {
    let files = Texts::new(&[
        ("s", text),
        ("done", "auth sufficient pam_success.so"),
        (
            "sub",
            "auth requisite pam_auth_err.so\nauth required pam_success.so",
        ),
    ]);
    let stack = expand(&files, Path::new("s"), Facility::Auth);
    run(&stack, &mut |entry| match entry.name() {
        "pam_success" => "success",
        "pam_ignore" => "ignore",
        "pam_new_authtok_reqd" => "new_authtok_reqd",
        "pam_auth_err" => "auth_err",
        other => panic!("{other}"),
    })
}

#[test]
fn stacks_end_as_in_libpam() {
    let cases = [
        ("", "perm_denied"),
        ("auth optional pam_ignore.so", "perm_denied"),
        ("auth required pam_success.so", "success"),
        (
            "auth required pam_auth_err.so\nauth required pam_success.so",
            "auth_err",
        ),
        (
            "auth sufficient pam_success.so\nauth requisite pam_auth_err.so",
            "success",
        ),
        (
            "auth sufficient pam_auth_err.so\nauth required pam_success.so",
            "success",
        ),
        (
            "auth required pam_auth_err.so\nauth sufficient pam_success.so\nauth required pam_success.so",
            "auth_err",
        ),
        (
            "auth [success=1 default=ignore] pam_success.so\nauth requisite pam_auth_err.so\nauth required pam_success.so",
            "success",
        ),
        (
            "auth [success=1 default=ignore] pam_auth_err.so\nauth requisite pam_auth_err.so\nauth required pam_success.so",
            "auth_err",
        ),
        (
            "auth [success=1 default=ignore] pam_success.so",
            "perm_denied",
        ),
        (
            "auth [success=1] pam_success.so\nauth required pam_auth_err.so",
            "perm_denied",
        ),
        (
            "auth required pam_new_authtok_reqd.so\nauth required pam_success.so",
            "new_authtok_reqd",
        ),
        ("auth [default=bad] pam_ignore.so", "perm_denied"),
        (
            "auth substack sub\nauth sufficient pam_success.so",
            "auth_err",
        ),
        (
            "auth [success=1] pam_success.so\nauth substack sub\nauth required pam_success.so",
            "success",
        ),
        (
            "auth required pam_success.so\nauth [default=reset] pam_auth_err.so\nauth optional pam_ignore.so",
            "perm_denied",
        ),
        (
            "auth include missing\nauth sufficient pam_success.so",
            "perm_denied",
        ),
        ("auth include s", "perm_denied"),
        ("auth substack s", "perm_denied"),
        ("auth optional", "perm_denied"),
        ("auth optional\nauth required pam_success.so", "success"),
        (
            "autth include done\nauth requisite pam_auth_err.so",
            "success",
        ),
        (
            "account [success=ok]\nautth sufficient pam_x.so\nauth required pam_success.so",
            "success",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(outcome(text), expected, "{text}");
    }
}

#[test]
fn recorded_stacks_end_as_they_did_in_the_real_libpam() {
    let recorded = include_str!("testdata/recorded-stacks");
    let mut stacks = 0;
    for record in recorded.split("\n= ").skip(1) {
        let (expected, rest) = record.split_once('\n').unwrap();
        let texts: Vec<_> = (rest.split("@ ").skip(1))
            .map(|file| file.split_once('\n').unwrap())
            .collect();
        let files = Texts::new(&texts);
        let stack = expand(&files, Path::new("s"), Facility::Auth);
        let found = run(&stack, &mut |entry| {
            let told = (entry.arguments().iter()).find_map(|word| word.strip_prefix("auth="));
            let answer = ANSWERS.into_iter().find(|answer| Some(*answer) == told);
            answer.unwrap_or("perm_denied")
        });
        assert_eq!(found, expected, "{record}");
        stacks += 1;
    }
    assert_eq!(stacks, 150);
}
