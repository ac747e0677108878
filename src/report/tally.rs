//! What the run came to, host by host: counts, changes, and why a host did not make it.

use std::collections::BTreeMap;

use super::stream::task_name;
use crate::event::{
    ChangeView, Check, CheckVerdict, Event, Failure, HostEvent, HostOutcome, Status, TaskResult, Vantage,
};

/// The counts of Ansible's recap, with Ansible's meaning: `ok` includes `changed` and `ignored`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Counts {
    /// Tasks that went through.
    pub ok: usize,
    /// Those of them that changed something, or would.
    pub changed: usize,
    /// 1 when the host could not be reached or was lost.
    pub unreachable: usize,
    /// Tasks that failed.
    pub failed: usize,
    /// Tasks that were skipped.
    pub skipped: usize,
    /// Failures that a `rescue` cleared.
    pub rescued: usize,
    /// Failures that `ignore_errors` let pass.
    pub ignored: usize,
}

/// One host's part of the run.
#[derive(Debug, Clone, Default)]
pub(crate) struct HostTally {
    pub(crate) counts: Counts,
    /// Tasks whose result only applying can tell.
    pub(crate) unknown: usize,
    pub(crate) changes: Vec<ChangeView>,
    pub(crate) actions: Vec<String>,
    pub(crate) outcome: Option<HostOutcome>,
    /// The last failure: the task's name and the message.
    pub(crate) failure: Option<(String, String)>,
    /// Resources that a rollback left alone, since someone changed them since.
    pub(crate) kept: usize,
}

/// All hosts' parts of the run, in the order of the inventory.
#[derive(Debug, Clone)]
pub struct Tally {
    hosts: Vec<(String, HostTally)>,
    index: BTreeMap<String, usize>,
    /// The run is a rollback of its own: what it puts back are its changes.
    restoring: bool,
}

/// How a run ended, all hosts taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every host made it.
    Ok,
    /// At least one host failed, or was not started because others failed.
    Failed,
    /// At least one host was not reached, and none failed.
    Unreachable,
}

impl Tally {
    pub(crate) fn new(hosts: &[String], restoring: bool) -> Self {
        let mut tally = Self { hosts: Vec::new(), index: BTreeMap::new(), restoring };
        for host in hosts {
            tally.host(host);
        }
        tally
    }

    fn host(&mut self, name: &str) -> &mut HostTally {
        let next = self.hosts.len();
        let index = *self.index.entry(name.to_owned()).or_insert(next);
        if index == next {
            self.hosts.push((name.to_owned(), HostTally::default()));
        }
        &mut self.hosts[index].1
    }

    pub(crate) fn add(&mut self, event: &HostEvent) {
        let restoring = self.restoring;
        let host = self.host(&event.host);
        match &event.event {
            Event::TaskFinished(result) => host.task(result),
            Event::RolledBack { change, kept } => host.rolled_back(change, kept.as_deref(), restoring),
            // Whether it comes to its end all the same is still to be seen.
            Event::Late { at_work, limit } => host.failure = Some((String::new(), Event::late(at_work, *limit))),
            Event::HostFinished { outcome } => host.finish(outcome),
            Event::Verified { vantage: Vantage::Controller, checks, .. } => host.verified(checks),
            _ => {}
        }
    }

    /// The hosts with their parts, in the order of the inventory.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = (&str, &HostTally)> {
        self.hosts.iter().map(|(name, host)| (name.as_str(), host))
    }

    /// A host's counts.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&str, Counts)> {
        self.hosts().map(|(name, host)| (name, host.counts))
    }

    /// How the run ended.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let any = |test: fn(&HostTally) -> bool| self.hosts.iter().any(|(_, host)| test(host));
        if any(|host| host.is_failed() || host.is_not_started()) {
            Verdict::Failed
        } else if any(HostTally::is_unreachable) {
            Verdict::Unreachable
        } else {
            Verdict::Ok
        }
    }

    /// The hosts that failed, could not be reached, or were not begun with.
    #[must_use]
    pub fn failed_hosts(&self) -> Vec<String> {
        let failed = |host: &HostTally| host.is_failed() || host.is_unreachable() || host.is_not_started();
        self.hosts.iter().filter(|(_, host)| failed(host)).map(|(name, _)| name.clone()).collect()
    }

    /// Whether anything was changed, or would be.
    #[must_use]
    pub fn any_changed(&self) -> bool {
        self.hosts.iter().any(|(_, host)| host.counts.changed > 0)
    }
}

impl HostTally {
    /// What the controller saw; what the host sees of itself is a task's result.
    fn verified(&mut self, checks: &[Check]) {
        let failed = checks.iter().filter(|check| check.verdict == CheckVerdict::Fail);
        let failed: Vec<&str> = failed.map(|check| check.id.as_str()).collect();
        if !failed.is_empty() {
            self.counts.failed += 1;
            self.failure =
                Some(("seen from the controller".to_owned(), format!("required checks failed: {}", failed.join(", "))));
        }
    }

    fn task(&mut self, result: &TaskResult) {
        let counts = &mut self.counts;
        match result.status {
            Status::Ok => counts.ok += 1,
            Status::Changed => {
                counts.ok += 1;
                counts.changed += 1;
            }
            Status::Skipped => counts.skipped += 1,
            Status::Failed => counts.failed += 1,
            Status::Ignored => {
                counts.ok += 1;
                counts.ignored += 1;
            }
        }
        if result.status == Status::Failed {
            let message = result.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
            self.failure = Some((task_name(&result.task), message));
        }
        self.unknown += usize::from(result.unknown);
        // A failed task may have changed something before it failed.
        self.changes.extend(result.changes.iter().cloned());
        self.actions.extend(result.actions.iter().cloned());
    }

    fn rolled_back(&mut self, change: &ChangeView, kept: Option<&str>, restoring: bool) {
        self.kept += usize::from(kept.is_some());
        if !restoring {
            return;
        }
        if let Some(reason) = kept {
            self.counts.skipped += 1;
            self.failure = Some((format!("{} {}", change.kind, change.name), reason.to_owned()));
        } else {
            self.counts.ok += 1;
            self.counts.changed += 1;
            self.changes.push(change.clone());
        }
    }

    fn finish(&mut self, outcome: &HostOutcome) {
        match outcome {
            // The play went on after these failures, so a `rescue` cleared them.
            HostOutcome::Succeeded => {
                self.counts.rescued += std::mem::take(&mut self.counts.failed);
                self.failure = None;
            }
            // The last failure stopped the play; those before it did not.
            HostOutcome::Failed { .. } => {
                self.counts.rescued += self.counts.failed.saturating_sub(1);
                self.counts.failed = 1;
            }
            HostOutcome::Refused { failure } => {
                self.counts.failed = self.counts.failed.max(1);
                self.failure = Some((String::new(), reason(failure)));
            }
            HostOutcome::Unreachable { failure } => {
                self.counts.unreachable = 1;
                self.failure = Some((String::new(), reason(failure)));
            }
            HostOutcome::Reverted => {
                self.failure = Some((String::new(), "the run failed on another host".to_owned()));
            }
            HostOutcome::NotStarted { reason } => self.failure = Some((String::new(), reason.clone())),
        }
        self.outcome = Some(outcome.clone());
    }

    pub(crate) fn is_failed(&self) -> bool {
        matches!(self.outcome, Some(HostOutcome::Failed { .. } | HostOutcome::Refused { .. }))
            || (self.outcome.is_none() && self.counts.failed > 0)
    }

    pub(crate) fn is_unreachable(&self) -> bool {
        matches!(self.outcome, Some(HostOutcome::Unreachable { .. }))
    }

    /// Not started, or never heard of: a run that was stopped says nothing about the rest.
    pub(crate) fn is_not_started(&self) -> bool {
        matches!(self.outcome, Some(HostOutcome::NotStarted { .. })) || (self.outcome.is_none() && !self.is_failed())
    }

    pub(crate) fn is_taken_back(&self) -> bool {
        matches!(self.outcome, Some(HostOutcome::Failed { rolled_back: true } | HostOutcome::Reverted))
    }

    /// All went through here, and was taken back since the run failed elsewhere.
    pub(crate) fn is_reverted(&self) -> bool {
        matches!(self.outcome, Some(HostOutcome::Reverted))
    }
}

/// In a line; the failure itself was shown whole.
fn reason(failure: &Failure) -> String {
    let causes = failure.causes.iter().filter_map(|cause| cause.lines().next());
    std::iter::once(failure.message.as_str()).chain(causes).collect::<Vec<_>>().join(": ")
}
