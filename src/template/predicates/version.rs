//! The order of versions, as Python's `LooseVersion` has it.

use std::cmp::Ordering;

/// One component: numbers compare as numbers, letters as text, and text comes after numbers.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'a> {
    Number(u128),
    Text(&'a str),
}

/// Compares component by component; a version that begins with the whole other one is the greater.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    parts(left).cmp(&parts(right))
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

    use super::compare;

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
            assert_eq!(compare(left, right), order, "{left} {right}");
        }
    }
}
