//! From a task's templates through the variables that they need.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::super::loader::Loader;
use super::super::scope::maps;
use super::check::{Check, Text, Use, each_template};
use super::report::{Report, Why};
use crate::hostplay::{Origin, VarLayer};
use crate::template::{Kind, Outside, Reference, TemplateError, analyse, analyse_file};
use crate::yaml::Node;

/// Variables that need one another, in a row.
const MAX_CHAIN: usize = 100;

/// Names that a template refers to, with the file it stands in.
struct References {
    file: String,
    names: Vec<Reference>,
}

/// A task whose templates were analysed once for all hosts.
pub(super) struct Prepared<'c> {
    check: &'c Check,
    uses: Vec<(bool, References)>,
    guards: HashSet<String>,
}

impl<'c> Prepared<'c> {
    pub(super) fn new(check: &'c Check, loader: &mut Loader<'_>, report: &mut Report) -> Self {
        let (mut uses, mut guards) = (Vec::new(), HashSet::new());
        for used in &check.uses {
            match references(used, loader) {
                Ok(references) => {
                    let guarded = references.names.iter().filter(|name| used.is_condition && name.guarded);
                    guards.extend(guarded.map(|name| name.name.clone()));
                    uses.push((used.in_loop, references));
                }
                Err(error) => report.broken(error, &check.task, &check.origin),
            }
        }
        Self { check, uses, guards }
    }
}

fn references(used: &Use, loader: &mut Loader<'_>) -> Result<References, TemplateError> {
    match &used.text {
        Text::Inline(template) => {
            let names = analyse(template, used.kind)?;
            Ok(References { file: template.origin.file.clone(), names })
        }
        Text::File(at) => {
            let file = at.shown();
            let names = loader.text(at).map(|text| analyse_file(&text, &file)).transpose()?;
            Ok(References { file, names: names.unwrap_or_default() })
        }
    }
}

/// The check of one play for one host after the other.
pub(super) struct Walk<'w> {
    maps: &'w [HashMap<&'w str, &'w Node>],
    /// Names that are there for every host and are data.
    fixed: &'w HashSet<String>,
    facts: Option<&'w HashSet<String>>,
    report: &'w mut Report,
    /// Names in the value of a variable, by the node's address.
    values: HashMap<usize, Rc<Vec<References>>>,
    pub(super) asked: Asked,
}

/// What the templates of each host ask of the controller, with the first place where they do.
pub(in crate::playbook) type Asked = BTreeMap<String, BTreeMap<Outside, Origin>>;

/// What one task of one host sees, and how it came to look at a name.
struct View<'v> {
    prepared: &'v Prepared<'v>,
    host: &'v str,
    own: &'v HashMap<&'v str, &'v Node>,
    locals: &'v [String],
    chain: Vec<String>,
    /// Something on the way copes with a missing variable: `default` also catches one inside the value.
    lenient: bool,
    seen: HashSet<(usize, bool)>,
}

/// What a name stands for.
enum Meaning<'n> {
    Data,
    Variable(&'n Node),
    Nothing,
}

impl<'w> Walk<'w> {
    pub(super) fn new(
        maps: &'w [HashMap<&'w str, &'w Node>],
        fixed: &'w HashSet<String>,
        facts: Option<&'w HashSet<String>>,
        report: &'w mut Report,
    ) -> Self {
        Self { maps, fixed, facts, report, values: HashMap::new(), asked: Asked::new() }
    }

    pub(super) fn check(&mut self, prepared: &Prepared<'_>, host: &str, own: &HashMap<&str, &Node>) {
        let mut view =
            View { prepared, host, own, locals: &[], chain: Vec::new(), lenient: false, seen: HashSet::new() };
        // Those outside of the loop first: a variable that is seen once is not looked at again.
        for in_loop in [false, true] {
            view.locals = if in_loop { &prepared.check.locals } else { &[] };
            for (_, references) in prepared.uses.iter().filter(|(inside, _)| *inside == in_loop) {
                self.references(references, &mut view);
            }
        }
    }

    fn references(&mut self, references: &References, view: &mut View<'_>) {
        for reference in &references.names {
            let name = &reference.name;
            if let Some(outside) = &reference.outside {
                let asked = self.asked.entry(view.host.to_owned()).or_default();
                asked.entry(outside.clone()).or_insert_with(|| place(references, reference));
                continue;
            }
            if view.locals.contains(name) {
                continue;
            }
            let outer = view.lenient;
            view.lenient |= reference.guarded || view.prepared.guards.contains(name);
            match self.meaning(name, view) {
                Meaning::Data => {}
                Meaning::Variable(node) => self.value(name, node, references, reference, view),
                Meaning::Nothing if view.lenient => {}
                Meaning::Nothing => {
                    let known = self.names(view);
                    self.report.undefined(name, &place(references, reference), &why(view), view.host, &known);
                }
            }
            view.lenient = outer;
        }
    }

    /// Looks into the value of a variable.
    fn value(&mut self, name: &str, node: &Node, from: &References, at: &Reference, view: &mut View<'_>) {
        if view.chain.iter().any(|outer| outer == name) {
            let chain = view.chain.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(" -> ");
            self.report.endless(name, &chain, &place(from, at));
            return;
        }
        let address = std::ptr::from_ref(node).addr();
        if view.chain.len() >= MAX_CHAIN || !view.seen.insert((address, view.lenient)) {
            return;
        }
        let known = self.values.get(&address).cloned();
        let inside = known.unwrap_or_else(|| Rc::new(self.analyse_value(node, view)));
        self.values.insert(address, Rc::clone(&inside));
        view.chain.push(name.to_owned());
        for references in inside.iter() {
            self.references(references, view);
        }
        view.chain.pop();
    }

    fn analyse_value(&mut self, node: &Node, view: &View<'_>) -> Vec<References> {
        let mut found = Vec::new();
        each_template(node, &mut |template| match analyse(&template, Kind::Text) {
            Ok(names) => found.push(References { file: template.origin.file.clone(), names }),
            Err(error) => self.report.broken(error, &view.prepared.check.task, &view.prepared.check.origin),
        });
        found
    }

    /// The highest layer that has the name, in the order of [`crate::hostplay::VarLayer`].
    fn meaning<'v>(&self, name: &str, view: &View<'v>) -> Meaning<'v>
    where
        'w: 'v,
    {
        if self.fixed.contains(name) || (name == "role_name" && view.prepared.check.in_role) {
            return Meaning::Data;
        }
        let layers = view.prepared.check.layers.iter().rev();
        let find = |index: usize| {
            let map = if index == maps::INVENTORY { Some(view.own) } else { self.maps.get(index) };
            map.and_then(|map| map.get(name)).copied()
        };
        let (mut above, mut below) = (None, None);
        for layer in layers {
            match *layer {
                VarLayer::AboveRegistered(index) | VarLayer::AboveFacts(index) => above = above.or_else(|| find(index)),
                VarLayer::BelowFacts(index) => below = below.or_else(|| find(index)),
            }
        }
        if above.is_none() && self.facts.is_some_and(|facts| facts.contains(name) || is_interface(name)) {
            return Meaning::Data;
        }
        above.or(below).map_or(Meaning::Nothing, Meaning::Variable)
    }

    /// All names that the task can see.
    fn names(&self, view: &View<'_>) -> Vec<String> {
        let layers = view.prepared.check.layers.iter().map(|layer| match *layer {
            VarLayer::AboveRegistered(index) | VarLayer::AboveFacts(index) | VarLayer::BelowFacts(index) => index,
        });
        let maps = layers.filter_map(|index| self.maps.get(index)).flat_map(HashMap::keys);
        let names = maps.chain(view.own.keys()).map(ToString::to_string);
        let fixed = self.fixed.iter().chain(self.facts.into_iter().flatten()).chain(view.locals);
        names.chain(fixed.cloned()).collect()
    }
}

/// Whether this is the fact of a network interface (`ansible_eth0`), which is there on hosts that have one.
fn is_interface(name: &str) -> bool {
    let Some(interface) = name.strip_prefix("ansible_") else { return false };
    let kinds = ["eth", "en", "em", "bond", "br", "team", "ib", "wl", "vlan"];
    interface == "lo"
        || kinds.iter().any(|kind| interface.starts_with(kind)) && interface.contains(|c: char| c.is_ascii_digit())
}

fn place(references: &References, reference: &Reference) -> Origin {
    Origin { file: references.file.clone(), line: reference.line, column: reference.column }
}

fn why(view: &View<'_>) -> Why {
    Why {
        task: view.prepared.check.task.clone(),
        task_origin: view.prepared.check.origin.clone(),
        chain: view.chain.clone(),
    }
}
