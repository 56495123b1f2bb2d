//! Authorities, and the certificates and lists that they sign.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Certificates in a directory: `ca.pem`, `other-ca.pem`, and one of each [`Kind`].
pub struct Certificates(PathBuf);

/// The kinds of server certificates, most of which are faulty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Valid: signed by our authority for `localhost`, `ldap.example.test` and `127.0.0.1`.
    Good,
    /// Expired.
    Expired,
    /// Valid for ten days more.
    Ending,
    /// For another host.
    OtherName,
    /// Signed by an authority that is not trusted.
    OtherAuthority,
    /// Signed by itself, and a certificate of an authority (CA:TRUE).
    SelfSigned,
    /// Signed by itself, and a certificate of a server (CA:FALSE).
    SelfSignedServer,
    /// Signed with a server's certificate (CA:FALSE), `server.pem`.
    ByServer,
    /// Without extensions, and so of X.509 version 1.
    Version1,
    /// Signed by our authority with SHA-1.
    Sha1,
    /// For clients only.
    Client,
    /// With 127.0.0.1 as a DNS name.
    AddressAsName,
    /// Valid: signed by an intermediate authority, `middle.pem`.
    ByAnother,
}

const NAMES: &str = "DNS:localhost,DNS:ldap.example.test,IP:127.0.0.1,IP:::1";

impl Certificates {
    /// Makes the two authorities.
    pub fn make(dir: &Path) -> Self {
        let own = Self(dir.to_owned());
        for ca in ["ca", "other-ca"] {
            own.self_signed(ca, &["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
        }
        own
    }

    /// The certificate of the authority that the worker is to trust.
    pub fn authority(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// Makes a certificate. Returns its file and the key's.
    pub fn issue(&self, kind: Kind) -> (PathBuf, PathBuf) {
        let file = |name: &str| self.0.join(name);
        match kind {
            Kind::Good => self.signed("server", NAMES, "ca", 365),
            Kind::Ending => self.signed("ending", NAMES, "ca", 10),
            Kind::Expired => self.expired(),
            Kind::OtherName => self.signed("elsewhere", "DNS:elsewhere.example", "ca", 365),
            Kind::OtherAuthority => self.signed("stranger", NAMES, "other-ca", 365),
            Kind::ByAnother => self.by_another(),
            Kind::SelfSigned => {
                self.self_signed("own", &["-addext", &format!("subjectAltName={NAMES}")]);
                (file("own.pem"), file("own.key"))
            }
            Kind::SelfSignedServer => {
                let days = ["-days", "365", "-signkey", "own-server.key"];
                self.request("own-server", &names(NAMES));
                self.sign("own-server", &days)
            }
            Kind::ByServer => {
                self.signed("server", NAMES, "ca", 365);
                self.signed("by-server", NAMES, "server", 365)
            }
            Kind::Version1 => self.version1(),
            Kind::Sha1 => self.signed_by("sha1", &names(NAMES), "ca", &["-sha1"]),
            Kind::Client => {
                let extensions = format!("extendedKeyUsage=clientAuth\nsubjectAltName={NAMES}\n");
                self.signed_to_say("client-only", &extensions, "ca", 365)
            }
            Kind::AddressAsName => self.signed("address", "DNS:127.0.0.1", "ca", 365),
        }
    }

    /// Makes a certificate by our authority for a server with these names. Returns its file and the
    /// key's.
    pub fn issue_for(&self, file: &str, names: &str) -> (PathBuf, PathBuf) {
        self.signed(file, names, "ca", 365)
    }

    /// Makes a revocation list of our authority that revokes this certificate, if any. The next
    /// update is due at the end of the year. Returns its file.
    pub fn revocations(&self, name: &str, revoked: Option<&Path>, year: u16) -> PathBuf {
        self.revocations_of("ca", name, revoked, year)
    }

    /// Makes such a list by another authority.
    pub fn revocations_of(
        &self,
        ca: &str,
        name: &str,
        revoked: Option<&Path>,
        year: u16,
    ) -> PathBuf {
        let config = "[ca]\ndefault_ca=d\n[d]\ndatabase=LIST.index\ncrlnumber=LIST.number\n\
                      default_md=sha256\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n";
        let file = |end: &str| format!("{name}.{end}");
        for (end, text) in [("cnf", config), ("index", ""), ("number", "1000\n")] {
            std::fs::write(self.0.join(file(end)), text.replace("LIST", name)).unwrap();
        }
        let [config, pem] = ["cnf", "crl"].map(file);
        let [ca_pem, ca_key] = ["pem", "key"].map(|end| format!("{ca}.{end}"));
        let authority = [
            "ca", "-config", &config, "-cert", &ca_pem, "-keyfile", &ca_key,
        ];
        if let Some(revoked) = revoked {
            self.openssl(&[&authority[..], &["-revoke", revoked.to_str().unwrap()]].concat());
        }
        let end = format!("{year}1231235959Z");
        let dates = [
            "-crl_lastupdate",
            "20200101000000Z",
            "-crl_nextupdate",
            &end,
        ];
        self.openssl(&[&authority[..], &["-gencrl", "-out", &pem], &dates].concat());
        self.0.join(pem)
    }

    /// Makes a certificate for a client, signed by our authority.
    pub fn client(&self, name: &str) -> (PathBuf, PathBuf) {
        self.signed(name, &format!("DNS:{name}.example"), "ca", 365)
    }

    fn self_signed(&self, name: &str, more: &[&str]) {
        let (pem, key) = (format!("{name}.pem"), format!("{name}.key"));
        let subject = format!("/CN={name}");
        let mut arguments = vec!["req", "-x509", "-days", "365", "-subj", &subject];
        arguments.extend(["-out", &pem, "-keyout", &key]);
        arguments.extend(KEY);
        arguments.extend(more);
        self.openssl(&arguments);
    }

    fn signed(&self, name: &str, names_: &str, ca: &str, days: u32) -> (PathBuf, PathBuf) {
        self.signed_to_say(name, &names(names_), ca, days)
    }

    /// Makes a server certificate that an intermediate authority signs. Its file holds the
    /// authority's certificate too.
    fn by_another(&self) -> (PathBuf, PathBuf) {
        let extensions =
            "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
        let (middle, _) = self.signed_to_say("middle", extensions, "ca", 365);
        let (own, key) = self.signed("chained", NAMES, "middle", 365);
        let chain = [&own, &middle].map(|file| std::fs::read(file).unwrap());
        std::fs::write(&own, chain.concat()).unwrap();
        (own, key)
    }

    fn signed_to_say(&self, name: &str, text: &str, ca: &str, days: u32) -> (PathBuf, PathBuf) {
        self.signed_by(name, text, ca, &["-days", &days.to_string()])
    }

    fn signed_by(&self, name: &str, text: &str, ca: &str, more: &[&str]) -> (PathBuf, PathBuf) {
        self.request(name, text);
        let [ca_pem, ca_key] = ["pem", "key"].map(|end| format!("{ca}.{end}"));
        let by = ["-CA", &ca_pem, "-CAkey", &ca_key, "-CAcreateserial"];
        self.sign(name, &[&by[..], more].concat())
    }

    /// A certificate of version 1, which OpenSSL 3.4 and later makes only when told to.
    fn version1(&self) -> (PathBuf, PathBuf) {
        self.request("version1", "");
        let mut making = Command::new("openssl");
        making.current_dir(&self.0).args([
            "req",
            "-x509v1",
            // Debian's own would make an authority of it.
            "-config",
            "/dev/null",
            "-in",
            "version1.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-days",
            "365",
            "-out",
            "version1.pem",
        ]);
        if !making.output().unwrap().status.success() {
            return self.signed_to_say("version1", "", "ca", 365);
        }
        ["version1.pem", "version1.key"]
            .map(|file| self.0.join(file))
            .into()
    }

    /// Signs the request `NAME.csr` with the extensions in `NAME.ext`.
    fn sign(&self, name: &str, more: &[&str]) -> (PathBuf, PathBuf) {
        let [csr, extfile, pem, key] =
            ["csr", "ext", "pem", "key"].map(|end| format!("{name}.{end}"));
        let mut signing = vec!["x509", "-req", "-in", &csr, "-out", &pem];
        if !std::fs::read(self.0.join(&extfile)).unwrap().is_empty() {
            signing.extend(["-extfile", &extfile]);
        }
        signing.extend(more);
        self.openssl(&signing);
        (self.0.join(pem), self.0.join(key))
    }

    /// Makes a certificate of a past year. Only `openssl ca` can set such a date.
    fn expired(&self) -> (PathBuf, PathBuf) {
        let extensions = format!("basicConstraints=CA:FALSE\nsubjectAltName={NAMES}\n");
        let [csr, extfile] = self.request("expired", &extensions);
        let config = "[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\nserial=serial\n\
                      default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n";
        for (file, text) in [("ca.cnf", config), ("index", ""), ("serial", "1000\n")] {
            std::fs::write(self.0.join(file), text).unwrap();
        }
        let mut signing = vec!["ca", "-batch", "-notext", "-config", "ca.cnf"];
        signing.extend([
            "-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", &extfile,
        ]);
        signing.extend([
            "-startdate",
            "20200101000000Z",
            "-enddate",
            "20210101000000Z",
        ]);
        signing.extend(["-in", &csr, "-out", "expired.pem"]);
        self.openssl(&signing);
        (self.0.join("expired.pem"), self.0.join("expired.key"))
    }

    /// Makes a key, a signing request, and the file with the extensions.
    fn request(&self, name: &str, extensions: &str) -> [String; 2] {
        let [csr, key, extfile] = ["csr", "key", "ext"].map(|end| format!("{name}.{end}"));
        let subject = format!("/CN={name}");
        let mut arguments = vec!["req", "-subj", &subject, "-out", &csr, "-keyout", &key];
        arguments.extend(KEY);
        self.openssl(&arguments);
        std::fs::write(self.0.join(&extfile), extensions).unwrap();
        [csr, extfile]
    }

    fn openssl(&self, arguments: &[&str]) {
        let mut openssl = Command::new("openssl");
        openssl.args(arguments).current_dir(&self.0);
        let output = openssl.stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "openssl {arguments:?}: {errors}");
    }
}

/// The extensions of a server's certificate for these names.
fn names(names: &str) -> String {
    format!(
        "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName={names}\n"
    )
}

const KEY: [&str; 5] = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
];
