//! What only the controller can tell a host: files and environment for `lookup`, inventory variables of other hosts for
//! `hostvars`. Each host gets what its own templates ask for and no more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::compile::is_password;
use super::loader::Loader;
use super::tree::{Location, on_disk};
use super::undefined::Asked;
use crate::diagnostic::Diagnostic;
use crate::hostplay::{FACT_NAMES, Origin, Template};
use crate::inventory::Inventory;
use crate::template::{Kind, Layer, ON_CONTROLLER, Outside, Vars, analyse};
use crate::veil::{Veil, is_secret};

/// Larger files do not travel with a play.
const MAX_BYTES: u64 = 1 << 20;

/// Reads what is asked for: by host, the variables to add.
pub(super) fn read(
    asked: &Asked,
    playbook: &Location,
    inventory: &Inventory,
    loader: &mut Loader<'_>,
) -> BTreeMap<String, Map<String, Value>> {
    let mut told = BTreeMap::new();
    for (host, asked) in asked {
        let mut lookups = Map::new();
        let mut names = None;
        for (outside, at) in asked {
            match answer(outside, at, playbook) {
                Ok(Answer::Lookup { plugin, term, value }) => {
                    keep(&mut lookups, loader.sources.veil(), plugin, term, value);
                }
                Ok(Answer::HostVariable(name)) => {
                    names.get_or_insert_with(BTreeSet::new).insert(name);
                }
                Err(problem) => loader.problems.push(problem.at(at.clone(), 1)),
            }
        }
        let mut variables = Map::new();
        if !lookups.is_empty() {
            variables.insert(ON_CONTROLLER.to_owned(), Value::Object(lookups));
        }
        if let Some(names) = names {
            variables.insert("hostvars".to_owned(), host_variables(&names, inventory, loader.sources.veil()));
        }
        told.insert(host.clone(), variables);
    }
    told
}

fn keep(lookups: &mut Map<String, Value>, veil: &Veil, plugin: String, term: String, value: String) {
    if is_secret(&term) {
        veil.add(&value);
    }
    let answers = lookups.entry(plugin).or_insert_with(|| json!({}));
    answers.as_object_mut().map(|answers| answers.insert(term, Value::from(value)));
}

/// What the lookups in variables find that are rendered here, as those that tell how a host is reached: to be laid above
/// them. What cannot be read is left out, and an error where it is used.
///
/// Files are looked for from the current folder, even where there is a playbook: `rollback` and `status` have none, and must
/// reach the hosts with the same.
#[must_use]
pub fn lookups(variables: &Map<String, Value>, veil: &Veil) -> Map<String, Value> {
    let mut found = Map::new();
    variables.values().for_each(|value| add_lookups(value, veil, &mut found));
    if found.is_empty() { found } else { Map::from_iter([(ON_CONTROLLER.to_owned(), Value::Object(found))]) }
}

fn add_lookups(value: &Value, veil: &Veil, found: &mut Map<String, Value>) {
    match value {
        Value::String(text) if text.contains("lookup") || text.contains("query") || text.contains("q(") => {
            let here = Origin { file: String::new(), line: 1, column: 1 };
            let template = Template { source: text.clone(), origin: here.clone() };
            let outsides = analyse(&template, Kind::Text).unwrap_or_default();
            for outside in outsides.into_iter().filter_map(|reference| reference.outside) {
                if let Ok(Answer::Lookup { plugin, term, value }) =
                    answer(&outside, &here, &on_disk(Path::new("./here")))
                {
                    keep(found, veil, plugin, term, value);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| add_lookups(item, veil, found)),
        Value::Object(entries) => entries.values().for_each(|entry| add_lookups(entry, veil, found)),
        _ => {}
    }
}

enum Answer {
    Lookup { plugin: String, term: String, value: String },
    HostVariable(String),
}

fn answer(outside: &Outside, at: &Origin, playbook: &Location) -> Result<Answer, Box<Diagnostic>> {
    match outside {
        Outside::Lookup { plugin, term: None } => {
            let problem = Diagnostic::new(format!("lookup('{plugin}', ...) needs a name that is spelt out"));
            Err(Box::new(problem.note("it is read here, before the play travels to its host")))
        }
        Outside::Lookup { plugin, term: Some(term) } => {
            // As in Ansible, a variable that is not set is empty.
            let value = match plugin.as_str() {
                "env" => std::env::var(term).unwrap_or_default(),
                _ => file(term, at, playbook)?,
            };
            Ok(Answer::Lookup { plugin: plugin.clone(), term: term.clone(), value })
        }
        Outside::HostVariable(None) => {
            let problem = Diagnostic::new("`hostvars` needs the name of a variable that is spelt out");
            let problem = problem.note("a host gets no more of others' variables than its templates ask for");
            Err(Box::new(problem.hint("write `hostvars[host].name`, or `hosts | map('extract', hostvars, 'name')`")))
        }
        Outside::HostVariable(Some(name)) if is_fact(name) => {
            let problem = Diagnostic::new(format!("`{name}` of other hosts is not known"));
            let problem =
                problem.note("hosts do not wait for one another; `hostvars` has the variables of the inventory");
            let hint =
                "for a fact of the host itself leave `hostvars` away; for an address of another use `ansible_host`";
            Err(Box::new(problem.hint(hint)))
        }
        Outside::HostVariable(Some(name)) if is_password(name) => {
            Err(Box::new(Diagnostic::new(format!("`{name}` is the controller's, and no host gets it"))))
        }
        Outside::HostVariable(Some(name)) => Ok(Answer::HostVariable(name.clone())),
    }
}

fn is_fact(name: &str) -> bool {
    let fact = name.strip_prefix("ansible_").unwrap_or_default();
    fact == "facts" || FACT_NAMES.contains(&fact)
}

/// A file of the controller: below `files/` of the role whose file asks for it, then of the playbook, then beside that.
fn file(term: &str, at: &Origin, playbook: &Location) -> Result<String, Box<Diagnostic>> {
    let folder = PathBuf::from(playbook.parent().shown());
    let mut places = Vec::new();
    for part in ["/tasks/", "/templates/", "/defaults/", "/vars/", "/handlers/"] {
        if let Some((role, _)) = at.file.rsplit_once(part) {
            places.push(PathBuf::from(role).join("files").join(term));
        }
    }
    places.extend([folder.join("files").join(term), folder.join(term)]);
    if let (Some(rest), Some(home)) = (term.strip_prefix("~/"), std::env::var_os("HOME")) {
        places = vec![PathBuf::from(home).join(rest)];
    }
    let Some(path) = places.iter().find(|path| path.is_file()) else {
        let looked: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
        let problem = Diagnostic::new(format!("there is no file `{term}` for lookup('file', ...)"));
        return Err(Box::new(problem.note(format!("looked for {}", looked.join(", ")))));
    };
    let unreadable = |why: String| Box::new(Diagnostic::new(format!("cannot read {}", path.display())).note(why));
    if path.metadata().is_ok_and(|metadata| metadata.len() > MAX_BYTES) {
        return Err(unreadable(format!("it is larger than {MAX_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    Ok(text.trim_end().to_owned())
}

/// Variables of the inventory's hosts, rendered with each host's own. What needs facts is left out, and so undefined.
fn host_variables(names: &BTreeSet<String>, inventory: &Inventory, veil: &Veil) -> Value {
    let mut all = Map::new();
    for host in inventory.hosts() {
        let mut own = inventory.vars_for(host);
        own.retain(|name, _| !is_password(name));
        own.entry("ansible_host").or_insert_with(|| Value::from(host));
        let short = host.split('.').next().unwrap_or(host);
        let magic = [
            ("inventory_hostname", Value::from(host)),
            ("inventory_hostname_short", Value::from(short)),
            ("group_names", Value::from(inventory.groups_of(host))),
        ];
        let magic: Map<String, Value> = magic.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let vars = Vars::veiled(vec![Layer::Templates(own.into()), Layer::Plain(magic.into())], veil.clone());
        let known = names.iter().filter_map(|name| Some((name.clone(), vars.get(name).ok()??)));
        all.insert(host.to_owned(), Value::Object(known.collect()));
    }
    Value::Object(all)
}
