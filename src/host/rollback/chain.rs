//! What a run did to each resource, first to last.

use std::collections::BTreeMap;

use super::same::{between, same};
use crate::host::{HostError, Key, State, recorded};
use crate::journal::stored::{StoredAction, StoredFile, StoredState, StoredUnit};
use crate::journal::{Intent, Record, RunRecord, Store};

/// All that a run recorded, a resource at a time.
#[derive(Debug)]
pub(super) struct Chain {
    /// In the order in which the run first touched them.
    pub(super) items: Vec<Item>,
    /// Restarts, reloads and so on, in order.
    pub(super) actions: Vec<StoredAction>,
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
    /// The digests of all contents that the run knew for this path.
    pub(super) digests: Vec<String>,
}

impl Chain {
    /// Reads a run, with what rollbacks of it that never came to their end did after it. Checks everything that
    /// will be needed, so that a damaged journal is found before anything is changed.
    pub(super) fn of(store: &Store, runs: &[RunRecord], id: &str) -> Result<Self, HostError> {
        let undone = Store::undone(runs);
        let is_attempt = |run: &&RunRecord| run.undoes.iter().any(|target| target == id);
        let in_effect = |run: &&RunRecord| !undone.contains(&run.spec.run_id);
        let mut chain = Self { items: Vec::new(), actions: Vec::new() };
        for run in runs.iter().filter(|run| run.spec.run_id == id) {
            chain.follow(run, true)?;
        }
        for run in runs.iter().filter(is_attempt).filter(in_effect) {
            chain.follow(run, false)?;
        }
        for item in &chain.items {
            item.load_before(store)?;
        }
        Ok(chain)
    }

    fn follow(&mut self, run: &RunRecord, is_own: bool) -> Result<(), HostError> {
        let mut open = BTreeMap::new();
        for record in &run.records {
            match record {
                Record::Intent(intent) => {
                    open.insert(intent.seq, self.note(intent, &run.spec.run_id, is_own)?);
                }
                Record::Done { seq, after } => {
                    let item = open.get(seq).and_then(|&at| self.items.get_mut(at));
                    if let Some(item) = item.filter(|item| item.last.seq == *seq) {
                        item.done = Some(after.clone());
                        item.digests.extend(digest(after));
                    }
                }
                Record::Action { action, .. } if is_own => self.actions.push(action.clone()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds an intent to its resource's item; gives the item's position.
    fn note(&mut self, intent: &Intent, run_id: &str, is_own: bool) -> Result<usize, HostError> {
        let key = recorded::load_key(&intent.key)?;
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
                digests: Vec::new(),
            });
            self.items.len() - 1
        });
        if let Some(item) = self.items.get_mut(at) {
            item.last = intent.clone();
            item.done = None;
            item.sensitive |= intent.sensitive;
            item.scratches.extend(intent.scratch.clone());
            item.digests.extend([&intent.before, &intent.after].into_iter().filter_map(digest));
            if is_own {
                item.transaction.clone_from(&intent.transaction);
            }
        }
        Ok(at)
    }

    /// The order in which the resources are put back: what was touched first comes last, except that a directory
    /// that was there comes before what was in it, and what is new in a directory goes before it does.
    pub(super) fn undo_order(&self) -> Vec<&Item> {
        let mut order = Vec::new();
        for item in self.items.iter().rev() {
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
    fn was_there(&self) -> bool {
        !matches!(self.before, StoredState::File(StoredFile::Absent))
    }

    fn was_directory(&self) -> bool {
        matches!(self.before, StoredState::File(StoredFile::Directory { .. }))
    }

    fn is_below(&self, other: &Self) -> bool {
        match (&self.key, &other.key) {
            (Key::File(path), Key::File(above)) => {
                path.strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/'))
            }
            _ => false,
        }
    }

    /// The state before the run, with its bytes.
    pub(super) fn load_before(&self, store: &Store) -> Result<State, HostError> {
        recorded::load_state(&self.before, &mut |sha256| store.blob(&self.kept_by, sha256))
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
        match (&self.done, &self.last.before, &self.last.after, present) {
            (Some(done), ..) => same(done, present),
            (None, StoredState::File(before), StoredState::File(after), StoredState::File(present)) => {
                between(before, after, present)
            }
            // Other resources have no owner to ask but us, and what a kill left of them is nobody's wish.
            (None, ..) => true,
        }
    }
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
