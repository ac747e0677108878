//! Why the host could not do something.

use super::CommandOutput;
use crate::event::Failure;

/// An error of the resource store. Each text is a lower-case fragment that reads after "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A system call on a path failed.
    #[error("{verb} {path}: {source}")]
    Io {
        /// `read`, `write`, `rename`, ...
        verb: &'static str,
        /// The path.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// A program is not installed.
    #[error("{0} is not installed")]
    NoSuchProgram(String),
    /// A program ended with a status other than 0.
    #[error("{command} ended with status {}", output.status)]
    Command {
        /// As typed.
        command: String,
        /// What it left.
        output: CommandOutput,
        /// What to try, if known.
        hint: Option<String>,
    },
    /// D-Bus or a service behind it answered with an error.
    #[error("{service} over D-Bus: {message}")]
    Bus {
        /// `firewalld`, ...
        service: &'static str,
        /// Its words.
        message: String,
    },
    /// The state asked for cannot be had.
    #[error("{message}")]
    Refused {
        /// Why.
        message: String,
        /// What to try.
        hint: Option<String>,
    },
    /// The journal could not be written; nothing was changed.
    #[error("journal: {message}")]
    Journal {
        /// Why.
        message: String,
        /// What to try.
        hint: Option<&'static str>,
    },
}

impl HostError {
    /// A state that cannot be had, with the reason.
    #[must_use]
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), hint: None }
    }

    /// A journal that cannot be used.
    #[must_use]
    pub fn journal(message: impl Into<String>) -> Self {
        Self::Journal { message: message.into(), hint: None }
    }

    /// A failed system call on a path.
    #[must_use]
    pub fn io(verb: &'static str, path: &str, source: impl Into<std::io::Error>) -> Self {
        Self::Io { verb, path: path.to_owned(), source: source.into() }
    }

    /// The failure as it travels to the user, with the evidence.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let mut failure = Failure { message: self.to_string(), ..Failure::default() };
        match self {
            Self::Command { command, output, hint } => {
                failure.command = Some(shlex::split(command).unwrap_or_else(|| vec![command.clone()]));
                failure.exit_status = Some(output.status);
                failure.stderr = Some(tail(&output.stderr_text(), 1024));
                failure.hints.extend(hint.clone());
            }
            Self::Refused { hint, .. } => failure.hints.extend(hint.clone()),
            Self::Journal { hint, .. } => failure.hints.extend(hint.map(str::to_owned)),
            Self::Io { .. } | Self::NoSuchProgram(_) | Self::Bus { .. } => {}
        }
        failure
    }
}

/// The last `limit` bytes of a text, cut at a character boundary.
fn tail(text: &str, limit: usize) -> String {
    let mut start = text.len().saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].to_owned()
}
