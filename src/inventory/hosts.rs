//! Hosts and groups as they are named in an inventory, whatever its format.

use super::tree::{Part, Tree};
use super::{Variables, address, range};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::yaml::{Key, NodeValue};

/// Hosts in one inventory.
const MAX_HOSTS: usize = 100_000;

/// Where hosts are named.
pub(super) struct Naming<'a> {
    /// The name, with ranges and a port or without.
    pub(super) key: &'a Key,
    pub(super) group: &'a str,
    /// The inventory.
    pub(super) source: &'a str,
}

/// Adds the hosts that a key stands for to a group, with their variables.
pub(super) fn add(tree: &mut Tree, naming: &Naming<'_>, variables: &Variables, problems: &mut Diagnostics) {
    let Naming { key, group, source } = *naming;
    let (pattern, port) = address::split_port(&key.name);
    let names = match range::expand(pattern) {
        Ok(names) => names,
        Err(why) => {
            problems.push(key.problem(format!("the host range `{}` cannot be read", key.name)).note(why));
            return;
        }
    };
    if tree.order.len() + names.len() > MAX_HOSTS {
        problems.push(key.problem(format!("more than {MAX_HOSTS} hosts in the inventory")));
        return;
    }
    for name in names {
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || ",&!*?~/".contains(c)) {
            let problem = key.problem(format!("`{name}` cannot be the name of a host"));
            problems.push(problem.hint("variables go below the name: `ansible_host: 192.0.2.11`"));
            return;
        }
        let known = tree.hosts.contains_key(&name);
        let own = tree.add_host(&name, group, source).vars.part_mut(Part::Inline);
        // As in Ansible, the port counts where the host is named first.
        if let Some(port) = port.filter(|_| !known) {
            own.set_implicit("ansible_port", NodeValue::Int(port.into()));
        }
        own.extend(variables);
    }
}

/// Whether a group may have this name: one that patterns of hosts can name.
pub(super) fn is_group_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || ",:&!*?[]~".contains(c))
}

/// What is wrong with the name of a group.
pub(super) fn bad_group_name(key: &Key) -> Diagnostic {
    let problem = key.problem(format!("`{}` cannot be the name of a group", key.name));
    problem.hint("use letters, digits and _")
}
