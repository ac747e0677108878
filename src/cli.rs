//! The command line: what is asked for, and how the program ends.
//!
//! One file a command. Everything a person sees that is not a run's report is written here.

mod answers;
mod args;
mod check;
mod command_line;
mod connections;
mod console;
mod doc;
mod exit;
mod extra_vars;
mod facts;
mod failure;
mod history;
mod hosts;
mod inventory;
mod lint;
mod listing;
mod locate;
mod panic_hook;
mod password;
mod plan;
mod prepare;
mod rollback;
mod run;
mod run_spec;
mod session;
mod status;
mod up;
mod vault;
mod vault_passwords;
mod verify;

use std::process::ExitCode;

use clap::Parser;

pub use args::Cli;
use args::{Command, OutputArgs};
use console::Console;
pub use exit::Exit;
use failure::Failure;

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    panic_hook::install();
    match Cli::try_parse() {
        Ok(cli) => run(&cli.command),
        Err(error) => usage(&error).into(),
    }
}

/// `--help` and `--version` are no errors, though clap gives them as such.
fn usage(error: &clap::Error) -> Exit {
    // A reader that went away (`mailprov --help | head`) is no error either.
    drop(error.print());
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}

fn run(command: &Command) -> ExitCode {
    let exit = match command {
        Command::Up(args) => told(&args.output, |console| up::run(args, console)),
        Command::Check(args) => told(&args.output, |console| check::run(args, console)),
        Command::Verify(args) => told(&args.output, |console| verify::run(args, console)),
        Command::Rollback(args) => told(&args.output, |console| rollback::run(args, console)),
        Command::History(args) => told(&args.output, |console| history::run(args, console)),
        Command::Status(args) => told(&args.output, |console| status::run(args, console)),
        Command::Inventory(args) => told(&args.command.look().into(), |console| inventory::run(&args.command, console)),
        Command::Lint(args) => told(&(&args.look).into(), |console| lint::run(args, console)),
        Command::Facts(args) => told(&(&args.look).into(), |console| facts::run(args, console)),
        Command::Vault(args) => told(&(&args.look).into(), |console| vault::run(args, console)),
        Command::Doc(args) => told(&(&args.look).into(), |console| doc::run(args, console)),
        Command::Agent(args) => return crate::agent::run(&args.nonce),
        Command::AgentRollback(args) => return crate::agent::watch(&args.run_id),
    };
    exit.into()
}

/// Runs a command and tells why it could not be carried out, if so.
fn told(output: &OutputArgs, command: impl FnOnce(&Console) -> Result<Exit, Failure>) -> Exit {
    let console = Console::new(output);
    command(&console).unwrap_or_else(|failure| {
        console.fail(&failure);
        failure.exit()
    })
}
