//! Floor 5: the rule of the chain.
