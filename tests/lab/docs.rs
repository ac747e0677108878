//! What README and guide show is what happens: their commands are run in order, on a real host.
//!
//! Where a page has a picture of a screen, it is drawn here (`MAILPROV_WRITE_DOCS=1`), and compared.
//!
//! Where a page has `mail.mydomain.local` with 192.168.1.20, the lab has mail1 with an address of its own.

#![expect(clippy::print_stderr, reason = "the figures are what a reader of the test looks for")]

pub mod page;
mod screen;

use std::path::Path;
use std::process::Command;

use regex::Regex;
use tempfile::TempDir;

use self::page::{Block, Step, blocks};
use crate::support::{address, assert_same, binary, inventory, lab, one_host, reset, root};

/// The address and the network that the pages use.
const ADDRESS: &str = "192.168.1.20";
const NETWORK: &str = "192.168.1.0/24";

/// What differs from run to run, and what stands for it.
const VARYING: &[(&str, &str)] = &[
    (r"\d{8}T\d{6}Z-[0-9a-f]{8}", "RUN"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME"),
    (r" \(\d+\.\d s\)| in \d+ s\b", ""),
    (r"\b\d+ ms\b", "MS"),
    (r"\S+@\S+: mailprov", "WHO: mailprov"),
    (r"\b[0-9A-F]{8,16}\b|\b[0-9a-f]{16,64}\b", "ID"),
    (r"\d+ MiB free", "MUCH free"),
    (r"\d+ lines, none", "LINES, none"),
    (r"[ \t]+", " "),
];

/// A folder as a reader would have it, with a host.
struct Reader {
    folder: TempDir,
    host: String,
    address: String,
    varying: Vec<(Regex, &'static str)>,
}

impl Reader {
    fn new() -> Self {
        let host = one_host();
        let address = address(&host);
        let varying = VARYING.iter().map(|(find, put)| (Regex::new(find).expect("an expression"), *put)).collect();
        Self { folder: tempfile::tempdir().expect("a folder"), host, address, varying }
    }

    fn network(&self) -> String {
        format!("{}.0/24", self.address.rsplit_once('.').expect("an address").0)
    }

    /// As the lab has it.
    fn here(&self, text: &str) -> String {
        text.replace(ADDRESS, &self.address).replace(NETWORK, &self.network())
    }

    /// As a page has it.
    fn there(&self, line: &str) -> String {
        let mut line = line.replace(&self.network(), NETWORK).replace(&self.address, ADDRESS);
        for (find, put) in &self.varying {
            line = find.replace_all(&line, *put).into_owned();
        }
        line.trim_end().to_owned()
    }

    /// What is the reader's own: the way to log in.
    fn settle(&self) {
        let text = std::fs::read_to_string(inventory("root")).expect("the lab's inventory");
        let login: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("    ansible_")).collect();
        let login: String = login.iter().flat_map(|line| ["ansible_", line, "\n"]).collect();
        self.write("group_vars/all/login.yaml", &login);
        std::fs::create_dir(self.folder.path().join("home")).expect("a home");
        let bin = self.folder.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        std::os::unix::fs::symlink(binary(), bin.join("mailprov")).expect("a link");
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("within the folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    }

    /// Runs a command line where the block's notes say; its output and exit status.
    fn run(&self, block: &Block, command: &str) -> (String, i32) {
        let command = self.here(command);
        let lab_host = match block.notes.iter().find_map(|note| note.strip_prefix("on the ")) {
            Some("server") => Some(self.host.as_str()),
            other => other,
        };
        if let Some(host) = lab_host {
            // DNS has the name, too, and only for mail1.
            let command = command.replace("mail.mydomain.local", &format!("{}.mydomain.local", self.host));
            let ran = lab(&["ssh", host, &command]);
            return (ran.stdout + &ran.stderr, ran.status);
        }
        let typed = block.notes.iter().find_map(|note| note.strip_prefix("typed "));
        let typed = typed.map(|words| format!(" <<'TYPED'\n{words}\nTYPED")).unwrap_or_default();
        let folder = self.folder.path();
        let output = Command::new("bash")
            .args(["-c", &format!("{{ {command}\n}} 2>&1{typed}")])
            .current_dir(folder)
            .env_clear()
            .env("HOME", folder.join("home"))
            .env("PATH", format!("{}:/usr/bin:/bin:/usr/sbin:/sbin", folder.join("bin").display()))
            .output()
            .expect("bash runs");
        (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code().unwrap_or(-1))
    }

    /// Does what a page says; how many commands that were.
    fn follow(&self, page: &Path) -> usize {
        let text = std::fs::read_to_string(page).expect("a page");
        let mut commands = 0;
        for block in blocks(&text) {
            let place = format!("{}:{}", page.display(), block.line);
            if block.notes.iter().any(|note| note == "bare host") {
                reset(&[&self.host]);
            }
            if let Some(name) = block.file_name() {
                self.write(name, &self.here(&block.text));
            }
            if !block.is_run() || block.not_run().is_some() {
                continue;
            }
            let steps = block.steps();
            commands += steps.len();
            for (index, step) in steps.iter().enumerate() {
                let is_last = index + 1 == steps.len();
                let picture = block.notes.iter().find_map(|note| note.strip_prefix("screen ")).filter(|_| is_last);
                let command = match picture {
                    Some(_) => step.command.replacen("mailprov up ", "mailprov up --color always ", 1),
                    None => step.command.clone(),
                };
                let (mut output, status) = self.run(&block, &command);
                if let Some(picture) = picture {
                    self.picture(&root().join(picture), &step.command, &output);
                    output = screen::plain(&output);
                }
                let exit = block.notes.iter().find_map(|note| note.strip_prefix("exit ")?.parse().ok());
                let expected = exit.filter(|_| is_last).unwrap_or(0);
                assert_eq!(status, expected, "{place}: {}\n{output}", step.command);
                self.compare(&place, step, &output);
            }
        }
        commands
    }

    /// Draws what a command printed, or sees that the picture that is there shows the same, whatever the numbers.
    fn picture(&self, path: &Path, command: &str, output: &str) {
        let typed = command.split('#').next().unwrap_or_default().trim_end();
        let mut lines: Vec<_> = output.lines().filter_map(|line| self.shown(line)).collect();
        lines.dedup();
        let shown = lines.join("\n");
        let drawn = screen::draw(typed, &format!("\u{1b}[1m$ {typed}\u{1b}[0m\n{shown}"));
        if std::env::var_os("MAILPROV_WRITE_DOCS").is_some() {
            std::fs::write(path, &drawn).expect("written");
        }
        let there = std::fs::read_to_string(path).unwrap_or_default();
        let digits = Regex::new(r"\d+( warnings?\b)?").expect("an expression");
        let alike = |svg: &str| digits.replace_all(svg, "N").into_owned();
        let again = "draw it anew: MAILPROV_WRITE_DOCS=1 cargo test --test lab -- --test-threads=1 readme";
        assert_same(&alike(&there), &alike(&drawn), &format!("{}: {again}", path.display()));
    }

    /// A line as a page may show it: with the pages' addresses, without how long things took. What is wrong with the
    /// lab's own DNS (an address has one name, and it is not `mail`) is left out.
    fn shown(&self, line: &str) -> Option<String> {
        let plain = screen::plain(line);
        if plain.trim_start().starts_with("hint: ") {
            return None;
        }
        if plain.trim_start().starts_with("warn ") {
            return Some("    ...".to_owned());
        }
        let took = Regex::new(r" \(\d+\.\d s\)").expect("an expression");
        let line = line.replace(&self.network(), NETWORK).replace(&self.address, ADDRESS);
        Some(took.replace_all(&line, "").into_owned())
    }

    /// That a command printed what the page shows.
    fn compare(&self, place: &str, step: &Step, output: &str) {
        let lines = |text: Vec<&str>| -> Vec<String> {
            text.into_iter().map(|line| self.there(line)).filter(|line| !line.is_empty()).collect()
        };
        let (expected, printed) =
            (lines(step.expected.iter().map(String::as_str).collect()), lines(output.lines().collect()));
        // What a page does not show at all is not promised.
        if expected.is_empty() {
            return;
        }
        let (mut at, mut gap) = (0, false);
        for line in &expected {
            if line == "..." {
                gap = true;
                continue;
            }
            let found = printed[at..].iter().position(|printed| printed == line).filter(|&after| gap || after == 0);
            let Some(after) = found else {
                panic!("{place}: `{}` did not print this where it is expected:\n{line}\nbut:\n{output}", step.command);
            };
            (at, gap) = (at + after + 1, false);
        }
        assert!(gap || at == printed.len(), "{place}: `{}` printed more:\n{output}", step.command);
    }
}

fn follow(pages: &[&str]) {
    let reader = Reader::new();
    reader.settle();
    for page in pages {
        let begin = std::time::Instant::now();
        let commands = reader.follow(&root().join(page));
        assert!(commands > 0, "{page} has no command to run");
        eprintln!("{page}: {commands} commands run ({} s)", begin.elapsed().as_secs());
    }
}

#[test]
fn readme_shows_what_happens() {
    follow(&["README.md"]);
}

#[test]
fn the_guide_shows_what_happens() {
    // Each page finds the host as the one before left it.
    follow(&[
        "docs/quick-start.md",
        "docs/plan-files.md",
        "docs/ci.md",
        "docs/reports.md",
        "docs/json.md",
        "docs/large-fleets.md",
        "docs/secrets.md",
        "docs/troubleshooting.md",
        "docs/migrating.md",
        "docs/walkthrough.md",
        "docs/runs.md",
        "docs/security.md",
        "docs/inventory.md",
        "docs/variables.md",
    ]);
}
