//! `service`: systemd units.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    aliases: &["systemd", "systemd_service"],
    args: &[
        ArgSpec::new("name", ArgKind::Str, "The unit; .service is added to a name without a suffix.")
            .aliases(&["service", "unit"]),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["started", "stopped", "restarted", "reloaded"]),
            "started and stopped change only what is otherwise; restarted always acts; restarted and reloaded start a \
             unit that does not run.",
        ),
        ArgSpec::new("enabled", ArgKind::Bool, "Whether it starts at boot."),
        ArgSpec::new("masked", ArgKind::Bool, "Whether it is made impossible to start."),
        ArgSpec::new("daemon_reload", ArgKind::Bool, "Make systemd read its unit files again first.")
            .aliases(&["daemon-reload"])
            .default("no"),
    ],
    returns: &[("name", "the unit"), ("state", "started or stopped"), ("enabled", "whether it starts at boot")],
    example: "- name: Start Postfix now and at boot\n  service:\n    name: postfix\n    state: started\n    enabled: yes\n",
    ..ModuleSpec::new("service", "ansible.builtin", "Start, stop, restart, reload, enable or mask a systemd unit.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
