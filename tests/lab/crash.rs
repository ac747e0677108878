//! Killed at any record of the journal, or on a disk that is full at any write, a run can be taken back, or gone on with.
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

use self::points::{Clean, Point, Run, Stage, Then, draw};
use crate::guarantees;
use crate::support::{Ran, address, assert_same, fqdn, hosts, inventory, mailprov, manifest, on, reset, with_status};

/// As many as every run of all tests has time for.
const POINTS: usize = 8;

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
    let wanted_text = wanted.map_or("all".to_owned(), |number| number.to_string());
    let again = format!("MAILPROV_SEED={seed} MAILPROV_CRASH_POINTS={wanted_text} lab crash");
    eprintln!("{again}");
    let mut workers: Vec<Worker> = hosts().iter().map(|host| Worker::new(host)).collect();
    let (first, second) = workers[0].clean_runs();
    let mut points = draw(&first, &second, wanted, seed);
    eprintln!("records: {} of a first run, {} of a reconfiguration", first.records(), second.records());
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
    guarantees::tell("crash points tried", tried, "not restored", bad, &again);
    assert_eq!(bad, 0, "see above; repeat with {again}");
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

    /// What the newest run recorded; nothing where there is none.
    fn newest(&self) -> Clean {
        let of_newest = |what: &str| {
            let command = format!("cd /var/lib/mailprov/runs 2>/dev/null && cd $(ls -t | head -n 1) && {what} || true");
            on(&self.host, &command)
        };
        Clean { journal: of_newest("cat journal.jsonl"), blobs: of_newest("ls blobs").lines().count() }
    }

    /// Both runs when nobody cuts them off.
    fn clean_runs(&mut self) -> (Clean, Clean) {
        reset(&[&self.host]);
        self.run("up", &[]).succeeded();
        let first = self.newest();
        self.run("up", OTHER_SENDER).succeeded();
        let second = self.newest();
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
        self.arm(point.number, point.moment);
        let ran = self.run("up", more);
        if self.disarm() {
            // There are fewer writes than were thought, but not fewer records.
            assert_eq!(point.moment, "full", "nothing struck: {}", ran.stdout);
            ran.succeeded();
        } else {
            // A lost host, or one that says what is wrong, and no success.
            ran.with_status(match point.moment {
                "full" => 4,
                _ if point.stage == Stage::Confirming => 0,
                _ => 5,
            });
        }
        let says_so = |ran: &Ran, words: &str| {
            assert!(
                point.stage != Stage::Within || ran.stdout.contains(words),
                "{words:?} is not said:\n{}{}",
                ran.stdout,
                ran.stderr
            );
        };
        match point.then {
            Then::Up if point.stage == Stage::Waiting => {
                let refused = self.run("up", more).with_status(4);
                assert!(refused.stdout.contains("is not confirmed; it is taken back in"), "{}", refused.stdout);
                self.roll_back(&before, &[]);
            }
            Then::Rollback => {
                says_so(&self.run("check", more), "was cut off");
                self.roll_back(&before, &[]);
            }
            Then::RollbackTwice(draw) => {
                says_so(&self.run("status", &[]).succeeded(), "was cut off");
                let (intents, id) = self.cut_off();
                let moment = ["before", "after", "amid", "full"][draw % 4];
                self.arm(1 + draw % (2 * intents + 2), moment);
                let first = self.run("rollback", &[]);
                if self.disarm() {
                    assert_same(&before.manifest, &manifest(&self.host), &first.succeeded().stdout);
                } else {
                    first.with_status(if moment == "full" { 4 } else { 5 });
                    // By its name: after its last record the rollback is over, and the newest run is another one.
                    let named = id.as_ref().filter(|_| moment == "after").map(|id| ["--run", id]);
                    self.roll_back(&before, named.as_ref().map_or(&[], |named| &named[..]));
                }
            }
            Then::Up => {
                says_so(&self.go_on(more), "was cut off");
                if point.run == Run::Reconfiguration {
                    self.run("up", &[]).succeeded();
                }
            }
        }
        self.is_server = point.run == Run::Reconfiguration;
    }

    /// How many changes the run that was cut off has announced, and its name, if it had come so far.
    fn cut_off(&self) -> (usize, Option<String>) {
        let journal = self.newest().journal;
        let first = journal.lines().next().and_then(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let id = first.and_then(|record| Some(record["spec"]["run_id"].as_str()?.to_owned()));
        (journal.matches("\"record\":\"intent\"").count(), id)
    }

    fn arm(&self, number: usize, moment: &str) {
        on(&self.host, &format!("mkdir -pm 700 /run/mailprov; echo {number} {moment} >/run/mailprov/failpoint"));
    }

    /// Whether it had not gone off.
    fn disarm(&self) -> bool {
        on(&self.host, "cd /run/mailprov && { [ ! -e failpoint ] || { rm failpoint; echo armed; }; }") == "armed\n"
    }

    /// Everything is as it was, and Postfix, where it runs, has read it.
    #[track_caller]
    fn roll_back(&self, before: &Before, which: &[&str]) {
        let ran = self.run("rollback", which);
        // A bare host has no run before the one that never began, and nothing of it may be left either.
        let is_nothing = ran.status == 4 && ran.stdout.contains("it was taken back already");
        assert!(ran.status == 0 || is_nothing, "{}{}", ran.stdout, ran.stderr);
        assert_same(&before.manifest, &manifest(&self.host), &ran.stdout);
        // Whoever did not read what the run wrote needs not be told that it is gone.
        if before.read_at.is_some() && self.read_at() != before.read_at {
            self.assert_in_force();
        }
    }

    /// The next run says what it found, ends where the one that was cut off would have, and owes nothing.
    #[track_caller]
    fn go_on(&self, more: &[&str]) -> Ran {
        let is_unfinished = self.run("status", &[]).succeeded().stdout.contains("unfinished:");
        let ran = self.run("up", more).succeeded();
        assert_eq!(ran.stdout.contains("was cut off before its end"), is_unfinished, "{}", ran.stdout);
        let again = self.run("up", &[more, &["--output", "json"]].concat()).succeeded();
        assert_eq!(with_status(&again, "changed"), [], "the second run changed something");
        TcpStream::connect((address(&self.host), 25)).expect("Postfix listens");
        self.assert_in_force();
        ran
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
