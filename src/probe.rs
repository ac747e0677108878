//! Looking at a mail server over the network: the SMTP dialogue, TLS, certificates, DNS.
//!
//! Used on the managed host and on the controller alike; nothing here changes anything, and everything has a time
//! limit.

pub mod catalogue;
pub mod certificate;
pub mod checks;
pub mod dialogue;
pub mod dns;
pub mod old_tls;
pub mod outside;
pub mod sink;
pub mod smtp;
pub mod tls;

pub use checks::{Checks, Definition, Finding};
