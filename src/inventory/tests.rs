//! Inventories on disk, as a user has them.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "a test")]

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::json;

use super::*;

mod formats;

/// A folder with files; error texts name it `DIR`.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn load(&self, name: &str) -> Inventory {
        let mut sources = Sources::new();
        let inventory = Inventory::load(&[self.path(name)], &mut sources);
        inventory.unwrap_or_else(|problems| panic!("{}", problems.render(&sources, false)))
    }

    fn errors(&self, name: &str) -> String {
        let mut sources = Sources::new();
        let problems = Inventory::load(&[self.path(name)], &mut sources).expect_err("must be refused");
        problems.render(&sources, false).replace(self.0.path().to_str().unwrap(), "DIR")
    }
}

fn inventory(text: &str) -> Inventory {
    Folder::new(&[("hosts.yaml", text)]).load("hosts.yaml")
}

fn errors(text: &str) -> String {
    Folder::new(&[("hosts.yaml", text)]).errors("hosts.yaml")
}

#[test]
fn one_host_needs_no_file() {
    let inventory = Inventory::of_one("mx1.example.org");
    assert_eq!(inventory.select("all").unwrap(), ["mx1.example.org"]);
    assert_eq!(inventory.vars_for("mx1.example.org"), Map::new());
}

#[test]
fn the_smallest_inventories_work() {
    let with_address = inventory("all:\n  hosts:\n    mail.mydomain.local:\n      ansible_host: 192.0.2.11\n");
    assert_eq!(with_address.hosts().collect::<Vec<_>>(), ["mail.mydomain.local"]);
    assert_eq!(json!(with_address.vars_for("mail.mydomain.local")), json!({"ansible_host": "192.0.2.11"}));
    assert_eq!(with_address.groups_of("mail.mydomain.local"), ["ungrouped"]);
    let bare = inventory("all:\n  hosts:\n    mail.mydomain.local:\n");
    assert_eq!(bare.select("all").unwrap(), ["mail.mydomain.local"]);
}

const SITE: &str = "
all:
  vars: {level: all, only_all: 1}
  hosts: {lonely: {level: host}}
  children:
    mail:
      vars: {level: mail}
      hosts:
        mail[01:03].example.com: {ansible_port: 22}
      children:
        tokyo:
          vars: {level: tokyo}
          hosts: {mail02.example.com: {level: host}, mail03.example.com: }
    # Of two groups of one depth the later name wins, unless a priority says otherwise.
    alpha:
      vars: {contested: alpha, ansible_group_priority: 10}
      hosts: {mail01.example.com: }
    beta:
      vars: {contested: beta}
      hosts: {mail01.example.com: , db:2222: }
";

#[test]
fn nearer_variables_take_precedence() {
    let inventory = inventory(SITE);
    let value = |host: &str, name: &str| inventory.vars_for(host).get(name).cloned().unwrap_or_default();
    for (host, name, expected) in [
        ("lonely", "level", json!("host")),
        ("lonely", "only_all", json!(1)),
        ("mail01.example.com", "level", json!("mail")),
        ("mail02.example.com", "level", json!("host")),
        ("mail03.example.com", "level", json!("tokyo")),
        ("mail01.example.com", "contested", json!("alpha")),
        ("db", "contested", json!("beta")),
        ("db", "ansible_port", json!(2222)),
        ("db", "level", json!("all")),
    ] {
        assert_eq!(value(host, name), expected, "{name} of {host}");
    }
    assert_eq!(inventory.groups_of("mail02.example.com"), ["mail", "tokyo"]);
    assert_eq!(inventory.members("mail").len(), 3);
    assert_eq!(inventory.members("ungrouped"), ["lonely"]);
}

#[test]
fn files_beside_the_inventory_and_the_playbook_are_read_in_ansibles_order() {
    let folder = Folder::new(&[
        ("inv/hosts.yaml", "all: {vars: {v: 1}, hosts: {m: {h: 1}}}\ng: {vars: {v: 2, w: 2}, hosts: {m: }}\n"),
        ("inv/group_vars/all.yml", "v: 3\nw: 3\n"),
        ("inv/group_vars/g/b.yml", "x: b\n"),
        ("inv/group_vars/g/a.yaml", "x: a\ny: a\n"),
        ("inv/group_vars/g/.hidden.yml", "x: hidden\n"),
        ("inv/host_vars/m", "h: 2\n"),
        ("play/group_vars/all", "v: 4\n"),
        ("play/host_vars/m.json", "{\"h\": 3}"),
        ("play/host_vars/other.yml", "never: [read"),
    ]);
    let mut inventory = folder.load("inv/hosts.yaml");
    assert_eq!(json!(inventory.vars_for("m")), json!({"v": 3, "w": 3, "x": "b", "y": "a", "h": 2}));
    inventory.add_playbook_folder(&folder.path("play"), &mut Sources::new()).unwrap();
    assert_eq!(json!(inventory.vars_for("m")), json!({"v": 4, "w": 3, "x": "b", "y": "a", "h": 3}));
    let origin = inventory.layers_for("m").last().unwrap().variables.get("h").unwrap().origin();
    assert!(origin.to_string().ends_with("play/host_vars/m.json:1:7"), "{origin}");
}

#[test]
fn a_folder_of_inventories_is_one_inventory() {
    let folder = Folder::new(&[
        ("inv/10-mail.yaml", "mail: {hosts: {a: }}\n"),
        ("inv/20-db.yml", "db: {hosts: {b: }}\nmail: {hosts: {c: }}\n"),
        ("inv/README.md", "# not an inventory\n"),
        ("inv/group_vars/mail.yaml", "x: 1\n"),
    ]);
    let inventory = folder.load("inv");
    assert_eq!(inventory.members("mail"), ["a", "c"]);
    assert_eq!(json!(inventory.vars_for("c")), json!({"x": 1}));
}

#[test]
fn patterns_choose_hosts() {
    let inventory = inventory(SITE);
    let mail = |numbers: &[u8]| numbers.iter().map(|n| format!("mail{n:02}.example.com")).collect::<Vec<_>>();
    for (pattern, expected) in [
        ("all", inventory.hosts().map(str::to_owned).collect()),
        ("mail", mail(&[1, 2, 3])),
        ("mail:!tokyo", mail(&[1])),
        ("!tokyo:mail", mail(&[1])),
        ("mail,&tokyo", mail(&[2, 3])),
        ("mail*,!mail02*", mail(&[1, 3])),
        ("mail0[13]*", mail(&[1, 3])),
        ("mail0[!13]*", mail(&[2])),
        ("~mail0(1|2)", mail(&[1, 2])),
        ("mail[0]", mail(&[1])),
        ("mail[-1]", mail(&[3])),
        ("mail[1:]", mail(&[2, 3])),
        ("mail[0:1]", mail(&[1, 2])),
        ("mail*[-1]", mail(&[3])),
        ("mail:lonely", vec!["lonely".to_owned(), mail(&[1])[0].clone(), mail(&[2])[0].clone(), mail(&[3])[0].clone()]),
        ("!mail:!db", vec!["lonely".to_owned()]),
        ("db:lonely", vec!["lonely".to_owned(), "db".to_owned()]),
        ("localhost", vec!["localhost".to_owned()]),
        ("ungrouped", vec!["lonely".to_owned()]),
        ("", vec![]),
    ] {
        assert_eq!(inventory.select(pattern).unwrap(), expected, "{pattern}");
    }
    assert_eq!(inventory.vars_for("localhost").get("ansible_connection"), Some(&json!("local")));
}

#[test]
fn patterns_that_name_nothing_are_refused() {
    let inventory = inventory(SITE);
    let refused = |pattern: &str| inventory.select(pattern).expect_err(pattern).render(&Sources::new(), false);
    insta::assert_snapshot!(refused("mail04.example.com"), @r"
    error: no host or group matches `mail04.example.com`
     |
     = help: did you mean `mail01.example.com`?
    ");
    insta::assert_snapshot!(refused("all:!tokio"), @r"
    error: no host or group matches `tokio`
     |
     = help: did you mean `tokyo`?
    ");
    insta::assert_snapshot!(refused("web*"), @r"
    error: no host or group matches `web*`
     |
     = note: the groups are: all, alpha, beta, mail, tokyo, ungrouped
    ");
    insta::assert_snapshot!(refused("mail[7]"), @r"
    error: `mail[7]` is none of the 3 hosts of `mail`
     |
     = note: hosts are counted from 0, and from the end from -1
    ");
    insta::assert_snapshot!(refused("@hosts.txt"), @"error: `@hosts.txt`: a file of hosts can only be given to --limit");
    insta::assert_snapshot!(refused("~("), @"error: `~(` is neither a glob nor a regular expression that can be read");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn wrong_inventories_say_what_and_where() {
    insta::assert_snapshot!(errors(""), @r"
    error: the inventory DIR/hosts.yaml has no hosts
     |
     = help: the smallest inventory is:
             all:
               hosts:
                 mail.example.com:
    ");
    insta::assert_snapshot!(errors("all:\n  hosts:\n"), @r"
    error: the inventory DIR/hosts.yaml has no hosts
     |
     = help: the smallest inventory is:
             all:
               hosts:
                 mail.example.com:
    ");
    insta::assert_snapshot!(errors("mail.example.com:\n  ansible_host: 192.0.2.1\n"), @r"
    error: unknown key `ansible_host` in the group `mail.example.com`
     --> DIR/hosts.yaml:2:3
      |
    2 |   ansible_host: 192.0.2.1
      |   ^^^^^^^^^^^^
      |
      = note: a group has these keys: hosts, vars, children
      = help: variables of a group go below `vars`, those of a host below the host's name in `hosts`
    ");
    insta::assert_snapshot!(errors("all:\n  host:\n    mail:\n"), @r"
    error: unknown key `host` in the group `all`
     --> DIR/hosts.yaml:2:3
      |
    2 |   host:
      |   ^^^^
      |
      = note: a group has these keys: hosts, vars, children
      = help: did you mean `hosts`?
    ");
    insta::assert_snapshot!(errors("all:\n  hosts:\n    - mail\n"), @r"
    error: expected a mapping of hosts, found a list
     --> DIR/hosts.yaml:3:5
      |
    3 |     - mail
      |     ^
      |
      = help: write each host as a key, with a colon behind it and without a dash before it
    ");
    insta::assert_snapshot!(errors("all:\n  hosts:\n    mail[3:1]:\n"), @r"
    error: the host range `mail[3:1]` cannot be read
     --> DIR/hosts.yaml:3:5
      |
    3 |     mail[3:1]:
      |     ^^^^^^^^^
      |
      = note: `[3:1]` ends before it begins
    ");
    insta::assert_snapshot!(errors("all:\n  hosts:\n    mail ansible_host=192.0.2.1:\n"), @r"
    error: `mail ansible_host=192.0.2.1` cannot be the name of a host
     --> DIR/hosts.yaml:3:5
      |
    3 |     mail ansible_host=192.0.2.1:
      |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: variables go below the name: `ansible_host: 192.0.2.11`
    ");
    insta::assert_snapshot!(errors("a: {children: {b: }}\nb: {children: {c: {children: {a: }}}}\n"), @r"
    error: `c` would contain itself through `b`
     --> DIR/hosts.yaml:2:16
      |
    2 | b: {children: {c: {children: {a: }}}}
      |                ^
      |
      = help: a group cannot be among its own children
    ");
    insta::assert_snapshot!(errors("all: {vars: {my-var: 1, 2x: 1}, hosts: {m: [1]}}\n"), @r"
    error: `my-var` cannot be the name of a variable
     --> DIR/hosts.yaml:1:14
      |
    1 | all: {vars: {my-var: 1, 2x: 1}, hosts: {m: [1]}}
      |              ^^^^^^
      |
      = help: use letters, digits and _, and no digit first

    error: `2x` cannot be the name of a variable
     --> DIR/hosts.yaml:1:25
      |
    1 | all: {vars: {my-var: 1, 2x: 1}, hosts: {m: [1]}}
      |                         ^^
      |
      = help: use letters, digits and _, and no digit first

    error: expected a mapping of variables, found a list
     --> DIR/hosts.yaml:1:44
      |
    1 | all: {vars: {my-var: 1, 2x: 1}, hosts: {m: [1]}}
      |                                            ^
    ");
    insta::assert_snapshot!(errors("a: {vars: {ansible_group_priority: high}, hosts: {m: }}\n"), @r"
    error: expected a whole number, found text
     --> DIR/hosts.yaml:1:36
      |
    1 | a: {vars: {ansible_group_priority: high}, hosts: {m: }}
      |                                    ^^^^
    ");
    insta::assert_snapshot!(Folder::new(&[("hosts.yaml", "")]).errors("host.yaml"), @r"
    error: cannot read the inventory DIR/host.yaml: No such file or directory (os error 2)
     |
     = help: did you mean `hosts.yaml`?
    ");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_mutated_inventory_never_panics(at in 0..SITE.len(), cut in 0_usize..20, new in "[-a:\\[\\]{},! \n\t0-9]{0,6}") {
        let mut text = SITE.to_owned();
        text.replace_range(at..(at + cut).min(SITE.len()), &new);
        let folder = Folder::new(&[("hosts.yaml", &text)]);
        let mut sources = Sources::new();
        match Inventory::load(&[folder.path("hosts.yaml")], &mut sources) {
            Ok(inventory) => {
                for host in inventory.hosts() {
                    prop_assert!(inventory.groups_of(host).iter().all(|group| inventory.members(group).contains(&host.to_owned())));
                    drop(inventory.vars_for(host));
                }
            }
            Err(problems) => prop_assert!(!problems.render(&sources, false).is_empty()),
        }
    }

    #[test]
    fn no_pattern_panics(pattern in "[-al:,!&~*?\\[\\]0-9^\\\\]{0,12}") {
        let _ = inventory("all: {hosts: {a: , al: }}\n").select(&pattern);
    }
}
