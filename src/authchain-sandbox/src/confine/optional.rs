//! The calls that depend on what a process needs.

/// The groups of calls that only some processes need.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OptionalCalls {
    /// The process connects to Unix sockets.
    pub(super) unix_sockets: bool,
    /// The process reads files; Landlock and their modes decide which ones.
    pub(super) files: bool,
    /// The process connects over the network.
    pub(super) network: bool,
    /// Landlock keeps the signals of the process from every process outside.
    pub(super) signals: bool,
}
