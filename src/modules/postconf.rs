//! `postconf`: parameters in Postfix's main.cf.

#[cfg(test)]
mod tests;

use serde_json::Map;

use super::managed::{Managed, RECORD};
use super::postfix_file::configuration;
use super::postfix_proof::{PROVE, Switch, prove};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::Content;
use crate::postfix::value::{check_name, clean, normal};
use crate::postfix::{MainCf, ValueError};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("params", ArgKind::StrMap, "Parameters with their values; an empty value is a value."),
        ArgSpec::new(
            "absent",
            ArgKind::StrList,
            "Parameters that must not be set, so that the built-in default holds.",
        ),
        ArgSpec::new("path", ArgKind::Path, "The file.").default("/etc/postfix/main.cf"),
        RECORD,
        PROVE,
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

/// Parameters that a running Postfix reads only at its start (postconf(5)): at a reload it keeps its sockets, and
/// logs that it must be stopped and started.
const NEED_RESTART: &[&str] = &["inet_interfaces", "inet_protocols"];

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let (params, absent) = (args.map("params"), args.list("absent"));
    check(&params, &absent)?;
    let before = configuration(context, &path)?;
    let mut managed = Managed::read(context, &path, args.str("record"))?;
    let mut kept = Vec::new();
    let (new, changed) = match before.content.bytes() {
        Some(bytes) => {
            let mut file = MainCf::parse(bytes).map_err(|error| {
                let hint = "Postfix does not start with such a line; mend it, or remove it, first";
                ModuleError::hinted(format!("edit {path}: {error}"), hint)
            })?;
            let mut changed = Vec::new();
            if let Some(managed) = &mut managed {
                (changed, kept) = put_back(&mut file, managed, &params, &absent)?;
                note(&file, managed, &params, &absent);
            }
            changed.extend(edit(&mut file, &params, &absent)?);
            (Content::Bytes(file.to_bytes().into()), changed)
        }
        // What a package still to be installed brings may hold any of them.
        None => (Content::Unknown, params.iter().map(|(name, _)| name.clone()).collect()),
    };
    if args.flag("prove") {
        let values = params.iter().map(|(_, value)| value.clone()).collect();
        prove(context, &Switch { path: &path, before: &before.content, after: &new, values })?;
    }
    if let Some(managed) = managed {
        managed.put(context, !before.is_unknown())?;
    }
    before.put(context, &path, new)?;
    let restart = changed.iter().any(|name| NEED_RESTART.contains(&name.as_str()));
    let values = Map::from_iter([
        ("restart_required".to_owned(), restart.into()),
        ("reload_required".to_owned(), (!changed.is_empty()).into()),
        ("parameters".to_owned(), changed.into()),
    ]);
    let unknown = before.is_unknown();
    let message = (!kept.is_empty())
        .then(|| format!("left alone, since somebody else has changed them meanwhile: {}", kept.join(", ")));
    Ok(Outcome { changed: unknown.then_some(true), values, unknown, message, ..Outcome::default() })
}

fn check(params: &[(String, String)], absent: &[String]) -> Result<(), ModuleError> {
    if params.is_empty() && absent.is_empty() {
        return Err(ModuleError::argument("params, absent", "at least one of these must name a parameter"));
    }
    for (name, value) in params {
        check_name(name)
            .and_then(|()| clean(name, value))
            .map_err(|why| ModuleError::argument("params", why.to_string()))?;
    }
    for name in absent {
        check_name(name).map_err(|why| ModuleError::argument("absent", why.to_string()))?;
        if params.iter().any(|(set, _)| set == name) {
            return Err(ModuleError::argument("absent", format!("{name} is also in params")));
        }
    }
    Ok(())
}

/// Puts back what the playbook does not name any more. The names that changed, and those that are kept, because
/// somebody else has changed them since.
fn put_back(
    file: &mut MainCf,
    managed: &mut Managed,
    params: &[(String, String)],
    absent: &[String],
) -> Result<(Vec<String>, Vec<String>), ModuleError> {
    let failed = |error: ValueError| ModuleError::failed(error.to_string());
    let named =
        |name: &str| params.iter().any(|(param, _)| param == name) || absent.iter().any(|absent| absent == name);
    let (mut changed, mut kept) = (Vec::new(), Vec::new());
    for (name, item) in managed.dropped(&named) {
        let current = file.get(&name);
        if current == item.before {
            continue;
        }
        if current != item.now {
            kept.push(name);
            continue;
        }
        match &item.before {
            Some(value) => file.set_as_it_was(&name, value).map_err(failed)?,
            None => file.unset(&name).map_err(failed)?,
        };
        changed.push(name);
    }
    Ok((changed, kept))
}

/// Records what is to be set, and what it is now.
fn note(file: &MainCf, managed: &mut Managed, params: &[(String, String)], absent: &[String]) {
    for (name, value) in params {
        let value = clean(name, value).unwrap_or_default();
        let value = String::from_utf8_lossy(&normal(value.as_bytes())).into_owned();
        managed.sets(name, file.get(name), Some(value));
    }
    for name in absent {
        managed.sets(name, file.get(name), None);
    }
}

/// The names that changed, in the order in which they were asked for.
fn edit(file: &mut MainCf, params: &[(String, String)], absent: &[String]) -> Result<Vec<String>, ModuleError> {
    let failed = |error: ValueError| ModuleError::failed(error.to_string());
    let mut changed = Vec::new();
    for (name, value) in params {
        if file.set(name, value).map_err(failed)? {
            changed.push(name.clone());
        }
    }
    for name in absent {
        if file.unset(name).map_err(failed)? {
            changed.push(name.clone());
        }
    }
    Ok(changed)
}
