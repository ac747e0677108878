//! The terminal, or whatever stands in its place: colours, width, and the last error message.

use std::io::{self, IsTerminal, Write};

use clap::ColorChoice;

use super::args::{OutputArgs, OutputFormat};
use super::failure::{Failure, Kind};
use crate::report::{Form, Look, Verbosity};
use crate::veil::Veil;

/// Columns of a terminal that does not tell.
const DEFAULT_COLUMNS: usize = 80;
/// Lines of a terminal that does not tell.
const DEFAULT_ROWS: usize = 24;

/// Where output goes and how it may look.
#[derive(Debug, Clone)]
pub struct Console {
    /// What may not be shown.
    veil: Veil,
    format: OutputFormat,
    verbosity: Verbosity,
    colour: ColorChoice,
    timings: bool,
    terminal: Option<Size>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Console {
    /// Looks at stdout and the environment.
    #[must_use]
    pub fn new(args: &OutputArgs) -> Self {
        let verbosity = match (args.quiet, args.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        Self {
            veil: Veil::default(),
            format: args.output,
            verbosity,
            colour: args.color,
            timings: args.timings,
            terminal: terminal_size(),
        }
    }

    /// How a report is written on stdout.
    #[must_use]
    pub fn form(&self, diff: bool) -> Form {
        let colour = self.colours(self.terminal.is_some());
        let look = |width| Look { width, colour, verbosity: self.verbosity, diff };
        match (self.format, self.terminal) {
            (OutputFormat::Json, _) => Form::Json,
            // One that knows no control codes gets lines alone.
            (OutputFormat::Text, Some(Size { columns, .. })) if is_dumb() => Form::Plain { look: look(columns) },
            (OutputFormat::Text, Some(Size { columns, rows })) => Form::Terminal { look: look(columns), rows },
            (OutputFormat::Text, None) => Form::Plain { look: look(usize::MAX) },
        }
    }

    /// The width of the terminal, if there is one.
    #[must_use]
    pub fn columns(&self) -> Option<usize> {
        self.terminal.map(|size| size.columns)
    }

    /// Whether a report ends with where the time went.
    #[must_use]
    pub fn timings(&self) -> bool {
        self.timings
    }

    /// Whether output is for programs.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.format == OutputFormat::Json
    }

    /// What may not be shown.
    #[must_use]
    pub fn veil(&self) -> &Veil {
        &self.veil
    }

    /// Writes text to stdout, secrets hidden.
    ///
    /// # Errors
    /// When it cannot be written; a reader that went away is no error.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        Self::print_openly(&self.veil.hide(text))
    }

    /// Writes text to stdout, secrets included: they were asked for.
    ///
    /// # Errors
    /// As [`Console::print`].
    pub fn print_openly(text: &str) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(output_failure(&error)),
            _ => Ok(()),
        }
    }

    /// Tells a warning: on stderr, so that it is no part of the output.
    pub fn warn(&self, text: &str) {
        if self.format == OutputFormat::Text && self.verbosity > Verbosity::Quiet {
            to_stderr(&self.veil.hide(text));
        }
    }

    /// Whether colours may be used on stderr.
    #[must_use]
    pub fn colours_on_stderr(&self) -> bool {
        self.colours(io::stderr().is_terminal())
    }

    /// Tells why the command could not be carried out.
    pub fn fail(&self, failure: &Failure) {
        match self.format {
            // Nobody is left to be told when this fails too.
            OutputFormat::Json => drop(self.print(&format!("{}\n", failure.json()))),
            OutputFormat::Text => to_stderr(&self.veil.hide(&failure.render(self.colours_on_stderr()))),
        }
    }

    fn colours(&self, terminal: bool) -> bool {
        match self.colour {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && environment_allows_colour(),
        }
    }
}

/// The report could not be written.
pub(super) fn output_failure(error: &io::Error) -> Failure {
    Failure::of(Kind::Machine, "cannot write the output", error)
}

fn to_stderr(text: &str) {
    // Nobody is left to be told when this fails.
    drop(io::stderr().write_all(text.as_bytes()));
}

/// <https://no-color.org>, and terminals that say they know no colours.
fn environment_allows_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && !is_dumb()
}

fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|value| value == "dumb")
}

/// The size of the terminal on stdout, if there is one.
pub(super) fn terminal_size() -> Option<Size> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(&stdout).ok();
    let known = |cells: Option<u16>, default| cells.filter(|&cells| cells > 0).map_or(default, usize::from);
    Some(Size {
        columns: known(size.map(|size| size.ws_col), DEFAULT_COLUMNS),
        rows: known(size.map(|size| size.ws_row), DEFAULT_ROWS),
    })
}
