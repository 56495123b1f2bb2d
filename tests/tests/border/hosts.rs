//! The module under the real libpam: every mistake of a host leads to a PAM code, and to nothing
//! else.

use std::process::Command;

use authchain_tests::host::codes::{AUTH_ERR, CONV_ERR, SUCCESS, SYSTEM_ERR, USER_UNKNOWN};
use authchain_tests::host::people::{
    BINS_PASSWORD, ROSES_PASSWORD, WHOLE_LOGIN, scene, whole_login,
};
use authchain_tests::host::scene::{Call, Fault, Hex, Item, Phase, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::host::{authenticator, built};
use authchain_tests::need;

/// Plays the scene. No call may print anything or change the state of the host.
fn played(scene: &Scene) -> Report {
    let report = Transaction::run(scene);
    assert_eq!(report.output, "", "{report:#?}");
    assert_eq!(report.changes, [""; 0], "{report:#?}");
    report
}

/// As [`played`], with the scene's own `/dev/log`.
fn played_with_the_systems_log(mut scene: Scene) -> Report {
    let stage = Transaction::set(&scene);
    scene.script.process.dev_log = Some(stage.path().join("log"));
    stage.play(&scene)
}

fn logged(report: &Report, text: &str) -> bool {
    report.log_lines.iter().any(|line| line.contains(text))
}

#[test]
fn a_whole_login_goes_through_and_leaves_the_host_as_it_was() {
    let report = played(&whole_login());
    assert_eq!(report.codes, WHOLE_LOGIN, "{report:#?}");
    assert_eq!(
        report.prompts,
        [
            "echo_off: Password: ",
            "error: Passwords of local are not changed here."
        ]
    );
    assert_eq!(report.user, Some(Hex::from("rose")));
}

#[test]
fn the_instructions_of_a_backend_are_part_of_the_prompt() {
    let mut scene = whole_login();
    let config = scene.config.as_mut().unwrap();
    *config = config.replace(
        "type = \"local\"\n",
        "type = \"local\"\ninstructions = \"100% %s: the one for roses.\"\n",
    );
    let report = played(&scene);
    assert_eq!(report.codes, WHOLE_LOGIN, "{report:#?}");
    assert_eq!(
        report.prompts[0],
        "echo_off: 100% %s: the one for roses. Password: "
    );
}

#[test]
fn a_conversation_that_gives_nothing_is_a_conversation_error() {
    for fault in [
        Fault::NoFunction,
        Fault::NoArray,
        Fault::NoReply,
        Fault::Fails(CONV_ERR),
        // PAM_CONV_AGAIN and PAM_ABORT: the host asks again, not the module.
        Fault::Fails(30),
        Fault::Fails(26),
        Fault::Fails(-1),
    ] {
        let mut scene = scene("rose", &[ROSES_PASSWORD]);
        scene.script.fault = Some(fault);
        let report = played(&scene);
        assert_eq!(report.codes, [CONV_ERR], "{fault:?}: {report:#?}");
        assert!(
            report.log_lines
                == ["NOTICE pam_authchain(stage:auth): rose: nobody answered the prompt"],
            "{report:#?}"
        );
    }
}

#[test]
fn a_host_that_cannot_show_a_text_gets_its_answer_all_the_same() {
    for fault in [Fault::NoFunction, Fault::NoArray, Fault::Fails(CONV_ERR)] {
        let mut scene = scene("rose", &[]).calling(&[Call::new(Phase::Chauthtok)]);
        scene.script.fault = Some(fault);
        assert_eq!(played(&scene).codes, [6], "{fault:?}");
    }
}

#[test]
fn a_host_without_a_name_has_the_person_asked_for_it() {
    let mut scene = scene("", &["rose", ROSES_PASSWORD]);
    scene.script.user = None;
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS], "{report:#?}");
    assert_eq!(report.prompts.len(), 2);
    scene.script.answers.clear();
    let report = played(&scene);
    assert_eq!(report.codes, [CONV_ERR], "{report:#?}");
    assert!(
        logged(&report, "no login name was given (PAM_CONV_ERR)"),
        "{report:#?}"
    );
}

#[test]
fn a_name_that_is_no_text_is_unknown_and_stays_as_it_is() {
    for name in [
        &b"al\xffice"[..],
        b"\xc3",
        b"rose\n",
        b"",
        b" rose",
        b"-rose",
    ] {
        let mut scene = scene("", &[ROSES_PASSWORD]);
        scene.script.user = Some(Hex::of(name));
        let report = played(&scene);
        assert_eq!(report.codes, [USER_UNKNOWN], "{name:?}: {report:#?}");
        assert_eq!(report.user, Some(Hex::of(name)));
        assert!(logged(&report, "  user=(unknown)"), "{report:#?}");
    }
}

#[test]
fn an_empty_password_is_refused_and_a_binary_one_is_compared_byte_by_byte() {
    assert_eq!(played(&scene("rose", &[""])).codes, [AUTH_ERR]);
    let mut scene = scene("binny", &[]);
    scene.script.answers = vec![Hex::of(BINS_PASSWORD)];
    assert_eq!(played(&scene).codes, [SUCCESS]);
    scene.script.answers = vec![Hex::of(&BINS_PASSWORD[..BINS_PASSWORD.len() - 1])];
    assert_eq!(played(&scene).codes, [AUTH_ERR]);
}

#[test]
fn a_line_has_our_tag_whatever_name_the_host_was_started_by() {
    let mut scene = scene("rose", &["wrong"]);
    scene.host_name = "sshd".to_owned();
    let report = played(&scene);
    let line = "NOTICE pam_authchain(stage:auth): authentication failure; ";
    assert!(report.log_lines[0].starts_with(line), "{report:#?}");
}

#[test]
fn a_panic_in_any_phase_is_a_system_error_and_tells_where_but_not_what() {
    if !need::root("border") {
        return;
    }
    for kind in ["panic=text", "panic=drop"] {
        // One call in each transaction: libpam answers setcred itself once authenticate has failed.
        for phase in Phase::ALL {
            let mut scene = scene("rose", &[ROSES_PASSWORD]).with_arguments(kind);
            scene.module = built::module_that_panics();
            let report = played_with_the_systems_log(scene.calling(&[Call::new(phase)]));
            assert_eq!(report.codes, [SYSTEM_ERR], "{kind} {phase:?}: {report:#?}");
            assert_eq!(report.output, "");
            assert_eq!(report.changes, [""; 0]);
            let line = "ERR pam_authchain: panic at src/pam_authchain/src/injection.rs:";
            assert!(report.log_lines[0].starts_with(line), "{report:#?}");
            assert!(!logged(&report, "payload"), "{report:#?}");
        }
    }
}

#[test]
fn a_host_with_closed_streams_lives_through_login_and_panic() {
    let mut scene = whole_login();
    scene.script.process.closed = true;
    assert_eq!(played(&scene).codes, WHOLE_LOGIN);
    scene.module = built::module_that_panics();
    scene.arguments = "panic=text".to_owned();
    scene.environment = [("RUST_BACKTRACE".to_owned(), "full".to_owned())].into();
    assert_eq!(played(&scene).codes[0], SYSTEM_ERR);
}

#[test]
fn a_caller_of_su_can_set_what_it_likes_and_changes_nothing() {
    let mut scene = whole_login();
    scene.script.process.hostile = true;
    scene.environment = [
        ("TZ", ":/etc/shadow"),
        ("RUST_BACKTRACE", "full"),
        ("RUST_MIN_STACK", "1"),
        ("HOME", "/nonexistent"),
        ("LANG", "C.UTF-8"),
        ("AUTHCHAIN_CONFIG", "/tmp/mine.toml"),
        ("XDG_CONFIG_HOME", "/tmp"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let report = played(&scene);
    assert_eq!(report.codes, WHOLE_LOGIN, "{report:#?}");
}

#[test]
fn a_host_without_a_descriptor_to_spare_lets_nobody_in() {
    let mut scene = scene("rose", &[ROSES_PASSWORD]);
    scene.script.calls = [Phase::Authenticate, Phase::Account]
        .map(Call::new)
        .to_vec();
    scene.script.process.starved = true;
    let report = played(&scene);
    // Not the code of a broken configuration, behind which pam_unix answers.
    assert_eq!(report.codes, [SYSTEM_ERR; 2], "{report:#?}");
}

#[test]
fn two_threads_with_a_handle_each_do_not_disturb_one_another() {
    let mut scene = whole_login();
    scene.script.process.threads = 2;
    scene.script.process.rounds = 20;
    let report = played(&scene);
    assert_eq!(report.codes, WHOLE_LOGIN.repeat(40), "{report:#?}");
}

#[test]
fn a_thread_that_outlives_the_module_ends_in_peace() {
    // Each thread ends after its last pam_end, when libpam has closed its modules. std's
    // thread-local destructors must still be loaded then: without nodelete, the process crashes.
    for (module, arguments) in [
        (built::module(), ""),
        (built::module_that_panics(), "panic=thread"),
    ] {
        let mut scene = scene("rose", &["wrong"]).with_arguments(arguments);
        scene.module = module;
        scene.script.process.threads = 3;
        scene.script.process.rounds = 2;
        let report = Transaction::run(&scene);
        let code = if arguments.is_empty() {
            AUTH_ERR
        } else {
            SYSTEM_ERR
        };
        assert_eq!(report.codes, [code; 6], "{report:#?}");
    }
}

#[test]
fn a_child_forked_after_a_login_can_log_in_too() {
    let mut scene = scene("rose", &[ROSES_PASSWORD, ROSES_PASSWORD]);
    scene.script.calls = vec![Call::new(Phase::Authenticate); 2];
    scene.script.process.fork = true;
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS; 3], "{report:#?}");
}

#[test]
fn no_copy_of_the_password_is_left_when_the_transaction_is_over() {
    let wrong = "a wrong password, as long as the right one is!";
    for answer in [ROSES_PASSWORD, wrong] {
        let mut scene = scene("rose", &[answer]).calling(&Call::all());
        // The allocator overwrites the beginning of freed memory, so the test searches for the end
        // of the secret.
        scene.script.process.search = Some(Hex::from(&answer[20..]));
        assert_eq!(played(&scene).found, Some(0), "{answer}");
    }
}

#[test]
fn no_copy_of_a_second_factors_secret_is_left_when_the_transaction_is_over() {
    let base32 = "MFXCAYLVORUGK3TUNFRWC5DPOIQGC4DQ";
    for text in [&authenticator::SECRET[8..], &base32.as_bytes()[16..]] {
        let mut scene = scene("rose", &[ROSES_PASSWORD, &authenticator::code(0)]);
        let config = scene.config.take().unwrap();
        scene.config = Some(format!(
            "state_dir = \"{{dir}}/state\"\nthen = [\"totp\"]\n{config}"
        ));
        scene.script.process.search = Some(Hex::of(text));
        let stage = Transaction::set(&scene);
        authenticator::enrol(&stage.path().join("state"), "rose");
        let report = stage.play(&scene);
        assert_eq!((report.codes, report.found), (vec![SUCCESS], Some(0)));
    }
}

#[test]
fn a_copy_that_somebody_left_would_be_found() {
    let mut scene = scene("rose", &[ROSES_PASSWORD]);
    let text = "a text of the environment, which nobody wipes";
    scene.environment = [("TEXT".to_owned(), text.to_owned())].into();
    scene.script.process.search = Some(Hex::from(text));
    assert!(played(&scene).found > Some(0));
}

#[test]
fn items_that_are_no_text_are_logged_as_far_as_they_are() {
    let mut scene = scene("rose", &["wrong"]);
    let items = [
        (Item::Tty, &b"\xfftty"[..]),
        (Item::Rhost, b"h\xc3\x28\x1b"),
        (Item::Ruser, b""),
    ];
    scene.script.items = items.map(|(item, bytes)| (item, Hex::of(bytes))).into();
    let report = played(&scene);
    assert_eq!(report.codes, [AUTH_ERR]);
    let fields = "tty=\u{fffd}tty ruser= rhost=h\u{fffd}(_  user=rose";
    assert!(report.log_lines[0].ends_with(fields), "{report:#?}");
}

/// Returns the output of the host in C, and its lines about variables that the module asked for.
fn played_in_c(scene: &Scene) -> (String, usize) {
    let stage = Transaction::set(scene);
    let output = Command::new(built::host_in_c())
        .arg(stage.path().join("pam.d"))
        .args(["stage", "rose", ROSES_PASSWORD])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let module = scene.module.to_str().unwrap();
    let asked = text.lines().filter(|line| line.ends_with(module)).count();
    (text, asked)
}

#[test]
fn a_host_that_keeps_libpam_to_itself_is_served() {
    let (text, _) = played_in_c(&whole_login());
    let calls: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("pam_"))
        .collect();
    assert_eq!(
        calls,
        [
            "pam_start_confdir 0",
            "pam_authenticate 0",
            "pam_acct_mgmt 0",
            "pam_setcred 0",
            "pam_open_session 0",
            "pam_close_session 0",
            "pam_chauthtok 6",
        ]
    );
}

#[test]
fn no_variable_of_the_environment_is_asked_for() {
    let (text, asked) = played_in_c(&whole_login());
    assert_eq!(asked, 0, "{text}");
    // Not even for RUST_BACKTRACE, as std's own panic hook would.
    let mut panicking = whole_login().with_arguments("panic=text");
    panicking.module = built::module_that_panics();
    let (text, asked) = played_in_c(&panicking);
    assert!(text.contains("pam_authenticate 4"), "{text}");
    assert_eq!(asked, 0, "{text}");
}

#[test]
fn a_failed_login_waits_unless_the_stack_says_nodelay() {
    // libpam takes up to half more or less than it is asked for.
    assert!(delayed(scene("rose", &["wrong"])) > 190.0);
    assert!(delayed(scene("rose", &[""])) > 190.0);
    assert!(delayed(scene("rose", &["wrong"]).with_arguments("nodelay")) < 190.0);
    assert!(delayed(scene("rose", &[ROSES_PASSWORD])) < 190.0);
}

/// Nothing was guessed.
#[test]
fn a_prompt_that_nobody_answers_costs_no_time() {
    assert!(delayed(scene("rose", &[])) < 190.0);
    assert!(delayed(scene("rose", &[]).with_arguments("use_first_pass")) < 190.0);
    let mut nameless = scene("", &[]);
    nameless.script.user = None;
    assert!(delayed(nameless) < 190.0);
    for fault in [Fault::NoFunction, Fault::NoArray, Fault::NoReply] {
        let mut scene = scene("rose", &[ROSES_PASSWORD]);
        scene.script.fault = Some(fault);
        assert!(delayed(scene) < 190.0, "{fault:?}");
    }
}

/// Returns how many milliseconds the first call takes where a failure costs 400.
fn delayed(mut scene: Scene) -> f64 {
    let config = scene.config.as_mut().unwrap();
    *config = config.replace("fail_delay = \"0s\"", "fail_delay = \"400ms\"");
    played(&scene).millis[0]
}
