//! The variables that templates see.

use std::sync::Arc;

use minijinja::Value as Engine;
use minijinja::value::{Enumerator, Object, Serde};
use serde_json::{Map, Value};

use super::TemplateError;

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

#[derive(Debug)]
struct Inner {
    layers: Vec<Layer>,
}

impl Vars {
    /// Variables from layers, lowest precedence first.
    #[must_use]
    pub fn new(layers: Vec<Layer>) -> Self {
        Self(Arc::new(Inner { layers }))
    }

    /// The rendered value of a variable.
    ///
    /// # Errors
    /// When its template, or one that it needs, cannot be rendered.
    pub fn get(&self, name: &str) -> Result<Option<Value>, TemplateError> {
        Ok(self.0.find(name).cloned())
    }

    /// Whether there is a variable of this name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.find(name).is_some()
    }

    /// All names, each once.
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
}

impl Layer {
    fn map(&self) -> &Map<String, Value> {
        match self {
            Self::Templates(map) | Self::Plain(map) => map,
        }
    }
}

impl Inner {
    fn find(&self, name: &str) -> Option<&Value> {
        self.layers.iter().rev().find_map(|layer| layer.map().get(name))
    }
}

impl Object for Inner {
    fn get_value(self: &Arc<Self>, key: &Engine) -> Option<Engine> {
        self.find(key.as_str()?).map(|value| Engine::from(Serde(value)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = Vars(Arc::clone(self)).names();
        Enumerator::Values(names.into_iter().map(Engine::from).collect())
    }
}
