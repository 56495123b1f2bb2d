//! The real sshd, and the real ssh client.

use std::fs;

use crate::real::machine::{Ending, Machine};

/// The client's authentication method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// `password`
    Password,
    /// `keyboard-interactive`
    KeyboardInteractive,
    /// `publickey`
    Key,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::KeyboardInteractive => "keyboard-interactive",
            Self::Key => "publickey",
        }
    }
}

const SERVER: &str = "\
ListenAddress 127.0.0.1:22
HostKey /etc/ssh/host_key
UsePAM yes
PasswordAuthentication yes
KbdInteractiveAuthentication yes
PermitRootLogin no
DenyUsers nora dave
MaxStartups 100
UseDNS no
PrintMotd no
PrintLastLog no
StrictModes no
AuthorizedKeysFile /etc/ssh/key.pub
LoginGraceTime 60
";

/// Starts sshd and waits until it listens.
pub fn start(machine: &Machine) {
    start_with(machine, "");
}

/// Starts sshd with these settings, which override the usual ones.
pub fn start_with(machine: &Machine, more: &str) {
    let settings = format!("{more}{SERVER}");
    for (key, mode) in [("host_key", 0o600), ("key", 0o600)] {
        let file = format!("/etc/ssh/{key}");
        fs::create_dir_all(machine.outside("/etc/ssh")).unwrap();
        let made = machine.run(&machine.command(&[
            "/usr/bin/ssh-keygen",
            "-q",
            "-t",
            "ed25519",
            "-N",
            "",
            "-f",
            &file,
        ]));
        assert_eq!(made.code, 0, "ssh-keygen: {}", made.output);
        fs::set_permissions(
            machine.outside(&file),
            std::os::unix::fs::PermissionsExt::from_mode(mode),
        )
        .unwrap();
    }
    let host = fs::read_to_string(machine.outside("/etc/ssh/host_key.pub")).unwrap();
    machine.write("/etc/ssh/known_hosts", 0o644, &format!("127.0.0.1 {host}"));
    machine.write(
        "/run/stage/askpass",
        0o755,
        // Shows the prompt, as on a terminal.
        "#!/bin/sh\nprintf '%s\\n' \"$1\" >&2\ncase $1 in\n\
         *'code: ') printf '%s\\n' \"$STAGE_CODE\" ;;\n\
         *) printf '%s\\n' \"$STAGE_PASSWORD\" ;;\nesac\n",
    );
    // OpenSSH 9.8 and later block an address that often fails, as this one does.
    machine.write(
        "/etc/ssh/sshd_config",
        0o600,
        &format!("{settings}PerSourcePenalties no\n"),
    );
    let known = machine.command(&["/usr/sbin/sshd", "-t", "-f", "/etc/ssh/sshd_config"]);
    if machine.run(&known).code != 0 {
        machine.write("/etc/ssh/sshd_config", 0o600, &settings);
    }
    let mark = machine.log.mark();
    machine.start(&machine.command(&["/usr/sbin/sshd", "-D"]));
    machine
        .log
        .wait_for(mark, "Server listening on 127.0.0.1 port 22.");
}

/// One login attempt as `user`, a name of any shape. A successful login prints its user name.
pub fn knock(machine: &Machine, method: Method, user: &str, password: &str) -> Ending {
    knock_with_code(machine, method.name(), user, password, "")
}

/// One login attempt by these methods, in order, with a code where one is asked for.
pub fn knock_with_code(
    machine: &Machine,
    methods: &str,
    user: &str,
    password: &str,
    code: &str,
) -> Ending {
    // The name goes into a configuration file, because ssh refuses unusual names on the command
    // line.
    let quoted = user.replace('\\', "\\\\").replace('"', "\\\"");
    let file = tempfile::NamedTempFile::new_in(machine.outside("/run/stage")).unwrap();
    fs::write(file.path(), format!("User \"{quoted}\"\n")).unwrap();
    let inside = format!(
        "/run/stage/{}",
        file.path().file_name().unwrap().to_string_lossy()
    );
    let mut run = machine.command(&[
        "/usr/bin/ssh",
        "-F",
        &inside,
        "-o",
        "UserKnownHostsFile=/etc/ssh/known_hosts",
        "-o",
        "StrictHostKeyChecking=yes",
        "-o",
        "NumberOfPasswordPrompts=1",
        "-o",
        "IdentitiesOnly=yes",
        "-o",
        "LogLevel=INFO",
        "-i",
        "/etc/ssh/key",
        "-o",
        &format!("PreferredAuthentications={methods}"),
        "127.0.0.1",
        "echo now I am $(id -un)",
    ]);
    for (key, value) in [
        ("SSH_ASKPASS", "/run/stage/askpass"),
        ("SSH_ASKPASS_REQUIRE", "force"),
        ("STAGE_PASSWORD", password),
        ("STAGE_CODE", code),
    ] {
        run.environment.insert(key.into(), value.into());
    }
    machine.run(&run)
}
