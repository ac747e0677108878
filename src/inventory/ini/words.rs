//! A line of an INI inventory as words, as Python's `shlex.split(line, comments=True)` splits it.

/// A word without its quotes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Characters before it on the line.
    pub(super) at: usize,
}

#[derive(Clone, Copy)]
enum State {
    Between,
    Inside,
    Quoted(char),
    /// Behind a backslash, with the quote that it stands in.
    Escaped(Option<char>),
}

/// The words of a line. A `#` outside of quotes begins a comment, even inside a word.
///
/// # Errors
/// Why the line has no words, as a lower-case fragment.
pub(super) fn split(line: &str) -> Result<Vec<Word>, &'static str> {
    let (mut words, mut state) = (Vec::new(), State::Between);
    let mut word: Option<Word> = None;
    for (at, c) in line.chars().enumerate() {
        state = match (state, c) {
            (State::Between | State::Inside, '#') => break,
            (State::Between | State::Inside, c) if c.is_ascii_whitespace() => {
                words.extend(word.take());
                State::Between
            }
            (State::Between | State::Inside, c) => {
                let word = word.get_or_insert_with(|| Word { text: String::new(), at });
                match c {
                    '\\' => State::Escaped(None),
                    '"' | '\'' => State::Quoted(c),
                    c => {
                        word.text.push(c);
                        State::Inside
                    }
                }
            }
            (State::Quoted(quote), c) if c == quote => State::Inside,
            (State::Quoted('"'), '\\') => State::Escaped(Some('"')),
            (State::Quoted(quote), c) => {
                push(&mut word, c);
                State::Quoted(quote)
            }
            (State::Escaped(quote), c) => {
                if quote.is_some_and(|quote| c != '\\' && c != quote) {
                    push(&mut word, '\\');
                }
                push(&mut word, c);
                quote.map_or(State::Inside, State::Quoted)
            }
        };
    }
    match state {
        State::Quoted(_) => Err("a quote is not closed"),
        State::Escaped(_) => Err("nothing follows the last backslash"),
        State::Between | State::Inside => {
            words.extend(word);
            Ok(words)
        }
    }
}

fn push(word: &mut Option<Word>, c: char) {
    if let Some(word) = word {
        word.text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::split;

    #[test]
    fn lines_split_as_python_splits_them() {
        for (line, expected) in [
            ("a b", vec!["a", "b"]),
            ("a x='b c' y=\"d e\"f", vec!["a", "x=b c", "y=d ef"]),
            ("a x='' ''", vec!["a", "x=", ""]),
            ("a # b", vec!["a"]),
            ("a#b c", vec!["a"]),
            ("a '#b' \"#\"", vec!["a", "#b", "#"]),
            (r#"a x="\"\\\n" y='\n'"#, vec!["a", r#"x="\\n"#, r"y=\n"]),
            (r"a\ b \#c", vec!["a b", "#c"]),
            ("", vec![]),
        ] {
            let words = split(line).unwrap_or_default();
            assert_eq!(words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>(), expected, "{line}");
        }
        assert_eq!(split("ä  b").unwrap_or_default().last().map(|word| word.at), Some(3));
    }

    #[test]
    fn what_is_left_open_is_refused() {
        for line in ["a 'b", "a \"b\\\"", "a\\"] {
            assert!(split(line).is_err(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "[a #'\"\\\\ä=]{0,20}") {
            let _ = split(&line);
        }
    }
}
