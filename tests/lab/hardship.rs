//! Hosts on which something stands in the way: it is said, and nothing is left half done.

use std::net::TcpStream;
use std::process::Command;

use crate::going::Going;
use crate::support::{
    Ran, address, assert_same, fqdn, inventory, lab, mailprov, manifest, on, one_host, reset, session, try_on, until,
    with_status,
};
use crate::terminal::Terminal;

/// What is undone on a host however the test ends.
struct Afterwards<'a>(&'a str, &'static str);

impl Drop for Afterwards<'_> {
    fn drop(&mut self) {
        try_on(self.0, self.1);
    }
}

fn run(host: &str, command: &str, more: &[&str]) -> Ran {
    mailprov(&[&[command, &inventory("root"), "--limit", &fqdn(host)], more].concat())
}

/// The same, to be watched while it runs.
fn start(host: &str, command: &str, more: &[&str]) -> Going {
    Going::start(&[&[command, &inventory("root"), "--limit", &fqdn(host)], more].concat())
}

#[test]
fn a_read_only_file_system_is_said_and_nothing_is_left() {
    let host = &one_host();
    reset(&[host]);
    let before = manifest(host);
    {
        let _writable = Afterwards(host, "umount /etc");
        on(host, "mount --bind /etc /etc && mount -o remount,ro,bind /etc");
        let ran = run(host, "up", &[]).with_status(4);
        assert!(ran.stdout.contains("Read-only file system"), "{}", ran.stdout);
    }
    assert_same(&before, &manifest(host), "after a read-only /etc");
    // No journal, no change.
    let _writable = Afterwards(host, "umount /var/lib/mailprov");
    on(host, "mkdir -pm 700 /var/lib/mailprov && mount -t tmpfs -o ro,mode=700 tmpfs /var/lib/mailprov");
    let ran = run(host, "up", &[]).with_status(4);
    assert!(ran.stdout.contains("/var/lib/mailprov") && ran.stdout.contains("Read-only"), "{}", ran.stdout);
    assert_same(&before, &manifest(host), "without a place for the journal");
}

#[test]
fn a_full_disk_is_said_and_the_run_is_taken_back_when_there_is_room() {
    let host = &one_host();
    reset(&[host]);
    let before = manifest(host);
    // Room for the first records, and for no more.
    on(
        host,
        "mkdir -pm 700 /var/lib/mailprov/runs && mount -t tmpfs -o size=40k,mode=700 tmpfs /var/lib/mailprov/runs",
    );
    let ran = run(host, "up", &[]).with_status(4);
    assert!(ran.stdout.contains("No space left on device"), "{}", ran.stdout);
    assert!(ran.stdout.contains("`mailprov rollback` takes the changes back"), "{}", ran.stdout);
    on(host, "mount -o remount,size=40m /var/lib/mailprov/runs");
    run(host, "rollback", &[]).succeeded();
    assert_same(&before, &manifest(host), "after a full disk");
    on(host, "umount /var/lib/mailprov/runs");
}

#[test]
fn an_immutable_file_is_said_and_the_run_is_taken_back() {
    let host = &one_host();
    reset(&[host]);
    run(host, "up", &[]).succeeded();
    let before = manifest(host);
    on(host, "chattr +i /etc/postfix/header_checks.regexp");
    let mutable = Afterwards(host, "chattr -i /etc/postfix/header_checks.regexp");
    let ran = run(host, "up", &["-e", "mail_sender=x@mydomain.local"]);
    let ran = ran.with_status(4);
    assert!(ran.stdout.contains("immutable") && ran.stdout.contains("chattr -i"), "{}", ran.stdout);
    drop(mutable);
    assert_same(&before, &manifest(host), &ran.stdout);
}

#[test]
fn another_package_manager_is_waited_for() {
    let host = &one_host();
    reset(&[host]);
    // dnf's own lock in dnf's own way, and then that of rpm below it.
    let dnf = "import dnf, signal; base = dnf.Base(); lock = dnf.lock.build_rpmdb_lock(base.conf.persistdir, True); \
               lock.__enter__(); print('held', flush=True); signal.pause()";
    let rpm = "import fcntl, signal; file = open('/var/lib/rpm/.rpm.lock', 'w'); fcntl.lockf(file, fcntl.LOCK_EX); \
               print('held', flush=True); signal.pause()";
    for (program, is_last) in [(dnf, false), (rpm, true)] {
        let unit =
            format!("systemd-run -q --unit=other --collect -p StandardOutput=file:/run/other python3 -c \"{program}\"");
        on(host, &format!("rm -f /run/other; {unit}"));
        until(host, "grep -q held /run/other");
        let _released = Afterwards(host, "systemctl stop other");
        let mut up = start(host, "up", &["--skip-tags", "verify"]);
        let seen = up.until_line("waiting for another package manager");
        assert!(seen.contains("600 s at the most"), "{seen}");
        if is_last {
            on(host, "systemctl stop other");
            assert_eq!(up.finish().status, 0);
            on(host, "rpm -q postfix");
        } else {
            // Whoever does not want to wait need not.
            up.interrupt();
            assert_eq!(up.finish().status, 130);
            assert_eq!(on(host, "pgrep -a dnf; true"), "", "dnf is still there");
        }
    }
}

/// No agent, no package manager, no lock, no temporary file.
#[track_caller]
fn assert_quiet(host: &str) {
    let left = on(host, "pgrep -a 'agent-|dnf|rpm'; find /etc /var/lib -name '.mailprov-*'; true");
    assert_eq!(left, "", "something was left behind");
    let status = run(host, "status", &[]).succeeded().stdout;
    assert!(!status.contains("at work:"), "{status}");
}

#[test]
fn an_interrupted_run_leaves_nothing_behind() {
    let host = &one_host();
    reset(&[host]);
    let before = manifest(host);
    let mut up = start(host, "up", &["-v"]);
    // In the middle of dnf's transaction.
    up.until_line("Running transaction");
    up.interrupt();
    let ran = up.finish().with_status(130);
    // It is still told what the host does after it was told to stop.
    assert!(ran.stdout.contains("rolled back"), "{}", ran.stdout);
    assert_quiet(host);
    assert_same(&before, &manifest(host), &ran.stdout);
    let history = run(host, "history", &[]).succeeded().stdout;
    assert!(history.contains("rolled back"), "{history}");
}

/// A task that takes no notice of being told to go, so that after the first Ctrl-C there is something to wait for.
const DEAF: &str = r#"
- hosts: all
  tasks:
    - copy: {dest: /etc/mailprov-deaf, content: "here\n"}
    - command: {cmd: sh -c "trap '' TERM; touch /run/mailprov-deaf; sleep 600"}
"#;

#[test]
fn the_second_ctrl_c_leaves_at_once_and_the_host_takes_its_run_back() {
    let host = &one_host();
    let _cleared = Afterwards(host, "rm -f /run/mailprov-deaf /etc/mailprov-deaf");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("deaf.yaml"), DEAF).expect("written");
    let mut command = session(folder.path());
    command.args(["up", &inventory("root"), "--limit", &fqdn(host), "--playbook", "deaf.yaml"]);
    let mut terminal = Terminal::start(command, (80, 24));
    until(host, "test -e /run/mailprov-deaf");
    terminal.press("\u{3}");
    terminal.wait_for("Press Ctrl-C again to leave them at once.");
    let since = std::time::Instant::now();
    terminal.press("\u{3}");
    let left = terminal.end();
    let (took, shown) = (since.elapsed(), left.lines.join("\n"));
    assert_eq!(left.code, Some(130), "{shown}");
    // The host gives the task 5 s to go.
    assert!(took.as_secs() < 3, "{took:?}\n{shown}");
    assert_eq!((left.column, left.cursor_hidden, left.colours_restored), (0, false, true), "{shown}");
    assert!(shown.contains("the connection was dropped while the host was at work"), "{shown}");
    assert!(!shown.contains("hosts done") && !shown.contains("^C"), "a remnant:\n{shown}");
    assert!(!left.bytes.contains(&7), "the terminal was made to ring");
    until(host, "! pgrep agent-");
    on(host, "test ! -e /etc/mailprov-deaf");
    let status = run(host, "status", &[]).succeeded().stdout;
    assert!(status.contains("takes back") && !status.contains("at work:"), "{status}");
}

#[test]
fn a_host_that_dies_in_a_run_says_so_when_it_is_back() {
    let host = &one_host();
    let dnf = "Running transaction";
    for (moment, then) in [(dnf, "up"), (dnf, "rollback"), ("Listen on the network", "rollback")] {
        reset(&[host]);
        let before = manifest(host);
        let mut up = start(host, "up", &["-v"]);
        up.until_line(moment);
        // A power cut; the controller would take half a minute to see it.
        lab(&["kill", host]).succeeded();
        up.kill();
        lab(&["boot", host]).succeeded();
        let check = run(host, "check", &[]);
        assert!(check.stdout.contains("was cut off before its end"), "{}", check.stdout);
        if then == "up" {
            run(host, "up", &[]).succeeded();
            TcpStream::connect((address(host), 25)).expect("Postfix listens");
            let again = run(host, "up", &["--output", "json"]).succeeded();
            assert_eq!(with_status(&again, "changed"), [], "the second run changed something");
        } else {
            let ran = run(host, "rollback", &[]).succeeded();
            assert_same(&before, &manifest(host), &format!("{moment}, then {then}: {}", ran.stdout));
        }
    }
}

/// Changes one file, waits for as long as `/run/wait` is there, and changes another.
const WAITING_PLAY: &str = "- hosts: all
  tasks:
    - copy: {dest: /etc/first, content: x}
    - command: sh -c 'echo begun >/run/begun; while [ -e /run/wait ]; do sleep 0.1; done'
    - copy: {dest: /etc/second, content: x}
";

/// A run of that play that waits now.
fn waiting(host: &str, folder: &tempfile::TempDir, more: &[&str]) -> Going {
    let playbook = folder.path().join("play.yaml");
    std::fs::write(&playbook, WAITING_PLAY).expect("written");
    on(host, "rm -f /run/begun; touch /run/wait");
    let run = start(host, "up", &[&["--playbook", &playbook.to_string_lossy()], more].concat());
    until(host, "[ -e /run/begun ]");
    run
}

#[test]
fn a_second_controller_is_told_who_is_at_work() {
    let host = &one_host();
    reset(&[host]);
    let folder = tempfile::tempdir().expect("a folder");
    let first = waiting(host, &folder, &[]);
    let me = format!(
        "root@{}",
        String::from_utf8_lossy(&Command::new("uname").arg("-n").output().expect("uname").stdout).trim()
    );
    for ran in [run(host, "up", &[]), run(host, "rollback", &[])] {
        let ran = ran.with_status(4);
        let line = ran.stdout.lines().find(|line| line.contains("error: ")).unwrap_or_default();
        let says = format!("error: lock this host: {me} is at work on it (process ");
        assert!(line.trim().starts_with(&says) && line.contains("there, since 20"), "{}", ran.stdout);
    }
    let status = run(host, "status", &[]).succeeded().stdout;
    assert!(status.contains("at work:") && status.contains(&me) && status.contains("running"), "{status}");
    let check = run(host, "check", &[]).stdout;
    assert!(check.contains("another run is at work on this host"), "{check}");
    on(host, "rm /run/wait");
    assert_eq!(first.finish().status, 0);
    assert_eq!(on(host, "cat /etc/first /etc/second"), "xx");
}

#[test]
fn a_run_that_loses_its_controller_ends_by_its_policy() {
    let host = &one_host();
    reset(&[host]);
    let folder = tempfile::tempdir().expect("a folder");
    for (more, kept, outcome) in [(&[][..], "", "rolled back"), (&["--no-rollback"][..], "/etc/first\n", "failed")] {
        let up = waiting(host, &folder, more);
        up.kill();
        until(host, "flock -n /run/mailprov/lock true");
        assert_eq!(on(host, "ls /etc/first /etc/second 2>/dev/null; true"), kept);
        assert_quiet(host);
        let history = run(host, "history", &[]).succeeded().stdout;
        assert!(history.contains(outcome), "{history}");
        // Whoever comes next hears of it, even if nobody heard the run.
        let became = if kept.is_empty() { "was taken back" } else { "what it did so far stays" };
        let check = run(host, "check", &[]).stdout;
        assert!(check.contains(&format!("was stopped before its end, and {became}")), "{check}");
    }
}

#[test]
fn a_controller_that_is_lost_in_the_last_task_is_lost_in_the_run() {
    let host = &one_host();
    reset(&[host]);
    let folder = tempfile::tempdir().expect("a folder");
    let playbook = folder.path().join("play.yaml");
    std::fs::write(&playbook, "- hosts: all\n  tasks:\n    - dnf: {name: postfix}\n").expect("written");
    let mut up = start(host, "up", &["-v", "--playbook", &playbook.to_string_lossy()]);
    up.until_line("Running transaction");
    up.kill();
    until(host, "flock -n /run/mailprov/lock true");
    assert_eq!(on(host, "rpm -q postfix; true"), "package postfix is not installed\n");
}
