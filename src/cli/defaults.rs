//! `.mailprov.toml`: options that are always given. In the current folder, or else in the home folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches, Parser};
use toml::{Table, Value};

use super::args::Cli;
use super::failure::{Failure, Kind};
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, did_you_mean};
use crate::hostplay::Origin;

const FILE: &str = ".mailprov.toml";

/// Options that are decisions of the moment.
const NEVER: [&str; 12] =
    ["force", "run", "to", "check", "plan", "out", "help", "version", "start-at-task", "step", "retry-failed", "eject"];

/// Why there is no command line.
pub(super) enum Unusable {
    /// clap says so; that may also be `--help`.
    Usage(clap::Error),
    /// The file of defaults is wrong.
    Defaults(Failure),
}

/// The command line, with the defaults in it that it does not override.
pub(super) fn command_line() -> Result<Cli, Unusable> {
    let words: Vec<OsString> = std::env::args_os().collect();
    let matches = Cli::command().try_get_matches_from(&words).map_err(Unusable::Usage)?;
    // The agent, and what takes a run back, are started by ourselves, on hosts.
    let is_ours = matches!(matches.subcommand_name(), Some("agent" | "agent-rollback"));
    let file = if is_ours { None } else { find() };
    let Some(path) = file else {
        return Cli::from_arg_matches(&matches).map_err(Unusable::Usage);
    };
    let added = read(&path).and_then(|table| options(&path, &table, &matches)).map_err(Unusable::Defaults)?;
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let all = [&words[..end], &added.iter().map(OsString::from).collect::<Vec<_>>()[..], &words[end..]].concat();
    Cli::try_parse_from(all).map_err(|error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
        Unusable::Defaults(
            Failure::new(Kind::Input, format!("{} cannot be used: {first}", path.display()))
                .hint("what it says is added to the command line as options"),
        )
    })
}

/// As ansible.cfg, it is not read from a folder that everybody may write to: it says which keys and programs are used.
fn find() -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let open = std::fs::metadata(".").is_ok_and(|folder| folder.permissions().mode() & 0o002 != 0);
    let here = Some(PathBuf::from(FILE)).filter(|path| !open && path.is_file());
    here.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(FILE)).filter(|path| path.is_file()))
}

fn read(path: &Path) -> Result<(String, Table), Failure> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::of(Kind::Input, format!("cannot read {shown}"), &error))?;
    match text.parse::<Table>() {
        Ok(table) => Ok((text, table)),
        Err(error) => {
            let problem = Diagnostic::new(error.message().to_owned());
            let at = error.span().map_or(0, |span| span.start);
            Err(wrong(&shown, &text, problem.at(place(&shown, &text, at), 1)))
        }
    }
}

fn place(file: &str, text: &str, offset: usize) -> Origin {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Origin { file: file.to_owned(), line: number(line), column: number(column) }
}

fn wrong(shown: &str, text: &str, problem: Diagnostic) -> Failure {
    let mut sources = Sources::new();
    sources.add(shown, text);
    Failure::diagnostics(Diagnostics::from(problem), sources)
}

/// The words to add for a command.
fn options(path: &Path, (text, table): &(String, Table), matches: &ArgMatches) -> Result<Vec<String>, Failure> {
    let shown = path.display().to_string();
    let program = Cli::command();
    let known = names(&program);
    let (command, matches) = innermost(&program, matches);
    let mut words = Vec::new();
    for (key, value) in table {
        let name = key.replace('_', "-");
        let at_key = |problem: Diagnostic| {
            let offset = text.lines().scan(0, |at, line| {
                let start = *at;
                *at += line.len() + 1;
                Some((start, line))
            });
            let line = offset.into_iter().find(|(_, line)| line.trim_start().starts_with(key.as_str()));
            let length = u32::try_from(key.chars().count()).unwrap_or(1);
            wrong(&shown, text, problem.at(place(&shown, text, line.map_or(0, |(at, _)| at)), length))
        };
        if NEVER.contains(&name.as_str()) {
            return Err(at_key(
                Diagnostic::new(format!("`{key}` cannot be a default")).note("it is decided each time"),
            ));
        }
        if !known.contains(&name) {
            let problem = Diagnostic::new(format!("there is no option `--{name}`"));
            let near = did_you_mean(&name, known.iter().map(String::as_str));
            return Err(at_key(problem.maybe_hint(near)));
        }
        let Some(argument) = command.get_arguments().find(|argument| argument.get_long() == Some(&name)) else {
            continue;
        };
        let id = argument.get_id().as_str();
        let given = |id: &str| {
            matches.try_contains_id(id).is_ok() && matches.value_source(id) == Some(ValueSource::CommandLine)
        };
        // An inventory may be named in two ways; the wish to be quiet goes against one to be told more.
        let other = match id {
            "inventory" => given("positional") || given("local"),
            "quiet" => given("verbose"),
            "verbose" => given("quiet"),
            _ => false,
        };
        if given(id) || other {
            continue;
        }
        let takes_value = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
        let said = spelt(&name, value, takes_value).ok_or_else(|| {
            let wanted = if takes_value { "text, a number or a list" } else { "true or false" };
            at_key(Diagnostic::new(format!("`{key}` must be {wanted}")))
        })?;
        words.extend(said);
    }
    Ok(words)
}

fn spelt(name: &str, value: &Value, takes_value: bool) -> Option<Vec<String>> {
    let word = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        _ => None,
    };
    match (value, takes_value) {
        (Value::Boolean(on), false) => Some(if *on { vec![format!("--{name}")] } else { Vec::new() }),
        // `verbose = 1`.
        (Value::Integer(count), false) => {
            Some(std::iter::repeat_n(format!("--{name}"), usize::try_from(*count).ok()?.min(9)).collect())
        }
        (Value::Array(values), true) => values.iter().map(|value| Some(format!("--{name}={}", word(value)?))).collect(),
        (value, true) => Some(vec![format!("--{name}={}", word(value)?)]),
        _ => None,
    }
}

/// The long names of the options of all commands.
fn names(command: &Command) -> Vec<String> {
    let own = command.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned));
    own.chain(command.get_subcommands().flat_map(names)).collect()
}

fn innermost<'m>(program: &Command, matches: &'m ArgMatches) -> (Command, &'m ArgMatches) {
    let (mut command, mut matches) = (program.clone(), matches);
    while let Some((name, inner)) = matches.subcommand() {
        let Some(next) = command.find_subcommand(name).cloned() else { break };
        (command, matches) = (next, inner);
    }
    (command, matches)
}
