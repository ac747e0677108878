//! Hosts × tasks: one look tells where something happened.

use std::collections::BTreeMap;

use super::super::markup::escape;
use super::super::record::Record;
use super::super::stream::{task_name, time};
use crate::event::{Event, Status, TaskResult};

/// A task is told from others by its place in the user's files, and by being a handler.
type Place<'a> = (bool, u32, &'a str);

/// The names of more hosts stand upright.
const LEVEL_HEADS: usize = 6;

pub(super) fn section(record: &Record) -> String {
    let mut tasks: Vec<(Place<'_>, String)> = Vec::new();
    let mut cells: BTreeMap<(Place<'_>, &str), &TaskResult> = BTreeMap::new();
    for event in &record.events {
        let Event::TaskFinished(result) = &event.event else { continue };
        let place = (result.task.handler, result.task.id, result.task.module.as_str());
        if tasks.iter().all(|(other, _)| *other != place) {
            tasks.push((place, task_name(&result.task)));
        }
        cells.insert((place, event.host.as_str()), result);
    }
    if tasks.is_empty() {
        return String::new();
    }
    tasks.sort_by_key(|(place, _)| (place.0, place.1));
    let hosts = &record.run.hosts;
    let heads: Vec<String> =
        hosts.iter().map(|host| format!("<th scope=\"col\"><span>{}</span>", escape(short(host)))).collect();
    let rows: Vec<String> = tasks
        .iter()
        .map(|(place, name)| {
            let of = |host: &String| cells.get(&(*place, host.as_str())).copied();
            let quiet = |host| of(host).is_none_or(|result| matches!(result.status, Status::Ok | Status::Skipped));
            let class = if hosts.iter().all(quiet) { " class=\"quiet\"" } else { "" };
            let cells: String = hosts.iter().map(|host| cell(of(host))).collect();
            format!("<tr{class}><th scope=\"row\">{}{cells}</tr>\n", escape(name))
        })
        .collect();
    let many = if hosts.len() > LEVEL_HEADS { " many" } else { "" };
    format!(
        "<section id=\"matrix\">\n<h2>Hosts and tasks</h2>\n<p class=\"legend\">• unchanged, ● changed, ✕ failed, \
         ○ skipped, ! failed and ignored</p>\n<div class=\"wide\"><table class=\"matrix{many}\">\n<thead><tr><th>task{heads}\
         </tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n</section>\n",
        heads = heads.concat(),
        rows = rows.concat()
    )
}

/// The first label of a name: the others are mostly the same. Addresses stay whole.
fn short(host: &str) -> &str {
    if host.parse::<std::net::IpAddr>().is_ok() { host } else { host.split('.').next().unwrap_or(host) }
}

fn cell(result: Option<&TaskResult>) -> String {
    let Some(result) = result else { return "<td class=\"none\">".to_owned() };
    let (class, sign, word) = match result.status {
        Status::Ok => ("ok", "•", "unchanged"),
        Status::Changed => ("changed", "●", "changed"),
        Status::Skipped => ("skipped", "○", "skipped"),
        Status::Failed => ("failed", "✕", "failed"),
        Status::Ignored => ("ignored", "!", "failed and ignored"),
    };
    format!("<td class=\"{class}\" title=\"{word}, {}\">{sign}", time(result.ms))
}
