//! Roles: finding them, their variables, their dependencies.

use std::sync::Arc;

use super::argspec::{self, RoleCheck};
use super::builder::PlayBuilder;
use super::loader::Loader;
use super::scope::{Scope, maps};
use super::tree::{Location, Tree};
use super::values::{Keywords, field, flag, list, literal, mapping, words};
use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::hostplay::Step;
use crate::inventory::Variables;
use crate::yaml::{Key, Node, NodeValue};

/// A role as one place uses it.
#[derive(Debug)]
pub(super) struct RoleInstance {
    pub(super) name: String,
    pub(super) folder: Location,
    /// `defaults/main`.
    defaults: Variables,
    /// `vars/main`.
    vars: Variables,
    /// Parameters of this use and of those around it: `{role: x, port: 25}`.
    params: Variables,
}

/// The variables that a role gives to one that depends on it, its own dependencies' below its own.
#[derive(Clone, Default)]
struct Exports {
    defaults: Variables,
    vars: Variables,
}

/// How a role is used.
#[derive(Clone, Default)]
pub(super) struct RoleUse<'n> {
    /// What to take instead of `main`, by subfolder.
    pub(super) from: Vec<(&'static str, String)>,
    /// Runs as often as it is named (`import_role`).
    pub(super) repeats: bool,
    /// The keywords beside the role's name.
    pub(super) entries: &'n [(Key, Node)],
}

/// A use of a role, for the next one that is like it.
pub(super) struct SeenRole {
    folder: Location,
    params: Variables,
    vars: Variables,
    /// Conditions and tags of the entry itself.
    own: (Vec<String>, Vec<String>),
    /// The same with those of everything around it.
    when: Vec<String>,
    tags: Vec<String>,
    exports: Exports,
}

const ENTRY: Keywords = Keywords {
    of: "a role entry",
    known: &[
        "role",
        "name",
        "vars",
        "tags",
        "when",
        "become",
        "become_user",
        "become_method",
        "no_log",
        "ignore_errors",
    ],
    unsupported: &[
        ("environment", ""),
        ("delegate_to", ""),
        ("run_once", ""),
        ("any_errors_fatal", "it is a keyword of the play"),
        ("src", "install the role into the folder roles/ beside the playbook"),
    ],
};

const META: Keywords = Keywords {
    of: "a role's meta/main",
    known: &["dependencies", "allow_duplicates", "galaxy_info", "collections", "argument_specs"],
    unsupported: &[],
};

impl PlayBuilder<'_, '_> {
    /// The `roles:` of a play.
    pub(super) fn roles(&mut self, node: &Node, scope: &Scope) -> Vec<Step> {
        self.role_list(node, scope).0
    }

    fn role_list(&mut self, node: &Node, scope: &Scope) -> (Vec<Step>, Exports) {
        let items = list(node, "a list of roles", &mut self.loader.problems);
        let (mut steps, mut exports) = (Vec::new(), Exports::default());
        for item in items {
            if let Some((more, exported)) = self.role_entry(item, scope) {
                steps.extend(more);
                exports.defaults.extend(&exported.defaults);
                exports.vars.extend(&exported.vars);
            }
        }
        (steps, exports)
    }

    fn role_entry(&mut self, item: &Node, scope: &Scope) -> Option<(Vec<Step>, Exports)> {
        if !self.has_room(item, scope) {
            return None;
        }
        let NodeValue::Map(entries) = &item.value else { return self.use_role(item, &RoleUse::default(), scope) };
        let name = field(entries, "role").or_else(|| field(entries, "name"));
        if name.is_none() {
            self.loader.problems.push(item.problem("a role entry without `role`"));
        }
        self.use_role(name?, &RoleUse { entries, ..RoleUse::default() }, scope)
    }

    /// All steps of a role, those of its dependencies first.
    pub(super) fn role(&mut self, name: &Node, how: &RoleUse<'_>, outer: &Scope) -> Vec<Step> {
        self.use_role(name, how, outer).map(|(steps, _)| steps).unwrap_or_default()
    }

    fn use_role(&mut self, name: &Node, how: &RoleUse<'_>, outer: &Scope) -> Option<(Vec<Step>, Exports)> {
        let text = literal(name, "the name of a role", &mut self.loader.problems)?;
        let folder = self.find_role(name, &text, outer)?;
        if outer.roles.iter().any(|role| role.folder == folder) {
            let chain: Vec<_> = outer.roles.iter().map(|role| role.name.as_str()).chain([folder.name()]).collect();
            let problem = name.problem(format!("the role `{text}` needs itself"));
            self.loader.problems.push(problem.note(chain.join(" -> ")));
            return None;
        }
        let mut scope = outer.clone();
        scope.inherit(how.entries, &mut self.loader.problems);
        self.ask_for_root(how.entries, &scope);
        let when: Vec<_> = scope.when.iter().map(|condition| condition.source.clone()).collect();
        let own = (
            when.iter().skip(outer.when.len()).cloned().collect(),
            words(field(how.entries, "tags"), "a tag", &mut Diagnostics::new()),
        );
        let mut seen = SeenRole {
            params: params(how.entries),
            vars: self.entry_vars(how.entries),
            own,
            when,
            tags: scope.tags.clone(),
            exports: Exports::default(),
            folder,
        };
        let meta = Loader::main_file(&seen.folder.join("meta"), "main").and_then(|file| self.loader.yaml(&file));
        let repeats = how.repeats || self.allows_duplicates(meta.as_deref());
        if !repeats && let Some(earlier) = self.seen_roles.iter().find(|earlier| self.covers(earlier, &seen)) {
            return Some((Vec::new(), earlier.exports.clone()));
        }
        let (steps, exports) = self.enter_role(&seen, how, meta.as_deref(), scope);
        seen.exports = exports.clone();
        self.seen_roles.push(seen);
        Some((steps, exports))
    }

    /// Dependencies, variables, handlers and tasks of a role.
    fn enter_role(
        &mut self,
        seen: &SeenRole,
        how: &RoleUse<'_>,
        meta: Option<&Node>,
        mut scope: Scope,
    ) -> (Vec<Step>, Exports) {
        let file = |part: &str| how.from.iter().find(|(name, _)| *name == part).map_or("main", |(_, file)| file);
        let mut params = scope.role().map(|role| role.params.clone()).unwrap_or_default();
        params.extend(&seen.params);
        let role = RoleInstance {
            name: seen.folder.name().to_owned(),
            folder: seen.folder.clone(),
            defaults: self.role_variables(&seen.folder, "defaults", file("defaults")),
            vars: self.role_variables(&seen.folder, "vars", file("vars")),
            params,
        };
        let parents = std::mem::take(&mut scope.roles);
        let role = Arc::new(role);
        scope.roles = parents.iter().cloned().chain([Arc::clone(&role)]).collect();
        let (mut steps, needed) = match meta.and_then(|meta| meta.get("dependencies")) {
            Some(dependencies) => self.role_list(dependencies, &scope),
            None => Default::default(),
        };
        self.add_role_maps(&role, &parents, &needed, &seen.vars, &mut scope);
        let mut exports = needed;
        exports.defaults.extend(&role.defaults);
        exports.vars.extend(&role.vars);
        self.maps[maps::ROLE_DEFAULTS].extend(&exports.defaults);
        self.maps[maps::ROLE_VARS].extend(&exports.vars);
        self.files.add_role(&role);
        self.role_handlers(&role, file("handlers"), &scope);
        // Whether a role under a condition runs is for the host to say.
        if scope.when.is_empty()
            && let Some(spec) = argspec::read(&role.folder, meta, file("tasks"), self.loader)
        {
            let check = RoleCheck { role: role.name.clone(), layers: scope.layers(), spec };
            self.role_checks.push(check);
        }
        steps.extend(self.role_tasks(&role, file("tasks"), scope));
        (steps, exports)
    }

    fn role_tasks(&mut self, role: &RoleInstance, file: &str, mut scope: Scope) -> Vec<Step> {
        scope.folder = role.folder.join("tasks");
        match Loader::main_file(&scope.folder, file) {
            Some(tasks) => self.task_file(&tasks, &scope),
            None => Vec::new(),
        }
    }

    fn role_handlers(&mut self, role: &RoleInstance, file: &str, scope: &Scope) {
        let folder = role.folder.join("handlers");
        if let Some(file) = Loader::main_file(&folder, file) {
            let scope = Scope { folder, handlers: true, ..scope.clone() };
            let steps = self.task_file(&file, &scope);
            self.add_handlers(steps);
        }
    }

    fn role_variables(&mut self, folder: &Location, part: &str, file: &str) -> Variables {
        self.loader.main_variables(&folder.join(part), file).unwrap_or_default()
    }

    /// Ansible's order: what the role needs, the roles around it, its own, and what its entry says.
    fn add_role_maps(
        &mut self,
        role: &RoleInstance,
        parents: &[Arc<RoleInstance>],
        needed: &Exports,
        entry_vars: &Variables,
        scope: &mut Scope,
    ) {
        let mut defaults = needed.defaults.clone();
        let mut vars = Variables::default();
        for parent in parents {
            defaults.extend(&parent.defaults);
            vars.extend(&parent.vars);
        }
        defaults.extend(&role.defaults);
        for more in [&needed.vars, &role.vars, entry_vars] {
            vars.extend(more);
        }
        scope.role_defaults = self.add_map(defaults);
        scope.role_vars = self.add_map(vars);
        scope.role_params = self.add_map(role.params.clone());
    }

    fn entry_vars(&mut self, entries: &[(Key, Node)]) -> Variables {
        let vars = field(entries, "vars");
        vars.map(|node| Variables::read(node, &mut self.loader.problems)).unwrap_or_default()
    }

    fn allows_duplicates(&mut self, meta: Option<&Node>) -> bool {
        let problems = &mut self.loader.problems;
        let Some(entries) = meta.filter(|meta| !meta.is_null()).and_then(|meta| mapping(meta, "a mapping", problems))
        else {
            return false;
        };
        META.check(entries, problems);
        flag(field(entries, "allow_duplicates"), problems).unwrap_or(false)
    }

    /// Whether a role need not run again. As in Ansible, uses that say something different both run. So does one
    /// after a use under conditions, which may not have run, or, with a choice of tags, under other tags.
    fn covers(&self, earlier: &SeenRole, later: &SeenRole) -> bool {
        let same = earlier.folder == later.folder
            && earlier.params == later.params
            && earlier.vars == later.vars
            && earlier.own == later.own;
        let ran = earlier.when.is_empty() || earlier.when == later.when;
        same && ran && (self.filter.takes_all() || earlier.tags == later.tags)
    }

    fn find_role(&mut self, name: &Node, text: &str, scope: &Scope) -> Option<Location> {
        let built_in = Location { tree: Tree::BuiltIn, path: "roles".to_owned() };
        let folders = [scope.playbook.join("roles"), built_in];
        if let Some(found) = folders.iter().map(|folder| folder.join(text)).find(Location::is_dir) {
            return Some(found);
        }
        let places: Vec<_> = folders.iter().map(|folder| folder.join(text).shown()).collect();
        let known: Vec<_> = folders.iter().flat_map(Location::entries).collect();
        let problem = name.problem(format!("there is no role `{text}`"));
        let problem = problem.note(format!("looked for {}", places.join(" and ")));
        self.loader.problems.push(problem.maybe_hint(did_you_mean(text, known.iter().map(String::as_str))));
        None
    }
}

/// Keys of a role entry that are no keywords are parameters.
fn params(entries: &[(Key, Node)]) -> Variables {
    let mut params = Variables::default();
    for (key, value) in entries {
        if !ENTRY.known.contains(&key.name.as_str()) && ENTRY.unsupported(&key.name).is_none() {
            params.set(key.clone(), value.clone());
        }
    }
    params
}
