//! `report merge`: one report of the parts of a run.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::args::MergeArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure::{Failure, Kind};
use super::pages::Pages;
use super::session;
use crate::report::Reporter;
use crate::report::merge::{Part, join};

pub(super) fn run(args: &MergeArgs, console: &Console) -> Result<Exit, Failure> {
    let mut parts = Vec::new();
    for file in &args.files {
        let shown = file.display();
        let part = Part::read(&read(file)?);
        let part = part.map_err(|error| Failure::of(Kind::Input, format!("cannot use {shown}"), &error))?;
        if !part.complete {
            console.warn(&format!("warning: {shown} ends before its run did\n"));
        }
        parts.push(part);
    }
    let (run, events) = join(parts).map_err(|error| Failure::of(Kind::Input, "cannot join the runs", &error))?;
    let mut pages = Pages::begin(&args.pages, None, &run)?;
    let out = Box::new(io::stdout());
    let mut reporter = Reporter::new(run, console.form(args.diff), Box::new(|_| None), out).timings(console.timings());
    for event in &events {
        pages.add(event);
        reporter.handle(event);
    }
    let (tally, written) = session::finish(reporter, pages);
    written?;
    Ok(tally.verdict().into())
}

/// A file, or stdin for `-`. A run that was cut off may end within a character.
fn read(file: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let result = if file == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        fs::read(file).map(|read| bytes = read)
    };
    result.map_err(|error| Failure::of(Kind::Input, format!("cannot read {}", file.display()), &error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
