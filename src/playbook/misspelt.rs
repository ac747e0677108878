//! Variables that nobody asks for and that are called almost like one that counts: `mail_sendr`, `ansible_hots`.
//!
//! A user may have variables for a use of his own, so a name is looked at only if it stands nowhere else in what was read:
//! no task, no template and no other variable names it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::diagnostic::{Diagnostic, Diagnostics, Sources, slip};
use crate::hostplay::{FACT_NAMES, Origin};
use crate::inventory::{CONNECTION_VARIABLES, Inventory, Variables};

/// What else Ansible itself goes by (its documentation: "Special Variables", and the options of the connection, shell and become
/// plugins for ssh and local), and mailprov has other words or no use for.
const ANSIBLE: [&str; 40] = [
    "ansible_async_dir",
    "ansible_become_exe",
    "ansible_become_flags",
    "ansible_check_mode",
    "ansible_collection_name",
    "ansible_common_remote_group",
    "ansible_config_file",
    "ansible_control_path",
    "ansible_control_path_dir",
    "ansible_delegated_vars",
    "ansible_diff_mode",
    "ansible_facts",
    "ansible_forks",
    "ansible_host_key_checking",
    "ansible_inventory_sources",
    "ansible_limit",
    "ansible_local",
    "ansible_loop",
    "ansible_loop_var",
    "ansible_pipelining",
    "ansible_play_batch",
    "ansible_play_hosts",
    "ansible_play_hosts_all",
    "ansible_play_name",
    "ansible_python_interpreter",
    "ansible_remote_tmp",
    "ansible_remote_user",
    "ansible_role_name",
    "ansible_run_tags",
    "ansible_scp_extra_args",
    "ansible_scp_if_ssh",
    "ansible_search_path",
    "ansible_sftp_extra_args",
    "ansible_shell_executable",
    "ansible_shell_type",
    "ansible_skip_tags",
    "ansible_ssh_pipelining",
    "ansible_timeout",
    "ansible_verbosity",
    "ansible_version",
];

/// All that Ansible goes by.
fn ansible<'a>() -> impl Iterator<Item = &'a str> {
    CONNECTION_VARIABLES.into_iter().chain(ANSIBLE)
}

/// What was set, and what a playbook has a use for.
#[derive(Default)]
pub(super) struct Given {
    /// The variables that were set, with the first place of each; none for those of the command line.
    set: BTreeMap<String, Option<Origin>>,
    /// The variables that the roles take.
    taken: BTreeSet<String>,
    /// Groups and hosts whose variables are among those that were set.
    owners: HashSet<String>,
}

impl Given {
    /// Variables of the command line.
    pub(super) fn extra<'n>(names: impl IntoIterator<Item = &'n String>) -> Self {
        Self { set: names.into_iter().map(|name| (name.clone(), None)).collect(), ..Self::default() }
    }

    /// Variables of a play.
    pub(super) fn add(&mut self, variables: &Variables) {
        for (key, _) in variables.entries() {
            self.set.entry(key.name.clone()).or_insert_with(|| Some(key.span.origin()));
        }
    }

    /// The inventory's variables of these hosts.
    pub(super) fn add_hosts(&mut self, inventory: &Inventory, hosts: &[String]) {
        for host in hosts {
            let layers = inventory.layers_for(host);
            let fresh: HashSet<&str> = layers.iter().map(|layer| layer.owner).collect();
            let fresh: HashSet<&str> = fresh.into_iter().filter(|owner| !self.owners.contains(*owner)).collect();
            for layer in layers.iter().filter(|layer| fresh.contains(layer.owner)) {
                self.add(layer.variables);
            }
            self.owners.extend(fresh.into_iter().map(str::to_owned));
        }
    }

    /// Variables that a role takes.
    pub(super) fn takes<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) {
        self.taken.extend(names.into_iter().map(str::to_owned));
    }

    /// A warning for each name that was most likely meant to be another one.
    pub(super) fn warnings(&self, sources: &Sources) -> Diagnostics {
        let mut warnings = Diagnostics::new();
        let is_fact = |name: &str| name.strip_prefix("ansible_").is_some_and(|fact| FACT_NAMES.contains(&fact));
        let known = |name: &str| ansible().any(|known| known == name) || self.taken.contains(name) || is_fact(name);
        for (name, origin) in self.set.iter().filter(|(name, _)| !known(name)) {
            let candidates = ansible().chain(self.taken.iter().map(String::as_str));
            let Some(meant) = slip(name, candidates).filter(|_| !sources.texts().any(|text| is_used(text, name)))
            else {
                continue;
            };
            let warning = match origin {
                Some(origin) => Diagnostic::new(format!("nothing uses the variable `{name}`"))
                    .at(origin.clone(), u32::try_from(name.chars().count()).unwrap_or(1)),
                None => Diagnostic::new(format!("nothing uses the variable `{name}`, which is given with -e")),
            };
            warnings.push(warning.hint(format!("did you mean `{meant}`?")));
        }
        warnings
    }
}

/// Whether a text has the name anywhere but where it is given a value: `name: x`, `"name": x`, `name=x`.
fn is_used(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        let is_whole = !before.ends_with(is_part) && !after.starts_with(is_part);
        let after = after.strip_prefix(['"', '\'']).unwrap_or(after).trim_start_matches([' ', '\t']);
        let is_set = after.starts_with(':') || (after.starts_with('=') && !after.starts_with("=="));
        is_whole && !is_set
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_used_where_it_is_not_set() {
        for (text, expected) in [
            ("mail_sendr: x", false),
            ("{\"mail_sendr\" : 1}", false),
            ("mx1 mail_sendr=x mail_sendr = y", false),
            ("my_mail_sendr: '{{ mail_sendr2 }}'", false),
            ("mail_sender: '{{ mail_sendr }}'", true),
            ("when: mail_sendr == 'x'", true),
            ("lookup('vars', 'mail_sendr')", true),
            ("mail_sendr", true),
        ] {
            assert_eq!(is_used(text, "mail_sendr"), expected, "{text}");
        }
    }

    #[test]
    fn what_ansible_knows_is_named_once_and_no_slip_of_another() {
        let names: BTreeSet<&str> = ansible().collect();
        assert_eq!(names.len(), ansible().count());
        let given = Given { set: names.iter().map(|name| ((*name).to_owned(), None)).collect(), ..Given::default() };
        assert!(given.warnings(&Sources::new()).is_empty());
    }
}
