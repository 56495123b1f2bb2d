//! The stacks we ship, in the service files that Debian ships, on a machine with a directory.

use std::fs;
use std::os::unix::fs::{chown, symlink};

use crate::host::built;
use crate::need;
use crate::real::ask::{Answer, Ask};
use crate::real::faults::{ConfigFile, Directory, Faults, ModuleFile, Standing, Starter, Who};
use crate::real::machine::Machine;
use crate::real::module::Module;
use crate::real::people::{Person, directory, everybody, files, person};

/// The shipped text of pam.d/debian-common-auth.
pub const COMMON_AUTH: &str = include_str!("../../../pam.d/debian-common-auth");
/// The shipped text of pam.d/debian-common-account.
pub const COMMON_ACCOUNT: &str = include_str!("../../../pam.d/debian-common-account");
/// The shipped text of pam.d/debian-common-session.
pub const COMMON_SESSION: &str = include_str!("../../../pam.d/debian-common-session");
/// The shipped text of pam.d/debian-common-password.
pub const COMMON_PASSWORD: &str = include_str!("../../../pam.d/debian-common-password");
/// The shipped text of pam.d/one-service.
pub const ONE_SERVICE: &str = include_str!("../../../pam.d/one-service");
/// The shipped text of pam.d/authchain-try.
pub const TRY: &str = include_str!("../../../pam.d/authchain-try");
/// The shipped text of pam.d/screen-locker.
pub const SCREEN_LOCKER: &str = include_str!("../../../pam.d/screen-locker");

/// Services whose files Debian ships.
pub const SERVICES: [&str; 6] = ["login", "sshd", "cron", "su", "sudo", "sudo-i"];

const CONFIG: &str = "/etc/authchain/authchain.toml";
const WORKER: &str = "/run/stage/authchain-worker";
/// The NSS module that knows the people who are not in /etc/passwd.
const EXTRAUSERS: &str = "/usr/lib/libnss_extrausers.so.2";

/// A shipped stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// Debian's service files, with our blocks in their common-auth and common-account.
    Common,
    /// Every service is a copy of pam.d/one-service.
    OneService,
    /// Every service is a copy of pam.d/authchain-try.
    Try,
}

/// A machine whose services have a shipped stack.
pub struct Town {
    /// The machine.
    pub machine: Machine,
    stack: Stack,
    chain: &'static str,
}

impl Town {
    /// A machine with `stack` and this chain, such as `"local", "corp"`.
    pub fn new(test: &str, stack: Stack, chain: &'static str) -> Option<Self> {
        let debian = SERVICES.map(|service| format!("/etc/pam.d/{service}"));
        let mut needed = debian.iter().map(String::as_str).chain([EXTRAUSERS]);
        if !need::root(test) || !needed.all(|path| need::file(test, path)) {
            return None;
        }
        let machine = Machine::new(Module::authchain());
        let town = Self {
            machine,
            stack,
            chain,
        };
        town.furnish();
        town.befall(Faults::default());
        Some(town)
    }

    /// Returns libpam's codes for a login of `who`, in a program that `starter` started, with these
    /// faults only.
    pub fn ask(
        &self,
        starter: Starter,
        service: &str,
        who: Who,
        wrong: Faults,
        steps: &str,
    ) -> Answer {
        let ask = Ask {
            service: service.into(),
            user: who.name(wrong.standing).into(),
            password: who.password(wrong.standing).into(),
            steps: steps.split(' ').map(String::from).collect(),
            real_uid: (starter == Starter::Another).then(|| person("mallory").uid),
            ..Ask::default()
        };
        let answer = self.machine.ask(&ask);
        answer.unwrap_or_else(|how| panic!("{service}, {who:?}, {wrong:?}: {how:?}"))
    }

    /// Whether the directory is asked before the local files.
    pub fn asks_directory_first(&self) -> bool {
        self.chain.starts_with("\"corp\"")
    }

    fn furnish(&self) {
        let machine = &self.machine;
        let people = directory();
        let passwd: String = people.iter().map(passwd_line).collect();
        machine.write("/var/lib/extrausers/passwd", 0o644, &passwd);
        machine.write(
            "/etc/nsswitch.conf",
            0o644,
            "passwd: files extrausers\ngroup: files\nshadow: files\nhosts: files\n",
        );
        for person in people {
            let home = machine.outside(&person.home());
            fs::create_dir_all(&home).unwrap();
            chown(&home, Some(person.uid), Some(person.uid)).unwrap();
            let profile = format!("{}/.profile", person.home());
            machine.write(&profile, 0o644, "echo now I am $(id -un)\nexit\n");
        }
        built::copy(built::fake_worker(), machine.outside(WORKER));
        let good = machine.outside(&machine.module.inside());
        fs::rename(&good, good.with_extension("good")).unwrap();
    }

    /// Puts the machine into the state with exactly these faults.
    pub fn befall(&self, faults: Faults) {
        self.write_module(faults.module);
        self.write_config(faults);
        self.write_people(faults.standing);
        self.write_services(faults.config);
    }

    fn write_module(&self, module: ModuleFile) {
        let file = self.machine.outside(&self.machine.module.inside());
        let good = file.with_extension("good");
        let _ = fs::remove_file(&file);
        match module {
            ModuleFile::Fine => symlink(good.file_name().unwrap(), &file).unwrap(),
            ModuleFile::Missing => {}
            ModuleFile::Empty => fs::write(&file, "").unwrap(),
            ModuleFile::Foreign => {
                let mut bytes = fs::read(&good).unwrap();
                // `e_machine`, here an IBM mainframe's.
                bytes[18..20].copy_from_slice(&22u16.to_ne_bytes());
                fs::write(&file, bytes).unwrap();
            }
        }
    }

    fn write_config(&self, faults: Faults) {
        let file = self.machine.outside(CONFIG);
        let _ = fs::remove_file(&file);
        let base = match faults.directory {
            Directory::Fine | Directory::NoWorker => "people",
            Directory::Down => "unavailable",
            Directory::Crashes => "crashed",
            Directory::Garbage => "garbage",
        };
        let worker = match faults.directory {
            Directory::NoWorker => "/run/stage/no-worker",
            _ => WORKER,
        };
        let good = format!(
            "chain = [{}]\nworker = \"{worker}\"\nfail_delay = \"0s\"\n\
             [backend.corp]\ntype = \"ldap\"\nuris = [\"ldap://one\"]\nbase = \"cn={base}\"\n",
            self.chain
        );
        match faults.config {
            ConfigFile::Moved => {}
            ConfigFile::Broken => self.machine.write(CONFIG, 0o644, &format!("{good}[")),
            _ => self.machine.write(CONFIG, 0o644, &good),
        }
    }

    /// root is one account, so its state is written anew for each case. Other states have an
    /// account each.
    fn write_people(&self, standing: Standing) {
        let mut people = everybody();
        let root = people.iter_mut().find(|person| person.uid == 0).unwrap();
        match standing {
            Standing::Locked => root.hash = root.hash.take().map(|hash| format!("!{hash}")),
            Standing::Expired => root.ageing = Some("today-10:0:99999:7::1".into()),
            _ => {}
        }
        for (path, mode, text) in files(&people) {
            self.machine.write(path, mode, &text);
        }
    }

    fn write_services(&self, config: ConfigFile) {
        let machine = &self.machine;
        let installed = |text: &str| match config {
            ConfigFile::Mistyped => {
                installed(machine, text).replace(".toml nodelay", ".toml nodelay chian=local")
            }
            _ => installed(machine, text),
        };
        for service in SERVICES {
            let text = match self.stack {
                Stack::Common => service_of_debian(service),
                Stack::OneService => installed(ONE_SERVICE),
                Stack::Try => installed(TRY),
            };
            machine.stack(service, &text);
        }
        let session = "session required pam_permit.so\n";
        for (name, text) in [
            ("common-auth", installed(COMMON_AUTH)),
            ("common-account", installed(COMMON_ACCOUNT)),
            ("common-session", session.into()),
            ("common-session-noninteractive", session.into()),
            ("common-password", "password required pam_deny.so\n".into()),
        ] {
            machine.stack(name, &text);
        }
    }
}

/// A shipped text as it is installed on a machine, without the delay after a failure.
pub fn installed(machine: &Machine, text: &str) -> String {
    let ours = format!("{} {}", machine.module.inside(), machine.module.arguments);
    text.replace(&format!("pam_authchain.so config={CONFIG}"), &ours)
        .replace(" pam_unix.so", " pam_unix.so nodelay")
}

/// Debian's own file without its delay and its session modules, which fail in a container.
fn service_of_debian(service: &str) -> String {
    let text = fs::read_to_string(format!("/etc/pam.d/{service}")).unwrap();
    let ours = |line: &&str| !line.starts_with("session") && !line.contains("pam_faildelay");
    let lines: Vec<&str> = text.lines().filter(ours).collect();
    lines.join("\n") + "\n"
}

fn passwd_line(person: &Person) -> String {
    let Person { name, uid, .. } = person;
    format!("{name}:*:{uid}:{uid}::{}:/bin/sh\n", person.home())
}
