//! The inventory as `ansible-inventory --list` gives it.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::inventory::Inventory;
use crate::veil::masked_all;

/// Groups without anything in them are left out, and so are hosts without variables below `_meta`.
pub(super) fn json(inventory: &Inventory, selected: &[String], show_secrets: bool) -> String {
    let selected_set: HashSet<&str> = selected.iter().map(String::as_str).collect();
    let mut hostvars = Map::new();
    for host in selected {
        let vars = inventory.vars_for(host);
        if !vars.is_empty() {
            hostvars.insert(host.clone(), if show_secrets { Value::Object(vars) } else { masked_all(&vars) });
        }
    }
    let mut groups = Map::from_iter([("_meta".to_owned(), json!({ "hostvars": hostvars }))]);
    for group in inventory.groups() {
        let mut entry = Map::new();
        let children = inventory.children(group);
        if !children.is_empty() {
            entry.insert("children".to_owned(), json!(children));
        }
        let hosts: Vec<_> = inventory.own_hosts(group).into_iter().filter(|host| selected_set.contains(host)).collect();
        if group != "all" && !hosts.is_empty() {
            entry.insert("hosts".to_owned(), json!(hosts));
        }
        if !entry.is_empty() {
            groups.insert(group.to_owned(), Value::Object(entry));
        }
    }
    format!("{:#}\n", Value::Object(groups))
}
