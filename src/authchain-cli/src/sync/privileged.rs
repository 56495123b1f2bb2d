//! Names of groups that mean rights on machines that know them.

/// Groups that sudoers, polkit, daemons or device files of distributions give rights to, whether or
/// not the machine has the group already.
const NAMES: [&str; 26] = [
    "adm",
    "admin",
    "backup",
    "bin",
    "daemon",
    "disk",
    "docker",
    "incus",
    "incus-admin",
    "kmem",
    "kvm",
    "libvirt",
    "libvirtd",
    "lpadmin",
    "lxd",
    "mem",
    "netdev",
    "operator",
    "podman",
    "root",
    "shadow",
    "sudo",
    "sys",
    "systemd-journal",
    "tty",
    "wheel",
];

/// Returns whether a group of this name has rights on usual machines.
pub(super) fn is_privileged(name: &str) -> bool {
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}
