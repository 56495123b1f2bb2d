//! Ids that the accounts of this machine use in containers (subuid(5), subgid(5)).

use std::fs;
use std::io::ErrorKind;
use std::ops::RangeInclusive;
use std::path::Path;

use crate::terminal::Failure;

/// Ranges of subordinate ids, with their owners.
#[derive(Default)]
pub(super) struct SubordinateIds(Vec<(RangeInclusive<u32>, String)>);

impl SubordinateIds {
    /// Reads a file of ranges; without a file there are none.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        match fs::read(path) {
            Ok(bytes) => Ok(Self::parse(&String::from_utf8_lossy(&bytes))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Failure::trouble(format!("{}: {error}", path.display()))),
        }
    }

    /// Parses lines such as `alice:100000:65536`; others are left out, as by newuidmap(1).
    pub(super) fn parse(text: &str) -> Self {
        let range = |line: &str| {
            let mut fields = line.trim().split(':');
            let owner = fields.next()?.to_owned();
            let first: u32 = fields.next()?.parse().ok()?;
            let count: u32 = fields.next()?.parse().ok()?;
            let last = first.saturating_add(count.checked_sub(1)?);
            Some((first..=last, owner))
        };
        Self(text.lines().filter_map(range).collect())
    }

    /// Returns why nobody else gets the id; `None` if they may.
    pub(super) fn objection(&self, kind: &str, id: u32) -> Option<String> {
        let (_, owner) = self.0.iter().find(|(range, _)| range.contains(&id))?;
        Some(format!(
            "{kind} id {id} is one of {owner}'s subordinate ids on this machine"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_in_a_range_is_the_owners_and_a_line_that_is_none_has_no_range() {
        let text = "alice:100000:65536\n#x\nbob:1:0\ncarol:4294967290:99\nodd:x:1\n";
        let ids = SubordinateIds::parse(text);
        assert_eq!(ids.0.len(), 2);
        for (id, is_fine) in [
            (99_999, true),
            (100_000, false),
            (165_535, false),
            (165_536, true),
        ] {
            assert_eq!(ids.objection("user", id).is_none(), is_fine, "{id}");
        }
        assert!(ids.objection("user", u32::MAX).is_some());
    }
}
