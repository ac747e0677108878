//! systemd units, by `systemctl`: one `show` for all units that are asked for.

use std::collections::BTreeMap;

use super::{CommandOutput, CommandSpec, Enablement, HostError, UnitState, process};

/// Lines of a unit's journal that come with a failure.
const EVIDENCE_LINES: &str = "20";

/// When systemd started, which is when the host booted: seconds since the epoch.
pub(super) fn started_at() -> Option<i64> {
    /// `USER_HZ` of proc(5), the same on every architecture of Enterprise Linux.
    const TICKS: i64 = 100;
    let boot = std::fs::read_to_string("/proc/stat").ok()?;
    let boot: i64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let process = std::fs::read_to_string("/proc/1/stat").ok()?;
    // The 22nd field; the second, a name in brackets, may hold anything.
    let ticks: i64 = process.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()?;
    Some(boot + ticks / TICKS)
}

/// The state of one unit.
pub(super) fn query_one(name: &str) -> Result<UnitState, HostError> {
    Ok(query(&[name])?.remove(name).unwrap_or(UnitState::Absent))
}

/// The states of several units, by the names that they were asked for under.
pub(super) fn query(names: &[&str]) -> Result<BTreeMap<String, UnitState>, HostError> {
    let properties = "--property=Id,LoadState,ActiveState,UnitFileState";
    let mut spec = CommandSpec::new(&["systemctl", "show", properties, "--"]);
    spec.argv.extend(names.iter().map(|&name| name.to_owned()));
    let output = process::must(&spec)?;
    // One block a unit, in the order of the question; an alias answers under its real Id.
    let text = output.stdout_text();
    let states = text.split("\n\n").map(parse);
    Ok(names.iter().map(|&name| name.to_owned()).zip(states).collect())
}

/// The states in which an installation leaves these units: enabled as the presets of the host say, and not running.
pub(super) fn as_installed(names: &[String]) -> Result<BTreeMap<String, UnitState>, HostError> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut spec = CommandSpec::new(&["systemctl", "show", "--property=UnitFileState,UnitFilePreset", "--"]);
    spec.argv.extend(names.iter().cloned());
    let text = process::must(&spec)?.stdout_text();
    Ok(names.iter().cloned().zip(text.split("\n\n").map(parse_preset)).collect())
}

fn parse_preset(block: &str) -> UnitState {
    let property = |name| block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    let enablement = match (property("UnitFileState"), property("UnitFilePreset")) {
        // A mask stays when the package goes.
        ("masked", _) => Enablement::Masked,
        ("enabled" | "disabled", "enabled") => Enablement::Enabled,
        ("enabled" | "disabled", _) => Enablement::Disabled,
        (word, _) => Enablement::Other(word.to_owned()),
    };
    UnitState::Loaded { enablement, active: false }
}

fn parse(block: &str) -> UnitState {
    let properties: BTreeMap<&str, &str> = block.lines().filter_map(|line| line.split_once('=')).collect();
    let property = |name| properties.get(name).copied().unwrap_or_default();
    let active = matches!(property("ActiveState"), "active" | "activating" | "reloading");
    let enablement = match property("LoadState") {
        "masked" => Enablement::Masked,
        // A unit can run on after its file is gone.
        "not-found" if !active => return UnitState::Absent,
        _ => match property("UnitFileState") {
            "enabled" => Enablement::Enabled,
            "disabled" => Enablement::Disabled,
            "masked" => Enablement::Masked,
            "" => Enablement::Other("transient".to_owned()),
            word => Enablement::Other(word.to_owned()),
        },
    };
    UnitState::Loaded { enablement, active }
}

/// Brings a unit from one state to another: unmasked before enabled, enabled before started, stopped
/// before masked.
pub(super) fn change(name: &str, before: &UnitState, after: &UnitState) -> Result<(), HostError> {
    let (UnitState::Loaded { enablement: was, active: ran }, UnitState::Loaded { enablement: want, active: runs }) =
        (before, after)
    else {
        return Err(HostError::refused(format!("change {name}: a unit comes and goes with its file")));
    };
    for verb in verbs(was, want, *ran, *runs) {
        run(verb, name)?;
    }
    Ok(())
}

fn verbs(was: &Enablement, want: &Enablement, ran: bool, runs: bool) -> Vec<&'static str> {
    let mut verbs = Vec::new();
    if ran && !runs {
        verbs.push("stop");
    }
    if was != want {
        if *was == Enablement::Masked {
            verbs.push("unmask");
        }
        match want {
            Enablement::Enabled => verbs.push("enable"),
            // What a mask hid may have been enabled.
            Enablement::Disabled => verbs.push("disable"),
            Enablement::Masked => verbs.push("mask"),
            Enablement::Other(_) => {}
        }
    }
    if runs && !ran {
        verbs.push("start");
    }
    verbs
}

/// Runs one verb on a unit. A failed start comes with what the unit's journal says.
pub(super) fn run(verb: &str, name: &str) -> Result<CommandOutput, HostError> {
    let spec = CommandSpec::new(&["systemctl", verb, "--", name]);
    let mut output = process::run(&spec)?;
    if output.status == 0 {
        return Ok(output);
    }
    if matches!(verb, "start" | "restart" | "reload")
        && let Some(evidence) = journal_tail(name)
    {
        output.stderr.extend_from_slice(evidence.as_bytes());
    }
    let hint = format!("`systemctl status {name}` and `journalctl -u {name}` say more");
    Err(process::ended_badly(&spec, output, Some(hint)))
}

fn journal_tail(name: &str) -> Option<String> {
    let spec = CommandSpec::new(&["journalctl", "-u", name, "-n", EVIDENCE_LINES, "--no-pager", "-o", "cat"]);
    let text = process::run(&spec).ok().filter(|output| output.status == 0)?.stdout_text();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systemctl_show_is_understood() {
        let loaded = |enablement, active| UnitState::Loaded { enablement, active };
        for (block, state) in [
            (
                "Id=postfix.service\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled",
                loaded(Enablement::Enabled, true),
            ),
            ("Id=x.service\nLoadState=not-found\nActiveState=inactive\nUnitFileState=", UnitState::Absent),
            ("LoadState=masked\nActiveState=inactive\nUnitFileState=masked", loaded(Enablement::Masked, false)),
            ("LoadState=loaded\nActiveState=failed\nUnitFileState=disabled", loaded(Enablement::Disabled, false)),
            (
                "LoadState=loaded\nActiveState=activating\nUnitFileState=static",
                loaded(Enablement::Other("static".to_owned()), true),
            ),
            (
                "LoadState=not-found\nActiveState=active\nUnitFileState=",
                loaded(Enablement::Other("transient".to_owned()), true),
            ),
            ("", loaded(Enablement::Other("transient".to_owned()), false)),
        ] {
            assert_eq!(parse(block), state, "{block}");
        }
    }

    #[test]
    fn an_installation_leaves_a_unit_as_the_presets_say() {
        use Enablement::{Disabled, Enabled, Masked};
        for (block, enablement) in [
            ("UnitFileState=enabled\nUnitFilePreset=disabled", Disabled),
            ("UnitFilePreset=enabled\nUnitFileState=disabled", Enabled),
            ("UnitFileState=masked\nUnitFilePreset=enabled", Masked),
            ("UnitFileState=static\nUnitFilePreset=enabled", Enablement::Other("static".to_owned())),
        ] {
            assert_eq!(parse_preset(block), UnitState::Loaded { enablement, active: false }, "{block}");
        }
    }

    #[test]
    fn verbs_come_in_an_order_that_systemd_accepts() {
        use Enablement::{Disabled, Enabled, Masked};
        for (was, want, ran, runs, expected) in [
            (&Masked, &Enabled, false, true, vec!["unmask", "enable", "start"]),
            (&Enabled, &Masked, true, false, vec!["stop", "mask"]),
            (&Disabled, &Enabled, true, true, vec!["enable"]),
            (&Enabled, &Enabled, true, false, vec!["stop"]),
            (&Masked, &Disabled, false, false, vec!["unmask", "disable"]),
        ] {
            assert_eq!(verbs(was, want, ran, runs), expected);
        }
    }
}
