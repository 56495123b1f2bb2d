//! Second factors on a disk that is full, or cannot be written to.

use authchain::files::factor_folder::FactorFolder;
use authchain::files::ledger::{Counted, Durability};
use authchain::words::Username;
use authchain_tests::host::authenticator::code;
use authchain_tests::host::codes::{SUCCESS, SYSTEM_ERR};
use authchain_tests::need;
use authchain_tests::real::factors::{login_of, machine};
use authchain_tests::real::machine::Machine;

const THEN: &str = "then = [\"totp\"]\n";

/// The number of records just before which a file of a ledger gets a successor.
const NEARLY_MANY: u64 = 126;

fn run(machine: &Machine, script: &str) -> String {
    let ending = machine.run(&machine.command(&["/bin/sh", "-ec", script]));
    assert_eq!(ending.code, 0, "{script}: {}", ending.output);
    ending.output
}

/// Mounts a file system over `state_dir` and copies the people's folders to it. The copy of alice's
/// ledger has its room again, the copy of bob's has none.
fn move_to(machine: &Machine, mount: &str) {
    run(
        machine,
        &format!(
            "cp -a /var/lib/authchain/factors /run/stage/factors\n\
             {mount} /var/lib/authchain\n\
             cp -a /run/stage/factors /var/lib/authchain/factors\n\
             fallocate -n -l 65536 /var/lib/authchain/factors/alice/ledger.1"
        ),
    );
}

fn codes(machine: &Machine, user: &str, code: &str) -> Vec<i32> {
    machine.ask(&login_of(user, code)).unwrap().codes
}

#[test]
fn a_full_disk_refuses_nobody_for_whom_room_was_set_aside_and_a_read_only_one_everybody() {
    let Some(machine) = machine("second factors: full disk", THEN) else {
        return;
    };
    move_to(&machine, "mount -t tmpfs -o size=400k,mode=700 none");
    run(
        &machine,
        "dd if=/dev/zero of=/var/lib/authchain/all-the-rest 2>/dev/null || true",
    );
    assert_eq!(codes(&machine, "bob", &code(0)), [SYSTEM_ERR]);
    assert_eq!(codes(&machine, "alice", &code(0)), [SUCCESS]);
    assert_ne!(codes(&machine, "alice", &code(0)), [SUCCESS], "it is used");
    run(&machine, "mount -o remount,ro /var/lib/authchain");
    assert_eq!(codes(&machine, "alice", &code(1)), [SYSTEM_ERR]);
}

/// Mounts a small ext4 file system over `state_dir`, and fills it to the last file and block.
fn fill_ext4(machine: &Machine) {
    run(
        machine,
        "truncate -s 4M /run/stage/disk\n\
         mkfs.ext4 -q -m 0 -b 4096 -N 64 /run/stage/disk\n\
         mknod /dev/loop-control c 10 237\n\
         for n in 0 1 2 3 4 5 6 7; do mknod /dev/loop$n b 7 $n; done",
    );
    move_to(machine, "mount -o loop /run/stage/disk");
    let left = run(
        machine,
        "cd /var/lib/authchain; n=0\n\
         while (: >file$n) 2>/dev/null; do n=$((n+1)); done\n\
         while dd if=/dev/zero bs=4096 count=1 conv=fsync 2>/dev/null >>file0; do :; done\n\
         stat -f -c '%a blocks, %d files' .",
    );
    assert_eq!(left, "0 blocks, 0 files\n");
}

#[test]
fn a_full_ext4_counts_each_code_once_and_says_where_it_cannot() {
    let test = "second factors: ext4";
    let has_all = ["/dev/loop-control", "/usr/sbin/mkfs.ext4"]
        .iter()
        .all(|path| need::file(test, path));
    let Some(machine) = has_all.then(|| machine(test, THEN)).flatten() else {
        return;
    };
    let state_dir = machine.outside("/var/lib/authchain");
    let alice = FactorFolder::of(&state_dir, &Username::parse(b"alice").unwrap());
    for at in 0..NEARLY_MANY {
        let used = Counted::AppPassword { id: 1, at };
        alice.ledger().count(used, Durability::Kept).unwrap();
    }
    fill_ext4(&machine);
    let mark = machine.log.mark();
    assert_eq!(codes(&machine, "bob", &code(0)), [SYSTEM_ERR]);
    machine.log.wait_for(
        mark,
        "pam_authchain(stage:auth): bob: local: accepted (<n> ms); second factor: \
         /var/lib/authchain/factors/bob/ledger.1: No space left on device (os error 28)",
    );
    // The file would get a successor now, for which there is no room: it goes on.
    let (now, next) = (code(0), code(1));
    assert_eq!(codes(&machine, "alice", &now), [SUCCESS]);
    assert_ne!(codes(&machine, "alice", &now), [SUCCESS], "it is used");
    assert_eq!(codes(&machine, "alice", &next), [SUCCESS]);
    assert_ne!(codes(&machine, "alice", &next), [SUCCESS], "it is used");
    run(&machine, "rm /var/lib/authchain/file*");
    assert_ne!(codes(&machine, "alice", &next), [SUCCESS], "it is used");
    assert_eq!(codes(&machine, "bob", &code(0)), [SUCCESS]);
    let files = run(&machine, "ls /var/lib/authchain/factors/alice");
    assert_eq!(files, "ledger.2\ntotp\n");
}
