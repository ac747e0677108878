//! Input that cannot be used is told with its place, before any host is contacted.

use rustix::process::Signal;

use crate::world::World;

/// An inventory whose hosts are reached by a program that tells of it, and a playbook.
fn world(playbook: &str) -> World {
    World::new()
        .program("ssh", "touch contacted; echo 'ssh: connect to host mx port 22: Connection refused' >&2; exit 255")
        .file("inventory.yaml", "all:\n  hosts:\n    mx1:\n    mx2:\n  vars:\n    ansible_ssh_executable: ./ssh\n")
        .file("play.yaml", playbook)
}

const GOOD: &str = "- hosts: all\n  tasks:\n    - ping:\n";

#[test]
fn without_an_inventory_the_places_looked_at_are_named() {
    let world = World::new();
    insta::assert_snapshot!(world.run("check"), @r"
    ----- stderr
    error: no inventory: there is neither inventory.yaml nor inventory.yml in [DIR]
     |
     = help: name one on the command line
     = help: to set up this machine itself, pass --local
    ----- exit code 3
    ");
    for command in ["up", "check", "rollback", "history"] {
        assert_eq!(world.run(command).code, Some(3), "{command}");
    }
    insta::assert_snapshot!(world.run("up --output json"), @r#"
    ----- stdout
    {"version":1,"kind":"error","exit_code":3,"errors":[{"message":"no inventory: there is neither inventory.yaml nor inventory.yml in [DIR]","causes":[],"origin":null,"hints":["name one on the command line","to set up this machine itself, pass --local"]}]}
    ----- exit code 3
    "#);
    insta::assert_snapshot!(world.run("up hosts.yaml"), @r"
    ----- stderr
    error: cannot read the inventory hosts.yaml: No such file or directory (os error 2)
    ----- exit code 3
    ");
}

#[test]
fn a_wrong_inventory_is_shown_with_its_place() {
    let world = World::new().file("inventory.yaml", "all:\n  host:\n    mx1:\n");
    insta::assert_snapshot!(world.run("rollback"), @r"
    ----- stderr
    error: unknown key `host` in the group `all`
     --> inventory.yaml:2:3
      |
    2 |   host:
      |   ^^^^
      |
      = note: a group has these keys: hosts, vars, children
      = help: did you mean `hosts`?
    ----- exit code 3
    ");
    let world = World::new().file("inventory.yaml", "all:\n  hosts:\n    mx1: {ansible_port: http}\n");
    insta::assert_snapshot!(world.run("history"), @r#"
    ----- stderr
    error: ansible_port of mx1: "http" is no TCP port (1 to 65535)
     --> inventory.yaml:3:25
      |
    3 |     mx1: {ansible_port: http}
      |                         ^^^^
    ----- exit code 3
    "#);
}

#[test]
fn a_wrong_playbook_is_shown_with_its_place() {
    let world = world("- hosts: all\n  tasks:\n    - copy: {dst: /etc/motd, content: x}\n    - nosuch:\n");
    insta::assert_snapshot!(world.run("up --playbook play.yaml"), @r"
    ----- stderr
    error: unknown argument `dst` of the module copy
     --> play.yaml:3:14
      |
    3 |     - copy: {dst: /etc/motd, content: x}
      |              ^^^
      |
      = help: did you mean `dest`?

    error: `nosuch` is neither a module nor a keyword of a task
     --> play.yaml:4:7
      |
    4 |     - nosuch:
      |       ^^^^^^
      |
      = note: the modules are: assert, certificate, command, copy, debug, dnf, fail, file, firewalld, hostname, lineinfile, mail_verify, openssl_privatekey, ping, postconf, postfix_service, postmap, service, set_fact, setup, stat, sysctl, template, wait_for
    ----- exit code 3
    ");
    insta::assert_snapshot!(world.run("check --playbook nosuch.yaml"), @r"
    ----- stderr
    error: there is no playbook nosuch.yaml
    ----- exit code 3
    ");
    assert!(!world.path().join("contacted").exists());
}

#[test]
fn an_undefined_variable_is_found_before_any_host_is_contacted() {
    let world = world("- hosts: all\n  tasks:\n    - debug: {msg: \"{{ mail_domian }}\"}\n");
    let ran = world.run("up --playbook play.yaml -e mail_domain=example.org");
    insta::assert_snapshot!(ran, @r#"
    ----- stderr
    error: undefined variable `mail_domian`
     --> play.yaml:3:24
      |
    3 |     - debug: {msg: "{{ mail_domian }}"}
      |                        ^^^^^^^^^^^
      |
      = help: did you mean `mail_domain`?
    ----- exit code 3
    "#);
    assert!(!world.path().join("contacted").exists());
}

#[test]
fn wrong_choices_are_told() {
    let world = world(GOOD);
    for (command_line, code, words) in [
        ("up --playbook play.yaml --limit mx9", 3, "mx9"),
        ("up --playbook play.yaml --limit 'mx1,!mx1'", 3, "--limit"),
        ("up --playbook play.yaml --tags nosuch", 3, "nosuch"),
        ("up --playbook play.yaml -e @nosuch.yaml", 3, "nosuch.yaml"),
        ("up --playbook play.yaml -e play.yaml", 64, "write @play.yaml"),
        ("up --playbook play.yaml -K", 64, "password"),
    ] {
        let ran = world.run(command_line);
        assert_eq!(ran.code, Some(code), "{command_line}\n{ran}");
        assert!(ran.stderr.contains(words), "{command_line}\n{ran}");
    }
    assert!(!world.path().join("contacted").exists());
}

#[test]
fn hosts_that_cannot_be_reached_are_told_apart_from_wrong_input() {
    let world = world(GOOD);
    insta::assert_snapshot!(world.run("up --playbook play.yaml --limit mx1"), @r"
    ----- stdout
    unreachable mx1
        error: connection refused by mx port 22
        hint: check that sshd runs there, and ansible_port

    PLAY RECAP
    mx1 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
    unreachable: mx1: connection refused by mx port 22

    1 host could not be reached (mx1). Mend the cause and run `mailprov up --playbook play.yaml --limit mx1` again.
    ----- exit code 5
    ");
    assert!(world.path().join("contacted").exists());
    for command in ["check --playbook play.yaml", "rollback", "history"] {
        assert_eq!(world.run(command).code, Some(5), "{command}");
    }
}

#[test]
fn an_interrupted_run_says_so() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let world = world(GOOD).program("ssh", "touch contacted; exec sleep 100");
        let ran = world.run_and_interrupt("up --playbook play.yaml --forks 1", "contacted", signal);
        assert_eq!(ran.code, Some(130), "{signal:?}\n{ran}");
        assert!(ran.stdout.contains("interrupted: no more hosts are started"), "{signal:?}\n{ran}");
        assert!(ran.stdout.contains("not run: mx1, mx2: interrupted"), "{signal:?}\n{ran}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for (command_line, code) in [("up --help", 0), ("check --output json", 3), ("rollback", 3)] {
        let ran = World::new().run_without_reader(command_line);
        assert!(!ran.stderr.contains("panic") && !ran.stderr.contains("bug"), "{command_line}\n{ran}");
        assert_eq!(ran.code, Some(code), "{command_line}\n{ran}");
    }
}

#[test]
fn what_tells_how_a_host_is_reached_may_come_from_the_environment_and_from_files() {
    let world = World::new()
        .program("ssh", "echo \"$@\" >arguments; exit 255")
        .file("port", "2222\n")
        .file("play.yaml", "- hosts: all\n  tasks:\n    - ping:\n")
        .file(
            "inventory.yaml",
            "all:\n  hosts:\n    mx1:\n  vars:\n    ansible_ssh_executable: ./ssh\n    \
             ansible_user: \"{{ lookup('env', 'HOME') | basename }}\"\n    ansible_port: \"{{ site.port }}\"\n    \
             site: {port: \"{{ lookup('file', 'port') }}\"}\n    unused: \"{{ lookup('file', 'nowhere') }}\"\n",
        );
    let ran = world.run("check --playbook play.yaml");
    assert_eq!(ran.code, Some(5), "{ran}");
    let user = world.path().file_name().and_then(|name| name.to_str()).unwrap_or("no name");
    let arguments = world.text("arguments");
    assert!(arguments.contains("Port=2222") && arguments.contains(&format!("-l {user}")), "{arguments}");
}
