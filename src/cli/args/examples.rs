//! Examples for `--help`, by command. That each can be typed is tested.

use crate::cli::exit;

/// A command, and what may follow its name, with what that does.
type Examples = (&'static str, &'static [(&'static str, &'static str)]);

const EXAMPLES: &[Examples] = &[
    (
        "init",
        &[
            ("", "asks"),
            ("mail.example.net=192.168.1.20 -u admin", ""),
            ("--eject mail.example.net", "with the playbook and roles, to be edited"),
        ],
    ),
    (
        "up",
        &[
            ("inventory.yaml", "the built-in mail server, on all hosts"),
            ("-l 'mx*,!mx3' -e mail_sender=post@example.net", "some hosts, and a variable for this run"),
            ("--playbook site.yaml --tags postfix -K", "a part of your own plays; asks for sudo's password"),
            ("--plan plan.json", "what `check --out plan.json` has shown, and nothing else"),
            ("--retry-failed", "only the hosts that failed the last time"),
        ],
    ),
    (
        "check",
        &[
            ("inventory.yaml --diff", "with the differences in the text of files"),
            ("--exit-code -q", "for a nightly job: 2 when something would change"),
            ("--out plan.json", "to be applied later: `up --plan plan.json`"),
        ],
    ),
    ("verify", &[("inventory.yaml", ""), ("--send-to you@example.net", "with a message that is followed to its end")]),
    (
        "rollback",
        &[
            ("--check --diff", "what would taking the last run back change?"),
            ("-l mx1.example.net", "take it back on one host"),
            ("--to 20261124T031500Z-1a2b3c4d", "back to what the hosts were after that run"),
        ],
    ),
    ("history", &[("inventory.yaml", ""), ("-v -l mx1.example.net", "with what each run changed")]),
    ("status", &[("inventory.yaml", ""), ("--output json", "for a program that watches")]),
    (
        "inventory list",
        &[("-i inventory.yaml", ""), ("-i hosts.ini -i cloud.py --limit web", "several, and some hosts")],
    ),
    ("inventory graph", &[("-i inventory.yaml", ""), ("-i inventory.yaml --group mail", "from one group on")]),
    (
        "inventory explain",
        &[
            ("mx1.example.net", "all its variables"),
            ("mx1.example.net -i inventory.yaml --var mail_sender", "why has this one this value?"),
        ],
    ),
    ("lint", &[("inventory.yaml", ""), ("--playbook site.yaml -e @vars.yaml", "")]),
    ("facts", &[("-l mx1.example.net", ""), ("--output json", "a line a host")]),
    (
        "report merge",
        &[("part1.jsonl part2.jsonl", "of `up --shard 1/2 --output json` and `up --shard 2/2 --output json`")],
    ),
    ("doc", &[("", "all modules"), ("postconf", "")]),
    ("vault encrypt", &[("group_vars/all/vault.yml", ""), ("--encrypt-vault-id prod secrets.yml", "")]),
    ("vault decrypt", &[("secrets.yml", "in place"), ("--output-file - secrets.yml", "to stdout")]),
    ("vault view", &[("group_vars/all/vault.yml", "")]),
    ("vault edit", &[("group_vars/all/vault.yml", "")]),
    ("vault rekey", &[("--new-vault-password-file new.txt secrets.yml", "")]),
    ("vault encrypt-string", &[("--name smtp_password", "asks for the value")]),
    ("completions", &[("bash > /etc/bash_completion.d/mailprov", ""), ("zsh > ~/.zfunc/_mailprov", "")]),
    ("man", &[("up", ""), ("--folder /usr/local/share/man/man1", "all pages")]),
];

/// What stands below the options of a command: examples, and the exit codes.
pub(super) fn help(command: &str) -> String {
    let examples = EXAMPLES.iter().find(|(name, _)| *name == command).map(|(_, examples)| *examples);
    // What it does stands above: behind it there is no room on 80 columns.
    let shown = examples.unwrap_or_default().iter().map(|(words, what)| {
        let line = format!("mailprov {command} {words}");
        let what = if what.is_empty() { String::new() } else { format!("    # {what}\n") };
        format!("{what}    {}\n", line.trim_end())
    });
    format!("Examples:\n{}\n{}", shown.collect::<String>(), exit::HELP)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test")]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use clap::{Command, CommandFactory, Parser};

    use super::EXAMPLES;
    use crate::cli::args::Cli;

    /// The commands that do something, by their whole names.
    fn commands(command: &Command, name: &str, found: &mut BTreeSet<String>) {
        let inner: Vec<_> = command
            .get_subcommands()
            .filter(|command| !command.is_hide_set() && command.get_name() != "help")
            .collect();
        if inner.is_empty() {
            found.insert(name.to_owned());
        }
        for command in inner {
            commands(command, format!("{name} {}", command.get_name()).trim_start(), found);
        }
    }

    /// What the shell gives the program.
    fn typed(command: &str, words: &str) -> Vec<String> {
        let words = words.split(" > ").next().unwrap();
        shlex::split(&format!("mailprov {command} {words}")).unwrap()
    }

    #[test]
    fn every_command_has_examples_that_can_be_typed() {
        let mut all = BTreeSet::new();
        commands(&Cli::command(), "", &mut all);
        assert_eq!(all, EXAMPLES.iter().map(|(command, _)| (*command).to_owned()).collect());
        for (command, examples) in EXAMPLES {
            assert!(!examples.is_empty(), "{command}");
            for (words, _) in *examples {
                let typed = typed(command, words);
                let read = Cli::try_parse_from(&typed);
                assert!(read.is_ok(), "{typed:?}: {}", read.unwrap_err());
            }
        }
    }

    /// A group or host behind the options would be taken for one, too.
    #[test]
    fn what_stands_in_an_inventory_s_place_is_one() {
        for (command, examples) in EXAMPLES {
            for (words, _) in *examples {
                let typed = typed(command, words);
                let mut matches = Cli::command().try_get_matches_from(&typed).unwrap();
                while let Some((_, inner)) = matches.remove_subcommand() {
                    matches = inner;
                }
                if let Ok(Some(inventory)) = matches.try_get_one::<PathBuf>("positional") {
                    assert_eq!(inventory, Path::new("inventory.yaml"), "{typed:?}");
                }
            }
        }
    }
}
