//! All texts of an event that came from a host or from variables, for whoever must change them before they are shown.

use super::{ChangeView, Check, Event, Failure, HostOutcome, ItemResult, TaskRef, TaskResult};

impl Event {
    /// Visits every text that could hold a secret. What the program itself says (verbs, kinds, names of modules) is none.
    pub fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match self {
            Self::Connected { .. }
            | Self::AgentReady { .. }
            | Self::FactsGathered { .. }
            | Self::Confirming { .. }
            | Self::Confirmed { .. } => {}
            Self::PlayStarted { name: text }
            | Self::Output { line: text }
            | Self::Warning { message: text }
            | Self::RollbackStarted { reason: text }
            | Self::Late { at_work: text, .. } => visit(text),
            Self::TaskStarted(task) => task_ref(task, visit),
            Self::TaskFinished(result) => task_result(result, visit),
            // `outside` is for the controller to work with, and is not shown.
            Self::Verified { checks, .. } => checks.iter_mut().for_each(|found| check(found, visit)),
            Self::RolledBack { change, kept } => {
                change_view(change, visit);
                kept.iter_mut().for_each(&mut *visit);
            }
            Self::HostFinished { outcome } => match outcome {
                HostOutcome::Succeeded | HostOutcome::Failed { .. } | HostOutcome::Reverted => {}
                HostOutcome::Refused { failure } | HostOutcome::Unreachable { failure } => failure.each_text(visit),
                HostOutcome::NotStarted { reason } => visit(reason),
            },
        }
    }
}

impl Failure {
    /// Visits every text that could hold a secret.
    pub fn each_text(&mut self, visit: &mut dyn FnMut(&mut String)) {
        visit(&mut self.message);
        let lists = [&mut self.causes, &mut self.hints].into_iter().flatten();
        lists.chain(self.command.iter_mut().flatten()).chain(&mut self.stderr).for_each(visit);
    }
}

fn check(check: &mut Check, visit: &mut dyn FnMut(&mut String)) {
    visit(&mut check.evidence);
    check.remedy.iter_mut().for_each(visit);
}

fn task_ref(task: &mut TaskRef, visit: &mut dyn FnMut(&mut String)) {
    visit(&mut task.name);
}

fn task_result(result: &mut TaskResult, visit: &mut dyn FnMut(&mut String)) {
    task_ref(&mut result.task, visit);
    result.message.iter_mut().for_each(&mut *visit);
    result.changes.iter_mut().for_each(|change| change_view(change, visit));
    result.actions.iter_mut().chain(&mut result.notified).for_each(&mut *visit);
    if let Some(failure) = &mut result.failure {
        failure.each_text(visit);
    }
    for ItemResult { label, message, .. } in &mut result.items {
        visit(label);
        message.iter_mut().for_each(&mut *visit);
    }
}

fn change_view(change: &mut ChangeView, visit: &mut dyn FnMut(&mut String)) {
    visit(&mut change.name);
    for property in &mut change.properties {
        property.before.iter_mut().chain(&mut property.after).for_each(&mut *visit);
    }
    if let Some(text) = &mut change.text {
        text.before.iter_mut().chain(&mut text.after).for_each(visit);
    }
}
