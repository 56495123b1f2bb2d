//! `authchain sync` and `authchain provision` on a real directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use authchain_tests::need;
use authchain_tests::servers::checker::{Checked, Checker};
use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::{Plan, Slapd};
use serde_json::json;

/// More people than slapd gives to a search without pages, which are 500.
const BULK: usize = 2_500;

fn directory(bulk: usize) -> Option<Slapd> {
    Slapd::start(&Plan {
        bulk,
        limits: "limits dn.exact=\"cn=svc,dc=example,dc=test\" size.prtotal=unlimited\n",
        ..Plan::default()
    })
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    folder
}

fn sync(corp: &Checker, folder: &Path, more: &[&str]) -> Checked {
    let to = folder.to_str().unwrap();
    corp.command("sync", &[&["corp", "--to", to], more].concat(), "")
}

fn expect(told: &Checked, code: i32, words: &[&str]) {
    assert_eq!(told.code, code, "{}", told.text);
    for word in words {
        assert!(told.text.contains(word), "{word}: {}", told.text);
    }
}

/// People of `ou=bulk` whose names do not have this part.
fn without(corp: Checker, part: &str) -> Checker {
    let filter = format!("(&(objectClass=posixAccount)(uid=%u)(!(uid={part})))");
    corp.with("user_filter", filter)
}

#[test]
fn the_people_of_a_directory_become_files_for_the_name_service() {
    let Some(slapd) = directory(BULK) else { return };
    let corp = Checker::new(slapd.settings()).with("base", format!("ou=bulk,{BASE}"));
    let dir = folder();
    let passwd = dir.path().join("passwd");
    let summary = "2500 people: 2500 new, 0 gone, 0 left out";
    expect(
        &sync(&corp, dir.path(), &["--dry-run"]),
        1,
        &[summary, "no group id"],
    );
    assert!(!passwd.exists());
    expect(&sync(&corp, dir.path(), &[]), 1, &[summary]);
    let text = fs::read_to_string(&passwd).unwrap();
    assert_eq!(text.lines().count(), BULK);
    let first = text.lines().next().unwrap();
    assert!(first.starts_with("bulk000000:*:1"), "{first}");
    assert!(first.ends_with(":/bin/bash"), "{first}");
    let group = fs::read_to_string(dir.path().join("group")).unwrap();
    assert_eq!(group, "unix:*:5001:\n", "dave is not below the base");
    assert_eq!(fs::metadata(&passwd).unwrap().mode() & 0o7777, 0o644);

    let before = fs::metadata(&passwd).unwrap().ino();
    expect(
        &sync(&corp, dir.path(), &[]),
        1,
        &["2500 people: 0 new, 0 gone"],
    );
    assert_eq!(
        fs::metadata(&passwd).unwrap().ino(),
        before,
        "nothing was written"
    );

    let fewer = without(corp, "bulk0020*");
    expect(
        &sync(&fewer, dir.path(), &[]),
        1,
        &["2400 people: 0 new, 100 gone"],
    );
    let half = without(fewer, "bulk001*");
    let told = sync(&half, dir.path(), &[]);
    expect(
        &told,
        1,
        &[
            "1000 of 2400 people would go (bulk001000, ",
            "nothing was changed",
            "--force",
        ],
    );
    assert_eq!(fs::read_to_string(&passwd).unwrap().lines().count(), 2_400);
    expect(&sync(&half, dir.path(), &["--force"]), 1, &["1000 gone"]);
    let text = fs::read_to_string(&passwd).unwrap();
    assert_eq!(text.lines().count(), 1_500);
}

/// Lets a person change their own entry.
fn change(slapd: &Slapd, who: &str, attribute: &str, value: &str) {
    let ldif = format!(
        "dn: uid={who},ou=people,{BASE}\nchangetype: modify\nreplace: {attribute}\n\
         {attribute}: {value}\n"
    );
    assert!(slapd.modify_as(who, &ldif));
}

#[test]
fn the_user_id_of_one_person_never_passes_to_another() {
    // This machine may have an alice; root's tests run without its people.
    if !need::root("alice") {
        return;
    }
    let plan = Plan {
        by_self_write: true,
        ..Plan::default()
    };
    let Some(slapd) = Slapd::start(&plan) else {
        return;
    };
    let dir = folder();
    let corp = Checker::new(slapd.settings()).with("base", format!("ou=people,{BASE}"));
    let lines = || fs::read_to_string(dir.path().join("passwd")).unwrap();
    expect(&sync(&corp, dir.path(), &[]), 1, &["0 gone"]);
    assert!(lines().contains("\nbob:*:10002:"));
    change(&slapd, "bob", "uidNumber", "10001");
    for _ in 0..3 {
        let words = ["bob: user id 10001 is that of alice; the old line stays"];
        expect(&sync(&corp, dir.path(), &[]), 1, &words);
        assert!(lines().contains("alice:*:10001:") && lines().contains("\nbob:*:10002:"));
    }
    let gone = corp.with("user_filter", "(&(uid=%u)(!(uid=alice)))");
    for _ in 0..3 {
        let words = ["bob: user id 10001, that of alice until now: files would change hands"];
        expect(&sync(&gone, dir.path(), &[]), 1, &words);
        assert!(!lines().contains(":10001:") && lines().contains("\nbob:*:10002:"));
    }
    let owners = fs::read_to_string(dir.path().join("authchain-owners")).unwrap();
    assert!(
        owners.contains("\nuser:10001:alice\nuser:10002:bob\n"),
        "{owners}"
    );
}

#[test]
fn names_and_ids_of_this_machine_are_nobodys_of_a_directory() {
    // This machine may have an alice; root's tests run without its people.
    if !need::root("alice") {
        return;
    }
    let Some(slapd) = directory(0) else { return };
    let dir = folder();
    fs::write(
        dir.path().join("machine"),
        "alice:x:1500:1500::/:/bin/sh\nme:x:10004:1::/:\n",
    )
    .unwrap();
    fs::write(dir.path().join("guests"), "carol:x:70000:70000::/:\n").unwrap();
    fs::write(dir.path().join("subuid"), "me:10005:1\n").unwrap();
    fs::write(dir.path().join("subgid"), "me:5001:10\n").unwrap();
    let file = |name: &str| json!(dir.path().join(name)).to_string();
    let sections = format!(
        "[backend.guests]\ntype = \"local\"\npasswd = {}\nshadow = {}\n\
         [backend.new]\ntype = \"local\"\npasswd = {}\nshadow = {}\n",
        file("guests"),
        file("guests-shadow"),
        file("new"),
        file("new-shadow"),
    );
    let corp = Checker::new(slapd.settings())
        .with("base", format!("ou=people,{BASE}"))
        .with_top(&format!("passwd_file = {}\n", file("machine")))
        .with_sections(&sections);
    let told = sync(&corp, dir.path(), &[]);
    expect(
        &told,
        1,
        &[
            "alice: this machine has an account of that name",
            "carol: this machine has an account of that name",
            "user id 10004 is me's on this machine",
            "user id 10005 is one of me's subordinate ids on this machine",
            "group id 5001 is one of me's subordinate ids on this machine",
            "sp ace: shells, patterns or numbers could be meant",
        ],
    );
    let passwd = fs::read_to_string(dir.path().join("passwd")).unwrap();
    assert!(
        !passwd.contains("alice:") && !passwd.contains(":10004:"),
        "{passwd}"
    );
    assert!(
        passwd.contains("\nbob:*:10002:5000::/home/u10002:/bin/bash\n"),
        "{passwd}"
    );
}

#[test]
fn groups_go_no_more_than_people_do_and_a_missing_passwd_file_protects_nobody() {
    let Some(slapd) = directory(0) else { return };
    let dir = folder();
    let corp = || Checker::new(slapd.settings()).with("base", format!("ou=people,{BASE}"));
    expect(&sync(&corp(), dir.path(), &[]), 1, &["; 1 groups: 0 gone"]);
    let text = || fs::read_to_string(dir.path().join("group")).unwrap();
    assert_eq!(text(), "unix:*:5001:dave\n");
    let none = corp().with("group_base", format!("ou=fakegroups,{BASE}"));
    let words = ["1 of 1 groups would go (unix), more than a tenth: nothing was changed"];
    expect(&sync(&none, dir.path(), &[]), 1, &words);
    assert_eq!(text(), "unix:*:5001:dave\n");
    expect(
        &sync(&none, dir.path(), &["--force"]),
        1,
        &["; 0 groups: 1 gone"],
    );
    assert_eq!(text(), "");
    let ldif = format!(
        "dn: cn=wheel,ou=groups,{BASE}\nobjectClass: posixGroup\ncn: wheel\ngidNumber: 5002\n"
    );
    fs::write(dir.path().join("wheel.ldif"), ldif).unwrap();
    slapd.add(&dir.path().join("wheel.ldif"));
    expect(
        &sync(&corp(), dir.path(), &[]),
        1,
        &["group wheel: its members have rights"],
    );
    assert_eq!(text(), "unix:*:5001:dave\n");
    let allowed = ["--allow-group", "wheel"];
    expect(
        &sync(&corp(), dir.path(), &allowed),
        1,
        &["; 2 groups: 0 gone"],
    );
    let missing = corp().with_top("passwd_file = \"/nowhere/passwd\"\n");
    expect(&sync(&missing, dir.path(), &[]), 2, &["/nowhere/passwd"]);
}

#[test]
fn a_list_that_is_cut_and_files_of_others_change_nothing() {
    let Some(slapd) = Slapd::start(&Plan {
        bulk: 700,
        ..Plan::default()
    }) else {
        return;
    };
    let corp = Checker::new(slapd.settings()).with("base", format!("ou=bulk,{BASE}"));
    let dir = folder();
    fs::write(dir.path().join("passwd"), "old:*:20000:20000::/:/bin/sh\n").unwrap();
    let told = sync(&corp, dir.path(), &["--force"]);
    expect(&told, 2, &["corp is unavailable", "size.prtotal"]);
    let passwd = fs::read_to_string(dir.path().join("passwd")).unwrap();
    assert_eq!(passwd, "old:*:20000:20000::/:/bin/sh\n");
    let told = sync(&corp, Path::new("/etc"), &["--force"]);
    expect(&told, 1, &["/etc/passwd has accounts of its own"]);
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    expect(
        &sync(&corp, dir.path(), &[]),
        2,
        &["lets others replace what is in it"],
    );
    fs::write(dir.path().join("group"), "mine:x:5000:\n").unwrap();
    let group_file = json!(dir.path().join("group"));
    let own = corp.with_top(&format!("group_file = {group_file}\n"));
    let told = sync(&own, dir.path(), &["--force"]);
    expect(&told, 1, &["/group has groups of its own"]);
}

#[test]
fn what_a_directory_must_not_decide_gets_no_local_account() {
    // This machine may have an alice; root's tests run without its people.
    if !need::root("alice") {
        return;
    }
    let plan = Plan {
        by_self_write: true,
        ..Plan::default()
    };
    let Some(slapd) = Slapd::start(&plan) else {
        return;
    };
    let dir = folder();
    let file = |name: &str| json!(dir.path().join(name)).to_string();
    fs::write(
        dir.path().join("machine"),
        "root:x:0:0::/:\nme:x:10003:1::/:\n",
    )
    .unwrap();
    fs::write(dir.path().join("groups"), "docker:x:1001:\n").unwrap();
    let guests = format!(
        "[backend.guests]\ntype = \"local\"\npasswd = {}\nshadow = {}\n",
        file("passwd"),
        file("shadow")
    );
    let (passwd_file, group_file) = (file("machine"), file("groups"));
    let corp = Checker::new(slapd.settings())
        .with("base", format!("ou=people,{BASE}"))
        .with_top(&format!(
            "passwd_file = {passwd_file}\ngroup_file = {group_file}\n"
        ))
        .with_sections(&guests);
    for (attribute, value, why) in [
        ("gidNumber", "0", "group id 0 is the system's own"),
        ("gidNumber", "1001", "group id 1001 is that of docker"),
        (
            "uidNumber",
            "10003",
            "user id 10003 is me's on this machine",
        ),
        ("loginShell", "/bin/a:b", "its login shell is no path"),
        ("homeDirectory", "/a:0", "no home directory that is a path"),
    ] {
        let before = match attribute {
            "gidNumber" => "5000",
            "uidNumber" => "10002",
            "homeDirectory" => "/home/u10002",
            _ => "/bin/bash",
        };
        change(&slapd, "bob", attribute, value);
        expect(&corp.command("provision", &["bob"], ""), 1, &[why]);
        assert!(!dir.path().join("passwd").exists());
        change(&slapd, "bob", attribute, before);
    }
    let ldif =
        format!("dn: uid=bob,ou=people,{BASE}\nchangetype: modify\nadd: uid\nuid: postgres\n");
    assert!(slapd.modify_as("bob", &ldif));
    for name in ["bob", "postgres"] {
        let told = corp.command("provision", &[name], "");
        expect(&told, 1, &["is one of several names of"]);
    }
    change(&slapd, "bob", "uid", "bob");
    expect(&corp.command("provision", &["bob"], ""), 0, &["is added"]);
    change(&slapd, "bob", "loginShell", "/bin/a:b");
    expect(
        &corp.command("provision", &["bob"], ""),
        1,
        &["its login shell"],
    );
}

#[test]
fn a_person_of_a_directory_gets_a_local_account_and_keeps_it_up_to_date() {
    // This machine may have an alice; root's tests run without its people.
    if !need::root("alice") {
        return;
    }
    let Some(slapd) = directory(0) else { return };
    let dir = folder();
    let file = |name: &str| json!(dir.path().join(name)).to_string();
    let guests = format!(
        "[backend.guests]\ntype = \"local\"\npasswd = {}\nshadow = {}\n",
        file("passwd"),
        file("shadow")
    );
    let corp = Checker::new(slapd.settings())
        .with("base", format!("ou=people,{BASE}"))
        .with_sections(&guests);
    let provision = |who: &str| corp.command("provision", &[who], "");
    expect(
        &provision("alice"),
        0,
        &["alice of corp is added to guests with user id 10001"],
    );
    let passwd = || fs::read_to_string(dir.path().join("passwd")).unwrap();
    assert_eq!(
        passwd(),
        "alice:x:10001:5000:Alice Example:/home/u10001:/bin/bash\n"
    );
    let shadow = fs::read_to_string(dir.path().join("shadow")).unwrap();
    assert!(shadow.starts_with("alice:!:"), "{shadow}");
    expect(&provision("alice"), 0, &["alice is up to date in guests"]);
    fs::write(
        dir.path().join("passwd"),
        passwd().replace("Alice Example", "A"),
    )
    .unwrap();
    expect(
        &provision("alice"),
        0,
        &["alice is brought up to date in guests"],
    );
    assert!(passwd().contains(":Alice Example:"));
    fs::write(
        dir.path().join("passwd"),
        passwd().replace(":10001:", ":10009:"),
    )
    .unwrap();
    expect(
        &provision("alice"),
        1,
        &["another user id there than 10001"],
    );
    expect(
        &provision("nobody-here"),
        1,
        &["no backend over servers knows nobody-here"],
    );
}
