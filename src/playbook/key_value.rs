//! Ansible's old `key=value key="other value"` form of arguments.

/// One word of a text, with its quotes, and where it starts (in characters).
struct Word {
    raw: String,
    start: usize,
}

/// A `key=value` pair with the place of its key in the text, in characters from 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) at: usize,
}

/// What a text was taken apart into.
#[derive(Debug, PartialEq, Eq, Default)]
pub(super) struct Split {
    pub(super) pairs: Vec<Pair>,
    /// Everything else, as it was written.
    pub(super) rest: String,
    /// Where the rest begins.
    pub(super) rest_at: usize,
}

/// Takes the pairs whose key is `wanted` out of a text. Blanks inside of quotes and of `{{ ... }}` do not
/// separate.
///
/// # Errors
/// An unclosed quote.
pub(super) fn split(text: &str, wanted: impl Fn(&str) -> bool) -> Result<Split, &'static str> {
    let mut result = Split::default();
    for word in words(text)? {
        match pair(&word).filter(|pair| wanted(&pair.key)) {
            Some(pair) => result.pairs.push(pair),
            None if result.rest.is_empty() => {
                result.rest_at = word.start;
                result.rest = word.raw;
            }
            None => {
                result.rest.push(' ');
                result.rest.push_str(&word.raw);
            }
        }
    }
    if result.pairs.is_empty() {
        // Nothing was taken out, so blanks stay as they are.
        text.trim().clone_into(&mut result.rest);
    }
    Ok(result)
}

fn pair(word: &Word) -> Option<Pair> {
    let (key, value) = word.raw.split_once('=')?;
    let name = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    name.then(|| Pair { key: key.to_owned(), value: unquote(value), at: word.start })
}

fn unquote(value: &str) -> String {
    let inner = ['"', '\''].iter().find_map(|&quote| value.strip_prefix(quote)?.strip_suffix(quote));
    inner.unwrap_or(value).to_owned()
}

fn words(text: &str) -> Result<Vec<Word>, &'static str> {
    let (mut words, mut quote, mut braces) = (Vec::new(), None, 0_u32);
    let mut current: Option<Word> = None;
    let mut characters = text.chars().enumerate().peekable();
    while let Some((start, c)) = characters.next() {
        let next = characters.peek().map(|&(_, c)| c);
        match c {
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() && braces == 0 => quote = Some(c),
            '{' if matches!(next, Some('{' | '%')) => braces += 1,
            '}' | '%' if next == Some('}') => braces = braces.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && quote.is_none() && braces == 0 {
            words.extend(current.take());
        } else {
            current.get_or_insert_with(|| Word { raw: String::new(), start }).raw.push(c);
        }
    }
    words.extend(current);
    if quote.is_some() { Err("a quote is never closed") } else { Ok(words) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_taken_out_and_the_rest_stays() {
        let known = |key: &str| ["src", "dest", "creates"].contains(&key);
        for (text, pairs, rest) in [
            ("src=a.j2 dest=/etc/x", vec![("src", "a.j2"), ("dest", "/etc/x")], ""),
            ("src=\"a b\" dest={{ dir }}/{{ name }}", vec![("src", "a b"), ("dest", "{{ dir }}/{{ name }}")], ""),
            ("src='{{ a | default(\"x y\") }}'", vec![("src", "{{ a | default(\"x y\") }}")], ""),
            ("echo  'a b'  c=d", vec![], "echo  'a b'  c=d"),
            ("echo a creates=/x b", vec![("creates", "/x")], "echo a b"),
            ("{% if x %} a {% endif %}", vec![], "{% if x %} a {% endif %}"),
        ] {
            let split = split(text, known).unwrap_or_default();
            let found: Vec<_> = split.pairs.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect();
            assert_eq!((found, split.rest.as_str()), (pairs, rest), "{text}");
        }
        assert_eq!(split("src='a", known), Err("a quote is never closed"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[a-c='\"{}% é]{0,20}") {
            let _ = split(&text, |_| true);
        }
    }
}
