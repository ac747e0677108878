//! Killed at any record of the journal, a run can be taken back, or gone on with.
//!
//! Needs a build that can be told where to die: `cargo test --features failpoints --test lab crash`. `MAILPROV_SEED`
//! chooses the points (it is printed), `MAILPROV_CRASH_POINTS` how many there are (`all`: every one),
//! `MAILPROV_ONLY` those with a text in their name, `MAILPROV_HOSTS` the hosts.

mod points;

use std::env;
use std::net::TcpStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use self::points::{Point, Run, Then, draw};
use crate::support::{Ran, address, assert_same, fqdn, inventory, mailprov, manifest, on, reset, with_status};

/// What takes about two minutes.
const POINTS: usize = 8;

/// Points are spread over these.
const HOSTS: &str = "mail1,mail2,mail3";

/// What makes a run on a provisioned host a reconfiguration.
const OTHER_SENDER: &[&str] = &["-e", "mail_sender=x@mydomain.local"];

#[test]
#[expect(clippy::print_stderr, reason = "the seed is for whoever repeats this")]
fn a_killed_run_is_taken_back_or_gone_on_with() {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seed = env::var("MAILPROV_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(now);
    let wanted = match env::var("MAILPROV_CRASH_POINTS").as_deref() {
        Ok("all") => None,
        Ok(number) => Some(number.parse().expect("MAILPROV_CRASH_POINTS is a number or `all`")),
        Err(_) => Some(POINTS),
    };
    eprintln!("MAILPROV_SEED={seed} MAILPROV_CRASH_POINTS={}", wanted.map_or("all".to_owned(), |n| n.to_string()));
    let hosts = env::var("MAILPROV_HOSTS").unwrap_or_else(|_| HOSTS.to_owned());
    let mut workers: Vec<Worker> = hosts.split(',').map(Worker::new).collect();
    let (first, second) = workers[0].clean_journals();
    let mut points = draw(&first, &second, wanted, seed);
    eprintln!("records: {} of a first run, {} of a reconfiguration", first.lines().count(), second.lines().count());
    if let Ok(only) = env::var("MAILPROV_ONLY") {
        points.retain(|point| point.to_string().contains(&only));
    }
    points.reverse();
    let tried = points.len();
    let (left, bad) = (Mutex::new(points), Mutex::new(0));
    std::thread::scope(|scope| {
        for worker in &mut workers {
            let (left, bad) = (&left, &bad);
            scope.spawn(move || {
                loop {
                    let next = left.lock().expect("no thread panics with it").pop();
                    let Some(point) = next else { break };
                    let went_well = catch_unwind(AssertUnwindSafe(|| worker.try_point(&point))).is_ok();
                    eprintln!("{} {}: {point}", if went_well { "ok   " } else { "WRONG" }, worker.host);
                    if !went_well {
                        *bad.lock().expect("no thread panics with it") += 1;
                        worker.is_server = false;
                    }
                }
            });
        }
    });
    let bad = bad.into_inner().expect("all threads are over");
    eprintln!("crash points tried: {tried}, not restored: {bad}");
    assert_eq!(bad, 0, "see above; repeat with MAILPROV_SEED={seed}");
}

/// A host before a run that is cut off.
struct Before {
    manifest: String,
    /// When Postfix last read its configuration, if it runs.
    read_at: Option<u64>,
}

/// A host on which points are tried, one after the other.
struct Worker {
    host: String,
    fqdn: String,
    inventory: String,
    /// Whether it is a mail server now, with no run of ours left over.
    is_server: bool,
}

impl Worker {
    fn new(host: &str) -> Self {
        Self { host: host.to_owned(), fqdn: fqdn(host), inventory: inventory("root"), is_server: false }
    }

    fn run(&self, command: &str, more: &[&str]) -> Ran {
        mailprov(&[&[command, &self.inventory, "--limit", &self.fqdn], more].concat())
    }

    fn newest_journal(&self) -> String {
        on(&self.host, "cat /var/lib/mailprov/runs/$(ls -t /var/lib/mailprov/runs | head -n 1)/journal.jsonl")
    }

    /// The journals of both runs when nobody is killed.
    fn clean_journals(&mut self) -> (String, String) {
        reset(&[&self.host]);
        self.run("up", &[]).succeeded();
        let first = self.newest_journal();
        self.run("up", OTHER_SENDER).succeeded();
        let second = self.newest_journal();
        self.run("rollback", &[]).succeeded();
        self.is_server = true;
        (first, second)
    }

    fn try_point(&mut self, point: &Point) {
        let more = match point.run {
            Run::First => {
                reset(&[&self.host]);
                self.is_server = false;
                &[]
            }
            Run::Reconfiguration => {
                if !self.is_server {
                    reset(&[&self.host]);
                    self.run("up", &[]).succeeded();
                }
                OTHER_SENDER
            }
        };
        let before = Before { manifest: manifest(&self.host), read_at: self.read_at() };
        self.arm(point.record, point.moment);
        // The agent is gone: a lost host, and no success.
        self.run("up", more).with_status(5);
        match point.then {
            Then::Rollback => self.roll_back(&before),
            Then::RollbackTwice(draw) => {
                let intents = self.newest_journal().matches("\"record\":\"intent\"").count();
                self.arm(1 + draw % (2 * intents + 2), ["before", "after", "amid"][draw % 3]);
                let first = self.run("rollback", &[]);
                on(&self.host, "rm -f /run/mailprov/failpoint");
                if first.status == 5 {
                    self.roll_back(&before);
                } else {
                    assert_same(&before.manifest, &manifest(&self.host), &first.succeeded().stdout);
                }
            }
            Then::Up => {
                self.go_on(more);
                if point.run == Run::Reconfiguration {
                    self.run("up", &[]).succeeded();
                }
            }
        }
        self.is_server = point.run == Run::Reconfiguration;
    }

    fn arm(&self, record: usize, moment: &str) {
        on(&self.host, &format!("mkdir -pm 700 /run/mailprov; echo {record} {moment} >/run/mailprov/failpoint"));
    }

    /// Everything is as it was, and Postfix, where it runs, has read it.
    #[track_caller]
    fn roll_back(&self, before: &Before) {
        let ran = self.run("rollback", &[]);
        // A bare host has no run before the one that never began, and nothing of it may be left either.
        let is_nothing = ran.status == 4 && ran.stdout.contains("no run on this host changed anything");
        assert!(ran.status == 0 || is_nothing, "{}{}", ran.stdout, ran.stderr);
        assert_same(&before.manifest, &manifest(&self.host), &ran.stdout);
        // Whoever did not read what the run wrote needs not be told that it is gone.
        if before.read_at.is_some() && self.read_at() != before.read_at {
            self.assert_in_force();
        }
    }

    /// The next run says what it found, ends where the killed one would have, and owes nothing.
    #[track_caller]
    fn go_on(&self, more: &[&str]) {
        let is_unfinished = self.run("status", &[]).succeeded().stdout.contains("unfinished:");
        let ran = self.run("up", more).succeeded();
        assert_eq!(ran.stdout.contains("was cut off before its end"), is_unfinished, "{}", ran.stdout);
        let again = self.run("up", &[more, &["--output", "json"]].concat()).succeeded();
        assert_eq!(with_status(&again, "changed"), [], "the second run changed something");
        TcpStream::connect((address(&self.host), 25)).expect("Postfix listens");
        self.assert_in_force();
    }

    /// When Postfix last read its configuration: seconds since the epoch.
    fn read_at(&self) -> Option<u64> {
        let command =
            "line=$(grep -E 'postfix/master.*(daemon started|reload) -- ' /var/log/maillog 2>/dev/null | tail -n 1)
            [ -z \"$line\" ] || date +%s -d \"$(echo \"$line\" | cut -c 1-15)\"";
        on(&self.host, command).trim().parse().ok()
    }

    /// Configuration is older than the last time that Postfix read it.
    #[track_caller]
    fn assert_in_force(&self) {
        let files = "main.cf master.cf sender_canonical header_checks.regexp";
        let written = on(&self.host, &format!("cd /etc/postfix; stat -c %Z {files} | sort -n | tail -n 1"));
        let written: u64 = written.trim().parse().expect("a time");
        let read_at = self.read_at();
        assert!(
            read_at.is_some_and(|at| written <= at),
            "Postfix has not read its configuration: {written}, {read_at:?}"
        );
    }
}
