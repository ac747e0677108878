//! Which hosts a command works on.

use serde_json::{Map, Value};

use super::args::TargetArgs;
use super::connections::Ways;
use super::console::Console;
use super::failure::{Failure, Kind};
use super::{locate, vault_passwords};
use crate::diagnostic::Sources;
use crate::inventory::Inventory;
use crate::veil::secret_values;

/// The hosts of a command, and the inventory they come from.
#[derive(Debug)]
pub(super) struct Hosts {
    pub(super) inventory: Inventory,
    /// The files read so far, for diagnostics.
    pub(super) sources: Sources,
    /// Inventory names, in the inventory's order; none only when `--shard` has more parts than there are hosts.
    pub(super) selected: Vec<String>,
}

impl Hosts {
    /// Reads the inventory, and picks what `--limit` and `--local` say.
    pub(super) fn load(target: &TargetArgs, console: &Console) -> Result<Self, Failure> {
        let paths = locate::inventories(target, &locate::current_folder()?)?;
        let keyring = vault_passwords::keyring(&target.vault)?;
        let mut sources = Sources::secret(keyring.into(), console.veil().clone());
        let inventory = if paths.is_empty() {
            Inventory::of_one(&machine_name())
        } else {
            match Inventory::load(&paths, &mut sources) {
                Ok(inventory) => inventory,
                Err(diagnostics) => return Err(Failure::diagnostics(diagnostics, sources)),
            }
        };
        let selected = match inventory.limit(target.limit.as_deref().unwrap_or("all")) {
            Ok(selected) => selected,
            Err(diagnostics) => return Err(Failure::diagnostics(diagnostics, sources)),
        };
        let selected = if target.local { this_machine(selected, &machine_name())? } else { selected };
        if selected.is_empty() {
            return Err(Failure::new(Kind::Input, "no host of the inventory is left by --limit"));
        }
        let selected = match target.shard {
            Some(shard) => shard.pick(selected),
            None => selected,
        };
        for host in &selected {
            secret_values(&inventory.vars_for(host), sources.veil());
        }
        Ok(Self { inventory, sources, selected })
    }

    /// How the hosts are reached for what needs no playbook. The journals are root's.
    pub(super) fn ways<'a>(&'a self, extra_vars: &'a Map<String, Value>) -> Ways<'a> {
        let Self { inventory, sources, selected } = self;
        Ways { inventory, sources, hosts: selected, extra_vars, becomes: &|_| true }
    }
}

/// The host of an inventory that `--local` means: the only one, or the one with this machine's name.
fn this_machine(selected: Vec<String>, name: &str) -> Result<Vec<String>, Failure> {
    if selected.len() <= 1 {
        return Ok(selected);
    }
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let exact = selected.iter().find(|host| host.as_str() == name);
    let same: Vec<&String> = selected.iter().filter(|host| short(host) == short(name)).collect();
    match (exact, &same[..]) {
        (Some(host), _) | (None, &[host]) => Ok(vec![host.clone()]),
        _ => Err(Failure::new(Kind::Input, format!("none of the selected hosts is this machine, {name}"))
            .hint("name the one that is: `--local --limit HOST`")),
    }
}

pub(super) fn machine_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_means_this_machine() {
        let picked = |hosts: &[&str], name| {
            let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
            this_machine(hosts, name).map_err(|failure| failure.exit())
        };
        for (hosts, expected) in [
            (vec!["anything"], Some("anything")),
            (vec!["mx1.example.org", "mx2.example.org"], Some("mx1.example.org")),
            (vec!["mx1", "mx2"], Some("mx1")),
            (vec!["mx1.example.com", "mx1"], None),
            (vec!["mx2", "mx3"], None),
        ] {
            assert_eq!(picked(&hosts, "mx1.example.org").ok(), expected.map(|host| vec![host.to_owned()]));
        }
    }
}
