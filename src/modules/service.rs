//! `service`: systemd units.

#[cfg(test)]
mod tests;

use serde_json::Map;

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome};
use crate::host::{Action, Enablement, Host, Key, State, UnitState, Want};

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    aliases: &["systemd", "systemd_service"],
    args: &[
        ArgSpec::new("name", ArgKind::Str, "The unit; .service is added to a name without a suffix.")
            .aliases(&["service", "unit"]),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["started", "stopped", "restarted", "reloaded"]),
            "started and stopped change only what is otherwise; restarted always acts, reloaded unless the unit has just \
             been started or restarted; both start a unit that does not run.",
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

/// The suffixes of systemd's unit types (systemd.unit(5)).
const SUFFIXES: &[&str] =
    &["service", "socket", "target", "timer", "path", "mount", "automount", "swap", "slice", "scope", "device"];

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    if args.flag("daemon_reload") {
        context.host.act(Action::DaemonReload)?;
    }
    let asked = ["state", "enabled", "masked"].iter().any(|name| args.has(name));
    let unit = match args.str("name") {
        Some(name) => unit_name(name),
        None if asked => return Err(ModuleError::argument("name", "is required")),
        None if args.flag("daemon_reload") => return Ok(Outcome { changed: Some(false), ..Outcome::default() }),
        None => return Err(ModuleError::argument("name", "is required")),
    };
    let key = Key::Unit(unit.clone());
    let State::Unit(before) = context.host.read(&key)? else {
        return Err(ModuleError::failed(format!("read {unit} as a unit")));
    };
    let unknown = before == UnitState::Unknown;
    let (enablement, active) = match before {
        UnitState::Loaded { enablement, active } => (enablement, active),
        UnitState::Unknown => (Enablement::Disabled, false),
        UnitState::Absent => {
            let hint = "is the package that brings it installed? A new unit file needs daemon_reload";
            return Err(ModuleError::hinted(format!("manage {unit}: there is no such unit"), hint));
        }
    };
    let (enabled, message) = enablement_wanted(args, &unit, &enablement)?;
    let state = args.str("state");
    // A unit that does not run is started by a restart: a change of state like any other, that can be undone.
    let acts = active && !unknown && acts_on(state, &unit, context.host);
    let run = match state {
        Some("stopped") => false,
        Some(_) => true,
        None => active,
    };
    if run && state.is_some() && enabled == Enablement::Masked {
        return Err(ModuleError::hinted(format!("start {unit}: it is masked"), "masked: no makes it possible again"));
    }
    let is_enabled = !matches!(enabled, Enablement::Disabled | Enablement::Masked);
    let changed =
        context.host.put(Want::new(key, State::Unit(UnitState::Loaded { enablement: enabled, active: run })))?;
    if acts {
        let action = if state == Some("reloaded") { Action::ReloadUnit } else { Action::RestartUnit };
        context.host.act(action(unit.clone()))?;
    }
    let values = Map::from_iter([
        ("name".to_owned(), unit.into()),
        ("state".to_owned(), if run { "started" } else { "stopped" }.into()),
        ("enabled".to_owned(), is_enabled.into()),
    ]);
    // To make systemd read its files again changes nothing, as in Ansible.
    Ok(Outcome { changed: Some(changed || acts), message, values, unknown, ..Outcome::default() })
}

/// Whether a unit that runs is restarted or reloaded. There is nothing to reload when the handler before this one, or a start,
/// has just made it read everything.
fn acts_on(state: Option<&str>, unit: &str, host: &mut dyn Host) -> bool {
    match state {
        Some("restarted") => true,
        Some("reloaded") => !host.is_fresh(unit),
        _ => false,
    }
}

/// The enablement to put, and a remark when what is asked for cannot be had and needs not.
fn enablement_wanted(
    args: &Args,
    unit: &str,
    current: &Enablement,
) -> Result<(Enablement, Option<String>), ModuleError> {
    let enabled = args.bool("enabled");
    match (args.bool("masked"), current) {
        (Some(true), _) if enabled == Some(true) => {
            return Err(ModuleError::argument("masked", "a masked unit cannot be enabled"));
        }
        (None, Enablement::Masked) if enabled == Some(true) => {
            return Err(ModuleError::hinted(
                format!("enable {unit}: it is masked"),
                "masked: no makes it possible again",
            ));
        }
        (Some(true), _) | (None, Enablement::Masked) => return Ok((Enablement::Masked, None)),
        _ => {}
    }
    Ok(match (enabled, current) {
        (Some(true), Enablement::Enabled) | (None, _) if *current != Enablement::Masked => (current.clone(), None),
        // Such a unit is started by what needs it; there is nothing to enable or disable.
        (Some(_), Enablement::Other(word)) => {
            (current.clone(), Some(format!("{unit} is {word}: it can be neither enabled nor disabled")))
        }
        (Some(true), _) => (Enablement::Enabled, None),
        (Some(false) | None, _) => (Enablement::Disabled, None),
    })
}

/// What a call with these arguments runs on a unit that is active.
pub(super) fn expected_action(args: &Args) -> Option<Action> {
    let unit = unit_name(args.str("name")?);
    match args.str("state")? {
        "restarted" => Some(Action::RestartUnit(unit)),
        "reloaded" => Some(Action::ReloadUnit(unit)),
        _ => None,
    }
}

fn unit_name(name: &str) -> String {
    let has_suffix = name.rsplit_once('.').is_some_and(|(_, suffix)| SUFFIXES.contains(&suffix));
    if has_suffix { name.to_owned() } else { format!("{name}.service") }
}
