//! Going back over runs that are no longer recorded would leave what they changed among what is put back: refused.
//!
//! Old journals are removed, but not those of runs that owe a handler; and a damaged one may have been moved away. Each run
//! names the newest one before it that [counts](RunRecord::counts). Where it names none, as before that was recorded, a gap
//! in the numbers may hide anything.

use std::collections::BTreeSet;

use super::RollbackError;
use crate::hostplay::UndoTarget;
use crate::journal::RunRecord;

/// Refuses to go back to the run at this position where one that came after it is missing.
pub(super) fn admit(
    runs: &[RunRecord],
    position: usize,
    target: &UndoTarget,
    undone: &BTreeSet<String>,
) -> Result<(), RollbackError> {
    let gaps: Vec<usize> = (position + 1..runs.len()).filter(|at| is_missed(runs, position, *at)).collect();
    let Some(newest) = gaps.last() else { return Ok(()) };
    let id = &runs[position].spec.run_id;
    let missing: Vec<String> = gaps.iter().map(|at| describe(&runs[at - 1], &runs[*at])).collect();
    let can_go = |run: &&RunRecord| run.counts() && run.undoes.is_empty() && !undone.contains(&run.spec.run_id);
    Err(RollbackError::Gap {
        asked: match target {
            UndoTarget::After(_) => format!("go back to the run {id}"),
            UndoTarget::Newest => {
                format!("take back the run {id}, the newest of those that are recorded and in effect")
            }
            _ => format!("take back the run {id} and all later ones"),
        },
        missing: missing.join(", "),
        oldest: runs[*newest..].iter().find(can_go).map(|run| run.spec.run_id.clone()),
    })
}

/// What to try.
pub(super) fn hint(oldest: Option<&str>) -> String {
    match oldest {
        Some(id) => format!(
            "`mailprov rollback --run {id}` takes back all that is recorded without a gap; what came before has to be put \
             back by hand"
        ),
        None => "all later runs are taken back already; what came before has to be put back by hand".to_owned(),
    }
}

/// Whether a run that counts is missing before the one `at`, and came after the one at `position`.
fn is_missed(runs: &[RunRecord], position: usize, at: usize) -> bool {
    let run = &runs[at];
    match &run.previous {
        Some(previous) => {
            let is_there = runs[..at].iter().any(|run| run.spec.run_id == *previous);
            // One that was forgotten, but is older than where we go.
            let is_older = runs[..=position].iter().any(|run| run.previous.as_ref() == Some(previous));
            !is_there && !is_older
        }
        None => run.number > runs[at - 1].number.saturating_add(1),
    }
}

fn describe(before: &RunRecord, after: &RunRecord) -> String {
    let (first, last) = (&before.spec.run_id, &after.spec.run_id);
    if let Some(previous) = &after.previous {
        return format!("the run {previous}, after {first} and before {last}, is no longer recorded");
    }
    let count = after.number - before.number - 1;
    format!("{count} of the runs after {first} and before {last} are no longer recorded")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::super::rollback;
    use super::*;
    use crate::host::fake::Script;
    use crate::host::laws::spec;
    use crate::host::{Content, FileState, Host, Key, Live, Meta, State, Want};
    use crate::journal::{Outcome, Store};

    /// So many that those before them are forgotten.
    const MANY: usize = 101;

    /// A host without a run.
    fn bare() -> (TempDir, Store, Script) {
        let dir = tempfile::tempdir().unwrap();
        let (store, mut script) = (Store::at(dir.path()), Script::default());
        script.dir("/etc");
        (dir, store, script)
    }

    fn write(script: &mut Script, store: &Store, id: &str, path: &str) {
        let state = FileState::Regular { content: Content::text(id), meta: Meta::root(0o644) };
        let mut live = Live::new(script, store.begin(&spec(id)).unwrap());
        live.put(Want::new(Key::File(path.to_owned()), State::File(state))).unwrap();
        live.run().finished(Outcome::Succeeded).unwrap();
    }

    /// A run that owes a handler, one that changes `/etc/lost`, and then so many others that this one is forgotten.
    fn forgetful() -> (TempDir, Store, Script) {
        let (dir, store, mut script) = bare();
        write(&mut script, &store, "lost-0", "/etc/lost");
        let mut first = Live::new(&mut script, store.begin(&spec("owes")).unwrap());
        first.run().owed("restart postfix", None).unwrap();
        first.run().finished(Outcome::Failed).unwrap();
        write(&mut script, &store, "lost-1", "/etc/lost");
        for number in 0..MANY {
            write(&mut script, &store, &format!("kept-{number:03}"), "/etc/kept");
        }
        store.prune().unwrap();
        (dir, store, script)
    }

    fn go(script: &mut Script, store: &Store, target: &UndoTarget) -> Result<usize, RollbackError> {
        rollback(script, store, &spec("undo"), target, false, &mut |_| {}).map(|report| report.undone.len())
    }

    #[test]
    fn nothing_goes_back_over_a_run_that_was_forgotten() {
        let (_dir, store, mut script) = forgetful();
        let before = script.states().clone();
        let id = || "owes".to_owned();
        for (target, asked) in [(UndoTarget::After(id()), "go back to"), (UndoTarget::Run(id()), "take back")] {
            let failure = go(&mut script, &store, &target).unwrap_err().to_failure();
            assert!(failure.message.starts_with(asked), "{}", failure.message);
            // The first of those that came to be kept follows it.
            assert!(failure.message.contains("kept-000, after owes and before kept-001"), "{}", failure.message);
            assert!(failure.hints[0].contains("`mailprov rollback --run kept-001`"), "{:?}", failure.hints);
        }
        assert_eq!(script.states(), &before);
        assert_eq!(go(&mut script, &store, &UndoTarget::Run("kept-001".to_owned())).unwrap(), MANY - 1);
    }

    #[test]
    fn runs_that_changed_nothing_are_not_missed() {
        let (_dir, store, mut script) = bare();
        write(&mut script, &store, "first", "/etc/a");
        for number in 0..30 {
            store.begin(&spec(&format!("idle-{number}"))).unwrap().finished(Outcome::Succeeded).unwrap();
        }
        write(&mut script, &store, "last", "/etc/a");
        store.prune().unwrap();
        assert_eq!(store.read_all().unwrap().len(), 21, "some are forgotten");
        assert_eq!(go(&mut script, &store, &UndoTarget::After("first".to_owned())).unwrap(), 20);
    }

    #[test]
    fn one_whose_folder_was_moved_away_is_missed_unless_it_is_older() {
        let (dir, store, mut script) = bare();
        for id in ["0", "1", "2", "3"] {
            write(&mut script, &store, id, "/etc/a");
        }
        fs::remove_dir_all(dir.path().join("runs/1")).unwrap();
        assert!(matches!(go(&mut script, &store, &UndoTarget::After("0".to_owned())), Err(RollbackError::Gap { .. })));
        assert_eq!(go(&mut script, &store, &UndoTarget::Run("2".to_owned())).unwrap(), 2);
        let failure = go(&mut script, &store, &UndoTarget::Newest).unwrap_err().to_failure();
        assert!(failure.message.starts_with("take back the run 0, the newest of those"), "{}", failure.message);
    }

    #[test]
    fn one_that_changed_nothing_is_gone_back_to_where_only_older_ones_are_missing() {
        let (dir, store, mut script) = bare();
        write(&mut script, &store, "0", "/etc/a");
        store.begin(&spec("1")).unwrap().finished(Outcome::Succeeded).unwrap();
        write(&mut script, &store, "2", "/etc/a");
        fs::remove_dir_all(dir.path().join("runs/0")).unwrap();
        assert_eq!(go(&mut script, &store, &UndoTarget::After("1".to_owned())).unwrap(), 1);
    }

    #[test]
    fn where_none_is_named_the_numbers_tell() {
        let (dir, store, mut script) = bare();
        for id in ["0", "1", "2", "3"] {
            write(&mut script, &store, id, "/etc/a");
            let path = dir.path().join("runs").join(id).join("journal.jsonl");
            let text = fs::read_to_string(&path).unwrap();
            let named = text.split_once(",\"previous\":").and_then(|(_, rest)| rest.split_once('}'));
            let unnamed = named.map(|(id, _)| text.replace(&format!(",\"previous\":{id}"), ""));
            fs::write(&path, unnamed.unwrap_or(text)).unwrap();
        }
        fs::remove_dir_all(dir.path().join("runs/2")).unwrap();
        let error = go(&mut script, &store, &UndoTarget::After("1".to_owned())).unwrap_err().to_string();
        assert!(error.contains("1 of the runs after 1 and before 3"), "{error}");
        assert_eq!(go(&mut script, &store, &UndoTarget::After("3".to_owned())).unwrap(), 0);
    }
}
