//! A play ready to be given to its hosts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::scope::maps;
use crate::hostplay::{FileBody, HostPlay, Origin, Step, Task, VarLayer};
use crate::inventory::Inventory;
use crate::modules::args::parse_bool;
use crate::template::{Layer, Vars};
use crate::veil::Veil;

/// A play with its hosts. What hosts have in common is held once.
#[derive(Debug, Clone)]
pub struct CompiledPlay {
    /// Its name, or its pattern of hosts.
    pub name: String,
    /// Where it stands.
    pub origin: Origin,
    /// Its pattern of hosts.
    pub pattern: String,
    /// Its own tags.
    pub tags: Vec<String>,
    /// The hosts that it is for, in the inventory's order; never empty.
    pub hosts: Vec<String>,
    /// The same hosts in the batches of `serial`.
    pub batches: Vec<Vec<String>>,
    /// The play stops after a batch in which a larger share of hosts failed. Percent.
    pub max_fail_percentage: Option<f64>,
    /// The play stops when one host fails.
    pub any_errors_fatal: bool,
    /// Where a task, block or role makes the whole play root although the play does not ask for it.
    pub raised: Option<Origin>,
    pub(super) common: Arc<Common>,
}

/// What all hosts of a play have in common.
#[derive(Debug, Clone)]
pub(super) struct Common {
    pub(super) gather_facts: bool,
    pub(super) becomes: bool,
    pub(super) var_maps: Vec<Map<String, Value>>,
    pub(super) extra_vars: Map<String, Value>,
    pub(super) magic: Map<String, Value>,
    pub(super) steps: Vec<Step>,
    pub(super) handlers: Vec<Task>,
    pub(super) files: BTreeMap<String, FileBody>,
    pub(super) inventory: Arc<Inventory>,
    pub(super) veil: Veil,
    /// What the controller alone can tell each host.
    pub(super) outside: BTreeMap<String, Map<String, Value>>,
}

impl CompiledPlay {
    /// The play for one host: only that host's variables are in it.
    #[must_use]
    pub fn host_play(&self, host: &str) -> HostPlay {
        let common = &self.common;
        let mut inventory = common.inventory.vars_for(host);
        // As in Ansible, the address to connect to is always known.
        inventory.entry("ansible_host").or_insert_with(|| Value::from(host));
        inventory.retain(|name, _| !is_password(name));
        let mut var_maps = common.var_maps.clone();
        if let Some(map) = var_maps.get_mut(maps::INVENTORY) {
            *map = inventory;
        }
        HostPlay {
            name: self.name.clone(),
            gather_facts: common.gather_facts,
            var_maps,
            extra_vars: common.extra_vars.iter().filter(|(name, _)| !is_password(name)).map(own).collect(),
            magic: self.magic(host),
            steps: common.steps.clone(),
            handlers: common.handlers.clone(),
            files: common.files.clone(),
            secrets: Vec::new(),
        }
        .with_secrets(common.veil.secrets())
    }

    /// Whether the play runs as root through sudo on a host. `ansible_become` of the host has the last word.
    #[must_use]
    pub fn becomes(&self, host: &str) -> bool {
        let extra = self.common.extra_vars.get("ansible_become").cloned();
        let own = || self.common.inventory.vars_for(host).get("ansible_become").cloned();
        extra.or_else(own).and_then(|value| parse_bool(&value)).unwrap_or(self.common.becomes)
    }

    /// The tasks, before any host is known.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.common.steps
    }

    /// All tasks in order, those in blocks included; no handlers.
    #[must_use]
    pub fn tasks(&self) -> Vec<&Task> {
        fn collect<'p>(steps: &'p [Step], tasks: &mut Vec<&'p Task>) {
            for step in steps {
                match step {
                    Step::Task(task) => tasks.push(task),
                    Step::Block(block) => {
                        for part in [&block.block, &block.rescue, &block.always] {
                            collect(part, tasks);
                        }
                    }
                    Step::FlushHandlers(_) => {}
                }
            }
        }
        let mut tasks = Vec::new();
        collect(self.steps(), &mut tasks);
        tasks
    }

    /// The handlers.
    #[must_use]
    pub fn handlers(&self) -> &[Task] {
        &self.common.handlers
    }

    /// `--extra-vars`.
    pub(super) fn extra_vars(&self) -> &Map<String, Value> {
        &self.common.extra_vars
    }

    pub(super) fn inventory(&self) -> &Inventory {
        &self.common.inventory
    }

    /// The variables of a host as a task with these layers sees them, but for facts and results.
    pub(super) fn vars_without_facts(&self, host: &str, layers: &[VarLayer]) -> Vars {
        let map = |layer: &VarLayer| match *layer {
            VarLayer::BelowFacts(maps::INVENTORY) => Some(self.common.inventory.vars_for(host)),
            VarLayer::BelowFacts(index) | VarLayer::AboveFacts(index) | VarLayer::AboveRegistered(index) => {
                self.common.var_maps.get(index).cloned()
            }
        };
        let templates = layers.iter().filter_map(map).chain([self.common.extra_vars.clone()]);
        let mut layers: Vec<_> = templates.map(|map| Layer::Templates(Arc::new(map))).collect();
        layers.push(Layer::Plain(Arc::new(self.magic(host))));
        Vars::veiled(layers, self.common.veil.clone())
    }

    fn magic(&self, host: &str) -> Map<String, Value> {
        let inventory = &self.common.inventory;
        let mut magic = self.common.magic.clone();
        let batch = self.batches.iter().find(|batch| batch.iter().any(|name| name == host));
        let source = inventory.source_of(host).map(absolute);
        let folder = source.as_deref().map(|path| {
            let path = Path::new(path);
            let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
            folder.display().to_string()
        });
        let short = host.split('.').next().unwrap_or(host);
        magic.extend(self.common.outside.get(host).cloned().unwrap_or_default());
        magic.extend(
            [
                ("inventory_hostname", Value::from(host)),
                ("inventory_hostname_short", Value::from(short)),
                ("group_names", Value::from(inventory.groups_of(host))),
                ("ansible_play_name", Value::from(self.name.as_str())),
                ("ansible_play_hosts", Value::from(self.hosts.clone())),
                ("ansible_play_hosts_all", Value::from(self.hosts.clone())),
                ("play_hosts", Value::from(self.hosts.clone())),
                ("ansible_play_batch", Value::from(batch.cloned().unwrap_or_default())),
                ("inventory_file", Value::from(source.unwrap_or_default())),
                ("inventory_dir", Value::from(folder.unwrap_or_default())),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        magic
    }
}

/// A path from the root, by name only.
pub(super) fn absolute(path: &str) -> String {
    std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string())
}
/// Passwords of the connection: the controller's business, and none of the managed host's.
pub(super) fn is_password(name: &str) -> bool {
    const PASSWORDS: [&str; 6] = [
        "ansible_become_pass",
        "ansible_become_password",
        "ansible_password",
        "ansible_ssh_pass",
        "ansible_ssh_password",
        "ansible_sudo_pass",
    ];
    PASSWORDS.contains(&name)
}

fn own((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}
