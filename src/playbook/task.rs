//! One task with its keywords.

use super::builder::PlayBuilder;
use super::call::Call;
use super::scope::Scope;
use super::undefined::Check;
use super::values::{Keywords, count, field, list, literal, mapping, templates, text};
use crate::hostplay::{Loop, Step, Task, Template, Until};
use crate::inventory::{Variables, is_variable_name};
use crate::yaml::{Key, Node, NodeValue};

/// Ansible's defaults for `until`.
const RETRIES: u32 = 3;
const DELAY_SECONDS: u32 = 5;

pub(super) const TASK: Keywords = Keywords {
    of: "a task",
    known: &[
        "name",
        "when",
        "loop",
        "with_items",
        "loop_control",
        "register",
        "notify",
        "listen",
        "tags",
        "vars",
        "args",
        "become",
        "become_user",
        "become_method",
        "ignore_errors",
        "changed_when",
        "failed_when",
        "no_log",
        "until",
        "retries",
        "delay",
        "block",
        "rescue",
        "always",
    ],
    unsupported: &[
        ("action", "write the module's name as a key: `copy: {...}`"),
        ("local_action", "use a play with `hosts: localhost`"),
        ("delegate_to", "use another play for the other host"),
        ("delegate_facts", ""),
        ("run_once", "use a play with `hosts: GROUP[0]`"),
        ("async", ""),
        ("poll", ""),
        ("environment", "for `command`, run it through env(1)"),
        ("check_mode", "run `mailprov check` to see what would change"),
        ("diff", "diffs are always shown, except under `no_log`"),
        ("throttle", ""),
        ("timeout", ""),
        ("any_errors_fatal", "it is a keyword of the play"),
        ("connection", "set ansible_connection in the inventory"),
        ("port", "set ansible_port in the inventory"),
        ("remote_user", "set ansible_user in the inventory"),
        ("module_defaults", ""),
        ("collections", "leave it out: mailprov has its own modules"),
        ("debugger", ""),
        ("ignore_unreachable", ""),
        ("become_exe", ""),
        ("become_flags", ""),
    ],
};

const LOOP_CONTROL: Keywords = Keywords {
    of: "loop_control",
    known: &["loop_var", "index_var", "label"],
    unsupported: &[("pause", ""), ("extended", ""), ("extended_allitems", ""), ("break_when", "")],
};

impl PlayBuilder<'_, '_> {
    /// A task; `None` when it cannot be read or the run does not take it.
    pub(super) fn task(&mut self, item: &Node, entries: &[(Key, Node)], outer: &Scope) -> Option<Step> {
        let (key, value) = self.action(item, entries)?;
        self.check_keywords(key, entries, outer.handlers);
        let mut scope = outer.clone();
        scope.inherit(entries, &mut self.loader.problems);
        self.ask_for_root(entries, &scope);
        if let Some(vars) = field(entries, "vars") {
            let vars = Variables::read(vars, &mut self.loader.problems);
            scope.blocks.extend(self.add_map(vars));
        }
        let call = Call::read(key, value, field(entries, "args"), self);
        let taken = self.takes(&scope);
        let call = call?;
        let task = self.assemble(item, entries, &scope, &call);
        let source = self.source_file(&call, &scope);
        taken.then(|| {
            self.checks.push(Check::of(&task, &call, entries, source));
            Step::Task(Box::new(task))
        })
    }

    fn assemble(&mut self, item: &Node, entries: &[(Key, Node)], scope: &Scope, call: &Call) -> Task {
        let register = self.register(entries);
        self.results.extend(register.clone());
        self.results.extend(call.sets_names());
        let loop_ = self.loop_of(entries);
        let until = self.until(entries);
        let problems = &mut self.loader.problems;
        let name = field(entries, "name").filter(|name| !name.is_null());
        let name = name.filter(|name| text(name, "a name", problems).is_some()).and_then(Node::template);
        let conditions = |name: &str, problems: &mut _| {
            let node = field(entries, name)?;
            Some(templates(Some(node), "a condition", problems))
        };
        let changed_when = conditions("changed_when", problems);
        let failed_when = conditions("failed_when", problems);
        let listen = words_without_split(field(entries, "listen"), problems);
        Task {
            // Numbers are given when the play is complete.
            id: 0,
            name: name.unwrap_or_else(|| Template { source: call.module.name().to_owned(), origin: item.origin() }),
            role: scope.role().map(|role| role.name.clone()),
            origin: item.origin(),
            module: call.module.name().to_owned(),
            args: call.args(),
            layers: scope.layers(),
            when: scope.when.clone(),
            loop_,
            register,
            notify: scope.notify.clone(),
            listen,
            ignore_errors: scope.ignore_errors,
            changed_when,
            failed_when,
            no_log: scope.no_log,
            tags: scope.tags.clone(),
            until,
        }
    }

    /// The key that names the module.
    fn action<'n>(&mut self, item: &Node, entries: &'n [(Key, Node)]) -> Option<&'n (Key, Node)> {
        let is_keyword = |key: &Key| TASK.known.contains(&key.name.as_str());
        let mut candidates: Vec<_> = entries.iter().filter(|(key, _)| !is_keyword(key)).collect();
        if candidates.len() > 1 {
            let (modules, others): (Vec<_>, Vec<_>) =
                candidates.iter().copied().partition(|(key, _)| Call::is_module(key));
            for (key, _) in others.iter().filter(|_| !modules.is_empty()) {
                self.refuse_keyword(key);
            }
            if let [(first, _), (second, _), ..] = modules.as_slice() {
                let problem = second.problem(format!("a second module, `{}`, in one task", second.name));
                self.problem(problem.related(first.span.origin(), "the first").hint("start the next task with a dash"));
                return None;
            }
            if !modules.is_empty() {
                candidates = modules;
            }
        }
        let found = candidates.first().copied();
        match found {
            None => {
                let problem = item.problem("a task without a module");
                self.problem(problem.hint("add the module's name as a key, as in `dnf: {name: postfix}`"));
            }
            Some((key, _)) if TASK.unsupported(&key.name).is_some() || key.name.starts_with("with_") => {
                self.refuse_keyword(key);
                return None;
            }
            Some(_) => {}
        }
        found
    }

    fn refuse_keyword(&mut self, key: &Key) {
        if key.name.starts_with("with_") {
            let problem = key.problem(format!("`{}` is not supported by mailprov", key.name));
            self.problem(problem.hint("use `loop` with a list, or `with_items`"));
        } else {
            TASK.refuse(key, &mut self.loader.problems);
        }
    }

    fn check_keywords(&mut self, action: &Key, entries: &[(Key, Node)], handler: bool) {
        let has = |name: &str| entries.iter().find(|(key, _)| key.name == name).map(|(key, _)| key);
        if let Some(key) = has("listen").filter(|_| !handler) {
            self.problem(key.problem("`listen` is a keyword of handlers").hint("did you mean `notify`?"));
        }
        if let (Some(_), Some(key)) = (has("loop"), has("with_items")) {
            self.problem(key.problem("`loop` and `with_items` in one task"));
        }
        if has("loop").or(has("with_items")).is_none()
            && let Some(key) = has("loop_control")
        {
            self.problem(key.problem("`loop_control` without `loop`"));
        }
        for name in ["retries", "delay"] {
            if let Some(key) = has(name).filter(|_| has("until").is_none()) {
                let problem = key.problem(format!("`{name}` without `until`"));
                self.problem(problem.hint(format!("say when `{}` is done: `until: result is succeeded`", action.name)));
            }
        }
    }

    fn register(&mut self, entries: &[(Key, Node)]) -> Option<String> {
        let node = field(entries, "register")?;
        let name = literal(node, "the name of a variable", &mut self.loader.problems)?;
        if is_variable_name(&name) {
            return Some(name);
        }
        let problem = node.problem(format!("`{name}` cannot be the name of a variable"));
        self.problem(problem.hint("use letters, digits and _, and no digit first"));
        None
    }

    fn loop_of(&mut self, entries: &[(Key, Node)]) -> Option<Loop> {
        let plain = field(entries, "loop");
        let node = plain.or_else(|| field(entries, "with_items"))?;
        let problems = &mut self.loader.problems;
        let flatten = plain.is_none();
        let template = node.as_str().is_some_and(super::values::is_template);
        if !template && !matches!(node.value, NodeValue::Seq(_)) {
            let problem = node.expected("a list, or a template that gives one");
            let bare = node.as_str().filter(|name| is_variable_name(name));
            problems.push(problem.maybe_hint(bare.map(|name| format!("write \"{{{{ {name} }}}}\" for a variable"))));
            return None;
        }
        let control =
            field(entries, "loop_control").and_then(|node| mapping(node, "a mapping", problems)).unwrap_or(&[]);
        LOOP_CONTROL.check(control, problems);
        let variable = |name: &str, problems: &mut _| {
            let node = field(control, name)?;
            literal(node, "the name of a variable", problems)
        };
        Some(Loop {
            items: node.to_value(),
            origin: node.text_origin(),
            loop_var: variable("loop_var", problems).unwrap_or_else(|| "item".to_owned()),
            index_var: variable("index_var", problems),
            label: field(control, "label").and_then(Node::template),
            flatten,
        })
    }

    fn until(&mut self, entries: &[(Key, Node)]) -> Option<Until> {
        let problems = &mut self.loader.problems;
        let conditions = templates(field(entries, "until"), "a condition", problems);
        let retries = count(field(entries, "retries"), "a whole number of attempts", problems);
        let delay = count(field(entries, "delay"), "a whole number of seconds", problems);
        (!conditions.is_empty()).then(|| Until {
            conditions,
            retries: retries.unwrap_or(RETRIES),
            delay: delay.unwrap_or(DELAY_SECONDS),
        })
    }
}

/// Topics may contain commas.
fn words_without_split(node: Option<&Node>, problems: &mut crate::diagnostic::Diagnostics) -> Vec<String> {
    match node {
        None => Vec::new(),
        Some(Node { value: NodeValue::Seq(_), .. }) => {
            let items = node.map(|node| list(node, "a list of topics", problems)).unwrap_or_default();
            items.iter().filter_map(|item| literal(item, "a topic", problems)).collect()
        }
        Some(node) => literal(node, "a topic", problems).into_iter().collect(),
    }
}
