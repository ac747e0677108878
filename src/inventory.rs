//! Hosts, groups and their variables, from Ansible's inventories: YAML, INI, programs, folders of them.

mod address;
mod file;
mod hosts;
mod ini;
mod pattern;
mod range;
mod script;
mod source;
#[cfg(test)]
mod tests;
mod tree;
mod variables;
mod vars_dir;

use std::path::{Path, PathBuf};

pub use variables::{Variables, is_variable_name};
pub use vars_dir::read_file;

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use tree::{Part, Tree};
use vars_dir::VarsDir;

/// Files in an inventory folder that Ansible does not take for inventories.
const IGNORED_EXTENSIONS: [&str; 11] = ["pyc", "pyo", "swp", "bak", "rpm", "md", "txt", "rst", "orig", "cfg", "retry"];

/// How a host is reached: the variables that are read for that. Others may use facts and are not rendered before a host is asked.
pub const CONNECTION_VARIABLES: [&str; 22] = [
    "ansible_become",
    "ansible_become_method",
    "ansible_become_pass",
    "ansible_become_password",
    "ansible_become_user",
    "ansible_connection",
    "ansible_host",
    "ansible_password",
    "ansible_port",
    "ansible_private_key_file",
    "ansible_ssh_args",
    "ansible_ssh_common_args",
    "ansible_ssh_executable",
    "ansible_ssh_extra_args",
    "ansible_ssh_host",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_ssh_port",
    "ansible_ssh_private_key_file",
    "ansible_ssh_user",
    "ansible_sudo_pass",
    "ansible_user",
];

/// The hosts that can be managed, with their groups and variables.
#[derive(Debug, Clone)]
pub struct Inventory {
    tree: Tree,
    /// Folders whose `group_vars` and `host_vars` were read already.
    folders: Vec<PathBuf>,
}

/// Variables from one source, for one host.
#[derive(Debug, Clone)]
pub struct Layer<'a> {
    /// `all`, the name of a group, or the host's own.
    pub owner: &'a str,
    /// The variables with their places.
    pub variables: &'a Variables,
}

impl Inventory {
    /// Reads inventories (files, programs, folders of them, or `host1,host2`), with `group_vars/` and `host_vars/` beside them.
    ///
    /// # Errors
    /// All that is wrong in the files, and an inventory without any host.
    pub fn load(paths: &[PathBuf], sources: &mut Sources) -> Result<Self, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut inventory = Self { tree: Tree::new(), folders: Vec::new() };
        let mut folders = Vec::new();
        for path in paths {
            if let Some(names) = source::host_list(path) {
                source::add_host_list(&names, &mut inventory.tree, &mut problems);
                continue;
            }
            for file in files_of(path, &mut problems) {
                source::read(&file, &mut inventory.tree, sources, &mut problems);
            }
            let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
            folders.extend(folder.map(Path::to_owned));
        }
        if inventory.tree.order.is_empty() && problems.is_empty() {
            let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            let problem = Diagnostic::new(format!("the inventory {} has no hosts", names.join(", ")));
            problems.push(problem.hint(file::EXAMPLE));
        }
        inventory.tree.finish();
        for folder in folders {
            inventory.read_folder(&folder, Part::BesideInventory, sources, &mut problems);
        }
        problems.or_ok(inventory)
    }

    /// An inventory of one host without variables, for a run that needs no inventory file.
    #[must_use]
    pub fn of_one(host: &str) -> Self {
        let mut tree = Tree::new();
        tree.add_host(host, "ungrouped", "the command line");
        tree.finish();
        Self { tree, folders: Vec::new() }
    }

    /// Reads `group_vars/` and `host_vars/` beside a playbook, too.
    ///
    /// # Errors
    /// All that is wrong in the files.
    pub fn add_playbook_folder(&mut self, folder: &Path, sources: &mut Sources) -> Result<(), Diagnostics> {
        let mut problems = Diagnostics::new();
        self.read_folder(folder, Part::BesidePlaybook, sources, &mut problems);
        problems.or_ok(())
    }

    fn read_folder(&mut self, folder: &Path, part: Part, sources: &mut Sources, problems: &mut Diagnostics) {
        let named = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let canonical = named.canonicalize().unwrap_or_else(|_| folder.to_owned());
        if self.folders.contains(&canonical) {
            return;
        }
        self.folders.push(canonical);
        let groups = VarsDir::open(&folder.join("group_vars"), problems);
        for (name, group) in &mut self.tree.groups {
            if let Some(variables) = groups.variables(name, sources, problems) {
                group.vars.part_mut(part).extend(&variables);
            }
        }
        let hosts = VarsDir::open(&folder.join("host_vars"), problems);
        for name in &self.tree.order {
            let variables = hosts.variables(name, sources, problems);
            if let (Some(variables), Some(host)) = (variables, self.tree.hosts.get_mut(name)) {
                host.vars.part_mut(part).extend(&variables);
            }
        }
    }

    /// All hosts, in the order in which the inventory has them.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.tree.order.iter().map(String::as_str)
    }

    /// Whether there is such a host.
    #[must_use]
    pub fn has_host(&self, name: &str) -> bool {
        self.tree.hosts.contains_key(name)
    }

    /// All groups by name, with `all` and `ungrouped`.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.tree.groups.keys().map(String::as_str)
    }

    /// The hosts of a group and of the groups inside it, in the inventory's order.
    #[must_use]
    pub fn members(&self, group: &str) -> Vec<String> {
        self.tree.members(group)
    }

    /// The groups directly inside a group, in the inventory's order.
    #[must_use]
    pub fn children(&self, group: &str) -> &[String] {
        self.tree.groups.get(group).map(|group| group.children.as_slice()).unwrap_or_default()
    }

    /// The hosts that a group has itself, in the inventory's order.
    #[must_use]
    pub fn own_hosts(&self, group: &str) -> Vec<&str> {
        let Some(group) = self.tree.groups.get(group) else { return Vec::new() };
        self.hosts().filter(|host| group.hosts.contains(host)).collect()
    }

    /// The groups of a host without `all`, by name.
    #[must_use]
    pub fn groups_of(&self, host: &str) -> Vec<String> {
        let mut groups = self.tree.hosts.get(host).map(|host| host.groups.clone()).unwrap_or_default();
        groups.sort();
        groups
    }

    /// The hosts that a pattern (`--limit`, `hosts:`) names, in the inventory's order. `localhost` is
    /// this machine, even when the inventory does not have it.
    ///
    /// # Errors
    /// A part of the pattern that names nothing, with the nearest name.
    pub fn select(&self, pattern: &str) -> Result<Vec<String>, Diagnostics> {
        pattern::select(self, pattern).map_err(|problem| Diagnostics::from(*problem))
    }

    /// The hosts that `--limit` names: a pattern, in which `@FILE` stands for the patterns in the lines of a file.
    ///
    /// # Errors
    /// As [`Inventory::select`], and a file that cannot be read.
    pub fn limit(&self, pattern: &str) -> Result<Vec<String>, Diagnostics> {
        pattern::limit(self, pattern).map_err(|problem| Diagnostics::from(*problem))
    }

    /// The inventory file that names a host first.
    #[must_use]
    pub fn source_of(&self, host: &str) -> Option<&str> {
        self.tree.hosts.get(host).map(|host| host.source.as_str())
    }

    /// Where a host's variables come from, lowest precedence first, as Ansible orders them: the inventory
    /// files before `group_vars`, `all` before its children, groups before the host.
    #[must_use]
    pub fn layers_for(&self, host: &str) -> Vec<Layer<'_>> {
        let group = |name: &str| self.tree.groups.get_key_value(name).map(|(name, group)| (name.as_str(), &group.vars));
        let own = self.tree.hosts.get_key_value(host);
        let groups: Vec<_> =
            own.into_iter().flat_map(|(_, host)| &host.groups).filter_map(|name| group(name)).collect();
        let all: Vec<_> = group("all").into_iter().collect();
        let own: Vec<_> = own.map(|(name, host)| (name.as_str(), &host.vars)).into_iter().collect();
        let order = [
            (&all, Part::Inline),
            (&groups, Part::Inline),
            (&all, Part::BesideInventory),
            (&all, Part::BesidePlaybook),
            (&groups, Part::BesideInventory),
            (&groups, Part::BesidePlaybook),
            (&own, Part::Inline),
            (&own, Part::BesideInventory),
            (&own, Part::BesidePlaybook),
        ];
        let layers = order.into_iter().flat_map(|(owners, part)| {
            owners.iter().map(move |&(owner, scoped)| Layer { owner, variables: scoped.part(part) })
        });
        layers.filter(|layer| !layer.variables.is_empty()).collect()
    }

    /// A host's variables, merged: the value of the highest layer counts. Strings in it are templates.
    #[must_use]
    pub fn vars_for(&self, host: &str) -> Map<String, Value> {
        let mut merged = Map::new();
        for layer in self.layers_for(host) {
            merged.extend(layer.variables.to_map());
        }
        if !self.has_host(host) && pattern::LOCALHOST.contains(&host) {
            merged.insert("ansible_connection".to_owned(), Value::from("local"));
        }
        merged
    }
}

/// The inventory files that a path stands for.
fn files_of(path: &Path, problems: &mut Diagnostics) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let wanted = |entry: &PathBuf| {
        let extension = entry.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !["group_vars", "host_vars"].contains(&name) && !IGNORED_EXTENSIONS.contains(&extension)
    };
    let entries = vars_dir::list(path, problems).into_iter().filter(wanted);
    entries.flat_map(|entry| files_of(&entry, problems)).collect()
}
