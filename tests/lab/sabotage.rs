//! A provisioned server broken by hand in every way of a table: `verify` names the cause, `check` shows the drift, `up`
//! mends what is its own.

mod row;
mod table;

use std::sync::Mutex;
use std::thread;

use self::row::{Drift, Sabotage};
use self::table::SABOTAGE;
use crate::support::{Ran, address, events, fqdn, hosts, inventory, mailprov, on, try_on};
use crate::verify::{verdicts, with_verdict};

/// What came of one.
#[derive(Default)]
struct Came {
    how: &'static str,
    shown: bool,
    mended: bool,
    told: bool,
    wrong: Vec<String>,
}

#[test]
#[expect(clippy::print_stderr, reason = "the count is for whoever reads the log")]
fn verify_names_each_fault_check_shows_the_drift_and_up_mends_what_is_its_own() {
    let only = std::env::var("MAILPROV_ONLY").unwrap_or_default();
    let all = SABOTAGE.iter().filter(|sabotage| sabotage.how.contains(&only));
    let left = Mutex::new(all.rev().collect::<Vec<_>>());
    let done = Mutex::new(Vec::new());
    let inventory = inventory("root");
    thread::scope(|scope| {
        for host in hosts() {
            let (inventory, left, done) = (&inventory, &left, &done);
            scope.spawn(move || {
                let site = Site::provisioned(host, inventory);
                loop {
                    let next = left.lock().expect("no thread panics with it").pop();
                    let Some(sabotage) = next else { break };
                    let came = site.commit(sabotage);
                    if !came.wrong.is_empty() {
                        // What is left of it must not be taken for the next one's.
                        eprintln!("{}: {}", came.how, came.wrong.join("\n    "));
                        site.begin_again();
                    }
                    done.lock().expect("no thread panics with it").push(came);
                }
            });
        }
    });
    let done = done.into_inner().expect("all threads are over");
    let count = |of: fn(&Came) -> bool| done.iter().filter(|came| of(came)).count();
    let wrong = count(|came| !came.wrong.is_empty());
    eprintln!(
        "sabotages: {}, named by verify as they should be: {}, drift shown by check: {}, mended by up: {}, the rest by hand \
         (of which up was run first, and failed by the same check: {})",
        done.len(),
        done.len() - wrong,
        count(|came| came.shown),
        count(|came| came.mended),
        count(|came| came.told)
    );
    assert_eq!(wrong, 0, "see above");
}

/// A host of the lab that is broken and mended.
struct Site<'a> {
    host: String,
    limit: String,
    prelude: String,
    inventory: &'a str,
}

impl<'a> Site<'a> {
    fn provisioned(host: String, inventory: &'a str) -> Self {
        let (limit, address) = (fqdn(&host), address(&host));
        let prelude = format!("fqdn={limit} address={address}\n{}", include_str!("sabotage/prelude.sh"));
        let site = Self { host, limit, prelude, inventory };
        site.begin_again();
        site
    }

    fn begin_again(&self) {
        crate::support::reset(&[&self.host]);
        self.run("up", &[]).succeeded();
        on(&self.host, &format!("cat > /root/stub.py <<'PY'\n{}PY", include_str!("sabotage/stub.py")));
    }

    fn run(&self, command: &str, more: &[&str]) -> Ran {
        mailprov(&[&[command, self.inventory, "--limit", &self.limit], more].concat())
    }

    /// By hand, on the host.
    fn by_hand(&self, command: &str) -> Ran {
        try_on(&self.host, &format!("{}\n{{ {command}; }} >/dev/null", self.prelude))
    }

    fn commit(&self, sabotage: &Sabotage) -> Came {
        let mut came = Came { how: sabotage.how, ..Came::default() };
        let given: &[&str] = if sabotage.given.is_empty() { &[] } else { &["-e", sabotage.given] };
        if !given.is_empty() {
            self.run("up", given).succeeded();
        }
        let broken = self.by_hand(sabotage.command);
        // Both only look.
        let (found, check) = thread::scope(|scope| {
            let check = scope.spawn(|| self.run("check", &[&["--exit-code"], given].concat()));
            let found = self.run("verify", &[&["--output", "json"], given].concat());
            (found, check.join().expect("it does not panic"))
        });
        if verdicts(&found).get(sabotage.named).map(String::as_str) != Some(sabotage.verdict) {
            came.wrong.push(format!("{} is not {}; {}", sabotage.named, sabotage.verdict, seen(&found)));
            came.wrong.push(format!("the command said: {}", broken.stderr));
        }
        let evidence = evidence(&found, sabotage.named);
        if !evidence.contains(sabotage.says) {
            came.wrong.push(format!("{} says {evidence:?} and not {:?}", sabotage.named, sabotage.says));
        }
        let expected = if sabotage.verdict == "fail" { 4 } else { found.status.min(4) };
        if found.status != expected {
            came.wrong.push(format!("verify ended with {}: {}", found.status, found.stderr));
        }
        came.shown = self.judge(&sabotage.drift, &check, &mut came.wrong);
        if sabotage.up_says {
            let up = self.run("up", given);
            came.told = up.status == 4 && up.stdout.contains(sabotage.named);
            if !came.told {
                came.wrong.push(format!("up ended with {}: {}", up.status, up.stdout));
            }
        }
        if !sabotage.undo.is_empty() {
            self.by_hand(sabotage.undo);
        }
        // What no task describes, no run would find to mend: it is enough to look.
        let command = if matches!(sabotage.drift, Drift::NotDescribed) { "verify" } else { "up" };
        let after = self.run(command, &[&["--output", "json"], given].concat());
        let verdicts = verdicts(&after);
        // A line of the log from before the mending remains there.
        let well = sabotage.named == "log.clean" || verdicts.get(sabotage.named).is_some_and(|is| is == "pass");
        if after.status != 0 || !well {
            came.wrong.push(format!("{command} afterwards: {} {}", seen(&after), after.stderr));
        }
        came.mended = sabotage.undo.is_empty();
        if !sabotage.after.is_empty() {
            self.by_hand(sabotage.after);
        }
        if !given.is_empty() {
            self.run("up", &[]).succeeded();
        }
        came
    }

    /// Whether check showed the drift.
    fn judge(&self, drift: &Drift, check: &Ran, wrong: &mut Vec<String>) -> bool {
        let (status, resource) = match drift {
            Drift::Shown(resource) => (2, *resource),
            Drift::NotDescribed => (0, ""),
            Drift::Refused => (4, ""),
        };
        if check.status != status || !check.stdout.contains(resource) {
            wrong.push(format!("check on {} ended with {}: {}", self.host, check.status, check.stdout));
        }
        status == 2
    }
}

/// What a check has seen.
pub fn evidence(ran: &Ran, id: &str) -> String {
    let events = events(ran);
    let checks = events.iter().filter_map(|event| event["event"]["checks"].as_array()).flatten();
    let evidence = checks.filter(|check| check["id"] == id).filter_map(|check| check["evidence"].as_str());
    evidence.collect()
}

fn seen(ran: &Ran) -> String {
    format!("failed: {:?}, warned: {:?}", with_verdict(ran, "fail"), with_verdict(ran, "warn"))
}
