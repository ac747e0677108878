//! What the program makes on this machine, defaults, and which tasks and hosts are taken.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use crate::world::World;

const INVENTORY: &str = "all:\n  hosts:\n    mx1:\n    mx2:\n  vars:\n    ansible_ssh_executable: ./ssh\n";
const PLAY: &str =
    "- hosts: all\n  tasks:\n    - {name: First, ping: }\n    - {name: Second, ping: }\n    - {name: Third, ping: }\n";

fn world() -> World {
    World::new().file("inventory.yaml", INVENTORY).file("play.yaml", PLAY)
}

#[test]
fn init_writes_an_inventory_and_tells_what_comes_next() {
    let world = World::new();
    let ran = world.run("init mail.example.net=192.168.1.20 -u admin --sender post@example.net");
    insta::assert_snapshot!(format!("{ran}\n{}", world.text("inventory.yaml")));
    assert_eq!(world.run("lint").code, Some(0));
}

#[test]
fn init_asks_when_no_server_is_named() {
    let world = World::new();
    let answers = "mail\n\nmail.example.net\n192.168.1.20\nmx2.example.net\n\n\nadmin\n\n";
    let ran = world.run_with_stdin("init", answers);
    insta::assert_snapshot!(format!("{ran}\n{}", world.text("inventory.yaml")));
    assert_eq!(world.run("lint").code, Some(0));
}

#[test]
fn what_init_ejects_is_the_built_in_playbook() {
    let world = World::new();
    let ran = world.run("init mail.example.net --eject");
    assert_eq!(ran.code, Some(0), "{ran}");
    let (own, built_in) = (world.run("check --playbook mail.yaml --list-tasks"), world.run("check --list-tasks"));
    assert_eq!(own.stdout.replace("mail.yaml", "<built-in>"), built_in.stdout);
    assert_eq!(world.run("lint --playbook mail.yaml").code, Some(0));
    // Nothing that is there is overwritten, and nothing half written.
    let again = world.run("init mail.example.net --file other.yaml --eject");
    assert_eq!(again.code, Some(3), "{again}");
    assert!(!world.path().join("other.yaml").exists());
}

#[test]
fn completions_and_pages_know_the_commands() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = world.run(&format!("completions {shell}"));
        assert!(ran.code == Some(0) && ran.stdout.contains("accept-new-host-keys"), "{ran}");
    }
    let page = world.run("man inventory explain");
    assert!(page.stdout.starts_with(".ie") && page.stdout.contains("mailprov\\-inventory\\-explain"), "{page}");
    let ran = world.run("man --folder pages");
    assert_eq!(ran.code, Some(0), "{ran}");
    for page in ["mailprov.1", "mailprov-up.1", "mailprov-inventory-list.1"] {
        assert!(world.path().join("pages").join(page).exists(), "{page}");
    }
    assert!(!world.path().join("pages/mailprov-agent.1").exists());
}

#[test]
fn defaults_apply_where_the_command_line_says_nothing() {
    let world = world().file("other.yaml", "all:\n  hosts:\n    mx9:\n");
    let world = world.file(".mailprov.toml", "inventory = \"other.yaml\"\nplaybook = 'play.yaml'\noutput = \"json\"\n");
    let hosts = |ran: crate::world::Outcome| {
        let line: serde_json::Value = serde_json::from_str(ran.stdout.lines().next().unwrap_or_default()).unwrap();
        line["hosts"].to_string()
    };
    assert_eq!(hosts(world.run("check --list-hosts")), r#"["mx9"]"#);
    assert_eq!(hosts(world.run("check inventory.yaml --list-hosts")), r#"["mx1","mx2"]"#);
    assert!(world.run("check --list-hosts --output text").stdout.starts_with("playbook: play.yaml"));
    // A command without the option is not disturbed.
    assert_eq!(world.run("completions bash").code, Some(0));
}

#[test]
fn defaults_of_a_folder_that_all_may_write_to_are_not_read() {
    use std::os::unix::fs::PermissionsExt;
    let world = world().file("folder/.mailprov.toml", "tags = ['nowhere']\n").file("folder/inventory.yaml", INVENTORY);
    let open =
        |mode| std::fs::set_permissions(world.path().join("folder"), std::fs::Permissions::from_mode(mode)).unwrap();
    open(0o755);
    assert_eq!(world.run_in("folder", "check --playbook ../play.yaml --list-hosts").code, Some(3));
    open(0o777);
    assert_eq!(world.run_in("folder", "check --playbook ../play.yaml --list-hosts").code, Some(0));
}

#[test]
fn tasks_are_chosen_by_name_or_by_asking() {
    let world = world();
    let tasks = |options: &str, answers: &str| -> Vec<String> {
        let ran = world.run_with_stdin(&format!("check --playbook play.yaml --list-tasks {options}"), answers);
        assert_eq!(ran.code, Some(0), "{ran}");
        let lines = ran.stdout.lines().filter(|line| line.starts_with("      "));
        lines.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
    };
    assert_eq!(tasks("", ""), ["First", "Second", "Third"]);
    assert_eq!(tasks("--start-at-task Second", ""), ["Second", "Third"]);
    assert_eq!(tasks("--start-at-task 'S*d'", ""), ["Second", "Third"]);
    assert_eq!(tasks("--step", "y\nn\nyes\n"), ["First", "Third"]);
    assert_eq!(tasks("--step", "n\nc\n"), ["Second", "Third"]);
}

#[test]
fn only_the_hosts_that_failed_are_tried_again() {
    let world = world().program("ssh", "echo $@ >> asked; exit 255");
    assert_eq!(world.run("up --playbook play.yaml --limit mx2").code, Some(5));
    let ran = world.run("check --playbook play.yaml --retry-failed --list-hosts");
    assert!(ran.stdout.contains("hosts (1)") && ran.stdout.contains("      mx2"), "{ran}");
    // Of another playbook nothing is known.
    std::fs::copy(world.path().join("play.yaml"), world.path().join("other.yaml")).unwrap();
    assert_eq!(world.run("check --playbook other.yaml --retry-failed --list-hosts").code, Some(3));
}
