//! When each host was at what: a bar for each task that took its time.

use std::fmt::Write;

use super::super::markup::escape;
use super::super::record::Record;
use super::super::stream::{task_name, time};
use crate::event::{Event, HostEvent, Status};

/// Units of the picture's width.
const WIDTH: u64 = 1000;
/// Shorter bars could not be seen.
const LEAST: u64 = 2;

pub(super) fn section(record: &Record) -> String {
    let took = record.took().max(1);
    let lanes: String = record.run.hosts.iter().map(|host| lane(record, host, took)).collect();
    format!(
        "<section id=\"timeline\">\n<h2>Timeline</h2>\n<p class=\"legend\">from 0 to {}; dark: changed, red: failed, \
         yellow: put back, pale: connecting and confirming</p>\n{lanes}</section>\n",
        time(took)
    )
}

fn lane(record: &Record, host: &str, took: u64) -> String {
    let (mut bars, mut before) = (String::new(), 0);
    for event in record.of(host) {
        bar(&mut bars, event, before, took);
        before = if matches!(event.event, Event::Output { .. }) { before } else { event.at_ms };
    }
    format!(
        "<p class=\"lane\">{0}<svg viewBox=\"0 0 {WIDTH} 1\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"when {0} was at what\">\n{bars}</svg></p>\n",
        escape(host)
    )
}

/// What the host did since `before`, when it was at something else.
fn bar(picture: &mut String, event: &HostEvent, before: u64, took: u64) {
    let (class, ms, what) = match &event.event {
        Event::TaskFinished(result) => {
            let class = match result.status {
                Status::Ok | Status::Skipped => "ok",
                Status::Changed => "changed",
                Status::Failed | Status::Ignored => "failed",
            };
            (class, result.ms, task_name(&result.task))
        }
        Event::Connected { ms } => ("wait", *ms, "connect".to_owned()),
        Event::AgentReady { ms, .. } => ("wait", *ms, "start the agent".to_owned()),
        Event::FactsGathered { ms } => ("wait", *ms, "gather facts".to_owned()),
        Event::Confirmed { ms } => ("wait", *ms, "confirm over a new connection".to_owned()),
        // What is put back along with something else takes no time of its own.
        Event::RolledBack { change, .. } if event.at_ms > before => {
            ("back", event.at_ms - before, format!("put back {} {}", change.kind, change.name))
        }
        _ => return,
    };
    let width = (ms.saturating_mul(WIDTH) / took).clamp(LEAST, WIDTH);
    let x = (event.at_ms.saturating_sub(ms).saturating_mul(WIDTH) / took).min(WIDTH - width);
    let (what, ms) = (escape(&what), time(ms));
    // Writing to a string cannot fail.
    let _ = writeln!(
        picture,
        "<rect class=\"{class}\" x=\"{x}\" width=\"{width}\" height=\"1\"><title>{what}: {ms}</title></rect>"
    );
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn no_time_is_too_long_for_the_picture() {
        for (at_ms, ms) in [(u64::MAX, u64::MAX), (u64::MAX, 0), (0, u64::MAX), (0, 0)] {
            let event = HostEvent { host: "mx1".to_owned(), at_ms, event: Event::Connected { ms } };
            let mut picture = String::new();
            bar(&mut picture, &event, 0, u64::MAX);
            let number = |name: &str| {
                let value = picture.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
                value.and_then(|value| value.parse::<u64>().ok()).unwrap()
            };
            assert!(number("x") + number("width") <= WIDTH, "{picture}");
        }
    }
}
