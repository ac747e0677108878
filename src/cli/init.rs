//! `init`: an inventory to begin with, and what to do next.

mod inventory;
mod questions;

use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::InitArgs;
use super::command_line::CommandLine;
use super::console::Console;
use super::exit::Exit;
use super::failure::Failure;
use super::own_files;
use crate::playbook;
use crate::report::json;
use inventory::{Host, Settings};

pub(super) fn run(args: &InitArgs, console: &Console) -> Result<Exit, Failure> {
    let hosts = args.hosts.iter().map(|text| Host::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let settings = Settings {
        hosts,
        user: args.user.clone(),
        private_key: args.private_key.clone(),
        ssh_args: args.ssh_args.clone(),
        sender: args.sender.clone(),
        networks: args.networks.clone(),
        relayhost: args.relayhost.clone(),
    };
    let settings = if settings.hosts.is_empty() { asked(settings)? } else { settings };
    settings.check()?;
    let mut files = vec![(args.file.clone(), settings.text().into_bytes())];
    if args.eject {
        let folder = args.file.parent().unwrap_or(Path::new("")).to_owned();
        files.extend(playbook::built_in_files().into_iter().map(|(name, bytes)| (folder.join(name), bytes)));
    }
    own_files::create(&files)?;
    let written: Vec<&PathBuf> = files.iter().map(|(path, _)| path).collect();
    let next = next(args);
    console.print(&if console.is_json() {
        let written: Vec<Value> = written.iter().map(|path| json!(path.display().to_string())).collect();
        let commands: Vec<&str> = next.iter().map(|(command, _)| command.as_str()).collect();
        json::line("init", [("files", Value::from(written)), ("next", json!(commands))]) + "\n"
    } else {
        told(args, &settings, &next)
    })?;
    Ok(Exit::Ok)
}

fn asked(settings: Settings) -> Result<Settings, Failure> {
    let mut input = io::stdin().lock();
    questions::ask(settings, &mut |question| {
        // Not on stdout, which may go to a program.
        let mut stderr = io::stderr().lock();
        drop(stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush()));
        let mut line = String::new();
        let read = input.read_line(&mut line).map_err(|error| questions::unreadable(&error))?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    })
}

/// The commands that come next, with what they do.
fn next(args: &InitArgs) -> Vec<(String, &'static str)> {
    let line = |command: &str| {
        let mut line = CommandLine::new(command);
        line.word(&args.file.display().to_string());
        if args.eject {
            let playbook = args.file.parent().unwrap_or(Path::new("")).join("mail.yaml");
            line.option("--playbook", &playbook.display().to_string());
        }
        line.text()
    };
    vec![
        (line("lint"), "is everything that was written right? contacts no host"),
        (line("check"), "what would change? writes nothing to a host's disk"),
        (line("up"), "change it, and see that it works"),
        (line("verify"), "does it still do what it should?"),
    ]
}

fn told(args: &InitArgs, settings: &Settings, next: &[(String, &'static str)]) -> String {
    let count = settings.hosts.len();
    let hosts = if count == 1 { "1 server".to_owned() } else { format!("{count} servers") };
    let mut lines = vec![format!("{} is written, with {hosts}.", args.file.display())];
    if args.eject {
        lines.push("mail.yaml and roles/ beside it are the built-in playbook, for you to edit.".to_owned());
    }
    lines.extend([String::new(), "What comes next:".to_owned(), String::new()]);
    let width = next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
    lines.extend(next.iter().map(|(command, what)| format!("    {command:width$}  # {what}")));
    lines.push(String::new());
    if settings.user.as_ref().is_some_and(|user| user != "root") {
        lines.push(
            "Where sudo asks for a password, add -K to check, up, verify, rollback, history and status.".to_owned(),
        );
    }
    lines.push(
        "Hosts that ssh has never seen are refused; --accept-new-host-keys takes their keys on trust.".to_owned(),
    );
    lines.join("\n") + "\n"
}
