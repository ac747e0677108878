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
mod fold;
pub mod json;
mod junit;
mod look;
mod markup;
pub mod merge;
mod own_name;
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
#[cfg(test)]
mod screens;
#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::time::Instant;

pub(crate) use failure::plain as failure_lines;
pub use look::{Look, Verbosity};
pub(crate) use look::{clean, list};
pub use record::Record;
pub use tally::{Counts, Tally, Verdict};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::event::{Event, HostEvent};
use crate::hostplay::Origin;
use board::Board;
use fold::Fold;
use progress::Progress;
use stream::Page;
use timings::Timings;

/// What the first Ctrl-C comes to.
const INTERRUPTED: &str = "interrupted: no more hosts are started; those at work end by their own policy. \
                           Press Ctrl-C again to leave them at once.";
/// What the second one comes to.
const INTERRUPTED_AGAIN: &str = "interrupted again: the hosts at work are left.";
/// What a header says of a run that changes nothing.
const LOOKS_ONLY: &str = "check: nothing is changed";
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
    /// For a terminal: what many hosts tell alike is told once, and what is in flight is drawn below the lines.
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
    live: Option<Live>,
    source: SourceLine,
    out: Box<dyn Write + Send>,
    /// What is to be written next.
    lines: Vec<String>,
    interrupted: bool,
    error: Option<io::Error>,
}

/// What a terminal shows besides lines.
struct Live {
    board: Board,
    fold: Fold,
    progress: Progress,
    /// The last event's time of the run in milliseconds, and when it came.
    latest: (u64, Instant),
}

impl Reporter {
    /// Begins the report on `out`.
    #[must_use]
    pub fn new(run: RunInfo, form: Form, source: SourceLine, out: Box<dyn Write + Send>) -> Self {
        let longest = run.hosts.iter().map(|host| look::width(&look::clean(host))).max().unwrap_or(0);
        let host_columns = longest.min(MAX_HOST_COLUMNS);
        let live = matches!(form, Form::Terminal { .. }).then(|| Live {
            board: Board::new(run.hosts.len(), host_columns),
            fold: Fold::new(&run.hosts),
            progress: Progress::default(),
            latest: (0, Instant::now()),
        });
        let lines = match form {
            Form::Json => vec![json::start(&run)],
            Form::Terminal { look, .. } | Form::Plain { look } => header(&look, &run),
        };
        let (tally, plays) = (new_tally(&run), Vec::new());
        Self {
            run,
            form,
            tally,
            host_columns,
            plays,
            timings: None,
            live,
            source,
            out,
            lines,
            interrupted: false,
            error: None,
        }
    }

    /// The same, with where the time went at its end, if that is wanted.
    #[must_use]
    pub fn timings(self, wanted: bool) -> Self {
        Self { timings: wanted.then(Timings::default), ..self }
    }

    /// Takes one event; [`Reporter::show`] writes what there is to say about it.
    pub fn handle(&mut self, event: &HostEvent) {
        self.tally.add(event);
        if let Some(timings) = &mut self.timings {
            timings.add(event);
        }
        let lines = match self.form {
            Form::Json => vec![json::event(event)],
            Form::Terminal { look, .. } | Form::Plain { look } => self.text(&look, event),
        };
        self.lines.extend(lines);
        if let Some(live) = &mut self.live {
            live.board.add(event);
            live.latest = (event.at_ms.max(live.latest.0), Instant::now());
        }
    }

    /// The terminal has this size now.
    pub fn resize(&mut self, columns: usize, lines: usize) {
        if let Form::Terminal { look, rows } = &mut self.form {
            (look.width, *rows) = (columns, lines);
        }
    }

    /// Writes what is to be said, and on a terminal what is in flight, as it is now.
    pub fn show(&mut self) {
        let now = self.live.as_ref().map_or(0, |live| {
            let (at_ms, came) = live.latest;
            at_ms + u64::try_from(came.elapsed().as_millis()).unwrap_or_default()
        });
        self.show_at(now);
    }

    /// The same at this time of the run, in milliseconds.
    fn show_at(&mut self, now: u64) {
        let lines = std::mem::take(&mut self.lines);
        let text = match (&mut self.live, self.form) {
            (Some(live), Form::Terminal { look, rows }) => {
                // Half of the screen stays free for what has happened; who wants quiet wants no rows either.
                let rows = match look.verbosity {
                    Verbosity::Quiet => Vec::new(),
                    _ => live.board.rows((rows / 2).saturating_sub(2), now),
                };
                live.progress.frame(&look, &lines, rows)
            }
            _ => lines.iter().flat_map(|line| [line, "\n"]).collect(),
        };
        self.write(&text);
    }

    /// Tells that the user asked for an end, and what comes of it.
    pub fn interrupted(&mut self) {
        let (Form::Terminal { look, .. } | Form::Plain { look }) = self.form else { return };
        if look.verbosity > Verbosity::Quiet {
            let said = if self.interrupted { INTERRUPTED_AGAIN } else { INTERRUPTED };
            self.lines.extend(look.wrap("", 0, said));
        }
        self.interrupted = true;
    }

    fn text(&mut self, look: &Look, event: &HostEvent) -> Vec<String> {
        if let Event::PlayStarted { name } = &event.event {
            return self.play_started(look, name);
        }
        let every_check = self.run.kind == RunKind::Verify;
        let page = Page { look, host_columns: self.host_columns, every_check, source: &*self.source };
        match &mut self.live {
            Some(live) => live.fold.lines(&page, event),
            None => page.lines(event),
        }
    }

    fn play_started(&mut self, look: &Look, name: &str) -> Vec<String> {
        if look.verbosity == Verbosity::Quiet || self.plays.iter().any(|play| play == name) {
            return Vec::new();
        }
        self.plays.push(name.to_owned());
        let note = match self.run.kind {
            RunKind::Check | RunKind::Rollback { check: true } => LOOKS_ONLY,
            RunKind::Verify => "verify: nothing is changed",
            RunKind::Up | RunKind::Rollback { check: false } => "",
        };
        vec![stream::play_header(look, name, self.run.hosts.len(), note)]
    }

    /// Ends the report with plan, recap and closing; gives what the run came to, and whether the report could be written
    /// (that its reader went away is no error).
    pub fn finish(mut self) -> (Tally, io::Result<()>) {
        // What hosts have not come past yet is told as far as it is known, and the rows are taken away for good.
        if let (Some(live), Form::Terminal { look, .. }) = (&mut self.live, self.form) {
            let every_check = self.run.kind == RunKind::Verify;
            let page = Page { look: &look, host_columns: self.host_columns, every_check, source: &*self.source };
            self.lines.extend(live.fold.rest(&page));
            live.board = Board::default();
        }
        let timings = self.timings.take();
        let lines = match self.form {
            Form::Json => {
                let timings = timings.map(|timings| json::line("timings", [("stages", timings.json())]));
                timings.into_iter().chain([json::finish(&self.tally)]).collect()
            }
            Form::Terminal { look, .. } | Form::Plain { look } => {
                let timings = timings.map(|timings| timings.lines(&look)).unwrap_or_default();
                let folded = self.live.is_some();
                ending(&look, &self.run, &self.tally, timings, folded)
            }
        };
        self.lines.extend(lines);
        self.show();
        let error = self.error.filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
        (self.tally, error.map_or(Ok(()), Err))
    }

    fn write(&mut self, text: &str) {
        if text.is_empty() || self.error.is_some() {
            return;
        }
        self.error = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()).err();
    }
}

/// What stands above all lines. The plays of a playbook have headers of their own; a rollback has none.
fn header(look: &Look, run: &RunInfo) -> Vec<String> {
    let RunKind::Rollback { check } = run.kind else { return Vec::new() };
    if look.verbosity == Verbosity::Quiet {
        return Vec::new();
    }
    vec![stream::header(look, "ROLLBACK", run.hosts.len(), if check { LOOKS_ONLY } else { "" })]
}

/// The plan (not for `--quiet`), the recap and the closing sentences, parted by empty lines.
fn ending(look: &Look, run: &RunInfo, tally: &Tally, timings: Vec<String>, folded: bool) -> Vec<String> {
    let title = match run.kind {
        RunKind::Up => "CHANGES",
        RunKind::Check | RunKind::Verify => "PLAN",
        RunKind::Rollback { check: false } => "PUT BACK",
        RunKind::Rollback { check: true } => "WOULD BE PUT BACK",
    };
    let plan = if look.verbosity == Verbosity::Quiet { Vec::new() } else { plan::lines(look, title, tally) };
    let parts = [plan, timings, recap::lines(look, tally, folded), closing::lines(look, run, tally)];
    let mut lines = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        if look.verbosity > Verbosity::Quiet {
            lines.push(String::new());
        }
        lines.extend(part);
    }
    lines
}
