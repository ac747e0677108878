//! The undo record of every run on this host.
//!
//! `/var/lib/mailprov/runs/<id>/journal.jsonl` with one [`record::Record`] a line, and beside it `blobs/`
//! with the bytes of files as they were, named by their SHA-256. Root only.
//!
//! Architecture invariant: a record is on disk, file and directory synced, before the change that it
//! describes. What the records mean to the host is known in [`crate::host`], not here.

pub mod error;
#[cfg(feature = "failpoints")]
pub mod failpoint;
pub mod guard;
pub mod lock;
pub mod record;
pub mod run;
pub mod store;
pub mod stored;

mod blobs;
mod disk;
mod prune;

#[cfg(test)]
mod tests;

pub use blobs::digest;
pub(crate) use disk::private_dir;
pub use error::JournalError;
pub use guard::{Clock, Guarded};
pub use lock::Lock;
pub use record::{Armed, Intent, Outcome, Record};
pub use run::Run;
pub use store::{Owed, RunRecord, Store, now};
