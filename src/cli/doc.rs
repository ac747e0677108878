//! `doc`: what the modules do and take, from the tables that their arguments are checked against.

use serde_json::{Value, json};

use super::args::DocArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use crate::diagnostic::{Diagnostic, Sources, did_you_mean};
use crate::modules::{ArgKind, ArgSpec, Module, ModuleSpec};
use crate::report::json;

pub(super) fn run(args: &DocArgs, console: &Console) -> Result<Exit, Failure> {
    let modules: Vec<Module> = match &args.module {
        None => Module::ALL.to_vec(),
        Some(name) => vec![Module::from_name(name).ok_or_else(|| unknown(name))?],
    };
    let specs = modules.iter().map(|module| module.spec());
    console.print(&match (console.is_json(), &args.module) {
        (true, _) => specs.map(|spec| json::line("module", described(spec)) + "\n").collect(),
        (false, None) => list(&specs.collect::<Vec<_>>()),
        (false, Some(_)) => specs.map(text).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(Exit::Ok)
}

fn unknown(name: &str) -> Failure {
    let names = Module::all_names();
    let problem = Diagnostic::new(format!("there is no module `{name}`"));
    let problem = match did_you_mean(name, names.iter().map(String::as_str)) {
        Some(hint) => problem.hint(hint),
        None => problem.hint("`mailprov doc` lists all modules"),
    };
    Failure::diagnostics(problem.into(), Sources::new())
}

fn list(specs: &[&ModuleSpec]) -> String {
    let width = specs.iter().map(|spec| spec.name.len()).max().unwrap_or(0);
    let lines = specs.iter().map(|spec| format!("{:width$}  {}", spec.name, spec.summary));
    lines.chain([String::new()]).collect::<Vec<_>>().join("\n")
}

fn text(spec: &ModuleSpec) -> String {
    let mut lines = vec![format!("{}.{}", spec.collection, spec.name), format!("    {}", spec.summary)];
    if !spec.aliases.is_empty() {
        lines.push(format!("    Also called {}.", spec.aliases.join(", ")));
    }
    if !spec.args.is_empty() {
        lines.extend([String::new(), "ARGUMENTS".to_owned()]);
    }
    for arg in spec.args {
        lines.push(format!("  {}: {}", arg.name, traits(arg)));
        lines.push(format!("      {}", arg.doc));
    }
    let rules = rules(spec);
    if !rules.is_empty() {
        lines.push(String::new());
        lines.extend(rules);
    }
    if !spec.returns.is_empty() {
        lines.extend([String::new(), "RETURNS".to_owned()]);
        lines.extend(spec.returns.iter().map(|(name, doc)| format!("  {name}: {doc}")));
    }
    lines.extend([String::new(), "EXAMPLE".to_owned()]);
    lines.extend(spec.example.lines().map(|line| format!("  {line}")));
    lines.push(String::new());
    lines.join("\n")
}

/// What holds for the arguments together.
fn rules(spec: &ModuleSpec) -> Vec<String> {
    let groups = spec.exactly_one_of.iter().map(|group| format!("Exactly one of {} must be given.", group.join(", ")));
    let free = spec.free_form.map(|name| format!("A plain string stands for {name}."));
    let any = spec.accepts_any.then(|| "Any other name is taken, too.".to_owned());
    groups.chain(free).chain(any).collect()
}

fn traits(arg: &ArgSpec) -> String {
    let mut traits = vec![kind(arg.kind)];
    traits.extend(arg.required.then(|| "required".to_owned()));
    traits.extend(arg.default.map(|value| format!("default {value}")));
    if !arg.aliases.is_empty() {
        traits.push(format!("also called {}", arg.aliases.join(", ")));
    }
    traits.join("; ")
}

fn kind(kind: ArgKind) -> String {
    match kind {
        ArgKind::Str => "text".to_owned(),
        ArgKind::Path => "an absolute path".to_owned(),
        ArgKind::Bool => "yes or no".to_owned(),
        ArgKind::Int => "a whole number".to_owned(),
        ArgKind::Mode => "permissions, as '0644' or u=rw,go=r".to_owned(),
        ArgKind::Choice(words) => format!("one of {}", words.join(", ")),
        ArgKind::StrList => "a list of text".to_owned(),
        ArgKind::StrMap => "a mapping of text".to_owned(),
        ArgKind::Conditions => "a list of conditions".to_owned(),
        ArgKind::Expression => "an expression without braces".to_owned(),
        ArgKind::Any => "anything".to_owned(),
    }
}

fn described(spec: &ModuleSpec) -> Vec<(&'static str, Value)> {
    let args = spec.args.iter().map(|arg| {
        let choices = if let ArgKind::Choice(words) = arg.kind { json!(words) } else { Value::Null };
        json!({"name": arg.name, "aliases": arg.aliases, "takes": kind(arg.kind), "choices": choices,
               "required": arg.required, "default": arg.default, "doc": arg.doc})
    });
    let returns = spec.returns.iter().map(|(name, doc)| json!({"name": name, "doc": doc}));
    vec![
        ("name", json!(spec.name)),
        ("collection", json!(spec.collection)),
        ("aliases", json!(spec.aliases)),
        ("summary", json!(spec.summary)),
        ("arguments", args.collect()),
        ("exactly_one_of", json!(spec.exactly_one_of)),
        ("free_form", json!(spec.free_form)),
        ("returns", returns.collect()),
        ("example", json!(spec.example)),
    ]
}
