//! A run kept as a whole, for what can only be written at its end: the page and the test report.

use super::tally::Tally;
use super::{RunInfo, junit, page};
use crate::event::{Event, HostEvent};

/// Everything that a run told, in order, but for the output of programs.
#[derive(Debug, Clone)]
pub struct Record {
    pub(crate) run: RunInfo,
    pub(crate) tally: Tally,
    pub(crate) events: Vec<HostEvent>,
}

impl Record {
    /// Of a run that nothing has happened in yet.
    #[must_use]
    pub fn new(run: RunInfo) -> Self {
        let tally = super::new_tally(&run);
        Self { run, tally, events: Vec::new() }
    }

    /// Takes one event.
    pub fn add(&mut self, event: &HostEvent) {
        self.tally.add(event);
        if !matches!(event.event, Event::Output { .. }) {
            self.events.push(event.clone());
        }
    }

    /// One self-contained page (HTML, no script) for people.
    #[must_use]
    pub fn page(&self) -> String {
        page::page(self)
    }

    /// The same for systems that read the results of tests (`JUnit` XML): a suite for each host.
    #[must_use]
    pub fn junit(&self) -> String {
        junit::xml(self)
    }

    /// The events of one host.
    pub(crate) fn of<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a HostEvent> {
        self.events.iter().filter(move |event| event.host == host)
    }

    /// Milliseconds from its beginning to its last event.
    pub(crate) fn took(&self) -> u64 {
        self.events.iter().map(|event| event.at_ms).max().unwrap_or(0)
    }
}
