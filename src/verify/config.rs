//! main.cf and what Postfix makes of it. `postfix check` and `postconf` end with 0 for nearly every mistake, so their
//! words are what counts.

use std::collections::BTreeSet;

use super::{Look, line};
use crate::host::{FileState, Key, State};
use crate::postfix::MainCf;
use crate::postfix::meaning::{check_tls_level, check_tls_protocols};
use crate::probe::{Finding, catalogue as c};

const MAIN_CF: &str = "/etc/postfix/main.cf";

pub(super) fn look(look: &mut Look<'_>) {
    lint(look);
    let main_cf = look.file(MAIN_CF).map(|(bytes, _)| MainCf::parse(&bytes));
    match main_cf {
        Some(Ok(main_cf)) => {
            let parameters = main_cf.parameters();
            look.checks.add(&c::CONFIG_COMMENTS, comments(&parameters));
            look.checks.add(&c::CONFIG_DUPLICATES, duplicates(&parameters));
        }
        Some(Err(error)) => {
            look.checks
                .add(&c::CONFIG_COMMENTS, Finding::bad(error.to_string(), format!("mend that line of {MAIN_CF}")));
        }
        None => look.checks.add(&c::CONFIG_COMMENTS, Finding::bad(format!("there is no {MAIN_CF}"), "install postfix")),
    }
    look.of_settings(|look| {
        tls(look);
        name(look);
        networks(look);
        size(look);
    });
    leftovers(look);
    modes(look);
}

/// Why postconf(1) cannot tell what main.cf sets, if so; `config.lint` names the cause.
pub(super) fn unreadable(look: &mut Look<'_>) -> Option<String> {
    match look.ask(&["postconf", "-h", "myhostname"]) {
        Ok(output) if output.status == 0 => None,
        Ok(output) => Some(format!("postconf cannot read {MAIN_CF}: {}", line(&output.stderr_text()))),
        Err(error) => Some(error),
    }
}

fn lint(look: &mut Look<'_>) {
    let finding = match look.ask(&["postconf", "-n"]) {
        Ok(output) if output.status == 0 && output.stderr.is_empty() => Finding::good("postconf -n has no complaint"),
        Ok(output) => Finding::bad(line(&output.stderr_text()), "`postconf -n` tells every complaint; mend main.cf"),
        Err(error) => Finding::not_testable(error),
    };
    look.checks.add(&c::CONFIG_LINT, finding);
}

/// Postfix has no comments at the end of a line: the words become part of the value.
fn comments(parameters: &[(String, String)]) -> Finding {
    let with = parameters.iter().find(|(_, value)| value.contains(" #"));
    match with {
        Some((name, value)) => Finding::bad(
            format!("{name} = {value}"),
            "put the comment on a line of its own; here it is part of the value",
        ),
        None => Finding::good(format!("{} parameters, none with a comment", parameters.len())),
    }
}

fn duplicates(parameters: &[(String, String)]) -> Finding {
    let mut seen = BTreeSet::new();
    let twice: BTreeSet<&str> =
        parameters.iter().map(|(name, _)| name.as_str()).filter(|name| !seen.insert(*name)).collect();
    let evidence = if twice.is_empty() {
        "none is".to_owned()
    } else {
        format!("set more than once: {}", twice.into_iter().collect::<Vec<_>>().join(", "))
    };
    Finding::when(evidence == "none is", evidence, "leave one line of each; the last one counts")
}

fn tls(look: &mut Look<'_>) {
    let mut wrong = Vec::new();
    for (name, client) in [("smtpd_tls_security_level", false), ("smtp_tls_security_level", true)] {
        let value = look.parameter(name);
        if !value.is_empty() && check_tls_level(&value, client).is_err() {
            wrong.push(format!("{name} = {value}"));
        }
    }
    for name in
        ["smtpd_tls_protocols", "smtpd_tls_mandatory_protocols", "smtp_tls_protocols", "smtp_tls_mandatory_protocols"]
    {
        let value = look.parameter(name);
        // The defaults of a newer Postfix are in its own words.
        let is_default = look.ask(&["postconf", "-dhx", name]).is_ok_and(|output| output.stdout_text() == value);
        if check_tls_protocols(&value).is_err() && !is_default {
            wrong.push(format!("{name} = {value}"));
        }
    }
    let evidence = if wrong.is_empty() { "they are".to_owned() } else { wrong.join("; ") };
    let remedy = "levels are none, may and encrypt; protocols are written !SSLv2, !SSLv3, !TLSv1, !TLSv1.1";
    look.checks.add(&c::CONFIG_TLS, Finding::when(wrong.is_empty(), evidence, remedy));
}

fn name(look: &mut Look<'_>) {
    let (name, domain) = (look.parameter("myhostname"), look.parameter("mydomain"));
    let spec = look.spec;
    let same = name.eq_ignore_ascii_case(&spec.fqdn) && domain.eq_ignore_ascii_case(&spec.domain);
    let remedy = format!("set myhostname = {} and mydomain = {}", spec.fqdn, spec.domain);
    look.checks.add(&c::CONFIG_NAME, Finding::when(same, format!("myhostname {name}, mydomain {domain}"), remedy));
}

fn networks(look: &mut Look<'_>) {
    let value = look.parameter("mynetworks");
    let set = |text: &str| -> BTreeSet<String> {
        // Postfix has brackets around IPv6.
        let words = text.split([' ', ',', '\t']).filter(|word| !word.is_empty());
        words.map(|word| word.replace(['[', ']'], "")).collect()
    };
    let wanted = look.spec.networks.join(" ");
    let (has, wanted) = (set(&value), set(&wanted));
    let remedy = format!("set mynetworks = {}", wanted.iter().cloned().collect::<Vec<_>>().join(", "));
    let evidence = format!("mynetworks = {value}");
    let finding = if has.iter().any(|network| network.ends_with("/0")) {
        Finding::bad(format!("{evidence}: anybody may send, this is an open relay"), remedy)
    } else {
        Finding::when(has == wanted, evidence, remedy)
    };
    look.checks.add(&c::CONFIG_NETWORKS, finding);
}

/// local(8) refuses to run with a mailbox limit below the message limit.
fn size(look: &mut Look<'_>) {
    let (message, mailbox) = (look.parameter("message_size_limit"), look.parameter("mailbox_size_limit"));
    let finding = match (message.parse::<u64>(), mailbox.parse::<u64>()) {
        (Ok(message_bytes), Ok(mailbox_bytes)) => Finding::when(
            mailbox_bytes == 0 || (message_bytes != 0 && message_bytes <= mailbox_bytes),
            format!("message_size_limit {message}, mailbox_size_limit {mailbox}"),
            "raise mailbox_size_limit, or set it to 0; else no local mail is delivered",
        ),
        _ => Finding::bad(
            format!("message_size_limit \"{message}\", mailbox_size_limit \"{mailbox}\""),
            "write sizes in bytes",
        ),
    };
    look.checks.add(&c::CONFIG_SIZE, finding);
}

/// rpm leaves a file beside one that was changed by hand, and nobody hears of it.
fn leftovers(look: &mut Look<'_>) {
    let names = look.host.list_dir("/etc/postfix").unwrap_or_default();
    let other = |name: &String| [".rpmnew", ".rpmsave", ".rpmorig"].iter().any(|end| name.ends_with(end));
    let names: Vec<String> = names.into_iter().filter(other).collect();
    let evidence = if names.is_empty() {
        "no .rpmnew, .rpmsave or .rpmorig in /etc/postfix".to_owned()
    } else {
        format!("in /etc/postfix: {}", names.join(", "))
    };
    let remedy = "compare it with the file in use, keep what you want, and delete it";
    look.checks.add(&c::CONFIG_LEFTOVERS, Finding::when(names.is_empty(), evidence, remedy));
}

fn modes(look: &mut Look<'_>) {
    let names = look.host.list_dir("/etc/postfix").unwrap_or_default();
    let paths = names.into_iter().map(|name| format!("/etc/postfix/{name}"));
    let mut wrong = Vec::new();
    for path in ["/etc/postfix".to_owned(), "/etc/aliases".to_owned()].into_iter().chain(paths) {
        let Ok(State::File(state)) = look.host.read(&Key::File(path.clone())) else { continue };
        if matches!(state, FileState::Symlink { .. }) {
            continue;
        }
        if let Some(meta) = state.meta() {
            if meta.mode & 0o022 != 0 {
                wrong.push(format!("{path} has mode {:04o}", meta.mode));
            } else if meta.owner.id.is_some_and(|id| id != 0) {
                wrong.push(format!("{path} belongs to {}", meta.owner));
            }
        }
    }
    let evidence =
        if wrong.is_empty() { "/etc/postfix and /etc/aliases are root's".to_owned() } else { wrong.join("; ") };
    look.checks.add(&c::CONFIG_MODES, Finding::when(wrong.is_empty(), evidence, "`chown root` and `chmod go-w` them"));
}
