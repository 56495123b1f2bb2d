//! `authchain check --online` on NIS servers: each step, and the advice if it fails.

use authchain_tests::need;
use authchain_tests::servers::checker::Checker;
use authchain_tests::servers::fake_yp;
use authchain_tests::servers::free_port;
use authchain_tests::servers::ypserv::domain::Domain;
use authchain_tests::servers::ypserv::{PORT, Ypserv, settings};
use serde_json::json;

const ONLINE: &[&str] = &["--online"];

#[test]
fn every_step_to_a_nis_server_is_told_in_order() {
    let Some(server) = Ypserv::start("check") else {
        return;
    };
    let corp = || Checker::of_kind("nis", settings()).with("servers", json!(["localhost"]));
    let checked = server.asks(|| corp().run(ONLINE));
    checked.expect(
        0,
        &[
            &["backend corp ", "localhost"],
            // Debian's own /etc/hosts gives localhost two addresses.
            &["name resolution", " ms  ", "127.0.0.1"],
            &["portmapper", " ms  ypserv is on port 83"],
            &["connect", " ms  from the reserved port "],
            &["domain", " ms  lab.nis is served"],
            &["passwd map", " ms  passwd.byname may be read"],
            &["shadow map", " ms  shadow.byname may be read"],
            &["adjunct map", " ms  passwd.adjunct.byname may be read"],
        ],
    );
}

#[test]
fn the_way_to_a_changed_password_is_examined_where_there_is_one() {
    let domain = Domain {
        master: Some("localhost"),
        ..Domain::usual()
    };
    let Some(server) = Ypserv::serving("check changes", &domain) else {
        return;
    };
    if !need::file("check changes", "/usr/sbin/rpc.yppasswdd") {
        return;
    }
    let corp = || Checker::of_kind("nis", settings()).with("password_change", "yppasswd");
    let clear =
        "password_change = \"yppasswd\": the old password of whoever changes it can be read";
    server.asks(|| corp().run(ONLINE)).expect(
        1,
        &[
            &["master", " ms  \"localhost\" is ", "127.0.0.1"],
            &[
                "yppasswdd",
                "warning: rpc.yppasswdd does not run there; no password can be changed",
            ],
            &[clear],
        ],
    );
    server.start_yppasswdd(840, &domain);
    let known = || corp().with("yppasswdd", "127.0.0.1:840");
    server.asks(|| known().run(ONLINE)).expect(
        1,
        &[
            &["master", " ms  127.0.0.1 is 127.0.0.1"],
            &["yppasswdd", " ms  rpc.yppasswdd answers"],
        ],
    );
    server.publish(&Domain::usual());
    server.push();
    server.asks(|| corp().run(ONLINE)).expect(
        1,
        &[&[
            "master",
            "warning: a server names \"stage\", ",
            "no password can be changed",
        ]],
    );
}

#[test]
fn the_groups_of_rules_are_looked_for_in_the_maps() {
    let Some(server) = Ypserv::start("check groups") else {
        return;
    };
    let rules = "[[rule]]\ngroup = [\"others\", \"!500\", \"stuff\"]\n";
    let corp = || Checker::of_kind("nis", settings()).with_rules(rules);
    let step = "group of a rule";
    server.asks(|| corp().run(ONLINE)).expect(
        1,
        &[
            &[step, " ms  500"],
            &[step, " ms  others"],
            &[step, "warning: there is no group stuff; look at the rules"],
        ],
    );
}

#[test]
fn what_a_nis_server_refuses_is_told_with_what_it_means() {
    let Some(server) = Ypserv::start("check refusals") else {
        return;
    };
    let corp = || {
        Checker::of_kind("nis", settings()).with("servers", json!([format!("[::1]:{}", PORT + 1)]))
    };
    let elsewhere = || corp().with("domain", "elsewhere");
    server.asks(|| elsewhere().run(ONLINE)).expect(
        2,
        &[&[
            "domain",
            " ms  error: elsewhere is not served here, or not to us: see securenets",
        ]],
    );
    let any = || Checker::of_kind("nis", settings()).with("source_port", "any");
    server.asks(|| any().run(ONLINE)).expect(
        1,
        &[
            &["connect", " ms  from any port"],
            &[
                "shadow map",
                "warning: shadow.byname is missing, or refused to us",
                "whoever has x for a password cannot log in",
            ],
            &["adjunct map", "needed only where passwords are ##"],
        ],
    );
    let fresh = || corp().with("passwd_map", "people.byname");
    server.asks(|| fresh().run(ONLINE)).expect(
        2,
        &[&[
            "passwd map",
            " ms  error: people.byname is missing, or refused to us",
        ]],
    );
    server.signal("-KILL", "rpcbind");
    server
        .asks(|| Checker::of_kind("nis", settings()).run(ONLINE))
        .expect(2, &[&["portmapper", " ms  error: connection refused"]]);
}

#[test]
fn a_nis_server_that_is_not_there_is_an_error_of_the_check() {
    let dead = Checker::of_kind("nis", fake_yp::settings(free_port(), "tcp"));
    dead.run(ONLINE)
        .expect(2, &[&["connect", " ms  error: connection refused"]]);
}
