//! One inventory file in Ansible's YAML form.

use std::path::Path;

use super::tree::{Part, Tree};
use super::{Variables, range};
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, did_you_mean};
use crate::yaml::{self, Key, Node, NodeValue};

/// Hosts in one inventory.
const MAX_HOSTS: usize = 100_000;

const GROUP_KEYS: [&str; 3] = ["hosts", "vars", "children"];

/// What to write, for errors about an inventory that has nothing useful in it.
pub(super) const EXAMPLE: &str = "the smallest inventory is:\nall:\n  hosts:\n    mail.example.com:";

/// Adds the hosts and groups of a file.
pub(super) fn read(path: &Path, tree: &mut Tree, sources: &mut Sources, problems: &mut Diagnostics) {
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => sources.add(&shown, &text),
        Err(error) => {
            problems.push(unreadable(path, &error));
            return;
        }
    };
    if let Some(problem) = foreign_format(&shown, &text) {
        problems.push(problem);
        return;
    }
    match yaml::parse(&shown, &text) {
        Ok(root) => Reader { tree, source: &shown, problems }.root(&root),
        Err(found) => problems.extend(found),
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let problem = Diagnostic::new(format!("cannot read the inventory {}: {error}", path.display()));
    if error.kind() != std::io::ErrorKind::NotFound {
        return problem;
    }
    let beside = path.parent().map(|parent| if parent.as_os_str().is_empty() { Path::new(".") } else { parent });
    let entries = beside.and_then(|parent| std::fs::read_dir(parent).ok()).into_iter().flatten().flatten();
    let names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let wanted = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    problem.maybe_hint(did_you_mean(wanted, names.iter().map(String::as_str)))
}

/// Says which other kind of inventory this is, if it is one that Ansible knows and we do not.
fn foreign_format(shown: &str, text: &str) -> Option<Diagnostic> {
    if text.starts_with("#!") {
        let problem = Diagnostic::new(format!("{shown} is an inventory script, and those are not supported"));
        return Some(problem.hint("save its output: SCRIPT --list, and turn it into a YAML inventory"));
    }
    let mut lines = text.lines().zip(1_u32..);
    let (first, line) =
        lines.find(|(line, _)| !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';']))?;
    let words = first.trim();
    let section = words.starts_with('[') && words.ends_with(']') && !words.contains([',', '{', '"']);
    let assignment = words.split_whitespace().nth(1).is_some_and(|word| word.contains('=') && !words.contains(": "));
    (section || assignment).then(|| {
        let origin = crate::hostplay::Origin { file: shown.to_owned(), line, column: 1 };
        Diagnostic::new("this is an INI inventory, and INI inventories are not supported yet")
            .at(origin, u32::try_from(words.chars().count()).unwrap_or(1))
            .hint("ansible-inventory -i FILE --list --yaml --export turns it into YAML")
    })
}

struct Reader<'a> {
    tree: &'a mut Tree,
    source: &'a str,
    problems: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn root(&mut self, root: &Node) {
        match &root.value {
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
        if key.name.is_empty() || key.name.contains(|c: char| c.is_whitespace() || ",:&!*?[]~".contains(c)) {
            let problem = key.problem(format!("`{}` cannot be the name of a group", key.name));
            self.problems.push(problem.hint("use letters, digits and _"));
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
            NodeValue::Map(entries) => {
                for (key, group) in entries {
                    self.group(key, group);
                    if self.tree.groups.contains_key(&key.name) {
                        self.tree.add_child(parent, key, self.problems);
                    }
                }
            }
            _ => self.problems.push(as_keys(children, "groups", "group")),
        }
    }

    fn hosts(&mut self, group: &str, hosts: &Node) {
        match &hosts.value {
            NodeValue::Null => {}
            NodeValue::Map(entries) => {
                for (key, vars) in entries {
                    self.host(group, key, vars);
                }
            }
            _ => self.problems.push(as_keys(hosts, "hosts", "host")),
        }
    }

    fn host(&mut self, group: &str, key: &Key, vars: &Node) {
        let names = match range::expand(&key.name) {
            Ok(names) => names,
            Err(why) => {
                self.problems.push(key.problem(format!("the host range `{}` cannot be read", key.name)).note(why));
                return;
            }
        };
        if self.tree.order.len() + names.len() > MAX_HOSTS {
            self.problems.push(key.problem(format!("more than {MAX_HOSTS} hosts in the inventory")));
            return;
        }
        let variables = Variables::read(vars, self.problems);
        for name in names {
            let (name, port) = split_port(&name);
            if name.is_empty() || name.contains(|c: char| c.is_whitespace() || ",&!*?~/".contains(c)) {
                let problem = key.problem(format!("`{name}` cannot be the name of a host"));
                self.problems.push(problem.hint("variables go below the name: `ansible_host: 192.0.2.11`"));
                return;
            }
            let host = self.tree.add_host(name, group, self.source);
            let own = host.vars.part_mut(Part::Inline);
            if let Some(port) = port {
                own.set_implicit("ansible_port", NodeValue::Int(port));
            }
            own.extend(&variables);
        }
    }
}

/// `mail.example.com:2222` names a port; an IPv6 address has more than one colon.
fn split_port(name: &str) -> (&str, Option<i64>) {
    match name.split_once(':') {
        Some((host, port)) => match port.parse::<u16>() {
            Ok(port) => (host, Some(i64::from(port))),
            Err(_) => (name, None),
        },
        None => (name, None),
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
