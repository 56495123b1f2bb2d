//! The configuration of each peer: as its documentation says, and otherwise the defaults.

use std::fs;
use std::path::PathBuf;

use authchain_tests::servers::directory::BASE;
use authchain_tests::servers::slapd::Slapd;

use super::chroot::{CORNER, Chroot};
use super::drive::SERVICES;
use super::peer::Peer;
use super::release::stripped;

/// The server's host name. Not `localhost`, for which libldap uses another name.
pub const SERVER: &str = "ldap.example.test";

/// The daemons.
pub const DAEMONS: [(Peer, &[&str]); 2] = [
    (Peer::Nslcd, &["nslcd", "-n"]),
    (Peer::Sssd, &["sssd", "-i", "--logger=files"]),
];

const PASSWD: &str = "authchain:x:990:990::/nonexistent:/usr/sbin/nologin\n\
                      laura:x:1500:1500::/home/laura:/bin/sh\n";

/// `correct horse`, hashed as Debian's passwd(1) does.
const YESCRYPT: &str = "$y$j9T$demodemodemodemodemo..$5E1a5OYRmHrOTCG.3tDkCjKbbBJoJKae3hZ/9dA5uM5";

/// Writes the files of all peers.
pub fn everything(chroot: &Chroot, slapd: &Slapd) {
    let setup = Setup {
        chroot,
        uri: format!("ldaps://{SERVER}:{}", slapd.tls),
        authority: slapd.certificates().authority(),
    };
    setup.furnish();
    setup.services();
    setup.authchain();
    setup.nslcd();
    setup.sssd();
}

struct Setup<'a> {
    chroot: &'a Chroot,
    uri: String,
    authority: PathBuf,
}

impl Setup<'_> {
    fn furnish(&self) {
        let chroot = &self.chroot;
        let own = std::env::current_exe().unwrap();
        chroot.copy(&own, &format!("{CORNER}/driver"), 0o755);
        chroot.copy(&self.authority, &format!("{CORNER}/ca.pem"), 0o644);
        chroot.write(
            "/etc/hosts",
            0o644,
            &format!("127.0.0.1 localhost {SERVER}\n"),
        );
        // NSS reads only files: the daemons look users up without it.
        let switch = "passwd: files\ngroup: files\nshadow: files\nhosts: files\n";
        chroot.write("/etc/nsswitch.conf", 0o644, switch);
        chroot.write(&format!("{CORNER}/secret"), 0o600, "svc-secret\n");
        for file in ["passwd", "shadow"] {
            self.add_locals(file);
        }
    }

    /// Adds the worker's user, and a local user with a hash of Debian's passwd(1).
    fn add_locals(&self, file: &str) {
        let path = format!("/etc/{file}");
        let before = fs::read_to_string(self.chroot.outside(&path)).unwrap();
        let is_ours = |line: &&str| line.starts_with("authchain:") || line.starts_with("laura:");
        let mut text: String = (before.lines().filter(|line| !is_ours(line)))
            .map(|line| format!("{line}\n"))
            .collect();
        let (lines, mode) = match file {
            "passwd" => (PASSWD.to_owned(), 0o644),
            _ => (
                format!("authchain:!:20000::::::\nlaura:{YESCRYPT}:20000:0:99999:7:::\n"),
                0o640,
            ),
        };
        text += &lines;
        self.chroot.write(&path, mode, &text);
    }

    fn services(&self) {
        let module = format!("{CORNER}/pam_authchain.so");
        let modules = [
            (
                Peer::Authchain,
                format!("{module} nodelay config={CORNER}/alone.toml"),
                "",
            ),
            (Peer::Nslcd, "pam_ldap.so".to_owned(), "use_first_pass"),
            (Peer::Sssd, "pam_sss.so".to_owned(), "use_first_pass"),
        ];
        for (peer, line, behind) in modules {
            let name = peer.service();
            self.service(
                name,
                &format!("auth required {line}\naccount required {line}\n"),
            );
            let stack = match peer {
                // Our module has local files in its own chain.
                Peer::Authchain => {
                    let line = format!("{module} nodelay config={CORNER}/behind.toml");
                    format!("auth required {line}\naccount required {line}\n")
                }
                _ => format!(
                    "auth [success=2 default=ignore] pam_unix.so nodelay\n\
                     auth [success=1 default=ignore] {line} {behind}\n\
                     auth requisite pam_deny.so\nauth required pam_permit.so\n\
                     account required {line}\n"
                ),
            };
            self.service(&format!("{name}-behind"), &stack);
        }
        // libpam loads `other` too. The distribution's `other` would add to the measurement.
        self.service(
            "other",
            "auth required pam_deny.so\naccount required pam_deny.so\n",
        );
    }

    fn service(&self, name: &str, stack: &str) {
        self.chroot
            .write(&format!("{SERVICES}/{name}"), 0o644, stack);
    }

    fn authchain(&self) {
        for (built, name) in [
            ("libpam_authchain.so", "pam_authchain.so"),
            ("authchain-worker", "authchain-worker"),
        ] {
            stripped(built, &self.chroot.outside(&format!("{CORNER}/{name}")));
        }
        for (file, chain) in [("alone", "\"corp\""), ("behind", "\"local\", \"corp\"")] {
            let text = format!(
                "chain = [{chain}]\nworker = \"{CORNER}/authchain-worker\"\nrun_dir = \"{CORNER}/run\"\n\
                 log_socket = \"{CORNER}/nobody-listens\"\n\
                 [backend.corp]\ntype = \"ldap\"\nuris = [\"{uri}\"]\nbase = \"{BASE}\"\n\
                 bind_dn = \"cn=svc,{BASE}\"\nbind_password_file = \"{CORNER}/secret\"\n\
                 tls_ca_file = \"{CORNER}/ca.pem\"\n",
                uri = self.uri,
            );
            self.chroot
                .write(&format!("{CORNER}/{file}.toml"), 0o644, &text);
        }
    }

    fn nslcd(&self) {
        let text = format!(
            "uid nslcd\ngid nslcd\nuri {uri}\nbase {BASE}\nbinddn cn=svc,{BASE}\nbindpw svc-secret\n\
             tls_reqcert demand\ntls_cacertfile {CORNER}/ca.pem\n",
            uri = self.uri,
        );
        self.chroot.write("/etc/nslcd.conf", 0o640, &text);
        // nslcd's init script does this.
        let mut chown = self.chroot.command(&["chown", "nslcd:nslcd", "/run/nslcd"]);
        assert!(chown.status().unwrap().success());
    }

    fn sssd(&self) {
        let text = format!(
            "[sssd]\nservices = nss, pam\ndomains = corp\n[domain/corp]\nid_provider = ldap\n\
             auth_provider = ldap\nldap_uri = {uri}\nldap_search_base = {BASE}\n\
             ldap_default_bind_dn = cn=svc,{BASE}\nldap_default_authtok = svc-secret\n\
             ldap_tls_reqcert = demand\nldap_tls_cacert = {CORNER}/ca.pem\ncache_credentials = false\n",
            uri = self.uri,
        );
        self.chroot.write("/etc/sssd/sssd.conf", 0o600, &text);
    }
}
