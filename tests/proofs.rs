//! What docs/guide-coverage.md and docs/acceptance.md name as proof is there.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mailprov::probe::catalogue;

const DOCUMENTS: &[&str] = &["docs/guide-coverage.md", "docs/acceptance.md"];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The rows of all tables of a document, cell by cell, without heads.
fn rows(text: &str) -> Vec<Vec<String>> {
    let lines: Vec<&str> = text.lines().collect();
    let is_row = |index: usize| {
        let head = lines.get(index + 1).is_some_and(|next| next.starts_with("|---"));
        lines[index].starts_with("| ") && !head
    };
    let cells = |line: &str| line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    (0..lines.len()).filter(|index| is_row(*index)).map(|index| cells(lines[index])).collect()
}

/// What stands between two marks.
fn between(text: &str, mark: char) -> Vec<String> {
    text.split(mark).skip(1).step_by(2).map(str::to_owned).collect()
}

/// Every function of the sources and tests, as `file::function`.
fn functions() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in ["src", "tests"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    found
}

fn collect(folder: &Path, found: &mut BTreeSet<String>) {
    let entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for path in entries {
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let file = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).unwrap();
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            for window in lines.windows(4) {
                let name =
                    window.last().and_then(|line| line.strip_prefix("fn ")).and_then(|line| line.split('(').next());
                if let (Some(name), true) = (name, window.iter().any(|line| line.starts_with("#[test]"))) {
                    found.insert(format!("{file}::{name}"));
                }
            }
        }
    }
}

/// What is wrong with the proofs of one cell.
fn wrong(cell: &str, known: &Known) -> Vec<String> {
    let mut wrong = Vec::new();
    for word in between(cell, '`') {
        let defect = word.strip_prefix("guide ").and_then(|number| number.parse::<u8>().ok());
        let is_id =
            word.split('.').count() == 2 && word.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '.' | '-'));
        let there = if let Some(number) = defect {
            known.defects.contains(&format!("(({number}, "))
        } else if word.contains("::") {
            known.functions.contains(&word)
        } else if is_id && word != "main.cf" && word != "master.cf" {
            catalogue::ALL.iter().any(|check| check.id == word)
        } else if word.starts_with("mail_") {
            known.variables.contains(&format!("\n{word}:"))
        } else {
            true
        };
        if !there {
            wrong.push(format!("there is no `{word}`"));
        }
    }
    for how in between(cell, '"') {
        if !known.sabotage.contains(&format!("\"{how}\"")) {
            wrong.push(format!("there is no sabotage {how:?}"));
        }
    }
    for task in between(&cell.replace('`', ""), '*') {
        if !known.tasks.contains(&format!("- name: {task}\n")) {
            wrong.push(format!("there is no task *{task}*"));
        }
    }
    wrong
}

struct Known {
    functions: BTreeSet<String>,
    defects: String,
    sabotage: String,
    tasks: String,
    variables: String,
}

impl Known {
    fn read() -> Self {
        let tasks = ["base/tasks/main", "firewall/tasks/main", "postfix/tasks/certificate", "postfix/tasks/config"];
        let more = ["postfix/tasks/maps", "postfix/tasks/packages", "postfix/tasks/main"];
        let tasks = tasks.iter().chain(&more).map(|path| read(&format!("roles/{path}.yaml")));
        let tasks = tasks.collect::<String>() + &read("playbooks/mail.yaml");
        Self {
            functions: functions(),
            defects: read("tests/lab/guide/defects.rs").replace("(\n        (", "(("),
            sabotage: read("tests/lab/sabotage/table.rs"),
            tasks,
            variables: ["base", "postfix", "firewall"]
                .map(|role| read(&format!("roles/{role}/defaults/main.yaml")))
                .concat(),
        }
    }
}

#[test]
fn every_proof_that_the_documents_name_is_there() {
    let known = Known::read();
    let mut found = Vec::new();
    for path in DOCUMENTS {
        for row in rows(&read(path)) {
            let proofs = row.iter().skip(2).flat_map(|cell| wrong(cell, &known));
            found.extend(proofs.map(|what| format!("{path}: {}: {what}", row[0])));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_row_says_what_proves_it_or_why_nothing_does() {
    for path in DOCUMENTS {
        for row in rows(&read(path)) {
            let last = row.last().unwrap();
            let proof = ['`', '"', '*'].iter().any(|mark| last.contains(*mark));
            let reason = ["out of scope: ", "cannot "].iter().any(|start| last.starts_with(start));
            assert!(proof || reason, "{path}: {row:?}");
        }
    }
}

#[test]
fn every_step_of_the_guide_has_a_test_and_every_mistake_its_own() {
    let is_test = |word: &String| word.contains("::") || word.starts_with("guide ");
    for row in rows(&read("docs/guide-coverage.md")) {
        let last = row.last().unwrap();
        let tests: Vec<String> = between(last, '`').into_iter().filter(is_test).collect();
        if row.len() == 4 {
            assert!(!tests.is_empty() || !between(last, '"').is_empty(), "no test: {row:?}");
        } else if last.starts_with("shown: ") {
            assert_eq!(tests.first(), Some(&format!("guide {}", row[0])), "{row:?}");
        }
    }
}

#[test]
fn no_question_and_no_mistake_is_left_out() {
    let numbers = |path: &str| -> Vec<u32> {
        rows(&read(path)).iter().filter(|row| row.len() == 3).filter_map(|row| row[0].parse().ok()).collect()
    };
    assert_eq!(numbers("docs/acceptance.md"), (1..=75).collect::<Vec<u32>>());
    assert_eq!(numbers("docs/guide-coverage.md"), (1..=43).collect::<Vec<u32>>());
}

#[test]
fn the_words_of_a_proof_that_is_not_there_are_told() {
    let known = Known::read();
    let cell = "`smtp.nothing`, `mail::nothing`, `guide 99`, \"no such sabotage\", *No such task*, `mail_nothing`";
    assert_eq!(wrong(cell, &known).len(), 6);
    let cell =
        "`smtp.banner`, `proofs::no_question_and_no_mistake_is_left_out`, `guide 1`, \"VRFY\", *Set the host name*";
    assert_eq!(wrong(cell, &known), [""; 0]);
}
