//! On a terminal, what many hosts tell alike is told once: as soon as every host has come past it.
//!
//! Until then the rows of progress say where each host is. What went wrong is told at once, and its reasons once: the hosts
//! that fail alike later are held, too.

use std::collections::{BTreeMap, VecDeque};

use super::checks;
use super::look::{Look, Tone, Verbosity, count};
use super::own_name;
use super::stream::{Page, TAKEN_BACK, slow, task_name};
use crate::event::{Check, Event, HostEvent, HostOutcome, Status, TaskResult, Vantage};

/// What hosts tell, until all have.
#[derive(Debug)]
pub(crate) struct Fold {
    /// The hosts that have not ended, with the number of the entry that each came to last.
    open: BTreeMap<String, Option<usize>>,
    hosts: usize,
    /// The number of the first entry that is held.
    first: usize,
    held: VecDeque<Entry>,
    /// The tasks that failed, with the reasons as every host would give them, and the host that gave them first.
    failures: Vec<(String, Vec<String>, String)>,
}

#[derive(Debug)]
struct Entry {
    key: Key,
    told: Vec<Told>,
}

/// The same for all hosts that come to it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    /// By where it stands; a host that comes to it a second time is past the first.
    Task {
        place: String,
        handler: bool,
    },
    Verified(Vantage),
    Ended,
}

#[derive(Debug)]
struct Told {
    host: String,
    word: (&'static str, Tone),
    text: String,
    /// How long it took, in milliseconds.
    ms: u64,
    checks: Vec<Check>,
}

impl Fold {
    pub(crate) fn new(hosts: &[String]) -> Self {
        let open = hosts.iter().map(|host| (host.clone(), None)).collect();
        Self { open, hosts: hosts.len(), first: 0, held: VecDeque::new(), failures: Vec::new() }
    }

    /// What is to be told after this event.
    pub(crate) fn lines(&mut self, page: &Page<'_>, event: &HostEvent) -> Vec<String> {
        if page.look.verbosity != Verbosity::Normal {
            return page.lines(event);
        }
        let host = event.host.as_str();
        let mut lines = match &event.event {
            Event::TaskFinished(result) => {
                let place = result.task.origin.to_string();
                let number = self.come_to(host, &Key::Task { place, handler: result.task.handler });
                if is_plain_change(result) {
                    let told = Told::new(host, ("changed", Tone::Change), Page::task_text(result));
                    self.hold(number, Told { ms: result.ms, ..told });
                    Vec::new()
                } else if result.status == Status::Failed {
                    self.trouble(page, event, number, "failed", &task_name(&result.task))
                } else {
                    page.lines(event)
                }
            }
            Event::Verified { vantage, checks, .. } => {
                let number = self.come_to(host, &Key::Verified(*vantage));
                let told = Told::new(host, ("verified", checks::tone(checks)), checks::headline(*vantage, checks));
                self.hold(number, Told { checks: checks.clone(), ..told });
                Vec::new()
            }
            // The row of the host says it, and then what came of it.
            Event::RollbackStarted { .. } => Vec::new(),
            Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: true } } => {
                let number = self.come_to(host, &Key::Ended);
                self.hold(number, Told::new(host, ("rolled back", Tone::Bad), TAKEN_BACK.to_owned()));
                Vec::new()
            }
            Event::HostFinished { outcome: HostOutcome::Unreachable { .. } } => {
                let number = self.come_to(host, &Key::Ended);
                self.trouble(page, event, number, "unreachable", "")
            }
            _ => page.lines(event),
        };
        if matches!(event.event, Event::HostFinished { .. }) {
            self.open.remove(host);
        }
        while self.held.front().is_some_and(|_| self.open.values().all(|at| at.is_some_and(|at| at >= self.first))) {
            lines.extend(self.tell_first(page));
        }
        lines
    }

    /// What is left to tell when the run is over.
    pub(crate) fn rest(&mut self, page: &Page<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        while !self.held.is_empty() {
            lines.extend(self.tell_first(page));
        }
        lines
    }

    /// The number of the entry, which is made if no host was there before.
    fn come_to(&mut self, host: &str, key: &Key) -> usize {
        let last = self.open.get(host).copied().flatten();
        let from = last.map_or(0, |last| (last + 1).saturating_sub(self.first));
        let found = (from..self.held.len()).find(|&index| self.held[index].key == *key);
        let index = found.unwrap_or_else(|| {
            self.held.push_back(Entry { key: key.clone(), told: Vec::new() });
            self.held.len() - 1
        });
        let number = self.first + index;
        if let Some(at) = self.open.get_mut(host) {
            *at = Some(number);
        }
        number
    }

    fn hold(&mut self, number: usize, told: Told) {
        if let Some(entry) = number.checked_sub(self.first).and_then(|index| self.held.get_mut(index)) {
            entry.told.push(told);
        }
    }

    fn tell_first(&mut self, page: &Page<'_>) -> Vec<String> {
        let Some(Entry { told, .. }) = self.held.pop_front() else { return Vec::new() };
        self.first += 1;
        let mut groups: Vec<Vec<Told>> = Vec::new();
        for told in told {
            match groups.iter_mut().find(|group| (group[0].word, &group[0].text) == (told.word, &told.text)) {
                Some(group) => group.push(told),
                None => groups.push(vec![told]),
            }
        }
        groups.iter().flat_map(|told| self.tell(page, told)).collect()
    }

    /// What these hosts tell alike; of times, the longest.
    fn tell(&self, page: &Page<'_>, told: &[Told]) -> Vec<String> {
        let [Told { word: (word, tone), text, .. }, ..] = told else { return Vec::new() };
        let slowest = told.iter().map(|told| told.ms).max().unwrap_or_default();
        let mut lines = page.prose(word, *tone, &self.who(told), &format!("{text}{}", slow(slowest)));
        let verified: Vec<(&str, &[Check])> = told.iter().map(|told| (told.host.as_str(), &*told.checks)).collect();
        lines.extend(checks::folded(page.look, &verified, page.every_check));
        lines
    }

    /// `mx1`, `3 hosts`, `2 of 3 hosts`
    fn who(&self, told: &[Told]) -> String {
        match told {
            [told] => told.host.clone(),
            _ if told.len() == self.hosts => count(self.hosts, "host"),
            _ => format!("{} of {}", told.len(), count(self.hosts, "host")),
        }
    }

    /// As the page has it; reasons that another host has given already are left out, and the host is held.
    fn trouble(
        &mut self,
        page: &Page<'_>,
        event: &HostEvent,
        number: usize,
        word: &'static str,
        what: &str,
    ) -> Vec<String> {
        let unbroken = Look { width: usize::MAX, ..*page.look };
        let reasons = Page { look: &unbroken, ..*page }.lines(event).split_off(1);
        let reasons: Vec<String> = reasons.iter().map(|line| own_name::without(&event.host, line)).collect();
        let alike = self.failures.iter().find(|(told, named, _)| (told.as_str(), named) == (what, &reasons));
        let Some((_, _, first)) = alike else {
            self.failures.push((what.to_owned(), reasons, event.host.clone()));
            return page.lines(event);
        };
        let text = format!("{what} (as {first})").trim_start().to_owned();
        self.hold(number, Told::new(&event.host, (word, Tone::Bad), text));
        Vec::new()
    }
}

impl Told {
    fn new(host: &str, word: (&'static str, Tone), text: String) -> Self {
        Self { host: host.to_owned(), word, text, ms: 0, checks: Vec::new() }
    }
}

/// A change that went through, of which nothing else is to be told.
fn is_plain_change(result: &TaskResult) -> bool {
    let troubled = |status| matches!(status, Status::Failed | Status::Ignored);
    result.status == Status::Changed
        && result.task.module != "debug"
        && result.failure.is_none()
        && !result.items.iter().any(|item| troubled(item.status))
}
