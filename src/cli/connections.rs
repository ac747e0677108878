//! How each host is reached: the inventory's variables, rendered, below them the options.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::args::{ConnectionArgs, TargetArgs};
use super::failure::{Failure, Kind};
use super::hosts::Hosts;
use super::password;
use crate::diagnostic::Diagnostic;
use crate::fleet::{DEFAULT_PATIENCE, Fleet};
use crate::template::{Layer, TemplateError, Vars};
use crate::transport::{ConnectionOptions, ConnectionSpec};

/// What [`ConnectionSpec::from_vars`] reads. Other variables may use facts and are not rendered here.
const NAMES: [&str; 22] = [
    "ansible_become",
    "ansible_become_method",
    "ansible_become_pass",
    "ansible_become_password",
    "ansible_become_user",
    "ansible_connection",
    "ansible_host",
    "ansible_password",
    "ansible_port",
    "ansible_private_key_file",
    "ansible_ssh_args",
    "ansible_ssh_common_args",
    "ansible_ssh_executable",
    "ansible_ssh_extra_args",
    "ansible_ssh_host",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_ssh_port",
    "ansible_ssh_private_key_file",
    "ansible_ssh_user",
    "ansible_sudo_pass",
    "ansible_user",
];

/// The hosts with their connections. Passwords are asked for here, when all else is known to be right.
pub(super) fn fleet(
    hosts: &Hosts,
    target: &TargetArgs,
    connection: &ConnectionArgs,
    extra_vars: &Map<String, Value>,
    become_root: bool,
) -> Result<Fleet, Failure> {
    let options = ConnectionOptions {
        local: target.local,
        user: connection.user.clone(),
        private_key: connection.private_key.clone(),
        become_root: become_root || connection.become_root,
        accept_new_host_keys: connection.accept_new_host_keys,
        connect_timeout: Duration::from_secs(connection.timeout.into()),
        ..ConnectionOptions::default()
    };
    let read = |options: &ConnectionOptions| -> Result<BTreeMap<String, ConnectionSpec>, Failure> {
        let spec = |host: &String| Ok((host.clone(), spec(hosts, host, extra_vars, options)?));
        hosts.selected.iter().map(spec).collect()
    };
    let mut connections = read(&options)?;
    let asked = password::ask(connection)?;
    if asked.login.is_some() || asked.become_root.is_some() {
        connections =
            read(&ConnectionOptions { password: asked.login, become_password: asked.become_root, ..options })?;
    }
    Ok(Fleet { connections, forks: connection.forks.into(), patience: DEFAULT_PATIENCE })
}

fn spec(
    hosts: &Hosts,
    host: &str,
    extra_vars: &Map<String, Value>,
    options: &ConnectionOptions,
) -> Result<ConnectionSpec, Failure> {
    let vars = connection_vars(hosts, host, extra_vars)?;
    ConnectionSpec::from_vars(host, &vars, options).map_err(|error| Failure::new(Kind::Input, error.to_string()))
}

/// Nothing is known of the host yet, so that these variables cannot use facts.
fn connection_vars(hosts: &Hosts, host: &str, extra_vars: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    let inventory = &hosts.inventory;
    let short = host.split('.').next().unwrap_or(host);
    let magic = json!({
        "inventory_hostname": host,
        "inventory_hostname_short": short,
        "group_names": inventory.groups_of(host),
    });
    let Value::Object(magic) = magic else { return Ok(Map::new()) };
    let vars = Vars::new(vec![
        Layer::Templates(Arc::new(inventory.vars_for(host))),
        Layer::Templates(Arc::new(extra_vars.clone())),
        Layer::Plain(Arc::new(magic)),
    ]);
    let mut rendered = Map::new();
    for name in NAMES {
        if let Some(value) = vars.get(name).map_err(|error| unusable(hosts, host, name, &error))? {
            rendered.insert(name.to_owned(), value);
        }
    }
    Ok(rendered)
}

fn unusable(hosts: &Hosts, host: &str, name: &str, error: &TemplateError) -> Failure {
    let layers = hosts.inventory.layers_for(host);
    let mut diagnostic = Diagnostic::new(format!("the variable {name} of {host} cannot be used: {error}"));
    let place = layers.iter().rev().find_map(|layer| layer.variables.get(name));
    if let Some(node) = place {
        diagnostic = diagnostic.at(node.origin(), node.span.length);
    }
    diagnostic.hints.clone_from(&error.hints);
    diagnostic = diagnostic.note("variables that tell how a host is reached cannot use facts");
    Failure::diagnostics(diagnostic.into(), hosts.sources.clone())
}
