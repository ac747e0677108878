//! `hostname`: the static host name.

use serde_json::{Map, Value};

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};
use crate::host::{HostnameState, Key, State, Want};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[ArgSpec::new("name", ArgKind::Str, "The name; for a mail server the fully qualified one.").required()],
    returns: &[
        ("name", "the host name"),
        ("ansible_facts", "ansible_hostname, ansible_nodename, ansible_fqdn and ansible_domain after the change"),
    ],
    example: "- name: Name the host\n  hostname:\n    name: mail.example.com\n",
    ..ModuleSpec::new("hostname", "ansible.builtin", "Set the static host name.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let name = args.need_str("name")?;
    check(name).map_err(|why| ModuleError::argument("name", why))?;
    context.host.put(Want::new(Key::Hostname, State::Hostname(HostnameState::named(name))))?;
    let (short, domain) = name.split_once('.').unwrap_or((name, ""));
    let facts = Map::from_iter([
        ("ansible_hostname".to_owned(), short.into()),
        ("ansible_nodename".to_owned(), name.into()),
        ("ansible_fqdn".to_owned(), name.into()),
        ("ansible_domain".to_owned(), domain.into()),
    ]);
    let values = Map::from_iter([("name".to_owned(), name.into()), ("ansible_facts".to_owned(), Value::Object(facts))]);
    Ok(Outcome { values, ..Outcome::default() })
}

/// Letters, digits and hyphens (RFC 1123, 2.1), and Linux' own limit of 64 bytes (`HOST_NAME_MAX`).
fn check(name: &str) -> Result<(), String> {
    if name.len() > 64 {
        return Err(format!("\"{name}\" has more than the 64 characters that Linux allows"));
    }
    for label in name.split('.') {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if label.is_empty() || label.len() > 63 || !label.chars().all(fits) {
            return Err(format!("\"{name}\" is no host name: its parts are 1 to 63 letters, digits and hyphens"));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(format!("\"{name}\" is no host name: \"{label}\" begins or ends with a hyphen"));
        }
    }
    Ok(())
}
