//! What `up`, `check` and `verify` have in common: everything but the mode.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::args::{ChooseArgs, ConnectionArgs, ListArgs, PagesArgs, PlayArgs, TargetArgs};
use super::command_line::CommandLine;
use super::connections::{self, Ways};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::pages::Pages;
use super::prepare::Prepared;
use super::retry::Failed;
use super::session::Watched;
use super::{choose, listing, plan, run_spec, session};
use crate::diagnostic::Sources;
use crate::fleet::{Fleet, FleetPlay, FleetRun, Planning};
use crate::hostplay::Mode;
use crate::playbook::CompiledPlay;
use crate::report::{Reporter, RunInfo, RunKind, SourceLine, Tally};
use crate::veil::Veil;

/// Which command runs the playbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    Up,
    Check,
    /// Only looks, and so is a check of the tasks that verify.
    Verify {
        /// Where a message is sent to, besides.
        send_to: Option<&'a str>,
    },
}

impl Kind<'_> {
    fn mode(self) -> Mode {
        match self {
            Self::Up => Mode::Apply,
            Self::Check | Self::Verify { .. } => Mode::Check,
        }
    }

    fn report(self) -> RunKind {
        match self {
            Self::Up => RunKind::Up,
            Self::Check => RunKind::Check,
            Self::Verify { .. } => RunKind::Verify,
        }
    }
}

/// Which plan a run has to do with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Plan<'a> {
    None,
    /// Is made, and kept in this file.
    Make(&'a Path),
    /// In this file, is applied and nothing else.
    Follow(&'a Path),
}

impl<'a> Plan<'a> {
    /// The file that is made.
    fn made(self) -> Option<&'a Path> {
        match self {
            Self::Make(path) => Some(path),
            Self::None | Self::Follow(_) => None,
        }
    }
}

/// A run of a playbook.
pub(super) struct Run<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) target: &'a TargetArgs,
    pub(super) play: &'a PlayArgs,
    /// Which part of it.
    pub(super) choose: Option<&'a ChooseArgs>,
    pub(super) connection: &'a ConnectionArgs,
    pub(super) pages: &'a PagesArgs,
    /// A failed task takes the run back on its host.
    pub(super) rollback_on_failure: bool,
    /// [`Fleet::confirm_within`](crate::fleet::Fleet::confirm_within).
    pub(super) confirm_within: Option<u32>,
    /// When any host fails, those where it went through are taken back too.
    pub(super) revert_fleet: bool,
    pub(super) plan: Plan<'a>,
}

impl Run<'_> {
    /// Does it; gives what it came to, and whether the user interrupted it.
    pub(super) fn execute(&self, console: &Console) -> Result<(Tally, bool), Failure> {
        let mut added = Map::new();
        if let Kind::Verify { send_to: Some(address) } = self.kind {
            added.insert("mail_verify_send_to".to_owned(), address.into());
        }
        let Prepared { compiled, sources, options } = self.prepared(self.play.tags.clone(), added, console)?;
        let hosts = compiled.hosts();
        let ways = Ways {
            inventory: &compiled.inventory,
            sources: &sources,
            hosts: &hosts,
            extra_vars: &options.extra_vars,
            becomes: &|host| compiled.plays.iter().any(|play| play.becomes(host)),
        };
        let fleet = connections::fleet(&ways, self.target, self.connection)?;
        let fleet = Fleet { confirm_within: self.confirm_within, ..fleet };
        let veil = console.veil();
        let command = shown(&self.command_line(self.kind.report().command()).limit(self.target), veil);
        let spec = run_spec::new(self.kind.mode(), command, self.rollback_on_failure);
        let plays_of = |host: &str| {
            let plays = compiled.plays.iter().filter(|play| play.hosts.iter().any(|name| name == host));
            plays.map(|play| play.host_play(host)).collect()
        };
        let mut draft = None;
        let planning = match self.plan {
            Plan::None => Planning::None,
            Plan::Make(path) => {
                let new = plan::Draft::begin(path, spec.controller.clone(), self.without_values(veil))?;
                Planning::Make(draft.insert(new).key())
            }
            Plan::Follow(path) => plan::follow(path, &hosts, &plays_of)?,
        };
        let info = self.info(hosts.clone(), veil);
        let pages = Pages::begin(self.pages, self.plan.made(), &info)?;
        let out = Box::new(std::io::stdout());
        let reporter = Reporter::new(info, console.form(self.play.diff), lines_of(sources), out);
        let reporter = reporter.timings(console.timings());
        let plays = compiled.plays.iter().cloned().map(fleet_play).collect();
        let run = FleetRun { spec, plays, planning, revert_fleet: self.revert_fleet };
        let watched = session::watch(reporter, pages, veil, |events, interrupt| fleet.run(run, events, interrupt))?;
        let Watched { tally, result: outcome, written } = watched;
        if self.kind == Kind::Up {
            Failed::of(self.target, self.play).note(&hosts, &tally.failed_hosts());
        }
        let kept = match draft.filter(|_| !outcome.interrupted) {
            Some(draft) => draft.save(outcome.plans, &plays_of),
            None => Ok(()),
        };
        written.and(kept)?;
        Ok((tally, outcome.interrupted))
    }

    /// What there is to do, as far as it was chosen.
    fn prepared(&self, tags: Vec<String>, added: Map<String, Value>, console: &Console) -> Result<Prepared, Failure> {
        let choose = self.choose;
        let retry = choose.is_some_and(|choose| choose.retry_failed);
        let only = retry.then(|| Failed::of(self.target, self.play).read()).transpose()?;
        let mut prepared = Prepared::new(self.target, self.play, tags, (only.as_ref(), added), console)?;
        if let Some(choose) = choose {
            choose::apply(choose, &mut prepared.compiled)?;
        }
        Ok(prepared)
    }

    /// Only lists what it would do.
    pub(super) fn list(&self, list: &ListArgs, console: &Console) -> Result<Exit, Failure> {
        // A list of all tags has those that a run would not take.
        let all = list.list_tags && self.play.tags.is_empty();
        let tags = if all { ["all", "never"].map(str::to_owned).to_vec() } else { self.play.tags.clone() };
        let compiled = self.prepared(tags, Map::new(), console)?.compiled;
        let playbook = self.play.playbook.as_deref();
        let json = console.is_json();
        let text = if json { listing::json_lines(&compiled) } else { listing::text(&compiled, playbook, list) };
        console.print(&text)?;
        Ok(Exit::Ok)
    }

    fn info(&self, hosts: Vec<String>, veil: &Veil) -> RunInfo {
        let kind = self.kind.report();
        RunInfo {
            kind,
            began: time::OffsetDateTime::now_utc(),
            hosts,
            again: shown(&self.command_line(kind.command()).limit(self.target), veil),
            again_on: shown(&self.command_line(kind.command()), veil),
            apply: shown(&self.apply_line().limit(self.target), veil),
            rollback: shown(&self.way_line("rollback").limit(self.target), veil),
        }
    }

    /// For the plan, in which no value stands in clear.
    fn without_values(&self, veil: &Veil) -> String {
        shown(&self.command_line(self.kind.report().command()).limit(self.target).without_values(), veil)
    }

    fn command_line(&self, command: &str) -> CommandLine {
        let line = self.way_line(command);
        // That only the tasks that verify are run is what the command is.
        let mut line = match self.kind {
            Kind::Verify { send_to } => {
                let mut line = line.playbook(self.play);
                if let Some(address) = send_to {
                    line.option("--send-to", address);
                }
                line
            }
            _ => line.play(self.play),
        };
        if command == self.kind.report().command() {
            match self.plan {
                Plan::None => {}
                Plan::Make(path) => line.option("--out", &path.display().to_string()),
                Plan::Follow(path) => line.option("--plan", &path.display().to_string()),
            }
            line.flag("--revert-fleet", self.revert_fleet);
        }
        line
    }

    /// What applies what a check has shown.
    fn apply_line(&self) -> CommandLine {
        let mut line = self.command_line("up");
        if let Plan::Make(path) = self.plan {
            line.option("--plan", &path.display().to_string());
        }
        line
    }

    fn way_line(&self, command: &str) -> CommandLine {
        CommandLine::new(command).target(self.target).connection(self.connection)
    }
}

/// The line as it may be shown and kept: a value that is given to a variable with a harmless name may be secret elsewhere.
fn shown(line: &CommandLine, veil: &Veil) -> String {
    veil.hide(&line.text()).into_owned()
}

fn lines_of(sources: Sources) -> SourceLine {
    Box::new(move |origin| sources.shown_line(&origin.file, origin.line))
}

fn fleet_play(play: CompiledPlay) -> FleetPlay {
    let play = Arc::new(play);
    FleetPlay {
        name: play.name.clone(),
        batches: play.batches.clone(),
        max_fail_percentage: play.max_fail_percentage,
        any_errors_fatal: play.any_errors_fatal,
        host_play: Box::new(move |host| play.host_play(host)),
    }
}
