//! `up`: bring the hosts into the state that the playbook describes.

use super::args::UpArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::run::{Kind, Plan, Run};
use super::session;

pub(super) fn run(args: &UpArgs, console: &Console) -> Result<Exit, Failure> {
    let run = Run {
        kind: Kind::Up,
        target: &args.target,
        play: &args.play,
        choose: Some(&args.choose),
        connection: &args.connection,
        pages: &args.pages,
        rollback_on_failure: !args.no_rollback,
        confirm_within: args.confirm.within(),
        revert_fleet: args.revert_fleet,
        plan: args.plan.as_deref().map_or(Plan::None, Plan::Follow),
    };
    if args.list.is_wanted() {
        return run.list(&args.list, console);
    }
    let (tally, interrupted) = run.execute(console)?;
    Ok(session::exit(&tally, interrupted))
}
