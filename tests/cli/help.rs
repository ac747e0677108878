//! The whole help, so that no change of the interface goes unseen.

use crate::world::World;

#[test]
fn help() {
    let world = World::new();
    insta::assert_snapshot!(world.run("--help"), @"");
    insta::assert_snapshot!(world.run("up --help"), @"");
    insta::assert_snapshot!(world.run("check --help"), @"");
    insta::assert_snapshot!(world.run("rollback --help"), @"");
    insta::assert_snapshot!(world.run("history --help"), @"");
}

#[test]
fn short_help_is_the_same() {
    let world = World::new();
    for command in ["", "up", "check", "rollback", "history"] {
        assert_eq!(world.run(&format!("{command} -h")).stdout, world.run(&format!("{command} --help")).stdout);
    }
}

#[test]
fn wrong_usage_is_told_from_drift() {
    let world = World::new();
    insta::assert_snapshot!(world.run("up --no-such-option"), @"");
    insta::assert_snapshot!(world.run("chekc"), @"");
    for wrong in ["", "up --forks 0", "up --timeout x", "up -v -q", "up a b", "agent"] {
        assert_eq!(world.run(wrong).code, Some(64), "{wrong}");
    }
    assert_eq!(world.run("--version").stdout, format!("mailprov {}\n", env!("CARGO_PKG_VERSION")));
}
