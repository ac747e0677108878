//! Input that cannot be used is told with its place, before any host is contacted.

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
    insta::assert_snapshot!(world.run("check"), @"");
    for command in ["up", "check", "rollback", "history"] {
        assert_eq!(world.run(command).code, Some(3), "{command}");
    }
    insta::assert_snapshot!(world.run("up --output json"), @"");
    insta::assert_snapshot!(world.run("up hosts.yaml"), @"");
}

#[test]
fn a_wrong_inventory_is_shown_with_its_place() {
    let world = World::new().file("inventory.yaml", "all:\n  host:\n    mx1:\n");
    insta::assert_snapshot!(world.run("rollback"), @"");
    let world = World::new().file("inventory.yaml", "all:\n  hosts:\n    mx1: {ansible_port: http}\n");
    insta::assert_snapshot!(world.run("history"), @"");
}

#[test]
fn a_wrong_playbook_is_shown_with_its_place() {
    let world = world("- hosts: all\n  tasks:\n    - copy: {dst: /etc/motd, content: x}\n    - nosuch:\n");
    insta::assert_snapshot!(world.run("up --playbook play.yaml"), @"");
    insta::assert_snapshot!(world.run("check --playbook nosuch.yaml"), @"");
    assert!(!world.path().join("contacted").exists());
}

#[test]
fn an_undefined_variable_is_found_before_any_host_is_contacted() {
    let world = world("- hosts: all\n  tasks:\n    - debug: {msg: \"{{ mail_domian }}\"}\n");
    let ran = world.run("up --playbook play.yaml -e mail_domain=example.org");
    insta::assert_snapshot!(ran, @"");
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
    insta::assert_snapshot!(world.run("up --playbook play.yaml --limit mx1"), @"");
    assert!(world.path().join("contacted").exists());
    for command in ["check --playbook play.yaml", "rollback", "history"] {
        assert_eq!(world.run(command).code, Some(5), "{command}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for command_line in ["up --help", "check --output json", "rollback"] {
        let ran = World::new().run_without_reader(command_line);
        assert!(!ran.stderr.contains("panic") && !ran.stderr.contains("bug"), "{command_line}\n{ran}");
    }
}
