//! `lineinfile`: one line in a text file.

mod edit;
#[cfg(test)]
mod tests;

use regex::bytes::Regex;
use serde_json::Map;

use super::attributes::{self, GROUP, MODE, NEW_DIRECTORY, NEW_FILE, OWNER};
use super::install::make_directories;
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::{Content, FileState, Meta};
use edit::{Done, Finder, Place, Presence};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("path", ArgKind::Path, "The file.").aliases(&["dest", "destfile", "name"]).required(),
        ArgSpec::new("line", ArgKind::Str, "The line that shall be there; with state absent, the line to remove.")
            .aliases(&["value"]),
        ArgSpec::new(
            "regexp",
            ArgKind::Str,
            "Which line to replace (the last match) or remove (all matches). Python's syntax without look-around and \
             back references; matched against a line without its line end.",
        )
        .aliases(&["regex"]),
        ArgSpec::new("search_string", ArgKind::Str, "As regexp, but a plain text anywhere in the line."),
        ArgSpec::new("state", ArgKind::Choice(&["present", "absent"]), "Whether the line shall be there.")
            .default("present"),
        ArgSpec::new(
            "insertafter",
            ArgKind::Str,
            "Where to add the line when nothing matches: after the last match of this regular expression, or EOF (the \
             default).",
        ),
        ArgSpec::new("insertbefore", ArgKind::Str, "Likewise before the last match, or BOF for the file's beginning."),
        ArgSpec::new(
            "backrefs",
            ArgKind::Bool,
            "\\1 and \\g<name> in line stand for groups of regexp; when nothing matches the file is left as it is.",
        )
        .default("no"),
        ArgSpec::new("firstmatch", ArgKind::Bool, "The first match counts instead of the last.").default("no"),
        ArgSpec::new("create", ArgKind::Bool, "Make the file if there is none.").default("no"),
        MODE,
        OWNER,
        GROUP,
    ],
    returns: &[("msg", "line added, line replaced, N line(s) removed"), ("found", "how many lines were removed")],
    example: "- name: Mail for root goes to a person\n  lineinfile:\n    path: /etc/aliases\n    regexp: '^root:'\n    \
              line: 'root: admin@example.com'\n",
    ..ModuleSpec::new("lineinfile", "ansible.builtin", "Make sure that a line is in a text file, or is not.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let wish = wish(args)?;
    let before = context.file(&path)?;
    let (old, current) = match &before {
        FileState::Regular { content, meta } => (content.clone(), Some(meta)),
        FileState::Unknown => (Content::Unknown, None),
        FileState::Absent => match wish {
            Wish::Absent(_) => return Ok(said("there is no such file", 0)),
            Wish::Present(_) if args.flag("create") => {
                make_directories(paths::parent(&path), context, &Meta::root(NEW_DIRECTORY))?;
                (Content::text(""), None)
            }
            Wish::Present(_) => {
                return Err(ModuleError::hinted(format!("{path} does not exist"), "create: yes makes the file"));
            }
        },
        FileState::Symlink { target, .. } => {
            let message = format!("{path} is a symbolic link to {target}");
            return Err(ModuleError::hinted(message, "name the file itself: links are not followed"));
        }
        FileState::Directory { .. } => return Err(ModuleError::failed(format!("{path} is a directory"))),
        odd @ (FileState::Large { .. } | FileState::Other { .. }) => {
            return Err(ModuleError::failed(format!("{path} is a {}", odd.kind())));
        }
    };
    let (new, message, removed) = match old.bytes() {
        Some(bytes) => wish.apply(bytes),
        None => (Content::Unknown, "", 0),
    };
    let unknown = new == Content::Unknown;
    if unknown && matches!(wish, Wish::Absent(_)) {
        return Ok(Outcome { unknown, ..said("", 0) });
    }
    let meta = attributes::wanted(args, current, NEW_FILE)?;
    context.put_file(&path, &before, FileState::Regular { content: new, meta })?;
    Ok(Outcome { changed: unknown.then_some(true), unknown, ..said(message, removed) })
}

/// What the arguments ask for.
enum Wish {
    Present(Presence),
    Absent(Finder),
}

impl Wish {
    fn apply(&self, text: &[u8]) -> (Content, &'static str, usize) {
        match self {
            Self::Present(presence) => {
                let (edited, done) = presence.apply(text);
                let message = match done {
                    Done::Nothing => "",
                    Done::Added => "line added",
                    Done::Replaced => "line replaced",
                };
                (Content::Bytes(edited.into()), message, 0)
            }
            Self::Absent(finder) => {
                let (edited, removed) = edit::remove(text, finder);
                (Content::Bytes(edited.into()), "", removed)
            }
        }
    }
}

fn wish(args: &Args) -> Result<Wish, ModuleError> {
    let line = args.str("line").map(|line| line.as_bytes().to_vec());
    if line.as_ref().is_some_and(|line| line.contains(&b'\n') || line.contains(&b'\r')) {
        return Err(ModuleError::argument("line", "has a line break in it: this module edits one line"));
    }
    let finder = match (args.str("regexp"), args.str("search_string")) {
        (Some(_), Some(_)) => {
            return Err(ModuleError::argument("regexp, search_string", "only one of these can be given"));
        }
        (Some(regexp), None) => Some(Finder::Regex(regex("regexp", regexp)?)),
        (None, text) => text.map(|text| Finder::Text(text.as_bytes().to_vec())),
    };
    if args.need_str("state")? == "absent" {
        let finder = finder.or(line.map(Finder::Exact));
        let missing = || ModuleError::argument("regexp, search_string, line", "one of these must be given");
        return finder.map(Wish::Absent).ok_or_else(missing);
    }
    let line = line.ok_or_else(|| ModuleError::argument("line", "is required with state: present"))?;
    let backrefs = args.flag("backrefs");
    if backrefs && !matches!(finder, Some(Finder::Regex(_))) {
        return Err(ModuleError::argument("backrefs", "needs regexp"));
    }
    Ok(Wish::Present(Presence { line, finder, place: place(args)?, backrefs, first: args.flag("firstmatch") }))
}

fn place(args: &Args) -> Result<Place, ModuleError> {
    match (args.str("insertafter"), args.str("insertbefore")) {
        (Some(_), Some(_)) => Err(ModuleError::argument("insertafter, insertbefore", "only one of these can be given")),
        (Some("EOF") | None, None) => Ok(Place::End),
        (Some("BOF"), None) | (None, Some("BOF")) => Ok(Place::Begin),
        (Some(after), None) => Ok(Place::After(regex("insertafter", after)?)),
        (None, Some(before)) => Ok(Place::Before(regex("insertbefore", before)?)),
    }
}

fn regex(name: &str, text: &str) -> Result<Regex, ModuleError> {
    Regex::new(text).map_err(|error| {
        let error = error.to_string();
        // The crate draws the expression with a caret; its last line is the reason.
        let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        ModuleError::argument(name, format!("cannot read the regular expression {text:?}: {reason}"))
    })
}

fn said(message: &str, removed: usize) -> Outcome {
    let message = if removed > 0 { format!("{removed} line(s) removed") } else { message.to_owned() };
    let values = Map::from_iter([("msg".to_owned(), message.clone().into()), ("found".to_owned(), removed.into())]);
    Outcome { message: (!message.is_empty()).then_some(message), values, ..Outcome::default() }
}
