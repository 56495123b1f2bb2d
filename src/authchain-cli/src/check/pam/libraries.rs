//! Finds the files of modules, and says why libpam could not load one.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Length of the part of an ELF header that is compared, in bytes: up to `e_machine` (elf(5)).
const HEADER: usize = 20;

/// The value of `e_type` for a shared object (`ET_DYN`).
const SHARED_OBJECT: u16 = 3;

/// The folders in which libpam looks for modules.
pub(super) struct Libraries {
    folders: Vec<PathBuf>,
    /// The header of a program of this machine, with which those of modules are compared.
    native: Option<[u8; HEADER]>,
}

impl Libraries {
    /// Looks for modules in `folder`; in the usual folders if it is `None`.
    pub(super) fn new(folder: Option<&Path>) -> Self {
        Self {
            folders: folder.map_or_else(usual_folders, |folder| vec![folder.to_owned()]),
            native: header(Path::new("/proc/self/exe")).ok(),
        }
    }

    /// Returns why libpam could not load the module that a line names; `None` if nothing is seen
    /// that would keep it from that.
    pub(super) fn fault(&self, module: &str) -> Option<String> {
        // libpam puts a folder of its own build in place of this word.
        if module.contains("$ISA") {
            return None;
        }
        let path = Path::new(module);
        // An absolute path replaces the folder, as in libpam.
        let places = self.folders.iter().map(|folder| folder.join(path));
        let mut found = None;
        for place in places.filter(|place| place.is_file()) {
            // A machine of two architectures has a folder for each, and a file in both.
            let fault = self.fault_of_file(&place)?;
            found = found.or(Some(format!("{} {fault}", place.display())));
        }
        found.or_else(|| {
            Some(match path.is_absolute() {
                true => format!("{module} is not there"),
                false => format!("{module} is not where PAM looks for modules"),
            })
        })
    }

    fn fault_of_file(&self, path: &Path) -> Option<String> {
        let header = match header(path) {
            Ok(header) => header,
            // An ordinary user runs this, and the file shows itself to root alone.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                return Some("is no shared object".to_owned());
            }
            Err(error) => return Some(format!("cannot be read: {error}")),
        };
        if !header.starts_with(b"\x7fELF") || kind(&header) != Some(SHARED_OBJECT) {
            return Some("is no shared object".to_owned());
        }
        let is_native = self.native.is_none_or(|native| {
            let machine = |header: &[u8; HEADER]| {
                Some((header.get(4..6)?.to_owned(), header.get(18..)?.to_owned()))
            };
            machine(&native) == machine(&header)
        });
        (!is_native).then(|| "is a shared object of another kind of machine".to_owned())
    }
}

/// Returns the folders in which libpam may look, depending on how the distribution built it.
fn usual_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for library in ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"] {
        folders.push(Path::new(library).join("security"));
        // Debian's multiarch folders: /usr/lib/x86_64-linux-gnu/security.
        let inner = fs::read_dir(library).into_iter().flatten().flatten();
        folders.extend(inner.map(|entry| entry.path().join("security")));
    }
    folders
}

fn header(path: &Path) -> io::Result<[u8; HEADER]> {
    let mut header = [0; HEADER];
    File::open(path)?.read_exact(&mut header)?;
    Ok(header)
}

/// Returns `e_type` in the byte order of this machine.
fn kind(header: &[u8; HEADER]) -> Option<u16> {
    header.get(16..18)?.try_into().ok().map(u16::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_that_libpam_could_not_load_is_told_from_one_that_it_could() {
        let dir = tempfile::tempdir().unwrap();
        let libraries = Libraries::new(Some(dir.path()));
        let native = header(Path::new("/proc/self/exe")).unwrap();
        let with = |at: usize, byte: u8| {
            let mut header = native;
            header[at] = byte;
            header.to_vec()
        };
        for (bytes, expected) in [
            (native.to_vec(), None),
            (Vec::new(), Some("is no shared object")),
            (
                b"#!/bin/sh\nexit 0\n# and so on\n".to_vec(),
                Some("is no shared object"),
            ),
            // An object file that was never linked.
            (with(16, 1), Some("is no shared object")),
            // A library of 32 bits or of 64, and of a machine that nobody has.
            (with(4, 3 - native[4]), Some("another kind of machine")),
            (with(18, 0xfe), Some("another kind of machine")),
        ] {
            let path = dir.path().join("pam_x.so");
            fs::write(&path, bytes).unwrap();
            for name in ["pam_x.so", path.to_str().unwrap()] {
                let fault = libraries.fault(name);
                assert_eq!(fault.is_some(), expected.is_some(), "{fault:?}");
                let expected = expected.unwrap_or_default();
                assert!(fault.unwrap_or_default().contains(expected), "{expected}");
            }
        }
        let missing = libraries.fault("pam_y.so").unwrap();
        assert_eq!(missing, "pam_y.so is not where PAM looks for modules");
        let missing = libraries.fault("/nowhere/pam_x.so").unwrap();
        assert_eq!(missing, "/nowhere/pam_x.so is not there");
        assert_eq!(libraries.fault("/lib/security/$ISA/pam_x.so"), None);
    }

    #[test]
    fn a_folder_of_another_machine_does_not_hide_the_module_in_the_next() {
        let [foreign, own] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        fs::write(foreign.path().join("pam_x.so"), "of another machine").unwrap();
        fs::copy("/proc/self/exe", own.path().join("pam_x.so")).unwrap();
        let mut libraries = Libraries::new(Some(foreign.path()));
        libraries.folders.push(own.path().to_owned());
        assert_eq!(libraries.fault("pam_x.so"), None);
    }
}
