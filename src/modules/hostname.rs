//! `hostname`: the static host name.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[ArgSpec::new("name", ArgKind::Str, "The name; for a mail server the fully qualified one.").required()],
    returns: &[
        ("name", "the host name"),
        ("ansible_facts", "ansible_hostname, ansible_nodename, ansible_fqdn and ansible_domain after the change"),
    ],
    example: "- name: Name the host\n  hostname:\n    name: mail.example.com\n",
    ..ModuleSpec::new("hostname", "ansible.builtin", "Set the static host name.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
