//! Where a host's variables come from.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::hostplay::Origin;
use crate::inventory::Inventory;
use crate::report::{clean, json};
use crate::veil::masked;

/// All that is said about a host's variables.
pub(super) struct Told {
    host: String,
    groups: Vec<String>,
    /// By name; the values that were given, the one that counts last.
    variables: BTreeMap<String, Vec<Given>>,
}

/// A value as it was given somewhere.
struct Given {
    value: Value,
    /// A group, or the host.
    owner: String,
    origin: Origin,
}

impl Told {
    /// Looks at every layer of the host's variables.
    pub(super) fn of(inventory: &Inventory, host: &str, show_secrets: bool) -> Self {
        let mut variables: BTreeMap<String, Vec<Given>> = BTreeMap::new();
        for layer in inventory.layers_for(host) {
            let owner = if layer.owner == host { "the host".to_owned() } else { format!("group {}", layer.owner) };
            for name in layer.variables.names() {
                let given = layer.variables.history(name).map(|node| {
                    let value = node.to_value();
                    let value = if show_secrets { value } else { masked(name, &value) };
                    Given { value, owner: owner.clone(), origin: node.origin() }
                });
                variables.entry(name.to_owned()).or_default().extend(given);
            }
        }
        Self { host: host.to_owned(), groups: inventory.groups_of(host), variables }
    }

    /// The names of all variables.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// The same about one variable only.
    pub(super) fn only(mut self, name: &str) -> Self {
        self.variables.retain(|known, _| known == name);
        self
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let groups = if self.groups.is_empty() { "no group".to_owned() } else { self.groups.join(", ") };
        let mut lines = vec![format!("{}  ({})", clean(&self.host), clean(&groups))];
        for (name, values) in &self.variables {
            lines.push(String::new());
            for (number, given) in values.iter().rev().enumerate() {
                let place = clean(&format!("{}, {}", given.owner, given.origin)).into_owned();
                let value = shown(&given.value);
                if number == 0 {
                    lines.push(format!("{} = {value}", clean(name)));
                    lines.push(format!("    from {place}"));
                } else {
                    lines.push(format!("    over {value} of {place}"));
                }
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }

    /// For programs.
    pub(super) fn json(&self) -> String {
        let variables = self.variables.iter().map(|(name, values)| {
            let mut given = values
                .iter()
                .rev()
                .map(|given| json!({"value": given.value, "owner": given.owner, "origin": given.origin}));
            let counts = given.next().unwrap_or_default();
            json!({"name": name, "value": counts["value"], "owner": counts["owner"], "origin": counts["origin"],
                   "overrides": given.collect::<Vec<_>>()})
        });
        let fields =
            [("host", json!(self.host)), ("groups", json!(self.groups)), ("variables", variables.collect::<Value>())];
        json::line("variables", fields) + "\n"
    }
}

fn shown(value: &Value) -> String {
    clean(&value.to_string()).into_owned()
}
