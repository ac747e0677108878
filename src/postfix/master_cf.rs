//! `master.cf`: the services that Postfix's master runs (master(5)).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::logical::{Document, is_space};
use super::value::{ValueError, check_name, clean};

/// The file, to be read and edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterCf {
    document: Document,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// `smtp`, `submission`, `192.0.2.1:587`, `cleanup`, ...
    pub name: String,
    /// `inet`, `unix`, `unix-dgram`, `fifo` or `pass`.
    pub kind: String,
    /// `private`, `unprivileged`, `chroot`, `wakeup` and `maxproc`, as written; `-` for the default.
    pub columns: [String; 5],
    /// The program in Postfix's daemon directory.
    pub program: String,
    /// Options other than `-o` (`-v`).
    pub flags: Vec<String>,
    /// `-o name=value`, in order. Of several for one name the last counts.
    pub options: Vec<(String, String)>,
    /// What follows the options (`user=vmail argv=...` of pipe(8)).
    pub arguments: Vec<String>,
}

impl Service {
    /// Takes a command with its arguments apart (`smtpd -v`, `pipe user=vmail argv=/usr/bin/deliver`) and adds
    /// its parts to this service. A command without a program leaves the program empty.
    pub fn set_command(&mut self, command: &str) {
        self.take_command(split_words(command.as_bytes()).into_iter());
    }

    /// Adds a parameter for this service alone.
    ///
    /// # Errors
    /// When the name or the value cannot be written.
    pub fn add_option(&mut self, name: &str, value: &str) -> Result<(), ValueError> {
        check_name(name)?;
        let value = clean(name, value)?;
        if !balanced(&value) {
            return Err(ValueError::Braces(name.to_owned()));
        }
        self.options.push((name.to_owned(), value));
        Ok(())
    }

    /// The entry as it stands in the file.
    #[must_use]
    pub fn text(&self) -> String {
        self.render()
    }

    /// Reads an entry, which may have several lines.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        Self::parse(text.as_bytes())
    }

    /// Whether two entries make the master do the same.
    #[must_use]
    pub fn means_the_same(&self, other: &Self) -> bool {
        let options = |service: &Self| -> BTreeMap<_, _> { service.options.iter().cloned().collect() };
        let rest = |service: &Self| Self { options: Vec::new(), ..service.clone() };
        options(self) == options(other) && rest(self) == rest(other)
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut words = split_words(text).into_iter();
        let mut service = Self { name: words.next()?, kind: words.next()?, ..Self::default() };
        for column in &mut service.columns {
            *column = words.next()?;
        }
        service.take_command(words);
        Some(service)
    }

    fn take_command(&mut self, mut words: impl Iterator<Item = String>) {
        self.program = words.next().unwrap_or_default();
        while let Some(word) = words.next() {
            // As getopt(3): options end at the first word that is none.
            if !word.starts_with('-') {
                self.arguments.push(word);
                self.arguments.extend(words);
                return;
            }
            let setting = match word.strip_prefix("-o") {
                Some("") => words.next().unwrap_or_default(),
                Some(setting) => setting.to_owned(),
                None => {
                    self.flags.push(word);
                    continue;
                }
            };
            let (name, value) = setting.split_once('=').unwrap_or((&setting, ""));
            self.options.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }

    /// The entry in the form of the file that Postfix brings.
    fn render(&self) -> String {
        let mut text = format!("{:<9} ", self.name);
        // Long names push only the type to the right, as in Postfix's own file.
        let width = 15usize.saturating_sub(text.len());
        let _ = write!(text, "{:<width$} ", self.kind);
        for column in &self.columns {
            let _ = write!(text, "{column:<7} ");
        }
        text.push_str(&self.program);
        for flag in &self.flags {
            let _ = write!(text, " {flag}");
        }
        for (name, value) in &self.options {
            if value.contains([' ', '\t']) {
                let _ = write!(text, "\n  -o {{ {name} = {value} }}");
            } else {
                let _ = write!(text, "\n  -o {name}={value}");
            }
        }
        if !self.arguments.is_empty() {
            let words: Vec<_> = self.arguments.iter().map(|word| quoted(word)).collect();
            let _ = write!(text, "\n  {}", words.join(" "));
        }
        text
    }
}

impl MasterCf {
    /// Reads a file. Lines that are no services are kept as they are.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Self {
        Self { document: Document::parse(bytes) }
    }

    /// The service that Postfix runs: of several entries with one name and type the last counts.
    #[must_use]
    pub fn get(&self, name: &str, kind: &str) -> Option<Service> {
        self.of(name, kind).pop().and_then(|(_, service)| service)
    }

    /// The services that Postfix runs, one of each name and type.
    #[must_use]
    pub fn services(&self) -> Vec<Service> {
        let services = self.document.entries().filter_map(|(_, text)| Service::parse(&text));
        let by_name: BTreeMap<_, _> =
            services.map(|service| ((service.name.clone(), service.kind.clone()), service)).collect();
        by_name.into_values().collect()
    }

    /// Puts an entry and says whether anything was changed. An entry that means the same is left as it is
    /// written; earlier ones of the same name and type are dropped. A new one is put after its commented
    /// default, if there is one, else at the end.
    pub fn set(&mut self, service: &Service) -> bool {
        let mut found = self.of(&service.name, &service.kind);
        let Some((last, current)) = found.pop() else {
            let place = self.after_example(&service.name, &service.kind);
            self.document.insert(place, &service.render());
            return true;
        };
        let differs = current.is_none_or(|current| !current.means_the_same(service));
        // From the end, so that the indexes before stay true.
        if differs {
            self.document.replace(last, &service.render());
        }
        for (index, _) in found.iter().rev() {
            self.document.remove(*index);
        }
        differs || !found.is_empty()
    }

    /// Removes an entry and says whether there was one.
    pub fn unset(&mut self, name: &str, kind: &str) -> bool {
        let found = self.of(name, kind);
        for (index, _) in found.iter().rev() {
            self.document.remove(*index);
        }
        !found.is_empty()
    }

    /// The file's bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.document.to_bytes()
    }

    /// Where a service stands, in order; without the service where its entry is not complete.
    fn of(&self, name: &str, kind: &str) -> Vec<(usize, Option<Service>)> {
        let entries = self.document.entries().filter(|(_, text)| is_of(text, name, kind));
        entries.map(|(index, text)| (index, Service::parse(&text))).collect()
    }

    fn after_example(&self, name: &str, kind: &str) -> Option<usize> {
        let example = self.document.last_comment(|line| {
            line.strip_prefix(b"#").is_some_and(|line| is_of(line, name, kind) && Service::parse(line).is_some())
        })?;
        let continues = |line: &[u8]| matches!(line, [b'#', b' ' | b'\t', ..]);
        Some(self.document.comments_from(example, continues))
    }
}

/// Whether a logical line begins with this name and type.
fn is_of(text: &[u8], name: &str, kind: &str) -> bool {
    let mut words = text.split(|&byte| is_space(byte)).filter(|word| !word.is_empty());
    !text.first().is_none_or(|&byte| is_space(byte))
        && words.next() == Some(name.as_bytes())
        && words.next() == Some(kind.as_bytes())
}

/// Words between blanks, where a text in braces is one word (`mystrtokq` in Postfix); a word that begins with a
/// brace loses its outer braces (`extpar`).
fn split_words(text: &[u8]) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = Vec::new();
    let mut depth = 0usize;
    // A blank at the end closes the last word.
    for &byte in text.iter().chain(b" ") {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            byte if is_space(byte) && depth == 0 => {
                if !word.is_empty() {
                    words.push(unquoted(&String::from_utf8_lossy(&std::mem::take(&mut word))));
                }
                continue;
            }
            _ => {}
        }
        word.push(byte);
    }
    if !word.is_empty() {
        words.push(String::from_utf8_lossy(&word).trim_end().to_owned());
    }
    words
}

fn unquoted(word: &str) -> String {
    match word.strip_prefix('{').and_then(|word| word.strip_suffix('}')) {
        Some(inner) => inner.trim().to_owned(),
        None => word.to_owned(),
    }
}

fn quoted(word: &str) -> String {
    let splits = word.starts_with('{') || split_words(word.as_bytes()).len() > 1;
    if splits { format!("{{ {word} }}") } else { word.to_owned() }
}

fn balanced(text: &str) -> bool {
    let depth = text.chars().try_fold(0i32, |depth, c| match c {
        '{' => Some(depth + 1),
        '}' if depth == 0 => None,
        '}' => Some(depth - 1),
        _ => Some(depth),
    });
    depth == Some(0)
}
