//! Commands that contact no host.

use crate::world::World;

const INVENTORY: &str = "
all:
  vars: {level: all, smtp_password: hunter2}
  hosts:
    lonely:
  children:
    mail:
      vars: {level: mail}
      hosts: {'mx[1:2]': {ansible_port: 2222}}
      children:
        tokyo:
          hosts: {mx2: {level: host}}
";

const PLAYBOOK: &str = "
- name: Mail
  hosts: mail
  tags: [site]
  tasks:
    - name: Greet
      ping:
      tags: [b, a]
    - block:
        - ping:
          tags: never
        - ping:
  handlers:
    - name: Tell
      ping:
- hosts: lonely
  tasks:
    - ping:
";

fn world() -> World {
    World::new()
        .file("inventory.yaml", INVENTORY)
        .file("play.yaml", PLAYBOOK)
        .file("group_vars/mail.yaml", "level: file\n")
}

#[test]
fn an_inventory_is_listed_as_ansible_inventory_does() {
    insta::assert_snapshot!(world().run("inventory list"), @r#"
    ----- stdout
    {
      "_meta": {
        "hostvars": {
          "lonely": {
            "level": "all",
            "smtp_password": "********"
          },
          "mx1": {
            "level": "file",
            "smtp_password": "********",
            "ansible_port": 2222
          },
          "mx2": {
            "level": "host",
            "smtp_password": "********",
            "ansible_port": 2222
          }
        }
      },
      "all": {
        "children": [
          "ungrouped",
          "mail"
        ]
      },
      "mail": {
        "children": [
          "tokyo"
        ],
        "hosts": [
          "mx1",
          "mx2"
        ]
      },
      "tokyo": {
        "hosts": [
          "mx2"
        ]
      },
      "ungrouped": {
        "hosts": [
          "lonely"
        ]
      }
    }
    ----- exit code 0
    "#);
    let shown = world().run("inventory list --show-secrets --limit lonely");
    assert!(shown.stdout.contains("hunter2") && !shown.stdout.contains("mx1"), "{shown}");
}

#[test]
fn an_inventory_is_drawn_as_ansible_inventory_does() {
    insta::assert_snapshot!(world().run("inventory graph"), @r"
    ----- stdout
    @all:
      |--@ungrouped:
      |  |--lonely
      |--@mail:
      |  |--@tokyo:
      |  |  |--mx2
      |  |--mx1
      |  |--mx2
    ----- exit code 0
    ");
    insta::assert_snapshot!(world().run("inventory graph --group toyko"), @r"
    ----- stderr
    error: there is no group `toyko` in the inventory
     |
     = help: did you mean `tokyo`?
    ----- exit code 3
    ");
}

#[test]
fn each_variable_is_explained() {
    let world = world();
    insta::assert_snapshot!(world.run("inventory explain mx2"), @r#"
    ----- stdout
    mx2  (mail, tokyo)

    ansible_port = 2222
        from the host, inventory.yaml:9:41

    level = "host"
        from the host, inventory.yaml:12:32
        over "file" of group mail, group_vars/mail.yaml:1:8
        over "mail" of group mail, inventory.yaml:8:21
        over "all" of group all, inventory.yaml:3:17

    smtp_password = "********"
        from group all, inventory.yaml:3:37
    ----- exit code 0
    "#);
    insta::assert_snapshot!(world.run("inventory explain mx1 --var level --output json"), @r#"
    ----- stdout
    {"version":1,"kind":"variables","host":"mx1","groups":["mail"],"variables":[{"name":"level","value":"file","owner":"group mail","origin":{"file":"group_vars/mail.yaml","line":1,"column":8},"overrides":[{"value":"mail","owner":"group mail","origin":{"file":"inventory.yaml","line":8,"column":21}},{"value":"all","owner":"group all","origin":{"file":"inventory.yaml","line":3,"column":17}}]}]}
    ----- exit code 0
    "#);
    insta::assert_snapshot!(world.run("inventory explain mx1 --var levle"), @r"
    ----- stderr
    error: there is no variable `levle` in the inventory
     |
     = help: did you mean `level`?
    ----- exit code 3
    ");
    assert_eq!(world.run("inventory explain mx3").code, Some(3));
}

#[test]
fn what_a_run_would_be_is_listed() {
    let world = world();
    insta::assert_snapshot!(world.run("up --playbook play.yaml --list-hosts --list-tasks"), @r"
    ----- stdout
    playbook: play.yaml

      play #1 (mail): Mail  TAGS: [site]
        hosts (2):
          mx1
          mx2
        tasks:
          Greet  TAGS: [a, b, site]
          ping  TAGS: [site]

      play #2 (lonely): lonely  TAGS: []
        hosts (1):
          lonely
        tasks:
          ping  TAGS: []
    ----- exit code 0
    ");
    insta::assert_snapshot!(world.run("check --playbook play.yaml --list-tags --limit mx1"), @r"
    ----- stdout
    playbook: play.yaml

      play #1 (mail): Mail  TAGS: [site]
        TASK TAGS: [a, b, never, site]
    ----- exit code 0
    ");
    insta::assert_snapshot!(world.run("check --playbook play.yaml --list-tasks --tags a --output json"), @r#"
    ----- stdout
    {"version":1,"kind":"play","name":"Mail","pattern":"mail","tags":["site"],"hosts":["mx1","mx2"],"tasks":[{"name":"Greet","role":null,"module":"ping","tags":["site","b","a"],"origin":{"file":"play.yaml","line":6,"column":7}}]}
    {"version":1,"kind":"play","name":"lonely","pattern":"lonely","tags":[],"hosts":["lonely"],"tasks":[]}
    ----- exit code 0
    "#);
}
