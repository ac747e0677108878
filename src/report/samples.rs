//! Events for the tests of this module.

use super::{RunInfo, RunKind};
use crate::event::{ChangeView, Event, Failure, HostEvent, HostOutcome, PropertyChange, Status, TaskRef, TaskResult};
use crate::hostplay::Origin;

pub(crate) fn origin(line: u32, column: u32) -> Origin {
    Origin { file: "roles/postfix/tasks/main.yml".to_owned(), line, column }
}

pub(crate) fn event(host: &str, event: Event) -> HostEvent {
    HostEvent { host: host.to_owned(), at_ms: 0, event }
}

pub(crate) fn change(kind: &str, name: &str, verb: &str) -> ChangeView {
    ChangeView {
        kind: kind.to_owned(),
        name: name.to_owned(),
        verb: verb.to_owned(),
        properties: Vec::new(),
        text: None,
        sensitive: false,
    }
}

pub(crate) fn property(name: &str, before: Option<&str>, after: Option<&str>) -> PropertyChange {
    PropertyChange { name: name.to_owned(), before: before.map(str::to_owned), after: after.map(str::to_owned) }
}

pub(crate) fn task(name: &str, status: Status) -> TaskResult {
    TaskResult {
        task: TaskRef {
            id: 1,
            name: name.to_owned(),
            role: Some("postfix".to_owned()),
            module: "template".to_owned(),
            handler: false,
            origin: origin(14, 3),
        },
        status,
        message: None,
        changes: Vec::new(),
        actions: Vec::new(),
        failure: None,
        items: Vec::new(),
        unknown: false,
        ms: 20,
        notified: Vec::new(),
    }
}

pub(crate) fn failure() -> Failure {
    Failure {
        message: "postfix check found faults in the configuration that was written, so the service was not reloaded"
            .to_owned(),
        causes: vec!["bad numeric parameter value".to_owned()],
        command: Some(vec!["postfix".to_owned(), "-c".to_owned(), "/etc/postfix dir".to_owned(), "check".to_owned()]),
        exit_status: Some(1),
        stderr: Some("postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M\n".to_owned()),
        origin: None,
        hints: vec!["write the size in bytes".to_owned()],
    }
}

/// Three hosts: one changed, one failed half-way and was taken back, one never reached.
pub(crate) fn mixed_run() -> Vec<HostEvent> {
    let mut install = task("Install the packages", Status::Changed);
    install.changes = vec![change("package", "postfix", "install")];
    install.changes[0].properties = vec![property("version", None, Some("2:3.5.8-7.el8.x86_64"))];
    install.ms = 4200;
    let mut write = task("Write main.cf", Status::Changed);
    write.changes = vec![change("file", "/etc/postfix/main.cf", "update")];
    write.notified = vec!["Restart Postfix".to_owned()];
    let mut restart = task("Restart Postfix", Status::Changed);
    restart.task.handler = true;
    restart.actions = vec!["restart postfix.service".to_owned()];
    let mut broken = task("Write main.cf", Status::Failed);
    broken.failure = Some(failure());
    let mut skipped = task("Set the relay", Status::Skipped);
    skipped.message = Some("when: relay_host is defined".to_owned());
    let play = || Event::PlayStarted { name: "Mail servers".to_owned() };
    let unreachable = Failure { message: "connect to mx3: connection timed out".to_owned(), ..Failure::default() };
    vec![
        event("mx1", Event::Connected { ms: 31 }),
        event("mx1", play()),
        event("mx2", play()),
        event("mx3", Event::HostFinished { outcome: HostOutcome::Unreachable { failure: unreachable } }),
        event("mx1", Event::FactsGathered { ms: 12 }),
        event("mx1", Event::TaskFinished(install.clone())),
        event("mx2", Event::TaskFinished(install)),
        event("mx2", Event::TaskFinished(broken)),
        event("mx1", Event::TaskFinished(skipped)),
        event("mx1", Event::TaskFinished(write)),
        event("mx2", Event::RollbackStarted { reason: "a task failed".to_owned() }),
        event("mx2", Event::RolledBack { change: change("package", "postfix", "remove"), kept: None }),
        event("mx2", Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: true } }),
        event("mx1", Event::TaskFinished(task("Check the queue", Status::Ok))),
        event("mx1", Event::TaskFinished(restart)),
        event("mx1", Event::HostFinished { outcome: HostOutcome::Succeeded }),
    ]
}

pub(crate) fn run_info(kind: RunKind, hosts: &[&str]) -> RunInfo {
    RunInfo {
        kind,
        began: time::macros::datetime!(2026-11-24 03:15:00 UTC),
        hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
        again: "mailprov up inventory.yaml --limit mx*".to_owned(),
        again_on: "mailprov up inventory.yaml".to_owned(),
        apply: "mailprov up inventory.yaml".to_owned(),
        rollback: "mailprov rollback inventory.yaml".to_owned(),
    }
}
