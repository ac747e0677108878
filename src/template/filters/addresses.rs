//! `ipaddr`, `ipv4` and `ipv6`: what a mail server's playbook asks of them.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use minijinja::Error;
use minijinja::value::{Value, ValueKind};

use super::super::environment::Registry;
use super::{Arguments, invalid, items_of, text_of, undefined};

pub(super) fn register(registry: &mut Registry) {
    for collection in ["", "ansible.utils.", "ansible.netcommon."] {
        registry.filter_as(&format!("{collection}ipaddr"), |value, arguments| filter(value, arguments, None));
        registry.filter_as(&format!("{collection}ipv4"), |value, arguments| filter(value, arguments, Some(4)));
        registry.filter_as(&format!("{collection}ipv6"), |value, arguments| filter(value, arguments, Some(6)));
    }
}

const QUERIES: &str = "address, network, netmask, prefix, network/prefix, address/prefix, hostmask, broadcast, size, \
                       version, type, revdns, wrap, private, public, loopback, link-local, multicast, or a network";

/// An address, or an address within its network.
struct Given {
    address: IpAddr,
    net: IpNet,
    with_prefix: bool,
}

impl FromStr for Given {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self { address, net: IpNet::from(address), with_prefix: false });
        }
        let net = if let Ok(net) = text.parse::<IpNet>() {
            net
        } else {
            // The mask may be written as an address.
            let (address, mask) = text.split_once('/').ok_or(())?;
            IpNet::with_netmask(address.parse().map_err(|_| ())?, mask.parse().map_err(|_| ())?).map_err(|_| ())?
        };
        Ok(Self { address: net.addr(), net, with_prefix: true })
    }
}

fn filter(value: &Value, arguments: &mut Arguments<'_>, version: Option<u8>) -> Result<Value, Error> {
    let query = arguments.text("query")?.unwrap_or_default();
    arguments.end()?;
    ask(value, &query, version)
}

/// The answer to a query, or false. Of a list, the answers of its items that have one.
fn ask(value: &Value, query: &str, version: Option<u8>) -> Result<Value, Error> {
    match value.kind() {
        ValueKind::Undefined => Err(undefined()),
        ValueKind::Seq | ValueKind::Iterable => {
            let answers = items_of(value)?.into_iter().map(|item| ask(&item, query, version));
            answers.filter(|answer| answer.as_ref().map_or(true, Value::is_true)).collect()
        }
        ValueKind::String => {
            let text = text_of(value)?;
            let given =
                text.parse::<Given>().ok().filter(|given| version.is_none_or(|wanted| given.version() == wanted));
            match given {
                Some(given) => Ok(given.answer(&text, query)?.unwrap_or_else(|| Value::from(false))),
                None => Ok(Value::from(false)),
            }
        }
        _ => Ok(Value::from(false)),
    }
}

impl Given {
    fn version(&self) -> u8 {
        if self.address.is_ipv4() { 4 } else { 6 }
    }

    fn is_network(&self) -> bool {
        self.net.prefix_len() < self.net.max_prefix_len() && self.address == self.net.network()
    }

    /// A network as such is no host's address, except in networks of two addresses and in IPv6.
    fn is_host(&self) -> bool {
        !self.is_network() || self.version() == 6 || self.net.max_prefix_len() - self.net.prefix_len() < 2
    }

    fn answer(&self, text: &str, query: &str) -> Result<Option<Value>, Error> {
        let prefix = self.net.prefix_len();
        let bits = u32::from(self.net.max_prefix_len() - prefix);
        let if_so = |holds: bool| holds.then(|| Value::from(text));
        let shown = |value: String| Some(Value::from(value));
        Ok(match query {
            "" if self.with_prefix => shown(self.net.to_string()),
            "" => shown(self.address.to_string()),
            "address" | "ip" => self.is_host().then(|| Value::from(self.address.to_string())),
            "network" | "network_id" => shown(self.net.network().to_string()),
            "netmask" => shown(self.net.netmask().to_string()),
            "hostmask" | "wildcard" => shown(self.net.hostmask().to_string()),
            "prefix" => Some(Value::from(prefix)),
            "network/prefix" | "subnet" => shown(self.net.trunc().to_string()),
            "address/prefix" | "host/prefix" => {
                let at_edge = self.address == self.net.network() || self.address == self.net.broadcast();
                (bits < 2 || !at_edge).then(|| Value::from(format!("{}/{prefix}", self.address)))
            }
            "broadcast" => (bits > 1).then(|| Value::from(self.net.broadcast().to_string())),
            "size" => 1_u128.checked_shl(bits).map(Value::from),
            "version" => Some(Value::from(self.version())),
            "type" => Some(Value::from(if self.is_network() { "network" } else { "address" })),
            "revdns" => shown(reverse_name(self.address)),
            "wrap" if self.version() == 6 && self.with_prefix => shown(format!("[{}]/{prefix}", self.address)),
            "wrap" if self.version() == 6 => shown(format!("[{}]", self.address)),
            "wrap" => Some(Value::from(text)),
            "bool" => Some(Value::from(true)),
            "ipv4" | "v4" => if_so(self.version() == 4),
            "ipv6" | "v6" => if_so(self.version() == 6),
            "private" => if_so(is_private(self.address)),
            "public" => if_so(is_public(self.address)),
            "loopback" | "lo" => if_so(self.address.is_loopback()),
            "link-local" => if_so(is_link_local(self.address)),
            "multicast" => if_so(self.address.is_multicast()),
            within => {
                let wanted = within.parse::<Given>().map_err(|()| invalid(format!("the query must be {QUERIES}")))?;
                if_so(wanted.net.contains(&self.net))
            }
        })
    }
}

/// The name of the PTR record (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(address) => {
            let digits: Vec<char> =
                address.octets().iter().flat_map(|byte| format!("{byte:02x}").chars().collect::<Vec<_>>()).collect();
            let reversed: Vec<String> = digits.iter().rev().map(char::to_string).collect();
            format!("{}.ip6.arpa.", reversed.join("."))
        }
    }
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Addresses that may not be seen on the Internet: private, shared, loopback, link-local and
/// documentation (IANA special-purpose registries).
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_documentation()
                || address.is_unspecified()
                || address.is_broadcast()
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (18..20).contains(&b))
                || a >= 240
        }
        IpAddr::V6(address) => {
            let [a, b, ..] = address.segments();
            address.is_unique_local()
                || address.is_loopback()
                || address.is_unicast_link_local()
                || address.is_unspecified()
                || (a == 0x2001 && b == 0xdb8)
        }
    }
}

fn is_public(address: IpAddr) -> bool {
    !is_private(address) && !address.is_multicast()
}
