//! Plays, roles and tasks as written, and their compilation to a [`crate::hostplay::HostPlay`].
//!
//! Everything that can be known without a host is checked here, and as many errors as possible are shown at
//! once: keywords, modules and their arguments, roles, files, handlers, tags, undefined variables.

mod argspec;
mod batches;
mod builder;
mod call;
mod compile;
mod files;
mod handlers;
mod keep;
mod key_value;
mod loader;
mod misspelt;
mod outside;
mod play;
mod role;
mod scope;
mod tags;
mod task;
mod tasks;
#[cfg(test)]
mod tests;
mod tree;
mod undefined;
mod values;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

pub use compile::CompiledPlay;
pub use outside::lookups;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use crate::hostplay::Template;
use crate::inventory::{Inventory, Variables};
use crate::yaml::{Key, Node};
use loader::Loader;
use misspelt::Given;
use tags::TagFilter;
use tree::{Location, Tree};
use values::{list, literal};

/// The playbook that is taken when none is named.
const BUILT_IN: &str = "playbooks/mail.yaml";
/// Imports of playbooks inside one another.
const MAX_IMPORTS: usize = 16;

/// What a run asks for beside a playbook and an inventory.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--extra-vars`.
    pub extra_vars: Map<String, Value>,
    /// The hosts that `--limit` leaves; `None` for all.
    pub hosts: Option<Vec<String>>,
    /// These hosts are one part of a run that others share: no play need have any of them.
    pub part: bool,
    /// `--tags`.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
}

/// A playbook ready to run.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The plays that have hosts, in order.
    pub plays: Vec<CompiledPlay>,
    /// The inventory, with the variables beside the playbook.
    pub inventory: Arc<Inventory>,
    /// Plays whose `hosts` match nothing: they are skipped. Variables that are most likely misspelt.
    pub warnings: Diagnostics,
}

/// The built-in playbook and roles as files: `mail.yaml`, and all below `roles/`.
#[must_use]
pub fn built_in_files() -> Vec<(String, Vec<u8>)> {
    let below = |folder: &str, prefix: &str| -> Vec<(String, Vec<u8>)> {
        let found = Location { tree: Tree::BuiltIn, path: folder.to_owned() }.files().into_iter();
        found.filter_map(|file| Some((format!("{prefix}{}", file.name), file.at.read().ok()??))).collect()
    };
    [below("playbooks", ""), below("roles", "roles/")].concat()
}

impl Compiled {
    /// The hosts of all plays, in the inventory's order.
    #[must_use]
    pub fn hosts(&self) -> Vec<String> {
        let has = |host: &str| self.plays.iter().any(|play| play.hosts.iter().any(|name| name == host));
        let mut hosts: Vec<String> = self.inventory.hosts().filter(|host| has(host)).map(str::to_owned).collect();
        // `localhost` may be a play's host without being in the inventory.
        for host in self.plays.iter().flat_map(|play| &play.hosts) {
            if !hosts.contains(host) {
                hosts.push(host.clone());
            }
        }
        hosts
    }
}

/// What an import of a playbook hands down.
#[derive(Clone, Default)]
struct Inherited {
    when: Vec<Template>,
    tags: Vec<String>,
    vars: Variables,
}

/// All plays while they are being read.
struct Run<'r, 's> {
    loader: Loader<'s>,
    inventory: Arc<Inventory>,
    options: &'r Options,
    filter: TagFilter,
    /// Names registered or set so far.
    results: BTreeSet<String>,
    known_tags: BTreeSet<String>,
    /// Some play so far gathers facts.
    facts: bool,
    /// Patterns of hosts that match nothing.
    unmatched: Diagnostics,
    /// The variables that were set.
    given: Given,
    plays: Vec<CompiledPlay>,
}

/// Reads a playbook (`None`: the built-in mail server) and compiles it for the hosts of an inventory.
///
/// # Errors
/// All that is wrong in the playbook, its roles, files and templates, and a run that would have no host.
pub fn load(
    playbook: Option<&Path>,
    mut inventory: Inventory,
    options: &Options,
    sources: &mut Sources,
) -> Result<Compiled, Diagnostics> {
    let at = match playbook {
        Some(path) => tree::on_disk(path),
        None => Location { tree: Tree::BuiltIn, path: BUILT_IN.to_owned() },
    };
    let mut problems = Diagnostics::new();
    if let Tree::Disk(folder) = &at.tree
        && let Err(found) = inventory.add_playbook_folder(folder, sources)
    {
        problems.extend(found);
    }
    let mut run = Run {
        loader: Loader::new(sources),
        inventory: Arc::new(inventory),
        options,
        filter: TagFilter::new(&options.tags, &options.skip_tags),
        results: BTreeSet::new(),
        known_tags: BTreeSet::new(),
        facts: false,
        unmatched: Diagnostics::new(),
        given: Given::extra(options.extra_vars.keys()),
        plays: Vec::new(),
    };
    run.loader.problems = problems;
    run.playbook(&at, &Inherited::default(), 0, None);
    run.finish()
}

impl Run<'_, '_> {
    fn playbook(&mut self, at: &Location, inherited: &Inherited, depth: usize, from: Option<&Node>) {
        let report = |run: &mut Self, message: String| {
            let problem = from.map_or_else(|| Diagnostic::new(message.clone()), |node| node.problem(message.clone()));
            run.loader.problems.push(problem);
        };
        if depth > MAX_IMPORTS {
            report(self, format!("more than {MAX_IMPORTS} playbooks import one another"));
            return;
        }
        if !at.is_file() {
            report(self, format!("there is no playbook {}", at.shown()));
            return;
        }
        let Some(root) = self.loader.yaml(at) else { return };
        let plays = list(&root, "a list of plays", &mut self.loader.problems);
        if plays.is_empty() && root.as_map().is_none() {
            report(self, format!("the playbook {} has no plays", at.shown()));
        }
        for item in plays {
            let Some(entries) = play::entries_of(item, &mut self.loader.problems) else { continue };
            let import = entries.iter().find(|(key, _)| tasks::short(&key.name) == "import_playbook");
            if let Some((_, file)) = import {
                self.import(at, file, entries, inherited, depth);
            } else {
                let play = play::read(item, entries, at, inherited, self);
                self.plays.extend(play);
            }
        }
    }

    fn import(&mut self, at: &Location, file: &Node, entries: &[(Key, Node)], outer: &Inherited, depth: usize) {
        let Some(name) = literal(file, "the name of a playbook", &mut self.loader.problems) else { return };
        let inherited = play::import_keywords(entries, outer, &mut self.loader.problems);
        let target = at.parent().join(&name);
        let target = match &target.tree {
            // Roles and files are looked for beside the imported playbook.
            Tree::Disk(root) => tree::on_disk(&root.join(&target.path)),
            Tree::BuiltIn => target,
        };
        self.playbook(&target, &inherited, depth + 1, Some(file));
    }

    /// Values that are the same for all hosts of all plays.
    fn magic(&self, folder: &Location) -> Map<String, Value> {
        let groups = self.inventory.groups();
        let groups: Map<_, _> =
            groups.map(|group| (group.to_owned(), Value::from(self.inventory.members(group)))).collect();
        let folder = match &folder.tree {
            Tree::BuiltIn => folder.shown(),
            Tree::Disk(_) => compile::absolute(&folder.shown()),
        };
        let tags = if self.options.tags.is_empty() { vec!["all".to_owned()] } else { self.options.tags.clone() };
        let values = [
            ("groups", Value::Object(groups)),
            ("playbook_dir", Value::from(folder)),
            ("ansible_run_tags", Value::from(tags)),
            ("ansible_skip_tags", Value::from(self.options.skip_tags.clone())),
        ];
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn finish(mut self) -> Result<Compiled, Diagnostics> {
        if self.loader.problems.is_empty() {
            self.filter.check(&self.known_tags, &mut self.loader.problems);
        }
        if self.plays.is_empty() && self.loader.problems.is_empty() && !self.options.part {
            if self.unmatched.is_empty() {
                self.unmatched.push(Diagnostic::new("no play has a host that --limit leaves"));
            }
            return Err(self.unmatched);
        }
        let misspelt = self.given.warnings(self.loader.sources);
        if !self.loader.problems.is_empty() {
            // They may be the cause.
            self.loader.problems.extend(misspelt);
            return Err(self.loader.problems);
        }
        let mut warnings = self.unmatched;
        warnings.extend(misspelt);
        Ok(Compiled { plays: self.plays, inventory: self.inventory, warnings })
    }
}
