//! `dnf`: packages.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    aliases: &["package", "yum"],
    args: &[
        ArgSpec::new("name", ArgKind::StrList, "Package names. All go into one transaction.")
            .aliases(&["pkg"])
            .required(),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["present", "installed", "latest", "absent", "removed"]),
            "present and installed: any version will do; latest: the newest that the repositories offer; absent and \
             removed: not installed.",
        )
        .default("present"),
    ],
    returns: &[("results", "one line a package that was changed")],
    example: "- name: Install Postfix\n  dnf:\n    name:\n      - postfix\n      - openssl\n    state: present\n",
    ..ModuleSpec::new("dnf", "ansible.builtin", "Install, update or remove packages.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
