//! Which hosts are at work and on what: the rows of the progress display, without drawing them.

use std::collections::BTreeSet;

use super::look::{clean, count, pad};
use super::stream::task_name;
use crate::event::{Event, HostEvent, HostOutcome};

/// Hosts that have a row of their own at most; the others are counted.
pub(crate) const MAX_HOST_ROWS: usize = 8;

/// One row; the key says which row of the display before it is the same one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) key: String,
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
                self.host(&event.host).output = clean(line.trim()).into_owned();
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
        let host = self.host(&event.host);
        host.doing = doing;
        host.output.clear();
    }

    fn host(&mut self, name: &str) -> &mut Active {
        let index = self.active.iter().position(|active| active.host == name).unwrap_or_else(|| {
            self.active.push(Active { host: name.to_owned(), doing: String::new(), output: String::new() });
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

    /// The rows for a terminal with room for so many hosts.
    pub(crate) fn rows(&self, room: usize) -> Vec<Row> {
        let room = room.clamp(1, MAX_HOST_ROWS);
        let mut rows: Vec<Row> = self.active.iter().take(room).map(|active| self.row(active)).collect();
        let more = self.active.len() - rows.len();
        if more > 0 {
            rows.push(Row { key: "…more".to_owned(), text: format!("{} at work", count(more, "more host")) });
        }
        if self.total > 1 {
            let trouble = if self.troubled > 0 { format!(", {} in trouble", self.troubled) } else { String::new() };
            let text = format!("{} of {} done{trouble}", self.done, count(self.total, "host"));
            rows.push(Row { key: "…total".to_owned(), text });
        }
        rows
    }

    fn row(&self, active: &Active) -> Row {
        let host = pad(&clean(&active.host), self.host_columns);
        let output = if active.output.is_empty() { String::new() } else { format!(" | {}", active.output) };
        Row { key: active.host.clone(), text: format!("{host}  {}{output}", active.doing) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Status;
    use crate::report::samples::{event, task};

    fn shown(board: &Board, room: usize) -> String {
        board.rows(room).into_iter().map(|row| row.text).collect::<Vec<_>>().join("\n")
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
        0 of 5 hosts done
        ");
        insta::assert_snapshot!(shown(&board, 2), @r"
        mx1  starting the agent
        mx2  postfix : Install the packages | Downloading \u{1b}[1mpostfix
        2 more hosts at work
        0 of 5 hosts done
        ");

        board.add(&event("mx1", Event::HostFinished { outcome: HostOutcome::Succeeded }));
        board.add(&event("mx2", Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: true } }));
        board.add(&event("mx2", Event::HostFinished { outcome: HostOutcome::Failed { rolled_back: true } }));
        insta::assert_snapshot!(shown(&board, 8), @r"
        mx3  starting the agent
        mx4  starting the agent
        2 of 5 hosts done, 1 in trouble
        ");
    }

    #[test]
    fn one_host_needs_no_total() {
        let mut board = Board::new(1, 3);
        board.add(&event("mx1", Event::PlayStarted { name: "p".to_owned() }));
        assert_eq!(shown(&board, 8), "mx1  gathering facts");
    }
}
