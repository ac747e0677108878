//! What a run did to each resource, first to last.

use std::collections::{BTreeMap, BTreeSet};

use super::companions::Companion;
use super::same::{between, same};
use super::target::Target;
use crate::host::{HostError, Key, State, UnitState, recorded};
use crate::journal::stored::{StoredAction, StoredFile, StoredState, StoredUnit};
use crate::journal::{Intent, Record, RunRecord, Store};

/// All that a run recorded, a resource at a time.
#[derive(Debug, Default)]
pub(super) struct Chain {
    /// In the order in which the run first touched them.
    pub(super) items: Vec<Item>,
    /// Files that nobody asked for and that change along with the items.
    pub(super) companions: Vec<Companion>,
    /// Restarts, reloads and so on that were begun, in order.
    pub(super) actions: Vec<StoredAction>,
    /// Those that handlers were notified for.
    pub(super) owed: Vec<StoredAction>,
    /// When the run began: seconds since the epoch.
    pub(super) began_at: u64,
    /// Scratch files that rollbacks which were cut off may have left, by the file beside which they are.
    pub(super) scratches: Vec<(Key, String)>,
    /// The labels of package transactions that such rollbacks began.
    pub(super) undoing: Vec<String>,
    /// Whether there were such rollbacks.
    pub(super) was_tried: bool,
}

/// One resource and what happened to it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) key: Key,
    /// Its state before the run.
    pub(super) before: StoredState,
    /// The run that keeps the bytes of `before`.
    kept_by: String,
    /// The last intent.
    last: Intent,
    /// What came of it, if it came to its end.
    done: Option<StoredState>,
    pub(super) sensitive: bool,
    /// Names beside a file that a killed change may have left.
    pub(super) scratches: Vec<String>,
    /// The label of the run's last package transaction with it.
    pub(super) transaction: Option<String>,
    /// The run was cut off in this package transaction: the digest of what was there before it.
    census: Option<String>,
    /// A rollback that was cut off has put it back.
    pub(super) was_put_back: bool,
    /// The run itself started or stopped this unit.
    was_driven: bool,
    /// The digests of all contents that the run knew for this path.
    pub(super) digests: Vec<String>,
}

/// Where an intent was noted.
#[derive(Debug, Clone, Copy)]
enum Place {
    Item(usize),
    Companion(usize),
}

impl Chain {
    /// Reads a run, with what rollbacks of it that never came to their end did after it. Checks everything that
    /// will be needed, so that a damaged journal is found before anything is changed.
    pub(super) fn of(store: &Store, runs: &[RunRecord], id: &str) -> Result<Self, HostError> {
        let undone = Store::undone(runs);
        let is_attempt = |run: &&RunRecord| run.undoes.iter().any(|target| target == id);
        let in_effect = |run: &&RunRecord| !undone.contains(&run.spec.run_id);
        let mut chain = Self::default();
        for run in runs.iter().filter(|run| run.spec.run_id == id) {
            chain.follow(run)?;
        }
        for run in runs.iter().filter(is_attempt).filter(in_effect) {
            chain.follow_attempt(run)?;
        }
        for item in &chain.items {
            item.load_before(store)?;
        }
        for companion in &chain.companions {
            companion.load_before(store)?;
        }
        Ok(chain)
    }

    /// What the run did.
    fn follow(&mut self, run: &RunRecord) -> Result<(), HostError> {
        let id = &run.spec.run_id;
        let mut open = BTreeMap::new();
        self.began_at = run.started;
        for record in &run.records {
            match record {
                Record::Intent(intent) => {
                    let key = recorded::load_key(&intent.key)?;
                    let place = match intent.follows.map(|seq| open.get(&seq).copied()) {
                        None => self.note(key, intent, id),
                        Some(Some(Place::Item(at))) => self.note_companion(key, intent, id, at),
                        Some(_) => return Err(HostError::journal(format!("{key} follows a change that is not there"))),
                    };
                    open.insert(intent.seq, place);
                }
                Record::Done { seq, after } => match open.get(seq) {
                    Some(Place::Item(at)) => {
                        self.items[*at].end(*seq, after);
                        self.items[*at].census = None;
                    }
                    Some(Place::Companion(at)) => {
                        self.companions[*at].known.push(after.clone());
                        self.companions[*at].is_cut = false;
                    }
                    None => {}
                },
                Record::Action { action, .. } => self.actions.push(action.clone()),
                Record::Owed { action: Some(action), .. } => self.owed.push(action.clone()),
                _ => {}
            }
        }
        Ok(())
    }

    /// What a rollback that did not come to its end did to the resources of the run.
    fn follow_attempt(&mut self, run: &RunRecord) -> Result<(), HostError> {
        let mut open = BTreeMap::new();
        self.was_tried = true;
        for record in &run.records {
            match record {
                Record::Intent(intent) => {
                    let key = recorded::load_key(&intent.key)?;
                    self.scratches.extend(intent.scratch.iter().map(|scratch| (key.clone(), scratch.clone())));
                    self.undoing.extend(intent.transaction.clone());
                    if let Some(item) = self.items.iter_mut().find(|item| item.key == key) {
                        item.begin(intent);
                    }
                    let is_ours = self.reopen_companions(&key, &intent.before);
                    open.insert(intent.seq, (key, is_ours));
                }
                Record::Done { seq, after } => {
                    let Some((key, is_ours)) = open.get(seq) else { continue };
                    if let Some(item) = self.items.iter_mut().find(|item| item.key == *key) {
                        item.end(*seq, after);
                        item.was_put_back = same(&item.before, after);
                    }
                    let companions = self.companions.iter_mut().filter(|companion| *is_ours && companion.key == *key);
                    for companion in companions {
                        companion.known.push(after.clone());
                        companion.is_cut = false;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A rollback begins to change a file that followed a resource, or to let it change. Whether it was ours until then:
    /// what somebody else had made of it is no more ours for having been left there.
    fn reopen_companions(&mut self, key: &Key, before: &StoredState) -> bool {
        let mut companions: Vec<_> = self.companions.iter_mut().filter(|companion| companion.key == *key).collect();
        let is_ours = companions.iter().any(|companion| companion.is_cut || companion.knows(before));
        companions.iter_mut().filter(|_| is_ours).for_each(|companion| companion.is_cut = true);
        is_ours
    }

    fn note(&mut self, key: Key, intent: &Intent, run_id: &str) -> Place {
        let known = self.items.iter().position(|item| item.key == key);
        let at = known.unwrap_or_else(|| {
            self.items.push(Item {
                key,
                before: intent.before.clone(),
                kept_by: run_id.to_owned(),
                last: intent.clone(),
                done: None,
                sensitive: false,
                scratches: Vec::new(),
                transaction: None,
                census: None,
                was_put_back: false,
                was_driven: false,
                digests: Vec::new(),
            });
            self.items.len() - 1
        });
        self.items[at].begin(intent);
        self.items[at].was_driven |= is_active(&intent.before) != is_active(&intent.after);
        self.items[at].transaction.clone_from(&intent.transaction);
        self.items[at].census.clone_from(&intent.census);
        Place::Item(at)
    }

    fn note_companion(&mut self, key: Key, intent: &Intent, run_id: &str, main: usize) -> Place {
        let (before, main) = (intent.before.clone(), self.items[main].key.clone());
        let known = vec![before.clone()];
        let companion = Companion { key, main, known, before, kept_by: run_id.to_owned(), is_cut: true };
        self.companions.push(companion);
        Place::Companion(self.companions.len() - 1)
    }

    /// Whether what stands at this path was last changed by the run's package transaction with these resources, or when
    /// a rollback that was cut off took it back.
    pub(super) fn is_of_transaction<T: Target>(
        &self,
        host: &mut T,
        group: &[&Item],
        path: &str,
    ) -> Result<bool, HostError> {
        let packages: Vec<&str> = group.iter().map(|item| item.key.name()).collect();
        for label in group.first().and_then(|item| item.transaction.as_ref()).into_iter().chain(&self.undoing) {
            if host.machine().is_of_transaction(path, &packages, label)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The files that change along with one of these resources: first what was not there before the run, what is within
    /// a directory before it; then what was there, a directory before what is within it. Of one file the newest record
    /// comes first.
    pub(super) fn companions_of(&self, group: &[&Item]) -> Vec<&Companion> {
        let follows = |companion: &&Companion| group.iter().any(|item| item.key == companion.main);
        let was_there = |key: &Key| {
            let oldest = self.companions.iter().filter(follows).find(|companion| companion.key == *key);
            oldest.is_some_and(|oldest| oldest.before != StoredState::File(StoredFile::Absent))
        };
        let companions = self.companions.iter().rev().filter(follows);
        let (mut there, mut new): (Vec<_>, Vec<_>) = companions.partition(|companion| was_there(&companion.key));
        new.sort_by(|a, b| b.key.cmp(&a.key));
        there.sort_by(|a, b| a.key.cmp(&b.key));
        new.into_iter().chain(there).collect()
    }

    /// The order in which the resources are put back: what was touched first comes last, except that a directory
    /// that was there comes before what was in it, what is new in a directory goes before it does, and the text of a map
    /// comes before its database: Postfix warns of one that is older, at every lookup. Units that ran come last of all,
    /// so that they start with everything as it was.
    pub(super) fn undo_order(&self) -> Vec<&Item> {
        let mut order = Vec::new();
        let (units, others): (Vec<_>, Vec<_>) = self.items.iter().rev().partition(|item| item.ran());
        for item in others.into_iter().chain(units) {
            self.visit(item, &mut order);
        }
        order
    }

    fn visit<'a>(&'a self, item: &'a Item, order: &mut Vec<&'a Item>) {
        let is_placed = |order: &[&Item], item: &Item| order.iter().any(|placed| placed.key == item.key);
        if is_placed(order, item) {
            return;
        }
        let first = self.items.iter().rev().filter(|other| {
            (!item.was_directory() && other.is_below(item))
                || item.is_made_from(other)
                || (item.was_there() && other.was_directory() && item.is_below(other))
        });
        for other in first {
            self.visit(other, order);
        }
        if !is_placed(order, item) {
            order.push(item);
        }
    }

    /// The resources that were put into a package transaction together; only itself for all others.
    pub(super) fn together_with<'a>(&'a self, item: &'a Item) -> Vec<&'a Item> {
        match &item.transaction {
            None => vec![item],
            label => self.items.iter().filter(|other| other.transaction == *label).collect(),
        }
    }
}

impl Item {
    fn begin(&mut self, intent: &Intent) {
        self.last = intent.clone();
        self.done = None;
        self.sensitive |= intent.sensitive;
        self.scratches.extend(intent.scratch.clone());
        self.digests.extend([&intent.before, &intent.after].into_iter().filter_map(digest));
    }

    fn end(&mut self, seq: u64, after: &StoredState) {
        if self.last.seq == seq {
            self.done = Some(after.clone());
            self.digests.extend(digest(after));
        }
    }

    /// Whether it was as before when a rollback that was cut off came to its packages: put back by it, or never away.
    pub(super) fn was_back(&self) -> bool {
        self.was_put_back || self.done.as_ref().is_none_or(|done| same(&self.before, done))
    }

    fn was_there(&self) -> bool {
        !matches!(self.before, StoredState::File(StoredFile::Absent))
    }

    fn was_directory(&self) -> bool {
        matches!(self.before, StoredState::File(StoredFile::Directory { .. }))
    }

    /// Whether it is a unit that ran before, other than firewalld, through which its zones are put back.
    fn ran(&self) -> bool {
        self.key.name() != "firewalld.service"
            && matches!(self.before, StoredState::Unit(StoredUnit::Loaded { active: true, .. }))
    }

    fn is_below(&self, other: &Self) -> bool {
        match (&self.key, &other.key) {
            (Key::File(path), Key::File(above)) => {
                path.strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/'))
            }
            _ => false,
        }
    }

    /// Whether it is the database that `postmap` makes of the other one.
    fn is_made_from(&self, other: &Self) -> bool {
        match (&self.key, &other.key) {
            (Key::File(path), Key::File(text)) => path.strip_suffix(".db").is_some_and(|stem| stem == text),
            _ => false,
        }
    }

    /// The state before the run, with its bytes.
    pub(super) fn load_before(&self, store: &Store) -> Result<State, HostError> {
        recorded::load_state(&self.before, &mut |sha256| store.blob(&self.kept_by, sha256))
    }

    /// The names that were there before the package transaction in which the run was cut off.
    pub(super) fn load_census(&self, store: &Store) -> Result<Option<BTreeSet<String>>, HostError> {
        let Some(sha256) = &self.census else { return Ok(None) };
        let list = store.blob(&self.kept_by, sha256)?;
        serde_json::from_slice(&list).map(Some).map_err(|error| HostError::journal(error.to_string()))
    }

    /// Whether the present state is what the run, or a kill within it, left. Otherwise someone else was here.
    pub(super) fn explains(&self, present: &StoredState) -> bool {
        if let StoredState::Unit(present) = present {
            // That it runs, or no longer does, can have many reasons, the run's own faults among them.
            let known = [&self.before, &self.last.before, &self.last.after];
            return enablement(present).is_none_or(|word| {
                known.iter().any(|state| matches!(state, StoredState::Unit(unit) if enablement(unit) == Some(word)))
            });
        }
        match &self.done {
            Some(done) => same(done, present),
            None => between(&self.last.before, &self.last.after, present),
        }
    }

    /// Whether a unit runs is put back only where the run itself started or stopped it.
    pub(super) fn leave_activity(&self, present: &State, want: &mut State) {
        if let (State::Unit(UnitState::Loaded { active: is_active, .. }), State::Unit(UnitState::Loaded { active, .. })) =
            (present, want)
            && !self.was_driven
        {
            *active = *is_active;
        }
    }
}

fn is_active(state: &StoredState) -> bool {
    matches!(state, StoredState::Unit(StoredUnit::Loaded { active: true, .. }))
}

fn enablement(unit: &StoredUnit) -> Option<&str> {
    match unit {
        StoredUnit::Absent => None,
        StoredUnit::Loaded { enablement, .. } => Some(enablement),
    }
}

fn digest(state: &StoredState) -> Option<String> {
    match state {
        StoredState::File(StoredFile::Regular { sha256, .. }) => Some(sha256.clone()),
        _ => None,
    }
}

/// What tells one file's content from another's: the digest of its bytes, or a link's target.
pub(super) fn content(state: &StoredState) -> Option<String> {
    match state {
        StoredState::File(StoredFile::Symlink { target, .. }) => Some(target.clone()),
        other => digest(other),
    }
}
