//! All that can be done without a host: the inventory and the playbook are read, and found to be right.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::args::{PlayArgs, TargetArgs};
use super::console::Console;
use super::extra_vars;
use super::failure::{Failure, Kind};
use super::hosts::Hosts;
use crate::diagnostic::Sources;
use crate::playbook::{self, Compiled};
use crate::report::clean;

/// A playbook that was read and found to be right.
pub(super) struct Prepared {
    pub(super) compiled: Compiled,
    /// The files read, for diagnostics.
    pub(super) sources: Sources,
    pub(super) options: playbook::Options,
}

impl Prepared {
    /// Reads everything; warnings are told. `tags` stand in the place of `--tags`; `only` leaves no other hosts, and
    /// `added` are variables that the command sets beside `--extra-vars`.
    pub(super) fn new(
        target: &TargetArgs,
        play: &PlayArgs,
        tags: Vec<String>,
        (only, added): (Option<&BTreeSet<String>>, Map<String, Value>),
        console: &Console,
    ) -> Result<Self, Failure> {
        let Hosts { inventory, mut sources, mut selected } = Hosts::load(target, console)?;
        if let Some(only) = only {
            selected.retain(|host| only.contains(host));
            if selected.is_empty() {
                return Err(nothing_to_retry(only, target));
            }
        }
        let mut extra_vars = extra_vars::read(&play.extra_vars, &mut sources)?;
        extra_vars.extend(added);
        let options = playbook::Options {
            extra_vars,
            hosts: (target.limit.is_some() || target.shard.is_some() || target.local || only.is_some())
                .then_some(selected),
            part: target.shard.is_some(),
            tags,
            skip_tags: play.skip_tags.clone(),
        };
        let compiled = match playbook::load(play.playbook.as_deref(), inventory, &options, &mut sources) {
            Ok(compiled) => compiled,
            Err(diagnostics) => return Err(Failure::diagnostics(diagnostics, sources)),
        };
        for warning in &compiled.warnings {
            console.warn(&warning.render_warning(&sources, console.colours_on_stderr()));
        }
        Ok(Self { compiled, sources, options })
    }
}

/// Why `--retry-failed` leaves no host, though some may have failed.
fn nothing_to_retry(failed: &BTreeSet<String>, target: &TargetArgs) -> Failure {
    let left = |why: &str| Failure::new(Kind::Input, format!("no host is left by --retry-failed: {why}"));
    if failed.is_empty() {
        return left("none failed the last time");
    }
    let names = failed.iter().map(|host| clean(host)).collect::<Vec<_>>().join(", ");
    let failure = left(&format!("none of those that failed the last time is selected ({names})"));
    match (&target.shard, &target.limit) {
        (Some(shard), _) => failure.hint(format!("the part --shard {shard} has none of them")),
        (None, Some(_)) => failure.hint("leave --limit away"),
        (None, None) => failure.hint("they are not in the inventory any more"),
    }
}
