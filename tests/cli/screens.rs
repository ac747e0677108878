//! What a person sees of a run on terminals of two sizes, with few hosts and with many; and how a terminal is left.

use crate::recorded;
use crate::terminal::{Left, Terminal};
use crate::world::World;

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 50);

/// What is shown of a run of so many hosts of each recorded kind.
fn shown(hosts: &[(&str, usize)], size: (u16, u16), options: &str, env: &[(&str, &str)]) -> Left {
    let hosts: Vec<&str> = hosts.iter().flat_map(|&(kind, number)| std::iter::repeat_n(kind, number)).collect();
    let world = World::new().file("run.json", &recorded::run(&hosts));
    let left = Terminal::start(world.session(&format!("report merge run.json {options}"), env), size).end();
    assert!((left.column, left.cursor_hidden, left.colours_restored) == (0, false, true));
    left
}

/// Each screen, whole, at both sizes.
fn screens(name: &str, hosts: &[(&str, usize)]) {
    let number: usize = hosts.iter().map(|(_, number)| number).sum();
    for size in [SMALL, LARGE] {
        let left = shown(hosts, size, "", &[]);
        insta::assert_snapshot!(format!("{name}_{number}_hosts_{}_columns", size.0), left.lines.join("\n"));
    }
}

#[test]
fn check() {
    screens("check", &[("check", 3)]);
    screens("check", &[("check", 40)]);
}

#[test]
fn up() {
    screens("up", &[("up", 3)]);
    screens("up", &[("up", 40)]);
}

#[test]
fn failing_up() {
    screens("failing_up", &[("up", 1), ("failed", 1), ("unreachable", 1)]);
    screens("failing_up", &[("up", 35), ("failed", 3), ("unreachable", 2)]);
}

#[test]
fn rollback() {
    screens("rollback", &[("rollback", 3)]);
    screens("rollback", &[("rollback", 40)]);
}

#[test]
fn verify() {
    screens("verify", &[("verify", 3)]);
    screens("verify", &[("verify", 40)]);
}

#[test]
fn colours_are_left_out_where_they_are_not_wanted() {
    let hosts = [("up", 2), ("failed", 1)];
    let has = |left: &Left, code: &str| String::from_utf8_lossy(&left.bytes).contains(code);
    let coloured = shown(&hosts, SMALL, "", &[]);
    assert!(has(&coloured, "\u{1b}[33mchanged\u{1b}[0m"));
    for (options, env) in [("", ("NO_COLOR", "1")), ("--color never", ("LANG", "C")), ("", ("TERM", "dumb"))] {
        let plain = shown(&hosts, SMALL, options, &[env]);
        assert!(!has(&plain, "\u{1b}"), "{env:?}");
    }
}

#[test]
fn a_dumb_terminal_and_a_pipe_get_every_host_s_lines() {
    let hosts = [("up", 2)];
    let line = |name: &str| format!("changed     {name}.mydomain.local  base : Set the host name");
    let dumb = shown(&hosts, SMALL, "", &[("TERM", "dumb")]);
    let world = World::new().file("run.json", &recorded::run(&["up", "up"]));
    let pipe = world.run("report merge run.json");
    for name in ["mail1", "mail2"] {
        assert!(dumb.lines.contains(&line(name)), "{:?}", dumb.lines);
        assert!(pipe.stdout.lines().any(|shown| shown == line(name)), "{pipe}");
    }
    assert!(!pipe.stdout.contains('\u{1b}'), "{pipe}");
    let folded = shown(&hosts, SMALL, "", &[]);
    assert!(folded.lines.iter().any(|line| line.starts_with("changed     2 hosts")), "{:?}", folded.lines);
}

#[test]
fn quiet_leaves_the_recap_and_verbose_tells_all() {
    let quiet = shown(&[("up", 2)], SMALL, "-q", &[]);
    assert_eq!(quiet.lines[0], "PLAY RECAP");
    assert!(!quiet.lines.iter().any(|line| line.starts_with("changed")), "{:?}", quiet.lines);
    let verbose = shown(&[("up", 2)], SMALL, "-v", &[]);
    let has = |start: &str| verbose.lines.iter().any(|line| line.starts_with(start));
    assert!(has("ok          mail2.mydomain.local") && has("skipped     mail1.mydomain.local"), "{:?}", verbose.lines);
    // What dnf said meanwhile.
    assert!(has("            mail1.mydomain.local  | "), "{:?}", verbose.lines);
}

#[test]
fn an_interruption_is_told_and_leaves_the_terminal_as_it_was() {
    let inventory = "all: {hosts: {mx1: , mx2: }, vars: {ansible_ssh_executable: ./ssh}}\n";
    let world = World::new()
        .program("ssh", "exec sleep 30")
        .file("inventory.yaml", inventory)
        .file("play.yaml", "- hosts: all\n  tasks:\n    - ping:\n");
    let mut terminal = Terminal::start(world.session("check --playbook play.yaml --forks 1", &[]), SMALL);
    terminal.wait_for("0 of 2 hosts done");
    terminal.press("\u{3}");
    let left = terminal.end();
    assert_eq!(left.code, Some(130), "{:?}", left.lines);
    assert_eq!((left.column, left.cursor_hidden, left.colours_restored), (0, false, true), "{:?}", left.lines);
    // No row of progress stays behind, nor what the terminal made of the key.
    let remnant = |line: &&String| line.contains("hosts done") || line.contains("^C");
    assert_eq!(left.lines.iter().find(remnant), None, "{:?}", left.lines);
    insta::assert_snapshot!(left.lines.join("\n"), @r"
    interrupted: no more hosts are started; those at work end by their own policy.
    Press Ctrl-C again to leave them at once.
    not run     mx1  interrupted
    not run     mx2  interrupted

    PLAY RECAP
    mx1 : ok=0 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
    mx2 : ok=0 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
    not run: mx1, mx2: interrupted

    2 hosts did not get a turn (mx1, mx2). Mend the cause and run
    `mailprov check --playbook play.yaml` again.
    ");
}
