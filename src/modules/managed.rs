//! What a playbook sets in a file that is not its own, and what was there before: kept beside that file, so that
//! what is dropped from the playbook goes back to what it was.
//!
//! The record of `/etc/postfix/main.cf` is `/etc/postfix/main.cf.mailprov`. It is a file like any other: put through
//! the host, journalled, and taken back by a rollback together with the file that it is about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::spec::{ArgKind, ArgSpec};
use super::{Context, ModuleError};
use crate::host::{Content, FileState, Meta};

/// The version of the format; another is not read.
const VERSION: u32 = 1;
/// The argument of the modules that remember.
pub(super) const RECORD: ArgSpec = ArgSpec::new(
    "record",
    ArgKind::Str,
    "A name under which the host remembers what was there before: what a later run with this name does not name any more \
     goes back to that. Without it nothing goes back.",
);

const ABOUT: &str = "what mailprov sets here, and what was there before: what a playbook drops goes back to that";

/// One thing in the file: a parameter, a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    /// Before mailprov set it; `None`: it was not there.
    pub(super) before: Option<String>,
    /// As mailprov set it last.
    pub(super) now: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    about: String,
    version: u32,
    /// By the name that tasks give, then by the thing's own.
    sets: BTreeMap<String, BTreeMap<String, Item>>,
}

/// The record of one file, for the set of one task.
pub(super) struct Managed {
    path: String,
    state: FileState,
    set: String,
    stored: Stored,
}

impl Managed {
    /// Reads the record of a file; `None` when the task keeps none.
    pub(super) fn read(context: &mut Context<'_>, file: &str, set: Option<&str>) -> Result<Option<Self>, ModuleError> {
        let Some(set) = set else { return Ok(None) };
        let path = format!("{file}.mailprov");
        let state = context.file(&path)?;
        let stored = match &state {
            FileState::Regular { content: Content::Bytes(bytes), .. } => {
                serde_json::from_slice(bytes).ok().filter(|stored: &Stored| stored.version == VERSION)
            }
            FileState::Absent | FileState::Unknown | FileState::Regular { .. } => {
                Some(Stored { about: ABOUT.to_owned(), version: VERSION, sets: BTreeMap::new() })
            }
            _ => None,
        };
        let stored = stored.ok_or_else(|| {
            let hint = "remove it, and what mailprov sets now counts as what was always there";
            ModuleError::hinted(format!("read {path}: it is no record of mailprov's"), hint)
        })?;
        Ok(Some(Self { path, state, set: set.to_owned(), stored }))
    }

    /// What this set has and does not name any more: taken out of the record, to be put back.
    pub(super) fn dropped(&mut self, named: &dyn Fn(&str) -> bool) -> Vec<(String, Item)> {
        let items = self.stored.sets.entry(self.set.clone()).or_default();
        let gone: Vec<String> = items.keys().filter(|name| !named(name)).cloned().collect();
        gone.into_iter().filter_map(|name| items.remove_entry(&name)).collect()
    }

    /// Notes that something is set; `current` is what is there now, and counts the first time.
    pub(super) fn sets(&mut self, name: &str, current: Option<String>, now: Option<String>) {
        // Another task may have had it before.
        let mut others = self.stored.sets.iter_mut().filter(|(set, _)| **set != self.set);
        let moved = others.find_map(|(_, items)| items.remove(name));
        let items = self.stored.sets.entry(self.set.clone()).or_default();
        let before = items.get(name).map(|item| item.before.clone()).or(moved.map(|item| item.before));
        items.insert(name.to_owned(), Item { before: before.unwrap_or(current), now });
    }

    /// Writes the record; before the file itself, so that nothing is set of which there is no record.
    pub(super) fn put(mut self, context: &mut Context<'_>, known: bool) -> Result<(), ModuleError> {
        self.stored.sets.retain(|_, items| !items.is_empty());
        let meta = self.state.meta().cloned().unwrap_or_else(|| Meta::root(0o600));
        let after = if !known {
            FileState::Regular { content: Content::Unknown, meta }
        } else if self.stored.sets.is_empty() {
            FileState::Absent
        } else {
            let text = serde_json::to_string_pretty(&self.stored).unwrap_or_default() + "\n";
            FileState::Regular { content: Content::text(&text), meta }
        };
        context.put_file(&self.path, &self.state, after).map(drop)
    }
}
