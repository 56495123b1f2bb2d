//! OpenLDAP in a temporary directory.

use std::fs::{self, File, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::certificates::{Certificates, Kind};
use super::directory::{self, BASE};
use super::free_port;
use crate::need;

/// A running slapd.
pub struct Slapd {
    process: Child,
    dir: TempDir,
    certificates: Certificates,
    watches: bool,
    /// The port without TLS, and with StartTLS.
    pub plain: u16,
    /// The port with TLS.
    pub tls: u16,
}

/// The kind of server to start.
pub struct Plan {
    /// The kind of its certificate.
    pub certificate: Kind,
    /// The number of people in `ou=bulk`.
    pub bulk: usize,
    /// The port to which its referrals point: `ou=away`, and one among the groups.
    pub referral: Option<u16>,
    /// Whether it has an access log and a password policy.
    pub watches: bool,
    /// The `limits` of slapd.conf(5).
    pub limits: &'static str,
    /// Whether people may write their own entries, as in many directories.
    pub by_self_write: bool,
    /// Rules of slapd.access(5) that come before the usual ones.
    pub access: &'static str,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            certificate: Kind::Good,
            bulk: 0,
            referral: None,
            watches: true,
            limits: "",
            by_self_write: false,
            access: "",
        }
    }
}

impl Slapd {
    /// Starts a server. `None`, said loudly, where there is no slapd.
    pub fn start(plan: &Plan) -> Option<Self> {
        if !(need::file("a server", "/usr/sbin/slapd")
            && need::file("a server", "/usr/bin/openssl")
            && need::file("a server", "/usr/bin/ldapadd"))
        {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        // Open to all: the worker has dropped its user when it connects to the socket in this
        // directory.
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let certificates = Certificates::make(dir.path());
        let (plain, tls) = (free_port(), free_port());
        configure(dir.path(), &certificates.issue(plan.certificate), plan);
        let ldif = directory::ldif(plan.bulk);
        let groups = format!("ou=groups,{BASE}");
        let away = |port| [BASE, &groups].map(|parent| directory::referral("away", parent, port));
        let away = plan
            .referral
            .map_or_else(String::new, |port| away(port).concat());
        fs::write(dir.path().join("people.ldif"), ldif.people + &away).unwrap();
        fs::write(dir.path().join("groups.ldif"), ldif.groups).unwrap();
        fill(dir.path());
        let process = launch(dir.path(), plain, tls, plan.watches);
        let slapd = Self {
            process,
            dir,
            certificates,
            watches: plan.watches,
            plain,
            tls,
        };
        slapd.wait();
        slapd.add_groups();
        Some(slapd)
    }

    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.tls)).is_err() {
            assert!(Instant::now() < end, "slapd does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn add_groups(&self) {
        self.add(&self.path("groups.ldif"));
    }

    /// Adds the entries of a file, as the administrator.
    pub fn add(&self, ldif: &Path) {
        let uri = format!("ldap://127.0.0.1:{}", self.plain);
        let mut add = Command::new("/usr/bin/ldapadd");
        add.args([
            "-x",
            "-H",
            &uri,
            "-D",
            &format!("cn=admin,{BASE}"),
            "-w",
            "admin-secret",
        ]);
        run(add.arg("-f").arg(ldif));
    }

    /// Changes an entry as the person `name`. Returns whether the server allows it.
    pub fn modify_as(&self, name: &str, ldif: &str) -> bool {
        let uri = format!("ldap://127.0.0.1:{}", self.plain);
        let dn = format!("{},ou=people,{BASE}", directory::rdn(name));
        let mut modify = Command::new("/usr/bin/ldapmodify");
        modify.args(["-x", "-H", &uri, "-D", &dn, "-w", &format!("pw-{name}")]);
        fs::write(self.path("change.ldif"), ldif).unwrap();
        let output = modify.arg("-f").arg(self.path("change.ldif")).output();
        let output = output.unwrap();

        output.status.success()
    }

    /// The path of a file of this server.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The authorities that signed its certificate, or could have.
    pub fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// `ldaps://`, by name.
    pub fn ldaps(&self) -> String {
        format!("ldaps://localhost:{}", self.tls)
    }

    /// `ldap://`, by name.
    pub fn ldap(&self) -> String {
        format!("ldap://localhost:{}", self.plain)
    }

    /// `ldapi://`.
    pub fn ldapi(&self) -> String {
        let path = self.path("ldapi");
        format!("ldapi://{}", path.to_str().unwrap().replace('/', "%2F"))
    }

    /// Settings that work: ldaps, the service's login, people and groups.
    pub fn settings(&self) -> Value {
        let secret = self.secret("svc-secret");
        json!({
            "uris": [self.ldaps()],
            "tls_ca_file": self.certificates.authority(),
            "base": BASE,
            "group_base": format!("ou=groups,{BASE}"),
            "bind_dn": format!("cn=svc,{BASE}"),
            "bind_password_file": secret,
        })
    }

    /// [`settings`](Self::settings) as lines of TOML, which has the strings and lists of JSON.
    pub fn settings_as_toml(&self) -> String {
        let settings = self.settings();
        let lines = settings.as_object().unwrap().iter();
        lines
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect()
    }

    /// Writes a password to a file.
    pub fn secret(&self, password: &str) -> PathBuf {
        let path = self.path(&format!("{password}.secret"));
        fs::write(&path, format!("{password}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The log: connections, operations, results.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("slapd.log")).unwrap()).into_owned()
    }

    /// The number of connections so far.
    pub fn connections(&self) -> usize {
        let log = self.log();
        log.lines()
            .filter(|line| line.contains(" ACCEPT from "))
            .count()
    }

    /// The number of binds so far, except those of the service and the administrator.
    pub fn binds_of_people(&self) -> usize {
        let log = self.log();
        let binds = log
            .lines()
            .filter(|line| line.contains(" BIND dn=") && line.contains("method="));
        binds
            .filter(|line| !line.contains("cn=svc") && !line.contains("cn=admin"))
            .count()
    }

    /// Ends the server, so that its ports are closed.
    pub fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts the server again after [`stop`](Self::stop), with the same people on the same ports.
    pub fn start_again(&mut self) {
        self.process = launch(self.dir.path(), self.plain, self.tls, self.watches);
        self.wait();
    }

    /// Stops the server's process: its connections stay open and get no answers.
    pub fn freeze(&self) {
        self.signal(nix::sys::signal::Signal::SIGSTOP);
        while !self.is_frozen() {
            std::thread::yield_now();
        }
    }

    /// Lets the server's process continue.
    pub fn thaw(&self) {
        self.signal(nix::sys::signal::Signal::SIGCONT);
    }

    /// Whether every thread of the process has stopped.
    fn is_frozen(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        threads.into_iter().all(|thread| {
            let status = fs::read_to_string(thread.unwrap().path().join("status"));
            status.unwrap_or_default().contains("State:\tT")
        })
    }

    fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.process.id().try_into().unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // By its handle, so that no other slapd is ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn configure(dir: &Path, (certificate, key): &(PathBuf, PathBuf), plan: &Plan) {
    let own = nix::unistd::geteuid();
    let show = |path: &Path| path.display().to_string();
    let text = format!(
        r#"include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
{memberof_type}pidfile {dir}/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb.so
moduleload ppolicy.so
{memberof_module}TLSCACertificateFile {ca}
TLSCertificateFile {certificate}
TLSCertificateKeyFile {key}
TLSVerifyClient try
sizelimit 500
allow bind_anon_cred bind_anon_dn
authz-regexp "gidNumber=[0-9]+\\+uidNumber=[0-9]+,cn=peercred,cn=external,cn=auth" "cn=svc,{BASE}"
authz-regexp "cn=svc" "cn=svc,{BASE}"
database mdb
suffix {BASE}
rootdn cn=admin,{BASE}
rootpw admin-secret
directory {dir}/db
maxsize 268435456
dbnosync
index objectClass,cn,uid,memberUid,gidNumber,member eq
{access}access to attrs=userPassword by self write by anonymous auth by * none
access to * by dn.exact="cn=blind,{BASE}" none{by_self} by users read by anonymous search
{memberof}{policy}{limits}
"#,
        by_self = if plan.by_self_write {
            " by self write"
        } else {
            ""
        },
        memberof_type = if plan.by_self_write { MEMBER_OF } else { "" },
        memberof = if plan.by_self_write {
            ""
        } else {
            "overlay memberof\n"
        },
        memberof_module = if plan.by_self_write {
            ""
        } else {
            "moduleload memberof.so\n"
        },
        policy = if plan.watches { POLICY } else { "" },
        limits = plan.limits,
        access = plan.access,
        dir = show(dir),
        ca = show(&dir.join("ca.pem")),
        certificate = show(certificate),
        key = show(key),
    );
    assert!(own.is_root() || dir.starts_with(std::env::temp_dir()));
    fs::write(dir.join("slapd.conf"), text).unwrap();
    fs::create_dir(dir.join("db")).unwrap();
}

/// `memberOf` as in other servers: an attribute that anybody with write access may set.
const MEMBER_OF: &str = "attributetype ( 1.2.840.113556.1.2.102 NAME 'memberOf' \
    EQUALITY distinguishedNameMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )\n";

const POLICY: &str = "\
overlay ppolicy
ppolicy_default cn=default,ou=policies,dc=example,dc=test
ppolicy_use_lockout
";

fn fill(dir: &Path) {
    let mut add = Command::new("/usr/sbin/slapadd");
    add.arg("-q")
        .arg("-w")
        .arg("-f")
        .arg(dir.join("slapd.conf"));
    run(add.arg("-l").arg(dir.join("people.ldif")));
}

fn launch(dir: &Path, plain: u16, tls: u16, watches: bool) -> Child {
    let socket = dir.join("ldapi").to_str().unwrap().replace('/', "%2F");
    let urls =
        format!("ldap://127.0.0.1:{plain} ldaps://127.0.0.1:{tls} ldapi://{socket}/????x-mod=0777");
    let log = File::create(dir.join("slapd.log")).unwrap();
    Command::new("/usr/sbin/slapd")
        .arg("-f")
        .arg(dir.join("slapd.conf"))
        .args(["-h", &urls, "-d", if watches { "stats" } else { "0" }])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
}
