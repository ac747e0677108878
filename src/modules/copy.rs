//! `copy`: a file with a content from the play.

use super::attributes::{GROUP, MODE, OWNER};
use super::install::{Source, install};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("src", ArgKind::Str, "A file below files/ of the role or beside the playbook."),
        ArgSpec::new("content", ArgKind::Str, "The content itself, in the place of src."),
        ArgSpec::new(
            "dest",
            ArgKind::Path,
            "Where. With a slash at its end, or for a directory, the name of src is appended. The parent must be \
             there. A symbolic link is replaced, not followed.",
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
    exactly_one_of: &[&["src", "content"]],
    returns: &[
        ("dest", "the file"),
        ("checksum", "SHA-256 of the content, in hexadecimal"),
        ("mode", "permissions, as '0644'"),
        ("owner", "the owner's name or id"),
        ("group", "the group's name or id"),
        ("size", "bytes"),
    ],
    example: "- name: The map of virtual aliases\n  copy:\n    content: |\n      mail@example.com  root\n    dest: \
              /etc/postfix/virtual\n    mode: '0644'\n",
    ..ModuleSpec::new("copy", "ansible.builtin", "Write a file with the content given, or of a file of the play.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let source = match (args.str("src"), args.str("content")) {
        (Some(src), _) => {
            let body = (context.find_file)("files", src)
                .ok_or_else(|| ModuleError::argument("src", format!("there is no file {src} with the play")))?;
            Source { name: Some(base_name(src).to_owned()), bytes: body.bytes.clone(), mode: Some(body.mode) }
        }
        (None, text) => Source { name: None, bytes: text.unwrap_or_default().as_bytes().to_vec(), mode: None },
    };
    install(args, context, source)
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
