//! One play while it is being put together.

use std::collections::BTreeSet;

use super::argspec::RoleCheck;
use super::files::Files;
use super::loader::Loader;
use super::role::SeenRole;
use super::scope::{Scope, becomes, maps};
use super::tags::TagFilter;
use super::undefined::Check;
use super::values::field;
use crate::diagnostic::Diagnostic;
use crate::hostplay::{Origin, Step, Task};
use crate::inventory::Variables;
use crate::yaml::{Key, Node};

/// Entries of task and role lists in one play, imports counted in full: files that import each other many times
/// over end in an error.
const MAX_ENTRIES: usize = 50_000;
/// Imports and roles inside one another.
const MAX_DEPTH: usize = 64;

/// Collects what the parts of a play contribute. Problems go to the loader.
pub(super) struct PlayBuilder<'l, 's> {
    pub(super) loader: &'l mut Loader<'s>,
    pub(super) filter: &'l TagFilter,
    /// Variable maps; the first ones are those of [`maps`].
    pub(super) maps: Vec<Variables>,
    pub(super) handlers: Vec<Task>,
    /// What is looked at for undefined variables.
    pub(super) checks: Vec<Check>,
    /// What the roles say about their variables.
    pub(super) role_checks: Vec<RoleCheck>,
    pub(super) files: Files,
    pub(super) seen_roles: Vec<SeenRole>,
    /// Something in the play asks for root.
    pub(super) becomes: bool,
    /// The first place that asks for root although the play does not.
    pub(super) raised: Option<Origin>,
    /// Names that some task registers or sets.
    pub(super) results: BTreeSet<String>,
    /// All tags of all tasks.
    pub(super) known_tags: BTreeSet<String>,
    entries: usize,
}

impl<'l, 's> PlayBuilder<'l, 's> {
    pub(super) fn new(loader: &'l mut Loader<'s>, filter: &'l TagFilter, files: Files) -> Self {
        Self {
            loader,
            filter,
            maps: vec![Variables::default(); maps::COUNT],
            handlers: Vec::new(),
            checks: Vec::new(),
            role_checks: Vec::new(),
            files,
            seen_roles: Vec::new(),
            becomes: false,
            raised: None,
            results: BTreeSet::new(),
            known_tags: BTreeSet::new(),
            entries: 0,
        }
    }

    /// Counts an entry of a list; whether there is room for it.
    pub(super) fn has_room(&mut self, item: &Node, scope: &Scope) -> bool {
        self.entries = self.entries.saturating_add(1);
        let problem = if self.entries == MAX_ENTRIES {
            item.problem(format!("more than {MAX_ENTRIES} tasks in one play"))
        } else if scope.files.len() + scope.roles.len() > MAX_DEPTH {
            item.problem(format!("more than {MAX_DEPTH} imports and roles inside one another"))
        } else {
            return self.entries < MAX_ENTRIES;
        };
        self.loader.problems.push(problem);
        false
    }

    /// Notes whether a task, block or role asks for root.
    pub(super) fn ask_for_root(&mut self, entries: &[(Key, Node)], scope: &Scope) {
        if becomes(entries, scope.play_becomes, &mut self.loader.problems) && !self.becomes {
            self.becomes = true;
            self.raised = field(entries, "become").map(Node::origin);
        }
    }

    /// Keeps variables; none need no map.
    pub(super) fn add_map(&mut self, variables: Variables) -> Option<usize> {
        if variables.is_empty() {
            return None;
        }
        self.maps.push(variables);
        Some(self.maps.len() - 1)
    }

    /// Handlers from a task list.
    pub(super) fn add_handlers(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Task(task) => self.handlers.push(*task),
                Step::Block(block) => {
                    let problem = Diagnostic::new("a block among handlers is not supported");
                    let problem = problem.at(block.origin, 1);
                    self.loader.problems.push(problem.hint("write the handlers one by one, with one `listen` topic"));
                }
                Step::FlushHandlers(origin) => {
                    let problem = Diagnostic::new("`flush_handlers` among handlers");
                    self.loader.problems.push(problem.at(origin, 1));
                }
            }
        }
    }
}
