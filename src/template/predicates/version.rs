//! The order of versions, as Python has it.

use std::cmp::Ordering;

/// One component: numbers compare as numbers, letters as text, and text comes after numbers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Number(u128),
    Text(&'a str),
}

/// Which rules a version follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Python's `LooseVersion`: anything.
    Loose,
    /// Python's `StrictVersion`: two or three numbers, and perhaps `a1` or `b1`.
    Strict,
    /// semver.org 2.0.0.
    Semantic,
    /// PEP 440, without epochs and local versions.
    Pep440,
}

/// The order of two versions; `None` if one is not of the dialect.
pub(super) fn compare(dialect: Dialect, left: &str, right: &str) -> Option<Ordering> {
    match dialect {
        // Component by component; a version that begins with the whole other one is the greater.
        Dialect::Loose => Some(parts(left).cmp(&parts(right))),
        Dialect::Strict => Some(strict(left)?.cmp(&strict(right)?)),
        Dialect::Semantic => semantic(left, right),
        Dialect::Pep440 => Some(pep440(left)?.cmp(&pep440(right)?)),
    }
}

fn numbers(text: &str) -> Option<Vec<u128>> {
    text.split('.').map(|part| part.parse().ok().filter(|_| part.bytes().all(|b| b.is_ascii_digit()))).collect()
}

/// Trailing zeros say nothing; a version without a letter comes after those with one.
fn strict(version: &str) -> Option<(Vec<u128>, (bool, char, u128))> {
    let version = version.trim();
    let at = version.find(['a', 'b']).unwrap_or(version.len());
    let mut release = numbers(&version[..at])?;
    if !(2..=3).contains(&release.len()) {
        return None;
    }
    release.resize(3, 0);
    let before = match version[at..].chars().next() {
        Some(letter) => (false, letter, version[at + 1..].parse().ok()?),
        None => (true, 'z', 0),
    };
    Some((release, before))
}

/// Section 11: what is before a release comes before it, identifier by identifier.
fn semantic(left: &str, right: &str) -> Option<Ordering> {
    let split = |version: &str| -> Option<(Vec<u128>, Option<String>)> {
        let version = version.split_once('+').map_or(version, |(version, _)| version);
        let (release, before) = match version.split_once('-') {
            Some((release, before)) => (release, Some(before.to_owned())),
            None => (version, None),
        };
        Some((numbers(release).filter(|release| release.len() == 3)?, before))
    };
    let (left, right) = (split(left)?, split(right)?);
    let before = match (&left.1, &right.1) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(left), Some(right)) => identifiers(left).cmp(&identifiers(right)),
    };
    Some(left.0.cmp(&right.0).then(before))
}

fn identifiers(before: &str) -> Vec<Part<'_>> {
    let part = |part| numbers(part).and_then(|numbers| numbers.first().copied()).map_or(Part::Text(part), Part::Number);
    before.split('.').map(part).collect()
}

/// What a release is on its way to or from, by rank, with its number.
type Stage = (i8, u128);

/// Release, then development, alpha, beta, candidate, final and post release with their numbers.
fn pep440(version: &str) -> Option<(Vec<u128>, Vec<Stage>)> {
    let version = version.trim().trim_start_matches(['v', 'V']).to_ascii_lowercase();
    let at = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let mut release = numbers(version[..at].trim_end_matches('.'))?;
    while release.last() == Some(&0) {
        release.pop();
    }
    let mut stages = Vec::new();
    let mut rest = version[at..].trim_start_matches(['.', '-', '_']);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let stage = match &rest[..end] {
            "dev" => -4,
            "a" | "alpha" => -3,
            "b" | "beta" => -2,
            "c" | "rc" | "pre" | "preview" => -1,
            "post" | "rev" | "r" => 1,
            _ => return None,
        };
        let after = rest[end..].trim_start_matches(['.', '-', '_']);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        stages.push((stage, if digits == 0 { 0 } else { after[..digits].parse().ok()? }));
        rest = after[digits..].trim_start_matches(['.', '-', '_']);
    }
    // What comes after the last stage is the release itself.
    stages.push((0, 0));
    Some((release, stages))
}

fn parts(version: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    for piece in version.trim().split('.') {
        let mut rest = piece;
        while let Some(first) = rest.chars().next() {
            let digits = first.is_ascii_digit();
            let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
            let (part, after) = rest.split_at(end);
            rest = after;
            parts.push(if digits { Part::Number(part.parse().unwrap_or(u128::MAX)) } else { Part::Text(part) });
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering::{Equal, Greater, Less};

    use super::{Dialect, compare};

    #[test]
    fn versions_are_ordered_by_their_components() {
        for (left, right, order) in [
            ("8.4", "8.10", Less),
            ("8.10", "8.4", Greater),
            ("3.5.8", "3.5.8", Equal),
            ("3.5", "3.5.8", Less),
            ("3.5.8-4.el8", "3.5.8-5.el8", Less),
            ("1.0a", "1.0b", Less),
            ("1.0", "1.0a", Less),
            ("10", "9", Greater),
            ("99999999999999999999999999999999999999999", "1", Greater),
            ("", "1", Less),
        ] {
            assert_eq!(compare(Dialect::Loose, left, right), Some(order), "{left} {right}");
        }
    }
}
