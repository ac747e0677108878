//! Questions to the host's own name servers, as Postfix asks them: by DNS, past /etc/hosts.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use simple_dns::rdata::{OPT, RData};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, TYPE};

/// How long one server may take; resolv.conf(5) has 5 s, of which nobody wants to wait for all.
const PATIENCE: Duration = Duration::from_secs(2);

/// The servers of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver {
    servers: Vec<IpAddr>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DnsError {
    /// /etc/resolv.conf names none.
    #[error("/etc/resolv.conf names no server")]
    NoServer,
    /// None of the servers answered in time.
    #[error("no answer from {0}")]
    NoAnswer(String),
    /// The server would not.
    #[error("{server} answered {code}")]
    Refused {
        /// Which.
        server: IpAddr,
        /// `SERVFAIL`, ...
        code: String,
    },
    /// The name is none.
    #[error("{0} is no domain name")]
    BadName(String),
}

impl Resolver {
    /// The servers that a resolv.conf(5) names; an IPv6 zone is left out.
    #[must_use]
    pub fn from_text(resolv_conf: &str) -> Self {
        let servers = resolv_conf.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            (words.next() == Some("nameserver")).then(|| words.next()?.split('%').next()?.parse().ok()).flatten()
        });
        // glibc takes three.
        Self { servers: servers.take(3).collect() }
    }

    /// Each server with the time that it took to answer a question for a name's address.
    #[must_use]
    pub fn each(&self, name: &str) -> Vec<(IpAddr, Result<Duration, DnsError>)> {
        let alone = |&server: &IpAddr| {
            let began = Instant::now();
            let answer = Self { servers: vec![server] }.addresses(name);
            (server, answer.map(|_| began.elapsed()))
        };
        self.servers.iter().map(alone).collect()
    }

    /// The IPv4 addresses of a name; none when the name is not there.
    ///
    /// # Errors
    /// When no server gives an answer.
    pub fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, DnsError> {
        self.ask(name, TYPE::A, |data| match data {
            RData::A(a) => Some(IpAddr::from(a.address.to_be_bytes())),
            _ => None,
        })
    }

    /// The names that an address points back to.
    ///
    /// # Errors
    /// When no server gives an answer.
    pub fn pointers(&self, address: IpAddr) -> Result<Vec<String>, DnsError> {
        self.ask(&reverse(address), TYPE::PTR, |data| match data {
            RData::PTR(pointer) => Some(text(&pointer.0)),
            _ => None,
        })
    }

    /// The mail exchangers of a domain, most wanted first.
    ///
    /// # Errors
    /// When no server gives an answer.
    pub fn exchangers(&self, domain: &str) -> Result<Vec<String>, DnsError> {
        let mut found = self.ask(domain, TYPE::MX, |data| match data {
            RData::MX(mx) => Some((mx.preference, text(&mx.exchange))),
            _ => None,
        })?;
        found.sort();
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    /// The texts of a name, each in one piece (RFC 6376, 3.6.2.2).
    ///
    /// # Errors
    /// When no server gives an answer.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, DnsError> {
        self.ask(name, TYPE::TXT, |data| match data {
            RData::TXT(text) => String::try_from(text.clone()).ok(),
            _ => None,
        })
    }

    fn ask<T>(&self, name: &str, kind: TYPE, pick: impl Fn(&RData<'_>) -> Option<T>) -> Result<Vec<T>, DnsError> {
        let question = question(name, kind).ok_or_else(|| DnsError::BadName(name.to_owned()))?;
        let mut last = DnsError::NoServer;
        for &server in &self.servers {
            match exchange(server, &question) {
                Ok(bytes) => match read(&bytes, kind, &pick) {
                    Ok(found) => return Ok(found),
                    Err(code) => last = DnsError::Refused { server, code },
                },
                Err(_) => last = DnsError::NoAnswer(server.to_string()),
            }
        }
        Err(last)
    }
}

/// The identity of every question: each has a socket of its own, bound to a port of the kernel's choice and
/// connected to the server.
const ID: u16 = 0x6d70;

fn question(name: &str, kind: TYPE) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(ID);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).ok()?;
    // A key does not fit into the 512 bytes of RFC 1035; 1232 pass every network (RFC 6891).
    if kind == TYPE::TXT {
        *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: 1232, version: 0 });
    }
    packet.questions.push(Question::new(name, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
    packet.build_bytes_vec().ok()
}

fn exchange(server: IpAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let any: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect((server, 53))?;
    socket.send(question)?;
    let deadline = Instant::now() + PATIENCE;
    let mut answer = vec![0; 4096];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        let count = socket.recv(&mut answer)?;
        if answer.get(..2) == Some(&ID.to_be_bytes()) {
            answer.truncate(count);
            return Ok(answer);
        }
    }
}

fn read<T>(bytes: &[u8], kind: TYPE, pick: &impl Fn(&RData<'_>) -> Option<T>) -> Result<Vec<T>, String> {
    let packet = Packet::parse(bytes).map_err(|error| format!("nonsense: {error}"))?;
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Err("more than fits into a datagram".to_owned());
    }
    match packet.rcode() {
        // Answers may hold the CNAME on the way, too.
        RCODE::NoError => {
            let wanted = packet.answers.iter().filter(|record| record.rdata.type_code() == kind);
            Ok(wanted.filter_map(|record| pick(&record.rdata)).collect())
        }
        RCODE::NameError => Ok(Vec::new()),
        other => Err(format!("{other:?}")),
    }
}

fn text(name: &Name<'_>) -> String {
    name.to_string().trim_end_matches('.').to_ascii_lowercase()
}

/// `7.2.0.192.in-addr.arpa` (RFC 1035 section 3.5, RFC 3596 section 2.5).
fn reverse(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(address) => {
            let nibbles = address.octets().into_iter().rev().flat_map(|byte| [byte & 15, byte >> 4]);
            let nibbles: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
            format!("{}.ip6.arpa", nibbles.join("."))
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_is_read_as_glibc_reads_it() {
        let resolver = Resolver::from_text(
            "# x\nsearch lan\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver nonsense\n\
             nameserver 192.0.2.2\nnameserver 192.0.2.3\n",
        );
        let servers: Vec<String> = resolver.servers.iter().map(IpAddr::to_string).collect();
        assert_eq!(servers, ["192.0.2.1", "fe80::1", "192.0.2.2"]);
        assert!(matches!(Resolver::from_text("").addresses("a.example"), Err(DnsError::NoServer)));
    }

    #[test]
    fn addresses_are_turned_round() {
        assert_eq!(reverse("192.0.2.7".parse().unwrap()), "7.2.0.192.in-addr.arpa");
        assert!(reverse("2001:db8::1".parse().unwrap()).starts_with("1.0.0.0."));
        assert!(reverse("2001:db8::1".parse().unwrap()).ends_with(".8.b.d.0.1.0.0.2.ip6.arpa"));
    }

    #[test]
    fn questions_can_be_parsed() {
        let bytes = question("example.org", TYPE::MX).unwrap();
        let packet = Packet::parse(&bytes).unwrap();
        assert_eq!((packet.id(), packet.questions.len()), (ID, 1));
        assert!(question(&"x".repeat(70), TYPE::A).is_none());
    }
}
