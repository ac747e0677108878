//! The interpreter on the host.
