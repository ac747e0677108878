//! `--start-at-task` and `--step`: which of the tasks are run.

use std::io::{self, BufRead, Write};

use super::args::ChooseArgs;
use super::failure::{Failure, Kind};
use crate::diagnostic::did_you_mean;
use crate::hostplay::Task;
use crate::playbook::Compiled;

/// Takes away the tasks that are not wanted.
pub(super) fn apply(args: &ChooseArgs, compiled: &mut Compiled) -> Result<(), Failure> {
    if let Some(wanted) = &args.start_at_task {
        start_at(wanted, compiled)?;
    }
    if args.step {
        step(compiled)?;
    }
    Ok(())
}

/// The name as it is shown: with the role before it.
fn title(task: &Task) -> String {
    let role = task.role.as_ref().map(|role| format!("{role} : ")).unwrap_or_default();
    format!("{role}{}", task.name.source)
}

/// Whether a task is meant, by its name with or without the role; `*` stands for anything.
fn is_meant(task: &Task, wanted: &str) -> bool {
    [title(task), task.name.source.clone()].iter().any(|name| name == wanted || glob(wanted, name))
}

fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn start_at(wanted: &str, compiled: &mut Compiled) -> Result<(), Failure> {
    let tasks: Vec<&Task> = compiled.plays.iter().flat_map(|play| play.tasks()).collect();
    if !tasks.iter().any(|task| is_meant(task, wanted)) {
        let names: Vec<String> = tasks.iter().flat_map(|task| [title(task), task.name.source.clone()]).collect();
        let failure = Failure::new(Kind::Usage, format!("no task has the name `{wanted}`"));
        let near = did_you_mean(wanted, names.iter().map(String::as_str));
        return Err(failure.hint(near.unwrap_or_else(|| "--list-tasks lists them".to_owned())));
    }
    let mut reached = false;
    compiled.keep_tasks(&mut |task| {
        reached = reached || is_meant(task, wanted);
        reached
    });
    Ok(())
}

/// Asks for each task. All of them before anything is done, since a play travels to its hosts as a whole.
fn step(compiled: &mut Compiled) -> Result<(), Failure> {
    let mut input = io::stdin().lock();
    let mut all = false;
    let mut failure = None;
    compiled.keep_tasks(&mut |task| {
        if all || failure.is_some() {
            return all;
        }
        // Not on stdout, which may go to a program.
        let mut stderr = io::stderr().lock();
        let question = format!("Perform task: {} (N)o/(y)es/(c)ontinue: ", crate::report::clean(&title(task)));
        drop(stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush()));
        let mut answer = String::new();
        match input.read_line(&mut answer) {
            Ok(_) => {}
            Err(error) => failure = Some(Failure::of(Kind::Machine, "cannot read the answer", &error)),
        }
        let answer = answer.trim().to_lowercase();
        all = matches!(answer.as_str(), "c" | "continue");
        all || matches!(answer.as_str(), "y" | "yes")
    });
    failure.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, text, expected) in [
            ("Port 25", "Port 25", true),
            ("Port", "Port 25", false),
            ("Port*", "Port 25", true),
            ("*25", "Port 25", true),
            ("P*t*5", "Port 25", true),
            ("P*x*5", "Port 25", false),
            ("*", "", true),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
