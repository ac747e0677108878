//! Undefined variables and broken templates, found before any host is contacted.
//!
//! A name counts as defined when something *can* define it: any variable map of the task, the inventory of the
//! host, facts, results registered anywhere in the play or an earlier one. Names that a template guards
//! (`is defined`, `default(...)`), or that the task's own `when` guards, may be missing. Values of variables are
//! looked into as far as tasks reach them.

mod check;
mod report;
mod walk;

use std::collections::{BTreeSet, HashMap, HashSet};

pub(super) use check::Check;
pub(super) use walk::Asked;

use serde_json::{Map, Value};

use super::loader::Loader;
use crate::hostplay::FACT_NAMES;
use crate::inventory::{Inventory, Variables};
use crate::yaml::Node;
use report::Report;
use walk::{Prepared, Walk};

/// Names that are always there: what [`super::compile`] and the agent set, and what the engine knows itself.
const MAGIC: [&str; 20] = [
    "ansible_check_mode",
    "ansible_failed_result",
    "ansible_failed_task",
    "ansible_host",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_run_tags",
    "ansible_skip_tags",
    "group_names",
    "groups",
    "hostvars",
    "inventory_dir",
    "inventory_file",
    "inventory_hostname",
    "inventory_hostname_short",
    "omit",
    "play_hosts",
    "playbook_dir",
];

/// What a play's templates can see beside its variable maps.
pub(super) struct Surroundings<'a> {
    pub(super) inventory: &'a Inventory,
    pub(super) hosts: &'a [String],
    pub(super) extra: &'a Map<String, Value>,
    /// Registered and set names, of this play and earlier ones.
    pub(super) results: &'a BTreeSet<String>,
    /// Facts were gathered, by this play or an earlier one.
    pub(super) facts: bool,
}

/// Reports every undefined variable and broken template of a play. Gives what each host's templates ask of the
/// controller.
pub(super) fn check(checks: &[Check], maps: &[Variables], around: &Surroundings<'_>, loader: &mut Loader<'_>) -> Asked {
    let mut report = Report::new(around.hosts.len());
    let prepared: Vec<_> = checks.iter().map(|check| Prepared::new(check, loader, &mut report)).collect();
    let maps: Vec<HashMap<&str, &Node>> = maps.iter().map(index).collect();
    let mut fixed: HashSet<String> = MAGIC.iter().map(ToString::to_string).collect();
    fixed.extend(around.extra.keys().cloned());
    fixed.extend(around.results.iter().cloned());
    if around.facts {
        fixed.insert("ansible_facts".to_owned());
    }
    let facts: HashSet<String> = FACT_NAMES.iter().map(|name| format!("ansible_{name}")).collect();
    let mut walk = Walk::new(&maps, &fixed, around.facts.then_some(&facts), &mut report);
    for host in around.hosts {
        let layers = around.inventory.layers_for(host);
        let own: HashMap<&str, &Node> = layers.iter().flat_map(|layer| index(layer.variables)).collect();
        for check in &prepared {
            walk.check(check, host, &own);
        }
    }
    let asked = walk.asked;
    loader.problems.extend(report.into_diagnostics(loader.sources, &facts));
    asked
}

fn index(variables: &Variables) -> HashMap<&str, &Node> {
    variables.entries().iter().map(|(key, value)| (key.name.as_str(), value)).collect()
}
