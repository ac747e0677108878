//! Journals with guards roll back for ever, too: one run that was cut off after it had changed the way in, and one that
//! took its guard over and waits for its confirmation (`tests/fixtures/journal/v1-guards/`).
#![expect(clippy::unwrap_used, reason = "a test")]

use super::{Report, frozen, rollback};
use crate::host::fake::Script;
use crate::host::laws::spec;
use crate::host::{HostnameState, Key, State, ZoneSettings};
use crate::hostplay::UndoTarget;
use crate::journal::Clock;

const CUT_OFF: &str = "20260103T000000Z-00000005";
const WAITING: &str = "20260103T010000Z-00000006";

/// The digests of the frozen journals.
const FROZEN: [(&str, &str); 2] = [
    (CUT_OFF, "d211cd8e780f88d8a6c99e1fc1d68590f34a9b4bef0ba1a48825a816091a99e4"),
    (WAITING, "e90f846e5ce34e3e105dfc8ee8159187ef5575c2e546a6b2c72a0fc4fc9cc5bb"),
];

fn zone(port: Option<&str>) -> ZoneSettings {
    let ports = port.map(str::to_owned).into_iter().collect();
    ZoneSettings { services: ["ssh".to_owned()].into(), ports, rich_rules: [].into() }
}

fn named(name: &str) -> State {
    State::Hostname(HostnameState::named(name))
}

#[test]
fn frozen_guards_stand_and_their_runs_roll_back() {
    let (_dir, store) = frozen::copy_of("v1-guards");
    let guarded = store.unconfirmed().unwrap();
    assert_eq!(guarded.len(), 1);
    let waiting = &guarded[0];
    assert_eq!((waiting.run_id.as_str(), waiting.armed.since.as_str()), (WAITING, CUT_OFF));
    let boot = "1b48d780-db27-4b63-8a82-5b843f4b2bc6".to_owned();
    assert_eq!(waiting.left(&Clock { boot, now: 38_544_202 - 7_000 }).as_secs(), 7);
    let outcomes: Vec<_> = store.history().unwrap().into_iter().map(|run| run.outcome).collect();
    assert_eq!(outcomes, ["unfinished", "unconfirmed"]);

    let mut script = Script::default();
    let hostname = |text: &str| format!("{text}\n");
    script.set(Key::Hostname, named("mail1.example.net")).file("/etc/hostname", &hostname("mail1.example.net"));
    script.sysctl("net.core.somaxconn", "1024").firewall("public", &zone(Some("8025/tcp")));
    let mut before = Script::default();
    before.set(Key::Hostname, named("localhost")).file("/etc/hostname", &hostname("localhost"));
    before.sysctl("net.core.somaxconn", "128").firewall("public", &zone(None));
    let target = UndoTarget::Run(waiting.armed.since.clone());
    let report = rollback(&mut script, &store, &spec("undo"), &target, false, &mut |_| {}).unwrap();
    let undone = vec![WAITING.to_owned(), CUT_OFF.to_owned()];
    assert_eq!(report, Report { undone, restored: 4, kept: 0, failed: 0 });
    assert_eq!(script.states(), before.states());
    assert!(store.unconfirmed().unwrap().is_empty());
}

#[test]
fn the_frozen_lines_of_guards_are_written_as_they_were_read() {
    let all = ["armed", "awaiting", "disarmed", "done", "intent", "owed", "run_finished", "run_started"];
    assert_eq!(frozen::kinds("v1-guards", &FROZEN).into_iter().collect::<Vec<_>>(), all);
}
