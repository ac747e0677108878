//! `completions` and `man`: made from the definition of the command line.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory};

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::{Failure, Kind};
use super::own_files;

/// A script for a shell, on stdout.
pub(super) fn completions(args: &CompletionsArgs, console: &Console) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "mailprov", &mut script);
    console.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// A page on stdout, or all of them in a folder.
pub(super) fn man(args: &ManArgs, console: &Console) -> Result<Exit, Failure> {
    let mut program = Cli::command();
    program.build();
    if let Some(folder) = &args.folder {
        let mut pages = Vec::new();
        collect(&program, "mailprov", folder, &mut pages)?;
        own_files::create(&pages)?;
        console.print(&format!("{} pages are written to {}\n", pages.len(), folder.display()))?;
        return Ok(Exit::Ok);
    }
    let mut command = &program;
    let mut name = "mailprov".to_owned();
    for word in &args.command {
        command = command.find_subcommand(word).ok_or_else(|| {
            let names = command.get_subcommands().filter(|command| !command.is_hide_set()).map(Command::get_name);
            let failure = Failure::new(Kind::Usage, format!("{name} has no command `{word}`"));
            failure.hint(format!("it has {}", names.collect::<Vec<_>>().join(", ")))
        })?;
        name = format!("{name}-{word}");
    }
    console.print(&page(command)?)?;
    Ok(Exit::Ok)
}

fn collect(command: &Command, name: &str, folder: &Path, pages: &mut Vec<(PathBuf, Vec<u8>)>) -> Result<(), Failure> {
    pages.push((folder.join(format!("{name}.1")), page(command)?.into_bytes()));
    let inner = command.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    inner.into_iter().try_for_each(|inner| collect(inner, &format!("{name}-{}", inner.get_name()), folder, pages))
}

fn page(command: &Command) -> Result<String, Failure> {
    let mut text = Vec::new();
    // Built before: its name is that of the whole way to it.
    let written = clap_mangen::Man::new(command.clone()).render(&mut text);
    written.map_err(|error| Failure::of(Kind::Bug, "cannot write a manual page", &error))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
