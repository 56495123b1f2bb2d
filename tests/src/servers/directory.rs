//! The entries of the directory.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// The base of all entries.
pub const BASE: &str = "dc=example,dc=test";

/// Hostile names. The password of each is `pw-` and the name.
pub const HOSTILE_NAMES: [&str; 8] = [
    "a*b",
    "*)(uid=*",
    "a\\b",
    "o\"q;c+p",
    "sp ace",
    "j\u{fc}rgen",
    "#hash",
    "<x=y>",
];

/// A name with separators of a DN, which the chain refuses without a question. The password is
/// `pw-` and the name.
pub const REFUSED_NAME: &str = "o\"q,c+p";

/// The directory as LDIF: people first, then the entries that overlays must see being added.
pub struct Ldif {
    /// For slapadd, which runs no overlays.
    pub people: String,
    /// For ldapadd: groups, so that `memberOf` is kept.
    pub groups: String,
    /// The same people as passwd(5), for a name service.
    pub passwd: String,
}

/// The directory, with `bulk` more people in `ou=bulk`, all of them in the group `crowd`, which is in
/// the group `city`.
pub fn ldif(bulk: usize) -> Ldif {
    let mut book = Book::default();
    book.tree();
    book.policies();
    book.people();
    for number in 0..bulk {
        book.person(&bulk_name(number), "bulk", &[]);
    }
    if bulk > 0 {
        book.crowd(bulk);
    }
    let people = std::mem::take(&mut book.text);
    book.groups();
    Ldif {
        people,
        groups: book.text,
        passwd: book.passwd,
    }
}

/// A referral to another server: `name`, an organizational unit under `parent`.
pub fn referral(name: &str, parent: &str, port: u16) -> String {
    let dn = format!("ou={name},{parent}");
    format!(
        "dn: {dn}\nobjectClass: referral\nobjectClass: extensibleObject\nou: {name}\n\
         ref: ldap://127.0.0.1:{port}/{dn}\n\n"
    )
}

/// The name of one of the people in `ou=bulk`.
pub fn bulk_name(number: usize) -> String {
    format!("bulk{number:06}")
}

#[derive(Default)]
struct Book {
    text: String,
    passwd: String,
    number: u32,
}

impl Book {
    fn entry(&mut self, dn: &str, attributes: &[(&str, &str)]) {
        self.line("dn", dn);
        for (name, value) in attributes {
            self.line(name, value);
        }
        self.text.push('\n');
    }

    /// A line, in base64 where LDIF (RFC 2849) asks for it.
    fn line(&mut self, name: &str, value: &str) {
        let is_safe = value.bytes().all(|byte| (0x20..0x7f).contains(&byte))
            && !value.starts_with([' ', ':', '<'])
            && !value.ends_with(' ');
        let line = match is_safe {
            true => writeln!(self.text, "{name}: {value}"),
            false => writeln!(self.text, "{name}:: {}", base64(value.as_bytes())),
        };
        line.unwrap();
    }

    fn tree(&mut self) {
        let root = [
            ("objectClass", "dcObject"),
            ("objectClass", "organization"),
            ("dc", "example"),
            ("o", "Example"),
        ];
        self.entry(BASE, &root);
        for name in [
            "people",
            "groups",
            "policies",
            "bulk",
            "other",
            "fakegroups",
        ] {
            let attributes = [("objectClass", "organizationalUnit"), ("ou", name)];
            self.entry(&format!("ou={name},{BASE}"), &attributes);
        }
        for name in ["svc", "blind"] {
            let password = format!("{name}-secret");
            let attributes = [
                ("objectClass", "organizationalRole"),
                ("objectClass", "simpleSecurityObject"),
                ("cn", name),
                ("userPassword", &password),
            ];
            self.entry(&format!("cn={name},{BASE}"), &attributes);
        }
    }

    fn policies(&mut self) {
        for (name, more) in [
            ("default", &[][..]),
            (
                "lockout",
                &[
                    ("pwdLockout", "TRUE"),
                    ("pwdMaxFailure", "3"),
                    ("pwdLockoutDuration", "3600"),
                ],
            ),
            (
                "expire",
                &[("pwdMaxAge", "3600"), ("pwdGraceAuthnLimit", "0")],
            ),
            (
                "grace",
                &[("pwdMaxAge", "3600"), ("pwdGraceAuthnLimit", "3")],
            ),
            (
                "warn",
                &[("pwdMaxAge", "993600"), ("pwdExpireWarning", "993600")],
            ),
            ("mustchange", &[("pwdMustChange", "TRUE")]),
            (
                "strict",
                &[
                    ("pwdCheckQuality", "2"),
                    ("pwdMinLength", "8"),
                    ("pwdInHistory", "3"),
                ],
            ),
            ("young", &[("pwdMinAge", "86400")]),
            ("fixed", &[("pwdAllowUserChange", "FALSE")]),
            ("safe", &[("pwdSafeModify", "TRUE")]),
        ] {
            let fixed = [
                ("objectClass", "device"),
                ("objectClass", "pwdPolicy"),
                ("cn", name),
                ("pwdAttribute", "userPassword"),
            ];
            self.entry(
                &format!("cn={name},ou=policies,{BASE}"),
                &[&fixed[..], more].concat(),
            );
        }
    }

    /// Adds a person under `ou`, whose password is `pw-` and the name.
    fn person(&mut self, name: &str, ou: &str, more: &[(&str, &str)]) {
        self.number += 1;
        let number = (10_000 + self.number).to_string();
        let (home, password) = (format!("/home/u{number}"), format!("pw-{name}"));
        let fixed = [
            ("objectClass", "inetOrgPerson"),
            ("objectClass", "posixAccount"),
            ("objectClass", "shadowAccount"),
            ("uid", name),
            ("cn", name),
            ("sn", name),
            ("uidNumber", &number),
            ("gidNumber", "5000"),
            ("homeDirectory", &home),
            ("loginShell", "/bin/bash"),
            ("userPassword", &password),
        ];
        let dn = format!("{},ou={ou},{BASE}", rdn(name));
        self.entry(&dn, &[&fixed[..], more].concat());
        let line = writeln!(self.passwd, "{name}:x:{number}:5000::{home}:/bin/bash");
        line.unwrap();
    }

    fn people(&mut self) {
        self.person(
            "alice",
            "people",
            &[("gecos", "Alice Example"), ("mail", "alice@example.test")],
        );
        for name in ["bob", "carol", "dave", "Case", "dup"] {
            self.person(name, "people", &[]);
        }
        self.person("dup", "other", &[]);
        for name in HOSTILE_NAMES.iter().chain(&[REFUSED_NAME]) {
            self.person(name, "people", &[]);
        }
        self.with_policies();
        let day = today();
        let [yesterday, tomorrow, long_ago] =
            [day - 1, day + 1, day - 200].map(|day| day.to_string());
        let due = (day - 88).to_string();
        let aged = |last| {
            [
                ("shadowLastChange", last),
                ("shadowMax", "90"),
                ("shadowWarning", "7"),
            ]
        };
        self.person("ended", "people", &[("shadowExpire", &yesterday)]);
        self.person("ending", "people", &[("shadowExpire", &tomorrow)]);
        self.person(
            "stale",
            "people",
            &[&aged(&long_ago)[..], &[("shadowInactive", "10")]].concat(),
        );
        self.person("aged", "people", &aged(&long_ago));
        self.person("due", "people", &aged(&due));
        let minimum = [("shadowLastChange", &*yesterday), ("shadowMin", "7")];
        self.person("minimum", "people", &minimum);
    }

    fn with_policies(&mut self) {
        let at = |name: &str| format!("cn={name},ou=policies,{BASE}");
        let old = "20200101000000Z";
        let [fresh, yesterday] = ["now", "yesterday"].map(date);
        for (name, policy, more) in [
            ("guessed", "lockout", &[][..]),
            (
                "barred",
                "lockout",
                &[("pwdAccountLockedTime", "000001010000Z")],
            ),
            ("locked", "lockout", &[("pwdAccountLockedTime", &*fresh)]),
            ("unlocked", "lockout", &[("pwdAccountLockedTime", old)]),
            ("expired", "expire", &[("pwdChangedTime", old)]),
            ("graced", "grace", &[("pwdChangedTime", old)]),
            ("warned", "warn", &[("pwdChangedTime", &*yesterday)]),
            ("reset", "mustchange", &[("pwdReset", "TRUE")]),
            ("strict", "strict", &[]),
            ("young", "young", &[("pwdChangedTime", &*fresh)]),
            ("fixed", "fixed", &[]),
            ("safe", "safe", &[]),
        ] {
            let policy = at(policy);
            let more = [&[("pwdPolicySubentry", &*policy)], more].concat();
            self.person(name, "people", &more);
        }
    }

    /// A group with too many members for `memberOf`: only the group's entry names them.
    fn crowd(&mut self, bulk: usize) {
        let dns: Vec<String> = (0..bulk)
            .map(|number| format!("uid={},ou=bulk,{BASE}", bulk_name(number)))
            .collect();
        let mut attributes = vec![("objectClass", "groupOfNames"), ("cn", "crowd")];
        attributes.extend(dns.iter().map(|dn| ("member", &**dn)));
        let crowd = format!("cn=crowd,ou=groups,{BASE}");
        self.entry(&crowd, &attributes);
        let attributes = [
            ("objectClass", "groupOfNames"),
            ("cn", "city"),
            ("member", &crowd),
        ];
        self.entry(&format!("cn=city,ou=groups,{BASE}"), &attributes);
    }

    fn groups(&mut self) {
        let person = |name: &str| format!("{},ou=people,{BASE}", rdn(name));
        let group = |name: &str| format!("cn={name},ou=groups,{BASE}");
        for (name, member) in [
            ("staff", person("alice")),
            ("inner", person("bob")),
            ("middle", group("inner")),
            ("outer", group("middle")),
            ("circle-a", group("circle-b")),
            ("odd", person("o\"q;c+p")),
        ] {
            let attributes = [
                ("objectClass", "groupOfNames"),
                ("cn", name),
                ("member", &member),
            ];
            self.entry(&group(name), &attributes);
        }
        let (a, carol) = (group("circle-a"), person("carol"));
        let attributes = [
            ("objectClass", "groupOfNames"),
            ("cn", "circle-b"),
            ("member", &a),
            ("member", &carol),
        ];
        self.entry(&group("circle-b"), &attributes);
        let unix = [
            ("objectClass", "posixGroup"),
            ("cn", "unix"),
            ("gidNumber", "5001"),
            ("memberUid", "dave"),
        ];
        self.entry(&group("unix"), &unix);
        let fake = [
            ("objectClass", "groupOfNames"),
            ("cn", "outer"),
            ("member", &carol),
        ];
        self.entry(&format!("cn=outer,ou=fakegroups,{BASE}"), &fake);
    }
}

/// `uid=` and the name, escaped (RFC 4514).
pub fn rdn(name: &str) -> String {
    let mut text = "uid=".to_owned();
    for c in name.chars() {
        match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => {
                write!(text, "\\{:02x}", u32::from(c)).unwrap()
            }
            '#' => text.push_str("\\23"),
            _ => text.push(c),
        }
    }
    text
}

fn seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn today() -> u64 {
    seconds() / 86_400
}

/// A time in LDAP's syntax (GeneralizedTime), from a date of date(1).
fn date(when: &str) -> String {
    let mut date = std::process::Command::new("date");
    date.args(["-u", "-d", when, "+%Y%m%d%H%M%SZ"]);
    let output = date.output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0u32, |group, byte| group << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = DIGITS[(group >> (18 - 6 * place) & 63) as usize] as char;
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}
