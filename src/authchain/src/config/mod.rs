//! Floor 3: the configuration.
