//! `check`: what `up` would change.

use super::args::CheckArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::run::{Kind, Plan, Run};
use super::session;

pub(super) fn run(args: &CheckArgs, console: &Console) -> Result<Exit, Failure> {
    let run = Run {
        kind: Kind::Check,
        target: &args.target,
        play: &args.play,
        choose: Some(&args.choose),
        connection: &args.connection,
        pages: &args.pages,
        rollback_on_failure: false,
        confirm_within: None,
        revert_fleet: false,
        plan: args.out.as_deref().map_or(Plan::None, Plan::Make),
    };
    if args.list.is_wanted() {
        return run.list(&args.list, console);
    }
    let (tally, interrupted) = run.execute(console)?;
    Ok(match session::exit(&tally, interrupted) {
        Exit::Ok if args.exit_code && tally.any_changed() => Exit::Drift,
        exit => exit,
    })
}
