//! What the README promises, seen on real hosts. `tests/run` brings the lab up and runs these, one at a time;
//! by hand: `tests/lab/lab up 3 && cargo test --test lab`.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests start programs and write their own files"
)]

mod going;
mod guarantees;
mod random;
mod support;
#[path = "../cli/terminal.rs"]
mod terminal;

mod clients;
mod confirm;
mod conflicts;
#[cfg(feature = "failpoints")]
mod crash;
mod docs;
mod exact;
mod failures;
mod guide;
mod hardship;
mod init;
mod logins;
mod mail;
mod nolost;
mod package;
mod plan;
mod postfix;
mod provisioning;
mod reach;
mod rollback;
mod sabotage;
mod secrets;
mod start;
mod submission;
mod sysctl;
mod variables;
mod verify;
