//! Checks the units of systemd in which programs ask PAM, for settings that keep the worker from
//! working.
//!
//! Units are read as text: systemctl(1) may be missing, and says nothing in a chroot.

mod judge;
mod list;
mod names;
mod polkit;
mod unit;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::report::Report;
use judge::{Complaint, complaints};
use names::units_of;
use unit::Unit;

/// Reports settings that keep the worker from working, in the units of these PAM services.
/// `folders` are the folders of units, the most important first.
pub(super) fn check(services: &BTreeSet<String>, folders: &[PathBuf], report: &mut Report) {
    let mut read = BTreeSet::new();
    for service in services {
        for name in units_of(service) {
            let Some(unit) = Unit::find(&name, folders, report) else {
                continue;
            };
            let found = match polkit::complaint(&name, &unit) {
                Some(complaint) => vec![complaint],
                None => complaints(&unit),
            };
            for Complaint {
                severity,
                at,
                message,
            } in found
            {
                report.add_pam(severity, (&at.file, at.line), service, message);
            }
            read.insert(name);
        }
    }
    if !read.is_empty() {
        let names: Vec<String> = read.into_iter().collect();
        report.looked_at(format!("systemd units: {}", names.join(", ")));
    }
}
