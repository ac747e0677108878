//! `file`: directories, links, and the metadata of what is there.

use super::attributes::{GROUP, MODE, OWNER};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

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

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
