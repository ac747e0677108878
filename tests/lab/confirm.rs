//! A run that changed the way in is confirmed over a new connection, or the host takes it back: `docs/confirm.md`.
//!
//! `MAILPROV_HOSTS` names the hosts (mail1,mail2,mail3); the scenarios are shared out among them.

mod wire;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::going::Going;
use crate::guarantees;
use crate::support::{address, assert_same, disk, hosts, inventory, lab, mailprov, manifest, on, reset, try_on};
use wire::confirm;

/// Seconds to wait for a confirmation: short for a test, long enough for a busy machine to come in anew.
const WITHIN: &str = "10";

/// The same where much has to happen within that time.
const LONG: &str = "30";

/// Time to take a run back, on a busy machine, once nobody has confirmed it; a boot included.
const PATIENCE: Duration = Duration::from_secs(60);

type Scenario = (&'static str, fn(&Host));

const SCENARIOS: &[Scenario] = &[
    ("a play closes ssh", a_play_closes_ssh),
    ("a play breaks sshd", a_play_breaks_sshd),
    ("the controller is killed before it confirms", the_controller_is_killed),
    ("the link is cut during the run", the_link_is_cut),
    ("the host is rebooted inside the window", the_host_is_rebooted),
    ("a second run while one waits", a_second_run),
    ("a confirmation of an older run", a_stale_confirmation),
    ("the agent is killed, and nobody comes", the_agent_is_killed),
    ("the agent is killed, and the host is rebooted", the_agent_is_killed_and_the_host_is_rebooted),
    ("the agent is killed, and a new run takes over", a_new_run_takes_over),
    ("a plan is refused after a guard was taken over", a_plan_is_refused),
    ("a guard was left over", a_guard_was_left_over),
    ("a rollback closes the door", a_rollback_closes_the_door),
    ("nothing of the way in changes", nothing_of_it_changes),
];

#[test]
#[expect(clippy::print_stdout, reason = "the result of the test is a line that is read")]
fn nobody_is_locked_out() {
    let names = hosts();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    reset(&names);
    let next = AtomicUsize::new(0);
    let locked_out = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for name in &names {
            let (next, locked_out) = (&next, &locked_out);
            scope.spawn(move || {
                let host = Host::new(name);
                while let Some((what, scenario)) = SCENARIOS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    let result = std::panic::catch_unwind(|| {
                        scenario(&host);
                        host.is_as_before();
                    });
                    println!("{name}: {what}: {} s", began.elapsed().as_secs());
                    if result.is_err() {
                        locked_out.lock().expect("a list").push(*what);
                        lab(&["plug", name]);
                        reset(&[name]);
                    }
                }
            });
        }
    });
    let locked_out = locked_out.into_inner().expect("a list");
    guarantees::tell("confirm scenarios tried", SCENARIOS.len(), "locked out", locked_out.len(), "lab confirm");
    assert!(locked_out.is_empty(), "{locked_out:?}");
}

/// A bare host, and what it was like.
struct Host {
    name: String,
    before: String,
    folder: tempfile::TempDir,
}

impl Host {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), before: manifest(name), folder: tempfile::tempdir().expect("a folder") }
    }

    /// A playbook with these tasks.
    fn play(&self, name: &str, tasks: &[&str]) -> String {
        let path = self.folder.path().join(name);
        let tasks = tasks.iter().fold(String::new(), |text, task| text + "    - " + task + "\n");
        std::fs::write(&path, format!("- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}")).expect("written");
        path.to_string_lossy().into_owned()
    }

    /// The arguments for a run of these tasks.
    fn up(&self, tasks: &[&str]) -> Vec<String> {
        self.up_within(WITHIN, tasks)
    }

    /// The same, with this time to be confirmed in.
    fn up_within(&self, within: &str, tasks: &[&str]) -> Vec<String> {
        let playbook = self.play("play.yaml", tasks);
        let args = ["up", &inventory("root"), "--limit", &self.limit(), "--playbook", &playbook];
        let args = args.into_iter().chain(["--confirm-timeout", within, "--output", "json"]);
        args.map(str::to_owned).collect()
    }

    fn limit(&self) -> String {
        format!("{}.mydomain.local", self.name)
    }

    /// Runs these tasks to their end.
    fn run(&self, tasks: &[&str]) -> crate::support::Ran {
        mailprov(&self.up(tasks).iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Undoes the newest run.
    fn rollback(&self) -> crate::support::Ran {
        mailprov(&["rollback", &inventory("root"), "--limit", &self.limit()])
    }

    /// Runs these tasks and kills the controller when it sets out to confirm; gives the run.
    fn unconfirmed(&self, within: &str, tasks: &[&str]) -> String {
        let mut going = Going::start(&self.up_within(within, tasks));
        let event = going.until_event("confirming");
        going.kill();
        event["run_id"].as_str().expect("a run").to_owned()
    }

    fn records(&self, run: &str) -> String {
        on(&self.name, &format!("cat /var/lib/mailprov/runs/{run}/journal.jsonl"))
    }

    fn was_taken_back(&self, run: &str) -> bool {
        let ran = try_on(&self.name, &format!("grep -c rolled_back /var/lib/mailprov/runs/{run}/journal.jsonl"));
        ran.stdout.trim() == "1"
    }

    /// Waits until the host has taken the run back and is done with it.
    #[track_caller]
    fn takes_back(&self, run: &str) {
        let began = Instant::now();
        while !self.was_taken_back(run) || self.guards() != "" {
            assert!(began.elapsed() < PATIENCE, "{run} is not taken back: {}", self.guards());
            std::thread::sleep(Duration::from_millis(500));
        }
        assert!(!self.records(run).contains("\"confirmed\""));
    }

    /// Everything that guards a run: files, and units that systemd knows.
    fn guards(&self) -> String {
        let units = "systemctl list-units --all --no-legend --plain 'mailprov-*' | cut -d' ' -f1";
        let files = "find /var/lib/mailprov/guard /etc/systemd /usr/local/libexec/mailprov-guard -name '*mailprov*' -o -name agent";
        // A program that has just removed its own files may not have ended yet.
        try_on(&self.name, &format!("{files} 2>/dev/null; {units}")).stdout
    }

    /// Reached anew, and the same as before.
    #[track_caller]
    fn is_as_before(&self) {
        let began = Instant::now();
        while self.guards() != "" && began.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(200));
        }
        assert_eq!(self.guards(), "");
        assert_same(&self.before, &manifest(&self.name), "the host is not as before");
    }
}

const OPEN: &str = "firewalld: {port: 8025/tcp, state: enabled, permanent: true, immediate: true}";
const CLOSE: &str = "firewalld: {service: ssh, state: disabled, permanent: true, immediate: true}";

fn a_play_closes_ssh(host: &Host) {
    let ran = host.run(&[CLOSE]).with_status(4);
    assert!(ran.stdout.contains("rolled_back\":true"), "the controller is told: {}", ran.stdout);
    let run = newest(host);
    host.takes_back(&run);
}

/// The port stays open and sshd answers, but lets nobody in.
fn a_play_breaks_sshd(host: &Host) {
    let edit = "lineinfile: {path: /etc/ssh/sshd_config, line: AllowUsers nobody}";
    let mut going = Going::start(&host.up(&[edit, "service: {name: sshd, state: restarted}"]));
    let event = going.until_event("confirming");
    assert!(lab_says(host).contains("Permission denied"), "nobody comes in: {}", lab_says(host));
    host.takes_back(event["run_id"].as_str().expect("a run"));
    going.kill();
    assert_eq!(lab_says(host), "in\n", "sshd has read its file as it was");
}

/// What a login says, or why there is none.
fn lab_says(host: &Host) -> String {
    let ran = lab(&["ssh", &host.name, "echo in"]);
    ran.stdout + &ran.stderr
}

fn the_controller_is_killed(host: &Host) {
    let run = host.unconfirmed(WITHIN, &[OPEN]);
    assert_eq!(on(&host.name, "firewall-cmd --list-ports"), "8025/tcp\n");
    host.takes_back(&run);
}

fn the_link_is_cut(host: &Host) {
    let mut going = Going::start(&host.up(&[OPEN, "command: sleep 14", "copy: {dest: /etc/later, content: x}"]));
    going.until_event("task_finished");
    lab(&["unplug", &host.name]).succeeded();
    std::thread::sleep(Duration::from_secs(WITHIN.parse::<u64>().expect("a number") + 5));
    lab(&["plug", &host.name]).succeeded();
    let run = newest(host);
    host.takes_back(&run);
    going.kill();
    assert!(!host.records(&run).contains("/etc/later"), "nothing was begun after the link was lost");
}

fn the_host_is_rebooted(host: &Host) {
    let run = host.unconfirmed(WITHIN, &[OPEN]);
    lab(&["kill", &host.name]).succeeded();
    lab(&["boot", &host.name]).succeeded();
    host.takes_back(&run);
}

fn a_second_run(host: &Host) {
    let run = host.unconfirmed(LONG, &[OPEN]);
    let second = host.run(&["copy: {dest: /etc/second, content: x}"]).with_status(4);
    assert!(second.stdout.contains(&format!("the run {run} changed the way into this host")), "{}", second.stdout);
    host.takes_back(&run);
    host.run(&["command: \"true\""]).succeeded();
}

fn a_stale_confirmation(host: &Host) {
    host.run(&[OPEN]).succeeded();
    let older = newest(host);
    let run =
        host.unconfirmed(LONG, &["firewalld: {port: 8026/tcp, state: enabled, permanent: true, immediate: true}"]);
    let word = word_of(host, &older);
    for (named, word) in
        [(&older, ""), (&run, word.as_str()), (&run, ""), (&"20000101T000000Z-0".to_owned(), word.as_str())]
    {
        let answer = confirm(&host.name, named, word);
        assert!(answer.contains("refused"), "{answer}");
    }
    // Whoever has lost the answer asks again; for the newer run that means nothing.
    assert!(confirm(&host.name, &older, &word).contains("succeeded"));
    host.takes_back(&run);
    assert_eq!(on(&host.name, "firewall-cmd --list-ports"), "8025/tcp\n", "the older run stays");
    assert!(confirm(&host.name, &run, &word_of(host, &run)).contains("rolled_back\":true"), "too late");
    host.rollback().succeeded();
}

fn the_agent_is_killed(host: &Host) {
    let run = cut_off(host, WITHIN);
    host.takes_back(&run);
}

/// What is to start the rollback after the boot is the timer, which no program is there to set again.
fn the_agent_is_killed_and_the_host_is_rebooted(host: &Host) {
    let run = cut_off(host, LONG);
    assert!(!host.was_taken_back(&run), "there is time left");
    lab(&["kill", &host.name]).succeeded();
    lab(&["boot", &host.name]).succeeded();
    host.takes_back(&run);
    assert!(!host.records(&run).contains("run_finished"));
}

fn a_new_run_takes_over(host: &Host) {
    let run = cut_off(host, LONG);
    let ran = host.run(&[OPEN, "copy: {dest: /etc/later, content: x}"]).succeeded();
    assert!(ran.stdout.contains(&format!("the run {run} was cut off")), "{}", ran.stdout);
    assert!(ran.stdout.contains("\"confirmed\""), "{}", ran.stdout);
    assert_eq!(host.guards(), "");
    mailprov(&["rollback", &inventory("root"), "--limit", &host.limit(), "--run", &run]).succeeded();
}

fn a_plan_is_refused(host: &Host) {
    let run = cut_off(host, LONG);
    let playbook = host.play("planned.yaml", &["copy: {dest: /etc/later, content: x}"]);
    let plan = host.folder.path().join("plan.json").to_string_lossy().into_owned();
    let args = [&inventory("root"), "--limit", &host.limit(), "--playbook", &playbook];
    mailprov(&[&["check"], &args[..], &["--out", &plan]].concat()).succeeded();
    on(&host.name, "touch /etc/later");
    let up = [&["up"], &args[..], &["--plan", &plan, "--confirm-timeout", WITHIN]].concat();
    let refused = mailprov(&up).with_status(4);
    on(&host.name, "rm /etc/later");
    assert!(refused.stdout.contains("another kind of file than when the plan was made"), "{}", refused.stdout);
    assert!(
        refused.stdout.contains(&format!("the run {run} that was cut off before is still guarded")),
        "{}",
        refused.stdout
    );
    host.takes_back(&run);
}

/// As after a kill between the record that a run is back and the removal of what guarded it.
fn a_guard_was_left_over(host: &Host) {
    host.unconfirmed(LONG, &[OPEN]);
    let guard = "var/lib/mailprov/guard etc/systemd/system/*/mailprov-* etc/systemd/system/mailprov-*";
    on(&host.name, &format!("cd /; tar -cf /run/guard.tar {guard}"));
    host.rollback().succeeded();
    assert_eq!(host.guards(), "");
    on(&host.name, "tar -xf /run/guard.tar -C /");
    assert_ne!(host.guards(), "");
    let ran = host.rollback().succeeded();
    assert!(ran.stdout.contains("Nothing is left to take back"), "{}", ran.stdout);
    assert_eq!(host.guards(), "");
}

/// sshd has moved since: what the rollback closes is the door that is in use now.
fn a_rollback_closes_the_door(host: &Host) {
    let port = "firewalld: {port: 2222/tcp, state: enabled, permanent: true, immediate: true}";
    host.run(&[port]).succeeded();
    let run = newest(host);
    on(&host.name, "systemd-run --quiet --unit=second-door /usr/sbin/sshd -D -p 2222");
    let moved = host.folder.path().join("moved.yaml");
    let text = std::fs::read_to_string(inventory("root")).expect("the lab's inventory");
    let here = format!("ansible_host: {}\n", address(&host.name));
    std::fs::write(&moved, text.replace(&here, &format!("{here}          ansible_port: 2222\n"))).expect("written");
    let ssh_args = format!("-o HostKeyAlias={}", address(&host.name));
    let args = ["rollback", &moved.to_string_lossy(), "--limit", &host.limit(), "--confirm-timeout", WITHIN];
    let text = std::fs::read_to_string(&moved).expect("written");
    std::fs::write(
        &moved,
        text.replace("-o StrictHostKeyChecking=yes", &format!("-o StrictHostKeyChecking=yes {ssh_args}")),
    )
    .expect("written");
    let ran = mailprov(&args).with_status(4);
    assert!(ran.stdout.contains("not confirmed in time"), "{}", ran.stdout);
    assert_eq!(on(&host.name, "firewall-cmd --list-ports"), "2222/tcp\n", "the door is open again");
    assert_eq!(host.guards(), "");
    on(&host.name, "systemctl stop second-door");
    mailprov(&["rollback", &inventory("root"), "--limit", &host.limit(), "--run", &run]).succeeded();
}

fn nothing_of_it_changes(host: &Host) {
    let ran = host.run(&["copy: {dest: /etc/harmless, content: x}"]).succeeded();
    assert!(!ran.stdout.contains("\"confirming\""), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("\"agent_ready\"").count(), 1, "one connection: {}", ran.stdout);
    assert!(!host.records(&newest(host)).contains("armed"));
    host.rollback().succeeded();
    let before = disk(&host.name);
    let mut check = host.up(&[OPEN]);
    "check".clone_into(&mut check[0]);
    check.retain(|word| word != "--confirm-timeout" && word != WITHIN);
    mailprov(&check.iter().map(String::as_str).collect::<Vec<_>>()).succeeded();
    assert_same(&format!("{before:#?}"), &format!("{:#?}", disk(&host.name)), "a check arms nothing");
}

/// Kills the agent after it has opened a port; gives its run.
fn cut_off(host: &Host, within: &str) -> String {
    let mut going = Going::start(&host.up_within(within, &[OPEN, "command: sleep 30"]));
    going.until_event("task_finished");
    on(&host.name, "pkill -KILL -f '/agent-[0-9a-f]* agent '; pkill -KILL -x sleep");
    going.kill();
    newest(host)
}

/// The run of a host that began last.
fn newest(host: &Host) -> String {
    on(&host.name, "ls -t /var/lib/mailprov/runs | grep -v -e -undo -e -unconfirmed | sort | tail -n 1")
        .trim()
        .to_owned()
}

/// What a confirmation of this run would have to say; only root can read it.
fn word_of(host: &Host, run: &str) -> String {
    let records = host.records(run);
    let armed = records.lines().find(|line| line.contains("\"armed\"")).expect("an armed run");
    let armed: serde_json::Value = serde_json::from_str(armed).expect("JSON");
    armed["nonce"].as_str().expect("a word").to_owned()
}
