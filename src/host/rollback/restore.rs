//! Putting back what a chain tells, and telling of it.

use std::collections::BTreeSet;
use std::iter::repeat;

use rustix::time::{ClockId, clock_gettime};

use super::chain::{Chain, Item};
use super::companions::{self, Untouched};
use super::leftovers::Leftovers;
use super::same::same;
use super::target::Target;
use super::traces::Traces;
use super::{Report, RollbackError};
use crate::event::Event;
use crate::host::{
    Action, Change, CommandSpec, FileState, FirewallState, HostError, Key, PackageState, State, UnitState, Want,
    recorded,
};
use crate::journal::stored::{StoredAction, StoredState};
use crate::journal::{self, Store};

/// Puts back what one run changed: what it touched first comes last.
pub(super) fn run<T: Target>(
    host: &mut T,
    store: &Store,
    chain: &Chain,
    force: bool,
    report: &mut Report,
    emit: &mut dyn FnMut(Event),
) -> Result<(), RollbackError> {
    let mut teller = Teller { report, emit };
    for (key, scratch) in &chain.scratches {
        clear_scratch(host, key, scratch, &mut teller);
    }
    let order = chain.undo_order();
    for (position, &item) in order.iter().enumerate() {
        for scratch in &item.scratches {
            clear_scratch(host, &item.key, scratch, &mut teller);
        }
        let group = chain.together_with(item);
        // A transaction is undone where it began, when all that came after is back.
        let is_last = order[position + 1..].iter().all(|other| !group.iter().any(|one| one.key == other.key));
        if is_last {
            restore_group(host, store, chain, &group, force, &mut teller)?;
        }
    }
    Ok(())
}

/// Reports to the user and counts.
pub(super) struct Teller<'a> {
    report: &'a mut Report,
    emit: &'a mut dyn FnMut(Event),
}

impl Teller<'_> {
    fn restored(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.report.restored += 1;
            (self.emit)(Event::RolledBack { change: change.view(), kept: None });
        }
    }

    pub(super) fn kept(&mut self, change: &Change, reason: String) {
        self.report.kept += 1;
        (self.emit)(Event::RolledBack { change: change.view(), kept: Some(reason) });
    }

    fn failed(&mut self, change: &Change, error: &HostError) {
        self.report.failed += 1;
        self.kept(change, format!("failed to {error}"));
    }

    pub(super) fn warn(&mut self, message: String) {
        (self.emit)(Event::Warning { message });
    }
}

fn clear_scratch<T: Target>(host: &mut T, key: &Key, scratch: &str, teller: &mut Teller<'_>) {
    if let Err(error) = host.clear_scratch(key.name(), scratch) {
        teller.warn(format!("failed to {error}"));
    }
}

/// Puts one resource back, or the packages of one transaction.
fn restore_group<T: Target>(
    host: &mut T,
    store: &Store,
    chain: &Chain,
    group: &[&Item],
    force: bool,
    teller: &mut Teller<'_>,
) -> Result<(), RollbackError> {
    let kept = teller.report.kept;
    let mut changes = Vec::new();
    for item in group {
        let mut want = item.load_before(store)?;
        let present = match read_unfollowed(host, &item.key) {
            Ok(present) => present,
            Err(error) => {
                teller.failed(&change(item, want.clone(), want), &error);
                continue;
            }
        };
        as_firewalld_is(&present, &mut want);
        item.leave_activity(&present, &mut want);
        let wanted = stored(&want)?;
        let stored = stored(&present)?;
        if same(&wanted, &stored) || is_gone_with_its_package(chain, item, &present, &want) {
            continue;
        }
        let change = change(item, present, want);
        if force || item.explains(&stored) {
            changes.push(change);
        } else {
            teller.kept(&change, "changed since by someone else".to_owned());
        }
    }
    match needed_by(host, group, &changes, force) {
        Ok(None) => {}
        Ok(Some(reason)) => changes.drain(..).for_each(|change| teller.kept(&change, reason.clone())),
        Err(error) => changes.drain(..).for_each(|change| teller.failed(&change, &error)),
    }
    let traces = Traces::of(host, store, chain, group)?;
    let companions = chain.companions_of(group);
    let untouched = Untouched::of(host, &companions, &traces)?;
    let leftovers = Leftovers::before(host, chain, group);
    let wants = changes.iter().map(|change| Want {
        key: change.key.clone(),
        state: change.after.clone(),
        sensitive: change.sensitive,
    });
    let label = group.first().and_then(|item| item.transaction.as_deref());
    match host.restore(wants.collect(), label) {
        Ok(()) => {}
        // The journal is what makes this safe: without it nothing more is touched.
        Err(error @ HostError::Journal { .. }) => return Err(error.into()),
        Err(error) => {
            let done = host.changes().to_vec();
            for change in changes.extract_if(.., |change| done.iter().all(|done| done.key != change.key)) {
                teller.failed(&change, &error);
            }
        }
    }
    let failed = not_back(host, chain, group, &changes, teller);
    leftovers.remove(host, teller);
    if teller.report.kept == kept {
        companions::restore(host, store, &companions, &untouched, force, teller)?;
        traces.remove(host, teller)?;
    }
    let mut restored = host.take_changes();
    restored.retain(|change| !failed.contains(&change.key));
    teller.restored(restored);
    Ok(())
}

/// What is not as before although it was put back without an error: a program may end well and have done less.
fn not_back<T: Target>(
    host: &mut T,
    chain: &Chain,
    group: &[&Item],
    changes: &[Change],
    teller: &mut Teller<'_>,
) -> BTreeSet<Key> {
    let mut failed = BTreeSet::new();
    for change in changes {
        let Some(item) = group.iter().find(|item| item.key == change.key) else { continue };
        let is_back = read_unfollowed(host, &change.key).and_then(|present| {
            let is_back = same(&stored(&change.after)?, &stored(&present)?);
            Ok(is_back || is_gone_with_its_package(chain, item, &present, &change.after))
        });
        let error = match is_back {
            Ok(true) => continue,
            Ok(false) => HostError::refused("put it back: no error was told, and it is not as it was before the run"),
            Err(error) => error,
        };
        teller.failed(change, &error);
        failed.insert(change.key.clone());
    }
    failed
}

/// Why packages cannot go without others that somebody has installed since, if so: dnf would take those along.
fn needed_by<T: Target>(
    host: &mut T,
    group: &[&Item],
    changes: &[Change],
    force: bool,
) -> Result<Option<String>, HostError> {
    let goes = |change: &&Change| change.after == State::Package(PackageState::Absent);
    let going: Vec<&str> = changes.iter().filter(goes).map(|change| change.key.name()).collect();
    let label = group.first().and_then(|item| item.transaction.as_deref());
    let Some(label) = label.filter(|_| !going.is_empty() && !force) else { return Ok(None) };
    let mut needing = host.machine().dependents(&going, label)?;
    // In a preview, those that a newer run has installed are gone only there.
    needing.retain(|name| !matches!(host.read(&Key::Package(name.clone())), Ok(State::Package(PackageState::Absent))));
    Ok((!needing.is_empty()).then(|| format!("needed by {}, which came since by someone else", needing.join(", "))))
}

/// What stands at a recorded path, which had no links above it. Where a link is there now the path means another
/// file, which is none of the run's business.
pub(super) fn read_unfollowed<T: Target>(host: &mut T, key: &Key) -> Result<State, HostError> {
    let Key::File(path) = key else { return host.read(key) };
    match host.canonical(path) {
        Ok(real) if real == *path => host.read(key),
        Ok(_) => Ok(State::File(FileState::Absent)),
        // A link that is not even followed.
        Err(HostError::Io { source, .. }) if source.kind() == std::io::ErrorKind::PermissionDenied => {
            Ok(State::File(FileState::Absent))
        }
        Err(error) => Err(error),
    }
}

fn change(item: &Item, before: State, after: State) -> Change {
    Change { key: item.key.clone(), before, after, sensitive: item.sensitive }
}

pub(super) fn stored(state: &State) -> Result<StoredState, HostError> {
    recorded::store_state(state, &mut |bytes| Ok(journal::digest(bytes)))
}

/// Whether firewalld runs is its unit's affair: the zone's record is fitted to it.
fn as_firewalld_is(present: &State, want: &mut State) {
    if let (
        State::Firewall(FirewallState::Zone { runtime: in_force, .. }),
        State::Firewall(FirewallState::Zone { permanent, runtime }),
    ) = (present, want)
    {
        match (in_force, &runtime) {
            (Some(_), None) => runtime.clone_from(permanent),
            (None, Some(_)) => *runtime = None,
            _ => {}
        }
    }
}

/// A unit that is not there need not be stopped and disabled; and what a rollback that was cut off had put back may
/// have gone with the packages that it then took back.
fn is_gone_with_its_package(chain: &Chain, item: &Item, present: &State, want: &State) -> bool {
    match present {
        State::Unit(UnitState::Absent) => matches!(want, State::Unit(UnitState::Loaded { active: false, .. })),
        State::File(FileState::Absent) => item.was_back() && !chain.undoing.is_empty(),
        _ => false,
    }
}

/// Repeats the restarts and reloads of the runs, so that what runs sees the files as they are again. Says how many of
/// them failed.
pub(super) fn actions<T: Target>(
    host: &mut T,
    chains: &[Chain],
    emit: &mut dyn FnMut(Event),
) -> Result<usize, RollbackError> {
    let mut seen = BTreeSet::new();
    let mut failed = 0;
    for chain in chains.iter().rev() {
        for (action, is_owed) in chain.actions.iter().zip(repeat(false)).chain(chain.owed.iter().zip(repeat(true))) {
            let action = match action {
                StoredAction::RestartUnit(unit) => Action::RestartUnit(unit.clone()),
                StoredAction::ReloadUnit(unit) => Action::ReloadUnit(unit.clone()),
                StoredAction::DaemonReload => Action::DaemonReload,
                // What a command did is not known; what it changed by way of resources is back.
                StoredAction::Command(_) => continue,
            };
            // What was only owed was not done, unless by someone else: who did not read the run's files needs not be
            // told that they are gone, and might not come up again with what was there before.
            let was_done = !is_owed || action.unit().is_none_or(|unit| has_changed_since(host, unit, chain.began_at));
            if !was_done || !seen.insert(action.to_string()) || !calls_for(host, chains, &action) {
                continue;
            }
            match host.act(action) {
                Ok(_) => {}
                Err(error @ HostError::Journal { .. }) => return Err(error.into()),
                Err(error) => {
                    failed += 1;
                    emit(Event::Warning { message: format!("failed to {error}") });
                }
            }
            host.take_changes();
        }
    }
    Ok(failed)
}

/// Whether a unit was started, stopped or reloaded since a moment (seconds since the epoch); so too when it cannot be
/// told.
fn has_changed_since<T: Target>(host: &mut T, unit: &str, moment: u64) -> bool {
    let property = "StateChangeTimestampMonotonic";
    let command = CommandSpec::new(&["systemctl", "show", &format!("--property={property}"), "--", unit]);
    let answer = host.machine().query(&command).ok().filter(|output| output.status == 0);
    let microseconds = answer
        .and_then(|output| output.stdout_text().trim().strip_prefix(property)?.strip_prefix('=')?.parse::<u64>().ok());
    let Some(changed) = microseconds else { return true };
    let up = u64::try_from(clock_gettime(ClockId::Monotonic).tv_sec).unwrap_or_default();
    let since_change = up.saturating_sub(changed / 1_000_000);
    let since_moment = journal::now().saturating_sub(moment);
    since_change <= since_moment
}

/// Whether a unit is to be restarted: it ran before the runs. (A recorded restart says that it ran; a unit that
/// the runs themselves started has a record that says otherwise.)
fn calls_for<T: Target>(host: &mut T, chains: &[Chain], action: &Action) -> bool {
    let Some(unit) = action.unit() else { return true };
    let key = Key::Unit(unit.to_owned());
    if !matches!(host.read(&key), Ok(State::Unit(UnitState::Loaded { .. }))) {
        return false;
    }
    // The oldest run comes last.
    let first = chains.iter().rev().find_map(|chain| chain.items.iter().find(|item| item.key == key));
    let ran = |item: &Item| {
        matches!(&item.before, StoredState::Unit(journal::stored::StoredUnit::Loaded { active: true, .. }))
    };
    first.is_none_or(ran)
}
