//! Values that may not be shown because of the name that they have, in lines of files.

use std::sync::LazyLock;

use regex::Regex;

use crate::veil::SECRET_NAME;

static SECRET_VALUE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r#"(?i)\b[\w.-]*{SECRET_NAME}[\w.-]*["']?\s*[:=]\s*(?<value>\S.*)$"#)).ok());

/// Hides the value of a key that looks secret, unless it is a template. Every other character keeps its place.
pub(super) fn mask_line(line: &str) -> String {
    let captures = SECRET_VALUE.as_ref().and_then(|regex| regex.captures(line));
    match captures.and_then(|captures| captures.name("value")) {
        Some(value) if !value.as_str().contains("{{") => {
            let stars = "*".repeat(value.as_str().chars().count());
            format!("{}{stars}", &line[..value.start()])
        }
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_masked_and_templates_are_not() {
        for (line, expected) in [
            ("smtp_password: hunter2", "smtp_password: *******"),
            ("  API_KEY: 'x y'", "  API_KEY: *****"),
            ("copy: dest=/x token=abc", "copy: dest=/x token=***"),
            ("password: \"{{ vault }}\"", "password: \"{{ vault }}\""),
            ("hostname: mail", "hostname: mail"),
        ] {
            assert_eq!(mask_line(line), expected);
        }
    }
}
