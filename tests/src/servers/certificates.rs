//! Authorities, and what they vouch for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Certificates in a directory: `ca.pem`, `other-ca.pem`, and one of each [`Kind`].
pub struct Certificates(PathBuf);

/// What can be wrong with a server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: by our authority, for `localhost` and `127.0.0.1`.
    Good,
    /// Its time is over.
    Expired,
    /// It is somebody else's.
    OtherName,
    /// An authority nobody asked vouches for it.
    OtherAuthority,
    /// It vouches for itself.
    SelfSigned,
}

const NAMES: &str = "DNS:localhost,IP:127.0.0.1,IP:::1";

impl Certificates {
    /// Makes the two authorities.
    pub fn make(dir: &Path) -> Self {
        let own = Self(dir.to_owned());
        for ca in ["ca", "other-ca"] {
            own.self_signed(ca, &["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
        }
        own
    }

    /// The authority the worker is to trust.
    pub fn authority(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// Makes a certificate; its file and its key's.
    pub fn issue(&self, kind: Kind) -> (PathBuf, PathBuf) {
        let file = |name: &str| self.0.join(name);
        match kind {
            Kind::Good => self.signed("server", NAMES, "ca", "30"),
            Kind::Expired => self.signed("expired", NAMES, "ca", "-1"),
            Kind::OtherName => self.signed("elsewhere", "DNS:elsewhere.example", "ca", "30"),
            Kind::OtherAuthority => self.signed("stranger", NAMES, "other-ca", "30"),
            Kind::SelfSigned => {
                self.self_signed("own", &["-addext", &format!("subjectAltName={NAMES}")]);
                (file("own.pem"), file("own.key"))
            }
        }
    }

    /// A certificate for a client, by our authority.
    pub fn client(&self, name: &str) -> (PathBuf, PathBuf) {
        self.signed(name, &format!("DNS:{name}.example"), "ca", "30")
    }

    fn self_signed(&self, name: &str, more: &[&str]) {
        let (pem, key) = (format!("{name}.pem"), format!("{name}.key"));
        let subject = format!("/CN={name}");
        let mut arguments = vec!["req", "-x509", "-days", "30", "-subj", &subject];
        arguments.extend(["-out", &pem, "-keyout", &key]);
        arguments.extend(KEY);
        arguments.extend(more);
        self.openssl(&arguments);
    }

    fn signed(&self, name: &str, names: &str, ca: &str, days: &str) -> (PathBuf, PathBuf) {
        let [pem, key, csr] = ["pem", "key", "csr"].map(|end| format!("{name}.{end}"));
        let subject = format!("/CN={name}");
        let mut arguments = vec!["req", "-subj", &subject, "-out", &csr, "-keyout", &key];
        arguments.extend(KEY);
        self.openssl(&arguments);
        let extensions = format!(
            "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName={names}\n"
        );
        let extfile = format!("{name}.ext");
        std::fs::write(self.0.join(&extfile), extensions).unwrap();
        let [ca_pem, ca_key] = ["pem", "key"].map(|end| format!("{ca}.{end}"));
        let signing = [
            "x509",
            "-req",
            "-in",
            &csr,
            "-out",
            &pem,
            "-CA",
            &ca_pem,
            "-CAkey",
            &ca_key,
            "-CAcreateserial",
            "-days",
            days,
            "-extfile",
            &extfile,
        ];
        self.openssl(&signing);
        (self.0.join(pem), self.0.join(key))
    }

    fn openssl(&self, arguments: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.args(arguments).current_dir(&self.0);
        let output = openssl.stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments:?}: {errors}");
    }
}

const KEY: [&str; 5] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
];
