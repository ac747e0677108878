//! `postfix_service`: an entry of Postfix's master.cf.

use super::postfix_file::configuration;
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::Content;
use crate::postfix::value::clean;
use crate::postfix::{MasterCf, Service};

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
            "Whether only Postfix may use it: y, n, or - for the default (y). A service of type inet is always n; for \
             the others - is taken when not given.",
        ),
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

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let (name, kind) = (args.need_str("name")?, args.need_str("type")?);
    check_name(name)?;
    let wanted = match args.need_str("state")? {
        "present" => Some(service(args, name, kind)?),
        _ => None,
    };
    let before = configuration(context, &path)?;
    let new = match before.content.bytes() {
        Some(bytes) => {
            let mut file = MasterCf::parse(bytes);
            match &wanted {
                Some(service) => file.set(service),
                None => file.unset(name, kind),
            };
            Content::Bytes(file.to_bytes().into())
        }
        None => Content::Unknown,
    };
    before.put(context, &path, new)?;
    let unknown = before.is_unknown();
    Ok(Outcome { changed: unknown.then_some(true), unknown, ..Outcome::default() })
}

fn service(args: &Args, name: &str, kind: &str) -> Result<Service, ModuleError> {
    // An inet service cannot be private: the master refuses to start (master(5)).
    let private = match (kind, args.str("private")) {
        ("inet", None | Some("n")) => "n",
        ("inet", Some(_)) => return Err(ModuleError::argument("private", "must be n for a service of type inet")),
        (_, given) => given.unwrap_or("-"),
    };
    let column = |name: &str| args.need_str(name).map(str::to_owned);
    let (wakeup, maxproc) = (column("wakeup")?, column("maxproc")?);
    if !is_number(wakeup.strip_suffix('?').unwrap_or(&wakeup)) && wakeup != "-" {
        return Err(ModuleError::argument("wakeup", "must be seconds, seconds with ?, or -"));
    }
    if !is_number(&maxproc) && maxproc != "-" {
        return Err(ModuleError::argument("maxproc", "must be a number or -"));
    }
    let columns = [private.to_owned(), column("unprivileged")?, column("chroot")?, wakeup, maxproc];
    let mut service = Service { name: name.to_owned(), kind: kind.to_owned(), columns, ..Service::default() };
    let command = args.str("command").unwrap_or_default();
    let command = clean("command", command).map_err(|why| ModuleError::argument("command", why.to_string()))?;
    service.set_command(&command);
    if service.program.is_empty() {
        return Err(ModuleError::argument("command", "is required with state: present"));
    }
    for (option, value) in args.map("options") {
        service.add_option(&option, &value).map_err(|why| ModuleError::argument("options", why.to_string()))?;
    }
    Ok(service)
}

fn check_name(name: &str) -> Result<(), ModuleError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '{' | '}');
    if name.is_empty() || name.starts_with('#') || name.contains(bad) {
        return Err(ModuleError::argument("name", format!("\"{name}\" is no name of a service")));
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() <= 9 && text.chars().all(|c| c.is_ascii_digit())
}
