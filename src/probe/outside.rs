//! What the controller sees of a server over the network.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use ipnet::IpNet;

use super::catalogue as c;
use super::dialogue::{self, Server};
use super::smtp::{Smtp, SmtpError};
use super::tls::Versions;
use super::{Checks, Finding};
use crate::event::{Check, Outside};

/// How the controller greets.
const NAME: &str = "mailprov-verify.invalid";

/// Whether an address is in one of the networks; what is no network contains nothing.
#[must_use]
pub fn contains(networks: &[String], address: IpAddr) -> bool {
    networks.iter().filter_map(|network| network.parse::<IpNet>().ok()).any(|network| network.contains(&address))
}

/// Looks. Takes a few seconds at most; blocks.
#[must_use]
pub fn look(outside: &Outside) -> Vec<Check> {
    let mut checks = Checks::new(&outside.required, &outside.advisory);
    let Some(address) = outside.addresses.iter().find_map(|address| address.parse::<IpAddr>().ok()) else {
        checks.add(&c::OUTSIDE_PORT, Finding::not_testable("the host has told no address of its own"));
        return checks.into_vec();
    };
    let server = Server {
        fqdn: &outside.fqdn,
        address,
        sender: "",
        tls: outside.tls,
        submission: outside.submission,
        smtps: outside.smtps,
        sasl: false,
        certificate: outside.certificate.as_deref(),
        forbids_bare_newline: false,
    };
    let inside = own_address(address).map(|own| (own, contains(&outside.networks, own)));
    match Smtp::meet(SocketAddr::new(address, 25), None, NAME) {
        Ok(met) => {
            checks.add(
                &c::OUTSIDE_PORT,
                Finding::good(format!("{address} port 25 answered after {} ms", met.time.as_millis())),
            );
            checks.add(&c::OUTSIDE_BANNER, server.banner(&met));
            met.smtp.quit();
            if server.tls {
                encrypted(&server, &mut checks);
            }
            if server.submission {
                checks.add(&c::OUTSIDE_SUBMISSION, over_tls(&server, 587, "smtp-submission"));
            }
            if server.smtps {
                checks.add(&c::OUTSIDE_SMTPS, over_tls(&server, 465, "smtps"));
            }
            checks.add(
                &c::OUTSIDE_RELAY,
                match inside {
                    Some((own, true)) => Finding::not_testable(format!(
                        "the controller's address {own} is inside the networks that may send; ask from outside of them"
                    )),
                    Some((_, false)) => dialogue::relay(&server, None),
                    None => Finding::not_testable("the controller cannot tell its own address"),
                },
            );
        }
        Err(error) => checks.add(&c::OUTSIDE_PORT, unreached(address, inside, &error)),
    }
    checks.into_vec()
}

/// Who is inside the networks has to reach port 25; for others a firewall on the way may be what is wanted.
fn unreached(address: IpAddr, inside: Option<(IpAddr, bool)>, error: &SmtpError) -> Finding {
    match inside {
        Some((own, true)) => Finding::bad(
            format!("from {own}, which may send: {error}"),
            format!("open port 25 of {address} in the host's firewall and on the way there"),
        ),
        _ => Finding::not_testable(format!("the controller is outside the networks that may send, and has {error}")),
    }
}

fn encrypted(server: &Server<'_>, checks: &mut Checks) {
    match server.session(25, Versions::Any) {
        Ok((met, session)) => {
            checks.add(&c::OUTSIDE_TLS, Finding::good(format!("{} {}", session.protocol, session.cipher)));
            checks.add(&c::OUTSIDE_SERVED, server.served(&session));
            met.smtp.quit();
        }
        Err(error) => {
            let remedy = "something between here and the host may take STARTTLS away; compare with the host's own view";
            checks.add(&c::OUTSIDE_TLS, Finding::bad(error.to_string(), remedy));
            checks.add(&c::OUTSIDE_SERVED, Finding::not_testable("STARTTLS does not work"));
        }
    }
}

fn over_tls(server: &Server<'_>, port: u16, service: &str) -> Finding {
    match server.session(port, Versions::Any) {
        Ok((met, session)) => {
            met.smtp.quit();
            Finding::good(format!("{} {}", session.protocol, session.cipher))
        }
        Err(error) => {
            Finding::bad(error.to_string(), format!("open the service {service} (port {port}) in the firewall"))
        }
    }
}

/// The address that this machine has towards another one; no packet is sent.
fn own_address(other: IpAddr) -> Option<IpAddr> {
    let any: SocketAddr = if other.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect((other, 25)).ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}
