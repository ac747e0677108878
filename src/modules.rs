//! What a task can name: one file a module.
//!
//! A module turns its arguments into wanted states and puts them. It never learns whether the host is
//! live, previewed or fake.

pub mod args;
pub mod spec;

mod registry;

mod attributes;

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
mod ping;
mod postconf;
mod postfix_service;
mod postmap;
mod service;
mod set_fact;
mod setup;
mod stat;
mod template;
mod wait_for;

pub use args::Args;
pub use registry::Module;
pub use spec::{ArgKind, ArgSpec, ModuleSpec};

use serde_json::{Map, Value};

use crate::event::Failure;
use crate::host::{Host, HostError};
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
}

/// What a module may use beside its arguments.
pub struct Context<'a> {
    /// The host.
    pub host: &'a mut dyn Host,
    /// Renders Jinja text with the task's variables (`template`, `copy` content is rendered already).
    pub render: &'a dyn Fn(&str, &str) -> Result<String, Failure>,
    /// Finds a file that travelled with the play: the task's role first, then the playbook's folder.
    /// The first argument is `templates` or `files`.
    pub find_file: &'a dyn Fn(&str, &str) -> Option<&'a FileBody>,
    /// `no_log` is set: nothing of the content may be shown.
    pub no_log: bool,
    /// The host's facts (`ansible_facts`).
    pub facts: &'a Map<String, Value>,
    /// Seconds since the epoch, asked once a run so that a run is deterministic.
    pub now: i64,
}
