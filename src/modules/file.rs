//! `file`: directories, links, and the metadata of what is there.

use serde_json::{Map, Value};

use super::attributes::{self, GROUP, MODE, NEW_DIRECTORY, NEW_FILE, OWNER};
use super::install::make_directories;
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::{Content, FileState, Key, Meta, State, Want};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("path", ArgKind::Path, "Where. Symbolic links are never followed.")
            .aliases(&["dest", "name"])
            .required(),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["file", "directory", "link", "absent", "touch"]),
            "file: must be there, only its metadata is managed; directory: made with its missing parents; link: a \
             symbolic link to src; absent: removed, a directory with all that is in it; touch: an empty file is made \
             if there is none (times are left alone). The default is what is there now, else file.",
        ),
        ArgSpec::new("src", ArgKind::Str, "For link: where it points, absolute or relative to the link's directory."),
        ArgSpec::new("force", ArgKind::Bool, "For link: also when src is missing, or in the place of a file.")
            .default("no"),
        MODE,
        OWNER,
        GROUP,
    ],
    returns: &[
        ("path", "the path"),
        ("state", "file, directory, link or absent"),
        ("mode", "permissions, as '0644'"),
        ("owner", "the owner's name or id"),
        ("group", "the group's name or id"),
    ],
    example: "- name: A directory for the certificate\n  file:\n    path: /etc/postfix/ssl\n    state: directory\n    \
              mode: '0700'\n",
    ..ModuleSpec::new("file", "ansible.builtin", "Manage directories, symbolic links and the metadata of files.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let before = context.file(&path)?;
    let state = args.str("state").unwrap_or(match &before {
        FileState::Directory { .. } => "directory",
        FileState::Symlink { .. } => "link",
        _ => "file",
    });
    match state {
        "directory" => directory(args, context, &path, &before),
        "touch" if matches!(before, FileState::Directory { .. }) => directory(args, context, &path, &before),
        "link" => link(args, context, &path, &before),
        "absent" => absent(context, &path, &before),
        "touch" if before == FileState::Absent => {
            context.need_parent(&path)?;
            let meta = attributes::wanted(args, None, NEW_FILE)?;
            finish(context, &path, &before, FileState::Regular { content: Content::text(""), meta })
        }
        _ => existing(args, context, &path, &before),
    }
}

/// `file`, and `touch` of what is there already: the metadata of a regular file.
fn existing(args: &Args, context: &mut Context<'_>, path: &str, before: &FileState) -> Result<Outcome, ModuleError> {
    match before {
        FileState::Regular { content, meta } => {
            let meta = attributes::wanted(args, Some(meta), NEW_FILE)?;
            let after = FileState::Regular { content: content.clone(), meta };
            finish(context, path, before, after)
        }
        FileState::Unknown => {
            let meta = attributes::wanted(args, None, NEW_FILE)?;
            finish(context, path, before, FileState::Regular { content: Content::Unknown, meta })
        }
        FileState::Absent => Err(ModuleError::hinted(
            format!("{path} does not exist, and state: file makes none"),
            "state: touch makes an empty file, copy and template one with a content",
        )),
        FileState::Large { .. } => Err(ModuleError::failed(format!("{path} is {}, and stays", kind(before)))),
        other => Err(ModuleError::failed(format!("{path} is {}, not a file", kind(other)))),
    }
}

fn directory(args: &Args, context: &mut Context<'_>, path: &str, before: &FileState) -> Result<Outcome, ModuleError> {
    match before {
        FileState::Directory { meta } => {
            let meta = attributes::wanted(args, Some(meta), NEW_DIRECTORY)?;
            finish(context, path, before, FileState::Directory { meta })
        }
        FileState::Absent | FileState::Unknown => {
            let meta = attributes::wanted(args, None, NEW_DIRECTORY)?;
            make_directories(path, context, &meta)?;
            let unknown = *before == FileState::Unknown;
            Ok(Outcome { values: values(path, &FileState::Directory { meta }), unknown, ..Outcome::default() })
        }
        other => Err(ModuleError::failed(format!("{path} is {}, not a directory", kind(other)))),
    }
}

fn link(args: &Args, context: &mut Context<'_>, path: &str, before: &FileState) -> Result<Outcome, ModuleError> {
    if args.has("mode") {
        return Err(ModuleError::argument("mode", "a symbolic link has no mode of its own; name what it points to"));
    }
    let current = match before {
        FileState::Symlink { target, .. } => Some(target.clone()),
        _ => None,
    };
    let src = args.str("src").map(str::to_owned).or(current).filter(|src| !src.is_empty());
    let target = src.ok_or_else(|| ModuleError::argument("src", "is needed for a link"))?;
    let force = args.flag("force");
    if !force && context.file(&paths::link_target(path, &target))? == FileState::Absent {
        return Err(ModuleError::argument(
            "src",
            format!("{target} does not exist; force: yes links to it all the same"),
        ));
    }
    let meta = match before {
        FileState::Symlink { meta, .. } => meta.clone(),
        FileState::Absent | FileState::Unknown => Meta::root(0o777),
        FileState::Regular { .. } if force => Meta::root(0o777),
        FileState::Regular { .. } => {
            return Err(ModuleError::hinted(format!("{path} is a file"), "force: yes puts the link in its place"));
        }
        other => return Err(ModuleError::failed(format!("{path} is {}, and stays", kind(other)))),
    };
    context.need_parent(path)?;
    finish(context, path, before, FileState::Symlink { target, meta: attributes::owned(args, meta) })
}

fn absent(context: &mut Context<'_>, path: &str, before: &FileState) -> Result<Outcome, ModuleError> {
    if path == "/" {
        return Err(ModuleError::argument("path", "/ cannot be removed"));
    }
    let mut wants = Vec::new();
    collect(context, path, before, &mut wants)?;
    context.host.put_all(wants)?;
    let unknown = *before == FileState::Unknown;
    Ok(Outcome { values: values(path, &FileState::Absent), unknown, ..Outcome::default() })
}

/// What must go for `path` to go: children first, links as links.
fn collect(context: &mut Context<'_>, path: &str, state: &FileState, wants: &mut Vec<Want>) -> Result<(), ModuleError> {
    if let FileState::Directory { .. } = state {
        for name in context.host.list_dir(path)? {
            let child = paths::join(path, &name);
            let state = context.file(&child)?;
            collect(context, &child, &state, wants)?;
        }
    }
    if *state != FileState::Absent {
        let want = Want::new(Key::File(path.to_owned()), State::File(FileState::Absent));
        wants.push(want.sensitive(context.hides(state)));
    }
    Ok(())
}

fn finish(context: &mut Context<'_>, path: &str, before: &FileState, after: FileState) -> Result<Outcome, ModuleError> {
    let values = values(path, &after);
    context.put_file(path, before, after)?;
    Ok(Outcome { values, unknown: *before == FileState::Unknown, ..Outcome::default() })
}

fn values(path: &str, state: &FileState) -> Map<String, Value> {
    let word = match state {
        FileState::Absent => "absent",
        FileState::Directory { .. } => "directory",
        FileState::Symlink { .. } => "link",
        _ => "file",
    };
    let mut values = Map::from_iter([("path".to_owned(), path.into()), ("state".to_owned(), word.into())]);
    values.extend(state.meta().map(attributes::values).into_iter().flatten());
    values
}

/// What it is, as the end of a sentence.
fn kind(state: &FileState) -> String {
    match state {
        FileState::Symlink { target, .. } => format!("a symbolic link to {target}"),
        other => format!("a {}", other.kind()),
    }
}
