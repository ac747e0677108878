//! `rollback`: the journals of the hosts, backwards.

use serde_json::Map;

use super::args::RollbackArgs;
use super::command_line::CommandLine;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::hosts::Hosts;
use super::pages::Pages;
use super::{connections, run_spec, session};
use crate::fleet::Fleet;
use crate::hostplay::{Mode, RunSpec, UndoTarget};
use crate::protocol::RollbackSpec;
use crate::report::{Reporter, RunInfo, RunKind};

pub(super) fn run(args: &RollbackArgs, console: &Console) -> Result<Exit, Failure> {
    let hosts = Hosts::load(&args.target, console)?;
    let fleet = connections::fleet(&hosts.ways(&Map::new()), &args.target, &args.connection)?;
    let fleet = Fleet { confirm_within: args.confirm.within(), ..fleet };
    let mode = if args.check { Mode::Check } else { Mode::Apply };
    let command = command_line(args).limit(&args.target).text();
    let run = run_spec::new(mode, command.clone(), false);
    let info = RunInfo {
        kind: RunKind::Rollback { check: args.check },
        began: time::OffsetDateTime::now_utc(),
        hosts: hosts.selected.clone(),
        again: command.clone(),
        again_on: command_line(args).text(),
        apply: String::new(),
        rollback: String::new(),
    };
    let pages = Pages::begin(&args.pages, None, &info)?;
    let reporter = Reporter::new(info, console.form(args.diff), Box::new(|_| None), Box::new(std::io::stdout()))
        .timings(console.timings());
    let spec = |host: &str| RollbackSpec {
        run: RunSpec { host: host.to_owned(), ..run.clone() },
        target: target(args),
        force: args.force,
        confirm_within: None,
    };
    let watched = session::watch(reporter, pages, console.veil(), |events, interrupt| {
        fleet.rollback(&hosts.selected, spec, events, interrupt)
    })?;
    watched.written?;
    Ok(session::exit(&watched.tally, watched.result.interrupted))
}

fn target(args: &RollbackArgs) -> UndoTarget {
    match (&args.run, &args.to) {
        (Some(run), _) => UndoTarget::Run(run.clone()),
        (None, Some(run)) => UndoTarget::After(run.clone()),
        (None, None) => UndoTarget::Newest,
    }
}

fn command_line(args: &RollbackArgs) -> CommandLine {
    let mut line = CommandLine::new("rollback").target(&args.target).connection(&args.connection);
    if let Some(run) = &args.run {
        line.option("--run", run);
    }
    if let Some(run) = &args.to {
        line.option("--to", run);
    }
    line.flag("--force", args.force);
    line.flag("--check", args.check);
    line
}
