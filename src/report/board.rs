//! Which hosts are at work and on what: the rows of the progress display, without drawing them.

use std::collections::BTreeSet;

use super::look::{clean, count, pad};
use super::stream::task_name;
use crate::event::{Event, HostEvent, HostOutcome};

/// Hosts that have a row of their own at most; the others are counted.
pub(crate) const MAX_HOST_ROWS: usize = 8;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// For how long this has been so.
    pub(crate) seconds: u64,
    pub(crate) text: String,
}

/// The state of all hosts.
#[derive(Debug, Default)]
pub(crate) struct Board {
    total: usize,
    host_columns: usize,
    done: usize,
    troubled: usize,
    /// Hosts at work, in the order in which they started.
    active: Vec<Active>,
    finished: BTreeSet<String>,
}

#[derive(Debug)]
struct Active {
    host: String,
    doing: String,
    /// Since this time of the run, in milliseconds.
    since: u64,
    output: String,
}

impl Board {
    pub(crate) fn new(total: usize, host_columns: usize) -> Self {
        Self { total, host_columns, ..Self::default() }
    }

    pub(crate) fn add(&mut self, event: &HostEvent) {
        let doing = match &event.event {
            Event::Connected { .. } => "starting the agent".to_owned(),
            Event::AgentReady { .. } => "agent ready".to_owned(),
            Event::PlayStarted { .. } => "gathering facts".to_owned(),
            Event::TaskStarted(task) => task_name(task),
            Event::Confirming { .. } => "coming in anew to confirm".to_owned(),
            Event::RollbackStarted { .. } => "taking the changes back".to_owned(),
            Event::RolledBack { change, .. } => format!("restoring {} {}", change.kind, clean(&change.name)),
            Event::Output { line } => {
                self.host(event).output = clean(line.trim()).into_owned();
                return;
            }
            Event::HostFinished { outcome } => {
                self.finish(&event.host, outcome);
                return;
            }
            Event::FactsGathered { .. }
            | Event::TaskFinished(_)
            | Event::Verified { .. }
            | Event::Confirmed { .. }
            | Event::Warning { .. }
            | Event::Late { .. } => return,
        };
        let host = self.host(event);
        host.doing = doing;
        host.since = event.at_ms;
        host.output.clear();
    }

    fn host(&mut self, event: &HostEvent) -> &mut Active {
        let index = self.active.iter().position(|active| active.host == event.host).unwrap_or_else(|| {
            let host = event.host.clone();
            self.active.push(Active { host, doing: String::new(), since: event.at_ms, output: String::new() });
            self.active.len() - 1
        });
        &mut self.active[index]
    }

    fn finish(&mut self, name: &str, outcome: &HostOutcome) {
        self.active.retain(|active| active.host != name);
        // A host that ends twice is counted once.
        if self.finished.insert(name.to_owned()) {
            self.done += 1;
            self.troubled += usize::from(*outcome != HostOutcome::Succeeded);
        }
    }

    /// The rows for a terminal with room for so many hosts, at this time of the run.
    pub(crate) fn rows(&self, room: usize, now_ms: u64) -> Vec<Row> {
        let room = room.clamp(1, MAX_HOST_ROWS);
        let seconds = |since: u64| now_ms.saturating_sub(since) / 1000;
        let (shown, folded) = self.active.split_at(room.min(self.active.len()));
        let mut rows: Vec<Row> =
            shown.iter().map(|active| Row { seconds: seconds(active.since), text: self.text(active) }).collect();
        if let Some(longest) = folded.iter().map(|active| seconds(active.since)).max() {
            rows.push(Row { seconds: longest, text: fold(folded) });
        }
        let coming = self.total.saturating_sub(self.done + self.active.len());
        if self.total > 1 || coming > 0 {
            let coming = if coming > 0 { format!(", {coming} not reached yet") } else { String::new() };
            let trouble = if self.troubled > 0 { format!(", {} in trouble", self.troubled) } else { String::new() };
            let text = format!("{} of {} done{trouble}{coming}", self.done, count(self.total, "host"));
            rows.push(Row { seconds: seconds(0), text });
        }
        rows
    }

    fn text(&self, active: &Active) -> String {
        let host = pad(&clean(&active.host), self.host_columns);
        let output = if active.output.is_empty() { String::new() } else { format!(" | {}", active.output) };
        format!("{host}  {}{output}", active.doing)
    }
}

/// `12 more hosts: 9 postfix : Install the packages, 3 gathering facts`
fn fold(hosts: &[Active]) -> String {
    let mut doing: Vec<(&str, usize)> = Vec::new();
    for host in hosts {
        match doing.iter_mut().find(|(what, _)| *what == host.doing) {
            Some((_, number)) => *number += 1,
            None => doing.push((&host.doing, 1)),
        }
    }
    doing.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let doing: Vec<_> = doing.into_iter().map(|(what, number)| format!("{number} {what}")).collect();
    format!("{}: {}", count(hosts.len(), "more host"), doing.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;
    use crate::report::samples::{event, task};

    fn shown(board: &Board, room: usize) -> String {
        board.rows(room, 0).into_iter().map(|row| row.text).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn each_host_at_work_has_a_row_and_many_are_folded() {
        let mut board = Board::new(5, 3);
        for host in ["mx1", "mx2", "mx3", "mx4"] {
            board.add(&event(host, Event::Connected { ms: 1 }));
        }
        board.add(&event("mx2", Event::TaskStarted(task("Install the packages", Status::Ok).task)));
        board.add(&event("mx2", Event::Output { line: "  Downloading \u{1b}[1mpostfix\r".to_owned() }));
        insta::assert_snapshot!(shown(&board, 8), @r"
        mx1  starting the agent
        mx2  postfix : Install the packages | Downloading \u{1b}[1mpostfix
        mx3  starting the agent
        mx4  starting the agent
        0 of 5 hosts done, 1 not reached yet
        ");
        insta::assert_snapshot!(shown(&board, 2), @r"
        mx1  starting the agent
        mx2  postfix : Install the packages | Downloading \u{1b}[1mpostfix
        2 more hosts: 2 starting the agent
        0 of 5 hosts done, 1 not reached yet
        ");

        board.add(&event("mx1", Event::HostFinished { outcome: HostOutcome::Succeeded }));
        board.add(&event("mx2", Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: true } }));
        board.add(&event("mx2", Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: true } }));
        insta::assert_snapshot!(shown(&board, 8), @r"
        mx3  starting the agent
        mx4  starting the agent
        2 of 5 hosts done, 1 in trouble, 1 not reached yet
        ");
    }

    #[test]
    fn one_host_needs_no_total_once_it_is_reached() {
        let mut board = Board::new(1, 3);
        assert_eq!(shown(&board, 8), "0 of 1 host done, 1 not reached yet");
        board.add(&event("mx1", Event::PlayStarted { name: "p".to_owned() }));
        assert_eq!(shown(&board, 8), "mx1  gathering facts");
    }

    #[test]
    fn a_row_tells_for_how_long() {
        let mut board = Board::new(2, 3);
        board.add(&HostEvent { at_ms: 2_000, ..event("mx1", Event::Connected { ms: 1 }) });
        board.add(&HostEvent { at_ms: 4_500, ..event("mx2", Event::PlayStarted { name: "p".to_owned() }) });
        let seconds: Vec<u64> = board.rows(8, 6_400).iter().map(|row| row.seconds).collect();
        assert_eq!(seconds, [4, 1, 6]);
    }
}
