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
    let parts = split(inventory, pattern);
    let has_plain = parts.iter().any(|part| !part.starts_with(['&', '!']));
    let mut chosen: HashSet<String> = HashSet::new();
    if !has_plain && !parts.is_empty() {
        chosen.extend(inventory.hosts().map(str::to_owned));
    }
    // As in Ansible, unions first, then intersections, then exclusions, wherever they stand.
    for sign in [None, Some('&'), Some('!')] {
        for part in &parts {
            let (found_sign, name) = match part.strip_prefix(['&', '!']) {
                Some(name) => (part.chars().next(), name),
                None => (None, part.as_str()),
            };
            if found_sign != sign {
                continue;
            }
            let matched: HashSet<String> = one(inventory, name)?.into_iter().collect();
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

/// Commas separate; without any, colons outside of brackets do.
fn split(inventory: &Inventory, pattern: &str) -> Vec<String> {
    let trimmed = |parts: Vec<&str>| {
        parts.into_iter().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    if pattern.contains(',') {
        return trimmed(pattern.split(',').collect());
    }
    if inventory.has_host(pattern) || pattern.parse::<Ipv6Addr>().is_ok() || pattern.starts_with('~') {
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
                c == ':' && depth <= 0
            })
            .collect(),
    )
}

fn one(inventory: &Inventory, pattern: &str) -> Result<Vec<String>, Refused> {
    if pattern.starts_with('@') {
        let problem = Diagnostic::new(format!("`{pattern}`: files of hosts are not supported yet"));
        return Err(Box::new(problem.hint("name the hosts, separated by commas")));
    }
    let exact = matches_of(inventory, pattern)?;
    if !exact.is_empty() || inventory.groups().any(|group| group == pattern) {
        return Ok(exact);
    }
    if let Some((name, subscript)) = subscript(pattern) {
        let hosts = matches_of(inventory, name)?;
        if hosts.is_empty() {
            return Err(Box::new(unknown(inventory, name)));
        }
        return Ok(subscript.apply(hosts));
    }
    if LOCALHOST.contains(&pattern) {
        return Ok(vec![pattern.to_owned()]);
    }
    Err(Box::new(unknown(inventory, pattern)))
}

/// Groups by name or glob; hosts too, unless the pattern is just the name of a group.
fn matches_of(inventory: &Inventory, pattern: &str) -> Result<Vec<String>, Refused> {
    if pattern == "all" || pattern == "*" {
        return Ok(inventory.hosts().map(str::to_owned).collect());
    }
    let matcher = Matcher::new(pattern)?;
    let groups = inventory.groups().filter(|group| matcher.matches(group));
    let mut hosts: Vec<String> = groups.flat_map(|group| inventory.members(group)).collect();
    hosts.extend(inventory.hosts().filter(|host| matcher.matches(host)).map(str::to_owned));
    Ok(hosts)
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
    fn apply(&self, hosts: Vec<String>) -> Vec<String> {
        let count = i64::try_from(hosts.len()).unwrap_or(i64::MAX);
        let from_start = |number: i64| if number < 0 { number.saturating_add(count) } else { number };
        let (first, last) = (from_start(self.first), self.last.map_or(count - 1, from_start));
        (0..).zip(hosts).filter(|(number, _)| (first..=last).contains(number)).map(|(_, host)| host).collect()
    }
}
