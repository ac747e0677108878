//! The lines that one event adds to the report while the run goes on.

use super::look::{Look, NO_BREAK, Tone, Verbosity, clean, clean_lines, count, pad, width};
use super::{change, checks, failure};
use crate::event::{
    ChangeView, Check, Event, Failure, HostEvent, HostOutcome, ItemResult, Status, TaskRef, TaskResult, Vantage,
};
use crate::hostplay::Origin;

/// Columns of the status word; `unreachable` is the longest.
const STATUS_COLUMNS: usize = 11;
/// A task's time is shown from here on.
const SLOW_MS: u64 = 1000;

/// What is said where a run went back.
pub(crate) const TAKEN_BACK: &str = "this run's changes were taken back";

/// The page, and what of the run decides how its lines are set.
pub(crate) struct Page<'a> {
    pub(crate) look: &'a Look,
    /// Columns of the longest host name.
    pub(crate) host_columns: usize,
    /// Whether checks that passed are shown without being asked for.
    pub(crate) every_check: bool,
    /// Finds the line of a user's file, for failures.
    pub(crate) source: &'a dyn Fn(&Origin) -> Option<String>,
}

impl Page<'_> {
    /// What the event adds to the report; nothing for most events at most verbosities.
    pub(crate) fn lines(&self, event: &HostEvent) -> Vec<String> {
        let host = event.host.as_str();
        match &event.event {
            _ if self.look.verbosity == Verbosity::Quiet => Vec::new(),
            // The header stands once, not once a host: see `Reporter`.
            Event::PlayStarted { .. } | Event::TaskStarted(_) => Vec::new(),
            Event::TaskFinished(result) => self.task(host, result),
            Event::Verified { vantage, checks, .. } => self.verified(host, *vantage, checks),
            Event::Warning { message } => self.prose("warning", Tone::Warn, host, message),
            Event::Late { at_work, limit } => {
                let text = format!("{}: the run ends on this host", Event::late(at_work, *limit));
                self.prose("late", Tone::Bad, host, &text)
            }
            Event::RollbackStarted { reason } => {
                self.prose("rollback", Tone::Warn, host, &format!("taking the changes back: {reason}"))
            }
            Event::RolledBack { change, kept } => self.rolled_back(host, change, kept.as_deref()),
            Event::HostFinished { outcome } => self.host_finished(host, outcome),
            Event::Connected { ms } => self.detail(host, &format!("connected in {}", time(*ms))),
            Event::AgentReady { uploaded, ms } => {
                let how = if *uploaded { "agent sent and started" } else { "agent started" };
                self.detail(host, &format!("{how} in {}", time(*ms)))
            }
            Event::Confirming { within, .. } => {
                self.detail(host, &format!("the way in has changed: coming in anew, within {within} s"))
            }
            Event::Confirmed { ms } => self.detail(host, &format!("came in anew in {}; the run stays", time(*ms))),
            Event::FactsGathered { ms } => self.detail(host, &format!("facts gathered in {}", time(*ms))),
            Event::Output { line } => self.detail(host, &format!("| {line}")),
        }
    }

    fn task(&self, host: &str, result: &TaskResult) -> Vec<String> {
        let verbose = self.look.verbosity == Verbosity::Verbose;
        // Saying something is all that `debug` is for.
        let speaks = result.task.module == "debug" && result.status != Status::Skipped;
        if !verbose && !speaks && matches!(result.status, Status::Ok | Status::Skipped) {
            return Vec::new();
        }
        let text = format!("{}{}", Self::task_text(result), slow(result.ms));
        let (word, tone) = status(result.status);
        let mut lines = self.prose(word, tone, host, &text);
        if verbose || speaks {
            lines.extend(self.message(result));
        }
        if verbose {
            lines.extend(self.task_details(result));
        }
        for item in &result.items {
            if verbose || speaks || matches!(item.status, Status::Failed | Status::Ignored) {
                lines.extend(self.item(item));
            }
        }
        if let Some(failure) = &result.failure {
            lines.extend(self.failure(failure, Some(&result.task.origin)));
        }
        lines
    }

    /// The task's name, and whether only applying tells what it does.
    pub(crate) fn task_text(result: &TaskResult) -> String {
        let unknown = if result.unknown { " (known after apply)" } else { "" };
        format!("{}{unknown}", task_name(&result.task))
    }

    fn verified(&self, host: &str, vantage: Vantage, checks: &[Check]) -> Vec<String> {
        let text = checks::headline(vantage, checks);
        let mut lines = self.prose("verified", checks::tone(checks), host, &text);
        let all = self.every_check || self.look.verbosity == Verbosity::Verbose;
        lines.extend(checks::lines(self.look, checks, all));
        lines
    }

    /// What the module has to say, unless the failure says it anyway.
    fn message(&self, result: &TaskResult) -> Vec<String> {
        let said = |message: &&String| result.failure.as_ref().is_none_or(|failure| failure.message != **message);
        let message = result.message.as_ref().filter(said);
        message
            .into_iter()
            .flat_map(|message| clean_lines(message))
            .flat_map(|line| self.look.wrap("    ", 4, &line))
            .collect()
    }

    fn task_details(&self, result: &TaskResult) -> Vec<String> {
        let mut lines = Vec::new();
        let without_text = Look { diff: false, ..*self.look };
        for change in &result.changes {
            lines.extend(change::summary(&without_text, 4, change));
        }
        lines.extend(result.actions.iter().map(|action| change::action(self.look, 4, action)));
        if !result.notified.is_empty() {
            lines.extend(self.look.wrap("    ", 4, &format!("notifies {}", clean(&result.notified.join(", ")))));
        }
        lines
    }

    fn item(&self, item: &ItemResult) -> Vec<String> {
        let (word, tone) = status(item.status);
        let message = item.message.as_ref().map(|message| format!(": {}", clean(message))).unwrap_or_default();
        let text = format!("{}{message}", clean(&item.label));
        let mut lines = self.look.wrap(&format!("    {} ", pad(word, STATUS_COLUMNS)), 4 + STATUS_COLUMNS + 1, &text);
        self.paint_word(&mut lines, word, tone);
        lines
    }

    fn rolled_back(&self, host: &str, change: &ChangeView, kept: Option<&str>) -> Vec<String> {
        let what = format!("{} {}", change.kind, change.name);
        match kept {
            // What someone changed since is always shown, since the user has to decide about it.
            Some(reason) => {
                let mut lines = self.prose("kept", Tone::Warn, host, &format!("{what}: {reason}"));
                lines.extend(change::text(self.look, change).into_iter().map(|line| format!("    {line}")));
                lines
            }
            None if self.look.verbosity == Verbosity::Verbose => self.prose("restored", Tone::Change, host, &what),
            None => Vec::new(),
        }
    }

    fn host_finished(&self, host: &str, outcome: &HostOutcome) -> Vec<String> {
        match outcome {
            HostOutcome::Succeeded => self.detail(host, "done"),
            HostOutcome::Failed { rolled_back: true } => self.prose("rolled back", Tone::Bad, host, TAKEN_BACK),
            HostOutcome::Reverted => {
                self.prose("rolled back", Tone::Warn, host, "this run's changes were taken back here too")
            }
            HostOutcome::Failed { rolled_back: false } => self.detail(host, "stopped"),
            HostOutcome::Refused { failure } => self.trouble("refused", host, failure),
            HostOutcome::Unreachable { failure } => self.trouble("unreachable", host, failure),
            HostOutcome::NotStarted { reason } => self.prose("not run", Tone::Warn, host, reason),
        }
    }

    fn trouble(&self, word: &str, host: &str, failure: &Failure) -> Vec<String> {
        let mut lines = self.prose(word, Tone::Bad, host, "");
        lines.extend(self.failure(failure, None));
        lines
    }

    fn failure(&self, failure: &Failure, task: Option<&Origin>) -> Vec<String> {
        let source = failure::origin(failure, task).and_then(self.source);
        failure::lines(self.look, failure, task, source.as_deref())
    }

    /// `changed     mx1  postfix : Install the packages`
    pub(crate) fn prose(&self, word: &str, tone: Tone, host: &str, text: &str) -> Vec<String> {
        let host = pad(&clean(host), self.host_columns);
        let start = format!("{} {host}  ", pad(word, STATUS_COLUMNS));
        // What goes on stands below its beginning, where that leaves enough room.
        let indent = if width(&start) > self.look.width / 2 { 4 } else { width(&start) };
        let mut lines = self.look.wrap(&start, indent, &clean(text));
        self.paint_word(&mut lines, word, tone);
        for line in &mut lines {
            line.truncate(line.trim_end().len());
        }
        lines
    }

    fn paint_word(&self, lines: &mut [String], word: &str, tone: Tone) {
        if self.look.colour
            && let Some(first) = lines.first_mut()
        {
            *first = first.replacen(word, &self.look.paint(tone, word), 1);
        }
    }

    fn detail(&self, host: &str, text: &str) -> Vec<String> {
        if self.look.verbosity < Verbosity::Verbose {
            return Vec::new();
        }
        self.prose("", Tone::Dim, host, text)
    }
}

/// `PLAY [Mail servers]`, with what kind of run it is where that is not the usual one.
pub(crate) fn play_header(look: &Look, name: &str, hosts: usize, note: &str) -> String {
    header(look, &format!("PLAY [{}]", clean(name)), hosts, note)
}

/// `ROLLBACK (3 hosts)`
pub(crate) fn header(look: &Look, what: &str, hosts: usize, note: &str) -> String {
    let note = if note.is_empty() { String::new() } else { format!(", {note}") };
    format!("{} ({}{note})", look.paint(Tone::Strong, what), count(hosts, "host"))
}

/// `postfix : Write main.cf`, as Ansible names a role's task.
pub(crate) fn task_name(task: &TaskRef) -> String {
    let role = task.role.as_ref().map(|role| format!("{} : ", clean(role))).unwrap_or_default();
    let handler = if task.handler { " (handler)" } else { "" };
    format!("{role}{}{handler}", clean(&task.name))
}

/// ` (4.2 s)`, for what took its time.
pub(crate) fn slow(ms: u64) -> String {
    if ms >= SLOW_MS { format!(" ({})", time(ms).replace(' ', NO_BREAK)) } else { String::new() }
}

fn status(status: Status) -> (&'static str, Tone) {
    match status {
        Status::Ok => ("ok", Tone::Good),
        Status::Changed => ("changed", Tone::Change),
        Status::Skipped => ("skipped", Tone::Skip),
        Status::Failed => ("failed", Tone::Bad),
        Status::Ignored => ("ignored", Tone::Warn),
    }
}

/// Milliseconds in the unit that suits them.
pub(crate) fn time(ms: u64) -> String {
    match ms {
        0..SLOW_MS => format!("{ms} ms"),
        SLOW_MS..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::mixed_run;

    fn shown(look: &Look, events: &[HostEvent]) -> String {
        let page =
            Page { look, host_columns: 3, every_check: false, source: &|_| Some("- name: Write main.cf".to_owned()) };
        events.iter().flat_map(|event| page.lines(event)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn by_default_what_changed_and_what_failed_is_shown() {
        insta::assert_snapshot!(shown(&Look::plain(80), &mixed_run()), @r"
        unreachable mx3
            error: connect to mx3: connection timed out
        changed     mx1  postfix : Install the packages (4.2 s)
        changed     mx2  postfix : Install the packages (4.2 s)
        failed      mx2  postfix : Write main.cf
            error: postfix check found faults in the configuration that was written, so
              the service was not reloaded
            because: bad numeric parameter value
            at: roles/postfix/tasks/main.yml:14:3
              14 | - name: Write main.cf
                 |   ^
            command: postfix -c '/etc/postfix dir' check (exit status 1)
            stderr:
              postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
            hint: write the size in bytes
        changed     mx1  postfix : Write main.cf
        rollback    mx2  taking the changes back: a task failed
        rolled back mx2  this run's changes were taken back
        changed     mx1  postfix : Restart Postfix (handler)
        ");
        insta::assert_snapshot!(shown(&Look::plain(200), &mixed_run()), @r"
        unreachable mx3
            error: connect to mx3: connection timed out
        changed     mx1  postfix : Install the packages (4.2 s)
        changed     mx2  postfix : Install the packages (4.2 s)
        failed      mx2  postfix : Write main.cf
            error: postfix check found faults in the configuration that was written, so the service was not reloaded
            because: bad numeric parameter value
            at: roles/postfix/tasks/main.yml:14:3
              14 | - name: Write main.cf
                 |   ^
            command: postfix -c '/etc/postfix dir' check (exit status 1)
            stderr:
              postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
            hint: write the size in bytes
        changed     mx1  postfix : Write main.cf
        rollback    mx2  taking the changes back: a task failed
        rolled back mx2  this run's changes were taken back
        changed     mx1  postfix : Restart Postfix (handler)
        ");
    }

    #[test]
    fn verbose_shows_every_task_and_quiet_none() {
        let look = Look { verbosity: Verbosity::Verbose, ..Look::plain(80) };
        insta::assert_snapshot!(shown(&look, &mixed_run()), @r"
                    mx1  connected in 31 ms
        unreachable mx3
            error: connect to mx3: connection timed out
                    mx1  facts gathered in 12 ms
        changed     mx1  postfix : Install the packages (4.2 s)
            + package postfix  version: 2:3.5.8-7.el8.x86_64
        changed     mx2  postfix : Install the packages (4.2 s)
            + package postfix  version: 2:3.5.8-7.el8.x86_64
        failed      mx2  postfix : Write main.cf
            error: postfix check found faults in the configuration that was written, so
              the service was not reloaded
            because: bad numeric parameter value
            at: roles/postfix/tasks/main.yml:14:3
              14 | - name: Write main.cf
                 |   ^
            command: postfix -c '/etc/postfix dir' check (exit status 1)
            stderr:
              postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
            hint: write the size in bytes
        skipped     mx1  postfix : Set the relay
            when: relay_host is defined
        changed     mx1  postfix : Write main.cf
            ~ file /etc/postfix/main.cf
            notifies Restart Postfix
        rollback    mx2  taking the changes back: a task failed
        restored    mx2  package postfix
        rolled back mx2  this run's changes were taken back
        ok          mx1  postfix : Check the queue
        changed     mx1  postfix : Restart Postfix (handler)
            ! restart postfix.service
                    mx1  done
        ");
        let look = Look { verbosity: Verbosity::Quiet, ..Look::plain(80) };
        assert_eq!(shown(&look, &mixed_run()), "");
    }

    #[test]
    fn debug_speaks_at_any_verbosity_but_quiet() {
        let mut debug = crate::report::samples::task("Say it", Status::Ok);
        debug.task.module = "debug".to_owned();
        debug.message = Some("the queue is empty".to_owned());
        let event = crate::report::samples::event("mx1", Event::TaskFinished(debug));
        insta::assert_snapshot!(shown(&Look::plain(80), &[event]), @r"
        ok          mx1  postfix : Say it
            the queue is empty
        ");
    }

    #[test]
    fn colour_is_only_added_around_words() {
        let look = Look { colour: true, ..Look::plain(80) };
        let shown = shown(&look, &mixed_run());
        assert!(shown.contains("\u{1b}[33mchanged\u{1b}[0m     mx1  postfix : Install"), "{shown}");
        // The escape that the host sent in its stderr stays spelled out.
        assert!(shown.contains("\\u{1b}[31mmessage_size_limit"), "{shown}");
    }

    #[test]
    fn times_read_well() {
        for (ms, text) in [(0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (59_999, "59.9 s"), (61_000, "1 min 1 s")] {
            assert_eq!(time(ms), text);
        }
    }
}
