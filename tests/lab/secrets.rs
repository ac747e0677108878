//! Secrets are planted wherever they can come from, and looked for in everything that can be seen.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use crate::support::{Ran, fqdn, inventory, mailprov, mailprov_with, on, one_host, program, ran, reset, try_on};

/// The password with which `ops` becomes root in the lab.
const PROMPTED: &str = "lab-secret-ops";

/// In the name of a file: it stands in the journal as it does in the folder, and is hidden where the vault can be opened.
const IN_PATH: &str = "leak-of-a-path";

/// Where each comes from. None of them is anything else's text.
const SECRETS: [&str; 16] = [
    "leak-of-a-vault-file",
    "leak-of-an-inline-vault",
    "leak-of-extra-vars-file",
    "leak-of-extra-vars",
    "leak-of-a-plain-variable",
    IN_PATH,
    "leak-of-a-copied-file",
    "leak-of-no-log",
    "leak of \"quotes\" and it's blanks",
    PROMPTED,
    "leak-of-the-environment",
    "leak-of-a-looked-up-file",
    "leak-of-a-register",
    "leak-of-a-relay-password",
    // What filters make of the first one.
    "bGVhay1vZi1hLXZhdWx0LWZpbGU=",
    "adc0e9770e80a95a450c12b276380c78",
];

const PLAYBOOK: &str = r#"
- hosts: all
  become: yes
  gather_facts: no
  tasks:
    - name: A task named {{ in_file }}
      copy: {dest: /etc/leak.conf, content: "file {{ in_file }}\ninline {{ inline }}\nplain {{ relay_password }}\n"}
    - copy: {dest: "/etc/{{ in_path }}.conf", content: "nothing\n"}
    - copy: {src: sealed.txt, dest: /etc/leak.copied}
    - template: {src: leak.j2, dest: /etc/leak.rendered}
    - debug: {msg: "extra {{ in_extra_file }} {{ api_token }} {{ quoted }}"}
    - command: cat
      args: {stdin: "{{ in_file }} {{ quoted }}"}
      register: said
    - debug: {var: said}
    - set_fact: {kept: "{{ inline }}"}
    - debug: {msg: "{{ kept }}"}
    - debug: {msg: "{{ item }}"}
      loop: ["{{ in_file }}", "{{ inline }}"]
    - copy: {dest: /etc/leak.hidden, content: "leak-of-no-log\n"}
      no_log: yes
    - command: cat
      args: {stdin: leak-of-no-log}
      no_log: yes
    - command: sh -c 'cat >&2; exit 7'
      args: {stdin: "{{ in_file }}"}
      ignore_errors: yes
    - assert: {that: in_file == 'x', fail_msg: "it was {{ in_file }}"}
      ignore_errors: yes
    - lineinfile: {path: /etc/leak.conf, line: "{{ quoted }}"}
    - debug: {msg: "{{ lookup('env', 'SITE_TOKEN') }} {{ lookup('file', 'looked-up.txt') }} {{ from_a_file_secret }}"}
    - command: printf %s%s leak-of-a- register
      register: made
      no_log: yes
    - set_fact: {made_token: "{{ made.stdout }}"}
    - debug: {var: made_token}
    - copy: {dest: /etc/leak.made, content: "{{ made.stdout }} {{ in_file | b64encode }} {{ in_file | hash('md5') }}"}
    - debug: {msg: "{{ in_file | b64encode }} {{ in_file | hash('md5') }}"}
"#;

const PLAIN: &str = "
relay_password: leak-of-a-plain-variable
mail_relayhost: '[smtp.example.net]:587'
mail_relayhost_user: relay
mail_relayhost_password: leak-of-a-relay-password
from_a_file_secret: \"{{ lookup('file', 'looked-up.txt') }}\"
";

/// A folder with the inventory's variables, and the playbook.
fn world(folder: &Path, host: &str) {
    let files = [
        ("pw", "the vault's own password\n".to_owned()),
        ("play.yml", PLAYBOOK.to_owned()),
        ("site/hosts.yml", format!("all: {{hosts: {{{}: }}}}\n", fqdn(host))),
        ("site/group_vars/all/vault.yml", vault_file()),
        ("site/group_vars/all/plain.yml", PLAIN.to_owned()),
        ("files/looked-up.txt", "leak-of-a-looked-up-file\n".to_owned()),
        ("extra.yml", "in_extra_file: leak-of-extra-vars-file\n".to_owned()),
        ("files/sealed.txt", "leak-of-a-copied-file\n".to_owned()),
        ("templates/leak.j2", "{{ in_file }} and {{ inline }}\n".to_owned()),
        (
            "wrong.yml",
            "- hosts: all\n  tasks:\n    - debug: {msg: '{{ in_fil }}', password: leak-of-extra-vars}\n".to_owned(),
        ),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        fs::write(path, text).expect("files");
    }
    let path = |name: &str| folder.join(name).display().to_string();
    let vault = ["vault", "--vault-password-file", &path("pw")];
    for name in ["site/group_vars/all/vault.yml", "extra.yml", "files/sealed.txt"] {
        mailprov(&[&vault[..], &["encrypt", &path(name)]].concat()).succeeded();
    }
    let inline = [&vault[..], &["encrypt-string", "--name", "inline"]].concat();
    let inline = mailprov_with(&inline, "leak-of-an-inline-vault").succeeded().stdout;
    fs::write(folder.join("site/group_vars/all/inline.yml"), inline).expect("a file");
}

fn vault_file() -> String {
    let quoted = serde_json::to_string(SECRETS[8]).expect("JSON");
    format!("in_file: leak-of-a-vault-file\nin_path: leak-of-a-path\nquoted: {quoted}\n")
}

/// What the command lines of all programs on this machine showed, those on the lab's hosts included.
#[derive(Default)]
struct CommandLines {
    /// Those with a secret.
    with_secrets: Vec<String>,
    /// How often one of an agent was seen: that they are seen at all.
    of_agents: usize,
}

/// Looks at all command lines while this is not stopped.
fn watch_command_lines(stop: &AtomicBool) -> CommandLines {
    let mut found = CommandLines::default();
    while !stop.load(Ordering::Acquire) {
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            found.of_agents += usize::from(line.contains("/agent-"));
            found.with_secrets.extend(SECRETS.iter().filter(|secret| line.contains(**secret)).map(|_| line.clone()));
        }
    }
    found
}

/// Stops the watch at the end, and when the test fails before it.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[track_caller]
fn assert_hidden(what: &str, text: &str) {
    for secret in SECRETS {
        // As it is, as JSON writes it, and as a shell does.
        let json = serde_json::to_string(secret).expect("JSON");
        for form in [secret, json.trim_matches('"'), &secret.replace('\'', r"'\''")] {
            assert!(!text.contains(form), "{what} shows {form}:\n{text}");
        }
    }
}

#[expect(clippy::print_stderr, reason = "the numbers are for whoever reads the log")]
#[test]
fn no_secret_is_seen_anywhere() {
    let host = one_host();
    reset(&[&host]);
    let folder = tempfile::tempdir().expect("a folder");
    world(folder.path(), &host);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (ops, site, pw, playbook, plan) =
        (inventory("ops"), path("site/hosts.yml"), path("pw"), path("play.yml"), path("plan.json"));
    let name = fqdn(&host);
    let way = ["-i", &ops, "-i", &site, "--limit", &name, "--vault-password-file", &pw, "-K"];
    let nowhere = &way[..8];
    let extra = format!("@{}", path("extra.yml"));
    // What the user types after -e is on the user's own command line: here it comes from a file.
    let typed = path("typed.yml");
    fs::write(&typed, "api_token: leak-of-extra-vars\n").expect("a file");
    let typed = format!("@{typed}");
    let become_file = path("become.yml");
    fs::write(&become_file, format!("sudos: {PROMPTED}\nansible_become_password: '{{{{ sudos }}}}'\n"))
        .expect("a file");
    let tasks = ["--playbook", &playbook, "-e", &extra, "-e", &typed];
    // What contacts no host asks for no password.
    let run = |words: &[&str]| {
        let typed = if words.contains(&"-K") { format!("{PROMPTED}\n") } else { String::new() };
        ran(program(folder.path()).args(words).env("SITE_TOKEN", "leak-of-the-environment"), &typed)
    };

    let (stop, looked) = (AtomicBool::new(false), AtomicUsize::new(0));
    thread::scope(|scope| {
        let watcher = scope.spawn(|| watch_command_lines(&stop));
        let end = Stop(&stop);
        let see = |words: &[&str]| -> Ran {
            let ran = run(words);
            looked.fetch_add(1, Ordering::Relaxed);
            assert_hidden(&words.join(" "), &format!("{}{}", ran.stdout, ran.stderr));
            ran
        };
        let with_tasks = |words: &[&'static str]| -> Vec<String> {
            words.iter().chain(&way).chain(&tasks).map(|&word| word.to_owned()).collect()
        };
        let see_tasks = |words: &[&'static str]| {
            let words = with_tasks(words);
            see(&words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let with_way = |words: &[&'static str]| see(&[words, &way[..]].concat());

        see(&[&["lint"], nowhere, &tasks[..]].concat()).succeeded();
        see(&[&["up", "--list-tasks"], nowhere, &tasks[..]].concat()).succeeded();
        see(&[&["check", "--out", &plan, "--diff"], &way[..], &tasks[..]].concat()).succeeded();
        assert_hidden("the plan file", &fs::read_to_string(&plan).expect("a plan"));
        see_tasks(&["check", "--output", "json"]).succeeded();
        let up = see_tasks(&["up", "--diff", "-vv"]).succeeded();
        assert!(up.stdout.contains("********"), "{}", up.stdout);
        on(&host, "sed -i s/inline/changed/ /etc/leak.conf");
        let (page, junit) = (path("run.html"), path("run.xml"));
        let pages = ["up", "--output", "json", "-v", "--report", &page, "--junit", &junit];
        see(&[&pages[..], &way[..], &tasks[..]].concat()).succeeded();
        for file in [&page, &junit] {
            let text = fs::read_to_string(file).expect("a page").replace("&quot;", "\"").replace("&#39;", "'");
            assert!(text.contains("A task named ********"), "{text}");
            assert_hidden(file, &text);
        }
        with_way(&["history", "-v"]).succeeded();
        with_way(&["history", "--output", "json"]).succeeded();
        with_way(&["status"]).succeeded();
        with_way(&["facts"]).succeeded();
        // The built-in playbook with a relay host's password, and sudo's password from the inventory.
        let become_file = format!("@{become_file}");
        let built_in = see(&[&["check", "--diff", "-vv", "-e", &become_file], nowhere].concat());
        assert!(built_in.stdout.contains("sasl_passwd"), "{}{}", built_in.stdout, built_in.stderr);
        see(&["inventory", "list", "-i", &ops, "-i", &site, "--vault-password-file", &pw]).succeeded();
        see(&[&["up", "--playbook", &path("wrong.yml")], nowhere].concat()).with_status(3);
        see(&[&["check", "-e", r#"{"ansible_port": "{{ in_file }}"}"#], nowhere].concat()).with_status(3);
        // Later, when no password is at hand.
        let later = ["-i", &ops, "--limit", &name, "-K"];
        for words in
            [&["history", "-v"][..], &["rollback", "--check", "--diff", "-v"], &["rollback", "--output", "json"]]
        {
            let words = [words, &later[..]].concat();
            let ran = run(&words).succeeded();
            assert_hidden(&words.join(" "), &format!("{}{}", ran.stdout, ran.stderr).replace(IN_PATH, "path"));
        }
        drop(end);
        let seen = watcher.join().expect("the watcher ends");
        assert!(seen.of_agents > 0, "no agent's command line was seen");
        assert!(seen.with_secrets.is_empty(), "command lines: {:?}", seen.with_secrets);
    });
    let logs = try_on(&host, "cat /var/log/messages /var/log/secure 2>/dev/null; journalctl --no-pager 2>/dev/null");
    assert!(logs.stdout.contains("sudo"), "logins and sudo are logged: {}", logs.stderr);
    assert_hidden("the host's logs", &logs.stdout);
    on(&host, "ls /var/lib/mailprov/runs/*/journal.jsonl /run/mailprov/lock");
    let open = on(&host, "find /var/lib/mailprov /run/mailprov ! -user root -o -perm /077 ! -type l | head");
    assert!(open.trim().is_empty(), "{open}");
    let (planted, looked) = (SECRETS.len(), looked.into_inner() + 3);
    eprintln!(
        "secrets planted: {planted} / outputs, a plan, command lines and logs that were looked at: {looked} / seen: 0"
    );
}
