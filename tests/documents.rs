//! What can be said of the documents without a host: links lead somewhere, every page is in the book, command blocks
//! say whether they are run, the page of modules is made from the modules.
//!
//! `MAILPROV_WRITE_DOCS=1 cargo test --test documents` writes that page anew.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test, which writes a page on request and tells what is not run"
)]

#[path = "lab/docs/page.rs"]
mod page;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mailprov::modules::{ArgKind, Module, ModuleSpec};
use page::{Block, Step, blocks};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All pages, wherever they are, but for what is built and what tests read.
fn pages() -> Vec<(String, String)> {
    let root = root();
    let others = ["target", "tests/fixtures"].map(|name| root.join(name));
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let mut folders = vec![root.clone()];
    let mut pages = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() || is_hidden(&path) || others.contains(&path) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                pages.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    pages.sort();
    pages
}

/// The targets of a page's links and pictures, without those in code.
fn links(text: &str) -> Vec<String> {
    let mut in_block = false;
    let prose = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        in_block ^= fence;
        !in_block && !fence
    });
    let targets = prose.flat_map(|line| {
        let parts = line.split("](").skip(1);
        parts.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect::<Vec<_>>()
    });
    targets.filter(|target| !target.contains("://") && !target.contains(' ')).collect()
}

/// The anchors of a page, as the book and the usual forges make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let titles = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |title: &str| -> String {
        let kept = title
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    titles.map(anchor).collect()
}

fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

#[test]
fn links_lead_somewhere() {
    let (mut dead, mut looked) = (Vec::new(), 0);
    for (name, text) in pages() {
        let folder = root().join(&name).parent().unwrap().to_owned();
        for target in links(&text) {
            looked += 1;
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let path = if file.is_empty() { root().join(&name) } else { folder.join(file) };
            let there = path.exists()
                && (anchor.is_empty() || fs::read_to_string(&path).is_ok_and(|text| anchors(&text).contains(anchor)));
            if !there {
                dead.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(looked > 0);
    assert_none("links that lead nowhere", &dead);
}

#[test]
fn every_page_is_in_the_book() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let listed: BTreeSet<_> = links(&summary).into_iter().collect();
    let pages = pages();
    let pages = pages.iter().filter_map(|(name, _)| name.strip_prefix("docs/")).filter(|name| *name != "SUMMARY.md");
    let missing: Vec<_> = pages.filter(|name| !listed.contains(*name)).map(str::to_owned).collect();
    assert_none("pages that docs/SUMMARY.md does not list", &missing);
}

/// The pages whose commands `tests/lab/docs.rs` runs.
const RUN: &str = include_str!("lab/docs.rs");

/// Whether a reader may take the block for something to type or to run, however its fence calls it.
fn looks_like_commands(block: &Block) -> bool {
    let kind = block.kind.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_lowercase();
    ["", "console", "shell", "sh", "bash", "zsh", "fish", "powershell", "terminal"].contains(&&*kind)
}

#[test]
fn command_blocks_are_run_or_say_why_not() {
    let (mut silent, mut run) = (Vec::new(), 0);
    for (name, text) in pages() {
        let is_run = RUN.contains(&format!("\"{name}\""));
        for block in blocks(&text).into_iter().filter(looks_like_commands) {
            match block.not_run() {
                Some(why) => eprintln!("not run: {name}:{}: {why}", block.line),
                None if is_run => run += 1,
                None => {}
            }
            // A translation has the blocks of its page.
            let translated = name.contains("/ja/") || name.ends_with(".ja.md");
            // Tabs and blocks without a command would be read differently by people and by the test.
            let usable =
                |step: &Step| !step.command.is_empty() && step.expected.iter().all(|line| !line.contains('\t'));
            if block.is_run() && (block.steps().is_empty() || !block.steps().iter().all(usable)) {
                silent.push(format!("{name}:{}: no commands, or tabs", block.line));
            }
            let runs = block.is_run() && (is_run || translated);
            if !runs && block.not_run().is_none() {
                silent.push(format!("{name}:{}", block.line));
            }
        }
    }
    eprintln!("command blocks that the lab's tests run: {run}");
    assert!(run > 0);
    assert_none("command blocks that nobody runs and that do not say why", &silent);
}

/// Whether a line is a command of ours or of the project's.
fn is_command(line: &str) -> bool {
    ["mailprov ", "tests/", "release/", "docs/build", "cargo ", "$ "].iter().any(|start| line.starts_with(start))
}

#[test]
fn commands_stand_in_blocks_that_can_be_run() {
    let mut elsewhere = Vec::new();
    for (name, text) in pages() {
        let mut fence = None;
        for (index, line) in text.lines().enumerate() {
            let bare = line.trim_start();
            if let Some(kind) = bare.strip_prefix("```") {
                fence = if fence.is_some() { None } else { Some(kind) };
                continue;
            }
            let in_code = match fence {
                Some(kind) => matches!(kind, "" | "sh" | "bash" | "shell"),
                None => line.starts_with("    "),
            };
            if in_code && is_command(bare) {
                elsewhere.push(format!("{name}:{}: {bare}", index + 1));
            }
        }
    }
    assert_none("commands outside of `console` blocks", &elsewhere);
}

/// The program's texts, with what continues a literal in the next line joined to it.
fn program_text() -> String {
    let mut folders = vec![root().join("src")];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    regex::Regex::new(r"\\\n\s*").unwrap().replace_all(&text, "").into_owned()
}

/// The texts in backticks of a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

#[test]
fn symptoms_are_in_the_program_s_words() {
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let program = program_text();
    let (mut unknown, mut looked) = (Vec::new(), 0);
    for line in page.lines().filter(|line| line.starts_with("| ")) {
        let symptom = line.trim_start_matches("| ").split(" | ").next().unwrap_or_default();
        for words in quoted(symptom).flat_map(|words| words.split("...")).map(str::trim) {
            looked += 1;
            if !program.contains(words) {
                unknown.push(words.to_owned());
            }
        }
    }
    assert!(looked > 0);
    assert_none("symptoms that the program does not show", &unknown);
}

/// Commands and files of a page.
fn runnable(path: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(path).unwrap();
    let blocks = blocks(&text).into_iter().filter(|block| block.is_run() || block.file_name().is_some());
    // A comment in a file may be in the page's language.
    let plain = |line: &str| line.split(" #").next().unwrap_or(line).trim_end().to_owned() + "\n";
    blocks.map(|block| (block.kind.clone(), block.text.lines().map(plain).collect())).collect()
}

#[test]
fn translations_show_the_same_commands() {
    for (page, translation) in [
        ("README.md", "README.ja.md"),
        ("docs/quick-start.md", "docs/ja/quick-start.md"),
        ("docs/walkthrough.md", "docs/ja/walkthrough.md"),
    ] {
        assert!(!runnable(&root().join(page)).is_empty(), "{page} shows no commands");
        assert_eq!(runnable(&root().join(translation)), runnable(&root().join(page)), "{translation}");
    }
}

#[test]
fn the_page_of_modules_is_made_from_the_modules() {
    let path = root().join("docs/modules.md");
    let page = modules_page();
    if std::env::var_os("MAILPROV_WRITE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page,
        "docs/modules.md is not what the modules say: MAILPROV_WRITE_DOCS=1 cargo test --test documents"
    );
}

fn modules_page() -> String {
    let mut page = String::from(
        "# Modules\n\n<!-- Made by tests/documents.rs from what `mailprov doc` shows. -->\n\n\
         `mailprov doc NAME` shows the same. A name may be written with its collection in front. Every argument is checked before a host\n\
         is contacted; what a task registers also has `changed`, `failed`, `skipped` and `msg`.\n\n",
    );
    for module in Module::ALL {
        let spec = module.spec();
        writeln!(page, "- [`{}`](#{}): {}", spec.name, spec.name, spec.summary).unwrap();
    }
    for module in Module::ALL {
        section(&mut page, module.spec());
    }
    page
}

fn section(page: &mut String, spec: &ModuleSpec) {
    write!(page, "\n## {}\n\n`{}.{}`", spec.name, spec.collection, spec.name).unwrap();
    if !spec.aliases.is_empty() {
        write!(page, ", also called `{}`", spec.aliases.join("`, `")).unwrap();
    }
    writeln!(page, ". {}", spec.summary).unwrap();
    if !spec.args.is_empty() {
        page.push_str("\n| argument | takes | default | |\n|---|---|---|---|\n");
    }
    for arg in spec.args {
        let names = [&[arg.name], arg.aliases].concat().join("`, `");
        let default = if arg.required {
            "required".to_owned()
        } else {
            arg.default.map_or(String::new(), |text| format!("`{text}`"))
        };
        let doc = arg.doc.replace('|', "\\|").replace('<', "&lt;");
        writeln!(page, "| `{names}` | {} | {default} | {doc} |", takes(arg.kind)).unwrap();
    }
    for group in spec.exactly_one_of {
        writeln!(page, "\nExactly one of `{}` must be given.", group.join("`, `")).unwrap();
    }
    if let Some(name) = spec.free_form {
        writeln!(page, "\nA plain string stands for `{name}`.").unwrap();
    }
    if spec.accepts_any {
        page.push_str("\nAny other name is taken, too.\n");
    }
    if !spec.returns.is_empty() {
        let returns: Vec<_> = spec.returns.iter().map(|(name, doc)| format!("`{name}` ({doc})")).collect();
        writeln!(page, "\nRegisters: {}.", returns.join(", ")).unwrap();
    }
    write!(page, "\n```yaml\n{}```\n", spec.example).unwrap();
}

fn takes(kind: ArgKind) -> String {
    match kind {
        ArgKind::Str => "text".to_owned(),
        ArgKind::Path => "an absolute path".to_owned(),
        ArgKind::Bool => "yes or no".to_owned(),
        ArgKind::Int => "a whole number".to_owned(),
        ArgKind::Mode => "permissions".to_owned(),
        ArgKind::Choice(words) => format!("`{}`", words.join("`, `")),
        ArgKind::StrList => "a list of text".to_owned(),
        ArgKind::StrMap => "a mapping of text".to_owned(),
        ArgKind::Conditions => "a list of conditions".to_owned(),
        ArgKind::Expression => "an expression without braces".to_owned(),
        ArgKind::Any => "anything".to_owned(),
    }
}
