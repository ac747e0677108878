//! firewalld's configuration while it does not run, by `firewall-offline-cmd`.

use super::{Setting, hint};
use crate::host::{CommandOutput, CommandSpec, HostError, ZoneSettings, process};

const CONFIG: &str = "/etc/firewalld/firewalld.conf";

/// `INVALID_ZONE` of firewalld's error codes.
const NO_SUCH_ZONE: i32 = 112;

/// The permanent settings of a zone, if there is such a zone.
pub(super) fn read(zone: &str) -> Result<Option<ZoneSettings>, HostError> {
    let spec = command(zone, ["--list-all".to_owned()]);
    let output = process::run(&spec)?;
    match output.status {
        0 => Ok(Some(parse(&output.stdout_text()))),
        NO_SUCH_ZONE => Ok(None),
        _ => Err(failed(&spec, output)),
    }
}

/// `firewall-cmd --list-all`: a `name: words` a line, the rich rules a line each after their name.
fn parse(text: &str) -> ZoneSettings {
    let mut settings = ZoneSettings::default();
    let mut lines = text.lines();
    for line in lines.by_ref() {
        let Some((name, value)) = line.trim().split_once(':') else { continue };
        let words = || value.split_whitespace().map(str::to_owned);
        match name {
            "services" => settings.services.extend(words()),
            "ports" => settings.ports.extend(words()),
            "rich rules" => break,
            _ => {}
        }
    }
    settings.rich_rules.extend(lines.map(str::trim).filter(|line| line.starts_with("rule")).map(str::to_owned));
    settings
}

/// Adds (`true`) and removes settings. The tool takes one kind of option a call.
pub(super) fn change(zone: &str, changes: &[(bool, Setting)]) -> Result<(), HostError> {
    let mut calls: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (add, setting) in changes {
        let (option, value) = match (add, setting) {
            (true, Setting::Service(service)) => ("--add-service", service.clone()),
            (false, Setting::Service(service)) => ("--remove-service-from-zone", service.clone()),
            (true, Setting::Port(port, protocol)) => ("--add-port", format!("{port}/{protocol}")),
            (false, Setting::Port(port, protocol)) => ("--remove-port", format!("{port}/{protocol}")),
            (true, Setting::RichRule(rule)) => ("--add-rich-rule", rule.clone()),
            (false, Setting::RichRule(rule)) => ("--remove-rich-rule", rule.clone()),
        };
        let argument = format!("{option}={value}");
        match calls.last_mut().filter(|(last, _)| *last == option) {
            Some((_, arguments)) => arguments.push(argument),
            None => calls.push((option, vec![argument])),
        }
    }
    for (_, arguments) in calls {
        let spec = command(zone, arguments);
        let output = process::run(&spec)?;
        if output.status != 0 {
            return Err(failed(&spec, output));
        }
    }
    Ok(())
}

/// As the daemon would read it (firewalld.conf(5)).
pub(super) fn default_zone() -> Result<String, HostError> {
    let text = std::fs::read_to_string(CONFIG).map_err(|error| HostError::io("read", CONFIG, error))?;
    let zone = text.lines().filter_map(|line| line.trim().strip_prefix("DefaultZone=")).next_back();
    Ok(zone.map_or("public", str::trim).to_owned())
}

fn command(zone: &str, arguments: impl IntoIterator<Item = String>) -> CommandSpec {
    let mut spec = CommandSpec::new(&["firewall-offline-cmd"]);
    spec.argv.push(format!("--zone={zone}"));
    spec.argv.extend(arguments);
    spec
}

fn failed(spec: &CommandSpec, output: CommandOutput) -> HostError {
    let hint = hint(&output.stderr_text());
    process::ended_badly(spec, output, hint)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_list_of_a_zone_is_understood() {
        let text = "public\n  target: default\n  icmp-block-inversion: no\n  interfaces: \n  services: cockpit ssh\n  \
                    ports: 25/tcp 5000-5010/udp\n  source-ports: 9/tcp\n  rich rules: \n\trule family=\"ipv4\" \
                    source address=\"10.0.0.0/8\" service name=\"smtp\" accept\n";
        let set = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<BTreeSet<_>>();
        let rule = "rule family=\"ipv4\" source address=\"10.0.0.0/8\" service name=\"smtp\" accept";
        assert_eq!(
            parse(text),
            ZoneSettings {
                services: set(&["cockpit", "ssh"]),
                ports: set(&["25/tcp", "5000-5010/udp"]),
                rich_rules: set(&[rule]),
            }
        );
        assert_eq!(parse(""), ZoneSettings::default());
    }
}
