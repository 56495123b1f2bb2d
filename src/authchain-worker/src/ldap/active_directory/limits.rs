//! The hours in which an account may be used, and the workstations.

use super::super::entry::Entry;

pub(super) const HOURS: &str = "logonHours";
pub(super) const WORKSTATIONS: &str = "userWorkstations";

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

/// The size of logonHours in bytes: a bit for each hour of the week.
const WEEK: usize = 21;

/// The longest NetBIOS name, which workstations have, in bytes.
const MAX_WORKSTATION: usize = 15;

/// Returns whether the account may be used in this hour. logonHours has a bit for each hour of the
/// week, from Sunday 0:00 UTC on (MS-SAMR 2.2.6.5).
pub(super) fn is_within_hours(entry: &Entry, now: i64) -> bool {
    let mut all = entry.bytes(HOURS);
    let Some(hours) = all.next().filter(|hours| !hours.is_empty()) else {
        return true;
    };
    // 1970 began on a Thursday.
    let since_sunday = now.saturating_add(4 * DAY).rem_euclid(7 * DAY) / HOUR;
    let hour = usize::try_from(since_sunday).unwrap_or_default();
    let byte = hours.get(hour / 8).filter(|_| hours.len() == WEEK);
    byte.is_some_and(|byte| byte & (1 << (hour % 8)) != 0)
}

/// Returns whether this machine is among those the account may be used from, if it names any.
pub(super) fn is_for_workstation(entry: &Entry, own: &str) -> bool {
    let Some(list) = entry.text(WORKSTATIONS).filter(|list| !list.is_empty()) else {
        return entry.bytes(WORKSTATIONS).all(<[u8]>::is_empty);
    };
    let short = own.get(..MAX_WORKSTATION).unwrap_or(own);
    let mut names = list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    names.any(|name| name.eq_ignore_ascii_case(own) || name.eq_ignore_ascii_case(short))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 21:30 on Saturday, 21 November 2026, UTC.
    const NOW: i64 = 1_795_296_600;

    fn with_hours(hours: &[u8]) -> bool {
        let mut entry = Entry::made_of("CN=alice", &[]);
        entry.add(HOURS, hours);
        is_within_hours(&entry, NOW)
    }

    #[test]
    fn logon_hours_count_from_sunday_in_utc() {
        assert!(with_hours(&[]));
        assert!(with_hours(&[0xff; WEEK]));
        assert!(!with_hours(&[0; WEEK]));
        assert!(!with_hours(&[0xff; 20]));
        // Saturday from 21 to 22 is hour 6 × 24 + 21 = 165: bit 5 of byte 20.
        let mut only = [0; WEEK];
        only[20] = 1 << 5;
        assert!(with_hours(&only));
        only[20] = !(1 << 5);
        assert!(!with_hours(&only));
    }

    #[test]
    fn a_workstation_is_named_in_full_or_cut_to_15_bytes() {
        for (list, expected) in [
            ("", true),
            ("OTHER", false),
            ("other,TERMINAL-OF-ALICE", true),
            ("TERMINAL-OF-ALI", true),
            ("TERMINAL", false),
        ] {
            let entry = Entry::made_of("CN=alice", &[(WORKSTATIONS, list)]);
            assert_eq!(
                is_for_workstation(&entry, "terminal-of-alice"),
                expected,
                "{list}"
            );
        }
    }

    #[test]
    fn a_machine_without_a_name_is_no_workstation() {
        let entry = Entry::made_of("CN=alice", &[(WORKSTATIONS, "OTHER,,")]);
        assert!(!is_for_workstation(&entry, ""));
    }
}
