//! The whole help, so that no change of the interface goes unseen.

use crate::world::World;

#[test]
fn help() {
    let world = World::new();
    let commands = [
        "",
        "init",
        "up",
        "check",
        "verify",
        "rollback",
        "history",
        "status",
        "inventory",
        "lint",
        "facts",
        "report merge",
        "doc",
        "vault",
        "completions",
        "man",
    ];
    let told = commands.map(|command| format!("===== {command} --help\n{}\n", world.run(&format!("{command} --help"))));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn short_help_is_the_same() {
    let world = World::new();
    for command in ["", "up", "check", "rollback", "history", "status"] {
        assert_eq!(world.run(&format!("{command} -h")).stdout, world.run(&format!("{command} --help")).stdout);
    }
}

#[test]
fn wrong_usage_is_told_from_drift() {
    let world = World::new();
    insta::assert_snapshot!(world.run("up --no-such-option"), @r"
    ----- stderr
    error: unexpected argument '--no-such-option' found

      tip: to pass '--no-such-option' as a value, use '-- --no-such-option'

    Usage: mailprov up [OPTIONS] [INVENTORY]

    For more information, try '--help'.
    ----- exit code 64
    ");
    insta::assert_snapshot!(world.run("chekc"), @r"
    ----- stderr
    error: unrecognized subcommand 'chekc'

      tip: a similar subcommand exists: 'check'

    Usage: mailprov <COMMAND>

    For more information, try '--help'.
    ----- exit code 64
    ");
    for wrong in ["", "up --forks 0", "up --timeout x", "up -v -q", "up a b", "agent"] {
        assert_eq!(world.run(wrong).code, Some(64), "{wrong}");
    }
    assert_eq!(world.run("--version").stdout, format!("mailprov {}\n", env!("CARGO_PKG_VERSION")));
}
