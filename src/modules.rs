//! What a task can name: one file a module.
//!
//! A module turns its arguments into wanted states and puts them. It never learns whether the host is
//! live, previewed or fake.

pub mod args;
pub mod spec;

mod registry;

mod attributes;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod cases;
mod install;
mod managed;
mod paths;
mod postfix_file;
mod postfix_proof;

mod assert;
mod certificate;
mod command;
mod copy;
mod debug;
mod dnf;
mod fail;
mod file;
mod firewalld;
mod hostname;
mod lineinfile;
mod mail_verify;
mod openssl_privatekey;
mod ping;
mod postconf;
mod postfix_service;
mod postmap;
mod service;
mod set_fact;
mod setup;
mod stat;
mod sysctl;
mod template;
mod unsupported;
mod wait_for;

#[cfg(test)]
mod tests;

pub use args::Args;
pub use mail_verify::is_check;
pub use registry::Module;
pub use spec::{ArgKind, ArgSpec, ModuleSpec};

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::event::{Event, Failure};
use crate::host::{FileState, Host, HostError, Key, State, Want};
use crate::hostplay::FileBody;

/// What a module has to say beyond the changes that the host recorded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Overrides "changed means that a change or action was recorded" (`command`, `assert`, `wait_for`).
    pub changed: Option<bool>,
    /// Nothing was done, for this reason (`creates` exists; check mode cannot know).
    pub skipped: Option<String>,
    /// A line for the user.
    pub message: Option<String>,
    /// Values for `register`, beside `changed`, `failed`, `skipped` and `msg`.
    pub values: Map<String, Value>,
    /// In check mode: the result depends on what cannot be known before applying.
    pub unknown: bool,
}

/// Why a module failed.
#[derive(Debug, thiserror::Error)]
pub enum ModuleError {
    /// The host could not do it.
    #[error(transparent)]
    Host(#[from] HostError),
    /// An argument's rendered value does not fit.
    #[error("argument {name}: {message}")]
    Argument {
        /// Which.
        name: String,
        /// Why.
        message: String,
    },
    /// Everything else, ready to be shown, with the values that `register` shall still see.
    #[error("{}", failure.message)]
    Failed {
        /// What to show.
        failure: Box<Failure>,
        /// Values for `register`.
        values: Map<String, Value>,
    },
}

impl ModuleError {
    /// A failure with a text and nothing else.
    #[must_use]
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed {
            failure: Box::new(Failure { message: message.into(), ..Failure::default() }),
            values: Map::new(),
        }
    }

    /// A failure with what to try.
    fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        let failure = Failure { message: message.into(), hints: vec![hint.into()], ..Failure::default() };
        Self::Failed { failure: Box::new(failure), values: Map::new() }
    }

    /// An argument whose value does not fit.
    fn argument(name: &str, message: impl Into<String>) -> Self {
        Self::Argument { name: name.to_owned(), message: message.into() }
    }
}

/// Renders a template's text, shown in errors under a name.
pub type Render<'a> = dyn Fn(&str, &str) -> Result<String, Box<Failure>> + 'a;

/// What a module may use beside its arguments.
pub struct Context<'a> {
    /// The host.
    pub host: &'a mut dyn Host,
    /// Renders Jinja text with the task's variables (`template`, `copy` content is rendered already).
    pub render: &'a Render<'a>,
    /// Finds a file that travelled with the play: the task's role first, then the playbook's folder.
    /// The first argument is `templates` or `files`.
    pub find_file: &'a dyn Fn(&str, &str) -> Option<&'a FileBody>,
    /// `no_log` is set: nothing of the content may be shown.
    pub no_log: bool,
    /// The host's facts (`ansible_facts`).
    pub facts: &'a Map<String, Value>,
    /// Tells the controller what no result can: see [`Event`].
    pub tell: &'a mut dyn FnMut(Event),
    /// Set when the run is to stop: nobody waits any longer.
    pub stop: &'a AtomicBool,
    /// Seconds since the epoch, asked once a run so that a run is deterministic.
    pub now: i64,
}

/// Sleeps, unless it is told to stop; says whether it slept to the end.
#[must_use]
pub fn pause(duration: Duration, stop: &AtomicBool) -> bool {
    let end = Instant::now() + duration;
    loop {
        if stop.load(Ordering::Acquire) {
            return false;
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::sleep(left.min(Duration::from_millis(100)));
    }
}

impl Context<'_> {
    /// Waits for so long.
    ///
    /// # Errors
    /// When the run is to stop.
    fn pause(&self, duration: Duration) -> Result<(), ModuleError> {
        if pause(duration, self.stop) {
            Ok(())
        } else {
            Err(ModuleError::failed("wait any longer: the run was stopped"))
        }
    }

    /// What stands at a clean path.
    fn file(&mut self, path: &str) -> Result<FileState, ModuleError> {
        match self.host.read(&Key::File(path.to_owned()))? {
            State::File(state) => Ok(state),
            other => Err(ModuleError::failed(format!("read {path} as a file: got a {}", other.kind()))),
        }
    }

    /// Brings a file from the state that was read into another one and says whether they differ.
    fn put_file(&mut self, path: &str, before: &FileState, after: FileState) -> Result<bool, ModuleError> {
        let sensitive = self.hides(before) || self.hides(&after);
        let want = Want::new(Key::File(path.to_owned()), State::File(after)).sensitive(sensitive);
        Ok(self.host.put(want)?)
    }

    /// Whether a content is not to be shown: what not everybody on the host may read, whoever sees the
    /// output may not read either.
    fn hides(&self, state: &FileState) -> bool {
        self.no_log || matches!(state, FileState::Regular { meta, .. } if meta.mode & 0o004 == 0)
    }

    /// Fails when the directory that a file is to be made in is missing.
    fn need_parent(&mut self, path: &str) -> Result<(), ModuleError> {
        let parent = paths::parent(path);
        match self.file(parent)? {
            FileState::Absent => Err(ModuleError::hinted(
                format!("make {path}: the directory {parent} does not exist"),
                "make it in an earlier task: file: path=... state=directory",
            )),
            _ => Ok(()),
        }
    }
}
