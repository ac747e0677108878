//! A play compiled for one host: self-contained, so the agent never asks back.
//!
//! The controller resolves roles, imports, tags, handlers and file lookups; what is left for the
//! agent is what needs facts: rendering, conditions and loops. Together with [`crate::event`] and
//! [`crate::protocol`] these are the only types that controller and host code share.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The facts that the agent gathers: `ansible_facts.NAME`, and `ansible_NAME` as a variable.
/// The controller's check for undefined variables accepts exactly these, and one for each network interface.
pub const FACT_NAMES: &[&str] = &[
    "all_ipv4_addresses",
    "all_ipv6_addresses",
    "architecture",
    "date_time",
    "default_ipv4",
    "default_ipv6",
    "distribution",
    "distribution_major_version",
    "distribution_release",
    "distribution_version",
    "domain",
    "fqdn",
    "gather_subset",
    "hostname",
    "interfaces",
    "kernel",
    "machine",
    "machine_id",
    "memfree_mb",
    "memtotal_mb",
    "nodename",
    "os_family",
    "pkg_mgr",
    "processor_count",
    "processor_vcpus",
    "selinux",
    "service_mgr",
    "swaptotal_mb",
    "system",
    "user_id",
    "user_uid",
    "virtualization_type",
];

/// Name of the module that looks at the mail server.
pub const VERIFY: &str = "mail_verify";

/// A place in one of the user's files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Origin {
    /// The path as the user would write it, or `<built-in>/...` for embedded files.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Whether a run changes the host or only says what it would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Change the host (`up`).
    Apply,
    /// Work out the changes against an overlay in memory (`check`).
    Check,
}

/// What a run is, for the journal and for whoever asks later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSpec {
    /// Unique, sortable by start time: `20261124T031500Z-1a2b3c4d`.
    pub run_id: String,
    /// Apply or check.
    pub mode: Mode,
    /// The host's name in the inventory.
    pub host: String,
    /// `user@machine` of the controller.
    pub controller: String,
    /// The command line that was typed, without secrets.
    pub command: String,
    /// Whether a failed task rolls the run back on this host.
    pub rollback_on_failure: bool,
}

/// Which runs a rollback takes back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndoTarget {
    /// The newest that is in effect and changed something.
    #[default]
    Newest,
    /// This one and all later ones.
    Run(String),
    /// All that are later than this one: the host goes back to what it was after it.
    After(String),
    /// This one alone. What later runs changed since is kept.
    Only(String),
}

/// One play for one host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HostPlay {
    /// The play's name, as shown to the user.
    pub name: String,
    /// Whether facts are gathered before the first task.
    pub gather_facts: bool,
    /// Variable maps that [`Task::layers`] points into. Values are templates, not yet rendered.
    pub var_maps: Vec<Map<String, Value>>,
    /// `--extra-vars`: above everything else.
    pub extra_vars: Map<String, Value>,
    /// `inventory_hostname`, `groups`, `group_names`, `playbook_dir`, ...: plain values, never templates.
    pub magic: Map<String, Value>,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// Handlers in the order in which they run; a task's `notify` names them by name or `listen` topic.
    pub handlers: Vec<Task>,
    /// Contents of the templates and files that tasks may name, by logical path
    /// (`roles/postfix/templates/x.j2`). Bytes are base64 on the wire.
    pub files: BTreeMap<String, FileBody>,
    /// Texts in all of this that may not be shown.
    #[serde(default)]
    pub secrets: Vec<String>,
}

impl HostPlay {
    /// Whether a task or handler looks at the mail server. Who drives the run then looks, too, from where it is.
    #[must_use]
    pub fn verifies(&self) -> bool {
        fn any(steps: &[Step]) -> bool {
            steps.iter().any(|step| match step {
                Step::Task(task) => task.module == VERIFY,
                Step::Block(block) => any(&block.block) || any(&block.rescue) || any(&block.always),
                Step::FlushHandlers(_) => false,
            })
        }
        any(&self.steps) || self.handlers.iter().any(|handler| handler.module == VERIFY)
    }

    /// Keeps those of these secrets that are anywhere in the play: the others are none of the host's business.
    #[must_use]
    pub fn with_secrets(mut self, secrets: Vec<String>) -> Self {
        if secrets.is_empty() {
            return self;
        }
        // What cannot be written as JSON could not be sent either.
        let mut text = serde_json::to_string(&(&self.var_maps, &self.extra_vars, &self.magic)).unwrap_or_default();
        text.push_str(&serde_json::to_string(&(&self.steps, &self.handlers)).unwrap_or_default());
        let files: Vec<_> = self.files.values().map(|file| String::from_utf8_lossy(&file.bytes)).collect();
        let within = |secret: &String| {
            let escaped = Value::from(secret.as_str()).to_string();
            text.contains(escaped.trim_matches('"')) || files.iter().any(|file| file.contains(secret.as_str()))
        };
        self.secrets = secrets.into_iter().filter(within).collect();
        self
    }
}

/// One element of a task list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A module call.
    Task(Box<Task>),
    /// A `block` with its `rescue` and `always`.
    Block(Box<Block>),
    /// `meta: flush_handlers`.
    FlushHandlers(Origin),
}

/// A `block`. Its `when`, `vars`, `become`, `tags`, `no_log` and `ignore_errors` were pushed down to
/// its tasks by the compiler, as Ansible does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// The block's name, or empty.
    pub name: String,
    /// Where it stands.
    pub origin: Origin,
    /// The tasks to try.
    pub block: Vec<Step>,
    /// Run when one of them failed; success here clears the failure.
    pub rescue: Vec<Step>,
    /// Run in any case.
    pub always: Vec<Step>,
}

/// One module call with its keywords.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Position in the play, tasks first and handlers after them; the same on every host.
    pub id: u32,
    /// The task's name (a template), or the module's name when it has none.
    pub name: Template,
    /// The role it came from.
    pub role: Option<String>,
    /// Where the task starts.
    pub origin: Origin,
    /// Canonical module name, as in [`crate::modules::Module::name`].
    pub module: String,
    /// Arguments as written: canonical names, known to the module, not yet rendered.
    pub args: Vec<Arg>,
    /// Indexes into [`HostPlay::var_maps`], lowest precedence first.
    pub layers: Vec<VarLayer>,
    /// All must hold. Bare expressions, without braces.
    pub when: Vec<Template>,
    /// `loop` and `with_items`.
    pub loop_: Option<Loop>,
    /// Name under which the result is kept for later tasks.
    pub register: Option<String>,
    /// Handlers to run at the end of the play if this changed something (names or topics; templates).
    pub notify: Vec<Template>,
    /// For a handler: further topics it answers to.
    pub listen: Vec<String>,
    /// A failure is reported and the play goes on.
    pub ignore_errors: bool,
    /// Replaces the module's own opinion. All must hold. Bare expressions.
    pub changed_when: Option<Vec<Template>>,
    /// Replaces the module's own opinion. All must hold. Bare expressions.
    pub failed_when: Option<Vec<Template>>,
    /// Neither arguments nor results nor diffs may be shown.
    pub no_log: bool,
    /// Its tags and those around it; which tasks they choose was settled by the compiler.
    pub tags: Vec<String>,
    /// Repeat until this holds.
    pub until: Option<Until>,
}

/// Where a variable map stands relative to the host's own variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VarLayer {
    /// Below facts: role defaults and inventory variables.
    BelowFacts(usize),
    /// Above facts and below registered results: play, role, block and task variables.
    AboveFacts(usize),
    /// Above registered results: role parameters.
    AboveRegistered(usize),
}

/// A template or expression with its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Jinja source.
    pub source: String,
    /// Where its first character stands.
    pub origin: Origin,
}

/// One argument of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arg {
    /// Canonical argument name.
    pub name: String,
    /// The value; strings inside it are templates.
    pub value: Value,
    /// Where the value stands.
    pub origin: Origin,
}

/// `loop` with `loop_control`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Loop {
    /// A list, or a template that yields one.
    pub items: Value,
    /// Where it stands.
    pub origin: Origin,
    /// Name of the item variable (`item`).
    pub loop_var: String,
    /// Name of the index variable, if asked for.
    pub index_var: Option<String>,
    /// Template shown instead of the item.
    pub label: Option<Template>,
    /// `with_items` flattens one level of nested lists; `loop` does not.
    pub flatten: bool,
}

/// `until`, `retries` and `delay`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Until {
    /// Bare expressions, all must hold.
    pub conditions: Vec<Template>,
    /// Attempts after the first; Ansible's default is 3.
    pub retries: u32,
    /// Seconds between attempts; Ansible's default is 5.
    pub delay: u32,
}

/// The content of a file that travels with the play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBody {
    /// The bytes, base64 (RFC 4648) on the wire.
    #[serde(with = "crate::protocol::base64_bytes")]
    pub bytes: Vec<u8>,
    /// Permission bits on the controller, for `mode: preserve`.
    pub mode: u32,
    /// The path to show in errors.
    pub shown_as: String,
}
