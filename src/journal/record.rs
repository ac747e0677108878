//! The lines of a journal.

use serde::{Deserialize, Serialize};

use super::stored::{StoredAction, StoredKey, StoredSpec, StoredState};

/// The format that this version writes. Older ones stay readable; newer ones are refused.
pub const FORMAT: u32 = 1;

/// One line. Times are seconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// The first line.
    RunStarted {
        /// [`FORMAT`] of the writer.
        format: u32,
        /// Whose run it is.
        spec: StoredSpec,
        /// When.
        at: u64,
        /// Larger than that of every run before it, whatever the clocks said.
        number: u64,
        /// The runs that this one takes back, newest first; none for an ordinary run.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        undoes: Vec<String>,
        /// The newest run before it that set out to change something or to take a run back, so that it is noticed when
        /// that one is no longer there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<String>,
    },
    /// A change is about to be made.
    Intent(Box<Intent>),
    /// The change was made.
    Done {
        /// Of which intent.
        seq: u64,
        /// What is there now.
        after: StoredState,
    },
    /// An action is about to be run.
    Action {
        /// Number within the run.
        seq: u64,
        /// Which.
        action: StoredAction,
    },
    /// A handler was notified and has not run.
    Owed {
        /// Its name.
        handler: String,
        /// What it is going to run, where that is known: a rollback runs it if somebody else did so meanwhile.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        action: Option<StoredAction>,
    },
    /// A handler that this or an earlier run owed has run, or was after all not notified.
    Paid {
        /// Its name.
        handler: String,
    },
    /// The run is over.
    RunFinished {
        /// How.
        outcome: Outcome,
        /// When.
        at: u64,
        /// Whether it was stopped on the way: the controller was gone, or had enough of it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stopped: bool,
    },
    /// The way in is about to change: unless the run is confirmed, the host takes it back by itself.
    Armed(Armed),
    /// The run is over and waits for its confirmation.
    Awaiting {
        /// The boot of the host in which the time below has a meaning.
        boot: String,
        /// Milliseconds on the clock of that boot until which a confirmation counts.
        until: u64,
    },
    /// The change of the way in was confirmed over a new connection.
    Confirmed {
        /// When.
        at: u64,
    },
    /// Nothing takes the run back any more, though nobody confirmed it.
    Disarmed {
        /// When.
        at: u64,
    },
    /// Another run took this one back.
    RolledBack {
        /// Its id.
        by: String,
        /// When.
        at: u64,
    },
}

/// What is to be known of a run that is taken back unless it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Armed {
    /// What a confirmation has to say.
    pub nonce: String,
    /// Seconds to wait for it, from the end of the run.
    pub within: u32,
    /// The oldest run that is taken back with this one: itself, or one before it that was cut off.
    pub since: String,
    /// Folders that were made for the units, outermost first: they go when the units do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<String>,
}

/// A change that is about to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Number within the run, from 0; given by the writer.
    #[serde(default)]
    pub seq: u64,
    /// Of which resource.
    pub key: StoredKey,
    /// Its state now; if a file, its bytes are kept.
    pub before: StoredState,
    /// Its state to be.
    pub after: StoredState,
    /// The content may not be shown.
    #[serde(default)]
    pub sensitive: bool,
    /// The name, beside the file, of what a kill may leave behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<String>,
    /// The label of the package transaction that this is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    /// Of the first package of a transaction, or of a unit that is unmasked: the digest of the kept list (JSON) of the
    /// paths that were there, so that what came with the change can be told after a kill. Under `/etc`, that is; for a
    /// unit under `/etc/systemd/system`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub census: Option<String>,
    /// The intent that this file changes along with. Nobody asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<u64>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// All went through.
    Succeeded,
    /// A task failed.
    Failed,
}
