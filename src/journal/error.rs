//! Why the journal could not be written or read.

use crate::event::Failure;

/// Each text is a lower-case fragment that reads after "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A system call failed.
    #[error("{verb} {path}: {source}")]
    Io {
        /// `create`, `write`, `sync`, ...
        verb: &'static str,
        /// The path.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A line that is no record, and is not the last one.
    #[error("read {path}: line {line}: {message}")]
    Damaged {
        /// The journal.
        path: String,
        /// From 1.
        line: usize,
        /// Why.
        message: String,
    },
    /// A stored file's bytes are not those that were recorded.
    #[error("read {path}: its content does not have the digest that its name says")]
    DamagedBlob {
        /// The blob.
        path: String,
    },
    /// A name that cannot be a run's.
    #[error("use {0:?} as a run id: letters, digits, `-`, `_` and `.` only, a letter or digit first")]
    BadRunId(String),
    /// There is no such run.
    #[error("find the run {0} on this host")]
    NoSuchRun(String),
    /// A run with this id was begun before.
    #[error("begin the run {0}: a run with this id is there already")]
    RunExists(String),
    /// Another run holds the host.
    #[error("lock this host: {holder}")]
    Locked {
        /// Who, as far as is known.
        holder: String,
    },
    /// A directory of ours in which somebody else may have put something.
    #[error("trust {path}: {reason}")]
    Untrusted {
        /// The directory.
        path: String,
        /// Why not.
        reason: String,
    },
    /// An earlier write to this journal failed, so nothing may be recorded, and nothing done, any more.
    #[error("write {0}: an earlier write to it failed")]
    Broken(String),
}

impl JournalError {
    pub(super) fn io(verb: &'static str, path: &std::path::Path, source: impl Into<std::io::Error>) -> Self {
        Self::Io { verb, path: path.display().to_string(), source: source.into() }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Locked { .. } => Some("wait for the other run to end, or stop it, and try again"),
            Self::Untrusted { .. } => Some(
                "look at what is in it and who could write there; then move it away, or give it to root with mode 0700",
            ),
            Self::NoSuchRun(_) | Self::BadRunId(_) => Some("`mailprov history` lists the runs"),
            Self::Damaged { .. } | Self::DamagedBlob { .. } => Some(
                "the journal was changed or the disk is failing, and nothing was done; to go on without it move the \
                 folder of that run away: what it did can then not be taken back",
            ),
            Self::Io { .. } | Self::RunExists(_) | Self::Broken(_) => None,
        }
    }

    /// The failure as it travels to the user.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        Failure {
            message: self.to_string(),
            hints: self.hint().map(str::to_owned).into_iter().collect(),
            ..Failure::default()
        }
    }
}
