//! `postfix_service`: an entry of Postfix's master.cf.

use serde_json::Value;

use super::managed::{Managed, RECORD};
use super::postfix_file::configuration;
use super::postfix_proof::{PROVE, Switch, prove};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::Content;
use crate::postfix::value::clean;
use crate::postfix::{MasterCf, Service};

/// `y`, `n`, or `-` for Postfix's built-in default.
const FLAG: ArgKind = ArgKind::Choice(&["-", "y", "n"]);

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("name", ArgKind::Str, "The service's name: submission, smtp, 192.0.2.1:587, cleanup, ..."),
        ArgSpec::new(
            "services",
            ArgKind::Any,
            "Several entries at once: a list of mappings with the arguments of one, from name to options.",
        ),
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
        RECORD,
        PROVE,
    ],
    exactly_one_of: &[&["name", "services"]],
    example: "- name: Take mail on port 587\n  postfix_service:\n    name: submission\n    type: inet\n    command: smtpd\n    \
              options:\n      syslog_name: postfix/submission\n      smtpd_tls_security_level: encrypt\n  notify: Reload \
              postfix\n",
    ..ModuleSpec::new(
        "postfix_service",
        "mailprov",
        "Keep one entry of Postfix's master.cf; all others stay as they are.",
    )
};

/// An entry that shall be there, or shall not.
struct Wanted {
    name: String,
    kind: String,
    service: Option<Service>,
}

impl Wanted {
    fn read(args: &Args) -> Result<Self, ModuleError> {
        let (name, kind) = (args.need_str("name")?, args.need_str("type")?);
        check_name(name)?;
        let service = match args.need_str("state")? {
            "present" => Some(service(args, name, kind)?),
            _ => None,
        };
        Ok(Self { name: name.to_owned(), kind: kind.to_owned(), service })
    }

    fn id(&self) -> String {
        format!("{}/{}", self.name, self.kind)
    }
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let wanted = wanted(args)?;
    let before = configuration(context, &path)?;
    let mut managed = Managed::read(context, &path, args.str("record"))?;
    let new = match before.content.bytes() {
        Some(bytes) => {
            let mut file = MasterCf::parse(bytes);
            if let Some(managed) = &mut managed {
                put_back(&mut file, managed, &wanted);
                note(&file, managed, &wanted);
            }
            for Wanted { name, kind, service } in &wanted {
                match service {
                    Some(service) => file.set(service),
                    None => file.unset(name, kind),
                };
            }
            Content::Bytes(file.to_bytes().into())
        }
        None => Content::Unknown,
    };
    if args.flag("prove") {
        let options = wanted.iter().filter_map(|entry| entry.service.as_ref()).flat_map(|service| &service.options);
        let values = options.map(|(_, value)| value.clone()).collect();
        prove(context, &Switch { path: &path, before: &before.content, after: &new, values })?;
    }
    if let Some(managed) = managed {
        managed.put(context, !before.is_unknown())?;
    }
    before.put(context, &path, new)?;
    let unknown = before.is_unknown();
    Ok(Outcome { changed: unknown.then_some(true), unknown, ..Outcome::default() })
}

fn wanted(args: &Args) -> Result<Vec<Wanted>, ModuleError> {
    let Some(services) = args.raw("services") else { return Ok(vec![Wanted::read(args)?]) };
    let Value::Array(services) = services else {
        return Err(ModuleError::argument("services", "must be a list of mappings"));
    };
    let mut wanted: Vec<Wanted> = Vec::new();
    for (index, service) in services.iter().enumerate() {
        let wrong = |why: &str| ModuleError::argument("services", format!("entry {}: {why}", index + 1));
        let given = service.as_object().ok_or_else(|| wrong("must be a mapping"))?;
        if let Some(name) = ["services", "path", "record", "prove"].iter().find(|name| given.contains_key(**name)) {
            return Err(wrong(&format!("{name} is for all entries together")));
        }
        let entry = Args::decode(&SPEC, given).and_then(|args| Wanted::read(&args));
        let entry = entry.map_err(|error| wrong(&error.to_string()))?;
        if wanted.iter().any(|other| other.id() == entry.id()) {
            return Err(wrong(&format!("{} is there twice", entry.id())));
        }
        wanted.push(entry);
    }
    Ok(wanted)
}

/// Puts back the entries that the playbook does not name any more, unless somebody else has changed them since.
fn put_back(file: &mut MasterCf, managed: &mut Managed, wanted: &[Wanted]) {
    for (id, item) in managed.dropped(&|id| wanted.iter().any(|entry| entry.id() == id)) {
        let Some((name, kind)) = id.rsplit_once('/') else { continue };
        let now = item.now.as_deref().and_then(Service::from_text);
        let is_ours = match (file.get(name, kind), &now) {
            (Some(current), Some(now)) => current.means_the_same(now),
            (current, now) => current.is_none() && now.is_none(),
        };
        if !is_ours {
            continue;
        }
        match item.before.as_deref().and_then(Service::from_text) {
            Some(service) => file.set(&service),
            None => file.unset(name, kind),
        };
    }
}

/// Records what is to be set, and what it is now.
fn note(file: &MasterCf, managed: &mut Managed, wanted: &[Wanted]) {
    for entry in wanted {
        let current = file.get(&entry.name, &entry.kind).map(|service| service.text());
        managed.sets(&entry.id(), current, entry.service.as_ref().map(Service::text));
    }
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
