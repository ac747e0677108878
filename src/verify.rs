//! Whether a host is the mail server that it was to become, asked on the host itself.
//!
//! Everything here only looks: files, programs that answer questions, dialogues that end before a message, and messages
//! to a receiver of our own. One file a group of checks; a check that cannot be asked says so and is never a pass.

mod certificate;
mod config;
mod dkim;
mod dns;
mod firewall;
mod flow;
mod host;
mod live;
mod log;
mod logged;
mod maps;
mod outbound;
mod package;
mod queue;
mod relay;
mod rewriting;
mod service;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use self::dkim::Dkim;
use crate::event::{Check, Outside};
use crate::host::{CommandOutput, CommandSpec, FileState, Host, Key, State};
use crate::probe::{Checks, outside::contains};

/// What the host shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an argument of its own in a playbook")]
pub struct Spec {
    /// The server's full name.
    pub fqdn: String,
    /// The mail domain.
    pub domain: String,
    /// The server's own address, as others see it.
    pub address: Option<IpAddr>,
    /// All its addresses.
    pub addresses: Vec<IpAddr>,
    /// The networks that may send.
    pub networks: Vec<String>,
    /// The one sender; none when senders stay as they are.
    pub sender: Option<String>,
    /// Who receives for the domain.
    pub domain_mode: DomainMode,
    /// Where the domain's mail is handed to whatever its MX, as in transport(5).
    pub relay_transport: Option<String>,
    /// Port 25 offers TLS.
    pub tls: bool,
    /// Port 587 takes mail over TLS.
    pub submission: bool,
    /// Port 465 takes mail over TLS.
    pub smtps: bool,
    /// Clients can log in on ports 587 and 465.
    pub sasl: bool,
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
    /// Days before the certificate's end from which on it is worth a warning.
    pub renew_before: i64,
    /// Where a message is sent to and followed, if anywhere.
    pub send_to: Option<String>,
    /// The firewall is to be open for mail.
    pub firewall: bool,
    /// Who signs what is sent, if anybody does.
    pub dkim: Option<Dkim>,
    /// Seconds since the epoch, when the run began.
    pub now: i64,
    /// Ids of checks that are required though they are not by default.
    pub required: Vec<String>,
    /// Ids of checks that are not required though they are by default.
    pub advisory: Vec<String>,
}

/// Who receives for the mail domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DomainMode {
    /// This host.
    Local,
    /// This host takes it and hands it on.
    Relay,
    /// Another server.
    Elsewhere,
}

/// What was found, and what the controller needs for its own look.
pub struct Found {
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// For the controller.
    pub outside: Outside,
}

/// Why a check has nothing to look at.
const NO_POSTFIX: &str = "there is no Postfix on this host";

/// What the checks share.
struct Look<'a> {
    host: &'a mut dyn Host,
    spec: &'a Spec,
    checks: Checks,
    /// There is a Postfix to be asked.
    has_postfix: bool,
    /// Why it cannot be told what main.cf sets.
    unreadable: Option<String>,
}

/// Makes every check. A host that cannot even be asked gives checks that are not testable.
pub fn look(host: &mut dyn Host, spec: &Spec) -> Found {
    let checks = Checks::new(&spec.required, &spec.advisory);
    let mut look = Look::new(host, spec, checks);
    look.has_postfix = package::is_there(&mut look);
    look.unreadable = config::unreadable(&mut look);
    host::look(&mut look);
    package::look(&mut look);
    service::look(&mut look);
    let fingerprint = look.of_postfix(|look| {
        config::look(look);
        look.of_settings(maps::look);
        let fingerprint = certificate::look(look);
        live::look(look, fingerprint.as_deref());
        look.of_settings(|look| {
            relay::look(look);
            rewriting::look(look);
            flow::look(look);
        });
        fingerprint
    });
    firewall::look(&mut look);
    look.of_postfix(queue::look);
    dns::look(&mut look);
    // Last, since a daemon that dies says so only when it is needed.
    look.of_postfix(log::look);
    let outside = Outside {
        fqdn: spec.fqdn.clone(),
        addresses: spec.address.iter().chain(&spec.addresses).map(IpAddr::to_string).collect(),
        networks: spec.networks.clone(),
        submission: spec.submission,
        smtps: spec.smtps,
        tls: spec.tls,
        certificate: fingerprint,
        required: spec.required.clone(),
        advisory: spec.advisory.clone(),
    };
    Found { checks: look.checks.into_vec(), outside }
}

impl<'a> Look<'a> {
    fn new(host: &'a mut dyn Host, spec: &'a Spec, checks: Checks) -> Self {
        Self { host, spec, checks, has_postfix: true, unreadable: None }
    }
}

impl Look<'_> {
    /// Checks of Postfix: where there is none they could only pass emptily, or fail for that one reason.
    fn of_postfix<T>(&mut self, group: impl FnOnce(&mut Self) -> T) -> T {
        let why = (!self.has_postfix).then(|| NO_POSTFIX.to_owned());
        self.moot(why, group)
    }

    /// Checks of what main.cf sets: where it cannot be read, no answer is no empty value.
    fn of_settings<T>(&mut self, group: impl FnOnce(&mut Self) -> T) -> T {
        let why = self.unreadable.clone();
        self.moot(why, group)
    }

    /// Checks that cannot be made for this reason, if there is one; or for that of those around them.
    fn moot<T>(&mut self, why: Option<String>, group: impl FnOnce(&mut Self) -> T) -> T {
        let around = self.checks.set_moot(None);
        self.checks.set_moot(around.clone().or(why));
        let found = group(self);
        self.checks.set_moot(around);
        found
    }

    /// What a program answers, or why it cannot be asked.
    fn ask(&mut self, argv: &[&str]) -> Result<CommandOutput, String> {
        self.host.query(&CommandSpec::new(argv)).map_err(|error| error.to_string())
    }

    /// A parameter's value as Postfix uses it, with other parameters filled in; empty when it cannot be told.
    fn parameter(&mut self, name: &str) -> String {
        self.ask(&["postconf", "-hx", name]).map(|output| output.stdout_text()).unwrap_or_default()
    }

    /// The bytes of a file and its permission bits; `None` when it is no file.
    fn file(&mut self, path: &str) -> Option<(Vec<u8>, FileState)> {
        match self.host.read(&Key::File(path.to_owned())) {
            Ok(State::File(state @ FileState::Regular { .. })) => match &state {
                FileState::Regular { content, .. } => content.bytes().map(<[u8]>::to_vec).map(|bytes| (bytes, state)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Where the server is asked as one who may send asks: at its own address and not the loopback, which a server that
    /// listens to itself alone answers, too; unless its own address may not send.
    fn address(&self) -> IpAddr {
        let networks = &self.spec.networks;
        let loopback = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let known = self.spec.address.into_iter().chain(loopback).find(|address| contains(networks, *address));
        known.unwrap_or(loopback[0])
    }

    /// The host's own addresses from which nobody may send, as an outsider would; of the kind that the server is asked at.
    fn outside_addresses(&self) -> Vec<IpAddr> {
        let is_outside = |address: &IpAddr| {
            let is_of_kind = address.is_ipv4() == self.address().is_ipv4();
            is_of_kind && !address.is_loopback() && !contains(&self.spec.networks, *address)
        };
        self.spec.addresses.iter().copied().filter(is_outside).collect()
    }
}

/// The first line of a text, cut to what fits a line of a report.
fn line(text: &str) -> String {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    first.trim().chars().take(200).collect()
}
