//! What holds for every report, whatever the hosts say.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::samples::{change, event, failure, property, run_info, task};
use super::tally::HostTally;
use super::{Form, Look, Record, Reporter, RunKind, Verbosity, Verdict};
use crate::event::{Event, Failure, HostEvent, HostOutcome, ItemResult, Status, TextChange};
use crate::hostplay::Origin;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().map_or(Ok(bytes.len()), |mut page| page.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn status() -> impl Strategy<Value = Status> {
    prop::sample::select(vec![Status::Ok, Status::Changed, Status::Skipped, Status::Failed, Status::Ignored])
}

fn outcome(text: String) -> impl Strategy<Value = HostOutcome> {
    let failure = Failure { message: text.clone(), ..failure() };
    prop::sample::select(vec![
        HostOutcome::Succeeded,
        HostOutcome::Reverted,
        HostOutcome::Failed { rolled_back: true },
        HostOutcome::Failed { rolled_back: false },
        HostOutcome::Refused { failure: failure.clone() },
        HostOutcome::Unreachable { failure },
        HostOutcome::NotStarted { reason: text },
    ])
}

/// A task that says `texts` wherever it can.
fn finished(status: Status, texts: [String; 4], place: (u32, u32)) -> Event {
    let [one, two, three, four] = texts;
    let mut result = task(&one, status);
    result.message = Some(two.clone());
    result.actions = vec![three.clone()];
    result.notified = vec![four.clone()];
    result.items = vec![ItemResult { label: two.clone(), status, message: Some(one.clone()) }];
    let mut changed = change(&one, &two, &three);
    changed.properties = vec![property(&four, Some(&one), Some(&two)), property(&one, None, Some(&three))];
    changed.text = Some(TextChange { before: Some(three.clone()), after: Some(four.clone()) });
    result.changes = vec![changed];
    let origin = Some(Origin { file: one.clone(), line: place.0, column: place.1 });
    let command = Some(vec![two.clone(), three.clone()]);
    let stderr = Some(four);
    result.failure = Some(Failure {
        message: one,
        causes: vec![two],
        command,
        stderr,
        origin,
        hints: vec![three],
        exit_status: None,
    });
    Event::TaskFinished(result)
}

fn any_event() -> impl Strategy<Value = HostEvent> {
    let text = || any::<String>();
    let kept = (text(), text(), prop::option::of(text()))
        .prop_map(|(name, verb, kept)| Event::RolledBack { change: change("file", &name, &verb), kept });
    let happened = prop_oneof![
        (status(), [text(), text(), text(), text()], any::<(u32, u32)>())
            .prop_map(|(status, texts, place)| finished(status, texts, place)),
        text().prop_flat_map(outcome).prop_map(|outcome| Event::HostFinished { outcome }),
        text().prop_map(|name| Event::PlayStarted { name }),
        text().prop_map(|line| Event::Output { line }),
        text().prop_map(|message| Event::Warning { message }),
        (text(), any::<u64>()).prop_map(|(at_work, limit)| Event::Late { at_work, limit }),
        text().prop_map(|reason| Event::RollbackStarted { reason }),
        kept,
    ];
    (prop_oneof![Just("mx1".to_owned()), any::<String>()], happened).prop_map(|(host, happened)| event(&host, happened))
}

proptest! {
    #[test]
    fn no_report_controls_the_terminal(
        events in prop::collection::vec(any_event(), 0..12),
        width in prop_oneof![0_usize..30, Just(80), Just(usize::MAX)],
        kind in prop::sample::select(vec![RunKind::Up, RunKind::Check, RunKind::Rollback { check: false }]),
        source in any::<String>(),
    ) {
        for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
            let look = Look { width, colour: false, verbosity, diff: true };
            let page = Page::default();
            let source = source.clone();
            let source = Box::new(move |_: &Origin| Some(source.clone()));
            let run = run_info(kind, &["mx1", "mx2"]);
            let mut reporter = Reporter::new(run, Form::Plain { look }, source, Box::new(page.clone()));
            for event in &events {
                reporter.handle(event);
            }
            prop_assert!(reporter.finish().1.is_ok());
            let bytes = page.0.lock().map(|page| page.clone()).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{text:?}");
        }
    }

    #[test]
    fn test_reports_are_red_exactly_for_hosts_that_did_not_make_it(
        events in prop::collection::vec(any_event(), 0..12),
        kind in prop::sample::select(vec![RunKind::Up, RunKind::Rollback { check: false }]),
    ) {
        let mut record = Record::new(run_info(kind, &["mx1", "mx2"]));
        for event in &events {
            record.add(event);
        }
        let xml = record.junit();
        let suites = xml.split("<testsuite ").skip(1);
        let red = suites.filter(|suite| suite.contains("<failure ") || suite.contains("<error ")).count();
        let made_it = |host: &HostTally| host.outcome == Some(HostOutcome::Succeeded);
        prop_assert_eq!(red, record.tally.hosts().filter(|(_, host)| !made_it(host)).count());
        prop_assert!(red > 0 || record.tally.verdict() == Verdict::Ok);
    }
}
