//! ypserv and rpcbind on a private machine, because their ports and folders are fixed.

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use super::asker::{Asker, Told};
use crate::host::built;
use crate::need;
use crate::real::machine::{Machine, await_that};
use crate::real::people::{self, Person};
use crate::real::stories::machine_with;

pub mod domain;

use domain::{Domain, NAME};

/// The passwd file of rpc.yppasswdd.
pub const PASSWD: &str = "/var/yp/src/passwd";

/// The shadow file of rpc.yppasswdd.
pub const SHADOW: &str = "/var/yp/src/shadow";

/// The port of the first server. The second listens at `PORT + 2`.
pub const PORT: u16 = 834;

/// A machine that serves a domain.
pub struct Ypserv {
    /// The machine, for other work of the test.
    pub machine: Machine,
}

impl Ypserv {
    /// Starts a machine with all accounts. `None`, said loudly, where there is no ypserv.
    pub fn start(test: &str) -> Option<Self> {
        Self::serving(test, &Domain::usual())
    }

    /// Starts a machine with these people.
    pub fn serving(test: &str, domain: &Domain) -> Option<Self> {
        let programs = ["/usr/sbin/ypserv", "/usr/sbin/rpcbind"];
        if !programs.iter().all(|program| need::file(test, program)) {
            return None;
        }
        let machine = machine_with(test, &everybody(domain))?;
        let server = Self { machine };
        server.furnish();
        server.publish(domain);
        server.start_rpcbind();
        server.start_ypserv(PORT);
        Some(server)
    }

    fn furnish(&self) {
        for file in [
            "/etc/netconfig",
            "/etc/rpc",
            "/etc/protocols",
            "/etc/services",
        ] {
            // Not every system has all of these files. If a needed one is missing, the test fails
            // later.
            if Path::new(file).exists() {
                fs::copy(file, self.machine.outside(file)).unwrap();
            }
        }
        let passwd = self.machine.outside("/etc/passwd");
        let everybody = fs::read_to_string(&passwd).unwrap();
        // The user whose rights rpcbind takes.
        let rpc = "_rpc:x:106:65534::/run/rpcbind:/usr/sbin/nologin\n";
        fs::write(&passwd, everybody + rpc).unwrap();
        fs::create_dir_all(self.machine.outside("/run/rpcbind")).unwrap();
        self.allow("255.0.0.0 127.0.0.0\nhost ::1\n");
        self.machine.write("/etc/ypserv.conf", 0o644, domain::RULES);
        self.run(&["/bin/domainname", NAME]);
    }

    /// Writes the hosts that may ask. A server reads them when it starts.
    pub fn allow(&self, securenets: &str) {
        for file in ["/etc/ypserv.securenets", "/var/yp/securenets"] {
            self.machine.write(file, 0o644, securenets);
        }
    }

    /// Writes the maps of the domain.
    pub fn publish(&self, domain: &Domain) {
        fs::create_dir_all(self.machine.outside(&format!("/var/yp/{NAME}"))).unwrap();
        for (map, lines) in domain.maps() {
            self.machine.write("/var/yp/lines", 0o600, &lines);
            let (made, map) = ("/var/yp/made".to_owned(), format!("/var/yp/{NAME}/{map}"));
            let master = domain.master.unwrap_or("stage");
            self.run(&["/usr/lib/yp/makedbm", "-m", master, "/var/yp/lines", &made]);
            // Renamed in one step, as yppush does it.
            fs::rename(self.machine.outside(&made), self.machine.outside(&map)).unwrap();
        }
    }

    /// Tells the server that maps have changed (`YPPROC_CLEAR`), as yppush does. Until then, the
    /// server keeps the old maps open.
    pub fn push(&self) {
        let mark = 1 << 31 | 40;
        let call = [mark, 7, 0, 2, 100_004, 2, 7, 0, 0, 0, 0].map(u32::to_be_bytes);
        self.asks(|| {
            let mut stream = TcpStream::connect(("127.0.0.1", PORT)).unwrap();
            stream.write_all(&call.concat()).unwrap();
            stream.read_exact(&mut [0; 28]).unwrap();
        });
    }

    /// Removes a map.
    pub fn withdraw(&self, map: &str) {
        fs::remove_file(self.machine.outside(&format!("/var/yp/{NAME}/{map}"))).unwrap();
    }

    /// Starts the portmapper, which the servers need.
    pub fn start_rpcbind(&self) {
        let rpcbind = ["/usr/sbin/rpcbind", "-f"];
        self.machine.start(&self.machine.command(&rpcbind));
        self.await_port(111);
    }

    /// Starts a server that listens at `port`.
    pub fn start_ypserv(&self, port: u16) {
        self.forget_the_other();
        let argv = ["/usr/sbin/ypserv", "-f", "-p", &port.to_string()];
        self.machine.start(&self.machine.command(&argv));
        self.await_port(port);
    }

    /// Starts rpc.yppasswdd at `port`, over files with the lines of this domain. The port must be
    /// free in both families: the daemon would take another one.
    pub fn start_yppasswdd(&self, port: u16, domain: &Domain) {
        fs::create_dir_all(self.machine.outside("/var/yp/src")).unwrap();
        let shadow = [&domain.shadow[..], &domain.adjunct].concat();
        for (file, mode, lines) in [(PASSWD, 0o644, &domain.passwd), (SHADOW, 0o600, &shadow)] {
            let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
            self.machine.write(file, mode, &text);
        }
        let port_given = port.to_string();
        let argv = [
            "/usr/sbin/rpc.yppasswdd",
            "-f",
            "-p",
            PASSWD,
            "-s",
            SHADOW,
            "--port",
            &port_given,
        ];
        self.machine.start(&self.machine.command(&argv));
        self.await_port(port);
    }

    /// The line that rpc.yppasswdd's passwd or shadow file has for a person.
    pub fn source_line(&self, file: &str, name: &str) -> String {
        let text = fs::read(self.machine.outside(file)).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        let is_theirs = |line: &&str| line.split(':').next() == Some(name);
        text.lines().find(is_theirs).unwrap().to_owned()
    }

    /// Removes the process id file, because a server that finds it ends at once.
    fn forget_the_other(&self) {
        let _ = fs::remove_file(self.machine.outside("/run/ypserv.pid"));
    }

    /// Waits until no server is left.
    pub fn await_no_ypserv(&self) {
        await_that("no ypserv", || {
            self.asks(|| TcpStream::connect(("127.0.0.1", PORT)).is_err())
        });
    }

    /// The number of reserved ports in the state TIME_WAIT.
    pub fn waiting_ports(&self) -> usize {
        let table = self.run(&["/bin/cat", "/proc/net/tcp"]);
        let waits = |line: &&str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let port = fields[1].rsplit(':').next().unwrap();
            let port = u16::from_str_radix(port, 16).unwrap_or(0);
            fields[3] == "06" && (600..1024).contains(&port) && port != PORT
        };
        table.lines().skip(1).filter(waits).count()
    }

    fn await_port(&self, port: u16) {
        await_that(&format!("port {port}"), || {
            self.asks(|| TcpStream::connect(("127.0.0.1", port)).is_ok())
        });
    }

    /// Sends a signal to a program of the machine, by its name: `-STOP` to `ypserv`.
    pub fn signal(&self, signal: &str, program: &str) {
        let script = format!(
            "for p in /proc/[0-9]*; do [ \"$(cat $p/comm)\" = {program} ] && kill {signal} ${{p#/proc/}}; done; true"
        );
        self.run(&["/bin/sh", "-c", &script]);
    }

    /// Runs a program on the machine. It must succeed.
    pub fn run(&self, argv: &[&str]) -> String {
        let ending = self.machine.run(&self.machine.command(argv));
        assert_eq!(ending.code, 0, "{argv:?}: {}", ending.output);
        ending.output
    }

    /// Starts another server of the same domain at `PORT + 2`, as the program `second`.
    pub fn start_second(&self) {
        let program = self.machine.outside("/run/stage/second");
        built::copy("/usr/sbin/ypserv", program);
        self.forget_the_other();
        let port = (PORT + 2).to_string();
        let argv = ["/run/stage/second", "-f", "-p", &port];
        self.machine.start(&self.machine.command(&argv));
        self.await_port(PORT + 2);
    }

    /// Installs the worker, and a configuration with the backend `old` with these `keys`, asked
    /// before the local files.
    pub fn configure(&self, keys: &str) {
        let worker = self.machine.outside("/run/stage/authchain-worker");
        built::copy(built::worker(), &worker);
        fs::set_permissions(&worker, Permissions::from_mode(0o755)).unwrap();
        let text = format!(
            "chain = [\"old\", \"local\"]\nworker = \"/run/stage/authchain-worker\"\n\
             [backend.old]\ntype = \"nis\"\ndomain = \"{NAME}\"\n{keys}\n"
        );
        self.machine
            .write("/etc/authchain/authchain.toml", 0o644, &text);
    }

    /// Does `what` on the machine's network.
    pub fn asks<T: Send>(&self, what: impl FnOnce() -> T + Send) -> T {
        self.machine.on_network(what)
    }

    /// Asks whether this is the person's password.
    pub fn login(&self, asker: &Asker, user: &str, password: &str) -> Told {
        self.asks(|| asker.login(user, password))
    }
}

/// The accounts of the machine itself: those of all tests, and the people of NIS, without a
/// password.
fn everybody(domain: &Domain) -> Vec<Person> {
    let own = people::everybody();
    let is_new = |name: &str| own.iter().all(|person| person.name != name);
    let theirs = domain.people().into_iter();
    let theirs = theirs.filter(|(name, uid)| *uid >= 1000 && is_new(name));
    let theirs = theirs.map(|(name, uid)| Person {
        hash: Some("*".to_owned()),
        ..Person::known(&name, uid)
    });
    let theirs: Vec<_> = theirs.collect();
    own.into_iter().chain(theirs).collect()
}

/// Settings that work: the server's address, and defaults for the rest.
pub fn settings() -> Value {
    json!({ "domain": NAME, "servers": ["127.0.0.1"], "server_timeout": "10s" })
}
