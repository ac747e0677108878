//! What a task inherits from the play, roles, blocks and imports around it.

use std::sync::Arc;

use super::role::RoleInstance;
use super::tree::Location;
use crate::diagnostic::Diagnostics;
use crate::hostplay::{Template, VarLayer};
use crate::yaml::{Key, Node};

use super::values::{field, flag, literal, templates, words};

/// Indexes into a play's variable maps that every task uses.
pub(super) mod maps {
    /// The inventory's variables of the host; empty until the host is known.
    pub(in crate::playbook) const INVENTORY: usize = 0;
    /// Defaults of all roles of the play.
    pub(in crate::playbook) const ROLE_DEFAULTS: usize = 1;
    /// `vars` and `vars_files` of the play.
    pub(in crate::playbook) const PLAY: usize = 2;
    /// `vars/main` of all roles of the play.
    pub(in crate::playbook) const ROLE_VARS: usize = 3;
    /// How many of them there are.
    pub(in crate::playbook) const COUNT: usize = 4;
}

/// Keywords that tasks inherit, with the variables that they see.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword of its own")]
pub(super) struct Scope {
    pub(super) when: Vec<Template>,
    pub(super) tags: Vec<String>,
    pub(super) notify: Vec<Template>,
    pub(super) ignore_errors: bool,
    pub(super) no_log: bool,
    /// Whether the play says `become`.
    pub(super) play_becomes: bool,
    /// The roles around the task, the outermost first; its own is the last.
    pub(super) roles: Vec<Arc<RoleInstance>>,
    /// The map of the role's defaults.
    pub(super) role_defaults: Option<usize>,
    /// The map of the role's variables.
    pub(super) role_vars: Option<usize>,
    /// The map of the role's parameters.
    pub(super) role_params: Option<usize>,
    /// Maps of the variables of blocks and imports, the outermost first.
    pub(super) blocks: Vec<usize>,
    /// Task files around the task, the outermost first.
    pub(super) files: Vec<Location>,
    /// The folder in which relative paths are looked up first.
    pub(super) folder: Location,
    /// The folder of the playbook.
    pub(super) playbook: Location,
    /// Tasks are handlers.
    pub(super) handlers: bool,
}

impl Scope {
    pub(super) fn new(playbook_folder: Location) -> Self {
        Self {
            when: Vec::new(),
            tags: Vec::new(),
            notify: Vec::new(),
            ignore_errors: false,
            no_log: false,
            play_becomes: false,
            roles: Vec::new(),
            role_defaults: None,
            role_vars: None,
            role_params: None,
            blocks: Vec::new(),
            files: Vec::new(),
            folder: playbook_folder.clone(),
            playbook: playbook_folder,
            handlers: false,
        }
    }

    /// The role that a task belongs to.
    pub(super) fn role(&self) -> Option<&Arc<RoleInstance>> {
        self.roles.last()
    }

    /// Takes up the keywords that are inherited, from a play, block, import, role entry or task.
    pub(super) fn inherit(&mut self, entries: &[(Key, Node)], problems: &mut Diagnostics) {
        self.when.extend(templates(field(entries, "when"), "a condition", problems));
        for tag in words(field(entries, "tags"), "a tag", problems) {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
        self.notify.extend(templates(field(entries, "notify"), "the name of a handler", problems));
        self.ignore_errors = flag(field(entries, "ignore_errors"), problems).unwrap_or(self.ignore_errors);
        self.no_log = flag(field(entries, "no_log"), problems).unwrap_or(self.no_log);
    }

    /// Where a task's variables come from, lowest precedence first (Ansible's order).
    pub(super) fn layers(&self) -> Vec<VarLayer> {
        let below = [maps::ROLE_DEFAULTS].into_iter().chain(self.role_defaults).chain([maps::INVENTORY]);
        let role = [maps::PLAY, maps::ROLE_VARS].into_iter().chain(self.role_vars);
        let above = role.chain(self.blocks.iter().copied());
        below
            .map(VarLayer::BelowFacts)
            .chain(above.map(VarLayer::AboveFacts))
            .chain(self.role_params.map(VarLayer::AboveRegistered))
            .collect()
    }
}

/// Whether something asks for root, and that it asks for nothing else: a play runs as one user, who is root
/// through sudo or the login user.
pub(super) fn becomes(entries: &[(Key, Node)], play_becomes: bool, problems: &mut Diagnostics) -> bool {
    let value = field(entries, "become");
    let wanted = flag(value, problems);
    if let (Some(false), true, Some(node)) = (wanted, play_becomes, value) {
        let problem = node.problem("`become: false` inside a play that becomes root is not supported by mailprov");
        problems.push(problem.note("a play runs as one user on each host"));
    }
    for (name, only) in [("become_user", "root"), ("become_method", "sudo")] {
        if let Some(node) = field(entries, name)
            && let Some(text) = literal(node, only, problems)
            && text != only
        {
            problems.push(node.problem(format!("only `{name}: {only}` is supported by mailprov")));
        }
    }
    wanted.unwrap_or(false)
}
