//! The wrong inputs that people make most: each is an error with file and line, and no host is contacted.

use crate::world::World;

const INVENTORY: &str = "all:\n  hosts:\n    mx1:\n  vars:\n    ansible_ssh_executable: ./ssh\n";

fn tasks(tasks: &str) -> String {
    format!("- hosts: all\n  tasks:\n{tasks}")
}

#[test]
fn each_is_told_with_its_place_and_no_host_is_contacted() {
    let good = tasks("    - ping:\n");
    for (what, inventory, playbook, options, said, place) in [
        ("unknown module", INVENTORY, tasks("    - copi: {dest: /x}\n"), "", "`copy`", "play.yaml:3:7"),
        ("misspelt argument", INVENTORY, tasks("    - copy: {dst: /x, content: y}\n"), "", "`dest`", "play.yaml:3:14"),
        (
            "wrong type",
            INVENTORY,
            tasks("    - service: {name: postfix, enabled: maybe}\n"),
            "",
            "yes or no",
            "play.yaml:3:41",
        ),
        ("tab", INVENTORY, tasks("    - copy:\n\tdest: /x\n"), "", "tab", "play.yaml:4:1"),
        (
            "duplicate key",
            INVENTORY,
            tasks("    - ping:\n      name: a\n      name: b\n"),
            "",
            "`name`",
            "play.yaml:5:7",
        ),
        (
            "undefined variable",
            INVENTORY,
            tasks("    - debug: {msg: '{{ ansible_hostnam }}'}\n"),
            "",
            "`ansible_hostname`",
            "play.yaml:3:24",
        ),
        ("template syntax", INVENTORY, tasks("    - debug: {msg: '{{ a | }}'}\n"), "", "expected", "play.yaml:3:"),
        ("missing role", INVENTORY, "- hosts: all\n  roles: [nowhere]\n".to_owned(), "", "nowhere", "play.yaml:2:11"),
        ("empty inventory", "all:\n  hosts:\n", good.clone(), "", "no hosts", "inventory.yaml"),
        ("empty file", "", good.clone(), "", "no hosts", "inventory.yaml"),
        ("unknown host in --limit", INVENTORY, good.clone(), "--limit mx2", "`mx1`", ""),
    ] {
        let world = World::new()
            .program("ssh", "touch contacted; exit 255")
            .file("inventory.yaml", inventory)
            .file("play.yaml", &playbook);
        for command in ["up", "check"] {
            let ran = world.run(&format!("{command} --playbook play.yaml {options}"));
            assert_eq!(ran.code, Some(3), "{what}: {ran}");
            assert!(ran.stderr.contains(said), "{what}: `{said}` is not said\n{ran}");
            assert!(ran.stderr.contains(place), "{what}: {place} is not named\n{ran}");
            assert!(!world.path().join("contacted").exists(), "{what}: a host was contacted\n{ran}");
        }
    }
}
