//! Mode, owner and group: the arguments that all modules share which make files.

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

/// The metadata that a file shall have: what it has now (or a new file's defaults) with the arguments laid over it.
pub(super) fn wanted(args: &Args, current: Option<&Meta>, new: u32, directory: bool) -> Result<Meta, ModuleError> {
    let mut meta = current.cloned().unwrap_or_else(|| Meta::root(new));
    if let Some(mode) = args.mode("mode", meta.mode, directory)? {
        meta.mode = mode;
    }
    if let Some(owner) = args.str("owner") {
        meta.owner = Principal::named(owner);
    }
    if let Some(group) = args.str("group") {
        meta.group = Principal::named(group);
    }
    Ok(meta)
}
