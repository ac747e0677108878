//! A run as it is watched: the work on one side, its report on the other.

use std::future::Future;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::console::{Size, output_failure, terminal_size};
use super::exit::Exit;
use super::failure::{Failure, Kind};
use super::pages::Pages;
use crate::event::HostEvent;
use crate::fleet::Interrupt;
use crate::report::{Reporter, Tally};
use crate::veil::Veil;

/// Events that may wait to be passed on to the report.
const EVENTS_AHEAD: usize = 256;
/// How often the times on a terminal are brought up to date.
const TICK: Duration = Duration::from_millis(250);

/// What the report is told.
enum Told {
    Event(Box<HostEvent>),
    Interrupted,
}

/// A run that is over.
pub(super) struct Watched<T> {
    /// What it came to.
    pub(super) tally: Tally,
    /// What the work gave.
    pub(super) result: T,
    /// Whether all that tells of it could be written. It was a run all the same: whoever keeps something of it does so
    /// before this is told.
    pub(super) written: Result<(), Failure>,
}

/// Does the work and writes its report.
///
/// # Errors
/// When the system lacks what it takes to begin.
pub(super) fn watch<T, F>(
    reporter: Reporter,
    pages: Pages,
    veil: &Veil,
    work: impl FnOnce(mpsc::Sender<HostEvent>, Interrupt) -> F,
) -> Result<Watched<T>, Failure>
where
    F: Future<Output = T>,
{
    let runtime = runtime()?;
    // Before anything is shown: who presses Ctrl-C at what is to be seen is heard, by the work and the report alike.
    let interrupt = {
        let _within = runtime.enter();
        Interrupt::from_signals()
    };
    let asked = interrupt.anew();
    let (tell, told) = channel();
    // Writing may block, which must not stop the work on the hosts: a thread of its own.
    let veil = veil.clone();
    let report = std::thread::spawn(move || write(reporter, pages, &veil, &told));
    let result = runtime.block_on(async {
        let (sender, events) = mpsc::channel(EVENTS_AHEAD);
        tokio::join!(work(sender, interrupt), pass_on(events, &asked, tell)).0
    });
    match report.join() {
        Ok((tally, written)) => Ok(Watched { tally, result, written }),
        // The panic hook has ended the program already.
        Err(_) => Err(Failure::new(Kind::Bug, "the report was lost")),
    }
}

/// What async work needs.
///
/// # Errors
/// When the system has no thread or file descriptor left.
pub(super) fn runtime() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::of(Kind::Machine, "cannot start", &error))
}

/// How a run ended: the user's wish before everything else.
pub(super) fn exit(tally: &Tally, interrupted: bool) -> Exit {
    if interrupted { Exit::Interrupted } else { tally.verdict().into() }
}

/// What is secret for the controller alone (passwords of connections) is hidden here, and all else once more.
fn write(mut reporter: Reporter, mut pages: Pages, veil: &Veil, told: &Receiver<Told>) -> (Tally, Result<(), Failure>) {
    reporter.show();
    loop {
        let mut next = match told.recv_timeout(TICK) {
            Ok(told) => Some(told),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => break,
        };
        // All that has come by now is shown at once.
        while let Some(told_now) = next {
            match told_now {
                Told::Event(mut event) => {
                    event.event.each_text(&mut |text| veil.hide_in(text));
                    pages.add(&event);
                    reporter.handle(&event);
                }
                Told::Interrupted => reporter.interrupted(),
            }
            next = told.try_recv().ok();
        }
        if let Some(Size { columns, rows }) = terminal_size() {
            reporter.resize(columns, rows);
        }
        reporter.show();
    }
    finish(reporter, pages)
}

/// Ends the report and writes the pages, each whatever becomes of the others. The terminal first: it is left in good order.
pub(super) fn finish(reporter: Reporter, pages: Pages) -> (Tally, Result<(), Failure>) {
    let (tally, shown) = reporter.finish();
    let kept = pages.finish();
    (tally, shown.map_err(|error| output_failure(&error)).and(kept))
}

async fn pass_on(mut events: mpsc::Receiver<HostEvent>, asked: &Interrupt, tell: Sender<Told>) {
    let mut heard = 0;
    loop {
        let (event, is_over) = tokio::select! {
            () = asked.times(heard + 1) => (None, false),
            event = events.recv() => match event {
                Some(event) => (Some(Told::Event(Box::new(event))), false),
                None => (None, true),
            },
        };
        // What comes of an interruption, the end too, is told after it, whichever of the two was noticed first.
        let count = asked.count();
        let mut told = (heard..count).map(|_| Told::Interrupted).chain(event);
        heard = count;
        if told.try_for_each(|told| tell.send(told)).is_err() || is_over {
            return;
        }
    }
}
