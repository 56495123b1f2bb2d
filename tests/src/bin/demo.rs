//! `make demo`: people log in through the built module, which the real libpam loads.
//!
//! Everything is in a temporary directory: the account files, the configuration, the PAM service
//! and the socket that the log lines arrive at. No root is needed, and nothing of the machine's own
//! configuration is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use authchain_tests::host::codes::code_name;
use authchain_tests::host::scene::{Call, Hex, Phase, Report, Scene};
use authchain_tests::host::transaction::Transaction;

const CONFIG: &str = r#"
chain = ["local", "guests"]
passwd_file = "{dir}/passwd"

[backend.local]
type = "local"
passwd = "{dir}/passwd"
shadow = "{dir}/shadow"

[backend.guests]
type = "local"
passwd = "{dir}/guests.passwd"
shadow = "{dir}/guests.shadow"
"#;

const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/sh
bob:x:1001:1001:Bob:/home/bob:/bin/sh
alice:x:1002:1002:Alice:/home/alice:/bin/sh
dave:x:1003:1003:Dave:/home/dave:/bin/sh
erin:x:1004:1004:Erin:/home/erin:/bin/sh
";

/// Dave's password is locked; Erin's account ended on 2 January 1970.
const SHADOW: &str = "\
root:*:20000:0:99999:7:::
bob:$y$j9T$demodemodemodemodemo..$5E1a5OYRmHrOTCG.3tDkCjKbbBJoJKae3hZ/9dA5uM5:20000:0:99999:7:::
alice:$6$demodemo$QTmMf6XpdzJK1pZj1rTvppYctErpmfp9e9gxZzpvBNFAfjqkop1bzDmUy3Gml44FyFbUJ5ohHOqTTdyeSumXY.:20000:0:99999:7:::
dave:!$6$demodemo$QTmMf6XpdzJK1pZj1rTvppYctErpmfp9e9gxZzpvBNFAfjqkop1bzDmUy3Gml44FyFbUJ5ohHOqTTdyeSumXY.:20000:0:99999:7:::
erin:$6$demodemo$QTmMf6XpdzJK1pZj1rTvppYctErpmfp9e9gxZzpvBNFAfjqkop1bzDmUy3Gml44FyFbUJ5ohHOqTTdyeSumXY.:20000:0:99999:7::1:
";

const GUEST_PASSWD: &str = "carol:x:60001:60001:Carol:/home/carol:/bin/sh\n";
const GUEST_SHADOW: &str = "carol:$argon2id$v=19$m=19456,t=2,p=1$ZGVtb2RlbW9kZW1vZGVtbw$SrZQV4s0Wqpnpb3AWKtPJ/My0lWwRdoosWda4Qk5Ius:20000:0:99999:7:::\n";

/// Everybody's password.
const PASSWORD: &str = "correct horse";

/// Who logs in, the kind of their hash, and what they type.
const LOGINS: &[(&str, &str, Typed)] = &[
    ("alice", "sha512", Typed::Right),
    ("alice", "sha512", Typed::Wrong),
    ("alice", "sha512", Typed::Nothing),
    ("bob", "yescrypt", Typed::Right),
    ("bob", "yescrypt", Typed::Wrong),
    ("carol", "argon2id", Typed::Right),
    ("carol", "argon2id", Typed::Wrong),
    ("dave", "locked", Typed::Right),
    ("erin", "expired", Typed::Right),
    ("mallory", "–", Typed::Right),
    ("root", "none", Typed::Wrong),
    ("-oops", "–", Typed::Right),
];

#[derive(Clone, Copy)]
enum Typed {
    Right,
    Wrong,
    Nothing,
}

impl Typed {
    fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Wrong => "wrong",
            Self::Nothing => "empty",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Right => PASSWORD,
            Self::Wrong => "battery staple",
            Self::Nothing => "",
        }
    }
}

fn main() {
    let module = module();
    println!("{}", module.display());
    println!(
        "loaded by the real libpam; chain = [\"local\", \"guests\"]; every password is \"{PASSWORD}\"\n"
    );
    println!(
        "{:<8} {:<9} {:<6} {:<29} {:<26} {:<33} {:>6}",
        "who", "hash", "typed", "local", "guests", "PAM answers", "ms"
    );
    println!("{}", "-".repeat(123));
    let mut log = Vec::new();
    for (who, hash, typed) in LOGINS {
        let report = log_in(&module, who, *typed);
        let [local, guests] = ["local", "guests"].map(|backend| verdict(&report, backend));
        let millis: f64 = report.millis.iter().sum();
        println!(
            "{who:<8} {hash:<9} {:<6} {local:<29} {guests:<26} {:<33} {millis:>6.1}",
            typed.word(),
            answers(&report)
        );
        log.extend(report.log_lines);
    }
    println!("\nThe log, as /var/log/auth.log would have it:\n");
    for line in &log {
        println!("  {line}");
    }
}

/// The module given with `--module`.
fn module() -> PathBuf {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [flag, path] if flag == "--module" => std::fs::canonicalize(path).unwrap_or_else(|error| {
            eprintln!("{path}: {error}; run `make demo`");
            std::process::exit(2)
        }),
        _ => {
            eprintln!("usage: demo --module target/debug/libpam_authchain.so");
            std::process::exit(2)
        }
    }
}

/// Authenticates, and asks for the account if that succeeded, as every program does.
fn log_in(module: &std::path::Path, who: &str, typed: Typed) -> Report {
    let mut scene = Scene::new(who, &[typed.text()]);
    scene.module = module.to_owned();
    let config = scene.config.unwrap_or_default();
    scene.config = Some(format!("{config}{CONFIG}"));
    scene.files = BTreeMap::from([
        ("passwd".to_owned(), PASSWD.to_owned()),
        ("shadow".to_owned(), SHADOW.to_owned()),
        ("guests.passwd".to_owned(), GUEST_PASSWD.to_owned()),
        ("guests.shadow".to_owned(), GUEST_SHADOW.to_owned()),
    ]);
    scene.script.user = Some(Hex::from(who));
    let authenticated = Transaction::run(&scene);
    if authenticated.codes != [0] {
        return authenticated;
    }
    Transaction::run(&scene.calling(&[Call::new(Phase::Authenticate), Call::new(Phase::Account)]))
}

/// The answer of a backend, read from the log.
fn verdict(report: &Report, backend: &str) -> String {
    let why = report
        .log_lines
        .iter()
        .rev()
        .find(|line| !line.contains("authentication failure"));
    let Some((_, steps)) = why
        .and_then(|line| line.split_once("): "))
        .and_then(|(_, text)| text.split_once(": "))
    else {
        return String::new();
    };
    let said = steps
        .split("; ")
        .find_map(|step| step.strip_prefix(backend));
    let text = said.map_or("not asked", |said| said.trim_start_matches([':', ' ']));
    text.split(" (").next().unwrap_or(text).to_owned()
}

/// `PAM_SUCCESS`, or the account's answer where it differs.
fn answers(report: &Report) -> String {
    let names: Vec<String> = report.codes.iter().map(|code| code_name(*code)).collect();
    match names.as_slice() {
        [success, account] if success == account => success.clone(),
        _ => names.join(", "),
    }
}
