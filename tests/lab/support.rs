//! The lab as the tests see it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// What a program left behind.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    fn from(output: &Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The same, after making sure of the exit status.
    #[track_caller]
    pub fn with_status(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn succeeded(self) -> Self {
        self.with_status(0)
    }
}

/// Longer than anything takes that the tests start: what hangs is found.
const LIMIT: Duration = Duration::from_secs(600);

/// Waits for a program's end, but not for ever.
#[track_caller]
pub fn ended(child: Child) -> Ran {
    let pid = Pid::from_child(&child);
    let (sender, end) = channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = end.recv_timeout(LIMIT) else {
        // Nobody has waited for it yet, so the number is still its own.
        let _ = kill_process(pid, Signal::KILL);
        panic!("a program did not end within {} s", LIMIT.as_secs());
    };
    Ran::from(&output.expect("it ends"))
}

/// `tests/lab/lab ARGS`.
#[track_caller]
pub fn lab(args: &[&str]) -> Ran {
    let mut command = Command::new(root().join("tests/lab/lab"));
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    ended(command.spawn().expect("the lab's command runs"))
}

/// The targets to use: those that `MAILPROV_HOSTS` names, or the three that every lab has.
pub fn hosts() -> Vec<String> {
    let named = std::env::var("MAILPROV_HOSTS").unwrap_or_default();
    let named = if named.is_empty() { "mail1,mail2,mail3".to_owned() } else { named };
    named.split(',').map(str::to_owned).collect()
}

/// A command as root on a lab host; its stdout.
#[track_caller]
pub fn on(host: &str, command: &str) -> String {
    lab(&["ssh", host, command]).succeeded().stdout
}

/// A command whose failure is no surprise.
pub fn try_on(host: &str, command: &str) -> Ran {
    lab(&["ssh", host, command])
}

/// Waits, but not for ever, until a condition of the shell holds on a host.
#[track_caller]
pub fn until(host: &str, condition: &str) {
    let ran = try_on(host, &format!("timeout 60 sh -c 'until {condition}; do sleep 0.1; done'"));
    assert_eq!(ran.status, 0, "{host}: `{condition}` does not become true: {}", ran.stderr);
}

/// Bare hosts.
#[track_caller]
pub fn reset(hosts: &[&str]) {
    lab(&[&["reset"], hosts].concat()).succeeded();
}

/// A bare host for the tests of one file, which leave it as a server to each other; whatever other files left there goes.
#[track_caller]
pub fn reset_once(once: &std::sync::Once, host: &str) {
    once.call_once(|| reset(&[host]));
}

/// mailprov with these arguments, from an empty folder.
pub fn mailprov(args: &[&str]) -> Ran {
    mailprov_with(args, "")
}

/// The same with something on its stdin.
pub fn mailprov_with(args: &[&str], stdin: &str) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    ran(program(folder.path()).args(args), stdin)
}

/// A program with something on its stdin, to its end.
pub fn ran(command: &mut Command, stdin: &str) -> Ran {
    use std::io::Write;
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("mailprov starts");
    child.stdin.take().expect("stdin").write_all(stdin.as_bytes()).expect("stdin takes it");
    ended(child)
}

/// The program under test, in a folder, with a home and an environment of its own: whoever runs the tests may have
/// defaults, keys and vaults.
pub fn program(folder: &Path) -> Command {
    settled(Command::new(binary()), folder)
}

/// The same as the leader of a session, which takes the terminal that is its stdin.
pub fn session(folder: &Path) -> Command {
    let mut command = settled(Command::new("setsid"), folder);
    command.env("TERM", "xterm-256color").args(["--ctty", "--wait"]).arg(binary());
    command
}

fn settled(mut command: Command, folder: &Path) -> Command {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("home");
    std::fs::create_dir_all(&home).expect("a home");
    command.current_dir(folder).env_clear().env("HOME", home).env("PATH", "/usr/bin:/bin");
    command
}

/// The program under test: the one that was built with the tests, or another one (a release) at `MAILPROV_BINARY`.
pub fn binary() -> PathBuf {
    std::env::var_os("MAILPROV_BINARY").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_mailprov")), PathBuf::from)
}

/// The host of tests that need one: mail1, or the first of `MAILPROV_HOSTS`.
pub fn one_host() -> String {
    hosts().swap_remove(0)
}

/// The hosts of a test that needs three.
#[track_caller]
pub fn three_hosts() -> [String; 3] {
    let mut hosts = hosts();
    hosts.truncate(3);
    hosts.try_into().unwrap_or_else(|hosts| panic!("three hosts are needed, MAILPROV_HOSTS names {hosts:?}"))
}

/// The hosts' full names, for `--limit`.
pub fn limit(hosts: &[String]) -> String {
    hosts.iter().map(|host| fqdn(host)).collect::<Vec<_>>().join(",")
}

/// What arrived for somebody; of what arrived for others, only what mentions `about`.
pub fn received(recipient: &str, about: &str) -> String {
    let folder = lab(&["path", "--root", "mx"]).succeeded().stdout.trim().to_owned() + "/var/mail/lab/Maildir/new";
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        if let Some(mail) = newest(Path::new(&folder), recipient, about) {
            return mail;
        }
        if std::time::Instant::now() > deadline {
            return format!("nothing arrived for {recipient}");
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// Looks at the last minute's messages alone: other tests leave tens of thousands.
fn newest(folder: &Path, recipient: &str, about: &str) -> Option<String> {
    let found = std::fs::read_dir(folder).ok()?.flatten().filter_map(|entry| {
        let time = entry.metadata().ok()?.modified().ok()?;
        let is_new = time.elapsed().is_ok_and(|age| age < std::time::Duration::from_secs(60));
        let text = is_new.then(|| std::fs::read(entry.path()).ok()).flatten()?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let is_for = |line: &str| {
            line.split_once(": ").is_some_and(|(name, value)| {
                matches!(name, "Delivered-To" | "X-Original-To") && value.eq_ignore_ascii_case(recipient)
            })
        };
        let fits = text.lines().take_while(|line| !line.is_empty()).any(is_for) && text.contains(about);
        fits.then_some((time, text))
    });
    found.max_by_key(|(time, _)| *time).map(|(_, text)| text)
}

/// Path of the lab's inventory for this user.
pub fn inventory(user: &str) -> String {
    lab(&["inventory", user]).succeeded().stdout.trim().to_owned()
}

/// The address of a lab host.
#[track_caller]
pub fn address(host: &str) -> String {
    let status = lab(&["status"]).stdout;
    let line = status.lines().find(|line| line.split_whitespace().next() == Some(host));
    line.and_then(|line| line.split_whitespace().nth(1)).expect("the host has an address").to_owned()
}

/// A lab host's full name.
pub fn fqdn(host: &str) -> String {
    format!("{host}.mydomain.local")
}

/// The events of a run with `--output json`.
pub fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// (host, task) → status, for the tasks of a run with `--output json`; there has to be one.
#[track_caller]
pub fn statuses(ran: &Ran) -> BTreeMap<(String, String), String> {
    let events = events(ran);
    let is_task = |event: &Value| event["event"]["type"] == "task_finished";
    assert!(events.iter().any(is_task), "no task was told of:\n{}{}", ran.stdout, ran.stderr);
    let finished = events.iter().filter(|event| is_task(event));
    finished
        .map(|event| {
            let task = &event["event"]["task"];
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let name = format!("{:03} {}", task["id"], text(&task["name"]));
            ((text(&event["host"]), name), text(&event["event"]["status"]))
        })
        .collect()
}

/// Only the tasks of this status.
#[track_caller]
pub fn with_status(ran: &Ran, status: &str) -> Vec<(String, String)> {
    statuses(ran).into_iter().filter(|(_, is)| is == status).map(|(key, _)| key).collect()
}

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// That two texts are the same, or the lines in which they differ.
#[track_caller]
pub fn assert_same(left: &str, right: &str, what: &str) {
    let diff = similar::TextDiff::from_lines(left, right);
    let lines: Vec<_> = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal).collect();
    let shown: Vec<_> = lines.iter().map(|change| format!("{}{}", change.tag(), change.value())).collect();
    let shown = shown.concat();
    assert!(lines.is_empty(), "{what}:\n{shown}");
}

/// Everything on a host's disk that was changed since its image: path → kind, mode, owner, size, time.
/// Logs are left out: that somebody logged in is written there by the host itself.
#[track_caller]
pub fn disk(host: &str) -> BTreeMap<String, String> {
    let upper = PathBuf::from(lab(&["path", host]).succeeded().stdout.trim().to_owned());
    let mut found = BTreeMap::new();
    collect(&upper, &upper, &mut found);
    // What booting writes is there in any case.
    assert!(found.contains_key("var"), "{} is no host's disk", upper.display());
    found
}

fn collect(top: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
    use std::os::unix::fs::MetadataExt;
    // Besides logs: what rpm itself makes beside its database when it is merely asked.
    const NOT_OURS: &[&str] =
        &["var/log", "run", "tmp", "var/lib/systemd", "var/lib/rpm/rpmdb.sqlite-shm", "var/lib/rpm/rpmdb.sqlite-wal"];
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let shown = path.strip_prefix(top).expect("below the top").to_string_lossy().into_owned();
        // Those of systemd's own helpers come and go with them, half a minute after they were last asked.
        let is_private = shown.starts_with("var/tmp/systemd-private-");
        if NOT_OURS.contains(&shown.as_str()) || is_private {
            continue;
        }
        let Ok(meta) = path.symlink_metadata() else { continue };
        // A folder's own size and time follow from its entries, which are listed.
        let (size, time) =
            if meta.is_dir() { (0, 0) } else { (meta.size(), meta.mtime_nsec() + meta.mtime() * 1_000_000_000) };
        // The folder of rpm's database is touched by that, too; what is in it is looked at.
        if shown != "var/lib/rpm" {
            found.insert(shown, format!("{:o} {}:{} {size} {time}", meta.mode(), meta.uid(), meta.gid()));
        }
        if meta.is_dir() {
            collect(top, &path, found);
        }
    }
}

/// What is to be the same before and after, or on two hosts: files of /etc with metadata, attributes (ACLs among them) and
/// digest, packages, unit states, all zones of the firewall, both host names.
#[track_caller]
pub fn manifest(host: &str) -> String {
    let text = on(
        host,
        r#"cd /etc; find . ! -name '*.db' ! -name 'mtab' ! -name '.updated' ! -name 'ld.so.cache' -printf '%p %y %m %u:%g %l\n' | sort
        find . -name '*.db' -printf '%p %y %m %u:%g\n' | sort
        /usr/libexec/platform-python -c 'import os; paths = sorted(os.path.join(top, name) for top, folders, files in os.walk(".") for name in folders + files); [print(path, name, os.getxattr(path, name, follow_symlinks=False)) for path in paths for name in sorted(os.listxattr(path, follow_symlinks=False))]'
        find . -type f ! -name '*.db' ! -name 'ld.so.cache' ! -name '.updated' -print0 | sort -z | xargs -0 sha256sum
        for db in postfix/*.db aliases.db; do [ -e $db ] && { echo $db; postmap -s hash:/etc/${db%.db} | grep -v ^YP_ | sort; }; done
        rpm -qa 2>/dev/null | sort
        for unit in postfix firewalld sshd; do systemctl show -p Id,LoadState,ActiveState,UnitFileState $unit; done
        firewall-cmd --list-all-zones; firewall-cmd --permanent --list-all-zones; hostnamectl --static; hostname"#,
    );
    for part in ["./passwd f 644 root:root", "  ./passwd\n", "\nrocky-release-", "\nId="] {
        assert!(text.contains(part), "{host}: {part:?} is missing:\n{text}");
    }
    text
}
