//! `main.cf`: `name = value` lines (postconf(5)).

use super::logical::{Document, is_space};
use super::value::{ValueError, check_name, clean, normal};

/// The file, to be read and edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MainCf {
    document: Document,
}

/// Why a file cannot be edited: Postfix itself refuses to start with it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}: \"{text}\"")]
pub struct MainCfError {
    /// The line, from 1.
    pub line: usize,
    /// In Postfix's words.
    pub problem: &'static str,
    /// The start of the line.
    pub text: String,
}

impl MainCf {
    /// Reads a file.
    ///
    /// # Errors
    /// At a logical line that is not `name = value`.
    pub fn parse(bytes: &[u8]) -> Result<Self, MainCfError> {
        let document = Document::parse(bytes);
        for (index, text) in document.entries() {
            split(&text).map_err(|problem| MainCfError {
                line: document.line_number(index),
                problem,
                text: String::from_utf8_lossy(&text).chars().take(40).collect(),
            })?;
        }
        Ok(Self { document })
    }

    /// The value that Postfix uses: of several lines for one parameter the last counts. White space in it is
    /// reduced to single blanks.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let (_, value) = self.of(name).pop()?;
        Some(String::from_utf8_lossy(&value).into_owned())
    }

    /// Every parameter that is set, in order, with its value as [`MainCf::get`] gives it; one that is set twice comes
    /// twice.
    #[must_use]
    pub fn parameters(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let entries = self.document.entries().filter_map(|(_, line)| {
            let (name, value) = split(&line).ok()?;
            Some((text(name), text(&normal(value))))
        });
        entries.collect()
    }

    /// Gives a parameter a value and says whether anything was changed.
    ///
    /// The line that counts is edited in its place; earlier lines for the same parameter are dropped, since
    /// Postfix warns about them at every start. A new parameter is put after the comments that hold its example
    /// (`#name = ...`), else at the end. A value that differs in white space only is left alone.
    ///
    /// # Errors
    /// When the name or the value cannot be written.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, ValueError> {
        let value = clean(name, value)?;
        self.set_as_it_was(name, &value)
    }

    /// The same for a value that Postfix had before, whatever may be wrong with it.
    ///
    /// # Errors
    /// When the name cannot be written.
    pub fn set_as_it_was(&mut self, name: &str, value: &str) -> Result<bool, ValueError> {
        check_name(name)?;
        let line = if value.is_empty() { format!("{name} =") } else { format!("{name} = {value}") };
        let mut found = self.of(name);
        let Some((last, current)) = found.pop() else {
            let place = self.after_example(name);
            self.document.insert(place, &line);
            return Ok(true);
        };
        let differs = current != normal(value.as_bytes());
        // From the end, so that the indexes before stay true.
        if differs {
            self.document.replace(last, &line);
        }
        for (index, _) in found.iter().rev() {
            self.document.remove(*index);
        }
        Ok(differs || !found.is_empty())
    }

    /// Removes a parameter, so that its built-in default holds, and says whether it was set.
    ///
    /// # Errors
    /// When the name is none.
    pub fn unset(&mut self, name: &str) -> Result<bool, ValueError> {
        check_name(name)?;
        let found = self.of(name);
        for (index, _) in found.iter().rev() {
            self.document.remove(*index);
        }
        Ok(!found.is_empty())
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.document.to_bytes()
    }

    /// Where a parameter is set, in order, with its values for comparison.
    fn of(&self, name: &str) -> Vec<(usize, Vec<u8>)> {
        let entries = self.document.entries().filter_map(|(index, text)| {
            let (found, value) = split(&text).ok()?;
            (found == name.as_bytes()).then(|| (index, normal(value)))
        });
        entries.collect()
    }

    fn after_example(&self, name: &str) -> Option<usize> {
        let example = self.document.last_comment(|line| {
            let rest = line.strip_prefix(b"#").and_then(|line| line.strip_prefix(name.as_bytes()));
            rest.is_some_and(|rest| rest.iter().find(|&&byte| !is_space(byte)) == Some(&b'='))
        })?;
        Some(self.document.comments_from(example, |_| true))
    }
}

/// Postfix's `split_nameval`.
fn split(text: &[u8]) -> Result<(&[u8], &[u8]), &'static str> {
    let end = text.iter().position(|&byte| is_space(byte) || byte == b'=').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return Err("missing attribute name");
    }
    let skip = rest.iter().position(|&byte| !is_space(byte)).unwrap_or(rest.len());
    rest[skip..].strip_prefix(b"=").map(|value| (name, value)).ok_or("missing '=' after attribute name")
}
