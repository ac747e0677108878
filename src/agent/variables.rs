//! What a template on the host can see, in Ansible's order of precedence.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::hostplay::{HostPlay, Mode, Task, VarLayer};
use crate::template::{Layer, Vars};
use crate::veil::{Veil, secret_values};

/// The variables of one play on this host. Cheap to hand out: layers are shared, never copied.
pub(super) struct Variables {
    maps: Vec<Arc<Map<String, Value>>>,
    facts: Arc<Map<String, Value>>,
    registered: Arc<Map<String, Value>>,
    extra: Arc<Map<String, Value>>,
    magic: Arc<Map<String, Value>>,
    unknown: BTreeSet<String>,
    veil: Veil,
    /// What modules have said about the host since its facts were gathered.
    learned: Map<String, Value>,
}

impl Variables {
    /// The variables at the start of a play. Registered results live on across plays, as in Ansible.
    /// What may not be shown is told to `veil`.
    pub(super) fn new(
        play: &HostPlay,
        facts: &Map<String, Value>,
        mode: Mode,
        earlier: Remembered,
        veil: Veil,
    ) -> Self {
        let mut facts = facts.clone();
        facts.extend(earlier.facts.clone());
        let mut injected: Map<String, Value> =
            facts.iter().map(|(name, value)| (format!("ansible_{name}"), value.clone())).collect();
        injected.insert("ansible_facts".into(), Value::Object(facts));
        let mut magic = play.magic.clone();
        magic.insert("ansible_check_mode".to_owned(), json!(mode == Mode::Check));
        Self {
            maps: play.var_maps.iter().cloned().map(Arc::new).collect(),
            facts: Arc::new(injected),
            registered: earlier.registered,
            extra: Arc::new(play.extra_vars.clone()),
            magic: Arc::new(magic),
            unknown: earlier.unknown,
            veil,
            learned: earlier.facts,
        }
    }

    /// What the next play inherits.
    pub(super) fn remember(self) -> Remembered {
        Remembered { registered: self.registered, unknown: self.unknown, facts: self.learned }
    }

    /// The view of one task; `item` holds its loop variables.
    pub(super) fn for_task(&self, task: &Task, item: Option<&Map<String, Value>>) -> Vars {
        let mut layers = Vec::new();
        let templates = |index: &usize| self.maps.get(*index).cloned().map(Layer::Templates);
        layers.extend(task.layers.iter().filter_map(|layer| match layer {
            VarLayer::BelowFacts(index) => templates(index),
            VarLayer::AboveFacts(_) | VarLayer::AboveRegistered(_) => None,
        }));
        layers.push(Layer::Plain(Arc::clone(&self.facts)));
        layers.extend(task.layers.iter().filter_map(|layer| match layer {
            VarLayer::AboveFacts(index) => templates(index),
            VarLayer::BelowFacts(_) | VarLayer::AboveRegistered(_) => None,
        }));
        layers.push(Layer::Plain(Arc::clone(&self.registered)));
        layers.extend(task.layers.iter().filter_map(|layer| match layer {
            VarLayer::AboveRegistered(index) => templates(index),
            VarLayer::BelowFacts(_) | VarLayer::AboveFacts(_) => None,
        }));
        layers.push(Layer::Templates(Arc::clone(&self.extra)));
        layers.push(Layer::Plain(Arc::clone(&self.magic)));
        if let Some(role) = &task.role {
            layers.push(Layer::Plain(Arc::new(Map::from_iter([("role_name".to_owned(), json!(role))]))));
        }
        if let Some(item) = item {
            layers.push(Layer::Plain(Arc::new(item.clone())));
        }
        Vars::veiled(layers, self.veil.clone())
    }

    /// Keeps a result or fact for later tasks. `unknown`: in a check, it depends on what only applying can tell.
    pub(super) fn set(&mut self, name: &str, value: Value, unknown: bool) {
        Arc::make_mut(&mut self.registered).insert(name.to_owned(), value);
        if unknown {
            self.unknown.insert(name.to_owned());
        } else {
            self.unknown.remove(name);
        }
    }

    /// Takes over what a module says about the host: as variables of these names, and where they are facts
    /// (`ansible_fqdn`) in `ansible_facts` too, so that both agree after a rename.
    pub(super) fn set_facts(&mut self, facts: &Map<String, Value>, unknown: bool) {
        secret_values(facts, &self.veil);
        for (name, value) in facts {
            self.set(name, value.clone(), unknown);
            let all = Arc::make_mut(&mut self.facts).get_mut("ansible_facts").and_then(Value::as_object_mut);
            if let (Some(all), Some(name)) = (all, name.strip_prefix("ansible_")) {
                all.insert(name.to_owned(), value.clone());
                self.learned.insert(name.to_owned(), value.clone());
            }
        }
    }

    /// The host's facts as they are now known.
    pub(super) fn facts(&self) -> Map<String, Value> {
        self.facts.get("ansible_facts").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// The first of these names whose value only applying can tell.
    pub(super) fn first_unknown<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
        names.find(|name| self.unknown.contains(*name))
    }
}

/// What outlives a play.
#[derive(Default)]
pub(super) struct Remembered {
    registered: Arc<Map<String, Value>>,
    unknown: BTreeSet<String>,
    facts: Map<String, Value>,
}
