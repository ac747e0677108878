//! One inventory file in Ansible's YAML form.

use super::tree::Tree;
use super::{Variables, hosts};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::yaml::{Key, Node, NodeValue};

const GROUP_KEYS: [&str; 3] = ["hosts", "vars", "children"];

/// What to write, for errors about an inventory that has nothing useful in it.
pub(super) const EXAMPLE: &str = "the smallest inventory is:\nall:\n  hosts:\n    mail.example.com:";

/// Adds the hosts and groups of a file that was parsed.
pub(super) fn read(root: &Node, source: &str, tree: &mut Tree, problems: &mut Diagnostics) {
    Reader { tree, source, problems }.root(root);
}

struct Reader<'a> {
    tree: &'a mut Tree,
    source: &'a str,
    problems: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn root(&mut self, root: &Node) {
        match &root.value {
            NodeValue::Map(groups) if root.get("plugin").is_some_and(|plugin| plugin.as_str().is_some()) => {
                let problem = groups.first().map(|(key, _)| key.problem("inventory plugins are not supported"));
                let hint = "ansible-inventory -i FILE --list --yaml --export gives what the plugin finds";
                self.problems.extend(problem.map(|problem| problem.hint(hint)));
            }
            NodeValue::Map(groups) => {
                for (key, group) in groups {
                    self.group(key, group);
                }
            }
            NodeValue::Null => {}
            _ => self.problems.push(root.expected("a mapping of groups").hint(EXAMPLE)),
        }
    }

    fn group(&mut self, key: &Key, group: &Node) {
        if !hosts::is_group_name(&key.name) {
            self.problems.push(hosts::bad_group_name(key));
            return;
        }
        self.tree.group(&key.name);
        let entries = match &group.value {
            NodeValue::Null => return,
            NodeValue::Map(entries) => entries,
            _ => {
                let problem = group.expected(&format!("a mapping with {}", GROUP_KEYS.join(", ")));
                self.problems.push(problem.note(format!("this is the group `{}`", key.name)));
                return;
            }
        };
        for (entry, value) in entries {
            match entry.name.as_str() {
                "hosts" => self.hosts(&key.name, value),
                "children" => self.children(&key.name, value),
                "vars" => {
                    let vars = Variables::read(value, self.problems);
                    self.tree.set_group_vars(&key.name, &vars, self.problems);
                }
                other => self.problems.push(unknown_key(&key.name, entry, other)),
            }
        }
    }

    fn children(&mut self, parent: &str, children: &Node) {
        match &children.value {
            NodeValue::Null => {}
            NodeValue::Str(name) => self.child(parent, &Key { name: name.clone(), span: children.span.clone() }),
            NodeValue::Map(entries) => {
                for (key, group) in entries {
                    self.group(key, group);
                    self.child(parent, key);
                }
            }
            _ => self.problems.push(as_keys(children, "groups", "group")),
        }
    }

    fn child(&mut self, parent: &str, key: &Key) {
        if hosts::is_group_name(&key.name) {
            self.tree.add_child(parent, key, self.problems);
        }
    }

    fn hosts(&mut self, group: &str, hosts: &Node) {
        match &hosts.value {
            NodeValue::Null => {}
            // One host without variables may stand without its colon, as in Ansible.
            NodeValue::Str(name) => {
                let nothing = Node { value: NodeValue::Null, ..hosts.clone() };
                self.host(group, &Key { name: name.clone(), span: hosts.span.clone() }, &nothing);
            }
            NodeValue::Map(entries) => {
                for (key, vars) in entries {
                    self.host(group, key, vars);
                }
            }
            _ => self.problems.push(as_keys(hosts, "hosts", "host")),
        }
    }

    fn host(&mut self, group: &str, key: &Key, vars: &Node) {
        let variables = Variables::read(vars, self.problems);
        hosts::add(self.tree, &hosts::Naming { key, group, source: self.source }, &variables, self.problems);
    }
}

fn as_keys(node: &Node, what: &str, one: &str) -> Diagnostic {
    let problem = node.expected(&format!("a mapping of {what}"));
    problem.hint(format!("write each {one} as a key, with a colon behind it and without a dash before it"))
}

fn unknown_key(group: &str, key: &Key, name: &str) -> Diagnostic {
    let problem = key.problem(format!("unknown key `{name}` in the group `{group}`"));
    let problem = problem.note(format!("a group has these keys: {}", GROUP_KEYS.join(", ")));
    match did_you_mean(name, GROUP_KEYS) {
        Some(hint) => problem.hint(hint),
        None if name.starts_with("ansible_") => {
            problem.hint("variables of a group go below `vars`, those of a host below the host's name in `hosts`")
        }
        None => problem.hint("a host goes below `hosts`, a group below `children`"),
    }
}
