//! `postconf`: parameters in Postfix's main.cf.

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("params", ArgKind::StrMap, "Parameters with their values; an empty value is a value."),
        ArgSpec::new(
            "absent",
            ArgKind::StrList,
            "Parameters that must not be set, so that the built-in default holds.",
        ),
        ArgSpec::new("path", ArgKind::Path, "The file.").default("/etc/postfix/main.cf"),
    ],
    returns: &[
        ("parameters", "the names whose values were changed"),
        ("restart_required", "whether a reload is not enough (inet_interfaces, inet_protocols)"),
        ("reload_required", "whether a running Postfix has something to read again"),
    ],
    example: "- name: Listen everywhere, relay nothing\n  postconf:\n    params:\n      myhostname: mail.example.com\n      \
              inet_interfaces: all\n      relay_domains: ''\n    absent:\n      - smtpd_use_tls\n  notify: Restart \
              postfix\n",
    ..ModuleSpec::new(
        "postconf",
        "mailprov",
        "Set parameters in Postfix's main.cf; comments, order and everything else stay as they are.",
    )
};

pub(super) fn run(_args: &Args, _context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    Err(ModuleError::failed("not built yet"))
}
