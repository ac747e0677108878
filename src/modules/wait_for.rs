//! `wait_for`: waits for a port or a file.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("host", ArgKind::Str, "Name or address to connect to, seen from the managed host.")
            .default("127.0.0.1"),
        ArgSpec::new("port", ArgKind::Int, "TCP port."),
        ArgSpec::new("path", ArgKind::Path, "A file, in the place of a port."),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["started", "present", "stopped", "absent"]),
            "started and present: until the port is open or the file is there; stopped and absent: until it is not.",
        )
        .default("started"),
        ArgSpec::new(
            "search_regex",
            ArgKind::Str,
            "Also wait until the file, or what the port sends by itself, matches this regular expression.",
        ),
        ArgSpec::new("timeout", ArgKind::Int, "Seconds until it fails; without port and path, seconds to wait.")
            .default("300"),
        ArgSpec::new("connect_timeout", ArgKind::Int, "Seconds for one attempt to connect.").default("5"),
        ArgSpec::new("delay", ArgKind::Int, "Seconds to wait before the first look.").default("0"),
        ArgSpec::new("sleep", ArgKind::Int, "Seconds between two looks.").default("1"),
        ArgSpec::new("msg", ArgKind::Str, "What to say on failure, in the place of the usual text."),
    ],
    returns: &[("elapsed", "seconds waited"), ("match_groups", "the groups of search_regex")],
    example: "- name: Postfix greets\n  wait_for:\n    port: 25\n    search_regex: '^220 '\n    timeout: 30\n",
    ..ModuleSpec::new("wait_for", "ansible.builtin", "Wait for a TCP port or a file. Skipped in check mode.")
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
