//! `template`: a file rendered from a template of the play.

use super::attributes::{GROUP, MODE, OWNER};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("src", ArgKind::Str, "A template below templates/ of the role or beside the playbook.").required(),
        ArgSpec::new(
            "dest",
            ArgKind::Path,
            "Where. With a slash at its end, or for a directory, the name of src is appended, without .j2. The parent \
             must be there. A symbolic link is replaced, not followed.",
        )
        .required(),
        ArgSpec::new("force", ArgKind::Bool, "no: leave a file alone that is there already.").default("yes"),
        ArgSpec {
            doc: "Permissions, octal in quotes ('0644'), symbolic (u=rw,g=r,o=r), or preserve for those of src. An \
                  existing file keeps its own; a new file gets 0644.",
            ..MODE
        },
        OWNER,
        GROUP,
    ],
    returns: &[
        ("dest", "the file"),
        ("checksum", "SHA-256 of the content, in hexadecimal"),
        ("mode", "permissions, as '0644'"),
        ("owner", "the owner's name or id"),
        ("group", "the group's name or id"),
        ("size", "bytes"),
    ],
    example: "- name: The map of senders\n  template:\n    src: sender_canonical.j2\n    dest: \
              /etc/postfix/sender_canonical.regexp\n    mode: '0644'\n",
    ..ModuleSpec::new("template", "ansible.builtin", "Write a file rendered from a Jinja template.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
