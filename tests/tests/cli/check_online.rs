//! `authchain check --online` on servers without and with faults.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use authchain_tests::need;
use authchain_tests::servers::certificates::Kind;
use authchain_tests::servers::checker::{Checked, Checker};
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::free_port;
use authchain_tests::servers::hostile::{almost_good, blurt, serve, settings, wait};
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

const ONLINE: &[&str] = &["--online"];

fn slapd(certificate: Kind) -> Option<Slapd> {
    Slapd::start(&Plan {
        certificate,
        ..Plan::default()
    })
}

#[test]
fn every_step_to_a_server_in_order_is_told_with_its_time() {
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let corp = Checker::new(slapd.settings()).with("allow_groups", json!(["staff"]));
    let checked = corp.run(ONLINE);
    let uri = slapd.ldaps();
    checked.expect(
        0,
        &[
            &["backend corp ", &uri],
            &["name resolution", " ms  ", "127.0.0.1"],
            &["connect", " ms  ", "127.0.0.1:"],
            &[
                "TLS",
                " ms  TLS 1.3; certificate for \"localhost\"",
                "it expires in 36",
                "days",
            ],
            &["service bind", " ms  as cn=svc,dc=example,dc=test"],
            &[
                "root entry",
                " ms  OpenLDAP; the server has \"dc=example,dc=test\"",
            ],
            &["base", " ms  dc=example,dc=test"],
            &["search", " ms  nobody has a name that nobody has"],
            &[
                "people",
                " ms  10 people looked at; everything that is needed can be read",
            ],
            &["groups", " ms  ou=groups,dc=example,dc=test"],
            &["group", " ms  \"cn=staff,ou=groups,dc=example,dc=test\""],
        ],
    );
    let json = corp.run(&["--online", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json.text).unwrap();
    let tls = &json["servers"][2];
    assert_eq!(
        (&tls["step"], &tls["severity"]),
        (&json!("TLS"), &json!("fine"))
    );
    assert!(tls["milliseconds"].is_f64(), "{tls}");
}

#[test]
fn aliases_are_searched_for_and_whose_user_ids_count_is_said() {
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let corp = Checker::new(slapd.settings())
        .with(
            "aliases",
            json!(["mail=%u", "employeeType=%u@example.test"]),
        )
        .with("uid", "system");
    let checked = corp.run(ONLINE);
    for words in [
        "backend corp: aliases: whoever may write mail or employeeType into an entry",
        "backend corp: uid = \"system\": the user id that NSS has for a name counts",
    ] {
        assert!(checked.text.contains(words), "{words}: {}", checked.text);
    }
    let searches = (checked.text.lines()).filter(|line| line.trim().starts_with("alias "));
    assert_eq!(searches.count(), 2, "{}", checked.text);
    let corp = corp.with("user_dn_template", format!("uid=%u,{BASE}"));
    let checked = corp.run(&[]);
    assert!(
        checked.text.contains("leaves the search out"),
        "{}",
        checked.text
    );
}

#[test]
fn groups_that_are_missing_or_that_others_could_make_are_warnings() {
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let corp = |groups| Checker::new(slapd.settings()).with("allow_groups", groups);
    let checked = corp(json!(["staff", "stuff"])).run(ONLINE);
    let missing = ["group", "warning: there is no group stuff", "group_filter"];
    checked.expect(1, &[&missing, &["1 warning"]]);
    let elsewhere = json!([
        format!("cn=outer,ou=fakegroups,{BASE}"),
        format!("uid=bob,ou=people,{BASE}")
    ]);
    let checked = corp(elsewhere).with("group_filter", "(cn=*)").run(ONLINE);
    let person = ["\"uid=bob,ou=people,dc=example,dc=test\" is a person and counts as no group"];
    let group = [" ms  \"cn=outer,ou=fakegroups,dc=example,dc=test\""];
    checked.expect(1, &[&group, &person, &["1 warning"]]);
    let above = corp(json!(["staff"])).with("group_base", BASE);
    let warning = ["groups", "warning: ", "people are below it too"];
    above.run(ONLINE).expect(1, &[&warning, &["1 warning"]]);
}

#[test]
fn the_groups_that_rules_name_are_looked_for_where_this_machine_lacks_them() {
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let corp = |rules| Checker::new(slapd.settings()).with_rules(rules);
    let step = "group of a rule";
    let found = corp("[[rule]]\ngroup = [\"inner\", \"!5001\", \"root\"]\n").run(ONLINE);
    let lines: [&[&str]; 2] = [
        &[step, " ms  \"cn=unix,ou=groups"],
        &[step, " ms  \"cn=inner,ou=groups"],
    ];
    found.expect(1, &lines);
    // The warning is of the group that /etc/group has, too, about which nobody is asked.
    assert!(found.text.contains("1 warning"), "{}", found.text);
    assert!(!found.text.contains("no group root"), "{}", found.text);
    let rules = "[[rule]]\ngroup = [\"stuff\"]\naccess = \"deny\"\n";
    let missing = [
        step,
        "warning: there is no group stuff",
        "look at the rules",
    ];
    corp(rules).run(ONLINE).expect(1, &[&missing]);
    // Another directory may have it.
    let two = corp(rules).with_twin();
    two.run(ONLINE)
        .expect(0, &[&[step, "note: there is no group stuff"]]);
    let no_base = corp(rules).with("group_base", ()).run(ONLINE);
    let why = [
        step,
        "warning: no groups can be looked up for rules: group_base is not set",
    ];
    no_base.expect(1, &[&why]);
    let chained = "[[rule]]\ngroup = [\"root\"]\nchain = [\"corp\"]\n";
    let checked = corp(chained).run(ONLINE);
    assert!(!checked.text.contains(step), "{}", checked.text);
}

#[test]
fn every_way_to_a_server_is_looked_at() {
    // A user's own slapd listens on its socket as that user, whom the worker does not trust.
    if !need::root("ways to a server") {
        return;
    }
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let uris = json!([slapd.ldap(), slapd.ldapi()]);
    let checked = Checker::new(slapd.settings())
        .with("uris", uris)
        .run(ONLINE);
    checked.expect(0, &[&["StartTLS", "ready for TLS"], &["connect", "/ldapi"]]);
    let nameless = Checker::new(slapd.settings())
        .with("uris", json!([slapd.ldapi()]))
        .with("bind_dn", ())
        .with("bind_password_file", ())
        .with("sasl", "external");
    nameless
        .run(ONLINE)
        .expect(0, &[&["service bind", "whom the connection says"]]);
    let clear = Checker::new(slapd.settings())
        .with("uris", json!([slapd.ldap()]))
        .with("tls", "none")
        .with("insecure_plaintext", true);
    let warned = clear.run(ONLINE);
    warned.expect(
        1,
        &[
            &["warning: ", "backend corp: tls = \"none\""],
            &["1 warning"],
        ],
    );
}

#[test]
fn without_online_no_server_is_asked_and_that_is_said() {
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let before = slapd.log().matches("ACCEPT").count();
    let checked = Checker::new(slapd.settings()).run(&[]);
    let words = ["the servers of backend corp were not asked", "--online"];
    checked.expect(0, &[&words]);
    assert_eq!(slapd.log().matches("ACCEPT").count(), before);
}

#[test]
fn a_certificate_that_does_not_hold_is_an_error_with_advice() {
    for (certificate, words) in [
        (
            Kind::Expired,
            &[
                "TLS",
                "error: certificate expired",
                "the server needs a new one",
            ][..],
        ),
        (
            Kind::OtherName,
            &[
                "TLS",
                "error: certificate is for \"elsewhere.example\", not localhost",
                "name the server in the settings",
            ],
        ),
        (
            Kind::OtherAuthority,
            &[
                "TLS",
                "error: certificate is from an authority",
                "/ca.pem must hold",
            ],
        ),
    ] {
        let Some(slapd) = slapd(certificate) else {
            return;
        };
        let checked = Checker::new(slapd.settings()).run(ONLINE);
        checked.expect(2, &[words, &["1 error"]]);
        assert!(!checked.text.contains("service bind"), "{}", checked.text);
        assert!(
            !slapd.log().contains("cn=svc"),
            "{certificate:?}: a login was tried"
        );
    }
}

#[test]
fn a_certificate_that_expires_soon_is_a_warning() {
    let Some(slapd) = slapd(Kind::Ending) else {
        return;
    };
    let checked = Checker::new(slapd.settings()).run(ONLINE);
    checked.expect(
        1,
        &[
            &["TLS", "warning: TLS 1.3", "it expires in 9 days"],
            &["1 warning"],
        ],
    );
}

#[test]
fn a_wrong_setting_is_an_error_that_names_it() {
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let corp = || Checker::new(slapd.settings());
    let missing = format!("ou=nowhere,{BASE}");
    let wrong = corp().with("bind_password_file", json!(slapd.secret("not-the-secret")));
    wrong.run(ONLINE).expect(
        2,
        &[&[
            "service bind",
            "error:",
            "invalidCredentials",
            "look at bind_dn and at the password in /",
        ]],
    );
    let missing = corp().with("base", missing);
    missing.run(ONLINE).expect(
        2,
        &[&[
            "base",
            "error: ou=nowhere,",
            "does not exist",
            "has \"dc=example,dc=test\"; look at base",
        ]],
    );
    let blind = (corp().with("bind_dn", format!("cn=blind,{BASE}")))
        .with("bind_password_file", json!(slapd.secret("blind-secret")));
    blind
        .run(ONLINE)
        .expect(2, &[&["base", "error:", "cn=blind", "may not know"]]);
    let anonymous = corp().with("bind_dn", ()).with("bind_password_file", ());
    anonymous.run(ONLINE).expect(
        2,
        &[
            &[
                "base",
                "warning:",
                "no permission: an anonymous login (no bind_dn) may not read it",
            ],
            &["people", "error: nobody fits user_filter"],
        ],
    );
    let odd = corp().with("shell_attr", "favouriteShell");
    odd.run(ONLINE)
        .expect(1, &[&["people", "warning:", "none shows favouriteShell"]]);
    let unreadable = corp().with("bind_password_file", "/nonexistent");
    unreadable
        .run(ONLINE)
        .expect(2, &[&["cannot be asked: /nonexistent: no such file"]]);
}

#[test]
fn a_search_that_the_server_gives_up_is_an_error_that_names_the_index() {
    let Some(slapd) = Slapd::start(&Plan {
        limits: "limits users size.unchecked=3",
        ..Plan::default()
    }) else {
        return;
    };
    let corp = Checker::new(slapd.settings());
    let by_mail = corp.with("user_filter", "(&(objectClass=posixAccount)(mail=%u))");
    by_mail.run(ONLINE).expect(
        2,
        &[&[
            "search",
            "error: the server gives up: adminLimitExceeded (11)",
            "unindexed",
        ]],
    );
}

#[test]
fn a_search_that_is_slow_is_a_warning() {
    let port = serve(|stream| {
        let requests = std::sync::atomic::AtomicUsize::new(0);
        almost_good(stream, |_, bytes| {
            // The root entry, the base, and then the search.
            if requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 2 {
                std::thread::sleep(Duration::from_millis(300));
                return bytes[bytes.len() - 14..].to_vec();
            }
            bytes
        });
    });
    let checked = Checker::new(settings(port)).run(ONLINE);
    checked.expect(
        1,
        &[&[
            "search",
            "warning: slow: more than 50 ms longer",
            "unindexed",
        ]],
    );
}

#[test]
fn every_server_is_looked_at_whatever_the_others_are_like_and_no_mark_is_made() {
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let dead = format!("ldaps://localhost:{}", free_port());
    let corp = Checker::new(slapd.settings())
        .with("uris", json!([dead]))
        .with("backup_uris", json!([slapd.ldaps()]));
    let checked = corp.run(ONLINE);
    checked.expect(
        2,
        &[
            &["backend corp ", &dead],
            &["connect", "error: connection refused; does the server run"],
            &["backend corp ", &slapd.ldaps()],
            &["people", "everything that is needed can be read"],
            &["1 error"],
        ],
    );
    assert!(!corp.has_marks());
}

/// Any answer leads to an error with a reason, in time, and to no control characters.
#[test]
fn a_hostile_server_is_an_error_with_a_reason() {
    let checked = |port| -> Checked {
        let corp = Checker::new(settings(port)).with("connect_timeout", "300ms");
        let checked = corp.run(ONLINE);
        assert!(!checked.text.contains('\x1b'), "{}", checked.text);
        checked
    };
    let garbage = serve(|stream| blurt(stream, b"HTTP/1.1 400 \x1b[2JBad Request\r\n\r\n"));
    checked(garbage).expect(2, &[&["root entry", "error: not a valid answer"]]);
    let silent = serve(wait);
    checked(silent).expect(
        2,
        &[&["root entry", "error: timed out; the server is busy"]],
    );
    let rude = serve(drop);
    checked(rude).expect(2, &[&["root entry", "error: "]]);
}

#[test]
fn something_else_on_the_port_is_told() {
    let Some(slapd) = slapd(Kind::Good) else {
        return;
    };
    let clear = format!("ldaps://localhost:{}", slapd.plain);
    let checked = Checker::new(slapd.settings())
        .with("uris", json!([clear]))
        .run(ONLINE);
    checked.expect(2, &[&["TLS", "error: "], &["1 error"]]);
}

/// The findings of a worker that ends half way, and a worker that does not know the question.
#[test]
fn a_worker_that_cannot_examine_is_told_apart_from_one_that_breaks() {
    if !need::root("a worker of our own") {
        return;
    }
    let worker = |lines: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker");
        let said: String = lines
            .iter()
            .map(|line| format!("read -r line; echo '{line}'\n"))
            .collect();
        fs::write(&path, format!("#!/bin/sh\n{said}")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        (folder, path)
    };
    let mut corp = Checker::new(settings(1));
    let (_folder, path) = worker(&[r#"{"hello":1,"can":["authenticate"]}"#]);
    corp.worker = path;
    corp.run(ONLINE).expect(
        1,
        &[&["examine", "note: its worker cannot examine servers"]],
    );
    let (_folder, path) = worker(&[
        r#"{"hello":1,"can":["examine"]}"#,
        r#"{"finding":"warning","server":"a","step":"connect","took_us":1500,"text":"odd\u001b"}"#,
    ]);
    corp.worker = path;
    corp.run(ONLINE).expect(
        2,
        &[
            &["connect", "1.5 ms  warning: odd\\u{1b}"],
            &["cannot be asked: worker: ended without an answer"],
        ],
    );
    let (_folder, path) = worker(&[
        r#"{"hello":1,"can":["examine"]}"#,
        r#"{"verdict":"found","user":{"name":"authchain-check"}}"#,
    ]);
    corp.worker = path;
    corp.run(ONLINE)
        .expect(2, &[&["another verdict than examine has"]]);
}
