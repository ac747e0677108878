//! The command line written back: for the journals, and for advice on what to run next.
//!
//! Secrets among the values of extra variables (docs/secrets.md) are left out.

use std::path::Path;

use serde_json::Value;

use super::args::{ConnectionArgs, PlayArgs, TargetArgs};
use super::extra_vars;
use crate::diagnostic::Sources;
use crate::veil::{MASK, is_secret, masked_all};

/// A command line in the making.
#[derive(Debug, Clone)]
pub(super) struct CommandLine(Vec<String>);

impl CommandLine {
    pub(super) fn new(command: &str) -> Self {
        Self(vec!["mailprov".to_owned(), command.to_owned()])
    }

    /// The hosts, without `--limit`.
    pub(super) fn target(mut self, target: &TargetArgs) -> Self {
        self.0.extend(target.positional.iter().map(|path| text(path)));
        for path in &target.inventory {
            self.option("-i", &text(path));
        }
        self.flag("--local", target.local);
        self.flag("-J", target.vault.ask_vault_password);
        for file in &target.vault.vault_password_file {
            self.option("--vault-password-file", &text(file));
        }
        for id in &target.vault.vault_id {
            self.option("--vault-id", id);
        }
        self
    }

    pub(super) fn limit(mut self, target: &TargetArgs) -> Self {
        if let Some(limit) = &target.limit {
            self.option("--limit", limit);
        }
        if let Some(shard) = &target.shard {
            self.option("--shard", &shard.to_string());
        }
        self
    }

    pub(super) fn playbook(mut self, play: &PlayArgs) -> Self {
        if let Some(playbook) = &play.playbook {
            self.option("--playbook", &text(playbook));
        }
        for vars in &play.extra_vars {
            self.option("-e", &without_secrets(vars));
        }
        self
    }

    pub(super) fn play(self, play: &PlayArgs) -> Self {
        let mut line = self.playbook(play);
        if !play.tags.is_empty() {
            line.option("--tags", &play.tags.join(","));
        }
        if !play.skip_tags.is_empty() {
            line.option("--skip-tags", &play.skip_tags.join(","));
        }
        line
    }

    pub(super) fn connection(mut self, connection: &ConnectionArgs) -> Self {
        if let Some(user) = &connection.user {
            self.option("-u", user);
        }
        if let Some(key) = &connection.private_key {
            self.option("--private-key", &text(key));
        }
        self.flag("-k", connection.ask_pass);
        self.flag("-b", connection.become_root);
        self.flag("-K", connection.ask_become_pass);
        self
    }

    pub(super) fn word(&mut self, word: &str) {
        self.0.push(word.to_owned());
    }

    pub(super) fn flag(&mut self, name: &str, given: bool) {
        if given {
            self.0.push(name.to_owned());
        }
    }

    pub(super) fn option(&mut self, name: &str, value: &str) {
        self.0.extend([name.to_owned(), value.to_owned()]);
    }

    /// Without what was given to `-e`, secret or not: for what is handed on, where nobody has to run it again.
    pub(super) fn without_values(mut self) -> Self {
        for at in 1..self.0.len() {
            if self.0[at - 1] == "-e" && !self.0[at].starts_with('@') {
                MASK.clone_into(&mut self.0[at]);
            }
        }
        self
    }

    pub(super) fn text(&self) -> String {
        // A word with a NUL cannot have come from a command line.
        shlex::try_join(self.0.iter().map(String::as_str)).unwrap_or_else(|_| self.0.join(" "))
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// What was given to `-e` but for what is secret by the name that it has: as it was, where there is nothing of the kind.
fn without_secrets(vars: &str) -> String {
    if vars.starts_with('@') {
        return vars.to_owned();
    }
    let known = extra_vars::read(&[vars.to_owned()], &mut Sources::new());
    if known.is_ok_and(|known| masked_all(&known) == Value::Object(known)) {
        return vars.to_owned();
    }
    let words = shlex::split(vars).filter(|_| !vars.trim_start().starts_with('{')).unwrap_or_default();
    let pairs = words.iter().filter_map(|word| word.split_once('=')).map(|(name, value)| {
        let shown = if is_secret(name) { MASK.into() } else { shlex::try_quote(value).unwrap_or(MASK.into()) };
        format!("{name}={shown}")
    });
    let pairs: Vec<String> = pairs.collect();
    if pairs.is_empty() { MASK.to_owned() } else { pairs.join(" ") }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command};

    #[test]
    fn a_command_line_is_written_back_without_secrets() {
        for (given, expected) in [
            ("up", "mailprov up"),
            ("up hosts.yaml -l mx1", "mailprov up hosts.yaml --limit mx1"),
            (
                "up 'my hosts' -i b --playbook p.yml -t a,b --skip-tags c -u ops -b -K",
                "mailprov up 'my hosts' -i b --playbook p.yml --tags 'a,b' --skip-tags c -u ops -b -K",
            ),
            ("up -e mail_sender=post@example.net", "mailprov up -e 'mail_sender=post@example.net'"),
            ("up -e 'a=\"two words\" b=1' -e @v.yaml", "mailprov up -e 'a=\"two words\" b=1' -e @v.yaml"),
            ("up -e 'password=hunter2 b=1'", "mailprov up -e 'password=******** b=1'"),
            ("up -e 'password=x b=\"1 2\"'", "mailprov up -e \"password=******** b='1 2'\""),
            ("up -e 'a=\"'", "mailprov up -e '********'"),
            ("up -e '{a: [1, {b: c}]}'", "mailprov up -e '{a: [1, {b: c}]}'"),
            ("up -e '{a: [1, {password: hunter2}]}'", "mailprov up -e '********'"),
        ] {
            let words = std::iter::once("mailprov".to_owned()).chain(shlex::split(given).unwrap_or_default());
            let Ok(Cli { command: Command::Up(up) }) = Cli::try_parse_from(words) else {
                unreachable!("{given} is a command line of up");
            };
            let line = CommandLine::new("up").target(&up.target).limit(&up.target).play(&up.play);
            assert_eq!(line.connection(&up.connection).text(), expected);
        }
    }
}
