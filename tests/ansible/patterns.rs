//! Patterns of hosts, as Ansible's inventory manager reads them.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "a test makes its files")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use crate::tools::{ansible_program, mailprov, printed};

const INVENTORY: &str = "
[web]
web[1:3]
[db]
db[1:2]
web2
[eu]
web1
web3
db1
[old]
web3
[site:children]
eu
old
[lonely]
web1.example.com
";

/// Each names hosts in this inventory.
const PATTERNS: &[&str] = &[
    "all",
    "*",
    "web",
    "web1",
    "web:db",
    "web,db",
    "web:&eu",
    "web:&eu:!old",
    "web,&eu,!old",
    "!old",
    "&eu",
    "&eu:!old",
    "!old:web",
    "web*",
    "*1",
    "w?b2",
    "db[12]*",
    "web[0]",
    "web[-1]",
    "web[0:1]",
    "web[1:]",
    "web[1:2]:db[0]",
    "site[0]",
    "eu[2]",
    "~web[13]$",
    "~(web|db)1",
    "~w.*2,db1",
    "web:!web[0]",
    "all:!web*",
    "[dw]*2",
    "web[!1]*",
    "lon*",
    "web1*",
    "web1.example.com",
    "web db",
    "all[0:1]",
    "*[-1]",
    "@list",
    "@list:!web1",
    "db,@list",
    "ungrouped",
];

const ASK: &str = "
import json, sys
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
answers = []
for pattern in json.loads(sys.argv[1]):
    manager = InventoryManager(loader=DataLoader(), sources=['hosts.ini'])
    manager.subset(pattern)
    answers.append(sorted(host.name for host in manager.get_hosts('all')))
print(json.dumps(answers))
";

#[test]
fn patterns_name_the_hosts_that_they_name_in_ansible() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("hosts.ini"), INVENTORY).unwrap();
    fs::write(folder.path().join("list"), "web1\ndb\n!db1\n").unwrap();
    let Some(mut python) = ansible_program("python", folder.path()) else { return };
    let patterns = serde_json::to_string(PATTERNS).unwrap();
    let answers: Vec<Vec<String>> =
        serde_json::from_str(&printed(&python.args(["-c", ASK, &patterns]).output().unwrap())).unwrap();
    assert_eq!(answers.len(), PATTERNS.len());
    let mut differences = Vec::new();
    for (pattern, expected) in PATTERNS.iter().zip(answers) {
        let mut ours = mailprov(folder.path());
        ours.args(["inventory", "list", "-i", "hosts.ini", "--limit", pattern]);
        let groups: BTreeMap<String, Value> = serde_json::from_str(&printed(&ours.output().unwrap())).unwrap();
        let hosts = groups.values().filter_map(|group| group["hosts"].as_array()).flatten();
        let hosts: BTreeSet<_> = hosts.map(|host| host.as_str().unwrap().to_owned()).collect();
        if !hosts.iter().eq(&expected) {
            differences.push(format!("{pattern}: Ansible takes {expected:?}, mailprov {hosts:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
