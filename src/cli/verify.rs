//! `verify`: look whether the hosts do what they should, and change nothing.

use super::args::VerifyArgs;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::run::{Kind, Plan, Run};
use super::session;

pub(super) fn run(args: &VerifyArgs, console: &Console) -> Result<Exit, Failure> {
    let run = Run {
        kind: Kind::Verify { send_to: args.send_to.as_deref() },
        target: &args.target,
        play: &args.play(),
        choose: None,
        connection: &args.connection,
        pages: &args.pages,
        rollback_on_failure: false,
        confirm_within: None,
        revert_fleet: false,
        plan: Plan::None,
    };
    let (tally, interrupted) = run.execute(console)?;
    Ok(session::exit(&tally, interrupted))
}
