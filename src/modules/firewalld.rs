//! `firewalld`: what a zone lets in.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("service", ArgKind::Str, "A service of firewalld's: smtp, smtp-submission, smtps, ..."),
        ArgSpec::new("port", ArgKind::Str, "A port or range with its protocol: 25/tcp, 5000-5010/udp."),
        ArgSpec::new("rich_rule", ArgKind::Str, "A rule in firewalld's rich language."),
        ArgSpec::new("zone", ArgKind::Str, "The zone; the host's default zone when not given."),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["enabled", "present", "disabled", "absent"]),
            "enabled and present: let in; disabled and absent: not.",
        )
        .required(),
        ArgSpec::new(
            "permanent",
            ArgKind::Bool,
            "Change what holds after a reload or restart. Unlike in ansible.posix both this and immediate are on by \
             default, so that a rule is neither lost at the next boot nor waiting for it.",
        )
        .default("yes"),
        ArgSpec::new("immediate", ArgKind::Bool, "Change what is in force now.").default("yes"),
        ArgSpec::new(
            "offline",
            ArgKind::Bool,
            "When firewalld does not run: yes changes only what is permanent, no fails.",
        )
        .default("yes"),
        ArgSpec::new("missing_ok", ArgKind::Bool, "Skip the task when firewalld is not installed; otherwise it fails.")
            .default("no"),
    ],
    exactly_one_of: &[&["service", "port", "rich_rule"]],
    returns: &[("zone", "the zone")],
    example: "- name: Let the LAN send mail\n  firewalld:\n    rich_rule: rule family=\"ipv4\" source \
              address=\"192.168.1.0/24\" service name=\"smtp\" accept\n    state: enabled\n",
    ..ModuleSpec::new("firewalld", "ansible.posix", "Open or close services, ports and rich rules of a firewalld zone.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
