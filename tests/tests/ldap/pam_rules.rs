//! Rules end to end: libpam, the module, the worker, a directory, and people whom files of this
//! machine have beside it.

use authchain_tests::host::built;
use authchain_tests::host::codes::{AUTH_ERR, AUTHINFO_UNAVAIL, PERM_DENIED, SUCCESS};
use authchain_tests::host::scene::{Call, Phase, QUIET, Report, Scene};
use authchain_tests::host::transaction::Transaction;
use authchain_tests::need;
use authchain_tests::servers::slapd::{Plan, Slapd};

use crate::groups::{add, entry_of, nested, posix};
use crate::pam::LOGIN;

/// The hash of the password `open sesame`.
const HASH: &str = "$6$rounds=1000$saltalice$ZWJQoIHxt.y/uEUVeTNyNqqPn2ojaxiViSt5VIN.7PYeskltyqdVborRtqDUgSV5R6/tv9eyld7GeoRYV412U/";

const DENY_STAFF: &str = "[[rule]]\nname = \"no staff\"\ngroup = [\"staff\"]\naccess = \"deny\"\n";

/// A directory, and a machine with rules and files of its own.
struct Town {
    slapd: Slapd,
    rules: String,
}

impl Town {
    /// `None`, said loudly, without root or slapd.
    fn new(rules: &str) -> Option<Self> {
        if !need::root("a directory") {
            return None;
        }
        let slapd = Slapd::start(&Plan {
            by_self_write: true,
            ..Plan::default()
        })?;
        let rules = rules.to_owned();
        Some(Self { slapd, rules })
    }

    /// Plays PAM calls for `user`. The chain is the system's files, mail and the directory; alice is
    /// in the system's passwd file, bob and carol are in that of mail, carol with a password.
    fn play(&self, user: &str, password: &str, phases: &[Phase]) -> Report {
        let mut scene = Scene::new(user, &[password]);
        let (worker, corp) = (built::worker(), self.slapd.settings_as_toml());
        let section = |name: &str, passwd: &str, shadow: &str| {
            format!(
                "[backend.{name}]\ntype = \"local\"\npasswd = \"{{dir}}/{passwd}\"\n\
                 shadow = \"{{dir}}/{shadow}\"\n"
            )
        };
        scene.config = Some(format!(
            "{QUIET}chain = [\"local\", \"mail\", \"corp\"]\npasswd_file = \"{{dir}}/passwd\"\n\
             group_file = \"{{dir}}/group\"\nrun_dir = \"{{dir}}/run\"\nworker = {worker:?}\n{}{}{}\
             [backend.corp]\ntype = \"ldap\"\n{corp}",
            section("local", "passwd", "shadow"),
            section("mail", "mail-passwd", "mail-shadow"),
            self.rules,
        ));
        let passwd = "root:x:0:0::/:\nalice:x:10001:5000::/:\n";
        let mail = "bob:x:10002:5000::/:\ncarol:x:10003:5000::/:\n";
        scene.files = [
            ("passwd", passwd.to_owned()),
            ("shadow", "alice:*:::::::\n".to_owned()),
            ("mail-passwd", mail.to_owned()),
            (
                "mail-shadow",
                format!("bob:*:::::::\ncarol:{HASH}:::::::\n"),
            ),
            ("group", "root:x:0:\n".to_owned()),
        ]
        .map(|(name, text)| (name.to_owned(), text))
        .into();
        let calls: Vec<Call> = phases.iter().copied().map(Call::new).collect();
        Transaction::run(&scene.calling(&calls))
    }

    fn account(&self, user: &str) -> i32 {
        self.play(user, "", &[Phase::Account]).codes[0]
    }

    /// Returns the codes of a login and of the account question after it.
    fn login(&self, user: &str, password: &str) -> Vec<i32> {
        self.play(user, password, &LOGIN).codes
    }
}

#[test]
fn the_directory_is_asked_for_the_groups_of_people_without_a_password_in_files() {
    let Some(mut town) = Town::new(DENY_STAFF) else {
        return;
    };
    let group = |members: &[&str]| {
        let members = members.iter().map(|name| entry_of(name));
        let members: Vec<String> = members.collect();
        nested("crew", &members.join("\nmember: "))
    };
    add(&town.slapd, &group(&["bob", "carol"]));
    town.rules = DENY_STAFF.replace("\"staff\"", "\"staff\", \"crew\"");
    // With a key, or from cron: alice and bob have no password here, and the directory shuts them
    // out by its groups.
    assert_eq!(town.account("alice"), PERM_DENIED);
    assert_eq!(town.account("bob"), PERM_DENIED);
    let report = town.play("alice", "pw-alice", &LOGIN);
    assert_eq!(report.codes, [AUTH_ERR, PERM_DENIED], "{report:#?}");
    let said = |words: &str| report.log_lines.iter().any(|line| line.contains(words));
    assert!(said("rule \"no staff\" denies"), "{report:#?}");
    // carol is mail's, and the directory is not asked, unless she has logged in by its password.
    let connections = town.slapd.connections();
    assert_eq!(town.account("carol"), SUCCESS);
    assert_eq!(town.login("carol", "open sesame"), [SUCCESS, SUCCESS]);
    assert_eq!(town.slapd.connections(), connections);
    assert_eq!(town.login("carol", "pw-carol"), [AUTH_ERR, SUCCESS]);
    // Whoever is in no such group gets in, once that is known.
    town.rules = DENY_STAFF.to_owned();
    assert_eq!(town.account("bob"), SUCCESS);
    assert_eq!(town.login("bob", "pw-bob"), [SUCCESS, SUCCESS]);
    town.slapd.stop();
    assert_eq!(town.account("bob"), AUTHINFO_UNAVAIL);
    assert_eq!(town.account("carol"), SUCCESS);
}

#[test]
fn neither_a_second_name_nor_a_primary_group_evades_a_rule() {
    let Some(mut town) = Town::new("[[rule]]\nuser = [\"dave\"]\naccess = \"deny\"\n") else {
        return;
    };
    let change = format!(
        "dn: {}\nchangetype: modify\nadd: uid\nuid: davy\n",
        entry_of("dave")
    );
    assert!(town.slapd.modify_as("dave", &change));
    assert_eq!(town.login("dave", "pw-dave"), [AUTH_ERR, PERM_DENIED]);
    let report = town.play("davy", "pw-dave", &LOGIN);
    assert_eq!(report.codes, [AUTH_ERR, PERM_DENIED], "{report:#?}");
    let words = "names the person by another name or spelling";
    let is_said = report.log_lines.iter().any(|line| line.contains(words));
    assert!(is_said, "{report:#?}");
    // The directory has dave in unix by his first name.
    for (rules, codes) in [
        (
            "[[rule]]\ngroup = [\"unix\"]\naccess = \"deny\"\n",
            [AUTH_ERR, PERM_DENIED],
        ),
        (
            "[[rule]]\ngroup = [\"outer\"]\naccess = \"deny\"\n",
            [SUCCESS, SUCCESS],
        ),
        ("[[rule]]\ngroup = [\"unix\"]\n", [SUCCESS, SUCCESS]),
    ] {
        rules.clone_into(&mut town.rules);
        assert_eq!(town.login("davy", "pw-dave"), codes, "{rules}");
    }
    // The primary group of everybody here.
    add(&town.slapd, &posix("users", 5_000, &[]));
    let rules = "[[rule]]\nname = \"users\"\ngroup = [\"users\"]\naccess = \"deny\"\n";
    rules.clone_into(&mut town.rules);
    let report = town.play("dave", "pw-dave", &LOGIN);
    assert_eq!(report.codes, [AUTH_ERR, PERM_DENIED], "{report:#?}");
    let words = "rule \"users\" denies if it fits: whether the person is in its group is unclear";
    let is_said = report.log_lines.iter().any(|line| line.contains(words));
    assert!(is_said, "{report:#?}");
}
