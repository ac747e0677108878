//! `fail`: ends the play on this host with a message.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[ArgSpec::new("msg", ArgKind::Str, "Why the play ends.").default("Failed as requested from task")],
    example: "- name: Refuse other distributions\n  fail:\n    msg: Only Enterprise Linux 8 is known to work\n  \
              when: ansible_distribution_major_version != '8'\n",
    ..ModuleSpec::new("fail", "ansible.builtin", "Fail with a message.")
};

pub(super) fn run(args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed(args.need_str("msg")?))
}
