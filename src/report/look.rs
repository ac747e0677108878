//! How text looks: width, colour, how much of it; and the cleaning of text that came from a host.

use std::borrow::Cow;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A space at which no line is broken.
pub(crate) const NO_BREAK: &str = "\u{a0}";

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only the recap.
    Quiet,
    /// What changed and what failed.
    Normal,
    /// Every task, with messages and changes, and the output of long tasks.
    Verbose,
}

/// Everything that the pure functions of this module need to know about the page they write on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns at which prose is wrapped; [`usize::MAX`] for a pipe, whose reader wraps as it likes.
    pub width: usize,
    /// Whether control codes for colour may be written.
    pub colour: bool,
    /// How much is shown.
    pub verbosity: Verbosity,
    /// Whether the text of changed files is shown.
    pub diff: bool,
}

/// What a piece of text means, from which its colour follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Change,
    Bad,
    Skip,
    Warn,
    Added,
    Removed,
    Dim,
    Strong,
}

impl Tone {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Good | Self::Added => colour(AnsiColor::Green),
            Self::Change => colour(AnsiColor::Yellow),
            Self::Bad => colour(AnsiColor::Red).bold(),
            Self::Removed => colour(AnsiColor::Red),
            Self::Skip => colour(AnsiColor::Cyan),
            Self::Warn => colour(AnsiColor::Magenta),
            Self::Dim => Style::new().dimmed(),
            Self::Strong => Style::new().bold(),
        }
    }
}

impl Look {
    /// What a terminal of this width gets, without colours.
    pub(crate) fn plain(width: usize) -> Self {
        Self { width, colour: false, verbosity: Verbosity::Normal, diff: false }
    }

    /// The text in its colour, if colours are on.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        let style = tone.style();
        format!("{style}{text}{style:#}")
    }

    /// Prose broken at spaces so that it fits; the first line after `first`, the others after as many spaces
    /// as `indent` says. A word longer than the line stays whole, so that paths can be copied, and so does what
    /// [`NO_BREAK`] holds together.
    pub(crate) fn wrap(&self, first: &str, indent: usize, text: &str) -> Vec<String> {
        let mut lines = vec![first.to_owned()];
        let mut used = width(first);
        let mut fresh = true;
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let room = used.saturating_add(width(word)).saturating_add(usize::from(!fresh));
            if !fresh && room > self.width {
                lines.push(" ".repeat(indent));
                used = indent;
                fresh = true;
            }
            if let Some(line) = lines.last_mut() {
                if !fresh {
                    line.push(' ');
                    used += 1;
                }
                line.push_str(word);
                used += width(word);
                fresh = false;
            }
        }
        lines.into_iter().map(|line| line.replace(NO_BREAK, " ")).collect()
    }
}

/// Columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The text with spaces behind it up to a number of columns.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text cut to a number of columns, with an ellipsis where something was cut.
pub(crate) fn truncate(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        kept.push(c);
    }
    kept.push('…');
    Cow::Owned(kept)
}

/// One line that is safe to show: nothing in it can move the cursor, change colours or reorder text.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    escape(text, |c| match c {
        '\n' | '\r' => true,
        _ => hazardous(c),
    })
}

/// The lines of a text, each safe to show; tabs stay.
pub(crate) fn clean_lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    text.lines().map(|line| escape(line, |c| c != '\t' && hazardous(c)))
}

fn escape(text: &str, bad: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&bad) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !bad(c) => safe.push(c),
            '\t' => safe.push(' '),
            '\n' | '\r' => safe.extend(c.escape_default()),
            // Writing to a String cannot fail.
            c => drop(write!(safe, "\\u{{{:x}}}", u32::from(c))),
        }
    }
    Cow::Owned(safe)
}

/// Control codes (C0, DEL, C1), line separators, and the marks that reorder text (Unicode TR 36, 3.2).
fn hazardous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `1 host`, `3 hosts`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Names joined by commas, as many as fit a number of columns; the rest is counted.
pub(crate) fn list(names: &[&str], columns: usize) -> String {
    let all = names.iter().map(|name| clean(name)).collect::<Vec<_>>().join(", ");
    if width(&all) <= columns || names.len() <= 1 {
        return all;
    }
    let mut shown = String::new();
    for (index, name) in names.iter().enumerate() {
        let name = clean(name);
        let rest = format!(" and {} more", names.len() - index - 1);
        if index > 0 && width(&shown) + 2 + width(&name) + width(&rest) > columns {
            return format!("{shown} and {} more", names.len() - index);
        }
        if index > 0 {
            shown.push_str(", ");
        }
        shown.push_str(&name);
    }
    shown
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_play_tricks_on_a_terminal_is_spelled_out() {
        for (given, expected) in [
            ("plain", "plain"),
            ("日本語", "日本語"),
            ("a\tb", "a b"),
            ("two\nlines\r", "two\\nlines\\r"),
            ("\u{1b}[2Jgone", "\\u{1b}[2Jgone"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("main\u{202e}fc.niam", "main\\u{202e}fc.niam"),
        ] {
            assert_eq!(clean(given), expected);
        }
    }

    #[test]
    fn a_list_that_does_not_fit_is_counted() {
        let names = ["mx1", "mx2", "mx3", "mx4"];
        assert_eq!(list(&names, 80), "mx1, mx2, mx3, mx4");
        assert_eq!(list(&names, 17), "mx1 and 3 more");
        assert_eq!(list(&names, 3), "mx1 and 3 more");
        assert_eq!(list(&names[..1], 1), "mx1");
        assert_eq!(list(&[], 1), "");
    }

    proptest! {
        #[test]
        fn cleaned_text_has_no_control_characters(text in any::<String>()) {
            prop_assert!(!clean(&text).chars().any(char::is_control));
            for line in clean_lines(&text) {
                prop_assert!(!line.chars().any(|c| c.is_control() && c != '\t'));
            }
        }

        #[test]
        fn truncated_text_fits(text in "[a-z日本]{0,20}", columns in 1_usize..12) {
            prop_assert!(width(&truncate(&text, columns)) <= columns);
        }

        #[test]
        fn wrapping_keeps_every_word(words in prop::collection::vec("[a-z]{1,12}", 0..20), columns in 1_usize..60) {
            let look = Look::plain(columns);
            let lines = look.wrap("", 0, &words.join(" "));
            let joined = lines.join(" ");
            prop_assert_eq!(joined.split_whitespace().collect::<Vec<_>>(), words);
            for line in lines {
                prop_assert!(width(&line) <= columns || !line.trim().contains(' '));
            }
        }
    }
}
