//! `lint`: everything that can be known without a host.

use serde_json::json;

use super::args::LintArgs;
use super::connections::{self, Ways};
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::prepare::Prepared;
use crate::diagnostic::Diagnostic;
use crate::playbook::CompiledPlay;
use crate::report::json;

pub(super) fn run(args: &LintArgs, console: &Console) -> Result<Exit, Failure> {
    // Tasks that only run when asked for are looked at, too.
    let tags = ["all", "never"].map(str::to_owned).to_vec();
    let Prepared { compiled, sources, options } =
        Prepared::new(&args.target, &args.play(), tags, (None, serde_json::Map::new()), console)?;
    let hosts = compiled.hosts();
    let ways = Ways {
        inventory: &compiled.inventory,
        sources: &sources,
        hosts: &hosts,
        extra_vars: &options.extra_vars,
        becomes: &|host| compiled.plays.iter().any(|play| play.becomes(host)),
    };
    connections::check(&ways, &args.target)?;
    let tasks: usize = compiled.plays.iter().map(|play| play.tasks().len() + play.handlers().len()).sum();
    let raised: Vec<_> = compiled.plays.iter().filter_map(raised).collect();
    for warning in &raised {
        console.warn(&warning.render_warning(&sources, console.colours_on_stderr()));
    }
    let (plays, hosts, warnings) = (compiled.plays.len(), hosts.len(), compiled.warnings.len() + raised.len());
    console.print(&if console.is_json() {
        let counts = [("plays", plays), ("tasks", tasks), ("hosts", hosts), ("warnings", warnings)];
        json::line("lint", counts.map(|(name, count)| (name, json!(count)))) + "\n"
    } else {
        let found = match warnings {
            0 => "nothing is wrong".to_owned(),
            number => format!("no error, {}", counted((number, "warning"))),
        };
        let counted = [(plays, "play"), (tasks, "task"), (hosts, "host")].map(counted).join(", ");
        format!("{found}: {counted}; no host was contacted\n")
    })?;
    Ok(Exit::Ok)
}

/// A play that runs as root for the sake of a part of it.
fn raised(play: &CompiledPlay) -> Option<Diagnostic> {
    let problem = Diagnostic::new("`become` here makes the whole play run as root").at(play.raised.clone()?, 1);
    let problem = problem.note("a play runs as one user on each host");
    Some(problem.hint("say `become: true` in the play, or give what needs root a play of its own"))
}

fn counted((count, what): (usize, &str)) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
