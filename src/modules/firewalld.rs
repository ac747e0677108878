//! `firewalld`: what a zone lets in.

#[cfg(test)]
mod tests;

use serde_json::Map;

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};
use crate::host::{FirewallState, Key, PackageState, State, Want, ZoneSettings};

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

/// What a rule is about.
#[derive(Debug, Clone, Copy)]
enum Part {
    Service,
    Port,
    RichRule,
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let (part, element) = element(args)?;
    let (permanent, immediate) = (args.flag("permanent"), args.flag("immediate"));
    if !permanent && !immediate {
        return Err(ModuleError::argument("permanent, immediate", "one of these must be yes"));
    }
    let zone = match args.str("zone") {
        Some(zone) => Some(zone.to_owned()),
        None => context.host.default_zone()?,
    };
    let Some(zone) = zone else { return missing(args, context) };
    let key = Key::Firewall(zone.clone());
    let State::Firewall(before) = context.host.read(&key)? else {
        return Err(ModuleError::failed(format!("read {zone} as a zone")));
    };
    let (on_disk, in_force) = match before {
        FirewallState::Absent | FirewallState::Unknown => return missing(args, context),
        FirewallState::Zone { permanent, runtime } => (permanent, runtime),
    };
    let Some(on_disk) = on_disk else {
        return Err(ModuleError::argument("zone", format!("firewalld has no zone {zone}")));
    };
    let runs = in_force.is_some();
    if immediate && !runs && !args.flag("offline") {
        return Err(ModuleError::hinted(
            "change what is in force: firewalld does not run",
            "start it, or give offline: yes to change only what holds after its start",
        ));
    }
    let enable = matches!(args.need_str("state")?, "enabled" | "present");
    let after = FirewallState::Zone {
        permanent: Some(if permanent { edited(on_disk, part, &element, enable) } else { on_disk }),
        runtime: in_force.map(|zone| if immediate { edited(zone, part, &element, enable) } else { zone }),
    };
    context.host.put(Want::new(key, State::Firewall(after)))?;
    let message = (!runs).then(|| "firewalld does not run: only its permanent settings are managed".to_owned());
    let values = Map::from_iter([("zone".to_owned(), zone.into())]);
    Ok(Outcome { message, values, ..Outcome::default() })
}

/// firewalld is not there, or not there yet.
fn missing(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let package = context.host.read(&Key::Package("firewalld".to_owned()))?;
    if matches!(package, State::Package(PackageState::Installed(_))) && context.host.packages_pending() {
        let message = Some("firewalld is to be installed first".to_owned());
        return Ok(Outcome { changed: Some(true), message, unknown: true, ..Outcome::default() });
    }
    if args.flag("missing_ok") {
        let skipped = Some("firewalld is not installed".to_owned());
        return Ok(Outcome { changed: Some(false), skipped, ..Outcome::default() });
    }
    Err(ModuleError::hinted(
        "firewalld is not installed",
        "install the package firewalld, or give missing_ok: yes for hosts that are to go without",
    ))
}

fn element(args: &Args) -> Result<(Part, String), ModuleError> {
    if let Some(service) = args.str("service") {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if service.is_empty() || !service.chars().all(fits) {
            return Err(ModuleError::argument("service", format!("\"{service}\" is no name of a service")));
        }
        return Ok((Part::Service, service.to_owned()));
    }
    if let Some(port) = args.str("port") {
        let port = parse_port(port).ok_or_else(|| {
            ModuleError::argument("port", format!("\"{port}\" is no port with its protocol, such as 25/tcp"))
        })?;
        return Ok((Part::Port, port));
    }
    let rule = args.need_str("rich_rule")?;
    let rule = normal_rule(rule).ok_or_else(|| {
        ModuleError::argument("rich_rule", format!("\"{rule}\" does not begin with rule, or its quotes do not match"))
    })?;
    Ok((Part::RichRule, rule))
}

/// `25/tcp` and `5000-5010/udp`.
fn parse_port(text: &str) -> Option<String> {
    let (ports, protocol) = text.split_once('/')?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
    if first > last || !matches!(protocol, "tcp" | "udp" | "sctp" | "dccp") {
        return None;
    }
    Some(if first == last { format!("{first}/{protocol}") } else { format!("{first}-{last}/{protocol}") })
}

/// A rule as firewalld writes it: one blank between words, values in double quotes.
fn normal_rule(text: &str) -> Option<String> {
    let words = shlex::split(text)?;
    if words.first().map(String::as_str) != Some("rule") || words.iter().any(|word| word.contains('"')) {
        return None;
    }
    let words = words.iter().map(|word| match word.split_once('=') {
        Some((name, value)) => format!("{name}=\"{value}\""),
        None => word.clone(),
    });
    Some(words.collect::<Vec<_>>().join(" "))
}

fn edited(mut zone: ZoneSettings, part: Part, element: &str, enable: bool) -> ZoneSettings {
    let set = match part {
        Part::Service => &mut zone.services,
        Part::Port => &mut zone.ports,
        Part::RichRule => &mut zone.rich_rules,
    };
    if enable {
        set.insert(element.to_owned());
    } else {
        set.remove(element);
    }
    zone
}
