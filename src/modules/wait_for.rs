//! `wait_for`: waits for a port or a file.

#[cfg(test)]
mod tests;

use std::io::Read;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use regex::bytes::Regex;
use serde_json::Map;

use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::event::Failure;
use crate::host::{CommandSpec, FileState};
use crate::probe::tls;

/// Bytes that a greeting may have before it is given up.
const MAX_GREETING: usize = 64 * 1024;

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("host", ArgKind::Str, "Name or address to connect to, seen from the managed host.")
            .default("127.0.0.1"),
        ArgSpec::new("port", ArgKind::Int, "TCP port."),
        ArgSpec::new("path", ArgKind::Path, "A file, in the place of a port."),
        ArgSpec::new(
            "state",
            ArgKind::Choice(&["started", "present", "stopped", "absent"]),
            "started and present: until the port is open or the file is there; stopped and absent: until it is not.",
        )
        .default("started"),
        ArgSpec::new(
            "search_regex",
            ArgKind::Str,
            "Also wait until the file, or what the port sends by itself, matches this regular expression.",
        ),
        ArgSpec::new(
            "tls",
            ArgKind::Bool,
            "The port speaks TLS from the first byte, as 465 does; any certificate will do. Ansible has no such argument.",
        )
        .default("no"),
        ArgSpec::new("timeout", ArgKind::Int, "Seconds until it fails; without port and path, seconds to wait.")
            .default("300"),
        ArgSpec::new("connect_timeout", ArgKind::Int, "Seconds for one attempt to connect.").default("5"),
        ArgSpec::new("delay", ArgKind::Int, "Seconds to wait before the first look.").default("0"),
        ArgSpec::new("sleep", ArgKind::Int, "Seconds between two looks.").default("1"),
        ArgSpec::new("msg", ArgKind::Str, "What to say on failure, in the place of the usual text."),
    ],
    returns: &[("elapsed", "seconds waited"), ("match_groups", "the groups of search_regex")],
    example: "- name: Postfix greets\n  wait_for:\n    port: 25\n    search_regex: '^220 '\n    timeout: 30\n",
    ..ModuleSpec::new("wait_for", "ansible.builtin", "Wait for a TCP port or a file. Skipped in check mode.")
};

/// Seconds that any wait is cut to: a year, which no clock overflows on.
const LONGEST: u64 = 365 * 86_400;

/// What is waited for.
enum Goal {
    Port { addresses: Vec<SocketAddr>, shown: String, tls: bool },
    Path(String),
}

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    if !context.host.is_in_force() {
        let skipped = Some("nothing is waited for in check mode".to_owned());
        return Ok(Outcome { changed: Some(false), skipped, ..Outcome::default() });
    }
    let started = Instant::now();
    let regex = args.str("search_regex").map(Regex::new).transpose();
    let regex = regex.map_err(|error| ModuleError::argument("search_regex", error.to_string()))?;
    let goal = goal(args, context)?;
    context.pause(seconds(args, "delay"))?;
    let deadline = started + seconds(args, "timeout");
    let wants_it = wants_it(args)?;
    loop {
        let Some(goal) = &goal else {
            context.pause(deadline.saturating_duration_since(Instant::now()))?;
            return Ok(done(started, Vec::new()));
        };
        let found = look(goal, regex.as_ref().filter(|_| wants_it), seconds(args, "connect_timeout"), context)?;
        match found {
            Some(groups) if wants_it => return Ok(done(started, groups)),
            None if !wants_it => return Ok(done(started, Vec::new())),
            _ => {}
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(timeout(args, goal, wants_it, regex.as_ref(), started));
        }
        context.pause(left.min(seconds(args, "sleep").max(Duration::from_millis(50))))?;
    }
}

/// Until it is there, and not until it is gone.
fn wants_it(args: &Args) -> Result<bool, ModuleError> {
    Ok(matches!(args.need_str("state")?, "started" | "present"))
}

fn seconds(args: &Args, name: &str) -> Duration {
    let seconds = args.int(name).and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
    Duration::from_secs(seconds.min(LONGEST))
}

fn goal(args: &Args, context: &mut Context<'_>) -> Result<Option<Goal>, ModuleError> {
    match (args.int("port"), paths::argument(args, "path")?) {
        (Some(_), Some(_)) => Err(ModuleError::argument("port, path", "only one of these can be given")),
        (None, path) => Ok(path.map(Goal::Path)),
        (Some(port), None) => {
            let port = u16::try_from(port).map_err(|_| ModuleError::argument("port", "is not between 0 and 65535"))?;
            let host = args.need_str("host")?;
            let addresses = addresses(host, context)?.into_iter().map(|address| SocketAddr::new(address, port));
            let shown = format!("{host}:{port}");
            // A port on which nobody listens has no TLS either.
            let tls = args.flag("tls") && wants_it(args)?;
            Ok(Some(Goal::Port { addresses: addresses.collect(), shown, tls }))
        }
    }
}

/// The agent is linked statically and so without the system's resolver; `getent` has it.
fn addresses(host: &str, context: &mut Context<'_>) -> Result<Vec<IpAddr>, ModuleError> {
    match host.parse() {
        Ok(address) => return Ok(vec![address]),
        Err(_) if host == "localhost" => {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        Err(_) => {}
    }
    let output = context.host.query(&CommandSpec::new(&["getent", "ahosts", "--", host]))?;
    let mut found: Vec<IpAddr> = Vec::new();
    for line in output.stdout_text().lines() {
        let address = line.split_whitespace().next().and_then(|word| word.parse().ok());
        found.extend(address.filter(|address| !found.contains(address)));
    }
    if found.is_empty() { Err(ModuleError::argument("host", format!("{host} has no address"))) } else { Ok(found) }
}

/// The groups of the match, or none without a regular expression, when the goal is there.
fn look(
    goal: &Goal,
    regex: Option<&Regex>,
    limit: Duration,
    context: &mut Context<'_>,
) -> Result<Option<Vec<String>>, ModuleError> {
    match goal {
        Goal::Path(path) => Ok(match (context.file(path)?, regex) {
            (FileState::Regular { content, .. }, Some(regex)) => content.bytes().and_then(|bytes| groups(regex, bytes)),
            (FileState::Absent | FileState::Unknown, _) | (_, Some(_)) => None,
            (_, None) => Some(Vec::new()),
        }),
        Goal::Port { addresses, tls, .. } => Ok(addresses.iter().find_map(|address| {
            // A limit of zero is an error to the system call.
            let limit = limit.max(Duration::from_millis(1));
            let socket = TcpStream::connect_timeout(address, limit).ok()?;
            let mut stream: Box<dyn Read> =
                if *tls { Box::new(encrypted(&socket, *address, limit)?) } else { Box::new(socket.try_clone().ok()?) };
            regex.map_or(Some(Vec::new()), |regex| greeting(&mut stream, &socket, regex, limit))
        })),
    }
}

/// The same connection after a handshake.
fn encrypted(socket: &TcpStream, address: SocketAddr, limit: Duration) -> Option<tls::Encrypted> {
    socket.set_read_timeout(Some(limit)).ok()?;
    let name = address.ip().to_string();
    tls::handshake(socket.try_clone().ok()?, &name, tls::Versions::Any).ok().map(|(stream, _)| stream)
}

/// Reads what the other side sends by itself until it matches, ends, or takes too long. `socket` is what `stream` reads from.
fn greeting(stream: &mut impl Read, socket: &TcpStream, regex: &Regex, limit: Duration) -> Option<Vec<String>> {
    let deadline = Instant::now() + limit;
    let mut text = Vec::new();
    let mut buffer = [0; 1024];
    while text.len() < MAX_GREETING {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        socket.set_read_timeout(Some(left)).ok()?;
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => text.extend_from_slice(&buffer[..count]),
        }
        if let Some(groups) = groups(regex, &text) {
            return Some(groups);
        }
    }
    None
}

fn groups(regex: &Regex, text: &[u8]) -> Option<Vec<String>> {
    let captures = regex.captures(text)?;
    let text = |group: Option<regex::bytes::Match<'_>>| {
        group.map_or_else(String::new, |group| String::from_utf8_lossy(group.as_bytes()).into_owned())
    };
    Some(captures.iter().skip(1).map(text).collect())
}

fn done(started: Instant, groups: Vec<String>) -> Outcome {
    let values = Map::from_iter([
        ("elapsed".to_owned(), started.elapsed().as_secs().into()),
        ("match_groups".to_owned(), groups.into()),
    ]);
    Outcome { changed: Some(false), values, ..Outcome::default() }
}

fn timeout(args: &Args, goal: &Goal, wants_it: bool, regex: Option<&Regex>, started: Instant) -> ModuleError {
    let name = match goal {
        Goal::Port { shown, .. } => shown,
        Goal::Path(path) => path,
    };
    let what = match (wants_it, regex) {
        (true, Some(regex)) => format!("to match {regex}"),
        (true, None) => "to be there".to_owned(),
        (false, _) => "to be gone".to_owned(),
    };
    let waited = started.elapsed().as_secs();
    let message = args.str("msg").map_or_else(|| format!("waited {waited} s for {name} {what}"), str::to_owned);
    let values = Map::from_iter([("elapsed".to_owned(), waited.into())]);
    ModuleError::Failed { failure: Box::new(Failure { message, ..Failure::default() }), values }
}
