//! What happened: the frame payload, the reporter's input and the JSON line in one.
//!
//! The agent emits [`Event`]s; the fleet adds the host and the time ([`HostEvent`]). Progress,
//! plan, recap, diffs, JSON output and reports are all made from this one stream.

mod check;
mod moment;
mod texts;

pub use check::{Check, CheckVerdict, Outside, Vantage};
pub use moment::moment;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::hostplay::Origin;

/// An event with the host it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostEvent {
    /// Inventory name.
    pub host: String,
    /// Milliseconds since the run began, by the controller's clock.
    pub at_ms: u64,
    /// What happened.
    pub event: Event,
}

/// Something that happened on a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "events are passed on and not kept")]
pub enum Event {
    /// The ssh connection is up.
    Connected {
        /// Milliseconds from the first packet to the open channel.
        ms: u64,
    },
    /// The agent runs and speaks.
    AgentReady {
        /// Whether the binary had to be sent.
        uploaded: bool,
        /// Milliseconds for bootstrap.
        ms: u64,
    },
    /// A play begins on this host.
    PlayStarted {
        /// Its name.
        name: String,
    },
    /// Facts were gathered.
    FactsGathered {
        /// Milliseconds it took.
        ms: u64,
    },
    /// A task begins.
    TaskStarted(TaskRef),
    /// A task, with all items of its loop, is over.
    TaskFinished(TaskResult),
    /// A line of live output of a long task (dnf).
    Output {
        /// One line, without its newline.
        line: String,
    },
    /// A server was verified.
    Verified {
        /// From where.
        vantage: Vantage,
        /// Every check, in order.
        checks: Vec<Check>,
        /// How the controller can look for itself, when the host says so.
        outside: Option<Box<Outside>>,
    },
    /// Something the user should know that is no failure.
    Warning {
        /// One sentence.
        message: String,
    },
    /// What is at work takes longer than it may: the run ends on this host.
    Late {
        /// For people: `the task "Install the packages"`.
        at_work: String,
        /// How many seconds it may take (`--task-timeout`).
        limit: u64,
    },
    /// The run changed the way in: the host is being reached over a new connection, or else it takes the run back.
    Confirming {
        /// The run.
        run_id: String,
        /// Within so many seconds.
        within: u32,
    },
    /// The host was reached over a new connection, and the run stays.
    Confirmed {
        /// Milliseconds it took.
        ms: u64,
    },
    /// The run on this host is being taken back.
    RollbackStarted {
        /// Why.
        reason: String,
    },
    /// One resource was put back (or kept, with the reason).
    RolledBack {
        /// What.
        change: ChangeView,
        /// Why it was kept as it is, if it was.
        kept: Option<String>,
    },
    /// The host's part of the run is over.
    HostFinished {
        /// How it ended.
        outcome: HostOutcome,
    },
}

impl Event {
    /// What is told of something that is late.
    #[must_use]
    pub fn late(at_work: &str, limit: u64) -> String {
        format!("{at_work} takes longer than {limit} s (--task-timeout)")
    }
}

/// Which task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRef {
    /// [`crate::hostplay::Task::id`].
    pub id: u32,
    /// The rendered name.
    pub name: String,
    /// The role it came from.
    pub role: Option<String>,
    /// The module.
    pub module: String,
    /// Whether it runs as a handler.
    pub handler: bool,
    /// Where it stands in the user's files.
    pub origin: Origin,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nothing to change.
    Ok,
    /// Changed something (or would, in check mode).
    Changed,
    /// `when` did not hold, or nothing to do in check mode.
    Skipped,
    /// Failed.
    Failed,
    /// Failed, and `ignore_errors` let the play go on.
    Ignored,
}

/// The result of a task on a host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    /// Which task.
    pub task: TaskRef,
    /// How it ended, all items taken together.
    pub status: Status,
    /// Why it was skipped, or why nothing was to do, or what the module has to say.
    pub message: Option<String>,
    /// What it changed, in order.
    pub changes: Vec<ChangeView>,
    /// Actions it ran or would run, as shown to the user (`restart postfix.service`).
    pub actions: Vec<String>,
    /// The failure, if it failed.
    pub failure: Option<Failure>,
    /// One entry an item of a loop, empty without a loop.
    pub items: Vec<ItemResult>,
    /// In check mode: the outcome depends on what cannot be known before applying.
    pub unknown: bool,
    /// Milliseconds it took.
    pub ms: u64,
    /// Handlers that this notified.
    pub notified: Vec<String>,
}

/// The result of one item of a loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemResult {
    /// The item's label.
    pub label: String,
    /// How it ended.
    pub status: Status,
    /// What the module has to say.
    pub message: Option<String>,
}

/// Why a task failed, with all that helps to mend it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct Failure {
    /// A lower-case fragment that reads after "failed to ...: " or stands alone.
    pub message: String,
    /// The cause chain, outermost first.
    pub causes: Vec<String>,
    /// What was run, if a command failed.
    pub command: Option<Vec<String>>,
    /// Its exit status.
    pub exit_status: Option<i32>,
    /// The last lines it wrote to stderr (at most 1 KiB).
    pub stderr: Option<String>,
    /// A place in the user's files nearer than the task itself.
    pub origin: Option<Origin>,
    /// What to try.
    pub hints: Vec<String>,
}

/// A change of one resource as people and programs see it: no secrets, no blobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeView {
    /// `file`, `package`, `unit`, `hostname`, `firewall`, `sysctl`.
    pub kind: String,
    /// The key within its kind: a path, a name, a zone.
    pub name: String,
    /// What happens in one word: `create`, `update`, `delete`, `install`, `remove`, ...
    pub verb: String,
    /// The properties that differ, as (property, before, after). `None`: absent before or after;
    /// [`KNOWN_AFTER_APPLY`] where it cannot be known.
    pub properties: Vec<PropertyChange>,
    /// Text before and after, where both are text of reasonable size and no secret.
    pub text: Option<TextChange>,
    /// The content may not be shown.
    pub sensitive: bool,
}

/// Shown for a value that only applying can tell.
pub const KNOWN_AFTER_APPLY: &str = "(known after apply)";

/// One property that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PropertyChange {
    /// `mode`, `owner`, `version`, `enabled`, `service`, ...
    pub name: String,
    /// The value before.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
}

/// The text of a file before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextChange {
    /// `None`: there was no file. [`KNOWN_AFTER_APPLY`]: unknown.
    pub before: Option<String>,
    /// `None`: there will be none.
    pub after: Option<String>,
}

/// How a host's part of the run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum HostOutcome {
    /// All tasks went through.
    Succeeded,
    /// A task failed; what happened to the changes is said.
    Failed {
        /// The changes were taken back.
        rolled_back: bool,
    },
    /// All tasks went through, and the changes were taken back since the run failed on another host.
    Reverted,
    /// The agent would not do it (another run holds the host, the journal cannot be read); nothing was changed.
    Refused {
        /// Why.
        failure: Failure,
    },
    /// The host was never reached, or the channel ended without the closing frame.
    Unreachable {
        /// Why.
        failure: Failure,
    },
    /// Not started, since the run was stopped before its turn.
    NotStarted {
        /// Why.
        reason: String,
    },
}

/// A registered result, as later templates see it.
pub type Registered = Map<String, Value>;
