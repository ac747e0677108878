//! One line in a text, as Ansible's `lineinfile` edits it.
//!
//! The differences: a line keeps its own line end (CRLF, or none at the end of the file), expressions are
//! matched against a line without its end, and they are those of the `regex` crate.

use regex::bytes::{Captures, Regex};

/// Which line is meant.
pub(super) enum Finder {
    /// One that matches.
    Regex(Regex),
    /// One that holds this text.
    Text(Vec<u8>),
    /// One that equals this text.
    Exact(Vec<u8>),
}

/// Where a new line goes when none is replaced.
pub(super) enum Place {
    /// The beginning of the file.
    Begin,
    /// The end of the file.
    End,
    /// After a line that matches, else at the end.
    After(Regex),
    /// Before a line that matches, else at the end.
    Before(Regex),
}

/// A wish for a line to be there.
pub(super) struct Presence {
    pub(super) line: Vec<u8>,
    /// Which line to replace.
    pub(super) finder: Option<Finder>,
    pub(super) place: Place,
    /// The line is made from the groups of the match; without a match nothing is done.
    pub(super) backrefs: bool,
    /// The first match counts instead of the last.
    pub(super) first: bool,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Done {
    Nothing,
    Added,
    Replaced,
}

impl Finder {
    fn finds(&self, line: &[u8]) -> bool {
        match self {
            Self::Regex(regex) => regex.is_match(line),
            Self::Text(text) => text.is_empty() || line.windows(text.len()).any(|part| part == text),
            Self::Exact(text) => line == text,
        }
    }

    fn captures<'a>(&self, line: &'a [u8]) -> Option<Captures<'a>> {
        match self {
            Self::Regex(regex) => regex.captures(line),
            Self::Text(_) | Self::Exact(_) => None,
        }
    }
}

/// The text without the lines that are meant, and how many those were.
pub(super) fn remove(text: &[u8], finder: &Finder) -> (Vec<u8>, usize) {
    let lines = split(text);
    let kept: Vec<_> = lines.iter().filter(|line| !finder.finds(line.text)).collect();
    let bytes = kept.iter().flat_map(|line| [line.text, line.end].concat()).collect();
    (bytes, lines.len() - kept.len())
}

impl Presence {
    /// The text with the line in it, and what was done for that.
    pub(super) fn apply(&self, text: &[u8]) -> (Vec<u8>, Done) {
        let lines = split(text);
        let found = self.finder.as_ref().and_then(|finder| self.pick(&lines, |line| finder.finds(line)));
        if let Some(index) = found {
            let line = self.replacement(lines[index].text);
            if line == lines[index].text {
                return (text.to_vec(), Done::Nothing);
            }
            let mut edited = lines;
            edited[index].text = &line;
            return (join(&edited), Done::Replaced);
        }
        // The line may be there without matching.
        if self.backrefs || lines.iter().any(|line| line.text == self.line) {
            return (text.to_vec(), Done::Nothing);
        }
        let index = match &self.place {
            Place::Begin => 0,
            Place::End => lines.len(),
            Place::After(regex) => {
                self.pick(&lines, |line| regex.is_match(line)).map_or(lines.len(), |index| index + 1)
            }
            Place::Before(regex) => self.pick(&lines, |line| regex.is_match(line)).unwrap_or(lines.len()),
        };
        (insert(lines, index, &self.line), Done::Added)
    }

    fn pick(&self, lines: &[Line<'_>], fits: impl Fn(&[u8]) -> bool) -> Option<usize> {
        let fits = |line: &Line<'_>| fits(line.text);
        if self.first { lines.iter().position(fits) } else { lines.iter().rposition(fits) }
    }

    fn replacement(&self, matched: &[u8]) -> Vec<u8> {
        let captures = self.finder.as_ref().filter(|_| self.backrefs).and_then(|finder| finder.captures(matched));
        captures.map_or_else(|| self.line.clone(), |captures| expand(&self.line, &captures))
    }
}

#[derive(Clone, Copy)]
struct Line<'a> {
    text: &'a [u8],
    end: &'a [u8],
}

fn split(text: &[u8]) -> Vec<Line<'_>> {
    let lines = text.split_inclusive(|&byte| byte == b'\n').map(|line| {
        let length = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(line).len();
        let (text, end) = line.split_at(length);
        Line { text, end }
    });
    lines.collect()
}

fn join(lines: &[Line<'_>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.text, line.end].concat()).collect()
}

/// Puts a line in. A file without a newline at its end stays one without.
fn insert<'a>(mut lines: Vec<Line<'a>>, index: usize, text: &'a [u8]) -> Vec<u8> {
    let usual: &[u8] = if lines.first().is_some_and(|line| line.end == b"\r\n") { b"\r\n" } else { b"\n" };
    let appends = index == lines.len();
    let mut end = usual;
    if let Some(last) = lines.last_mut().filter(|last| appends && last.end.is_empty()) {
        last.end = usual;
        end = b"";
    }
    lines.insert(index, Line { text, end });
    join(&lines)
}

/// Python's template for groups: `\1`, `\g<1>`, `\g<name>`, and the escapes `\\`, `\n`, `\r`, `\t`.
fn expand(template: &[u8], captures: &Captures<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = template;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            text.push(byte);
            continue;
        }
        let Some((&escaped, after)) = rest.split_first() else {
            text.push(b'\\');
            break;
        };
        let name =
            rest.strip_prefix(b"g<").and_then(|name| name.iter().position(|&c| c == b'>').map(|end| &name[..end]));
        let group = match (escaped, name) {
            (_, Some(name)) => {
                rest = &rest[name.len() + 3..];
                let name = String::from_utf8_lossy(name);
                name.parse().map_or_else(|_| captures.name(&name), |number| captures.get(number))
            }
            (b'0'..=b'9', None) => {
                let digits = rest.iter().take(2).take_while(|c| c.is_ascii_digit()).count();
                let (digits, after) = rest.split_at(digits);
                rest = after;
                String::from_utf8_lossy(digits).parse().ok().and_then(|number| captures.get(number))
            }
            _ => {
                rest = after;
                match escaped {
                    b'\\' => text.push(b'\\'),
                    b'n' => text.push(b'\n'),
                    b'r' => text.push(b'\r'),
                    b't' => text.push(b'\t'),
                    other => text.extend([b'\\', other]),
                }
                None
            }
        };
        text.extend(group.map_or(&b""[..], |group| group.as_bytes()));
    }
    text
}
