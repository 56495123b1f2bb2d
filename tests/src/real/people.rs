//! The accounts of a test machine.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;

/// One account.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Login name.
    pub name: String,
    /// The user id, and the group id of the group of this name.
    pub uid: u32,
    /// The right password, if there is one.
    pub password: Option<String>,
    /// Shadow's second field; without it there is no line in shadow.
    pub hash: Option<String>,
    /// Shadow's third to eighth field.
    pub ageing: Option<String>,
}

#[derive(Deserialize)]
struct People {
    person: Vec<Person>,
}

/// Accounts that the hosts themselves need, with their customary directories.
const STAFF: &[(&str, u32)] = &[
    ("daemon", 1),
    ("lp", 7),
    ("sshd", 105),
    ("ftp", 107),
    ("dovecot", 108),
    ("dovenull", 109),
    ("authchain", 110),
    ("nobody", 65534),
];
const GROUPS: &str =
    "tty:x:5:\nmail:x:8:\nshadow:x:42:\nutmp:x:43:\ncrontab:x:102:\nnogroup:x:65534:\n";

/// The people of `stories/people.toml`.
pub fn everybody() -> Vec<Person> {
    let people: People = toml::from_str(include_str!("../../stories/real/people.toml")).unwrap();
    people.person
}

/// The people whom the fake worker knows with `base = "cn=people"`.
pub fn directory() -> Vec<Person> {
    let names = ["dora", "dirk", "doris", "dean", "dina"];
    let known = |(name, uid): (&str, u32)| Person {
        password: Some("opensesame".into()),
        ..Person::known(name, uid)
    };
    names.into_iter().zip(10_001..).map(known).collect()
}

/// The person called `name`.
pub fn person(name: &str) -> Person {
    let everywhere = everybody().into_iter().chain(directory());
    let found = everywhere.into_iter().find(|person| person.name == name);
    found.unwrap_or_else(|| panic!("nobody is called {name}"))
}

impl Person {
    /// A person without a password on the machine.
    pub fn known(name: &str, uid: u32) -> Self {
        Self {
            name: name.to_owned(),
            uid,
            password: None,
            hash: None,
            ageing: None,
        }
    }

    /// The home directory.
    pub fn home(&self) -> String {
        match self.uid {
            0 => "/root".into(),
            _ => format!("/home/{}", self.name),
        }
    }
}

/// Today as shadow counts.
pub fn today() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs() / 86400).unwrap()
}

/// `today-5:0::` → `20401:0::`
pub fn dated(fields: &str) -> String {
    let date = |field: &str| match field.strip_prefix("today") {
        Some("") => today().to_string(),
        Some(offset) => (today() + offset.parse::<i64>().unwrap()).to_string(),
        None => field.to_string(),
    };
    fields.split(':').map(date).collect::<Vec<_>>().join(":")
}

/// The passwd, shadow and group files with these people in them.
pub fn files(people: &[Person]) -> [(&'static str, u32, String); 3] {
    let (mut passwd, mut shadow) = (String::new(), String::new());
    let mut group = GROUPS.to_string();
    for person in people {
        let Person { name, uid, .. } = person;
        let home = person.home();
        passwd += &format!("{name}:x:{uid}:{uid}:{name} of the tests:{home}:/bin/sh\n");
        group += &format!("{name}:x:{uid}:\n");
        if let Some(hash) = &person.hash {
            let ageing = person.ageing.as_deref().unwrap_or("today-10:0:99999:7::");
            shadow += &format!("{name}:{hash}:{}:\n", dated(ageing));
        }
    }
    for (name, uid) in STAFF {
        passwd += &format!("{name}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin\n");
        shadow += &format!("{name}:*:19000:0:99999:7:::\n");
        group += &format!("{name}:x:{uid}:\n");
    }
    [
        ("/etc/passwd", 0o644, passwd),
        ("/etc/shadow", 0o640, shadow),
        ("/etc/group", 0o644, group),
    ]
}
