//! Landlock: which files may be opened, whoever owns them and whatever their modes say.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::access::Access;
use super::report::Landlock;

/// A ruleset with its files open: made while we may still reach them, entered once we are nobody.
pub(super) struct Rules(RulesetCreated);

impl Rules {
    /// Gathers what may be read, connected to and, over Unix sockets, resolved.
    ///
    /// Best effort: what an older kernel does not know is left out, and the report says its level.
    pub(super) fn gather(access: &Access) -> Result<Self, RulesetError> {
        let mut ruleset = Ruleset::default()
            .handle_access(AccessFs::from_all(ABI::V9))?
            .handle_access(AccessNet::BindTcp)?
            .scope(Scope::from_all(ABI::V9))?;
        if access.ports.is_some() {
            ruleset = ruleset.handle_access(AccessNet::ConnectTcp)?;
        }
        let mut created = ruleset.create()?;
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        for path in &access.files {
            created = allow(created, path, read)?;
        }
        for path in &access.unix_sockets {
            created = allow(created, path, AccessFs::ResolveUnix.into())?;
        }
        allow_ports(created, access.ports.as_deref().unwrap_or_default()).map(Self)
    }

    /// Enters the rules, for this thread and those it will start.
    pub(super) fn enter(self) -> Result<Landlock, RulesetError> {
        let status = self.0.restrict_self()?;
        Ok(match status.landlock {
            LandlockStatus::NotEnabled => Landlock::SwitchedOff,
            LandlockStatus::Available { effective_abi, .. }
                if status.ruleset != RulesetStatus::NotEnforced =>
            {
                Landlock::Enforced {
                    abi: effective_abi as i32,
                }
            }
            _ => Landlock::Missing,
        })
    }
}

/// Allows `access` below `path`; a path that is not there needs no rule. Rights that only folders
/// have are left out by the crate where it is a file.
fn allow(
    created: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let Ok(opened) = PathFd::new(path) else {
        return Ok(created);
    };
    created.add_rule(PathBeneath::new(opened, access))
}

fn allow_ports(mut created: RulesetCreated, ports: &[u16]) -> Result<RulesetCreated, RulesetError> {
    for &port in ports {
        created = created.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
    }
    Ok(created)
}
