//! The undo record of every run on this host.
