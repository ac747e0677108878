//! `command`: a program of the user's.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::{Action, CommandOutput, CommandSpec, FileState, HostError};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new(
            "cmd",
            ArgKind::Str,
            "The program with its arguments, split at blanks outside of quotes. No shell.",
        ),
        ArgSpec::new("argv", ArgKind::StrList, "The same as a list of words, in the place of cmd."),
        ArgSpec::new("chdir", ArgKind::Path, "The directory to run in."),
        ArgSpec::new("creates", ArgKind::Path, "Do not run when this is there."),
        ArgSpec::new("removes", ArgKind::Path, "Run only when this is there."),
        ArgSpec::new("stdin", ArgKind::Str, "Text for its standard input."),
        ArgSpec::new("stdin_add_newline", ArgKind::Bool, "End the standard input with a newline.").default("yes"),
    ],
    free_form: Some("cmd"),
    exactly_one_of: &[&["cmd", "argv"]],
    returns: &[
        ("cmd", "the words of the command"),
        ("rc", "its exit status; 128 + n for signal n"),
        ("stdout", "its standard output, without newlines at the end"),
        ("stderr", "its standard error, likewise"),
        ("stdout_lines", "stdout as a list of lines"),
        ("stderr_lines", "stderr as a list of lines"),
    ],
    example: "- name: See what Postfix thinks of its configuration\n  command: postfix check\n  changed_when: false\n",
    ..ModuleSpec::new("command", "ansible.builtin", "Run a program. In check mode it is only shown.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let words = words(args)?;
    if let Some(reason) = needless(args, context)? {
        let message = Some(reason.clone());
        let values = values(&words, &CommandOutput::default());
        return Ok(Outcome { changed: Some(false), skipped: Some(reason), message, values, ..Outcome::default() });
    }
    let command = CommandSpec {
        argv: words,
        chdir: paths::argument(args, "chdir")?,
        stdin: args.str("stdin").map(|text| stdin(text, args.flag("stdin_add_newline"))),
        env: Vec::new(),
        sensitive: context.no_log,
    };
    let Some(output) = context.host.act(Action::Command(command.clone()))? else {
        let values = Map::from_iter([("cmd".to_owned(), command.argv.into())]);
        return Ok(Outcome { changed: Some(true), values, unknown: true, ..Outcome::default() });
    };
    let values = values(&command.argv, &output);
    if output.status != 0 {
        let error = HostError::Command { command: command.display(), output, hint: None };
        return Err(ModuleError::Failed { failure: Box::new(error.to_failure()), values });
    }
    Ok(Outcome { changed: Some(true), values, ..Outcome::default() })
}

fn words(args: &Args) -> Result<Vec<String>, ModuleError> {
    let Some(cmd) = args.str("cmd") else {
        let words = args.list("argv");
        return if words.is_empty() { Err(ModuleError::argument("argv", "is empty")) } else { Ok(words) };
    };
    let words = shlex::split(cmd)
        .ok_or_else(|| ModuleError::argument("cmd", "has a quote without its partner, or a backslash at its end"))?;
    // Older playbooks write arguments of the module into the command line; taken as words of the command they
    // would make it run every time.
    let inline = words.iter().find_map(|word| {
        let (name, _) = word.split_once('=')?;
        ["creates", "removes", "chdir", "stdin"].into_iter().find(|&known| known == name)
    });
    if let Some(name) = inline {
        return Err(ModuleError::argument("cmd", format!("has {name}= in it; give it as an argument, {name}: ...")));
    }
    if words.is_empty() { Err(ModuleError::argument("cmd", "is empty")) } else { Ok(words) }
}

/// Why the command need not run, if so. What cannot be known yet counts as a reason to run it.
fn needless(args: &Args, context: &mut Context<'_>) -> Result<Option<String>, ModuleError> {
    if let Some(path) = paths::argument(args, "creates")?
        && !matches!(context.file(&path)?, FileState::Absent | FileState::Unknown)
    {
        return Ok(Some(format!("{path} exists")));
    }
    if let Some(path) = paths::argument(args, "removes")?
        && context.file(&path)? == FileState::Absent
    {
        return Ok(Some(format!("{path} does not exist")));
    }
    Ok(None)
}

fn stdin(text: &str, newline: bool) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    if newline {
        bytes.push(b'\n');
    }
    bytes
}

fn values(argv: &[String], output: &CommandOutput) -> Map<String, Value> {
    let (stdout, stderr) = (output.stdout_text(), output.stderr_text());
    let lines = |text: &str| text.lines().map(Value::from).collect::<Vec<_>>();
    Map::from_iter([
        ("cmd".to_owned(), argv.into()),
        ("rc".to_owned(), output.status.into()),
        ("stdout_lines".to_owned(), lines(&stdout).into()),
        ("stderr_lines".to_owned(), lines(&stderr).into()),
        ("stdout".to_owned(), stdout.into()),
        ("stderr".to_owned(), stderr.into()),
    ])
}
