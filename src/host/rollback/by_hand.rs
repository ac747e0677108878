//! What people changed by hand since a run is never lost.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use std::collections::BTreeSet;

use super::{Report, rollback};
use crate::host::backend::{Backend, Step, leave_to};
use crate::host::fake::Script;
use crate::host::laws::spec;
use crate::host::{
    Action, CommandOutput, CommandSpec, Enablement, FirewallState, Host, HostError, HostnameState, Key, Live,
    PackageState, State, SysctlState, UnitState, Version, Want, ZoneSettings,
};
use crate::hostplay::UndoTarget;
use crate::journal::Store;

const ZONE: &str = "/etc/firewalld/zones/public.xml";
const PASSWD: &str = "/etc/passwd";
const SOMAXCONN: &str = "net.core.somaxconn";

/// A host whose firewalld writes a zone down in a file of its own, and whose packages bring users. A change may fail.
struct Writing<'a> {
    script: &'a mut Script,
    fails: bool,
}

impl Writing<'_> {
    fn add_line(&mut self, path: &str, line: &str) {
        let text = self.script.text(path).unwrap_or_default();
        self.script.file(path, &format!("{text}{line}\n"));
    }

    /// Writes the file anew, as firewalld does: what others set in the zone stays.
    fn write_zone(&mut self, zone: &ZoneSettings) {
        let text = self.script.text(ZONE).unwrap_or_default();
        let others = text.lines().filter(|line| line.starts_with("<masquerade")).collect::<String>();
        let services: Vec<&str> = zone.services.iter().map(String::as_str).collect();
        self.script.file(&format!("{ZONE}.old"), &text);
        self.script.file(ZONE, &format!("{}\n{others}\n", services.join(" ")));
    }
}

impl Backend for Writing<'_> {
    leave_to!(self => self.script);

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        self.script.read(key)
    }

    fn change(&mut self, steps: &[Step], label: &str) -> Result<(), HostError> {
        for step in steps {
            match (&step.key, &step.after) {
                (Key::Firewall(_), State::Firewall(FirewallState::Zone { permanent: Some(zone), .. })) => {
                    self.write_zone(zone);
                }
                (Key::Package(_), State::Package(PackageState::Installed(_))) => self.add_line(PASSWD, "postfix"),
                _ => {}
            }
        }
        self.script.change(steps, label)?;
        if self.fails { Err(HostError::refused("go on")) } else { Ok(()) }
    }

    fn undo_packages(&mut self, steps: &[Step], _undone: &str, label: &str) -> Result<(), HostError> {
        self.change(steps, label)
    }
}

fn script() -> Script {
    let mut script = Script::default();
    let zone = Key::Firewall("public".to_owned());
    script
        .set(Key::Hostname, State::Hostname(HostnameState::named("localhost")))
        .sysctl(SOMAXCONN, "128")
        .unit("postfix.service", Enablement::Disabled, false)
        .unit("saslauthd.service", Enablement::Enabled, true)
        .offers("postfix", "2:3.5.8-8.x86_64", Vec::new())
        .firewall("public", &settings("ssh dns"))
        .follows(zone.clone(), ZONE)
        .follows(zone, &format!("{ZONE}.old"))
        .file(PASSWD, "root\n")
        .follows(Key::Package("postfix".to_owned()), PASSWD);
    script
}

fn settings(services: &str) -> ZoneSettings {
    let services = services.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    ZoneSettings { services, ..ZoneSettings::default() }
}

fn zone(services: &str) -> Want {
    let settings = settings(services);
    let state = FirewallState::Zone { permanent: Some(settings.clone()), runtime: Some(settings) };
    Want::new(Key::Firewall("public".to_owned()), State::Firewall(state))
}

fn hostname(name: &str) -> Want {
    Want::new(Key::Hostname, State::Hostname(HostnameState::named(name)))
}

fn sysctl(value: &str) -> Want {
    Want::new(Key::Sysctl(SOMAXCONN.to_owned()), State::Sysctl(SysctlState::value(value)))
}

fn package(version: &str) -> Want {
    let version = if version.is_empty() { Version::Any } else { Version::Evr(version.to_owned()) };
    Want::new(Key::Package("postfix".to_owned()), State::Package(PackageState::Installed(version)))
}

fn unit(name: &str, enablement: Enablement, active: bool) -> Want {
    Want::new(Key::Unit(name.to_owned()), State::Unit(UnitState::Loaded { enablement, active }))
}

/// A host with what a run has put; and its journal.
fn put(script: &mut Script, wants: Vec<Want>, fails: bool) -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::at(&dir.path().join("journal"));
    let mut live = Live::new(Writing { script, fails }, store.begin(&spec("1")).unwrap());
    for want in wants {
        assert_eq!(live.put(want).is_err(), fails);
    }
    (dir, store)
}

fn undo(script: &mut Script, store: &Store, id: &str, force: bool) -> Report {
    let host = Writing { script, fails: false };
    rollback(host, store, &spec(id), &UndoTarget::Newest, force, &mut |_| {}).unwrap()
}

#[test]
fn what_else_is_in_a_zones_file_stays_however_often_it_is_asked() {
    let mut script = script();
    let (_dir, store) = put(&mut script, vec![zone("ssh dns smtp"), zone("ssh smtp")], false);
    let mut host = Writing { script: &mut script, fails: false };
    host.add_line(ZONE, "<masquerade/>");
    for id in ["2", "3"] {
        assert_eq!(undo(&mut script, &store, id, false).kept, 1, "the file, and not the one beside it");
        assert!(script.text(ZONE).unwrap().contains("<masquerade/>"));
        assert_eq!(script.read(&zone("").key).unwrap(), zone("ssh dns").state, "our settings went all the same");
    }
    assert!(undo(&mut script, &store, "4", true).is_complete());
    assert_eq!((script.text(ZONE), script.text(&format!("{ZONE}.old"))), (None, None));
}

#[test]
fn a_zones_file_that_only_we_changed_goes_as_it_came() {
    let mut script = script();
    let before = script.states().clone();
    let (_dir, store) = put(&mut script, vec![zone("ssh dns smtp"), zone("ssh smtp")], false);
    assert!(undo(&mut script, &store, "2", false).is_complete());
    assert_eq!(script.states(), &before);
}

#[test]
fn users_that_came_since_are_kept_and_told_until_forced() {
    let mut script = script();
    let (_dir, store) = put(&mut script, vec![package("")], false);
    Writing { script: &mut script, fails: false }.add_line(PASSWD, "anne");
    for id in ["2", "3"] {
        let report = undo(&mut script, &store, id, false);
        assert_eq!((report.kept, report.undone.len()), (1, 0));
        assert_eq!(script.text(PASSWD).as_deref(), Some("root\npostfix\nanne\n"));
    }
    assert!(undo(&mut script, &store, "4", true).is_complete());
    assert_eq!(script.text(PASSWD).as_deref(), Some("root\n"));
}

#[test]
fn after_a_change_that_failed_only_what_it_can_have_left_is_ours() {
    let before = [hostname("localhost"), sysctl("128"), zone("ssh dns")];
    let wants = [hostname("ours"), sysctl("1024"), zone("ssh smtp")];
    let left = [&[zone("ssh dns smtp"), zone("ssh")][..], &wants];
    for (at, want) in wants.iter().enumerate() {
        for ours in left.concat().into_iter().filter(|ours| ours.key == want.key) {
            let mut script = script();
            let (_dir, store) = put(&mut script, vec![want.clone()], true);
            script.set(ours.key.clone(), ours.state.clone());
            assert!(undo(&mut script, &store, "2", false).is_complete(), "{ours:?}");
            assert_eq!(script.read(&want.key).unwrap(), before[at].state);
        }
    }
    let by_hand = [hostname("theirs"), sysctl("4096"), zone("ssh smtp imaps"), zone("smtp"), package("9-9.x86_64")];
    let wants = [&wants[..], &[zone("ssh smtp"), package("2:3.5.8-8.x86_64")]].concat();
    for (want, theirs) in wants.into_iter().zip(by_hand) {
        let mut script = script();
        let (_dir, store) = put(&mut script, vec![want], true);
        script.set(theirs.key.clone(), theirs.state.clone());
        assert_eq!(undo(&mut script, &store, "2", false).kept, 1, "{theirs:?}");
        assert_eq!(script.read(&theirs.key).unwrap(), theirs.state);
        assert!(undo(&mut script, &store, "3", true).is_complete());
        assert_ne!(script.read(&theirs.key).unwrap(), theirs.state);
    }
}

#[test]
fn a_unit_goes_on_as_it_is_where_the_run_only_enabled_or_disabled_it() {
    let mut script = script();
    let (postfix, saslauthd) = ("postfix.service", "saslauthd.service");
    let wants = vec![unit(postfix, Enablement::Enabled, false), unit(saslauthd, Enablement::Disabled, true)];
    let (_dir, store) = put(&mut script, wants, false);
    script.unit(postfix, Enablement::Enabled, true).unit(saslauthd, Enablement::Disabled, false);
    assert!(undo(&mut script, &store, "2", false).is_complete());
    for after in [unit(postfix, Enablement::Disabled, true), unit(saslauthd, Enablement::Enabled, false)] {
        assert_eq!(script.read(&after.key).unwrap(), after.state);
    }
}
