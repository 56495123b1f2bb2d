//! Groups of PAM services: by the person who starts the program, and by the user it runs as.

/// Services of programs that ordinary people start. These people choose the resource limits under
/// which modules are loaded, and getuid(2) returns their user id.
const CALLERS: [&str; 25] = [
    "su",
    "su-l",
    "sudo",
    "sudo-i",
    "doas",
    "pkexec",
    "polkit-1",
    "chsh",
    "chfn",
    "passwd",
    "newgrp",
    "sg",
    "ksu",
    "super",
    "at",
    "crontab",
    "screen",
    "vlock",
    "xscreensaver",
    "xlock",
    "i3lock",
    "swaylock",
    "kde",
    "gnome-screensaver",
    "cinnamon-screensaver",
];

/// Services of programs that an administrator runs as root, so that getuid(2) returns 0.
const ROOT_TOOLS: [&str; 12] = [
    "runuser",
    "runuser-l",
    "useradd",
    "usermod",
    "userdel",
    "groupadd",
    "groupmod",
    "groupdel",
    "groupmems",
    "chage",
    "chpasswd",
    "newusers",
];

/// Services through which root and other administrators log in.
const LOGINS: [&str; 16] = [
    "login",
    "remote",
    "sshd",
    "su",
    "su-l",
    "sudo",
    "sudo-i",
    "doas",
    "polkit-1",
    "cron",
    "crond",
    "atd",
    "systemd-user",
    "gdm-password",
    "lightdm",
    "sddm",
];

/// Services of programs that do not run as root: screen lockers run as the person who logs in,
/// daemons as a user of their own.
const UNPRIVILEGED: [&str; 16] = [
    "apache2",
    "cinnamon-screensaver",
    "gnome-screensaver",
    "gtklock",
    "httpd",
    "hyprlock",
    "i3lock",
    "jupyterhub",
    "kde",
    "mate-screensaver",
    "nginx",
    "postgresql",
    "swaylock",
    "waylock",
    "xfce4-screensaver",
    "xscreensaver",
];

/// The service of `pam.d/authchain-try`, with which an administrator tries authchain. No program
/// asks for it, so it can lock nobody out.
const TRIAL: &str = "authchain-try";

/// Returns whether the service is for trying authchain alone.
pub(super) fn is_trial(service: &str) -> bool {
    service == TRIAL
}

/// Returns whether the program does not run as root.
pub(super) fn is_unprivileged(service: &str) -> bool {
    UNPRIVILEGED.contains(&service)
}

/// Returns whether an ordinary person starts the program.
pub(super) fn is_started_by_callers(service: &str) -> bool {
    CALLERS.contains(&service)
}

/// Returns whether getuid(2) in the program is the user id of the person who started it.
pub(super) fn knows_its_caller(service: &str) -> bool {
    is_started_by_callers(service) || ROOT_TOOLS.contains(&service)
}

/// Returns whether init starts the program as root, so that getuid(2) says nothing of the person.
pub(super) fn is_started_by_root(service: &str) -> bool {
    is_login_of_root(service) && !knows_its_caller(service)
}

/// Returns whether root and other administrators log in by this service.
pub(super) fn is_login_of_root(service: &str) -> bool {
    LOGINS.contains(&service)
}
