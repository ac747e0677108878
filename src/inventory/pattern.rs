//! Host patterns: `mail*:&tokyo:!mail3`, `db,~web\d+`, `mail[0:2]`.

use std::collections::HashSet;
use std::net::Ipv6Addr;

use regex::Regex;

use super::Inventory;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// Names that mean this machine even when no inventory has them.
pub(super) const LOCALHOST: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A pattern matched something else than the user can have meant; boxed, since it is large.
type Refused = Box<Diagnostic>;

/// The hosts that a pattern names, in the inventory's order.
pub(super) fn select(inventory: &Inventory, pattern: &str) -> Result<Vec<String>, Refused> {
    if let Some(part) = split(pattern).into_iter().find(|part| part.starts_with('@')) {
        let problem = Diagnostic::new(format!("`{part}`: a file of hosts can only be given to --limit"));
        return Err(Box::new(problem));
    }
    evaluate(inventory, &split(pattern))
}

/// The hosts that a pattern of `--limit` names: `@FILE` stands for the patterns in the lines of a file.
pub(super) fn limit(inventory: &Inventory, pattern: &str) -> Result<Vec<String>, Refused> {
    let mut parts = Vec::new();
    for part in split(pattern) {
        match part.strip_prefix('@') {
            Some(path) => parts.extend(lines_of(path)?),
            None => parts.push(part),
        }
    }
    evaluate(inventory, &parts)
}

fn lines_of(path: &str) -> Result<Vec<String>, Refused> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Box::new(Diagnostic::new(format!("cannot read the file of --limit {path}: {error}"))))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let lines: Vec<_> = lines.map(str::to_owned).collect();
    if lines.is_empty() {
        // Ansible would take all hosts then.
        return Err(Box::new(Diagnostic::new(format!("the file of --limit {path} names no host"))));
    }
    Ok(lines)
}

fn evaluate(inventory: &Inventory, parts: &[String]) -> Result<Vec<String>, Refused> {
    let has_plain = parts.iter().any(|part| !part.starts_with(['&', '!']));
    let mut chosen: HashSet<String> = HashSet::new();
    if !has_plain && !parts.is_empty() {
        chosen.extend(inventory.hosts().map(str::to_owned));
    }
    // As in Ansible, unions first, then intersections, then exclusions, wherever they stand.
    for sign in [None, Some('&'), Some('!')] {
        for part in parts {
            let (found_sign, name) = match part.strip_prefix(['&', '!']) {
                Some(name) => (part.chars().next(), name),
                None => (None, part.as_str()),
            };
            if found_sign != sign {
                continue;
            }
            // Of a host and a group of one name, the name alone is the host.
            let plain_host = sign.is_none() && inventory.has_host(name);
            let matched = if plain_host { vec![name.to_owned()] } else { one(inventory, name)? };
            let matched: HashSet<String> = matched.into_iter().collect();
            match sign {
                Some('&') => chosen.retain(|host| matched.contains(host)),
                Some('!') => chosen.retain(|host| !matched.contains(host)),
                _ => chosen.extend(matched),
            }
        }
    }
    let mut hosts: Vec<_> = inventory.hosts().filter(|host| chosen.contains(*host)).map(str::to_owned).collect();
    hosts.extend(
        LOCALHOST.iter().filter(|name| chosen.contains(**name) && !inventory.has_host(name)).map(ToString::to_string),
    );
    Ok(hosts)
}

/// Commas separate; without any, colons outside of brackets do, unless the whole is a host with a range or an address.
fn split(pattern: &str) -> Vec<String> {
    let trimmed = |parts: Vec<&str>| {
        parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    if pattern.contains(',') {
        return trimmed(pattern.split(',').collect());
    }
    if pattern.parse::<Ipv6Addr>().is_ok() {
        return vec![pattern.to_owned()];
    }
    let mut depth = 0_i32;
    trimmed(
        pattern
            .split(|c: char| {
                match c {
                    '[' => depth += 1,
                    ']' => depth -= 1,
                    _ => {}
                }
                (c == ':' || c.is_whitespace()) && depth <= 0
            })
            .collect(),
    )
}

fn one(inventory: &Inventory, pattern: &str) -> Result<Vec<String>, Refused> {
    let (name, subscript) = match subscript(pattern) {
        Some((name, subscript)) if !pattern.starts_with('~') => (name, Some(subscript)),
        _ => (pattern, None),
    };
    let mut hosts = matches_of(inventory, name)?;
    if hosts.is_empty() && LOCALHOST.contains(&name) {
        hosts.push(name.to_owned());
    }
    if hosts.is_empty() && !inventory.groups().any(|group| group == name) {
        return Err(Box::new(unknown(inventory, name)));
    }
    let Some(subscript) = subscript else { return Ok(hosts) };
    if inventory.tree.groups.contains_key(name) {
        hosts = inventory.tree.counted_members(name);
    }
    let count = hosts.len();
    let single = subscript.is_single();
    let chosen = subscript.apply(hosts);
    if chosen.is_empty() && single {
        let problem = Diagnostic::new(format!("`{pattern}` is none of the {count} hosts of `{name}`"));
        return Err(Box::new(problem.note("hosts are counted from 0, and from the end from -1")));
    }
    Ok(chosen)
}

/// The hosts of the groups that match, in order; hosts that match, too, unless the pattern is just the name of a group.
fn matches_of(inventory: &Inventory, pattern: &str) -> Result<Vec<String>, Refused> {
    if pattern == "all" || pattern == "*" {
        return Ok(inventory.hosts().map(str::to_owned).collect());
    }
    let matcher = Matcher::new(pattern)?;
    let groups: Vec<&str> = inventory.groups().filter(|group| matcher.matches(group)).collect();
    let mut found: HashSet<String> = groups.iter().flat_map(|group| inventory.members(group)).collect();
    if groups.is_empty() || matches!(matcher, Matcher::Regex(_)) {
        found.extend(inventory.hosts().filter(|host| matcher.matches(host)).map(str::to_owned));
    }
    Ok(inventory.hosts().filter(|host| found.contains(*host)).map(str::to_owned).collect())
}

fn unknown(inventory: &Inventory, name: &str) -> Diagnostic {
    let problem = Diagnostic::new(format!("no host or group matches `{name}`"));
    match did_you_mean(name, inventory.hosts().chain(inventory.groups())) {
        Some(hint) => problem.hint(hint),
        None => problem.note(format!("the groups are: {}", inventory.groups().collect::<Vec<_>>().join(", "))),
    }
}

enum Matcher<'p> {
    Name(&'p str),
    Regex(Regex),
}

impl<'p> Matcher<'p> {
    fn new(pattern: &'p str) -> Result<Self, Refused> {
        let source = match pattern.strip_prefix('~') {
            Some(regex) => format!("^(?:{regex})"),
            None if pattern.contains(['*', '?', '[']) => glob(pattern),
            None => return Ok(Self::Name(pattern)),
        };
        Regex::new(&source).map(Self::Regex).map_err(|_| {
            Box::new(Diagnostic::new(format!(
                "`{pattern}` is neither a glob nor a regular expression that can be read"
            )))
        })
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Name(pattern) => *pattern == name,
            Self::Regex(regex) => regex.is_match(name),
        }
    }
}

/// fnmatch(3) as a regular expression.
fn glob(pattern: &str) -> String {
    let mut regex = "^".to_owned();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => match rest.split_once(']') {
                Some((class, behind)) if !class.is_empty() => {
                    let (negated, class) = class.strip_prefix('!').map_or(("", class), |class| ("^", class));
                    let class =
                        class.replace('\\', r"\\").replace('[', r"\[").replace('^', r"\^").replace("&&", r"&\&");
                    regex.extend(["[", negated, &class, "]"]);
                    rest = behind;
                }
                _ => regex.push_str(r"\["),
            },
            other => regex.push_str(&regex::escape(&other.to_string())),
        }
    }
    regex.push('$');
    regex
}

/// `[2]`, `[-1]`, `[0:2]` behind a pattern: hosts by their number, both ends included.
struct Subscript {
    first: i64,
    last: Option<i64>,
}

fn subscript(pattern: &str) -> Option<(&str, Subscript)> {
    let (name, body) = pattern.strip_suffix(']')?.rsplit_once('[')?;
    let subscript = match body.split_once(':') {
        None => {
            let number = body.parse().ok()?;
            Subscript { first: number, last: Some(number) }
        }
        Some((first, "")) => Subscript { first: first.parse().ok()?, last: None },
        Some((first, last)) => {
            let first = if first.is_empty() { 0 } else { first.parse().ok()? };
            Subscript { first, last: Some(last.parse().ok()?) }
        }
    };
    (!name.is_empty()).then_some((name, subscript))
}

impl Subscript {
    fn is_single(&self) -> bool {
        self.last == Some(self.first)
    }

    fn apply(self, hosts: Vec<String>) -> Vec<String> {
        let count = i64::try_from(hosts.len()).unwrap_or(i64::MAX);
        let from_start = |number: i64| if number < 0 { number.saturating_add(count) } else { number };
        let (first, last) = (from_start(self.first), self.last.map_or(count - 1, from_start));
        (0..).zip(hosts).filter(|(number, _)| (first..=last).contains(number)).map(|(_, host)| host).collect()
    }
}
