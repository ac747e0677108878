//! Plan files: what makes one worthless is said before any host is contacted.

#![expect(clippy::unwrap_used, reason = "a test")]
#![expect(clippy::disallowed_methods, reason = "a test makes and spoils files")]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::world::World;

const INVENTORY: &str = "all:\n  hosts:\n    mx1:\n  vars:\n    ansible_ssh_executable: ./ssh\n    pin: hunter2\n";
const PLAYBOOK: &str = "- hosts: all\n  tasks:\n    - copy: {dest: /etc/pin, content: '{{ pin }}'}\n";
const KEY: &str = ".local/state/mailprov/plan-key";

type Spoil<'a> = &'a dyn Fn(&World);

/// Where a plan was made for no host, since none can be reached.
fn world() -> World {
    let world = World::new()
        .program("ssh", "touch contacted; exit 255")
        .file("inventory.yaml", INVENTORY)
        .file("play.yaml", PLAYBOOK);
    world.run("check --playbook play.yaml --out plan.json");
    fs::remove_file(world.path().join("contacted")).unwrap();
    world
}

#[test]
fn a_plan_that_cannot_be_followed_is_refused_before_any_host_is_contacted() {
    let spoils: [(&str, Spoil<'_>, &str); 6] = [
        ("no file", &|world| fs::remove_file(world.path().join("plan.json")).unwrap(), "cannot read plan.json"),
        ("torn", &|world| fs::write(world.path().join("plan.json"), "{\"mailprov_plan\": {").unwrap(), "is no plan"),
        ("changed", &|world| edit(world, "\"format\":1,", "\"format\":1, \"command\":\"x\","), "is no plan"),
        ("of another", &|world| edit(world, "\"by\":\"", "\"by\":\"not-"), "was changed"),
        ("without its key", &|world| fs::remove_file(world.path().join(KEY)).unwrap(), "no key of plans"),
        ("with an open key", &|world| mode(world, KEY, 0o644), "can be read by others"),
    ];
    for (what, spoil, said) in spoils {
        let world = world();
        spoil(&world);
        let ran = world.run("up --playbook play.yaml --plan plan.json");
        assert_eq!(ran.code, Some(3), "{what}: {ran}");
        assert!(ran.stderr.contains(said), "{what}: `{said}` is not said\n{ran}");
        assert!(!world.path().join("contacted").exists(), "{what}: a host was contacted\n{ran}");
    }
}

#[test]
fn a_host_without_a_part_in_the_plan_is_left_alone() {
    let world = world();
    let ran = world.run("up --playbook play.yaml --plan plan.json");
    assert_eq!(ran.code, Some(4), "{ran}");
    assert!(ran.stdout.contains("the plan has no part for this host"), "{ran}");
    assert!(!world.path().join("contacted").exists(), "{ran}");
}

#[test]
fn a_plan_and_its_key_are_their_owners_alone_and_a_bad_place_is_told_first() {
    let world = world();
    for path in ["plan.json", KEY] {
        assert_eq!(fs::metadata(world.path().join(path)).unwrap().permissions().mode() & 0o777, 0o600, "{path}");
    }
    let ran = world.run("check --playbook play.yaml --out nowhere/plan.json");
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.contains("cannot write nowhere/plan.json"), "{ran}");
    assert!(!world.path().join("contacted").exists(), "{ran}");
}

fn edit(world: &World, from: &str, to: &str) {
    let path = world.path().join("plan.json");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(&path, text.replace(from, to)).unwrap();
}

fn mode(world: &World, path: &str, mode: u32) {
    fs::set_permissions(world.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
}
