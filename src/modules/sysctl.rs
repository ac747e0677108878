//! `sysctl`: a kernel parameter, now and after a boot.

mod lines;
#[cfg(test)]
mod tests;

use serde_json::Map;

use super::attributes::NEW_FILE;
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::{Content, FileState, Key, Meta, State, SysctlState, Want};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("name", ArgKind::Str, "The parameter, as sysctl(8) shows it: net.core.somaxconn.")
            .aliases(&["key"])
            .required(),
        ArgSpec::new(
            "value",
            ArgKind::Str,
            "Its value, as sysctl(8) shows it; yes and no are 1 and 0. Required with state present.",
        )
        .aliases(&["val"]),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["present", "absent"]),
            "absent removes the parameter from the file; the running kernel keeps its value until the next boot.",
        )
        .default("present"),
        ArgSpec::new(
            "sysctl_file",
            ArgKind::Path,
            "The file that a boot reads. The default is read after /etc/sysctl.conf and the other files of its \
             directory; in ansible.posix it is /etc/sysctl.conf.",
        )
        .default("/etc/sysctl.d/99-zz-mailprov.conf"),
        ArgSpec::new("reload", ArgKind::Bool, "Set the running kernel's value, too.").default("yes"),
        ArgSpec::new("sysctl_set", ArgKind::Bool, "Set the running kernel's value even with reload: no.").default("no"),
        ArgSpec::new(
            "ignoreerrors",
            ArgKind::Bool,
            "Write only the file when the running kernel has no such parameter; otherwise that is an error.",
        )
        .default("no"),
    ],
    returns: &[("name", "the parameter"), ("value", "the value asked for")],
    example: "- name: Let more connections wait\n  sysctl:\n    name: net.core.somaxconn\n    value: 1024\n",
    ..ModuleSpec::new("sysctl", "ansible.posix", "Set a kernel parameter, in the running kernel and for the next boot.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let name = lines::canonical(args.need_str("name")?);
    let path = paths::required(args, "sysctl_file")?;
    let value = match args.need_str("state")? {
        "absent" => None,
        _ => Some(wanted(args)?),
    };
    let mut message = None;
    // The kernel first: a value that it refuses never stands in the file.
    if let Some(value) = value.as_deref().filter(|_| args.flag("reload") || args.flag("sysctl_set")) {
        let key = Key::Sysctl(name.clone());
        if args.flag("ignoreerrors") && context.host.read(&key)? == State::Sysctl(SysctlState::Absent) {
            message = Some(format!("this kernel has no {name}: only the file is managed"));
        } else {
            context.host.put(Want::new(key, State::Sysctl(SysctlState::value(value))))?;
        }
    }
    let unknown = put_line(&path, &name, value.as_deref(), context)?;
    let mut values = Map::from_iter([("name".to_owned(), name.into())]);
    values.extend(value.map(|value| ("value".to_owned(), value.into())));
    Ok(Outcome { message, values, unknown, ..Outcome::default() })
}

/// The value as sysctl(8) shows it. A boolean is a number to the kernel.
fn wanted(args: &Args) -> Result<String, ModuleError> {
    let given = args.str("value").ok_or_else(|| ModuleError::argument("value", "is required with state: present"))?;
    let SysctlState::Value(text) = SysctlState::value(given) else { return Ok(given.to_owned()) };
    if text.is_empty() {
        return Err(ModuleError::argument("value", "is empty"));
    }
    Ok(match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" => "1".to_owned(),
        "no" | "false" | "off" => "0".to_owned(),
        _ => text,
    })
}

/// Brings the parameter's line into the file; says whether only applying can tell what is in the file.
fn put_line(path: &str, name: &str, value: Option<&str>, context: &mut Context<'_>) -> Result<bool, ModuleError> {
    let before = context.file(path)?;
    let (old, meta) = match &before {
        FileState::Regular { content, meta } => (content.clone(), meta.clone()),
        FileState::Unknown => (Content::Unknown, Meta::root(NEW_FILE)),
        FileState::Absent if value.is_none() => return Ok(false),
        FileState::Absent => {
            context.need_parent(path)?;
            (Content::text(""), Meta::root(NEW_FILE))
        }
        FileState::Directory { .. } => return Err(ModuleError::failed(format!("{path} is a directory"))),
        FileState::Symlink { target, .. } => {
            let message = format!("{path} is a symbolic link to {target}");
            return Err(ModuleError::hinted(message, "name the file itself: links are not followed"));
        }
        odd @ (FileState::Large { .. } | FileState::Other { .. }) => {
            return Err(ModuleError::failed(format!("{path} is a {}", odd.kind())));
        }
    };
    let new = match old.bytes() {
        Some(bytes) => Content::Bytes(lines::edited(bytes, name, value).into()),
        None => Content::Unknown,
    };
    let unknown = new == Content::Unknown;
    // Of a file that nobody can see yet a line may or may not have to go.
    if !unknown || value.is_some() {
        context.put_file(path, &before, FileState::Regular { content: new, meta })?;
    }
    Ok(unknown)
}
