//! The host that is really changed: recorded first, then changed, then recorded as done.

mod companions;

use std::collections::BTreeSet;
use std::mem;

use super::admit::{self, Unknowns};
use super::backend::{Backend, Step};
use super::guard::{Arm, Guard};
use super::record::Record;
use super::{
    Action, ActionResult, Change, CommandOutput, CommandSpec, Debt, FileState, Host, HostError, Key, State, Want, fs,
    recorded, way_in,
};
use crate::hostplay::Mode;
use crate::journal::{self, Intent, Run};
use crate::veil::Veil;
use companions::{Companions, Departing};

/// A host with the open journal of the run that changes it.
#[derive(Debug)]
pub struct Live<B> {
    backend: B,
    run: Run,
    record: Record,
    /// Handlers that the next change owes.
    owing: Vec<Debt>,
    /// Handlers that the journal says are owed.
    owed: BTreeSet<String>,
    /// Armed before the way in changes.
    guard: Guard,
}

/// A step with what the journal and the user are to know of it.
#[derive(Debug)]
struct Planned {
    step: Step,
    sensitive: bool,
}

impl<B: Backend> Live<B> {
    /// A host whose changes are recorded in this run.
    #[must_use]
    pub fn new(backend: B, run: Run) -> Self {
        let (owing, owed) = (Vec::new(), BTreeSet::new());
        Self { backend, run, record: Record::default(), owing, owed, guard: Guard::Free }
    }

    /// The same, with what is to be called before the way into the host changes for the first time.
    #[must_use]
    pub fn guarded(self, arm: Option<Arm>) -> Self {
        Self { guard: arm.map_or(Guard::Free, Guard::Unarmed), ..self }
    }

    /// The run's journal, for what is not a change: handlers owed and paid, the end.
    pub fn run(&mut self) -> &mut Run {
        &mut self.run
    }

    /// The machine behind it.
    pub fn backend(&mut self) -> &mut B {
        &mut self.backend
    }

    /// The machine and the journal, for what comes after the run.
    #[must_use]
    pub fn into_parts(self) -> (B, Run) {
        (self.backend, self.run)
    }

    /// Puts states back; packages by taking back the transaction that ran under the label `undone`.
    ///
    /// # Errors
    /// As [`Host::put_all`].
    pub(super) fn restore(&mut self, wants: Vec<Want>, undone: Option<&str>) -> Result<(), HostError> {
        let mut planned = Vec::new();
        for want in wants {
            planned.extend(self.plan(want)?);
        }
        self.perform(planned, undone)
    }

    /// The step that a want asks for; none when the host already is as wanted.
    fn plan(&mut self, want: Want) -> Result<Option<Planned>, HostError> {
        admit::admit(&want, Unknowns::Refused)?;
        let Want { key, state: mut after, sensitive } = want;
        let key = match key {
            Key::File(path) => Key::File(self.backend.canonical(&path)?),
            key => key,
        };
        let before = self.backend.read(&key)?;
        admit::keep_label(&before, &mut after);
        if admit::satisfies(&before, &after) {
            return Ok(None);
        }
        admit::admit_transition(&key, &before, &after)?;
        self.admit_place(&key, &before, &after)?;
        let scratch = if matches!(key, Key::File(_)) { Some(fs::scratch_name()?) } else { None };
        let sensitive = sensitive || self.record.is_secret(&key, &before, &after);
        Ok(Some(Planned { step: Step { key, before, after, scratch }, sensitive }))
    }

    /// Refuses what the file system would refuse, before an undo record is written for it.
    fn admit_place(&mut self, key: &Key, before: &State, after: &State) -> Result<(), HostError> {
        let (Key::File(path), State::File(after)) = (key, after) else { return Ok(()) };
        if matches!(before, State::File(FileState::Directory { .. })) && !matches!(after, FileState::Directory { .. }) {
            admit::admit_emptied(path, &self.backend.list_dir(path)?)?;
        }
        let Some(parent) = admit::parent(path).filter(|_| *after != FileState::Absent) else { return Ok(()) };
        let above = self.backend.read(&Key::File(parent.to_owned()))?;
        admit::admit_parent(path, &above)
    }

    /// The one place where a host changes: intents, the change, what came of it.
    fn perform(&mut self, planned: Vec<Planned>, undone: Option<&str>) -> Result<(), HostError> {
        if planned.is_empty() {
            return Ok(());
        }
        if planned.iter().any(|planned| way_in::leads_through(&planned.step.key)) {
            self.guard.arm(&mut self.run)?;
        }
        self.record.stir();
        self.note_owing()?;
        let label = format!("mailprov:{}:{}", self.run.id(), self.run.next_seq());
        let (steps, sensitive): (Vec<_>, Vec<_>) =
            planned.into_iter().map(|planned| (planned.step, planned.sensitive)).unzip();
        let census = companions::census(self, &steps)?;
        let mut kept = Companions::keep_census(self, &census)?;
        let departing = if undone.is_none() { companions::belongings(self, &steps)? } else { Departing::default() };
        let mut seqs = Vec::new();
        for (step, sensitive) in steps.iter().zip(&sensitive) {
            seqs.push(self.intend(step, *sensitive, &label, kept.take())?);
        }
        let follows = seqs.first().copied().unwrap_or_default();
        let companions = Companions::before(self, &steps, follows, census, departing)?;
        let result = match undone {
            Some(undone) => self.backend.undo_packages(&steps, undone, &label),
            None => self.backend.change(&steps, &label),
        };
        companions.after(self, &steps)?;
        result?;
        for ((step, sensitive), seq) in steps.into_iter().zip(sensitive).zip(seqs) {
            let after = self.backend.read(&step.key)?;
            self.run.done(seq, recorded::store_state(&after, &mut |bytes| Ok(journal::digest(bytes)))?)?;
            if after != step.before {
                self.record.change(Change { key: step.key, before: step.before, after, sensitive });
            }
        }
        Ok(())
    }

    /// A kill after the change and before its handler must not lose the handler: it is owed before the change is made.
    fn note_owing(&mut self) -> Result<(), HostError> {
        mem::take(&mut self.owing).iter().try_for_each(|debt| self.owe(debt))
    }

    fn intend(&mut self, step: &Step, sensitive: bool, label: &str, census: Option<String>) -> Result<u64, HostError> {
        let before = recorded::store_state(&step.before, &mut |bytes| self.run.keep(bytes))?;
        let after = recorded::store_state(&step.after, &mut |bytes| Ok(journal::digest(bytes)))?;
        let transaction = matches!(step.key, Key::Package(_)).then(|| label.to_owned());
        Ok(self.run.intent(Intent {
            seq: 0,
            key: recorded::store_key(&step.key),
            before,
            after,
            sensitive,
            scratch: step.scratch.clone(),
            transaction,
            census,
            follows: None,
        })?)
    }
}

impl<B: Backend> Host for Live<B> {
    fn veil(&mut self, veil: &Veil) {
        self.record.veil(veil);
    }

    fn mode(&self) -> Mode {
        Mode::Apply
    }

    fn read(&mut self, key: &Key) -> Result<State, HostError> {
        admit::admit_key(key)?;
        self.backend.read(key)
    }

    fn put_all(&mut self, wants: Vec<Want>) -> Result<(), HostError> {
        self.backend.read_ahead(&wants.iter().map(|want| &want.key).collect::<Vec<_>>())?;
        let mut packages = Vec::new();
        let mut others = Vec::new();
        for want in wants {
            if matches!(want.key, Key::Package(_)) { packages.extend(self.plan(want)?) } else { others.push(want) }
        }
        self.perform(packages, None)?;
        for want in others {
            let planned = self.plan(want)?;
            self.perform(planned.into_iter().collect(), None)?;
        }
        Ok(())
    }

    fn act(&mut self, action: Action) -> Result<Option<ActionResult>, HostError> {
        if let Some(unit) = action.unit() {
            let key = Key::Unit(unit.to_owned());
            let state = self.read(&key)?;
            if let Some(start) = admit::start_instead(&action, &key, &state)? {
                self.put(start)?;
                return Ok(Some(ActionResult::default()));
            }
        }
        if action.unit().is_some_and(way_in::is_unit) {
            self.guard.arm(&mut self.run)?;
        }
        self.note_owing()?;
        self.run.action(self.record.veiled(recorded::store_action(&action)))?;
        self.record.begin(&action);
        let result = self.backend.act(&action)?;
        self.record.acted(&action);
        Ok(Some(result))
    }

    fn owing(&mut self, debts: Vec<Debt>) {
        self.owing = debts;
    }

    fn owe(&mut self, debt: &Debt) -> Result<(), HostError> {
        if self.owed.insert(debt.handler.clone()) {
            self.run.owed(&debt.handler, debt.action.as_ref().map(recorded::store_action))?;
        }
        Ok(())
    }

    fn paid(&mut self, handler: &str) -> Result<(), HostError> {
        self.owed.remove(handler);
        Ok(self.run.paid(handler)?)
    }

    fn forgive(&mut self, handler: &str) -> Result<(), HostError> {
        if self.owed.remove(handler) { Ok(self.run.paid(handler)?) } else { Ok(()) }
    }

    fn is_fresh(&mut self, unit: &str) -> bool {
        self.record.is_fresh(unit)
    }

    fn query(&mut self, command: &CommandSpec) -> Result<CommandOutput, HostError> {
        self.backend.query(command)
    }

    fn is_newer(&mut self, path: &str, than: &str) -> Result<bool, HostError> {
        self.backend.is_newer(path, than)
    }

    fn list_dir(&mut self, path: &str) -> Result<Vec<String>, HostError> {
        admit::admit_key(&Key::File(path.to_owned()))?;
        self.backend.list_dir(path)
    }

    fn default_zone(&mut self) -> Result<Option<String>, HostError> {
        self.backend.default_zone()
    }

    fn packages_pending(&self) -> bool {
        false
    }

    fn changes(&self) -> &[Change] {
        &self.record.changes
    }

    fn take_changes(&mut self) -> Vec<Change> {
        self.record.take_changes()
    }

    fn take_actions(&mut self) -> Vec<String> {
        self.record.take_actions()
    }
}
