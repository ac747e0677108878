//! What a person, or a program, sees of a run: progress, tasks, plan, diffs, recap.
//!
//! Everything is made from the one stream of [`HostEvent`]s. The text is made by pure functions, a file for
//! each part of it; this file decides when which part is written, and `progress` draws what is in flight.
//!
//! Architecture invariant: text that came from a host or a user's file passes `look::clean` before it is
//! written, so that nothing in it can control the terminal.

mod board;
mod change;
mod checks;
mod closing;
mod failure;
pub mod json;
mod junit;
mod look;
mod markup;
pub mod merge;
mod page;
mod plan;
mod progress;
mod recap;
mod record;
mod stream;
mod tally;
mod timings;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod samples;

use std::io::{self, Write};

pub(crate) use failure::plain as failure_lines;
pub(crate) use look::clean;
pub use look::{Look, Verbosity};
pub use record::Record;
pub use tally::{Counts, Tally, Verdict};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::event::{Event, HostEvent};
use crate::hostplay::Origin;
use board::Board;
use progress::Progress;
use stream::Page;
use timings::Timings;

/// Columns that a host name takes at most in the lines of a run.
const MAX_HOST_COLUMNS: usize = 40;

/// What kind of run is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunKind {
    /// `up`.
    Up,
    /// `check`.
    Check,
    /// `verify`.
    Verify,
    /// `rollback`.
    Rollback {
        /// It only says what it would put back.
        check: bool,
    },
}

impl RunKind {
    /// The command's name.
    #[must_use]
    pub fn command(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Check => "check",
            Self::Verify => "verify",
            Self::Rollback { .. } => "rollback",
        }
    }

    /// Whether it only looks.
    pub(crate) fn only_looks(self) -> bool {
        matches!(self, Self::Check | Self::Verify | Self::Rollback { check: true })
    }
}

/// The run, as the report needs to know it.
#[derive(Debug, Clone)]
pub struct RunInfo {
    /// What kind of run.
    pub kind: RunKind,
    /// When it began.
    pub began: OffsetDateTime,
    /// The hosts, in the order of the inventory.
    pub hosts: Vec<String>,
    /// The command that repeats this run.
    pub again: String,
    /// The same without `--limit`, to which the hosts in trouble are added.
    pub again_on: String,
    /// The command that applies what a check showed.
    pub apply: String,
    /// The command that takes the run back.
    pub rollback: String,
}

impl RunInfo {
    /// When it began (RFC 3339, UTC, whole seconds).
    pub(crate) fn moment(&self) -> String {
        self.began.replace_nanosecond(0).unwrap_or(self.began).format(&Rfc3339).unwrap_or_default()
    }
}

/// Of a run that nothing is known of yet.
fn new_tally(run: &RunInfo) -> Tally {
    Tally::new(&run.hosts, matches!(run.kind, RunKind::Rollback { .. }))
}

/// How the report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a terminal: what is in flight is drawn below the lines; `rows` is the terminal's height.
    Terminal {
        /// Width, colour, how much.
        look: Look,
        /// Lines of the terminal.
        rows: usize,
    },
    /// For a pipe or file: lines only.
    Plain {
        /// Width, colour, how much.
        look: Look,
    },
    /// For programs: see [`json`].
    Json,
}

/// Finds the line of a user's file that an [`Origin`] points to.
pub type SourceLine = Box<dyn Fn(&Origin) -> Option<String> + Send>;

/// Takes the events of one run and writes its report.
///
/// A reader that goes away (`mailprov up | head`) must not stop a run half-way: after an error nothing more
/// is written, and [`Reporter::finish`] tells.
pub struct Reporter {
    run: RunInfo,
    form: Form,
    tally: Tally,
    host_columns: usize,
    plays: Vec<String>,
    timings: Option<Timings>,
    live: Option<(Board, Progress)>,
    source: SourceLine,
    out: Box<dyn Write + Send>,
    error: Option<io::Error>,
}

impl Reporter {
    /// Begins the report on `out`.
    #[must_use]
    pub fn new(run: RunInfo, form: Form, source: SourceLine, out: Box<dyn Write + Send>) -> Self {
        let longest = run.hosts.iter().map(|host| look::width(&look::clean(host))).max().unwrap_or(0);
        let host_columns = longest.min(MAX_HOST_COLUMNS);
        let live = match form {
            Form::Terminal { look, .. } => {
                Some((Board::new(run.hosts.len(), host_columns), Progress::new(look.colour)))
            }
            Form::Plain { .. } | Form::Json => None,
        };
        let tally = new_tally(&run);
        let mut reporter =
            Self { run, form, tally, host_columns, plays: Vec::new(), timings: None, live, source, out, error: None };
        if form == Form::Json {
            let start = json::start(&reporter.run);
            reporter.write(&[start]);
        }
        reporter
    }

    /// The same, with where the time went at its end, if that is wanted.
    #[must_use]
    pub fn timings(self, wanted: bool) -> Self {
        Self { timings: wanted.then(Timings::default), ..self }
    }

    /// Takes one event.
    pub fn handle(&mut self, event: &HostEvent) {
        self.tally.add(event);
        if let Some(timings) = &mut self.timings {
            timings.add(event);
        }
        let lines = match self.form {
            Form::Json => vec![json::event(event)],
            Form::Terminal { look, .. } | Form::Plain { look } => self.text(&look, event),
        };
        self.write(&lines);
        if let (Some((board, progress)), Form::Terminal { rows, .. }) = (&mut self.live, self.form) {
            board.add(event);
            // Half of the screen stays free for what has happened.
            progress.show(board.rows(rows / 2));
        }
    }

    /// Tells that the user asked for an end, and what comes of it.
    pub fn interrupted(&mut self) {
        let (Form::Terminal { look, .. } | Form::Plain { look }) = self.form else { return };
        if look.verbosity > Verbosity::Quiet {
            self.write(&["interrupted: no more hosts are started; those at work end by their own policy. \
                 Press Ctrl-C again to leave them at once."
                .to_owned()]);
        }
    }

    fn text(&mut self, look: &Look, event: &HostEvent) -> Vec<String> {
        if let Event::PlayStarted { name } = &event.event {
            return self.play_started(look, name);
        }
        let every_check = self.run.kind == RunKind::Verify;
        Page { look, host_columns: self.host_columns, every_check, source: &*self.source }.lines(event)
    }

    fn play_started(&mut self, look: &Look, name: &str) -> Vec<String> {
        if look.verbosity == Verbosity::Quiet || self.plays.iter().any(|play| play == name) {
            return Vec::new();
        }
        self.plays.push(name.to_owned());
        let note = match self.run.kind {
            RunKind::Check | RunKind::Rollback { check: true } => "check: nothing is changed",
            RunKind::Verify => "verify: nothing is changed",
            RunKind::Up | RunKind::Rollback { check: false } => "",
        };
        vec![stream::play_header(look, name, self.run.hosts.len(), note)]
    }

    /// Ends the report with plan, recap and closing; gives what the run came to, and whether the report could be written
    /// (that its reader went away is no error).
    pub fn finish(mut self) -> (Tally, io::Result<()>) {
        if let Some((_, progress)) = self.live.take() {
            progress.close();
        }
        let timings = self.timings.take();
        let lines = match self.form {
            Form::Json => {
                let timings = timings.map(|timings| json::line("timings", [("stages", timings.json())]));
                timings.into_iter().chain([json::finish(&self.tally)]).collect()
            }
            Form::Terminal { look, .. } | Form::Plain { look } => {
                let timings = timings.map(|timings| timings.lines(&look)).unwrap_or_default();
                ending(&look, &self.run, &self.tally, timings)
            }
        };
        self.write(&lines);
        let error = self.error.filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        (self.tally, error.map_or(Ok(()), Err))
    }

    fn write(&mut self, lines: &[String]) {
        if lines.is_empty() || self.error.is_some() {
            return;
        }
        let mut text = lines.join("\n");
        text.push('\n');
        let out = &mut self.out;
        let mut write = || out.write_all(text.as_bytes()).and_then(|()| out.flush());
        let result = match &self.live {
            Some((_, progress)) => progress.above(write),
            None => write(),
        };
        self.error = result.err();
    }
}

/// The plan (not for `--quiet`), the recap and the closing sentences, parted by empty lines.
fn ending(look: &Look, run: &RunInfo, tally: &Tally, timings: Vec<String>) -> Vec<String> {
    let title = match run.kind {
        RunKind::Up => "CHANGES",
        RunKind::Check | RunKind::Verify => "PLAN",
        RunKind::Rollback { check: false } => "PUT BACK",
        RunKind::Rollback { check: true } => "WOULD BE PUT BACK",
    };
    let plan = if look.verbosity == Verbosity::Quiet { Vec::new() } else { plan::lines(look, title, tally) };
    let parts = [plan, timings, recap::lines(look, tally), closing::lines(look, run, tally)];
    let mut lines = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if look.verbosity > Verbosity::Quiet {
            lines.push(String::new());
        }
        lines.extend(part);
    }
    lines
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::samples::{mixed_run, run_info};
    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn report(kind: RunKind, form: Form) -> String {
        let page = Page::default();
        let run = run_info(kind, &["mx1", "mx2", "mx3"]);
        let mut reporter = Reporter::new(run, form, Box::new(|_| None), Box::new(page.clone()));
        for event in mixed_run() {
            reporter.handle(&event);
        }
        assert_eq!(reporter.finish().0.verdict(), Verdict::Failed);
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_whole_report_in_a_pipe() {
        insta::assert_snapshot!(report(RunKind::Up, Form::Plain { look: Look::plain(80) }), @r"
        PLAY [Mail servers] (3 hosts)
        unreachable mx3
            error: connect to mx3: connection timed out
        changed     mx1  postfix : Install the packages (4.2 s)
        changed     mx2  postfix : Install the packages (4.2 s)
        failed      mx2  postfix : Write main.cf
            error: postfix check found faults in the configuration that was written, so
              the service was not reloaded
            because: bad numeric parameter value
            at: roles/postfix/tasks/main.yml:14:3
            command: postfix -c '/etc/postfix dir' check (exit status 1)
            stderr:
              postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
            hint: write the size in bytes
        changed     mx1  postfix : Write main.cf
        rollback    mx2  taking the changes back: a task failed
        rolled back mx2  this run's changes were taken back
        changed     mx1  postfix : Restart Postfix (handler)

        CHANGES
        mx1: 2 changes, 1 action
          + package postfix  version: 2:3.5.8-7.el8.x86_64
          ~ file /etc/postfix/main.cf
          ! restart postfix.service
        mx2: 1 change, taken back
          + package postfix  version: 2:3.5.8-7.el8.x86_64

        PLAY RECAP
        mx1 : ok=4 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
        mx2 : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
        mx3 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
        failed: mx2: postfix : Write main.cf: postfix check found faults in the
            configuration that was written, so the service was not reloaded (changes
            taken back)
        unreachable: mx3: connect to mx3: connection timed out

        1 of 3 hosts changed (2 changes, 1 action). 1 host failed and took this run's
        changes back (mx2). 1 host could not be reached (mx3). Mend the cause and run
        `mailprov up inventory.yaml --limit mx2,mx3` again.
        ");
        insta::assert_snapshot!(report(RunKind::Check, Form::Plain { look: Look::plain(usize::MAX) }), @r"
        PLAY [Mail servers] (3 hosts, check: nothing is changed)
        unreachable mx3
            error: connect to mx3: connection timed out
        changed     mx1  postfix : Install the packages (4.2 s)
        changed     mx2  postfix : Install the packages (4.2 s)
        failed      mx2  postfix : Write main.cf
            error: postfix check found faults in the configuration that was written, so the service was not reloaded
            because: bad numeric parameter value
            at: roles/postfix/tasks/main.yml:14:3
            command: postfix -c '/etc/postfix dir' check (exit status 1)
            stderr:
              postfix: fatal: bad numeric configuration: \u{1b}[31mmessage_size_limit = 10M
            hint: write the size in bytes
        changed     mx1  postfix : Write main.cf
        rollback    mx2  taking the changes back: a task failed
        rolled back mx2  this run's changes were taken back
        changed     mx1  postfix : Restart Postfix (handler)

        PLAN
        mx1: 2 changes, 1 action
          + package postfix  version: 2:3.5.8-7.el8.x86_64
          ~ file /etc/postfix/main.cf
          ! restart postfix.service
        mx2: 1 change, taken back
          + package postfix  version: 2:3.5.8-7.el8.x86_64

        PLAY RECAP
        mx1 : ok=4 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
        mx2 : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
        mx3 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
        failed: mx2: postfix : Write main.cf: postfix check found faults in the configuration that was written, so the service was not reloaded (changes taken back)
        unreachable: mx3: connect to mx3: connection timed out

        1 of 3 hosts would change (2 changes, 1 action). 1 host failed and took this run's changes back (mx2). 1 host could not be reached (mx3). Mend the cause and run `mailprov up inventory.yaml --limit mx2,mx3` again.
        ");
    }

    #[test]
    fn quiet_leaves_the_recap() {
        let look = Look { verbosity: Verbosity::Quiet, ..Look::plain(80) };
        insta::assert_snapshot!(report(RunKind::Up, Form::Plain { look }), @r"
        PLAY RECAP
        mx1 : ok=4 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
        mx2 : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
        mx3 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
        failed: mx2: postfix : Write main.cf: postfix check found faults in the
            configuration that was written, so the service was not reloaded (changes
            taken back)
        unreachable: mx3: connect to mx3: connection timed out
        1 of 3 hosts changed (2 changes, 1 action). 1 host failed and took this run's
        changes back (mx2). 1 host could not be reached (mx3). Mend the cause and run
        `mailprov up inventory.yaml --limit mx2,mx3` again.
        ");
    }

    #[test]
    fn a_terminal_gets_the_same_lines() {
        let look = Look::plain(80);
        assert_eq!(report(RunKind::Up, Form::Terminal { look, rows: 24 }), report(RunKind::Up, Form::Plain { look }));
    }

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_goes_away_does_not_stop_the_run_but_a_full_disk_is_told() {
        for (kind, told) in [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)] {
            let run = run_info(RunKind::Up, &["mx1"]);
            let out = Box::new(Closed(kind));
            let mut reporter = Reporter::new(run, Form::Json, Box::new(|_| None), out);
            for event in mixed_run() {
                reporter.handle(&event);
            }
            let (tally, written) = reporter.finish();
            assert_eq!((tally.verdict(), written.is_err()), (Verdict::Failed, told));
        }
    }
}
