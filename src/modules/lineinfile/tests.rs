//! The editing of one line, against Ansible's documented behaviour.

use proptest::prelude::*;
use regex::bytes::Regex;

use super::edit::{Done, Finder, Place, Presence, remove};

fn regex(text: &str) -> Regex {
    Regex::new(text).unwrap_or_else(|error| unreachable!("{error}"))
}

fn finder(text: &str) -> Option<Finder> {
    (!text.is_empty()).then(|| Finder::Regex(regex(text)))
}

fn place(text: &str) -> Place {
    match text.split_at_checked(1) {
        Some(("^", rest)) => Place::Before(regex(rest)),
        Some(("v", rest)) => Place::After(regex(rest)),
        Some(("B", _)) => Place::Begin,
        _ => Place::End,
    }
}

fn presence(line: &str, regexp: &str, where_to: &str) -> Presence {
    let line = line.as_bytes().to_vec();
    Presence { line, finder: finder(regexp), place: place(where_to), backrefs: false, first: false }
}

fn applied(presence: &Presence, text: &str) -> (String, Done) {
    let (bytes, done) = presence.apply(text.as_bytes());
    (String::from_utf8_lossy(&bytes).into_owned(), done)
}

#[test]
fn a_line_is_put_where_ansible_puts_it() {
    for (before, line, regexp, where_to, after) in [
        // The last match is replaced.
        ("a1\nb\na2\n", "a", "^a", "", "a1\nb\na\n"),
        // The line is there already, whether it matches or not.
        ("x\ny\n", "x", "", "", "x\ny\n"),
        ("x\ny\n", "x", "^z", "", "x\ny\n"),
        // Nothing matches: at the end, at the beginning, after or before the last match.
        ("x\n", "y", "^z", "", "x\ny\n"),
        ("", "y", "", "", "y\n"),
        ("x\n", "y", "", "B", "y\nx\n"),
        ("x1\nx2\nz\n", "y", "", "vx", "x1\nx2\ny\nz\n"),
        ("x1\nx2\nz\n", "y", "", "^x", "x1\ny\nx2\nz\n"),
        ("x1\nx2\nz\n", "y", "", "vz", "x1\nx2\nz\ny\n"),
        ("x\n", "y", "", "vq", "x\ny\n"),
        ("x\n", "y", "", "^q", "x\ny\n"),
        // insertafter counts only where regexp does not match.
        ("x\na1\n", "a", "^a", "vx", "x\na\n"),
        // Line ends are kept.
        ("a1\r\nb\r\n", "a", "^a", "", "a\r\nb\r\n"),
        ("b\r\n", "a", "^a", "", "b\r\na\r\n"),
        ("b\na1", "a", "^a", "", "b\na"),
        ("b", "a", "^a", "", "b\na"),
        ("b", "a", "", "B", "a\nb"),
        // `$` is the end of the line, also before CRLF.
        ("a\r\n", "x", "^a$", "", "x\r\n"),
    ] {
        let wish = presence(line, regexp, where_to);
        let (text, done) = applied(&wish, before);
        assert_eq!(text, after, "{before:?} {line} {regexp} {where_to}");
        assert_eq!(done == Done::Nothing, before == after);
        assert_eq!(applied(&wish, &text), (text.clone(), Done::Nothing), "the second run of {before:?} {line}");
    }
}

#[test]
fn the_first_match_counts_if_asked() {
    let mut wish = presence("a", "^a", "");
    wish.first = true;
    assert_eq!(applied(&wish, "a1\na2\n").0, "a\na2\n");
    let mut wish = presence("y", "", "vx");
    wish.first = true;
    assert_eq!(applied(&wish, "x1\nx2\n").0, "x1\ny\nx2\n");
}

#[test]
fn groups_are_put_into_the_line() {
    for (line, expected) in [
        (r"\2=\1", "val=key\n"),
        (r"\g<name> = \g<2>", "key = val\n"),
        (r"[\3]", "[]\n"),
        (r"\\1", "\\1\n"),
        (r"a\tb\qc\", "a\tb\\qc\\\n"),
    ] {
        let mut wish = presence(line, r"^(?P<name>\w+)=(\w+)(x)?$", "");
        wish.backrefs = true;
        assert_eq!(applied(&wish, "key=val\n").0, expected, "{line}");
        // Without a match a line cannot be made.
        assert_eq!(applied(&wish, "other\n"), ("other\n".to_owned(), Done::Nothing));
    }
}

#[test]
fn all_that_match_are_removed() {
    for (finder, expected, count) in [
        (Finder::Regex(regex("^a")), "b\n", 2),
        (Finder::Text(b"1".to_vec()), "b\na2", 1),
        (Finder::Exact(b"b".to_vec()), "a1\r\na2", 1),
        (Finder::Exact(b"a".to_vec()), "a1\r\nb\na2", 0),
    ] {
        assert_eq!(remove(b"a1\r\nb\na2", &finder), (expected.as_bytes().to_vec(), count));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_run_changes_nothing(
        text in "((a|b|ab|)(\n|\r\n)){0,6}(a|b|)",
        line in "a|b|c",
        regexp in "|\\^LINE|LINE\\$",
        where_to in "|B|va|\\^b|vz",
        first in any::<bool>(),
    ) {
        // An expression that its own line does not match is for ever in need of another replacement.
        let mut wish = presence(&line, &regexp.replace("LINE", &line), &where_to);
        wish.first = first;
        let (once, done) = applied(&wish, &text);
        prop_assert_eq!(done == Done::Nothing, once == text);
        prop_assert!(once.lines().any(|found| found.trim_end_matches('\r') == line));
        // All other lines are still there, and a file keeps the kind of end it had.
        let count = |text: &str| text.split_inclusive('\n').count();
        prop_assert_eq!(count(&once), count(&text) + usize::from(done == Done::Added));
        prop_assert!(text.is_empty() || once.ends_with('\n') == text.ends_with('\n'));
        prop_assert_eq!(applied(&wish, &once), (once.clone(), Done::Nothing));
    }
}
