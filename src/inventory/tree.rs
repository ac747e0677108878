//! Groups, hosts and how they hang together.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::Variables;
use crate::diagnostic::Diagnostics;
use crate::yaml::{Key, NodeValue};

const PRIORITY: &str = "ansible_group_priority";

/// Where variables of a group or host stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// In the inventory file itself.
    Inline,
    /// In `group_vars` or `host_vars` beside the inventory.
    BesideInventory,
    /// In `group_vars` or `host_vars` beside the playbook.
    BesidePlaybook,
}

/// Variables of a group or host by where they stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Scoped([Variables; 3]);

impl Scoped {
    pub(super) fn part(&self, part: Part) -> &Variables {
        let Self([inline, beside_inventory, beside_playbook]) = self;
        match part {
            Part::Inline => inline,
            Part::BesideInventory => beside_inventory,
            Part::BesidePlaybook => beside_playbook,
        }
    }

    pub(super) fn part_mut(&mut self, part: Part) -> &mut Variables {
        let Self([inline, beside_inventory, beside_playbook]) = self;
        match part {
            Part::Inline => inline,
            Part::BesideInventory => beside_inventory,
            Part::BesidePlaybook => beside_playbook,
        }
    }
}

/// Names in the order in which they were first given.
#[derive(Debug, Clone, Default)]
pub(super) struct Named {
    order: Vec<String>,
    known: HashSet<String>,
}

impl Named {
    fn insert(&mut self, name: &str) {
        if self.known.insert(name.to_owned()) {
            self.order.push(name.to_owned());
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.known.contains(name)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, String> {
        self.order.iter()
    }
}

impl FromIterator<String> for Named {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        let mut all = Self::default();
        names.into_iter().for_each(|name| all.insert(&name));
        all
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Group {
    pub(super) vars: Scoped,
    /// Hosts named in the group itself.
    pub(super) hosts: Named,
    pub(super) children: Vec<String>,
    /// The longest way down from `all`.
    pub(super) depth: usize,
    /// `ansible_group_priority`, if an inventory sets it.
    pub(super) priority: Option<i64>,
    /// How many groups were named before it.
    pub(super) number: usize,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Host {
    pub(super) vars: Scoped,
    /// The inventory that names it first.
    pub(super) source: String,
    /// Groups that name it or contain one that does, without `all`; lowest precedence first.
    pub(super) groups: Vec<String>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Tree {
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) hosts: HashMap<String, Host>,
    /// Names of hosts in the order in which the inventory has them.
    pub(super) order: Vec<String>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let mut tree = Self::default();
        for name in ["all", "ungrouped"] {
            tree.group(name);
        }
        tree
    }

    pub(super) fn group(&mut self, name: &str) -> &mut Group {
        let number = self.groups.len();
        self.groups.entry(name.to_owned()).or_insert_with(|| Group { number, ..Group::default() })
    }

    pub(super) fn add_host(&mut self, name: &str, group: &str, source: &str) -> &mut Host {
        self.group(group).hosts.insert(name);
        self.hosts.entry(name.to_owned()).or_insert_with(|| {
            self.order.push(name.to_owned());
            Host { source: source.to_owned(), ..Host::default() }
        })
    }

    /// Makes a group the child of another.
    pub(super) fn add_child(&mut self, parent: &str, child: &Key, problems: &mut Diagnostics) {
        self.group(&child.name);
        if child.name == parent || self.descendants(&child.name).contains(parent) {
            let problem = child.problem(format!("`{}` would contain itself through `{parent}`", child.name));
            problems.push(problem.hint("a group cannot be among its own children"));
            return;
        }
        let children = &mut self.group(parent).children;
        if !children.contains(&child.name) {
            children.push(child.name.clone());
        }
    }

    /// Hangs loose groups and hosts under `all`, and works out depths and the groups of each host.
    pub(super) fn finish(&mut self) {
        let nested: BTreeSet<_> = self.groups.values().flat_map(|group| group.children.iter().cloned()).collect();
        let mut loose: Vec<_> =
            self.groups.keys().filter(|name| *name != "all" && !nested.contains(*name)).cloned().collect();
        loose.sort_by_key(|name| self.groups.get(name).map(|group| group.number));
        let children = &mut self.group("all").children;
        children.extend(loose);
        // As in Ansible, what belongs nowhere comes first.
        children.sort_by_key(|name| name != "ungrouped");
        let real = self.groups.iter().filter(|(name, _)| *name != "all" && *name != "ungrouped");
        let grouped: HashSet<_> = real.flat_map(|(_, group)| group.hosts.iter()).collect();
        let ungrouped = self.order.iter().filter(|host| !grouped.contains(host)).cloned().collect();
        self.group("ungrouped").hosts = ungrouped;
        self.set_depths();
        self.set_groups_of_hosts();
    }

    fn set_depths(&mut self) {
        let mut todo = vec![("all".to_owned(), 0)];
        while let Some((name, depth)) = todo.pop() {
            let group = self.group(&name);
            if depth > 0 && group.depth >= depth {
                continue;
            }
            group.depth = depth;
            todo.extend(group.children.iter().map(|child| (child.clone(), depth + 1)));
        }
    }

    /// Ansible's order: depth, then `ansible_group_priority`, then name.
    fn set_groups_of_hosts(&mut self) {
        let mut names: Vec<_> = self.groups.keys().filter(|name| *name != "all").cloned().collect();
        names.sort_by_cached_key(|name| {
            let group = self.groups.get(name);
            (group.map_or(0, |group| group.depth), group.and_then(|group| group.priority).unwrap_or(1), name.clone())
        });
        for name in names {
            for host in self.members(&name) {
                if let Some(host) = self.hosts.get_mut(&host) {
                    host.groups.push(name.clone());
                }
            }
        }
    }

    /// A group with all groups inside it.
    pub(super) fn descendants(&self, name: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![name.to_owned()];
        while let Some(name) = todo.pop() {
            if let Some(group) = self.groups.get(&name).filter(|_| !seen.contains(&name)) {
                todo.extend(group.children.iter().cloned());
                seen.insert(name);
            }
        }
        seen
    }

    /// The hosts of a group and of all groups inside it, in the inventory's order.
    pub(super) fn members(&self, name: &str) -> Vec<String> {
        if name == "all" {
            return self.order.clone();
        }
        let groups = self.descendants(name);
        let groups = groups.iter().filter_map(|name| self.groups.get(name));
        let members: HashSet<_> = groups.flat_map(|group| group.hosts.iter()).collect();
        self.order.iter().filter(|host| members.contains(host)).cloned().collect()
    }

    /// The hosts of a group and of all groups inside it in the order in which Ansible counts them: its own first,
    /// then those of its children, level by level.
    pub(super) fn counted_members(&self, name: &str) -> Vec<String> {
        let (mut seen, mut level, mut members) = (HashSet::new(), vec![name], Named::default());
        while !level.is_empty() {
            let groups: Vec<_> =
                level.into_iter().filter(|name| seen.insert(*name)).filter_map(|name| self.groups.get(name)).collect();
            groups.iter().flat_map(|group| group.hosts.iter()).for_each(|host| members.insert(host));
            level = groups.iter().flat_map(|group| group.children.iter().map(String::as_str)).collect();
        }
        members.order
    }

    /// Sets variables of a group from an inventory. `ansible_group_priority` is none, as in Ansible: it says how the
    /// group ranks among those of its depth.
    pub(super) fn set_group_vars(&mut self, name: &str, vars: &Variables, problems: &mut Diagnostics) {
        let mut vars = vars.clone();
        let group = self.group(name);
        if let Some(priority) = vars.remove(PRIORITY) {
            match priority.value {
                NodeValue::Int(priority) => group.priority = Some(priority),
                _ => problems.push(priority.expected("a whole number")),
            }
        }
        group.vars.part_mut(Part::Inline).extend(&vars);
    }
}
