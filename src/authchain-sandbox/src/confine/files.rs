//! Landlock: the files that may be opened, whatever their owner and mode, and the ports and Unix
//! sockets that may be connected to.

use std::path::Path;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, LandlockStatus, NetPort, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::access::Access;
use super::report::Landlock;

/// The device to which programs write what nobody needs.
const NULL: &str = "/dev/null";

/// A Landlock ruleset whose paths are open. Root makes it, as the worker's own user may not reach
/// the paths; the worker's own user enters it.
pub(super) struct Rules(RulesetCreated);

impl Rules {
    /// Makes the ruleset that allows `access` alone.
    ///
    /// Rights that an older kernel does not know are left out; the report has the kernel's ABI.
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
        let run = read | AccessFs::Execute;
        for path in &access.programs {
            created = allow(created, path, run)?;
        }
        if !access.programs.is_empty() {
            created = allow(created, Path::new(NULL), AccessFs::WriteFile.into())?;
        }
        for path in &access.unix_sockets {
            created = allow(created, path, AccessFs::ResolveUnix.into())?;
        }
        for &port in access.ports.iter().flatten() {
            created = created.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
        }
        Ok(Self(created))
    }

    /// Applies the rules to this thread and to every thread that it will start.
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

/// Allows `access` to `path` and everything below it; a path that does not exist needs no rule.
///
/// Where `path` is a file, the landlock crate leaves out the rights that only folders have.
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
