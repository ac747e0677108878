//! Why a command could not be carried out, as it is told to the user.
//!
//! The kind alone decides heading and exit code. What went wrong on hosts is no failure of the command: the
//! report tells that.

use serde_json::{Value, json};

use super::exit::Exit;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use crate::report::json;

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the user wrote cannot be used.
    Input,
    /// The command line, though clap let it pass, cannot be used.
    Usage,
    /// Something on this machine: no terminal to ask on, no room for the output.
    Machine,
    /// A bug.
    Bug,
}

impl Kind {
    /// The exit code.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Self::Input => Exit::Input,
            Self::Usage => Exit::Usage,
            Self::Machine | Self::Bug => Exit::Internal,
        }
    }

    fn heading(self) -> &'static str {
        match self {
            Self::Input | Self::Usage | Self::Machine => "error",
            Self::Bug => "internal error",
        }
    }
}

/// A command that could not be carried out.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    what: What,
    hints: Vec<String>,
}

#[derive(Debug)]
enum What {
    /// The message and its causes, outermost first.
    Chain(Vec<String>),
    /// Places in the user's files.
    Diagnostics { diagnostics: Diagnostics, sources: Box<Sources> },
}

impl Failure {
    /// A failure with a message: a lower-case fragment.
    #[must_use]
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, what: What::Chain(vec![message.into()]), hints: Vec::new() }
    }

    /// A failure of an error and its causes.
    #[must_use]
    pub fn of(kind: Kind, message: impl Into<String>, error: &dyn std::error::Error) -> Self {
        let mut chain = vec![message.into()];
        let mut next = Some(error);
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        // An error that repeats its source's text is shown once.
        chain.dedup_by(|inner, outer| outer.ends_with(inner.as_str()));
        Self { kind, what: What::Chain(chain), hints: Vec::new() }
    }

    /// What is wrong in the user's files.
    #[must_use]
    pub fn diagnostics(diagnostics: Diagnostics, sources: Sources) -> Self {
        let what = What::Diagnostics { diagnostics, sources: Box::new(sources) };
        Self { kind: Kind::Input, what, hints: Vec::new() }
    }

    /// Adds what to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.kind.exit()
    }

    /// For people: several lines, the last with its newline.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        match &self.what {
            What::Chain(chain) => {
                let mut chain = chain.iter();
                let mut diagnostic = Diagnostic::new(chain.next().cloned().unwrap_or_default());
                for cause in chain {
                    diagnostic = diagnostic.note(format!("cause: {cause}"));
                }
                for hint in &self.hints {
                    diagnostic = diagnostic.hint(hint.as_str());
                }
                let text = diagnostic.render(&Sources::new(), colour);
                // The renderer knows one heading; the others take its place.
                text.replacen("error", self.kind.heading(), 1)
            }
            What::Diagnostics { diagnostics, sources } => {
                let hints = self.hints.iter().map(|hint| format!("help: {hint}\n"));
                std::iter::once(diagnostics.render(sources, colour)).chain(hints).collect()
            }
        }
    }

    /// For programs: one JSON line.
    #[must_use]
    pub fn json(&self) -> String {
        let diagnostics: Vec<Value> = match &self.what {
            What::Chain(chain) => vec![json!({
                "message": chain.first(),
                "causes": chain.get(1..).unwrap_or_default(),
                "origin": null,
                "hints": self.hints,
            })],
            What::Diagnostics { diagnostics, .. } => diagnostics.iter().map(diagnostic_json).collect(),
        };
        let exit_code = Value::from(self.exit() as u8);
        json::line("error", [("exit_code", exit_code), ("errors", Value::Array(diagnostics))])
    }
}

fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    json!({
        "message": diagnostic.message,
        "causes": diagnostic.notes,
        "origin": diagnostic.origin,
        "hints": diagnostic.hints,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostplay::Origin;

    #[test]
    fn the_kind_picks_the_exit_code() {
        for (kind, exit) in [
            (Kind::Input, Exit::Input),
            (Kind::Usage, Exit::Usage),
            (Kind::Machine, Exit::Internal),
            (Kind::Bug, Exit::Internal),
        ] {
            assert_eq!(Failure::new(kind, "x").exit(), exit);
        }
    }

    #[test]
    fn a_failure_shows_its_causes_and_what_to_try() {
        let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let failure = Failure::of(Kind::Input, "cannot read inventory.yaml", &error).hint("check its mode");
        insta::assert_snapshot!(failure.render(false), @r"
        error: cannot read inventory.yaml
         |
         = note: cause: permission denied
         = help: check its mode
        ");
        insta::assert_snapshot!(failure.json(), @r#"{"version":1,"kind":"error","exit_code":3,"errors":[{"message":"cannot read inventory.yaml","causes":["permission denied"],"origin":null,"hints":["check its mode"]}]}"#);
        insta::assert_snapshot!(Failure::new(Kind::Bug, "the agent lost its way").render(false), @"internal error: the agent lost its way");
    }

    #[test]
    fn places_in_files_are_for_programs_too() {
        let mut sources = Sources::new();
        sources.add("inventory.yaml", "all:\n  host: {}\n");
        let origin = Origin { file: "inventory.yaml".to_owned(), line: 2, column: 3 };
        let diagnostic = Diagnostic::new("unknown key `host`").at(origin, 4).hint("did you mean `hosts`?");
        let failure = Failure::diagnostics(diagnostic.into(), sources);
        assert_eq!(failure.exit(), Exit::Input);
        insta::assert_snapshot!(failure.render(false), @r"
        error: unknown key `host`
         --> inventory.yaml:2:3
          |
        2 |   host: {}
          |   ^^^^
          |
          = help: did you mean `hosts`?
        ");
        insta::assert_snapshot!(failure.json(), @r#"{"version":1,"kind":"error","exit_code":3,"errors":[{"message":"unknown key `host`","causes":[],"origin":{"file":"inventory.yaml","line":2,"column":3},"hints":["did you mean `hosts`?"]}]}"#);
    }
}
