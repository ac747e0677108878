//! Commands that only look.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::world::{World, skipped};

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

#[test]
fn a_variable_that_nothing_uses_and_that_is_called_almost_like_another_is_told() {
    let inventory = "\
mail:
  hosts:
    mx1.example.net: {ansible_hots: 192.0.2.1}
  vars:
    mail_sendr: post@example.net
    # What Ansible goes by, and a name of the user's own that something refers to, are no slips.
    ansible_become_method: sudo
    ansible_python_interpreter: /usr/bin/python3
    ansible_ssh_extra_args: -4
    ansible_ssh_pipelining: true
    mail_network: 192.0.2.0/24
    mail_networks: ['{{ mail_network }}']
";
    let world = World::new().file("inventory.yaml", inventory);
    insta::assert_snapshot!(world.run("lint -e mail_submision=false"), @"
    ----- stdout
    no error, 3 warnings: 1 play, 50 tasks, 1 host; no host was contacted
    ----- stderr
    warning: nothing uses the variable `ansible_hots`
     --> inventory.yaml:3:23
      |
    3 |     mx1.example.net: {ansible_hots: 192.0.2.1}
      |                       ^^^^^^^^^^^^
      |
      = help: did you mean `ansible_host`?
    warning: nothing uses the variable `mail_sendr`
     --> inventory.yaml:5:5
      |
    5 |     mail_sendr: post@example.net
      |     ^^^^^^^^^^
      |
      = help: did you mean `mail_sender`?
    warning: nothing uses the variable `mail_submision`, which is given with -e
     |
     = help: did you mean `mail_submission`?
    ----- exit code 0
    ");
    let check = world.run("check --list-hosts");
    assert!(check.stderr.contains("inventory.yaml:5:5"), "{check}");
    // Where it may be why something else is missing, it is told with that.
    let world = World::new().file("inventory.yaml", "mail: {hosts: {mx1: {mail_domian: example.net}}}\n");
    let lint = world.run("lint");
    assert!(lint.stderr.contains("mx1` is no full host name") && lint.stderr.contains("`mail_domain`?"), "{lint}");
}

#[test]
fn lint_finds_what_is_wrong_without_a_host() {
    let world = world();
    insta::assert_snapshot!(world.run("lint --playbook play.yaml"), @r"
    ----- stdout
    nothing is wrong: 2 plays, 5 tasks, 3 hosts; no host was contacted
    ----- exit code 0
    ");
    insta::assert_snapshot!(world.run("lint --playbook play.yaml --output json"), @r#"
    ----- stdout
    {"version":1,"kind":"lint","plays":2,"tasks":5,"hosts":3,"warnings":0}
    ----- exit code 0
    "#);
    let never = "- hosts: all\n  tasks:\n    - debug: {msg: '{{ levle }}'}\n      tags: never\n";
    let world = world.file("never.yaml", never);
    insta::assert_snapshot!(world.run("lint --playbook never.yaml"), @r"
    ----- stderr
    error: undefined variable `levle`
     --> never.yaml:3:24
      |
    3 |     - debug: {msg: '{{ levle }}'}
      |                        ^^^^^
      |
      = help: did you mean `level`?
    ----- exit code 3
    ");
    let raised = "- hosts: all\n  tasks:\n    - ping:\n    - {ping: , become: true}\n    - {ping: , become: true}\n";
    let world = world.file("raised.yaml", raised);
    insta::assert_snapshot!(world.run("lint --playbook raised.yaml"), @"
    ----- stdout
    no error, 1 warning: 1 play, 3 tasks, 3 hosts; no host was contacted
    ----- stderr
    warning: `become` here makes the whole play run as root
     --> raised.yaml:4:24
      |
    4 |     - {ping: , become: true}
      |                        ^
      |
      = note: a play runs as one user on each host
      = help: say `become: true` in the play, or give what needs root a play of its own
    ----- exit code 0
    ");
    let world = world.file("port.yaml", "mail: {hosts: {mx1: {ansible_port: http}}}\nlonely: {hosts: {mx2: }}\n");
    insta::assert_snapshot!(world.run("lint port.yaml --playbook play.yaml"), @r#"
    ----- stderr
    error: ansible_port of mx1: "http" is no TCP port (1 to 65535)
     --> port.yaml:1:36
      |
    1 | mail: {hosts: {mx1: {ansible_port: http}}}
      |                                    ^^^^
    ----- exit code 3
    "#);
}

#[test]
fn modules_are_documented() {
    let world = World::new();
    let list = world.run("doc");
    assert_eq!((list.code, list.stdout.lines().any(|line| line.starts_with("postconf  "))), (Some(0), true), "{list}");
    insta::assert_snapshot!(world.run("doc ansible.builtin.package"), @r"
    ----- stdout
    ansible.builtin.dnf
        Install, update or remove packages.
        Also called package, yum.

    ARGUMENTS
      name: a list of text; required; also called pkg
          Package names. All go into one transaction.
      state: one of present, installed, latest, absent, removed; default present
          present and installed: any version will do; latest: the newest that the repositories offer; absent and removed: not installed.

    RETURNS
      results: one line a package that was changed

    EXAMPLE
      - name: Install Postfix
        dnf:
          name:
            - postfix
            - openssl
          state: present
    ----- exit code 0
    ");
    insta::assert_snapshot!(world.run("doc pingg"), @r"
    ----- stderr
    error: there is no module `pingg`
     |
     = help: did you mean `ping`?
    ----- exit code 3
    ");
    let lines = world.run("doc --output json").stdout;
    let names = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["name"].clone());
    assert!(names.count() > 10, "{lines}");
}

#[test]
fn facts_are_told_host_by_host() {
    let world =
        World::new().program("ssh", "echo 'ssh: connect to host mx2 port 22: Connection refused' >&2; exit 255").file(
            "inventory.yaml",
            "all: {hosts: {mx1: {ansible_connection: local}, mx2: {ansible_ssh_executable: ./ssh}}}\n",
        );
    if !rustix::process::geteuid().is_root() {
        skipped("only root is answered by the host itself");
        return;
    }
    let ran = world.run("facts");
    assert_eq!(ran.code, Some(5), "{ran}");
    let facts: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(facts["mx1"]["memtotal_mb"].as_u64().unwrap() > 0 && facts.get("mx2").is_none(), "{ran}");
    assert!(ran.stderr.starts_with("mx2: error: connection refused by mx2 port 22"), "{ran}");
    let ran = world.run("facts --limit mx2 --output json");
    insta::assert_snapshot!(ran, @r#"
    ----- stdout
    {"version":1,"kind":"facts","host":"mx2","facts":null,"failure":{"message":"connection refused by mx2 port 22","causes":[],"command":null,"exit_status":null,"stderr":null,"origin":null,"hints":["check that sshd runs there, and ansible_port"]}}
    ----- exit code 5
    "#);
}
