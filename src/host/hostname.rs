//! The static host name.
