//! From nothing to a working server, doing only what the program says.

use crate::support::{address, fqdn, inventory, on, one_host, program, reset};

/// The commands in a text of the program's: lines that are indented and begin with its name, without their comment.
fn commands(text: &str) -> Vec<Vec<String>> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("    mailprov "));
    lines.map(|line| shlex::split(line).expect("a command line")).collect()
}

/// What an option of ssh is set to in the lab's inventory.
fn setting<'t>(inventory: &'t str, name: &str) -> &'t str {
    let line = inventory.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(": "));
    line.expect("the lab's inventory has it")
}

#[test]
fn init_leads_to_a_working_server() {
    let host = one_host();
    reset(&[&host]);
    let folder = tempfile::tempdir().expect("a folder");
    let run = |words: &[String]| {
        let output = program(folder.path()).args(words).output().expect("mailprov starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{words:?}:\n{}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    };
    // How the lab's hosts are reached is known to whoever runs them; all else is said by the program.
    let lab = std::fs::read_to_string(inventory("root")).expect("the lab's inventory");
    let server = format!("{}={}", fqdn(&host), address(&host));
    let words = [
        "init",
        &server,
        "-u",
        "root",
        "--private-key",
        setting(&lab, "ansible_ssh_private_key_file"),
        "--ssh-args",
        setting(&lab, "ansible_ssh_common_args"),
    ];
    let told = run(&words.map(str::to_owned));
    let next = commands(&told);
    let names: Vec<&str> = next.iter().filter_map(|words| words.first()).map(String::as_str).collect();
    assert_eq!(names, ["lint", "check", "up", "verify"], "{told}");
    for words in &next {
        run(words);
    }
    assert_eq!(on(&host, "systemctl is-active postfix"), "active\n");
    assert_eq!(on(&host, "postconf -h myhostname"), format!("{}\n", fqdn(&host)));
}
