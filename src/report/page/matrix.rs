//! Hosts × tasks: one look tells where something happened.

use std::collections::BTreeMap;

use super::super::markup::escape;
use super::super::record::Record;
use super::super::stream::{task_name, time};
use super::changed;
use crate::event::{Event, HostEvent, Status, TaskResult};
use crate::hostplay::Origin;

/// A task is told from others by its play (in the order in which they began), by being a handler, and by its number and
/// place in the user's files.
type Place<'a> = (usize, bool, u32, &'a Origin);

/// The names of more hosts stand upright.
const LEVEL_HEADS: usize = 6;

pub(super) fn section(record: &Record) -> String {
    let mut tasks: Vec<(Place<'_>, String)> = Vec::new();
    let mut cells: BTreeMap<(Place<'_>, &str), &TaskResult> = BTreeMap::new();
    let mut plays = Plays::default();
    for event in &record.events {
        let play = plays.of(event);
        let Event::TaskFinished(result) = &event.event else { continue };
        let place = (play, result.task.handler, result.task.id, &result.task.origin);
        if tasks.iter().all(|(other, _)| *other != place) {
            tasks.push((place, task_name(&result.task)));
        }
        cells.insert((place, event.host.as_str()), result);
    }
    if tasks.is_empty() {
        return String::new();
    }
    tasks.sort_by_key(|((play, handler, id, _), _)| (*play, *handler, *id));
    let (hosts, changed) = (&record.run.hosts, changed(record));
    let heads: Vec<String> =
        hosts.iter().map(|host| format!("<th scope=\"col\"><span>{}</span>", escape(short(host)))).collect();
    let rows: Vec<String> = tasks
        .iter()
        .map(|(place, name)| {
            let of = |host: &String| cells.get(&(*place, host.as_str())).copied();
            let quiet = |host| of(host).is_none_or(|result| matches!(result.status, Status::Ok | Status::Skipped));
            let class = if hosts.iter().all(quiet) { " class=\"quiet\"" } else { "" };
            let cells: String = hosts.iter().map(|host| cell(of(host), changed)).collect();
            format!("<tr{class}><th scope=\"row\">{}{cells}</tr>\n", escape(name))
        })
        .collect();
    let many = if hosts.len() > LEVEL_HEADS { " many" } else { "" };
    format!(
        "<section id=\"matrix\">\n<h2>Hosts and tasks</h2>\n<p class=\"legend\">• unchanged, ● {changed}, ✕ failed, \
         ○ skipped, ! failed and ignored</p>\n<div class=\"wide\"><table class=\"matrix{many}\">\n<thead><tr><th>task{heads}\
         </tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n",
        heads = heads.concat(),
        rows = rows.concat()
    )
}

/// Which play a host is at. Plays may have the same name: then it is the host's second one of that name, and so on.
#[derive(Default)]
struct Plays<'a> {
    known: Vec<(&'a str, usize)>,
    begun: BTreeMap<&'a str, Vec<&'a str>>,
    at: BTreeMap<&'a str, usize>,
}

impl<'a> Plays<'a> {
    /// The play that an event belongs to.
    fn of(&mut self, event: &'a HostEvent) -> usize {
        let host = event.host.as_str();
        if let Event::PlayStarted { name } = &event.event {
            let begun = self.begun.entry(host).or_default();
            let play = (name.as_str(), begun.iter().filter(|other| *other == name).count());
            begun.push(name);
            let index = self.known.iter().position(|other| *other == play).unwrap_or_else(|| {
                self.known.push(play);
                self.known.len() - 1
            });
            self.at.insert(host, index);
        }
        self.at.get(host).copied().unwrap_or(0)
    }
}

/// The first label of a name: the others are mostly the same. Addresses stay whole.
fn short(host: &str) -> &str {
    if host.parse::<std::net::IpAddr>().is_ok() { host } else { host.split('.').next().unwrap_or(host) }
}

fn cell(result: Option<&TaskResult>, changed: &str) -> String {
    let Some(result) = result else { return "<td class=\"none\">".to_owned() };
    let (class, sign, word) = match result.status {
        Status::Ok => ("ok", "•", "unchanged"),
        Status::Changed => ("changed", "●", changed),
        Status::Skipped => ("skipped", "○", "skipped"),
        Status::Failed => ("failed", "✕", "failed"),
        Status::Ignored => ("ignored", "!", "failed and ignored"),
    };
    format!("<td class=\"{class}\" title=\"{word}, {}\">{sign}", time(result.ms))
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{event, run_info, task};
    use super::super::super::{Record, RunKind};
    use super::*;

    #[test]
    fn tasks_of_different_plays_have_rows_of_their_own() {
        let mut record = Record::new(run_info(RunKind::Up, &["mx1", "mx2"]));
        let play = |name: &str| Event::PlayStarted { name: name.to_owned() };
        let did = |name: &str, status| Event::TaskFinished(task(name, status));
        for (host, happened) in [
            ("mx1", play("Base")),
            ("mx1", did("Install", Status::Changed)),
            ("mx1", play("Mail")),
            // Its first play is the second one of the run.
            ("mx2", play("Mail")),
            ("mx2", did("Configure", Status::Changed)),
            ("mx1", did("Configure", Status::Failed)),
            ("mx1", play("Mail")),
            ("mx1", did("Verify", Status::Ok)),
        ] {
            record.add(&event(host, happened));
        }
        let rows: Vec<String> = section(&record)
            .lines()
            .filter(|line| line.contains("scope=\"row\""))
            .map(|line| {
                let cells = line.split("<td class=\"").skip(1).map(|cell| cell.split('"').next().unwrap_or_default());
                let name = line.split("row\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
                format!("{name}: {}", cells.collect::<Vec<_>>().join(" "))
            })
            .collect();
        let expected =
            ["postfix : Install: changed none", "postfix : Configure: failed changed", "postfix : Verify: ok none"];
        assert_eq!(rows, expected);
    }
}
