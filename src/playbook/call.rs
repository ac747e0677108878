//! A module call, checked against the module's table.

use super::builder::PlayBuilder;
use super::key_value;
use super::task::TASK;
use super::values::is_template;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::hostplay::Arg;
use crate::modules::{ArgKind, ArgSpec, Module, ModuleSpec, args};
use crate::yaml::{Key, Node, NodeValue, Span};

/// Ansible modules that people know, with what to use here.
const NOT_HERE: [(&str, &str); 32] = [
    ("add_host", "hosts come from the inventory"),
    ("apt", "mailprov manages Enterprise Linux 8: use `dnf`"),
    ("blockinfile", "use `template` or `lineinfile`; for Postfix `postconf` and `postfix_service`"),
    ("cron", "write a file to /etc/cron.d with `copy`"),
    ("fetch", ""),
    ("get_url", "put the file into files/ and use `copy`"),
    ("getent", ""),
    ("git", ""),
    ("group", "use `command` with groupadd and `creates`"),
    ("group_by", "write the groups into the inventory"),
    ("htpasswd", ""),
    ("include_vars", "use `vars_files` of the play, or vars/ of a role"),
    ("ini_file", "use `lineinfile` or `template`"),
    ("iptables", "use `firewalld`"),
    ("known_hosts", ""),
    ("mount", ""),
    ("openssl_certificate", "use `certificate`"),
    ("openssl_privatekey", "`certificate` makes the key, too"),
    ("package_facts", ""),
    ("pip", ""),
    ("raw", "use `command`"),
    ("reboot", ""),
    ("replace", "use `lineinfile`, or `template` for a whole file"),
    ("script", "use `copy` and `command`"),
    ("seboolean", "use `command: setsebool -P NAME on`"),
    ("selinux", ""),
    ("service_facts", ""),
    ("shell", "use `command`, which runs no shell"),
    ("sysctl", "write a file to /etc/sysctl.d with `copy`"),
    ("unarchive", ""),
    ("uri", "use `wait_for` to see whether a port answers"),
    ("user", "use `command` with useradd and `creates`"),
];

/// A module with its arguments as they stand in the file.
pub(super) struct Call {
    pub(super) module: Module,
    pub(super) given: Vec<Given>,
}

/// One argument.
pub(super) struct Given {
    /// Its canonical name, or any name for modules that take any.
    pub(super) name: String,
    /// What the module's table says about it.
    pub(super) spec: Option<&'static ArgSpec>,
    pub(super) value: Node,
}

impl Call {
    pub(super) fn is_module(key: &Key) -> bool {
        Module::from_name(&key.name).is_some()
    }

    /// Reads a call. Arguments with problems are reported and left out.
    pub(super) fn read(key: &Key, value: &Node, extra: Option<&Node>, builder: &mut PlayBuilder) -> Option<Self> {
        let Some(module) = Module::from_name(&key.name) else {
            builder.problem(unknown(key));
            return None;
        };
        let mut call = Self { module, given: Vec::new() };
        let complete = match written(module.spec(), value) {
            Ok(arguments) => call.take(arguments, builder),
            Err(problem) => {
                builder.problem(*problem);
                false
            }
        };
        let complete = match extra.map(|extra| (extra, extra.as_map())) {
            None => complete,
            Some((_, Some(entries))) => call.take(entries.to_vec(), builder) && complete,
            Some((extra, None)) => {
                builder.problem(extra.expected("a mapping of arguments"));
                false
            }
        };
        if complete {
            call.check_completeness(key, builder);
        }
        Some(call)
    }

    fn spec(&self) -> &'static ModuleSpec {
        self.module.spec()
    }

    /// Takes up arguments; whether all of them are good.
    fn take(&mut self, arguments: Vec<(Key, Node)>, builder: &mut PlayBuilder) -> bool {
        let mut good = true;
        for (key, value) in arguments {
            let problem = match self.spec().arg(&key.name) {
                None if !self.spec().accepts_any => Some(self.unknown_argument(&key)),
                spec => {
                    let name = spec.map_or(key.name.as_str(), |spec| spec.name).to_owned();
                    let twice = self.given.iter().any(|given| given.name == name);
                    let twice = twice.then(|| key.problem(format!("the argument `{name}` is given twice")));
                    let wrong = spec.and_then(|spec| wrong_literal(spec, &value));
                    self.given.push(Given { name, spec, value });
                    twice.or(wrong)
                }
            };
            if let Some(problem) = problem {
                builder.problem(problem);
                good = false;
            }
        }
        good
    }

    fn unknown_argument(&self, key: &Key) -> Diagnostic {
        let problem = key.problem(format!("unknown argument `{}` of the module {}", key.name, self.module.name()));
        if TASK.known.contains(&key.name.as_str()) {
            let hint = format!("`{}` is a keyword of the task: indent it as far as `{}`", key.name, self.module.name());
            return problem.hint(hint);
        }
        let names = || self.spec().args.iter().flat_map(|arg| std::iter::once(&arg.name).chain(arg.aliases)).copied();
        if let Some(why) = self.spec().unsupported(&key.name) {
            let module = self.module.name();
            return key
                .problem(format!("the argument `{}` of {module} is not supported by mailprov", key.name))
                .note(why);
        }
        if let Some(hint) = did_you_mean(&key.name, names()) {
            return problem.hint(hint);
        }
        let names: Vec<_> = self.spec().args.iter().map(|arg| arg.name).collect();
        problem.note(format!("its arguments are: {}", names.join(", ")))
    }

    fn check_completeness(&self, key: &Key, builder: &mut PlayBuilder) {
        let has = |name: &str| self.given.iter().any(|given| given.name == name && !given.value.is_null());
        let module = self.module.name();
        for arg in self.spec().args.iter().filter(|arg| arg.required && !has(arg.name)) {
            let problem = key.problem(format!("the module {module} needs the argument `{}`", arg.name));
            builder.problem(problem.note(format!("`{}`: {}", arg.name, arg.doc)));
        }
        for group in self.spec().exactly_one_of {
            let given: Vec<_> = group.iter().filter(|name| has(name)).collect();
            if given.len() != 1 {
                let names = group.join("`, `");
                let found = if given.is_empty() { "none" } else { "more than one" };
                let problem = key.problem(format!("the module {module} needs exactly one of `{names}`"));
                builder.problem(problem.label(format!("{found} of them is given")));
            }
        }
    }

    /// The arguments as they travel.
    pub(super) fn args(&self) -> Vec<Arg> {
        let arg = |given: &Given| Arg {
            name: given.name.clone(),
            value: given.value.to_value(),
            origin: given.value.text_origin(),
        };
        self.given.iter().map(arg).collect()
    }

    /// The argument of this name.
    pub(super) fn argument(&self, name: &str) -> Option<&Node> {
        self.given.iter().find(|given| given.name == name).map(|given| &given.value)
    }

    /// Variables that the call sets for later tasks.
    pub(super) fn sets_names(&self) -> impl Iterator<Item = String> {
        let sets = self.spec().accepts_any;
        self.given.iter().filter(move |given| sets && given.spec.is_none()).map(|given| given.name.clone())
    }
}

/// The arguments as the user wrote them: a mapping, `key=value` pairs, or one text.
fn written(spec: &ModuleSpec, value: &Node) -> Result<Vec<(Key, Node)>, Box<Diagnostic>> {
    let text = match &value.value {
        NodeValue::Null => return Ok(Vec::new()),
        NodeValue::Map(entries) => return Ok(entries.clone()),
        NodeValue::Str(text) => text,
        _ => {
            let problem = value.expected("a mapping of arguments");
            let bare = spec.free_form.filter(|_| value.scalar_text().is_some());
            return Err(Box::new(problem.maybe_hint(bare.map(|_| "put the text in quotes".to_owned()))));
        }
    };
    let wanted = |key: &str| spec.free_form.is_none() || spec.arg(key).is_some();
    let split = key_value::split(text, wanted).map_err(|why| Box::new(value.problem(why)))?;
    let mut arguments = Vec::new();
    for pair in split.pairs {
        let at = pair.at;
        let value_at = at + pair.key.chars().count() + 1;
        let key = Key { span: part(value, at, pair.key.chars().count()), name: pair.key };
        let length = pair.value.chars().count();
        arguments.push((key, text_node(value, value_at, length, pair.value)));
    }
    match spec.free_form {
        _ if split.rest.is_empty() => {}
        Some(name) => {
            let key = Key { name: name.to_owned(), span: value.span.clone() };
            let length = split.rest.chars().count();
            arguments.push((key, text_node(value, split.rest_at, length, split.rest)));
        }
        None => {
            let problem = value.problem(format!("the module {} takes arguments, not a text", spec.name));
            let first = spec.args.first().map_or("name", |arg| arg.name);
            return Err(Box::new(problem.hint(format!("write them below it, as in `{first}: ...`"))));
        }
    }
    Ok(arguments)
}

/// A part of a text node that stands on its first line.
fn part(text: &Node, at: usize, length: usize) -> Span {
    let (line, column) = text.text_at;
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Span {
        file: text.span.file.clone(),
        line,
        column: column.saturating_add(number(at)),
        length: number(length).max(1),
    }
}

fn text_node(text: &Node, at: usize, length: usize, value: String) -> Node {
    let span = part(text, at, length);
    let text_at = (span.line, span.column);
    Node { value: NodeValue::Str(value), span, text_at }
}

/// What is wrong with a value that needs no rendering.
fn wrong_literal(spec: &ArgSpec, value: &Node) -> Option<Diagnostic> {
    if value.is_null() || value.as_str().is_some_and(is_template) {
        return None;
    }
    if let Some(problem) = decimal_mode(spec, value) {
        return Some(problem);
    }
    let why = args::check_literal(spec, &value.to_value()).err()?;
    let problem = value.problem(format!("the argument `{}`: {why}", spec.name));
    let words = match spec.kind {
        ArgKind::Choice(words) => words,
        _ => &[],
    };
    Some(problem.maybe_hint(value.as_str().and_then(|text| did_you_mean(text, words.iter().copied()))))
}

/// `mode: 644` is the decimal number, 1204 in octal, which nobody wants; `mode: 0644` is octal in YAML 1.1.
fn decimal_mode(spec: &ArgSpec, value: &Node) -> Option<Diagnostic> {
    let NodeValue::Int(number) = value.value else { return None };
    let written = number.to_string();
    // An octal number has a zero more than its value has digits.
    let is_decimal = usize::try_from(value.span.length).is_ok_and(|length| length == written.len());
    if spec.kind != ArgKind::Mode || number < 8 || !is_decimal {
        return None;
    }
    let problem = value.problem(format!("the argument `{}`: {written} is a decimal number, not octal", spec.name));
    Some(problem.hint(format!("write it in quotes: '0{written}'")))
}

fn unknown(key: &Key) -> Diagnostic {
    let short = key.name.rsplit('.').next().unwrap_or(&key.name);
    if let Some((name, instead)) = NOT_HERE.iter().find(|(name, _)| *name == short) {
        let problem = key.problem(format!("the module {name} is not supported by mailprov"));
        return if instead.is_empty() { problem } else { problem.hint(*instead) };
    }
    if let Some(module) = Module::from_name(short) {
        let spec = module.spec();
        let problem = key.problem(format!("there is no module `{}`", key.name));
        return problem.hint(format!("did you mean `{}.{}`?", spec.collection, spec.name));
    }
    let modules = Module::all_names();
    let names = || modules.iter().map(String::as_str).chain(TASK.known.iter().copied());
    let problem = key.problem(format!("`{}` is neither a module nor a keyword of a task", key.name));
    if let Some(hint) = did_you_mean(short, names()) {
        return problem.hint(hint);
    }
    let names: Vec<_> = Module::ALL.iter().map(|module| module.name()).collect();
    problem.note(format!("the modules are: {}", names.join(", ")))
}
