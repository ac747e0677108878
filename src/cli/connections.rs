//! How each host is reached: the inventory's variables, rendered, below them the options.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::args::{ConnectionArgs, TargetArgs};
use super::failure::Failure;
use super::password;
use crate::diagnostic::{Diagnostic, Sources};
use crate::fleet::{DEFAULT_PATIENCE, Fleet};
use crate::inventory::{CONNECTION_VARIABLES, Inventory};
use crate::playbook;
use crate::template::{Layer, TemplateError, Vars};
use crate::transport::{ConnectionOptions, ConnectionSpec};
use crate::veil::secret_values;

/// What tells how hosts are reached.
pub(super) struct Ways<'a> {
    pub(super) inventory: &'a Inventory,
    /// The files read, for diagnostics.
    pub(super) sources: &'a Sources,
    pub(super) hosts: &'a [String],
    pub(super) extra_vars: &'a Map<String, Value>,
    /// Whether what is to be done on a host asks for root.
    pub(super) becomes: &'a dyn Fn(&str) -> bool,
}

/// The hosts with their connections. Passwords are asked for here, when all else is known to be right.
pub(super) fn fleet(ways: &Ways<'_>, target: &TargetArgs, connection: &ConnectionArgs) -> Result<Fleet, Failure> {
    let mut options = ConnectionOptions {
        local: target.local,
        user: connection.user.clone(),
        private_key: connection.private_key.clone(),
        become_root: connection.become_root,
        accept_new_host_keys: connection.accept_new_host_keys,
        connect_timeout: Duration::from_secs(connection.timeout.into()),
        ..ConnectionOptions::default()
    };
    let mut connections = ways.connections(&options)?;
    let asked = password::ask(connection)?;
    for password in asked.login.iter().chain(&asked.become_root) {
        ways.sources.veil().add(password.expose());
    }
    if asked.login.is_some() || asked.become_root.is_some() {
        options.password = asked.login;
        options.become_password = asked.become_root;
        connections = ways.connections(&options)?;
    }
    Ok(Fleet {
        connections,
        forks: connection.forks.into(),
        patience: DEFAULT_PATIENCE,
        task_limit: Some(connection.task_timeout)
            .filter(|&limit| limit > 0)
            .map(|limit| Duration::from_secs(limit.into())),
        confirm_within: None,
    })
}

/// Whether every host can be reached as far as its variables tell; no host is contacted.
pub(super) fn check(ways: &Ways<'_>, target: &TargetArgs) -> Result<(), Failure> {
    let options = ConnectionOptions { local: target.local, ..ConnectionOptions::default() };
    ways.connections(&options).map(drop)
}

impl Ways<'_> {
    fn connections(&self, options: &ConnectionOptions) -> Result<BTreeMap<String, ConnectionSpec>, Failure> {
        self.hosts.iter().map(|host| Ok((host.clone(), self.connection(host, options)?))).collect()
    }

    fn connection(&self, host: &str, options: &ConnectionOptions) -> Result<ConnectionSpec, Failure> {
        let options = ConnectionOptions { become_root: options.become_root || (self.becomes)(host), ..options.clone() };
        ConnectionSpec::from_vars(host, &self.variables(host)?, &options)
            .map_err(|error| self.unusable(host, error.variable, Diagnostic::new(error.to_string())))
    }

    /// Nothing is known of the host yet, so that these variables cannot use facts.
    fn variables(&self, host: &str) -> Result<Map<String, Value>, Failure> {
        let short = host.split('.').next().unwrap_or(host);
        let magic = [
            ("inventory_hostname", Value::from(host)),
            ("inventory_hostname_short", Value::from(short)),
            ("group_names", Value::from(self.inventory.groups_of(host))),
        ];
        let mut magic: Map<_, _> = magic.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let mut own = self.inventory.vars_for(host);
        own.extend(self.extra_vars.clone());
        magic.extend(playbook::lookups(&own, self.sources.veil()));
        let vars = Vars::new(vec![Layer::Templates(Arc::new(own)), Layer::Plain(Arc::new(magic))]);
        let mut rendered = Map::new();
        for name in CONNECTION_VARIABLES {
            if let Some(value) = vars.get(name).map_err(|error| self.not_rendered(host, name, &error))? {
                rendered.insert(name.to_owned(), value);
            }
        }
        secret_values(&rendered, self.sources.veil());
        Ok(rendered)
    }

    fn not_rendered(&self, host: &str, name: &str, error: &TemplateError) -> Failure {
        let mut diagnostic = Diagnostic::new(format!("{name} of {host}: {error}"))
            .note("variables that tell how a host is reached cannot use facts");
        diagnostic.hints.clone_from(&error.hints);
        self.unusable(host, name, diagnostic)
    }

    /// Points at where the variable is set, if a file sets it.
    fn unusable(&self, host: &str, name: &str, mut diagnostic: Diagnostic) -> Failure {
        let layers = self.inventory.layers_for(host);
        if let Some(node) = layers.iter().rev().find_map(|layer| layer.variables.get(name))
            && !self.extra_vars.contains_key(name)
        {
            diagnostic = diagnostic.at(node.origin(), node.span.length);
        }
        Failure::diagnostics(diagnostic.into(), self.sources.clone())
    }
}
