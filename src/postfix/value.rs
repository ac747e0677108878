//! Names and values of parameters.

use super::logical::is_space;

/// Why a name or a value cannot stand in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not the syntax of a parameter name.
    #[error("\"{0}\" is not a parameter name: letters, digits, _, - and . only")]
    Name(String),
    /// Postfix would take the comment for a part of the value (postconf(5)).
    #[error("the value of {0} holds a comment (#): Postfix knows no comments at the end of a line")]
    TrailingComment(String),
    /// A character that no value can have.
    #[error("the value of {0} holds a control character")]
    Control(String),
    /// A `$` that no name follows, or whose brackets are not closed: every program of Postfix's would stop
    /// with "macro processing error".
    #[error("the value of {0} has a $ that begins no parameter's name; a plain dollar sign is written $$")]
    Macro(String),
    /// `{` and `}` do not match, so that the value cannot be told from what follows it.
    #[error("the value of {0} has braces that do not match")]
    Braces(String),
}

/// Checks the name of a parameter.
///
/// # Errors
/// When it is no name.
pub fn check_name(name: &str) -> Result<(), ValueError> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || !name.chars().all(good) { Err(ValueError::Name(name.to_owned())) } else { Ok(()) }
}

/// A value as it can be written in one line: line breaks become blanks, the ends are trimmed.
///
/// # Errors
/// When it holds a comment, a control character, or a `$` that Postfix cannot expand.
pub fn clean(name: &str, value: &str) -> Result<String, ValueError> {
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(ValueError::Control(name.to_owned()));
    }
    let value = value.trim();
    let comment =
        value.char_indices().any(|(at, c)| c == '#' && value[..at].chars().next_back().is_none_or(char::is_whitespace));
    if comment {
        return Err(ValueError::TrailingComment(name.to_owned()));
    }
    if !expands(value) {
        return Err(ValueError::Macro(name.to_owned()));
    }
    let lines: Vec<_> = value.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect();
    Ok(lines.join(" "))
}

/// Whether Postfix's `mac_parse` gets through a value: `$name`, `${...}`, `$(...)` and `$$`.
fn expands(value: &str) -> bool {
    let mut rest = value;
    while let Some((_, after)) = rest.split_once('$') {
        let close = match after.chars().next() {
            Some('$') => Some(1),
            Some('{') => closing(after, '{', '}').filter(|&end| end > 2),
            Some('(') => closing(after, '(', ')').filter(|&end| end > 2),
            _ => Some(after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len()))
                .filter(|&end| end > 0),
        };
        let Some(end) = close else { return false };
        rest = &after[end..];
    }
    true
}

/// The end of a text in brackets that begins at the start.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
    }
    None
}

/// A value for comparison: every run of white space is one blank.
#[must_use]
pub fn normal(value: &[u8]) -> Vec<u8> {
    let words: Vec<_> = value.split(|&byte| is_space(byte)).filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::{ValueError, check_name, clean, normal};

    #[test]
    fn values_become_one_line() {
        for (given, expected) in [
            ("all", "all"),
            ("  a  b ", "a  b"),
            ("permit_mynetworks,\n  reject\n", "permit_mynetworks, reject"),
            ("", ""),
            ("a#b", "a#b"),
        ] {
            assert_eq!(clean("x", given).as_deref(), Ok(expected), "{given:?}");
        }
        for given in ["may # or encrypt", "# nothing", "a\n# b", "a\t#b"] {
            assert_eq!(clean("x", given), Err(ValueError::TrailingComment("x".into())), "{given:?}");
        }
        for given in ["$", "a $ b", "100$", "${a", "$(a", "${}", "$()", "$-x", "$$$"] {
            assert_eq!(clean("x", given), Err(ValueError::Macro("x".into())), "{given:?}");
        }
        for given in ["$a", "${a}", "$(a)", "${a?{b}:{c}}", "$$", "$$$a", "$a$b_c, $d"] {
            assert_eq!(clean("x", given).as_deref(), Ok(given));
        }
        assert_eq!(clean("x", "a\0b"), Err(ValueError::Control("x".into())));
        assert_eq!(normal(b" a \t b\r\n  c "), b"a b c");
    }

    #[test]
    fn names_have_a_syntax() {
        for name in ["myhostname", "smtp-amavis_destination_concurrency_limit", "2bounce_notice_recipient"] {
            assert_eq!(check_name(name), Ok(()));
        }
        for name in ["", "my hostname", "a=b", "#x", "a\n"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
    }
}
