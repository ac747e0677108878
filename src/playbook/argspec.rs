//! What variables a role takes: `meta/argument_specs`, as in Ansible, checked before any host is contacted.
//!
//! Beside Ansible's keys an option may have `format` (see [`format`]), `minimum`, `maximum` and `allow_empty`, and an
//! entry point `conditions` that several variables must meet together. What depends on facts cannot be judged here and
//! is left to the role's own tasks.

mod check;
mod format;
mod value;

pub(super) use check::check;

use super::loader::Loader;
use super::tree::Location;
use super::values::{Keywords, field, flag, list, literal, mapping, words};
use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::hostplay::{Template, VarLayer};
use crate::yaml::{Key, Node, NodeValue};
use format::Format;

/// A role as a play uses it, with what it says about its variables.
#[derive(Debug)]
pub(super) struct RoleCheck {
    pub(super) role: String,
    pub(super) layers: Vec<VarLayer>,
    pub(super) spec: EntryPoint,
}

impl RoleCheck {
    /// The names of the variables.
    pub(super) fn options(&self) -> impl Iterator<Item = &str> {
        self.spec.options.iter().map(|option| option.name.as_str())
    }
}

/// One entry point of a role.
#[derive(Debug, Clone, Default)]
pub(super) struct EntryPoint {
    options: Vec<Opt>,
    conditions: Vec<Condition>,
}

/// One variable, or one entry of a mapping.
#[derive(Debug, Clone)]
struct Opt {
    name: String,
    kind: Kind,
    /// What the items of a list are.
    elements: Option<Kind>,
    /// What the entries of a mapping, or of the mappings in a list, are.
    options: Vec<Opt>,
    required: bool,
    /// The value may not be shown, not even the line it stands on.
    no_log: bool,
    allow_empty: bool,
    choices: Vec<String>,
    format: Option<Format>,
    minimum: Option<i64>,
    maximum: Option<i64>,
}

/// A type, in Ansible's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Str,
    Int,
    Float,
    Bool,
    List,
    Dict,
    Path,
    Raw,
}

/// What must hold between several variables.
#[derive(Debug, Clone)]
struct Condition {
    that: Template,
    /// The variable that is to blame.
    variable: String,
    message: String,
}

const OPTION: Keywords = Keywords {
    of: "an option of argument_specs",
    known: &[
        "type",
        "elements",
        "options",
        "required",
        "choices",
        "default",
        "description",
        "no_log",
        "version_added",
        "format",
        "minimum",
        "maximum",
        "allow_empty",
    ],
    unsupported: &[
        ("aliases", ""),
        ("fallback", ""),
        ("apply_defaults", ""),
        ("removed_in_version", ""),
        ("removed_at_date", ""),
        ("deprecated_aliases", ""),
        ("mutually_exclusive", "write a condition under `conditions`"),
        ("required_together", "write a condition under `conditions`"),
        ("required_one_of", "write a condition under `conditions`"),
        ("required_if", "write a condition under `conditions`"),
        ("required_by", "write a condition under `conditions`"),
    ],
};

const ENTRY_POINT: Keywords = Keywords {
    of: "an entry point of argument_specs",
    known: &["short_description", "description", "author", "version_added", "seealso", "options", "conditions"],
    unsupported: &[],
};

const KINDS: [(&str, Kind); 11] = [
    ("str", Kind::Str),
    ("int", Kind::Int),
    ("float", Kind::Float),
    ("bool", Kind::Bool),
    ("list", Kind::List),
    ("dict", Kind::Dict),
    ("path", Kind::Path),
    ("raw", Kind::Raw),
    ("json", Kind::Raw),
    ("bytes", Kind::Raw),
    ("bits", Kind::Raw),
];

/// What a role says about an entry point (`main`, or what `tasks_from` names). `meta` is its `meta/main`.
pub(super) fn read(
    role: &Location,
    meta: Option<&Node>,
    entry_point: &str,
    loader: &mut Loader<'_>,
) -> Option<EntryPoint> {
    let file = Loader::main_file(&role.join("meta"), "argument_specs").and_then(|file| loader.yaml(&file));
    let specs = file.as_deref().and_then(|file| file.get("argument_specs"));
    let specs = specs.or_else(|| meta.and_then(|meta| meta.get("argument_specs")))?;
    let name = entry_point.split('.').next().unwrap_or(entry_point);
    let entries = mapping(specs.get(name)?, "a mapping", &mut loader.problems)?;
    ENTRY_POINT.check(entries, &mut loader.problems);
    let options = field(entries, "options").map(|node| options(node, &mut loader.problems)).unwrap_or_default();
    let conditions = field(entries, "conditions").map(|node| conditions(node, &mut loader.problems));
    Some(EntryPoint { options, conditions: conditions.unwrap_or_default() })
}

fn options(node: &Node, problems: &mut Diagnostics) -> Vec<Opt> {
    let entries = mapping(node, "a mapping of options", problems).unwrap_or_default();
    entries.iter().filter_map(|(key, node)| option(key, node, problems)).collect()
}

fn option(key: &Key, node: &Node, problems: &mut Diagnostics) -> Option<Opt> {
    let entries = mapping(node, "a mapping", problems)?;
    OPTION.check(entries, problems);
    let number = |name: &str| match field(entries, name).map(|node| &node.value) {
        Some(NodeValue::Int(number)) => Some(*number),
        _ => None,
    };
    let of = |name: &str, problems: &mut Diagnostics| one_of(field(entries, name), &KINDS, problems);
    Some(Opt {
        name: key.name.clone(),
        kind: of("type", problems).unwrap_or(Kind::Str),
        elements: of("elements", problems),
        options: field(entries, "options").map(|node| options(node, problems)).unwrap_or_default(),
        required: flag(field(entries, "required"), problems).unwrap_or(false),
        no_log: flag(field(entries, "no_log"), problems).unwrap_or(false),
        allow_empty: flag(field(entries, "allow_empty"), problems).unwrap_or(false),
        choices: field(entries, "choices")
            .map(|node| list(node, "a list", problems).iter().filter_map(Node::scalar_text).collect())
            .unwrap_or_default(),
        format: one_of(field(entries, "format"), format::NAMES, problems),
        minimum: number("minimum"),
        maximum: number("maximum"),
    })
}

fn one_of<T: Copy>(node: Option<&Node>, known: &[(&str, T)], problems: &mut Diagnostics) -> Option<T> {
    let node = node?;
    let text = literal(node, "a word", problems)?;
    let found = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    if found.is_none() {
        let names = known.iter().map(|(name, _)| *name);
        let problem = node.problem(format!("`{text}` is not known here"));
        problems.push(problem.maybe_hint(did_you_mean(&text, names)));
    }
    found
}

fn conditions(node: &Node, problems: &mut Diagnostics) -> Vec<Condition> {
    const CONDITION: Keywords =
        Keywords { of: "a condition", known: &["that", "variable", "message"], unsupported: &[] };
    let mut conditions = Vec::new();
    for item in list(node, "a list of conditions", problems) {
        let Some(entries) = mapping(item, "a mapping", problems) else { continue };
        CONDITION.check(entries, problems);
        let that = field(entries, "that").and_then(Node::template);
        let variable = words(field(entries, "variable"), "the name of a variable", problems).into_iter().next();
        let message = field(entries, "message").and_then(|node| literal(node, "a text", problems));
        match (that, variable, message) {
            (Some(that), Some(variable), Some(message)) => conditions.push(Condition { that, variable, message }),
            _ => problems.push(item.problem("a condition needs `that`, `variable` and `message`")),
        }
    }
    conditions
}
