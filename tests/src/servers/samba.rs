//! A domain: a Samba domain controller in a network of its own.
//!
//! Its ports are fixed, so the network is a namespace, which a test's thread enters. Programs that
//! the thread starts are in it too. Setting up a domain takes ten seconds and more, so it is done
//! once a day in the target directory and copied.

use std::fs::{self, File, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use nix::sched::{CloneFlags, setns};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::asker::Asker;
use super::certificates::Certificates;
use crate::host::built;
use crate::{namespace, need};

/// The domain's DNS name.
pub const DOMAIN: &str = "ad.example.test";
/// The domain's short name.
pub const NETBIOS: &str = "EXAD";
/// The domain's root entry.
pub const BASE: &str = "DC=ad,DC=example,DC=test";
/// The domain controller.
pub const SERVER: &str = "dc1.ad.example.test";
/// The server's address in its network.
pub const ADDRESS: &str = "127.0.0.10";
/// The password of nearly everybody.
pub const PASSWORD: &str = "Us3r-Passw0rd!";
/// The password of the account that searches, `svc`.
pub const SERVICE_PASSWORD: &str = "Svc-Passw0rd!";
/// The password of the domain's administrator.
pub const ADMINISTRATOR_PASSWORD: &str = "Adm1n-Passw0rd!";

const RESOLV_CONF: &str = "nameserver 127.0.0.10\n";
const HOSTS: &str = "127.0.0.1 localhost\n";

/// How long it may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The script that creates the accounts of the domain.
const PEOPLE: &str = include_str!("samba.py");

/// A running domain controller. It ends with the process that started it.
pub struct Samba {
    dir: TempDir,
    process: Child,
    // The domain controller runs as long as this pipe is open.
    _lifeline: ChildStdin,
}

/// Returns the domain controller that all tests of one program share, and moves the calling thread
/// into its network. `None`, said loudly, where there is no Samba.
pub fn domain() -> Option<&'static Samba> {
    static DOMAIN: OnceLock<Option<Samba>> = OnceLock::new();
    let samba = DOMAIN.get_or_init(Samba::start).as_ref()?;
    samba.enter();
    Some(samba)
}

impl Samba {
    fn start() -> Option<Self> {
        Self::start_by(apart)
    }

    /// Starts a separate domain controller; `on_network` is called first, in its new network.
    pub fn start_by(
        on_network: impl FnOnce(Box<dyn FnOnce() -> Child + Send>) -> Child,
    ) -> Option<Self> {
        let needed = [
            "/usr/sbin/samba",
            "/usr/bin/samba-tool",
            "/usr/bin/ldapsearch",
        ];
        if !need::root("a domain") || !needed.iter().all(|file| need::file("a domain", file)) {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let mut copy = Command::new("cp");
        run(copy.arg("-a").arg(provisioned().join(".")).arg(dir.path()));
        fs::write(dir.path().join("etc/smb.conf"), smb_conf(dir.path())).unwrap();
        let folder = dir.path().to_owned();
        let mut process = on_network(Box::new(move || launch(&folder)));
        let lifeline = process.stdin.take().unwrap();
        let samba = Self {
            dir,
            process,
            _lifeline: lifeline,
        };
        samba.wait();
        Some(samba)
    }

    /// Moves the calling thread into the domain's network, where the domain controller is the name
    /// server. Programs that the thread starts are there too.
    pub fn enter(&self) {
        self.enter_network();
        namespace::own_names(RESOLV_CONF, HOSTS);
    }

    fn enter_network(&self) {
        let door = File::open(format!("/proc/{}/ns/net", self.process.id())).unwrap();
        setns(door, CloneFlags::CLONE_NEWNET).expect("setns");
    }

    /// A process in the domain's network.
    pub fn process(&self) -> u32 {
        self.process.id()
    }

    fn wait(&self) {
        let door = || std::thread::scope(|scope| scope.spawn(|| self.is_up()).join().unwrap());
        let end = Instant::now() + PATIENCE;
        while !door() {
            let log = fs::read_to_string(self.path("samba.log")).unwrap_or_default();
            assert!(Instant::now() < end, "samba does not start: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the domain controller answers on the port that it opens last. Enters its network.
    fn is_up(&self) -> bool {
        self.enter_network();
        TcpStream::connect((ADDRESS, 636)).is_ok()
    }

    /// The path of a file of the domain controller.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The certificate of the authority that signed the domain controller's.
    pub fn authority(&self) -> PathBuf {
        self.path("tls/ca.pem")
    }

    /// Writes a password to a file.
    pub fn secret(&self, password: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        password.hash(&mut hasher);
        let path = self.path(&format!("{:x}.secret", hasher.finish()));
        // Written and renamed: other tests may be reading the file.
        let mut fresh = tempfile::NamedTempFile::new_in(self.dir.path()).unwrap();
        writeln!(fresh, "{password}").unwrap();
        fresh.persist(&path).unwrap();
        path
    }

    /// Settings that work, with an account that searches.
    pub fn settings(&self) -> Value {
        json!({
            "domain": DOMAIN,
            "servers": [ADDRESS],
            "tls_ca_file": self.authority(),
            "bind_dn": format!("svc@{DOMAIN}"),
            "bind_password_file": self.secret(SERVICE_PASSWORD),
        })
    }

    /// Settings for the same server as a plain directory.
    pub fn settings_as_ldap(&self) -> Value {
        json!({
            "uris": [format!("ldaps://{ADDRESS}")],
            "tls_ca_file": self.authority(),
            "base": BASE,
            "user_filter": "(&(objectCategory=person)(objectClass=user)(sAMAccountName=%u))",
            "user_attr": "sAMAccountName",
            "bind_dn": format!("CN=svc,CN=Users,{BASE}"),
            "bind_password_file": self.secret(SERVICE_PASSWORD),
        })
    }

    /// Asks this domain.
    pub fn asker(&self) -> Asker {
        Asker::of_kind("active_directory", self.settings())
    }

    /// Asks this domain, without an account that searches.
    pub fn asker_alone(&self) -> Asker {
        let asker = self.asker().with("bind_dn", ());
        asker.with("bind_password_file", ())
    }

    /// The value of `attribute` of the account `name`; empty if there is none.
    pub fn attribute(&self, name: &str, attribute: &str) -> String {
        let mut search = self.as_administrator("ldapsearch");
        search.args(["-LLL", "-o", "ldif-wrap=no", "-b", BASE]);
        search.args([&format!("(sAMAccountName={name})"), attribute]);
        let found = run(&mut search);
        let start = format!("{attribute}: ");
        let value = found.lines().find_map(|line| line.strip_prefix(&start));
        value.unwrap_or_default().to_owned()
    }

    /// Changes `attribute` of the account `name`, which is its `cn` too.
    pub fn modify(&self, name: &str, attribute: &str, value: &str) {
        let path = self.path(&format!("{name}.ldif"));
        let change = format!(
            "dn: CN={name},CN=Users,{BASE}\nchangetype: modify\n\
             replace: {attribute}\n{attribute}: {value}\n"
        );
        fs::write(&path, change).unwrap();
        self.apply(&path);
    }

    /// Changes `attribute` of the account `name`, logged in as that account. Returns whether the
    /// domain allows it.
    pub fn modify_as(&self, name: &str, attribute: &str, value: &str) -> bool {
        let change = format!(
            "dn: CN={name},CN=Users,{BASE}\nchangetype: modify\n\
             replace: {attribute}\n{attribute}: {value}\n"
        );
        let path = self.path(&format!("{name}.own.ldif"));
        fs::write(&path, change).unwrap();
        let mut modify = Command::new("ldapmodify");
        modify.env("LDAPTLS_CACERT", self.authority());
        modify.args(["-x", "-H", &format!("ldaps://{ADDRESS}")]);
        modify.args(["-D", &format!("{name}@{DOMAIN}"), "-w", PASSWORD]);
        let output = modify.arg("-f").arg(&path).output().unwrap();
        output.status.success()
    }

    /// Applies a file of LDIF.
    pub fn apply(&self, ldif: &Path) {
        let mut modify = self.as_administrator("ldapmodify");
        run(modify.arg("-f").arg(ldif));
    }

    fn as_administrator(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("LDAPTLS_CACERT", self.authority());
        let (uri, name) = (
            format!("ldaps://{ADDRESS}"),
            format!("Administrator@{DOMAIN}"),
        );
        command.args(["-x", "-H", &uri, "-D", &name]);
        command.args(["-w", ADMINISTRATOR_PASSWORD]);
        command
    }

    /// How many wrong passwords the domain has counted for `name`.
    pub fn bad_passwords(&self, name: &str) -> u32 {
        self.attribute(name, "badPwdCount").parse().unwrap_or(0)
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The files of a domain with all accounts, made today, from which each test copies its own.
fn provisioned() -> PathBuf {
    let mut hasher = DefaultHasher::new();
    let today = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400;
    (today, PEOPLE).hash(&mut hasher);
    let folder = built::target().join(format!("samba-domain-{:016x}", hasher.finish()));
    if !folder.exists() {
        forget_yesterdays();
        let fresh = tempfile::tempdir_in(built::target()).unwrap();
        provision(fresh.path());
        // Another test program may have been quicker.
        if fs::rename(fresh.path(), &folder).is_ok() {
            let _ = fresh.keep();
        }
    }
    folder
}

fn forget_yesterdays() {
    for entry in fs::read_dir(built::target()).unwrap().flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with("samba-domain-") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn provision(dir: &Path) {
    fs::write(dir.join("empty.conf"), "[global]\n").unwrap();
    let option = |text: &str| format!("--option={text}");
    let mut tool = Command::new("/usr/bin/samba-tool");
    tool.args(["domain", "provision", "--server-role=dc", "--use-rfc2307"])
        .arg(format!("--configfile={}", dir.join("empty.conf").display()))
        .arg(format!("--targetdir={}", dir.display()))
        .arg(format!("--realm={}", DOMAIN.to_uppercase()))
        .arg(format!("--domain={NETBIOS}"))
        .arg(format!("--adminpass={ADMINISTRATOR_PASSWORD}"))
        .args(["--dns-backend=SAMBA_INTERNAL", "--host-name=dc1"])
        .arg(format!("--host-ip={ADDRESS}"))
        .arg(option(&format!("interfaces={ADDRESS}/8")))
        .arg(option("bind interfaces only=yes"));
    apart(|| run(&mut tool));
    fs::write(dir.join("people.py"), PEOPLE).unwrap();
    let mut python = Command::new("/usr/bin/python3");
    run(python.arg(dir.join("people.py")).arg(dir));
    fs::create_dir(dir.join("tls")).unwrap();
    let certificates = Certificates::make(&dir.join("tls"));
    certificates.issue_for("server", &format!("DNS:{SERVER},DNS:{DOMAIN},IP:{ADDRESS}"));
}

/// Does `what` in a new network with only a loopback, which lasts as long as the programs in it.
fn apart<T: Send>(what: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let there = move || {
            namespace::own_network(RESOLV_CONF, HOSTS);
            what()
        };
        scope.spawn(there).join().unwrap()
    })
}

fn smb_conf(dir: &Path) -> String {
    let dir = dir.display();
    let realm = DOMAIN.to_uppercase();
    format!(
        "[global]
realm = {realm}
workgroup = {NETBIOS}
netbios name = DC1
server role = active directory domain controller
server services = ldap cldap kdc dns
interfaces = {ADDRESS}/8
bind interfaces only = yes
tls enabled = yes
tls cafile = {dir}/tls/ca.pem
tls certfile = {dir}/tls/server.pem
tls keyfile = {dir}/tls/server.key
private dir = {dir}/private
lock directory = {dir}
state directory = {dir}/state
cache directory = {dir}/cache
binddns dir = {dir}/bind-dns
pid directory = {dir}/run
ncalrpc dir = {dir}/run/ncalrpc
log file = {dir}/log/%m
idmap_ldb:use rfc2307 = yes
[sysvol]
path = {dir}/state/sysvol
"
    )
}

/// Starts samba, which ends when its standard input ends.
fn launch(dir: &Path) -> Child {
    for folder in ["run", "log"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    let key = dir.join("tls/server.key");
    fs::set_permissions(key, Permissions::from_mode(0o600)).unwrap();
    let log = File::create(dir.join("samba.log")).unwrap();
    Command::new("/usr/sbin/samba")
        .arg("-s")
        .arg(dir.join("etc/smb.conf"))
        .args(["-i", "-M", "single", "--debuglevel=1", "--debug-stdout"])
        .stdin(Stdio::piped())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
