//! A server of ours that lies, stalls and floods.
