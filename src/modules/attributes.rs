//! Mode, owner and group: the arguments that all modules share which make files.

use serde_json::{Map, Value};

use super::{ArgKind, ArgSpec, Args, ModuleError};
use crate::host::{Meta, Principal};

pub(super) const MODE: ArgSpec = ArgSpec::new(
    "mode",
    ArgKind::Mode,
    "Permissions, octal in quotes ('0644') or symbolic (u=rw,g=r,o=r). An existing file keeps its own; a new file \
     gets 0644, a new directory 0755.",
);
pub(super) const OWNER: ArgSpec = ArgSpec::new(
    "owner",
    ArgKind::Str,
    "User name or numeric id. An existing file keeps its owner; a new one belongs to root.",
);
pub(super) const GROUP: ArgSpec = ArgSpec::new(
    "group",
    ArgKind::Str,
    "Group name or numeric id. An existing file keeps its group; a new one belongs to root.",
);

/// Permissions of a new regular file when none are asked for (0666 under root's umask 022).
pub(super) const NEW_FILE: u32 = 0o644;
/// Permissions of a new directory likewise.
pub(super) const NEW_DIRECTORY: u32 = 0o755;

/// The metadata that a file shall have: what it has now, or that of a new one, with the arguments laid over it.
pub(super) fn wanted(args: &Args, current: Option<&Meta>, new: u32) -> Result<Meta, ModuleError> {
    let meta = current.cloned().unwrap_or_else(|| Meta::root(new));
    let mode = args.mode("mode", meta.mode, new == NEW_DIRECTORY)?.unwrap_or(meta.mode);
    Ok(owned(args, Meta { mode, ..meta }))
}

/// Metadata with the owner and group of the arguments.
pub(super) fn owned(args: &Args, meta: Meta) -> Meta {
    Meta {
        owner: args.str("owner").map_or(meta.owner, Principal::named),
        group: args.str("group").map_or(meta.group, Principal::named),
        ..meta
    }
}

/// The values that `register` sees of a file's metadata.
pub(super) fn values(meta: &Meta) -> Map<String, Value> {
    Map::from_iter([
        ("mode".to_owned(), format!("{:04o}", meta.mode).into()),
        ("owner".to_owned(), meta.owner.to_string().into()),
        ("group".to_owned(), meta.group.to_string().into()),
    ])
}
