//! Backslashes in strings of a playbook.
//!
//! Ansible takes backslashes in the string constants of `{{ ... }}` literally when the template comes from
//! YAML, since YAML has its own escapes: `{{ x | regex_replace('(a)', '\1') }}` means what it says. In
//! `{% ... %}`, in conditions and in template files Jinja's escapes hold.

use minijinja::machinery::{Token, tokenize};

use super::syntax;

/// A text in which backslashes were doubled, and where.
pub(super) struct Escaped {
    pub(super) text: String,
    /// Offsets in `text` of the backslashes that were put in, ascending.
    pub(super) inserted: Vec<usize>,
}

impl Escaped {
    fn double(&mut self) {
        self.inserted.push(self.text.len());
        self.text.push('\\');
    }
}

/// Doubles the backslashes in the string constants of variable tags, except before the quote that they
/// escape.
pub(super) fn literal_backslashes(text: &str) -> Escaped {
    let mut escaped = Escaped { text: String::with_capacity(text.len()), inserted: Vec::new() };
    let mut copied = 0;
    for (start, end) in constants(text) {
        let (Some(before), Some(constant)) = (text.get(copied..start), text.get(start..end)) else { break };
        escaped.text.push_str(before);
        let quote = constant.chars().next();
        let mut characters = constant.chars();
        while let Some(character) = characters.next() {
            escaped.text.push(character);
            if character != '\\' {
                continue;
            }
            let next = characters.next();
            if next != quote {
                escaped.double();
            }
            escaped.text.extend(next);
            if next == Some('\\') {
                escaped.double();
            }
        }
        copied = end;
    }
    escaped.text.push_str(text.get(copied..).unwrap_or_default());
    escaped
}

/// The byte ranges of the string constants in variable tags.
fn constants(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let Ok(config) = syntax::config() else { return found };
    let mut in_variable = false;
    for token in tokenize(text, false, config) {
        // A syntax error: the parser tells it better.
        let Ok((token, span)) = token else { break };
        match token {
            Token::VariableStart => in_variable = true,
            Token::VariableEnd => in_variable = false,
            Token::Str(_) | Token::String(_) if in_variable => {
                found.push((span.start_offset as usize, span.end_offset as usize));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::literal_backslashes;

    #[test]
    fn only_constants_of_variable_tags_change() {
        for (text, expected) in [
            (r"{{ 'a\1' }}", r"{{ 'a\\1' }}"),
            (r#"{{ "\n" ~ '\\' }}"#, r#"{{ "\\n" ~ '\\\\' }}"#),
            (r"{{ 'it\'s' }}", r"{{ 'it\'s' }}"),
            (r"\1 {% if '\1' %}\2{% endif %}", r"\1 {% if '\1' %}\2{% endif %}"),
            (r"{% raw %}{{ '\1' }}{% endraw %}", r"{% raw %}{{ '\1' }}{% endraw %}"),
            (r"{{ 'unterminated\1 }}", r"{{ 'unterminated\1 }}"),
        ] {
            let escaped = literal_backslashes(text);
            assert_eq!(escaped.text, expected);
            let put_in = escaped.inserted.len();
            assert_eq!(escaped.text.len(), text.len() + put_in, "{text}");
        }
    }
}
