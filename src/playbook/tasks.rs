//! Task lists: blocks, imports and what is left to [`super::task`].

use super::builder::PlayBuilder;
use super::role::RoleUse;
use super::scope::Scope;
use super::tree::Location;
use super::values::{Keywords, field, list, literal, mapping};
use crate::diagnostic::Diagnostic;
use crate::hostplay::{Block, Step};
use crate::inventory::Variables;
use crate::yaml::{Key, Node, NodeValue};

const BLOCK: Keywords = Keywords {
    of: "a block",
    known: &[
        "name",
        "block",
        "rescue",
        "always",
        "when",
        "tags",
        "vars",
        "notify",
        "become",
        "become_user",
        "become_method",
        "ignore_errors",
        "no_log",
    ],
    unsupported: &[
        ("loop", "put the tasks into a file and import it, or loop over each task"),
        ("register", "register the results of the tasks inside"),
        ("any_errors_fatal", "it is a keyword of the play"),
        ("environment", ""),
        ("delegate_to", ""),
        ("run_once", ""),
        ("check_mode", "run `mailprov check` to see what would change"),
    ],
};

const IMPORT: Keywords = Keywords {
    of: "an import",
    known: &[
        "name",
        "when",
        "tags",
        "vars",
        "notify",
        "become",
        "become_user",
        "become_method",
        "ignore_errors",
        "no_log",
    ],
    unsupported: &[
        ("loop", "imports are resolved before any host is contacted; loop over the tasks inside"),
        ("with_items", "imports are resolved before any host is contacted; loop over the tasks inside"),
        ("register", "register the results of the tasks inside"),
        ("args", ""),
    ],
};

const IMPORT_ROLE: Keywords = Keywords {
    of: "import_role",
    known: &[
        "name",
        "tasks_from",
        "vars_from",
        "defaults_from",
        "handlers_from",
        "public",
        "allow_duplicates",
        "rolespec_validate",
    ],
    unsupported: &[("apply", "give `tags`, `when` and the like to the import itself")],
};

const META_ACTIONS: [&str; 2] = ["flush_handlers", "noop"];

/// The name of an action without Ansible's own collection.
pub(super) fn short(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

impl PlayBuilder<'_, '_> {
    /// The steps of a task file.
    pub(super) fn task_file(&mut self, file: &Location, outer: &Scope) -> Vec<Step> {
        let Some(tasks) = self.loader.yaml(file) else { return Vec::new() };
        let mut scope = outer.clone();
        scope.files.push(file.clone());
        self.task_list(&tasks, &scope)
    }

    /// The steps of a list of tasks.
    pub(super) fn task_list(&mut self, node: &Node, scope: &Scope) -> Vec<Step> {
        let items = list(node, "a list of tasks", &mut self.loader.problems);
        items.iter().flat_map(|item| self.entry(item, scope)).collect()
    }

    fn entry(&mut self, item: &Node, scope: &Scope) -> Vec<Step> {
        if !self.has_room(item, scope) {
            return Vec::new();
        }
        let Some(entries) = mapping(item, "a task: a mapping with a module's name as a key", &mut self.loader.problems)
        else {
            return Vec::new();
        };
        if field(entries, "block").is_some() {
            return self.block(item, entries, scope).into_iter().collect();
        }
        if let Some((key, _)) = entries.iter().find(|(key, _)| ["rescue", "always"].contains(&key.name.as_str())) {
            self.loader.problems.push(key.problem(format!("`{}` without its `block`", key.name)));
            return Vec::new();
        }
        for (key, value) in entries {
            match short(&key.name) {
                "import_tasks" | "include_tasks" => return self.import_tasks(key, value, entries, scope),
                "import_role" | "include_role" => return self.import_role(key, value, entries, scope),
                "meta" => return self.meta_action(item, key, value, entries, scope),
                "include" => {
                    let problem = key.problem("`include` is gone from Ansible, too");
                    self.loader.problems.push(problem.hint("use `import_tasks`"));
                    return Vec::new();
                }
                "import_playbook" => {
                    let problem = key.problem("`import_playbook` stands at the top of a playbook, not among tasks");
                    self.loader.problems.push(problem);
                    return Vec::new();
                }
                _ => {}
            }
        }
        self.task(item, entries, scope).into_iter().collect()
    }

    fn block(&mut self, item: &Node, entries: &[(Key, Node)], outer: &Scope) -> Option<Step> {
        BLOCK.check(entries, &mut self.loader.problems);
        let scope = self.inner_scope(entries, outer);
        let mut part = |name: &str| field(entries, name).map(|tasks| self.task_list(tasks, &scope)).unwrap_or_default();
        let (block, rescue, always) = (part("block"), part("rescue"), part("always"));
        if block.is_empty() && always.is_empty() {
            return None;
        }
        let name = field(entries, "name").and_then(Node::scalar_text).unwrap_or_default();
        Some(Step::Block(Box::new(Block { name, origin: item.origin(), block, rescue, always })))
    }

    /// The scope inside a block or import.
    fn inner_scope(&mut self, entries: &[(Key, Node)], outer: &Scope) -> Scope {
        let mut scope = outer.clone();
        scope.inherit(entries, &mut self.loader.problems);
        self.ask_for_root(entries, &scope);
        if let Some(vars) = field(entries, "vars") {
            let vars = Variables::read(vars, &mut self.loader.problems);
            scope.blocks.extend(self.add_map(vars));
        }
        scope
    }

    fn check_import(&mut self, action: &Key, entries: &[(Key, Node)]) {
        for (key, _) in entries.iter().filter(|(key, _)| *key != *action) {
            if !IMPORT.known.contains(&key.name.as_str()) {
                IMPORT.refuse(key, &mut self.loader.problems);
            }
        }
    }

    fn import_tasks(&mut self, key: &Key, value: &Node, entries: &[(Key, Node)], outer: &Scope) -> Vec<Step> {
        self.check_import(key, entries);
        let problems = &mut self.loader.problems;
        let file = match &value.value {
            NodeValue::Map(arguments) => {
                for (argument, _) in arguments.iter().filter(|(argument, _)| argument.name != "file") {
                    let problem = argument.problem(format!("unknown argument `{}` of {}", argument.name, key.name));
                    problems.push(problem.hint("give `tags`, `when` and the like to the import itself"));
                }
                field(arguments, "file").unwrap_or(value)
            }
            _ => value,
        };
        let Some(name) = self.literal_file(key, file) else { return Vec::new() };
        let scope = self.inner_scope(entries, outer);
        match Self::find_tasks(&name, &scope) {
            Ok(found) if scope.files.contains(&found) => {
                let problem = file.problem(format!("{} imports itself", found.shown()));
                self.loader.problems.push(problem);
                Vec::new()
            }
            Ok(found) => self.task_file(&found, &scope),
            Err(places) => {
                let problem = file.problem(format!("there is no file `{name}`"));
                self.loader.problems.push(problem.note(format!("looked for {}", places.join(" and "))));
                Vec::new()
            }
        }
    }

    /// A file name without templates; `include_tasks` may have one in Ansible.
    fn literal_file(&mut self, key: &Key, file: &Node) -> Option<String> {
        let problems = &mut self.loader.problems;
        if file.as_str().is_some_and(super::values::is_template) {
            let problem = file.problem(format!("`{}` with a template in its file name is not supported", key.name));
            problems.push(problem.hint("import each file under its own `when`"));
            return None;
        }
        literal(file, "the name of a file", problems)
    }

    /// Beside the importing file, then in the role's or playbook's own folder.
    fn find_tasks(name: &str, scope: &Scope) -> Result<Location, Vec<String>> {
        let beside = scope.files.last().map_or_else(|| scope.folder.clone(), Location::parent);
        let mut places = vec![beside.join(name)];
        for place in [scope.folder.join(name), scope.playbook.join(name)] {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let found = places.iter().find(|place| place.is_file()).cloned();
        found.ok_or_else(|| places.iter().map(Location::shown).collect())
    }

    fn import_role(&mut self, key: &Key, value: &Node, entries: &[(Key, Node)], outer: &Scope) -> Vec<Step> {
        self.check_import(key, entries);
        let problems = &mut self.loader.problems;
        let Some(arguments) = mapping(value, "a mapping with the role's `name`", problems) else { return Vec::new() };
        IMPORT_ROLE.check(arguments, problems);
        let Some(name) = field(arguments, "name") else {
            problems.push(value.problem(format!("`{}` needs the role's `name`", key.name)));
            return Vec::new();
        };
        let parts = [
            ("tasks", "tasks_from"),
            ("vars", "vars_from"),
            ("defaults", "defaults_from"),
            ("handlers", "handlers_from"),
        ];
        let mut from = Vec::new();
        for (part, keyword) in parts {
            let file = field(arguments, keyword).and_then(|node| literal(node, "the name of a file", problems));
            from.extend(file.map(|file| (part, file)));
        }
        let scope = self.inner_scope(entries, outer);
        self.role(name, &RoleUse { from, repeats: true, entries: &[] }, &scope)
    }

    fn meta_action(
        &mut self,
        item: &Node,
        key: &Key,
        value: &Node,
        entries: &[(Key, Node)],
        outer: &Scope,
    ) -> Vec<Step> {
        let problems = &mut self.loader.problems;
        for (other, _) in entries.iter().filter(|(other, _)| other != key) {
            match other.name.as_str() {
                "name" | "tags" => {}
                "when" => problems.push(other.problem("`meta` with a condition is not supported by mailprov")),
                _ => IMPORT.refuse(other, problems),
            }
        }
        match value.as_str() {
            Some("flush_handlers") => {
                let scope = self.inner_scope(entries, outer);
                let taken = self.takes(&scope);
                if taken { vec![Step::FlushHandlers(item.origin())] } else { Vec::new() }
            }
            Some("noop") => Vec::new(),
            _ => {
                let problem = value.problem("only `meta: flush_handlers` and `meta: noop` are supported by mailprov");
                let near = value.as_str().and_then(|text| crate::diagnostic::did_you_mean(text, META_ACTIONS));
                problems.push(problem.maybe_hint(near));
                Vec::new()
            }
        }
    }

    /// Whether the run takes a task with these tags; handlers are always taken.
    pub(super) fn takes(&mut self, scope: &Scope) -> bool {
        self.known_tags.extend(scope.tags.iter().cloned());
        scope.handlers || self.filter.takes(&scope.tags)
    }

    /// Reports a problem.
    pub(super) fn problem(&mut self, problem: Diagnostic) {
        self.loader.problems.push(problem);
    }
}
