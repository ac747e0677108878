//! Reads and writes of the real host.
