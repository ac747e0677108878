//! The command line: what is asked for, and how the program ends.
//!
//! One file a command. Everything a person sees that is not a run's report is written here.

mod answers;
mod args;
mod check;
mod choose;
mod command_line;
mod connections;
mod console;
mod defaults;
mod doc;
mod exit;
mod extra_vars;
mod facts;
mod failure;
mod history;
mod hosts;
mod init;
mod inventory;
mod lint;
mod listing;
mod locate;
mod merge;
mod own_files;
mod pages;
mod panic_hook;
mod paper;
mod password;
mod plan;
mod prepare;
mod retry;
mod rollback;
mod run;
mod run_spec;
mod session;
mod status;
mod up;
mod vault;
mod vault_passwords;
mod verify;
mod whole_file;

use std::io::Write;
use std::process::ExitCode;

pub use args::Cli;
use args::{Command, OutputArgs, ReportCommand};
use console::Console;
use defaults::Unusable;
pub use exit::Exit;
use failure::Failure;

/// Reads the command line, does what it says, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    panic_hook::install();
    match defaults::command_line() {
        Ok(cli) => run(&cli.command),
        Err(Unusable::Usage(error)) => usage(&error).into(),
        // How the output shall look was not understood, either.
        Err(Unusable::Defaults(failure)) => {
            drop(std::io::stderr().write_all(failure.render(false).as_bytes()));
            failure.exit().into()
        }
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
        Command::Init(args) => told(&(&args.look).into(), |console| init::run(args, console)),
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
        Command::Report(ReportCommand::Merge(args)) => told(&args.output, |console| merge::run(args, console)),
        Command::Doc(args) => told(&(&args.look).into(), |console| doc::run(args, console)),
        Command::Completions(args) => told(&plain(), |console| paper::completions(args, console)),
        Command::Man(args) => told(&plain(), |console| paper::man(args, console)),
        Command::Agent(args) => return crate::agent::run(&args.nonce),
        Command::AgentRollback(args) => return crate::agent::watch(&args.run_id),
    };
    exit.into()
}

/// Output that has one form only.
fn plain() -> OutputArgs {
    OutputArgs {
        verbose: 0,
        quiet: false,
        output: args::OutputFormat::Text,
        timings: false,
        color: clap::ColorChoice::Auto,
    }
}

/// Runs a command and tells why it could not be carried out, if so.
fn told(output: &OutputArgs, command: impl FnOnce(&Console) -> Result<Exit, Failure>) -> Exit {
    let console = Console::new(output);
    command(&console).unwrap_or_else(|failure| {
        console.fail(&failure);
        failure.exit()
    })
}
