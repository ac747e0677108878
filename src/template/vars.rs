//! The variables that templates see.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use minijinja::State;
use minijinja::value::{Enumerator, Object, Value as Engine};
use serde_json::{Map, Value};

use super::lazy::{self, Lazy};
use super::{TemplateError, json};
use crate::veil::{Veil, is_secret};

/// One source of variables.
#[derive(Debug, Clone)]
pub enum Layer {
    /// Strings inside the values are templates, which may refer to any variable of any layer.
    Templates(Arc<Map<String, Value>>),
    /// Data from outside (facts, results): never rendered.
    Plain(Arc<Map<String, Value>>),
}

/// Layers of variables, the later ones above the earlier. Nothing is rendered until it is asked for, and
/// then once. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Vars(Arc<Inner>);

/// What all clones share.
#[derive(Debug)]
pub(super) struct Inner {
    layers: Vec<Layer>,
    veil: Veil,
    /// By path: `a`, `a.b`, `a[0]`.
    rendered: Mutex<HashMap<String, Result<Engine, TemplateError>>>,
}

impl Vars {
    /// Variables from layers, lowest precedence first.
    #[must_use]
    pub fn new(layers: Vec<Layer>) -> Self {
        Self::veiled(layers, Veil::default())
    }

    /// The same, where what templates make of secrets is hidden, too: what a variable with a name that looks secret is
    /// rendered to, and what a filter turns a secret text into.
    #[must_use]
    pub fn veiled(layers: Vec<Layer>, veil: Veil) -> Self {
        Self(Arc::new(Inner { layers, veil, rendered: Mutex::default() }))
    }

    /// The rendered value of a variable; `None` if there is none, or if it is `omit`.
    ///
    /// # Errors
    /// When its template, or one that it needs, cannot be rendered.
    pub fn get(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        self.0.value(name).map_or(Ok(None), |value| json::from_engine(&value?))
    }

    /// Whether there is a variable of this name, whatever its template comes to.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.layers.iter().any(|layer| layer.map().contains_key(name))
    }

    /// All names, sorted.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.layers.iter().flat_map(|layer| layer.map().keys().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The engine's root object.
    pub(super) fn root(&self) -> Engine {
        Engine::from_dyn_object(Arc::clone(&self.0))
    }

    /// Why the template at this path could not be rendered, if it was tried.
    pub(super) fn failure(&self, path: &str) -> Option<TemplateError> {
        self.0.cache().get(path)?.as_ref().err().cloned()
    }

    pub(super) fn from_inner(inner: Arc<Inner>) -> Self {
        Self(inner)
    }
}

impl Layer {
    fn map(&self) -> &Map<String, Value> {
        match self {
            Self::Templates(map) | Self::Plain(map) => map,
        }
    }
}

impl Inner {
    fn cache(&self) -> MutexGuard<'_, HashMap<String, Result<Engine, TemplateError>>> {
        self.rendered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value at a path, made by `render` when it is asked for first.
    pub(super) fn cached(
        &self,
        path: &str,
        render: impl FnOnce() -> Result<Engine, TemplateError>,
    ) -> Result<Engine, TemplateError> {
        if let Some(known) = self.cache().get(path) {
            return known.clone();
        }
        // Not under the lock: making it may ask for other variables.
        let made = render();
        self.cache().insert(path.to_owned(), made.clone());
        made
    }

    /// Hides from now on what was rendered, if the name says that it is secret.
    pub(super) fn hide(&self, path: &str, rendered: &Engine) {
        if is_secret(path)
            && let Ok(Some(value)) = json::from_engine(rendered)
        {
            self.veil.add_value(&value);
        }
    }

    fn value(self: &Arc<Self>, name: &str) -> Option<Result<Engine, TemplateError>> {
        self.layers.iter().rev().find_map(|layer| {
            let value = layer.map().get(name)?;
            Some(match layer {
                Layer::Templates(_) => lazy::value(self, name, value),
                Layer::Plain(_) => self.cached(name, || Ok(json::to_engine(value))),
            })
        })
    }
}

impl Object for Inner {
    fn get_value(self: &Arc<Self>, key: &Engine) -> Option<Engine> {
        let name = key.as_str()?;
        match self.value(name) {
            Some(value) => lazy::to_lookup(value),
            None if name == "vars" => Some(Engine::from_object(ByName(Arc::downgrade(self)))),
            None => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// The variable `vars`: all variables by name. It cannot be walked, which would render everything.
#[derive(Debug)]
struct ByName(Weak<Inner>);

impl Object for ByName {
    fn get_value(self: &Arc<Self>, key: &Engine) -> Option<Engine> {
        self.0.upgrade()?.get_value(key)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

/// Hides from now on what a filter has made of a text that is hidden.
pub(super) fn hide_made(state: &State<'_, '_>, operand: &Engine, made: &Engine) {
    let (Some(text), Some(made)) = (operand.as_str(), made.as_str()) else { return };
    let vars = state.lookup("vars").unwrap_or_default();
    let vars = vars.downcast_object_ref::<ByName>().and_then(|vars| vars.0.upgrade());
    if let Some(veil) = vars.as_ref().map(|vars| &vars.veil)
        && veil.hides(text)
        && !veil.hides(made)
    {
        veil.add(made);
    }
}

/// Whether walking this value would render templates.
pub(super) fn is_lazy(value: &Engine) -> bool {
    value.downcast_object_ref::<Lazy>().is_some() || value.downcast_object_ref::<ByName>().is_some()
}
