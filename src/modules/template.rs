//! `template`: a file rendered from a template of the play.

use serde_json::Map;

use super::attributes::{GROUP, MODE, OWNER};
use super::install::{Source, install};
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

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let src = args.need_str("src")?;
    let body = (context.find_file)("templates", src)
        .ok_or_else(|| ModuleError::argument("src", format!("there is no template {src} with the play")))?;
    let text = std::str::from_utf8(&body.bytes)
        .map_err(|error| ModuleError::failed(format!("read {}: {error}", body.shown_as)))?;
    let rendered = (context.render)(text, &body.shown_as)
        .map_err(|failure| ModuleError::Failed { failure, values: Map::new() })?;
    let name = src.rsplit('/').next().unwrap_or(src);
    let name = name.strip_suffix(".j2").unwrap_or(name).to_owned();
    install(args, context, Source { name: Some(name), bytes: rendered.into_bytes(), mode: Some(body.mode) })
}
