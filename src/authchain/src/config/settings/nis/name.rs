//! Names of domains and maps.

use std::str::FromStr;

/// Maximum length of the name of a domain or of a map, in bytes (`YPMAXDOMAIN` and `YPMAXMAP` in
/// rpcsvc/yp_prot.h).
const MAX: usize = 64;

/// The name of a domain or of a map, which is a folder or a file on the server. The default is
/// empty: the key is missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NisName(String);

impl NisName {
    pub(super) const FAULT: &str = "must be a name of 1 to 64 bytes without '/' and blanks";

    /// Builds a name of this program's own, which is not checked.
    pub(super) fn known(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NisName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_odd = |c: char| c == '/' || c.is_whitespace() || c.is_control();
        if text.is_empty() || text.len() > MAX || text.starts_with('.') || text.contains(is_odd) {
            return Err(Self::FAULT.to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}
