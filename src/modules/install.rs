//! A content that takes the place of a file: what `copy` and `template` share.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::attributes::{self, NEW_DIRECTORY, NEW_FILE};
use super::{Args, Context, ModuleError, Outcome, paths};
use crate::host::{Content, FileState, Meta};

/// Links followed to find out whether `dest` names a directory.
const MAX_LINKS: usize = 8;

/// What is to be installed.
pub(super) struct Source {
    /// The name in a directory; none for a content given as text.
    pub(super) name: Option<String>,
    /// The bytes.
    pub(super) bytes: Vec<u8>,
    /// Permissions on the controller, for `mode: preserve`.
    pub(super) mode: Option<u32>,
}

/// Puts the source at the argument `dest`.
pub(super) fn install(args: &Args, context: &mut Context<'_>, source: Source) -> Result<Outcome, ModuleError> {
    let dest = destination(args, context, source.name.as_deref())?;
    let before = context.file(&dest)?;
    let checksum = hex(&Sha256::digest(&source.bytes));
    let size = source.bytes.len();
    if !args.flag("force") && before != FileState::Absent {
        let unknown = before == FileState::Unknown;
        let message = Some("there is a file already, and force is no".to_owned());
        return Ok(Outcome { message, values: place(&dest), unknown, ..Outcome::default() });
    }
    let meta = match &before {
        FileState::Regular { meta, .. } => wanted(args, Some(meta), source.mode)?,
        FileState::Absent | FileState::Unknown | FileState::Symlink { .. } => wanted(args, None, source.mode)?,
        FileState::Directory { .. } => {
            return Err(ModuleError::argument("dest", format!("{dest} is a directory")));
        }
        odd @ (FileState::Large { .. } | FileState::Other { .. }) => {
            return Err(ModuleError::argument("dest", format!("{dest} is a {}", odd.kind())));
        }
    };
    let mut values = place(&dest);
    values.extend(attributes::values(&meta));
    values.insert("checksum".to_owned(), checksum.into());
    values.insert("size".to_owned(), size.into());
    context.need_parent(&dest)?;
    let unknown = before.content_is_unknown();
    context.put_file(&dest, &before, FileState::Regular { content: Content::Bytes(source.bytes.into()), meta })?;
    Ok(Outcome { values, unknown, ..Outcome::default() })
}

fn place(dest: &str) -> Map<String, Value> {
    Map::from_iter([("dest".to_owned(), dest.into())])
}

fn wanted(args: &Args, current: Option<&Meta>, preserved: Option<u32>) -> Result<Meta, ModuleError> {
    if args.str("mode") != Some("preserve") {
        return attributes::wanted(args, current, NEW_FILE);
    }
    let mode = preserved.ok_or_else(|| ModuleError::argument("mode", "preserve needs src"))?;
    let meta = current.cloned().unwrap_or_else(|| Meta::root(mode));
    Ok(attributes::owned(args, Meta { mode: mode & 0o7777, ..meta }))
}

/// The file to write: `dest` itself, or a name in it when it is a directory or says so with a slash at its end.
fn destination(args: &Args, context: &mut Context<'_>, name: Option<&str>) -> Result<String, ModuleError> {
    let dest = paths::required(args, "dest")?;
    let says_directory = args.need_str("dest")?.ends_with('/');
    if !says_directory && !is_directory(context, &dest)? {
        return Ok(dest);
    }
    let Some(name) = name else {
        return Err(ModuleError::argument(
            "dest",
            format!("{dest} is a directory, and content has no name to use in it"),
        ));
    };
    if says_directory {
        make_directories(&dest, context, &Meta::root(NEW_DIRECTORY))?;
    }
    Ok(paths::join(&dest, name))
}

fn is_directory(context: &mut Context<'_>, path: &str) -> Result<bool, ModuleError> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match context.file(&path)? {
            FileState::Directory { .. } => return Ok(true),
            FileState::Symlink { target, .. } => path = paths::link_target(&path, &target),
            _ => return Ok(false),
        }
    }
    Ok(false)
}

/// Makes a directory and those above it that are missing, all with the same metadata.
pub(super) fn make_directories(path: &str, context: &mut Context<'_>, meta: &Meta) -> Result<(), ModuleError> {
    let mut missing = Vec::new();
    let mut above = path;
    loop {
        match context.file(above)? {
            FileState::Absent => missing.push((above, FileState::Absent)),
            FileState::Unknown if above == path => missing.push((above, FileState::Unknown)),
            // What a package is still to bring is there by then.
            FileState::Directory { .. } | FileState::Symlink { .. } | FileState::Unknown => break,
            other => return Err(ModuleError::failed(format!("make {path}: {above} is a {}", other.kind()))),
        }
        if above == "/" {
            break;
        }
        above = paths::parent(above);
    }
    for (path, before) in missing.iter().rev() {
        context.put_file(path, before, FileState::Directory { meta: meta.clone() })?;
    }
    Ok(())
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
