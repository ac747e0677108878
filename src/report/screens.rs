//! What a terminal shows while a run goes on.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{self, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};

use super::merge::{Part, join};
use super::{Form, Look, Reporter};

/// The runs that the tests of the command line are made of.
#[path = "../../tests/cli/recorded.rs"]
mod recorded;

#[derive(Clone)]
struct Terminal(Arc<Mutex<vt100::Parser>>);

impl Terminal {
    fn new(columns: u16, rows: u16) -> Self {
        let size = |cells| NonZero::new(cells).unwrap_or(NonZero::<u16>::MIN);
        Self(Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 1000))))
    }

    fn screen(&self) -> String {
        self.0.lock().map(|terminal| terminal.screen().contents()).unwrap_or_default()
    }
}

impl Write for Terminal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Ok(mut terminal) = self.0.lock() {
            // As a terminal's driver does.
            terminal.process(String::from_utf8_lossy(bytes).replace('\n', "\r\n").as_bytes());
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The screen when a run of so many hosts has gone on for so many milliseconds.
fn at(hosts: &[(&str, usize)], now: u64, columns: u16, rows: u16) -> String {
    let Some((_, terminal)) = watched(hosts, now, columns, rows) else { return "no run was recorded".to_owned() };
    terminal.screen()
}

fn watched(hosts: &[(&str, usize)], now: u64, columns: u16, rows: u16) -> Option<(Reporter, Terminal)> {
    let hosts: Vec<&str> = hosts.iter().flat_map(|&(kind, number)| std::iter::repeat_n(kind, number)).collect();
    let joined = Part::read(&recorded::run(&hosts)).and_then(|part| join(vec![part]));
    let (run, events) = joined.ok()?;
    let terminal = Terminal::new(columns, rows);
    let form = Form::Terminal { look: Look::plain(columns.into()), rows: rows.into() };
    let mut reporter = Reporter::new(run, form, Box::new(|_| None), Box::new(terminal.clone()));
    for event in events.iter().filter(|event| event.at_ms <= now) {
        reporter.handle(event);
        reporter.show_at(event.at_ms);
    }
    reporter.show_at(now);
    Some((reporter, terminal))
}

#[test]
fn few_hosts_have_a_row_each() {
    insta::assert_snapshot!(at(&[("up", 3)], 2_250, 80, 24));
}

#[test]
fn many_hosts_leave_half_of_the_screen_to_what_has_happened() {
    let hosts = [("up", 35), ("failed", 3), ("unreachable", 2)];
    insta::assert_snapshot!(at(&hosts, 22_250, 80, 24));
    insta::assert_snapshot!(at(&hosts, 190_000, 200, 50));
}

#[test]
fn a_run_that_is_left_at_once_leaves_no_row_behind() {
    let (mut reporter, terminal) = watched(&[("up", 3)], 2_000, 80, 50).unwrap();
    reporter.interrupted();
    reporter.show_at(2_000);
    reporter.interrupted();
    reporter.show_at(2_000);
    assert!(terminal.screen().contains("0 of 3 hosts done"));
    // Nothing came from the hosts any more.
    reporter.finish().1.unwrap();
    insta::assert_snapshot!(terminal.screen());
}
