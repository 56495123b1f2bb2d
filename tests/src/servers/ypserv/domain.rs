//! The people in the maps of the domain.

use authchain::files::password_hash::NewHash;
use authchain::words::Secret;

/// The name of the domain.
pub const NAME: &str = "lab.nis";

/// The password of everybody in [`METHODS`].
pub const PASSWORD: &str = "correct horse";

/// A hash of [`PASSWORD`] by every method, and whether the method is weak. Made with crypt(3) of
/// libxcrypt 4.4.33, the argon2 one, which takes 200 MiB, with the reference implementation.
pub const METHODS: &[(&str, bool, &str)] = &[
    ("des", true, "abhfCpXqd4GrI"),
    ("bsdi", true, "_J9..SDSDK4tlpJ87go."),
    ("md5", true, "$1$saltsalt$NuzA7WTAelpl95xgBGWN60"),
    (
        "sun",
        true,
        "$md5,rounds=100$saltsalt$$q88IIAyAdrhjr0PiOMwir/",
    ),
    (
        "sha1",
        true,
        "$sha1$40000$saltsalt$Gfaj8GiG/0TFhwyxC4WnXzRAyGlA",
    ),
    ("nt", true, "$3$$cfc43211ba8dc470832267827cac1407"),
    (
        "bcrypt",
        false,
        "$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2",
    ),
    (
        "sha256",
        false,
        "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
    ),
    (
        "sha512",
        false,
        "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0",
    ),
    (
        "rounds",
        false,
        "$6$rounds=1000$a.verylongsaltmo$pygZM3wKux5Re6hyjqmskXT1dsHHFirUumVbFu0nx0zigmiN56QEzm9BUlDYwL/s1Aib3PX7W4ymYWBYFPf2V1",
    ),
    (
        "scrypt",
        false,
        "$7$CU..../....SodiumChloride$Yw7JGvjxkSv2Fvi7sJpBeLiTTtUGxnbZZs6HOj7nC3/",
    ),
    (
        "yes",
        false,
        "$y$j9T$saltsalt$IFUVMd9IZg.1qt0VDKUmwCd8zfLLrtDA9mffjiD5skD",
    ),
    (
        "yes-big",
        false,
        "$y$jDT$Rz3LP5SNPDrnz76lN3ukf1$taoGexwYankIDX7Dkg/vpp1FWAo6fShzBOR7pQ0Yh14",
    ),
    (
        "gost",
        false,
        "$gy$j75$saltsalt$Xm9A06cSx8F8nMilXIOZasjGmTGYYPpDSSFrTJ5xad2",
    ),
    (
        "argon-big",
        false,
        "$argon2id$v=19$m=204800,t=1,p=1$c2FsdHNhbHRzYWx0$YhQVQuL+k3ZduX/JuoLsq3wfWf5GcksWBgZMmZ+4vFg",
    ),
];

/// The slowest hash of [`PASSWORD`] that is not refused: one second, and two with the longest
/// password.
pub const SLOW: &str = "$6$rounds=1000000$saltsalt$\
    hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEiUvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0";

/// Rules of Debian's server for the maps with hashes: ports below 1024 only.
pub const RULES: &str = "*:*:shadow.byname:port\n*:*:passwd.adjunct.byname:port\n*:*:*:none\n";

/// The lines of the maps, as in the files they are made of.
#[derive(Debug, Clone, Default)]
pub struct Domain {
    /// passwd(5)
    pub passwd: Vec<String>,
    /// shadow(5)
    pub shadow: Vec<String>,
    /// name:hash:::::
    pub adjunct: Vec<String>,
    /// group(5)
    pub group: Vec<String>,
    /// The server that makes the maps. None: `stage`, the machine itself.
    pub master: Option<&'static str>,
}

/// A hash of `password` that is quickly computed.
pub fn hash(password: &str) -> String {
    let secret = Secret::new(password.as_bytes().to_vec());
    NewHash::Sha512crypt
        .make(&secret, b"sixteen bytes of")
        .unwrap()
}

impl Domain {
    /// All people of the tests. The password is [`PASSWORD`] for those in [`METHODS`], and
    /// otherwise `pw-` and the name.
    pub fn usual() -> Self {
        let mut domain = Self::default();
        for (uid, (name, _, hash)) in (2001..).zip(METHODS) {
            domain.add(name, uid, hash);
        }
        for (name, uid) in [
            ("ann", 2101),
            ("\u{fc}gli", 2102),
            ("rootish", 0),
            ("system", 999),
        ] {
            domain.add(name, uid, &own_hash(name));
        }
        domain.add("locked", 2103, &format!("!{}", own_hash("locked")));
        for (name, uid, stored) in [
            ("empty", 2104, ""),
            ("star", 2105, "*"),
            ("noshadow", 2106, "x"),
            ("costly", 2107, "$6$rounds=999999999$salt$digest"),
            ("stranger", 2108, "##ann"),
        ] {
            domain.add(name, uid, stored);
        }
        domain.passwd.push("short".to_owned());
        domain.passwd.push("odd:x:0x7:1:::".to_owned());
        for (name, uid, ageing) in [
            ("shadowed", 2201, "19000:0:99999:7:::"),
            ("expired", 2202, "19000:0:99999:7::19001:"),
            ("forced", 2203, "0:0:99999:7:::"),
            ("ended", 2204, "10000:0:90:7:1::"),
        ] {
            domain.add(name, uid, "x");
            domain
                .shadow
                .push(format!("{name}:{}:{ageing}", own_hash(name)));
        }
        domain.add("adjoined", 2301, "##adjoined");
        domain
            .adjunct
            .push(format!("adjoined:{}:::::", own_hash("adjoined")));
        domain.group = [
            "users:*:100:",
            "staff:*:500:ann,shadowed",
            "\u{fc}bung:*:501:\u{fc}gli",
            "others:*:502:anna,an",
            "short:*:503",
        ]
        .map(str::to_owned)
        .into();
        domain
    }

    /// Adds a line to the passwd map.
    pub fn add(&mut self, name: &str, uid: u32, stored: &str) {
        let line = format!("{name}:{stored}:{uid}:100:{name} of NIS:/home/{name}:/bin/sh");
        self.passwd.push(line);
    }

    /// Changes the hash of `name` in the passwd map.
    #[must_use]
    pub fn with_hash(mut self, name: &str, hash: &str) -> Self {
        for line in &mut self.passwd {
            let mut fields: Vec<&str> = line.split(':').collect();
            if fields[0] == name {
                fields[1] = hash;
                *line = fields.join(":");
            }
        }
        self
    }

    /// The names and user ids of the lines that have both.
    pub fn people(&self) -> Vec<(String, u32)> {
        let person = |line: &String| {
            let mut fields = line.split(':');
            let (name, uid) = (fields.next()?, fields.nth(1)?);
            Some((name.to_owned(), uid.parse().ok()?))
        };
        self.passwd.iter().filter_map(person).collect()
    }

    /// Each map with its input for makedbm: the key, a tab, the line.
    pub fn maps(&self) -> [(&'static str, String); 5] {
        [
            ("passwd.byname", 0, &self.passwd),
            ("shadow.byname", 0, &self.shadow),
            ("passwd.adjunct.byname", 0, &self.adjunct),
            ("group.byname", 0, &self.group),
            ("group.bygid", 2, &self.group),
        ]
        .map(|(map, field, lines)| {
            let keyed = lines.iter().map(|line| {
                let key = line.split(':').nth(field).unwrap_or_default();
                format!("{key}\t{line}\n")
            });
            (map, keyed.collect())
        })
    }
}

fn own_hash(name: &str) -> String {
    hash(&format!("pw-{name}"))
}
