//! mailprov turns bare Rocky Linux 8 hosts into verified Postfix sending servers.
//!
//! `docs/architecture.md` describes the shape; dependencies point one way and a test checks it.

pub mod agent;
pub mod cli;
pub mod diagnostic;
pub mod event;
pub mod fleet;
pub mod host;
pub mod hostplay;
pub mod inventory;
pub mod journal;
pub mod modules;
pub mod playbook;
pub mod postfix;
pub mod probe;
pub mod protocol;
pub mod report;
pub mod template;
pub mod transport;
pub mod vault;
pub mod veil;
pub mod verify;
pub mod yaml;
