//! What the program says about wrong input: the whole message of each, as a person sees it.

#![expect(clippy::expect_used, reason = "a test")]

use std::fmt::Write as _;

use crate::world::World;

const INVENTORY: &str = "all:\n  hosts:\n    mx1:\n";
const PLAY: &str = "- hosts: all\n  tasks:\n    - ping:\n";

/// A folder with these files, and what `lint` says about it.
fn lint(inventory: &str, playbook: &str, options: &str) -> String {
    let world = World::new().file("inventory.yaml", inventory).file("play.yaml", playbook);
    world.run(&format!("lint --playbook play.yaml {options}")).to_string()
}

/// All messages of a group, each below what was wrong.
fn said<'a>(cases: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut text = String::new();
    for (what, said) in cases {
        writeln!(text, "===== {what}\n{said}\n").expect("text takes it");
    }
    text
}

#[test]
fn wrong_inventories() {
    let cases = [
        ("a tab", "all:\n\thosts:\n"),
        ("wrong indentation", "all:\n  hosts:\n    mx1:\n   mx2:\n"),
        ("a key twice", "all:\n  hosts:\n    mx1:\n    mx1:\n"),
        ("a misspelt key", "all:\n  host:\n    mx1:\n"),
        ("a list of hosts", "all:\n  hosts: [mx1, mx2]\n"),
        ("no mapping", "- mx1\n- mx2\n"),
        ("no host at all", "all:\n  hosts:\n"),
        ("a group in itself", "web:\n  children:\n    eu:\neu:\n  children:\n    web:\n"),
        ("a range without an end", "all:\n  hosts:\n    mx[1:]:\n"),
        ("a range that runs backwards", "all:\n  hosts:\n    mx[9:1]:\n"),
        ("a port that is none", "all:\n  hosts:\n    mx1: {ansible_port: smtp}\n"),
        ("a connection that is none", "all:\n  hosts:\n    mx1: {ansible_connection: telnet}\n"),
        ("a way to become root that is none", "all:\n  hosts:\n    mx1: {ansible_become_method: su}\n"),
        ("an open quote", "all:\n  hosts:\n    mx1: {ansible_host: \"10.0.0.1}\n"),
        ("a template that needs itself", "all:\n  hosts:\n    mx1: {ansible_host: '{{ ansible_host }}'}\n"),
    ];
    insta::assert_snapshot!(said(cases.map(|(what, inventory)| (what, lint(inventory, PLAY, "")))));
}

#[test]
fn wrong_playbooks() {
    let task = |task: &str| format!("- hosts: all\n  tasks:\n    - {task}\n");
    let cases = [
        ("a play without hosts", "- tasks: []\n".to_owned()),
        ("a misspelt keyword of a play", "- hosts: all\n  task:\n    - ping:\n".to_owned()),
        ("hosts that are not there", "- hosts: web\n  tasks:\n    - ping:\n".to_owned()),
        ("an unknown module", task("cp: {src: a, dest: /b}")),
        ("two modules in one task", task("ping:\n      debug: {msg: a}")),
        ("no module", task("name: nothing")),
        ("a misspelt keyword of a task", task("ping:\n      wen: true")),
        ("a misspelt argument", task("copy: {content: a, dst: /b}")),
        ("a missing argument", task("copy: {content: a}")),
        ("a wrong type", task("service: {name: postfix, enabled: perhaps}")),
        ("a choice that is none", task("service: {name: postfix, state: running}")),
        ("a mode that YAML reads as a decimal number", task("file: {path: /a, state: directory, mode: 644}")),
        ("a role that is not there", "- hosts: all\n  roles: [nowhere]\n".to_owned()),
        ("a handler that is not there", task("ping:\n      notify: restart")),
        ("a loop over text", task("debug: {msg: '{{ item }}'}\n      loop: abc")),
        ("a block without tasks", task("block: []")),
        ("a rescue without a block", task("ping:\n      rescue: []")),
        ("a file that is not there", task("copy: {src: nowhere.txt, dest: /a}")),
        ("a template that is not there", task("template: {src: nowhere.j2, dest: /a}")),
        ("a keyword that is not supported", task("ping:\n      delegate_to: localhost")),
        ("text in place of a playbook", "just text\n".to_owned()),
        ("no play at all", "[]\n".to_owned()),
    ];
    insta::assert_snapshot!(said(cases.map(|(what, playbook)| (what, lint(INVENTORY, &playbook, "")))));
}

#[test]
fn wrong_templates() {
    let cases = [
        ("an undefined variable", "{{ mail_domian }}"),
        ("a misspelt fact", "{{ ansible_distributon }}"),
        ("a fact that is not gathered", "{{ ansible_lsb }}"),
        ("an unknown filter", "{{ 'a' | uper }}"),
        ("a filter that is not supported", "{{ [1, 2] | random }}"),
        ("a test that is not supported", "{{ '/etc' is directory }}"),
        ("an unknown test", "{{ 1 is odds }}"),
        ("an unknown function", "{{ rang(3) }}"),
        ("a lookup that is not supported", "{{ lookup('pipe', 'date') }}"),
        ("an open brace", "{{ 'a' }"),
        ("an open block", "{% if true %}a"),
        ("a block that ends twice", "{% endif %}"),
        ("a missing operand", "{{ 1 + }}"),
        ("an include", "{% include 'a.j2' %}"),
    ];
    let play =
        |template: &str| format!("- hosts: all\n  tasks:\n    - debug:\n        msg: >-\n          {template}\n");
    insta::assert_snapshot!(said(cases.map(|(what, template)| (what, lint(INVENTORY, &play(template), "")))));
}

#[test]
fn wrong_options() {
    let cases = [
        ("a misspelt command", "upp"),
        ("a misspelt option", "up --chek"),
        ("a number that is none", "up --forks many"),
        ("no fork", "up --forks 0"),
        ("an inventory that is not there", "lint nowhere.yaml"),
        ("a playbook that is not there", "lint --playbook nowhere.yaml"),
        ("a limit that matches nothing", "lint --limit mx9"),
        ("a tag that no task has", "check --playbook play.yaml --tags nowhere"),
        ("a variable without a value", "lint -e domain"),
        ("an open quote", "lint -e \"a='b\""),
        ("a mapping that ends too early", "lint -e '{a: ['"),
        ("a file of variables that is not there", "lint -e @nowhere.yaml"),
        ("a task that is not there", "check --playbook play.yaml --start-at-task pin"),
        ("a module that is not there", "doc cppy"),
        ("no mail address", "verify --send-to nobody"),
        ("nothing to try again", "check --playbook play.yaml --retry-failed"),
        ("a server without a domain", "init mail"),
        ("a server's address that is none", "init 'mail.example.net=a b' "),
        ("a network with host bits", "init mail.example.net --networks 10.0.0.1/24 --file new.yaml"),
        ("an inventory that is there already", "init mail.example.net"),
        ("nothing said to init", "init --file new.yaml"),
        ("a command without a page", "man nowhere"),
    ];
    let world = World::new().file("inventory.yaml", INVENTORY).file("play.yaml", PLAY);
    insta::assert_snapshot!(said(cases.map(|(what, words)| (what, world.run(words).to_string()))));
}

#[test]
fn wrong_defaults() {
    let cases = [
        ("no TOML", "forks = \n"),
        ("a misspelt option", "fork = 3\n"),
        ("a value of the wrong type", "forks = true\n"),
        ("a number out of range", "forks = 0\n"),
        ("a decision of the moment", "step = true\n"),
        ("no such choice", "output = \"xml\"\n"),
    ];
    insta::assert_snapshot!(said(cases.map(|(what, defaults)| {
        let world = World::new().file("inventory.yaml", INVENTORY).file("play.yaml", PLAY);
        (what, world.file(".mailprov.toml", defaults).run("check --playbook play.yaml").to_string())
    })));
}

#[test]
fn hosts_that_cannot_be_reached() {
    // What OpenSSH 8 and 9 write into their log (`-E`), and their exit status.
    let cases = [
        ("a name that is not found", "ssh: Could not resolve hostname mx1: Name or service not known"),
        ("a port that is closed", "ssh: connect to host mx1 port 22: Connection refused"),
        ("no answer", "ssh: connect to host mx1 port 22: Connection timed out"),
        ("no way there", "ssh: connect to host mx1 port 22: No route to host"),
        (
            "an unknown key",
            "No ED25519 host key is known for mx1 and you have requested strict checking.\nHost key verification failed.",
        ),
        (
            "a changed key",
            "@@@@@@@@@@@\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n@@@@@@@@@@@\nOffending ED25519 key in /root/.ssh/known_hosts:3\nHost key for mx1 has changed and you have requested strict checking.\nHost key verification failed.",
        ),
        ("a login that is refused", "root@mx1: Permission denied (publickey,gssapi-keyex,gssapi-with-mic,password)."),
        ("too many keys", "Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures"),
        (
            "a key that is missing",
            "no such identity: /nowhere: No such file or directory\nroot@mx1: Permission denied (publickey).",
        ),
        ("an end before the beginning", "kex_exchange_identification: Connection closed by remote host"),
    ];
    let inventory = "all:\n  hosts:\n    mx1:\n  vars:\n    ansible_ssh_executable: ./ssh\n";
    insta::assert_snapshot!(said(cases.map(|(what, log)| {
        let script = "while [ $# -gt 0 ]; do [ \"$1\" = -E ] && cp log \"$2\"; shift; done; exit 255";
        let world = World::new().file("inventory.yaml", inventory).file("play.yaml", PLAY);
        let world = world.file("log", &format!("{log}\n")).program("ssh", script);
        (what, world.run("check --playbook play.yaml").to_string())
    })));
}
