//! The hint that a login leaves for the account question, under the real libpam: it saves a worker
//! and changes nothing else.

use authchain_tests::host::built;
use authchain_tests::host::codes::{
    ACCT_EXPIRED, AUTH_ERR, NEW_AUTHTOK_REQD, PERM_DENIED, SUCCESS,
};
use authchain_tests::host::scene::{Call, Item, Phase, QUIET, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::pattern::fits;
use nix::unistd::geteuid;

const LOGIN: [Phase; 2] = [Phase::Authenticate, Phase::Account];

/// A configuration with a chain of this order, and a worker of this kind behind `corp`.
fn config(chain: &str, kind: &str) -> String {
    let worker = built::fake_worker();
    format!(
        "{QUIET}chain = {chain}\npasswd_file = \"{{dir}}/passwd\"\nrun_dir = \"{{dir}}/run\"\n\
         worker = {worker:?}\n\
         [backend.local]\ntype = \"local\"\npasswd = \"{{dir}}/passwd\"\nshadow = \"{{dir}}/shadow\"\n\
         [backend.corp]\ntype = \"ldap\"\nuris = [\"ldap://one\"]\nbase = \"cn={kind}\"\n\
         tls_ca_file = \"{{dir}}/ca\"\n"
    )
}

/// These calls for alice, who types the right password at each prompt.
fn scene(kind: &str, calls: &[Phase]) -> Scene {
    let mut scene = Scene::new("alice", &vec!["opensesame"; calls.len()]);
    scene.config = Some(config("[\"corp\"]", kind));
    scene.files = ["passwd", "shadow"]
        .map(|name| (name.to_owned(), String::new()))
        .into();
    let calls: Vec<Call> = calls.iter().copied().map(Call::new).collect();
    scene.with_arguments("nodelay").calling(&calls)
}

fn played(scene: &Scene) -> Report {
    let report = Transaction::run(scene);
    assert_eq!(report.output, "", "{report:#?}");
    assert_eq!(report.changes, [""; 0], "{report:#?}");
    report
}

/// The questions to the workers, in order.
fn asked(report: &Report) -> Vec<&str> {
    let lines = report.log_lines.iter();
    lines
        .filter_map(|line| Some(line.split_once("corp: asked to ")?.1))
        .collect()
}

const BOTH: [&str; 2] = ["authenticate \"alice\"", "account \"alice\""];

#[test]
fn a_login_and_its_account_start_one_worker() {
    let report = played(&scene("knowing", &LOGIN));
    assert_eq!(report.codes, [SUCCESS; 2], "{report:#?}");
    assert_eq!(asked(&report), BOTH[..1], "{report:#?}");
    assert_eq!(
        report.prompts,
        ["echo_off: Password: ", "info: 3 days left"]
    );
    let report = played(&scene("ended", &LOGIN));
    assert_eq!(report.codes, [SUCCESS, NEW_AUTHTOK_REQD], "{report:#?}");
    assert_eq!(asked(&report), BOTH[..1], "{report:#?}");
    let why = "...pam_authchain(stage:account): alice: corp: the password must be changed (<n> ms)";
    assert!(fits(why, report.log_lines.last().unwrap()), "{report:#?}");
}

#[test]
fn the_account_alone_is_asked_of_a_worker() {
    let report = played(&scene("knowing", &[Phase::Account]));
    assert_eq!(
        (&*report.codes, &*asked(&report)),
        (&[SUCCESS][..], &BOTH[1..])
    );
    assert_eq!(report.prompts, ["info: 3 days left"]);
}

#[test]
fn a_hint_answers_one_question() {
    let report = played(&scene("knowing", &[LOGIN[0], LOGIN[1], LOGIN[1]]));
    assert_eq!(report.codes, [SUCCESS; 3], "{report:#?}");
    assert_eq!(asked(&report), BOTH, "{report:#?}");
}

#[test]
fn a_child_forked_after_a_login_asks_about_the_account_anew() {
    let mut scene = scene("knowing", &LOGIN);
    scene.script.process.fork = true;
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS; 3], "{report:#?}");
    assert_eq!(asked(&report), BOTH, "the parent does not: {report:#?}");
}

#[test]
fn whoever_is_not_who_logged_in_or_not_where_is_asked_about_anew() {
    for (item, value, asked_then) in [
        (Item::User, "bob", "account \"bob\""),
        (Item::User, "Alice", "account \"Alice\""),
        (Item::Service, "backstage", BOTH[1]),
        (Item::Rhost, "192.0.2.7", BOTH[1]),
    ] {
        let mut scene = scene("knowing", &LOGIN);
        scene.script.meanwhile = [(1, [(item, value.into())].into())].into();
        let report = played(&scene);
        assert_eq!(report.codes, [SUCCESS; 2], "{report:#?}");
        assert_eq!(asked(&report), [BOTH[0], asked_then], "{report:#?}");
    }
}

/// Every order of three calls, with a wrong password for the second login, and with another user,
/// service or host at the last call.
#[test]
fn whatever_a_host_calls_it_hears_what_it_would_hear_without_a_hint() {
    const CALLS: [Phase; 3] = [Phase::Authenticate, Phase::Account, Phase::Chauthtok];
    let mut spared = 0;
    for order in 0..27 {
        let calls = [order / 9, order / 3 % 3, order % 3].map(|which| CALLS[which]);
        for change in [None, Some((Item::User, "bob")), Some((Item::Tty, "tty7"))] {
            let play = |kind| {
                let mut scene = scene(kind, &calls);
                scene.script.answers[1] = "wrong".into();
                let items = change.map(|(item, value)| (2, [(item, value.into())].into()));
                scene.script.meanwhile = items.into_iter().collect();
                played(&scene)
            };
            let (with, without) = (play("knowing"), play("reticent"));
            assert_eq!(with.codes, without.codes, "{calls:?} {change:?}: {with:#?}");
            assert_eq!(with.prompts, without.prompts, "{calls:?} {change:?}");
            let accounts = |report| {
                asked(report)
                    .iter()
                    .filter(|line| line.starts_with("account"))
                    .count()
            };
            spared += accounts(&without) - accounts(&with);
        }
    }
    // Nine orders begin with a login. In three, nothing had changed at the last call. A change of
    // the password between a login and its account ends the hint. Before a login, it takes the
    // right answer for the old password, for which only root is not asked.
    let expected = if geteuid().is_root() { 11 } else { 10 };
    assert_eq!(spared, expected);
}

#[test]
fn a_change_of_the_password_ends_what_a_login_left() {
    let calls = [Phase::Authenticate, Phase::Chauthtok, Phase::Account];
    let report = played(&scene("knowing", &calls));
    assert_eq!(report.codes, [SUCCESS, PERM_DENIED, SUCCESS], "{report:#?}");
    assert_eq!(asked(&report), BOTH, "{report:#?}");
}

/// libpam unloads the modules of a stack when the host changes the service. It keeps their data,
/// with the address of the function that frees it.
#[test]
fn what_a_login_left_outlives_its_stack() {
    let mut scene = scene("knowing", &[LOGIN[0], LOGIN[1], LOGIN[1]]);
    let service = |name: &str| [(Item::Service, name.into())].into();
    scene.script.meanwhile = [(1, service("elsewhere"))].into();
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS, AUTH_ERR, AUTH_ERR]);
    scene.script.meanwhile.insert(2, service("stage"));
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS, AUTH_ERR, SUCCESS], "{report:#?}");
    assert_eq!(asked(&report), BOTH[..1], "{report:#?}");
}

#[test]
fn a_refused_login_leaves_nothing_of_an_earlier_one() {
    let mut scene = scene("knowing", &[LOGIN[0], LOGIN[0], LOGIN[1]]);
    scene.script.answers = ["opensesame", "wrong"].map(Into::into).to_vec();
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS, AUTH_ERR, SUCCESS], "{report:#?}");
    assert_eq!(asked(&report), [BOTH[0], BOTH[0], BOTH[1]], "{report:#?}");
    // A second login whose prompt gets no answer removes the hint too.
    scene.script.answers.truncate(1);
    let report = played(&scene);
    assert_eq!(asked(&report), BOTH, "{report:#?}");
}

/// A person of this machine with an account that ended on this day.
fn local_alice(scene: &mut Scene, chain: &str, end: &str) {
    scene.config = Some(config(chain, "knowing"));
    let passwd = "alice:x:10001:10001::/:/bin/sh\n".to_owned();
    let shadow = format!("alice:*:19000:0:99999:7::{end}:\n");
    scene.files = [("passwd".to_owned(), passwd), ("shadow".to_owned(), shadow)].into();
}

#[test]
fn local_files_judge_the_account_whatever_a_login_left() {
    for (chain, end, code, prompts) in [
        ("[\"corp\", \"local\"]", "", SUCCESS, 2),
        ("[\"corp\", \"local\"]", "1", ACCT_EXPIRED, 2),
        ("[\"local\", \"corp\"]", "", SUCCESS, 2),
        ("[\"local\", \"corp\"]", "1", ACCT_EXPIRED, 2),
    ] {
        let mut scene = scene("knowing", &LOGIN);
        local_alice(&mut scene, chain, end);
        let report = played(&scene);
        assert_eq!(report.codes, [SUCCESS, code], "{chain} {end}: {report:#?}");
        assert_eq!(report.prompts.len(), prompts, "{chain} {end}: {report:#?}");
        assert_eq!(asked(&report), BOTH[..1], "{chain} {end}: {report:#?}");
    }
}

#[test]
fn a_hint_stays_within_its_configuration() {
    let mut scene = scene("knowing", &LOGIN);
    scene
        .files
        .insert("other.toml".to_owned(), config("[\"corp\"]", "ended"));
    scene.stack = "auth required {module} {arguments}\n\
                   account required {module} config={dir}/other.toml\n"
        .to_owned();
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS, NEW_AUTHTOK_REQD], "{report:#?}");
    assert_eq!(asked(&report), BOTH, "{report:#?}");
}

#[test]
fn another_order_of_the_same_configuration_has_the_same_backends() {
    let mut scene = scene("knowing", &LOGIN);
    scene.stack = "auth required {module} {arguments} chain=corp\n\
                   account required {module} {arguments} chain=local,corp\n"
        .to_owned();
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS; 2], "{report:#?}");
    assert_eq!(asked(&report), BOTH[..1], "{report:#?}");
}

/// The directory of the first line knows nobody. The hint comes from the second line and counts
/// only there.
#[test]
fn two_lines_of_one_stack_do_not_disturb_one_another() {
    let mut scene = scene("knowing", &LOGIN);
    scene
        .files
        .insert("other.toml".to_owned(), config("[\"corp\"]", "echo"));
    scene.stack = "\
auth    sufficient {module} config={dir}/other.toml
auth    required   {module} {arguments}
account [success=ok user_unknown=ignore default=die] {module} config={dir}/other.toml
account required   {module} {arguments}
"
    .to_owned();
    let report = played(&scene);
    assert_eq!(report.codes, [SUCCESS; 2], "{report:#?}");
    assert_eq!(asked(&report), BOTH[..1], "{report:#?}");
    let echoes = report
        .log_lines
        .iter()
        .filter(|line| line.contains("corp: {"));
    assert_eq!(echoes.count(), 2, "{report:#?}");
}
