//! Text as it may stand in HTML and XML.

use super::look::clean;

/// Escaped for an element's content or a quoted attribute. Control characters, which XML 1.0 cannot hold, are spelled
/// out first; tabs stay, which files are full of.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(['\n', '\t']) {
        let (piece, end) = piece.split_at(piece.trim_end_matches(['\n', '\t']).len());
        for character in clean(piece).chars() {
            match character {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                // The two that are characters of neither.
                '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
                other => out.push(other),
            }
        }
        out.push_str(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(
            escape("<b a=\"1\" c='2'>&\u{1b}[2J\u{0}\n\t</b>\t\ttext\t\n"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;\\u{1b}[2J\\u{0}\n\t&lt;/b&gt;\t\ttext\t\n"
        );
    }
}
