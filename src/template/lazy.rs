//! Values with templates inside, rendered element by element as they are asked for.

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Weak};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value as Engine};
use minijinja::{Error, ErrorKind};
use serde_json::Value;

use super::compile::{self, Mode};
use super::place::Source;
use super::vars::{Inner, Vars};
use super::{TemplateError, escape, has_delimiters, json};
use crate::hostplay::Origin;

/// How many variables may hang one on another.
const MAX_CHAIN: usize = 30;

thread_local! {
    /// What this thread is rendering right now, outermost first: whose variables, and which.
    static CHAIN: RefCell<Vec<(usize, String)>> = const { RefCell::new(Vec::new()) };
}

/// How many elements of lazy values one rendering may look at. The engine's fuel does not count these, and
/// variables that refer to each other can make small texts stand for huge values.
const MAX_VISITS: usize = 1_000_000;

thread_local! {
    /// What is left of them; none outside a rendering.
    static VISITS: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Renders with bounded visits.
pub(super) fn bounded<T>(render: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    let outermost = VISITS.get().is_none();
    if outermost {
        VISITS.set(Some(MAX_VISITS));
    }
    let rendered = render();
    // What was made of the last visits is wrong.
    let exhausted = VISITS.get() == Some(0);
    if outermost {
        VISITS.set(None);
    }
    if exhausted { Err(Error::from(ErrorKind::OutOfFuel)) } else { rendered }
}

/// Whether one more element may be looked at.
fn visit() -> bool {
    match VISITS.get() {
        Some(0) => false,
        Some(left) => {
            VISITS.set(Some(left - 1));
            true
        }
        None => true,
    }
}

/// A list or mapping that has templates somewhere inside.
#[derive(Debug)]
pub(super) struct Lazy {
    /// Weak, since the variables keep what was rendered.
    vars: Weak<Inner>,
    path: String,
    node: Value,
}

/// The value at a path. Text with a template in it is rendered, lists and mappings with templates in them
/// wait, all else is as it is.
pub(super) fn value(vars: &Arc<Inner>, path: &str, node: &Value) -> Result<Engine, TemplateError> {
    vars.cached(path, || match node {
        Value::String(text) if has_delimiters(text) => {
            let rendered = render(vars, path, text)?;
            vars.hide(path, &rendered);
            Ok(rendered)
        }
        Value::Array(_) | Value::Object(_) if has_templates(node) => {
            let lazy = Lazy { vars: Arc::downgrade(vars), path: path.to_owned(), node: node.clone() };
            Ok(Engine::from_object(lazy))
        }
        plain => Ok(json::to_engine(plain)),
    })
}

/// What the engine gets for a lookup. A template that failed for an undefined variable is itself undefined,
/// as in Ansible, so that `default(...)` and `is defined` see it; if it is used all the same, the
/// explanation finds the failure again. Any other failure stops the lookup.
pub(super) fn to_lookup(value: Result<Engine, TemplateError>) -> Option<Engine> {
    match value {
        Ok(value) => Some(value),
        Err(error) if error.undefined.is_some() => None,
        Err(error) => Some(Engine::from(json::to_error(error))),
    }
}

fn render(vars: &Arc<Inner>, path: &str, text: &str) -> Result<Engine, TemplateError> {
    let owner = Arc::as_ptr(vars).addr();
    let _link = Link::enter(owner, path)?;
    let escaped = escape::literal_backslashes(text);
    // Where variables stand is not known here; the place becomes that of the use.
    let origin = Origin { file: String::new(), line: 1, column: 1 };
    let source = Source { text: &escaped.text, origin: &origin, inserted: &escaped.inserted };
    let rendered = compile::run(source, &Vars::from_inner(Arc::clone(vars)), Mode::Native);
    rendered.and_then(|value| json::settled(&value)).map_err(|error| needed_by(error, path))
}

fn needed_by(mut error: TemplateError, path: &str) -> TemplateError {
    error.origin = None;
    if error.variable.is_none() {
        error.message = format!("{} (in the variable `{path}`)", error.message);
        error.variable = Some(path.into());
    }
    error
}

fn has_templates(node: &Value) -> bool {
    match node {
        Value::String(text) => has_delimiters(text),
        Value::Array(items) => items.iter().any(has_templates),
        Value::Object(entries) => entries.values().any(has_templates),
        _ => false,
    }
}

/// Stands on the chain of what is being rendered while it lives.
struct Link;

impl Link {
    fn enter(owner: usize, path: &str) -> Result<Self, TemplateError> {
        CHAIN.with_borrow_mut(|chain| {
            let own = || chain.iter().filter(|(other, _)| *other == owner).map(|(_, path)| path.as_str());
            if own().any(|other| other == path) {
                let circle: Vec<&str> = own().skip_while(|other| *other != path).chain([path]).collect();
                let message = format!("the variable `{path}` is defined by itself: {}", circle.join(" → "));
                let mut error = TemplateError::new(message).hint("give one of them another name");
                error.variable = Some(path.into());
                return Err(error);
            }
            if chain.len() >= MAX_CHAIN {
                return Err(TemplateError::new(format!("more than {MAX_CHAIN} variables hang one on another")));
            }
            chain.push((owner, path.to_owned()));
            Ok(Self)
        })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        CHAIN.with_borrow_mut(Vec::pop);
    }
}

impl Lazy {
    /// The entries of a mapping, in order.
    pub(super) fn entries(&self) -> Option<impl Iterator<Item = (&str, Result<Engine, TemplateError>)>> {
        let entries = self.node.as_object()?.iter();
        Some(entries.map(|(name, node)| (name.as_str(), self.rendered(&attribute(&self.path, name), node))))
    }

    /// The items of a list, in order.
    pub(super) fn items(&self) -> impl Iterator<Item = Result<Engine, TemplateError>> {
        let items = self.node.as_array().into_iter().flatten().enumerate();
        items.map(|(index, node)| self.rendered(&format!("{}[{index}]", self.path), node))
    }

    fn rendered(&self, path: &str, node: &Value) -> Result<Engine, TemplateError> {
        let vars = self.vars.upgrade().ok_or_else(|| TemplateError::new("the variables are gone"))?;
        value(&vars, path, node)
    }

    fn item(&self, path: &str, node: &Value) -> Option<Engine> {
        if !visit() {
            return Some(Engine::from(Error::from(ErrorKind::OutOfFuel)));
        }
        to_lookup(self.rendered(path, node))
    }
}

impl Object for Lazy {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.node.is_array() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Engine) -> Option<Engine> {
        match &self.node {
            Value::Array(items) => {
                let index = key.as_usize()?;
                self.item(&format!("{}[{index}]", self.path), items.get(index)?)
            }
            Value::Object(entries) => {
                let name = key.as_str()?;
                self.item(&attribute(&self.path, name), entries.get(name)?)
            }
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match &self.node {
            Value::Array(items) => Enumerator::Seq(items.len()),
            Value::Object(entries) => {
                Enumerator::Values(entries.keys().map(|key| Engine::from(key.as_str())).collect())
            }
            _ => Enumerator::Empty,
        }
    }
}

/// The path of an entry, in the notation of the engine's errors.
fn attribute(path: &str, name: &str) -> String {
    let identifier =
        name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_numeric());
    if identifier && !name.is_empty() { format!("{path}.{name}") } else { format!("{path}[{:?}]", Engine::from(name)) }
}
