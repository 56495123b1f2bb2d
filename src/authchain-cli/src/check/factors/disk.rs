//! A `state_dir` that is not on a disk of this machine.

use std::path::Path;

use nix::sys::statfs::statfs;

use crate::check::report::{Report, Severity};

/// The file systems over a network, with the numbers by which statfs(2) knows them.
const OVER_A_NETWORK: [(u32, &str); 10] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x6b41_4653, "AFS"),
    (0x5346_414f, "OpenAFS"),
    (0x7375_7245, "Coda"),
    (0x0102_1997, "9P"),
];

/// Warns where the ledgers are on a file system that other machines may have, too: a record that
/// one of them appends may overwrite another's, and both use the same code.
pub(super) fn check(state_dir: &Path, report: &mut Report) {
    // Without the folder, it is made below the one that is there.
    let there = state_dir.ancestors().find_map(|path| statfs(path).ok());
    if let Some(name) = there.and_then(|there| name_of(there.filesystem_type().0)) {
        let message = format!(
            "it is on a network file system ({name}): two machines may both take the same code, \
             so set state_dir to a folder on a disk of this machine"
        );
        report.add(Severity::Warning, state_dir, message);
    }
}

/// Returns the name of the file system of this number, if it is over a network. The kernel has 32
/// bits of the number; the C library's type may have more, and a sign.
fn name_of(number: impl Into<i128>) -> Option<&'static str> {
    let number = number.into().rem_euclid(1 << 32);
    let is_it = |(known, _): &&(u32, &str)| i128::from(*known) == number;
    OVER_A_NETWORK.iter().find(is_it).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_known_by_its_number() {
        for (number, expected) in [
            (0x6969, Some("NFS")),
            (0xff53_4d42_i64, Some("CIFS")),
            (-11_317_950, Some("CIFS")),
            (0xef53, None),
        ] {
            assert_eq!(name_of(number), expected, "{number:x}");
        }
        let mut report = Report::default();
        let folder = tempfile::tempdir().unwrap();
        check(&folder.path().join("none"), &mut report);
        assert!(report.findings.is_empty());
    }
}
