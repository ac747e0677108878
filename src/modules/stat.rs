//! `stat`: what stands at a path.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

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
        ("stat.checksum", "SHA-256 of a regular file, in hexadecimal (Ansible's default is SHA-1)"),
        ("stat.lnk_source", "where a symbolic link points, as written"),
    ],
    example: "- name: Is there a certificate?\n  stat:\n    path: /etc/postfix/ssl/postfix.crt\n  register: cert\n",
    ..ModuleSpec::new("stat", "ansible.builtin", "Look at a file, directory or symbolic link.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
