//! Plays and what they say about themselves.

use std::sync::Arc;

use super::argspec;
use super::batches::Serial;
use super::builder::PlayBuilder;
use super::compile::{Common, CompiledPlay};
use super::files::Files;
use super::handlers;
use super::outside;
use super::scope::{Scope, becomes, maps};
use super::tree::Location;
use super::undefined::{self, Surroundings};
use super::values::{Keywords, field, flag, is_template, list, literal, mapping, words};
use super::{Inherited, Run};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::hostplay::{Step, Template};
use crate::inventory::Variables;
use crate::template::{Engine, Layer, Vars};
use crate::yaml::{Key, Node, NodeValue};

const PLAY: Keywords = Keywords {
    of: "a play",
    known: &[
        "name",
        "hosts",
        "vars",
        "vars_files",
        "roles",
        "pre_tasks",
        "tasks",
        "post_tasks",
        "handlers",
        "serial",
        "max_fail_percentage",
        "any_errors_fatal",
        "gather_facts",
        "become",
        "become_user",
        "become_method",
        "tags",
        "no_log",
        "ignore_errors",
    ],
    unsupported: &[
        ("environment", ""),
        ("vars_prompt", "pass the values with -e"),
        ("strategy", "each host runs its play on its own, without waiting for the others"),
        ("connection", "set ansible_connection in the inventory"),
        ("remote_user", "set ansible_user in the inventory"),
        ("port", "set ansible_port in the inventory"),
        ("gather_subset", ""),
        ("gather_timeout", ""),
        ("fact_path", ""),
        ("order", "hosts come in the inventory's order"),
        ("run_once", ""),
        ("throttle", "use --forks"),
        ("timeout", ""),
        ("check_mode", "run `mailprov check` to see what would change"),
        ("diff", ""),
        ("module_defaults", ""),
        ("collections", "leave it out: mailprov has its own modules"),
        ("force_handlers", ""),
        ("ignore_unreachable", ""),
        ("debugger", ""),
        ("become_exe", ""),
        ("become_flags", ""),
        ("validate_argspec", ""),
        ("when", "give it to the tasks, or put them into a block"),
    ],
};

/// Reads a play and puts it together; `None` when it cannot be read or has no hosts.
pub(super) fn read(
    item: &Node,
    entries: &[(Key, Node)],
    playbook: &Location,
    inherited: &Inherited,
    run: &mut Run<'_, '_>,
) -> Option<CompiledPlay> {
    PLAY.check(entries, &mut run.loader.problems);
    let (pattern, hosts) = hosts(item, entries, run);
    let folder = playbook.parent();
    let filter = run.filter.clone();
    let mut scope = Scope::new(folder.clone());
    scope.when.clone_from(&inherited.when);
    scope.tags.clone_from(&inherited.tags);
    scope.inherit(entries, &mut run.loader.problems);
    scope.play_becomes = becomes(entries, false, &mut run.loader.problems);
    let mut builder = PlayBuilder::new(&mut run.loader, &filter, Files::new(folder.clone()));
    builder.becomes = scope.play_becomes;
    builder.maps[maps::PLAY] = play_vars(entries, &folder, inherited, &mut builder);
    let mut steps = sections(item, entries, &scope, &mut builder);
    let mut play_handlers = settle_handlers(entries, &scope, &mut builder);
    handlers::check_notify(&steps, &play_handlers, &mut builder.loader.problems);
    handlers::number(&mut steps, &mut play_handlers);
    let files = builder.files.pack(builder.loader.sources);
    let gather_facts = flag(field(entries, "gather_facts"), &mut builder.loader.problems).unwrap_or(true);
    let any_errors_fatal = flag(field(entries, "any_errors_fatal"), &mut builder.loader.problems).unwrap_or(false);
    let max_fail_percentage = percentage(field(entries, "max_fail_percentage"), &mut builder.loader.problems);
    let serial = Serial::read(field(entries, "serial"), &mut builder.loader.problems);
    let name =
        field(entries, "name").and_then(|node| literal(node, "the name of the play", &mut builder.loader.problems));
    let veil = builder.loader.sources.veil().clone();
    let PlayBuilder { checks, role_checks, becomes, raised, results, known_tags, maps, .. } = builder;
    run.results.extend(results);
    run.known_tags.extend(known_tags);
    run.facts |= gather_facts;
    run.given.add(&maps[maps::PLAY]);
    run.given.add_hosts(&run.inventory, &hosts);
    run.given.takes(maps[maps::ROLE_DEFAULTS].names());
    run.given.takes(role_checks.iter().flat_map(argspec::RoleCheck::options));
    let files = files.map_err(|problem| run.loader.problems.push(*problem)).unwrap_or_default();
    let around = Surroundings {
        inventory: &run.inventory,
        hosts: &hosts,
        extra: &run.options.extra_vars,
        results: &run.results,
        facts: run.facts,
    };
    let asked = undefined::check(&checks, &maps, &around, &mut run.loader);
    let outside = outside::read(&asked, playbook, &run.inventory, &mut run.loader);
    if hosts.is_empty() {
        return None;
    }
    let common = Common {
        veil,
        gather_facts,
        becomes,
        var_maps: maps.iter().map(Variables::to_map).collect(),
        extra_vars: run.options.extra_vars.clone(),
        magic: run.magic(&folder),
        steps,
        handlers: play_handlers,
        files,
        inventory: Arc::clone(&run.inventory),
        outside,
    };
    let play = CompiledPlay {
        name: name.unwrap_or_else(|| pattern.clone()),
        origin: item.origin(),
        pattern,
        tags: scope.tags,
        batches: serial.batches(&hosts),
        hosts,
        max_fail_percentage,
        any_errors_fatal,
        raised,
        common: Arc::new(common),
    };
    argspec::check(&role_checks, &maps, &play, &mut run.loader.problems);
    Some(play)
}

/// The pattern and the hosts that it leaves of the chosen ones.
fn hosts(item: &Node, entries: &[(Key, Node)], run: &mut Run<'_, '_>) -> (String, Vec<String>) {
    let Some(node) = field(entries, "hosts") else {
        run.loader.problems.push(item.problem("a play without `hosts`").hint("add `hosts: all`"));
        return Default::default();
    };
    let nodes = match &node.value {
        NodeValue::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut patterns = Vec::new();
    for node in nodes {
        match node.template() {
            None => run.loader.problems.push(node.expected("a pattern of hosts")),
            Some(template) if !is_template(&template.source) => patterns.push(template.source),
            Some(template) => patterns.extend(render(&template, run)),
        }
    }
    let pattern = patterns.join(",");
    if pattern.is_empty() {
        return (pattern, Vec::new());
    }
    match run.inventory.select(&pattern) {
        Ok(mut hosts) => {
            if let Some(chosen) = &run.options.hosts {
                hosts.retain(|host| chosen.contains(host));
            }
            (pattern, hosts)
        }
        Err(problems) => {
            let located = problems.into_iter().map(|problem| problem.at(node.origin(), node.span.length));
            run.unmatched.extend(located);
            (pattern, Vec::new())
        }
    }
}

/// `hosts: "{{ target }}"` knows extra variables only, as in Ansible.
fn render(template: &Template, run: &mut Run<'_, '_>) -> Option<String> {
    let extra = Vars::new(vec![Layer::Templates(Arc::new(run.options.extra_vars.clone()))]);
    match Engine::new().render_string(template, &extra) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let mut problem = Diagnostic::new(error.message).at(error.origin.unwrap_or(template.origin.clone()), 1);
            problem.hints = error.hints;
            run.loader.problems.push(problem.note("only variables given with -e are known in `hosts`"));
            None
        }
    }
}

/// `vars` and `vars_files`, over those of the import.
fn play_vars(
    entries: &[(Key, Node)],
    folder: &Location,
    inherited: &Inherited,
    builder: &mut PlayBuilder<'_, '_>,
) -> Variables {
    let mut variables = inherited.vars.clone();
    if let Some(vars) = field(entries, "vars") {
        variables.extend(&Variables::read(vars, &mut builder.loader.problems));
    }
    let Some(files) = field(entries, "vars_files") else { return variables };
    let items = match &files.value {
        NodeValue::Str(_) => std::slice::from_ref(files),
        _ => list(files, "a list of files", &mut builder.loader.problems),
    };
    for item in items {
        // Of a list inside the list, the first file that is there counts.
        let choices = item.as_seq().unwrap_or(std::slice::from_ref(item));
        let problems = &mut builder.loader.problems;
        let names: Vec<_> = choices.iter().filter_map(|node| literal(node, "the name of a file", problems)).collect();
        let places: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
        match places.iter().find(|place| place.is_file()) {
            Some(file) => variables.extend(&builder.loader.variables(file)),
            None if places.is_empty() => {}
            None => {
                let shown: Vec<_> = places.iter().map(Location::shown).collect();
                let problem = item.problem(format!("there is no file `{}`", names.join("`, `")));
                builder.problem(problem.note(format!("looked for {}", shown.join(", "))));
            }
        }
    }
    variables
}

/// The parts of a play in Ansible's order, handlers running between them.
fn sections(item: &Node, entries: &[(Key, Node)], scope: &Scope, builder: &mut PlayBuilder<'_, '_>) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in ["pre_tasks", "roles", "tasks", "post_tasks"] {
        let Some(node) = field(entries, part) else { continue };
        let more = if part == "roles" { builder.roles(node, scope) } else { builder.task_list(node, scope) };
        if part == "post_tasks" && !steps.is_empty() && !more.is_empty() {
            steps.push(Step::FlushHandlers(item.origin()));
        }
        let flush = part == "pre_tasks" && !more.is_empty();
        steps.extend(more);
        if flush {
            steps.push(Step::FlushHandlers(item.origin()));
        }
    }
    steps
}

fn settle_handlers(
    entries: &[(Key, Node)],
    scope: &Scope,
    builder: &mut PlayBuilder<'_, '_>,
) -> Vec<crate::hostplay::Task> {
    if let Some(node) = field(entries, "handlers") {
        let scope = Scope { handlers: true, ..scope.clone() };
        let steps = builder.task_list(node, &scope);
        builder.add_handlers(steps);
    }
    handlers::settle_names(std::mem::take(&mut builder.handlers))
}

fn percentage(node: Option<&Node>, problems: &mut Diagnostics) -> Option<f64> {
    let node = node?;
    let number = match &node.value {
        NodeValue::Int(number) => u32::try_from(*number).ok().map(f64::from),
        NodeValue::Float(number) => Some(*number),
        NodeValue::Str(text) => text.trim().trim_end_matches('%').parse().ok(),
        _ => None,
    };
    let number = number.filter(|number| (0.0..=100.0).contains(number));
    if number.is_none() {
        problems.push(node.problem("expected a percentage: a number from 0 to 100"));
    }
    number
}

/// What an `import_playbook` hands down to its plays.
pub(super) fn import_keywords(entries: &[(Key, Node)], outer: &Inherited, problems: &mut Diagnostics) -> Inherited {
    const IMPORT: Keywords = Keywords {
        of: "import_playbook",
        known: &["import_playbook", "name", "tags", "when", "vars"],
        unsupported: &[],
    };
    IMPORT.check(entries, problems);
    let mut inherited = outer.clone();
    inherited.when.extend(super::values::templates(field(entries, "when"), "a condition", problems));
    inherited.tags.extend(words(field(entries, "tags"), "a tag", problems));
    if let Some(vars) = field(entries, "vars") {
        inherited.vars.extend(&Variables::read(vars, problems));
    }
    inherited
}

/// The entries of a play or import.
pub(super) fn entries_of<'n>(item: &'n Node, problems: &mut Diagnostics) -> Option<&'n [(Key, Node)]> {
    mapping(item, "a play: a mapping with `hosts`", problems)
}
