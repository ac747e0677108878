//! The blocks of a page that can be run, and what is said about them.
//!
//! A block marked `console` holds commands behind `$ ` (and `> ` where a line goes on) and what they print. A line `...`
//! stands for any lines; all others must come, in this order, and nothing else. A block marked `yaml` whose first line is
//! `# NAME.yaml` is that file. A comment right above a block says how it is run:
//!
//! * `<!-- test: bare host -->`: from a bare host;
//! * `<!-- test: on the server -->`, `<!-- test: on the client -->`: not where mailprov is, but there;
//! * `<!-- test: exit 4 -->`: the last command ends so; otherwise all end with 0;
//! * `<!-- test: typed WORDS -->`: each command finds these words, as a line, on its stdin;
//! * `<!-- test: not run: WHY -->`.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its first line in the page, from 1.
    pub line: usize,
    /// What stands behind the fence.
    pub kind: String,
    pub text: String,
    /// What comments above it say, in order.
    pub notes: Vec<String>,
}

/// A command with what it shall print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub command: String,
    pub expected: Vec<String>,
}

/// The blocks of a page, in order.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut notes = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_start();
        if let Some(note) = line.strip_prefix("<!-- test: ").and_then(|rest| rest.strip_suffix(" -->")) {
            notes.push(note.to_owned());
        } else if let Some(kind) = line.strip_prefix("```") {
            let body: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").collect();
            let text = body.iter().flat_map(|line| [line, "\n"]).collect();
            blocks.push(Block { line: index + 1, kind: kind.to_owned(), text, notes: std::mem::take(&mut notes) });
        } else if !line.is_empty() {
            notes.clear();
        }
    }
    blocks
}

impl Block {
    /// Whether it is in the form that is run.
    pub fn is_run(&self) -> bool {
        self.kind == "console"
    }

    /// The name of the file that the block is, if it is one.
    pub fn file_name(&self) -> Option<&str> {
        let name = self.text.lines().next()?.strip_prefix("# ")?;
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
        (self.kind == "yaml"
            && plain
            && name.rsplit_once('.').is_some_and(|(_, ending)| ending == "yaml")
            && !name.starts_with('/'))
        .then_some(name)
    }

    /// Why it is not run, if it is not.
    pub fn not_run(&self) -> Option<&str> {
        self.notes.iter().find_map(|note| note.strip_prefix("not run: "))
    }

    /// The commands of a `console` block.
    pub fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for line in self.text.lines() {
            match (line.strip_prefix("$ "), line.strip_prefix("> "), steps.last_mut()) {
                (Some(command), ..) => steps.push(Step { command: command.to_owned(), expected: Vec::new() }),
                (None, Some(more), Some(step)) if step.expected.is_empty() => {
                    step.command.push('\n');
                    step.command.push_str(more);
                }
                (None, _, Some(step)) => step.expected.push(line.to_owned()),
                (None, _, None) => {}
            }
        }
        steps
    }
}
