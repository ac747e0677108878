//! `postfix_service`: an entry of Postfix's master.cf.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

/// `y`, `n`, or `-` for Postfix's built-in default.
const FLAG: ArgKind = ArgKind::Choice(&["-", "y", "n"]);

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("name", ArgKind::Str, "The service's name: submission, smtp, 192.0.2.1:587, cleanup, ...")
            .required(),
        ArgSpec::new("type", ArgKind::Choice(&["inet", "unix", "fifo", "pass", "unix-dgram"]), "How it is reached.")
            .default("inet"),
        ArgSpec::new("state", ArgKind::Choice(&["present", "absent"]), "Whether the entry shall be there.")
            .default("present"),
        ArgSpec::new(
            "private",
            FLAG,
            "Whether only Postfix may use it: y, n, or - for the default. A service of type inet \
                                       is always n.",
        )
        .default("n"),
        ArgSpec::new("unprivileged", FLAG, "Whether it runs as the user postfix: y, n, or - for the default (y).")
            .default("-"),
        ArgSpec::new("chroot", FLAG, "Whether it runs in the queue directory: y, n, or - for the default.")
            .default("n"),
        ArgSpec::new(
            "wakeup",
            ArgKind::Str,
            "Seconds between wake-ups, with ? to leave an unused service asleep; - for never.",
        )
        .default("-"),
        ArgSpec::new("maxproc", ArgKind::Str, "Processes at most: a number, 0 for no limit, - for the default (100).")
            .default("-"),
        ArgSpec::new(
            "command",
            ArgKind::Str,
            "The program in Postfix's daemon directory with its arguments; the \
                                               parameters of options are added to it. Needed for state present.",
        ),
        ArgSpec::new("options", ArgKind::StrMap, "Parameters for this service alone (-o name=value)."),
        ArgSpec::new("path", ArgKind::Path, "The file.").default("/etc/postfix/master.cf"),
    ],
    example: "- name: Take mail on port 587\n  postfix_service:\n    name: submission\n    type: inet\n    command: smtpd\n    \
              options:\n      syslog_name: postfix/submission\n      smtpd_tls_security_level: encrypt\n  notify: Reload \
              postfix\n",
    ..ModuleSpec::new(
        "postfix_service",
        "mailprov",
        "Keep one entry of Postfix's master.cf; all others stay as they are.",
    )
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
