//! The messages between controller and agent, one JSON value a frame.

use serde::{Deserialize, Serialize};

use super::plan::{Expectation, HostPlan, PlanKey};
use crate::event::Event;
use crate::hostplay::{HostPlay, RunSpec, UndoTarget};

/// Raised whenever a message changes its meaning; both sides must agree.
pub const PROTOCOL_VERSION: u32 = 1;

/// How often the controller says that it is still there, in seconds.
pub const PING_SECONDS: u32 = 2;

/// Controller to agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Open a run (takes the lock, opens the journal).
    Begin {
        /// Which.
        run: RunSpec,
        /// The seconds within which a run that changed the way in must be confirmed. `None`: it need not be, since
        /// the controller is on the host itself, or the user wants it so.
        confirm_within: Option<u32>,
    },
    /// Within an open check: answer its end with [`Reply::Plan`], under this key.
    Plan(PlanKey),
    /// Within an open run, before its first play: go on only if the host is as it was when the plan was made, and if
    /// the plays would do what they would have done then. Answered only by a refusal.
    Expect(Box<Expectation>),
    /// Run one play within the open run.
    Play(Box<HostPlay>),
    /// Close the run as finished.
    Finish,
    /// Close the run as failed: the controller has seen that the host does not do what it should.
    Condemn {
        /// What is wrong, as a sentence without its full stop.
        reason: String,
    },
    /// The host was reached over a new connection: a run that waits for this is to stay.
    Confirm {
        /// The run.
        run_id: String,
        /// From [`Reply::Unconfirmed`].
        nonce: String,
    },
    /// The controller is still there. Sent every [`PING_SECONDS`]; never answered.
    Ping,
    /// Undo a run; outside of any open run.
    Rollback(RollbackSpec),
    /// List the runs on this host.
    History,
    /// Tell how things stand on this host.
    Status,
}

/// What to undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollbackSpec {
    /// How the rollback run itself is journalled.
    pub run: RunSpec,
    /// The runs to undo.
    pub target: UndoTarget,
    /// Also overwrite what was changed by hand since.
    pub force: bool,
    /// As in [`Request::Begin`].
    pub confirm_within: Option<u32>,
}

/// Agent to controller.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and most are events")]
pub enum Reply {
    /// The first frame.
    Hello {
        /// [`PROTOCOL_VERSION`] of the agent.
        protocol: u32,
        /// The agent's crate version.
        version: String,
        /// The agent's effective user id.
        uid: u32,
    },
    /// Something happened.
    Event(Event),
    /// A play is over on this host.
    PlayDone {
        /// Whether a task failed (and was neither ignored nor rescued).
        failed: bool,
    },
    /// The run that ends now changed the way in: the host takes it back unless a [`Request::Confirm`] comes over a
    /// new connection.
    Unconfirmed {
        /// The run.
        run_id: String,
        /// What the confirmation has to say; known to this run's controller alone.
        nonce: String,
        /// Within so many seconds from now.
        within: u32,
    },
    /// What the check that ends here has seen and foretold.
    Plan(HostPlan),
    /// Answer to [`Request::History`].
    History(Vec<RunSummary>),
    /// Answer to [`Request::Status`].
    Status(Box<HostStatus>),
    /// The request could not be carried out (lock held, journal unreadable, wrong version).
    Refused(crate::event::Failure),
    /// The closing frame: nothing follows. A stream that ends without it is a lost host.
    Bye,
}

/// One run in a host's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Identity and origin.
    pub spec: RunSpec,
    /// Start, seconds since the epoch.
    pub started: u64,
    /// End, seconds since the epoch; `None` when it never came to one.
    pub ended: Option<u64>,
    /// The runs that it took back, newest first; none for an ordinary run.
    pub undoes: Vec<String>,
    /// The run that took it back, if it is not in effect any more.
    pub undone_by: Option<String>,
    /// `finished`, `failed`, `unfinished`, `running`, `unconfirmed`, `rolled back`.
    pub outcome: String,
    /// Resources changed (`file:/etc/postfix/main.cf`).
    pub changed: Vec<String>,
}

/// How things stand on a host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HostStatus {
    /// The newest run.
    pub last: Option<RunSummary>,
    /// Runs that were cut off, were not taken back, and after which none succeeded; oldest first.
    pub unfinished: Vec<RunSummary>,
    /// Handlers that were notified and never ran.
    pub owed: Vec<String>,
    /// Who is at work on the host now.
    pub holder: Option<Holder>,
}

/// Who holds a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The agent's process on the host.
    pub pid: u32,
    /// `user@machine` of the controller.
    pub controller: String,
    /// Seconds since the epoch.
    pub since: u64,
}
