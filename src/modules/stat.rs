//! `stat`: what stands at a path.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::install::hex;
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::{Content, FileState};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("path", ArgKind::Path, "Where. Symbolic links are not followed.")
            .aliases(&["dest", "name"])
            .required(),
        ArgSpec::new("get_checksum", ArgKind::Bool, "Whether to return the checksum of a regular file.").default("yes"),
    ],
    returns: &[
        ("stat.exists", "whether there is anything"),
        ("stat.isreg, stat.isdir, stat.islnk", "what it is"),
        ("stat.mode", "permissions, as '0644'"),
        ("stat.pw_name, stat.gr_name, stat.uid, stat.gid", "owner and group, as far as known"),
        ("stat.size", "bytes of a regular file"),
        ("stat.checksum", "SHA-256 of a regular file of at most 64 MiB, in hexadecimal (Ansible's default is SHA-1)"),
        ("stat.lnk_source", "where a symbolic link points, as written"),
    ],
    example: "- name: Is there a certificate?\n  stat:\n    path: /etc/postfix/ssl/postfix.crt\n  register: cert\n",
    ..ModuleSpec::new("stat", "ansible.builtin", "Look at a file, directory or symbolic link.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let state = context.file(&path)?;
    let exists = !matches!(state, FileState::Absent | FileState::Unknown);
    let mut stat = Map::from_iter([("path".to_owned(), path.into()), ("exists".to_owned(), exists.into())]);
    if exists {
        stat.extend(describe(&state, args.flag("get_checksum")));
    }
    let values = Map::from_iter([("stat".to_owned(), Value::Object(stat))]);
    let unknown = state == FileState::Unknown;
    Ok(Outcome { changed: Some(false), values, unknown, ..Outcome::default() })
}

fn describe(state: &FileState, checksum: bool) -> Map<String, Value> {
    let mut stat = Map::from_iter([
        ("isreg".to_owned(), matches!(state, FileState::Regular { .. } | FileState::Large { .. }).into()),
        ("isdir".to_owned(), matches!(state, FileState::Directory { .. }).into()),
        ("islnk".to_owned(), matches!(state, FileState::Symlink { .. }).into()),
    ]);
    if let Some(meta) = state.meta() {
        stat.insert("mode".to_owned(), format!("{:04o}", meta.mode).into());
        for (who, (name, id)) in [(&meta.owner, ("pw_name", "uid")), (&meta.group, ("gr_name", "gid"))] {
            stat.extend(who.name.clone().map(|text| (name.to_owned(), text.into())));
            stat.extend(who.id.map(|number| (id.to_owned(), number.into())));
        }
    }
    match state {
        FileState::Regular { content: Content::Bytes(bytes), .. } => {
            stat.insert("size".to_owned(), bytes.len().into());
            if checksum {
                stat.insert("checksum".to_owned(), hex(&Sha256::digest(bytes)).into());
            }
        }
        FileState::Large { size, .. } => {
            stat.insert("size".to_owned(), (*size).into());
        }
        FileState::Symlink { target, .. } => {
            stat.insert("lnk_source".to_owned(), target.clone().into());
        }
        _ => {}
    }
    stat
}
