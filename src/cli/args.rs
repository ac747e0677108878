//! The command line as clap reads it. Names and short forms are those of ansible-playbook where it has them.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum};

use super::exit;
use crate::fleet::{DEFAULT_CONFIRM_SECONDS, DEFAULT_TASK_SECONDS};

mod examples;
mod inspect;
mod make;
mod pages;
mod shard;
mod vault;

pub use inspect::{
    DocArgs, FactsArgs, InventoryArgs, InventoryCommand, InventorySource, LintArgs, MergeArgs, ReportCommand,
};
pub use make::{CompletionsArgs, InitArgs, ManArgs};
pub use pages::PagesArgs;
pub use shard::Shard;
pub use vault::{EncryptStringArgs, FilesArgs, RekeyArgs, VaultArgs, VaultCommand, VaultCommandArgs};

/// Turn bare Rocky Linux 8 hosts into verified Postfix sending servers over SSH.
#[derive(Debug, Parser)]
#[command(name = "mailprov", version, after_help = exit::HELP, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write an inventory to begin with, and tell what comes next.
    #[command(after_help = examples::help("init"))]
    Init(InitArgs),
    /// Bring the hosts into the state that the playbook describes.
    #[command(after_help = examples::help("up"))]
    Up(UpArgs),
    /// Show what `up` would change, and change nothing.
    #[command(after_help = examples::help("check"))]
    Check(CheckArgs),
    /// Look whether the hosts do what they should, from within and from here; change nothing.
    #[command(after_help = examples::help("verify"))]
    Verify(VerifyArgs),
    /// Put the hosts back to what they were before a run.
    #[command(after_help = examples::help("rollback"))]
    Rollback(RollbackArgs),
    /// List the runs on the hosts.
    #[command(after_help = examples::help("history"))]
    History(HistoryArgs),
    /// Tell how things stand on the hosts: the last run, what is unfinished, who is at work.
    #[command(after_help = examples::help("status"))]
    Status(HistoryArgs),
    /// Show the inventory: hosts, groups, and where variables come from.
    Inventory(InventoryArgs),
    /// Look for everything that can be wrong without contacting a host.
    #[command(after_help = examples::help("lint"))]
    Lint(LintArgs),
    /// Show the facts of the hosts, as templates see them.
    #[command(after_help = examples::help("facts"))]
    Facts(FactsArgs),
    /// Work with what runs wrote with `--output json`.
    #[command(subcommand)]
    Report(ReportCommand),
    /// Show what a module does and takes; without a name, list all.
    #[command(after_help = examples::help("doc"))]
    Doc(DocArgs),
    /// Make, open and edit what is encrypted with Ansible Vault.
    Vault(VaultCommandArgs),
    /// Print a script that completes the command line in a shell.
    #[command(after_help = examples::help("completions"))]
    Completions(CompletionsArgs),
    /// Print the manual page of a command.
    #[command(after_help = examples::help("man"))]
    Man(ManArgs),
    /// Run on a managed host; started by the other commands.
    #[command(hide = true)]
    Agent(AgentArgs),
    /// Take a run back unless it was confirmed; started on a managed host by its timer.
    #[command(hide = true)]
    AgentRollback(AgentRollbackArgs),
}

/// `up`.
#[derive(Debug, Args)]
pub struct UpArgs {
    /// On which hosts.
    #[command(flatten)]
    pub target: TargetArgs,
    /// What to do there.
    #[command(flatten)]
    pub play: PlayArgs,
    /// How much of it.
    #[command(flatten)]
    pub choose: ChooseArgs,
    /// Only to list it.
    #[command(flatten)]
    pub list: ListArgs,
    /// Keep the changes of a failed run, for debugging, instead of taking them back.
    #[arg(long)]
    pub no_rollback: bool,
    /// When the run fails on any host, take it back on those where it went through, too.
    #[arg(long, conflicts_with = "no_rollback")]
    pub revert_fleet: bool,
    /// Apply this plan of `check --out`, and nothing else; hosts that have moved since are left alone.
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Confirmation of a run that changed the way into a host.
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What to keep.
    #[command(flatten)]
    pub pages: PagesArgs,
    /// What to show.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// On which hosts.
    #[command(flatten)]
    pub target: TargetArgs,
    /// What to do there.
    #[command(flatten)]
    pub play: PlayArgs,
    /// How much of it.
    #[command(flatten)]
    pub choose: ChooseArgs,
    /// Only to list it.
    #[command(flatten)]
    pub list: ListArgs,
    /// Exit with 2 when something would change.
    #[arg(long)]
    pub exit_code: bool,
    /// Keep what would be done as a plan for `up --plan`.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What to keep.
    #[command(flatten)]
    pub pages: PagesArgs,
    /// What to show.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// On which hosts.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Also send a message to this address, and follow it to where it gets.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub send_to: Option<String>,
    /// The playbook whose tasks with the tag `verify` are run [default: the built-in mail server].
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,
    /// Variables above all others: `key=value ...`, a YAML or JSON mapping, or @FILE.
    #[arg(long, short = 'e', value_name = "VARS")]
    pub extra_vars: Vec<String>,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What to keep.
    #[command(flatten)]
    pub pages: PagesArgs,
    /// What to show.
    #[command(flatten)]
    pub output: OutputArgs,
}

impl VerifyArgs {
    /// What to do on the hosts: the tasks that verify, and no other.
    #[must_use]
    pub fn play(&self) -> PlayArgs {
        PlayArgs {
            playbook: self.playbook.clone(),
            tags: vec!["verify".to_owned()],
            skip_tags: Vec::new(),
            extra_vars: self.extra_vars.clone(),
            diff: false,
        }
    }
}

/// What may stand between the angle brackets of SMTP.
fn address(text: &str) -> Result<String, String> {
    let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | '{' | '}');
    let whole = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if whole && !text.contains(bad) { Ok(text.to_owned()) } else { Err("is no mail address".to_owned()) }
}

/// `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// On which hosts.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The run to take back, with all later ones [default: the newest].
    #[arg(long, value_name = "ID")]
    pub run: Option<String>,
    /// Go back to what the hosts were after this run: take back all later ones.
    #[arg(long, value_name = "ID", conflicts_with = "run")]
    pub to: Option<String>,
    /// Also overwrite what was changed by hand since.
    #[arg(long)]
    pub force: bool,
    /// Only show what would be put back.
    #[arg(long, short = 'C')]
    pub check: bool,
    /// Confirmation of a run that changed the way into a host.
    #[command(flatten)]
    pub confirm: ConfirmArgs,
    /// Show the differences in the text of files.
    #[arg(long, short = 'D')]
    pub diff: bool,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What to keep.
    #[command(flatten)]
    pub pages: PagesArgs,
    /// What to show.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `history` and `status`. They are no runs: there is no recap, and nothing whose time would be told.
#[derive(Debug, Args)]
#[command(
    mut_arg("verbose", |arg| arg.help("Show all that a run changed")),
    mut_arg("quiet", |arg| arg.hide(true)),
    mut_arg("timings", |arg| arg.hide(true))
)]
pub struct HistoryArgs {
    /// On which hosts.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// What to show.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `agent`.
#[derive(Debug, Args)]
pub struct AgentArgs {
    /// The word that the controller waits for.
    pub nonce: String,
}

/// Confirmation of a run that changed the way into a host.
#[derive(Debug, Args)]
pub struct ConfirmArgs {
    /// Seconds that a host waits to be reached over a new connection after its firewall, network, name or sshd changed,
    /// before it takes the run back by itself; 0: it never does.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = DEFAULT_CONFIRM_SECONDS,
        value_parser = clap::value_parser!(u32).range(0..=86400)
    )]
    pub confirm_timeout: u32,
}

impl ConfirmArgs {
    /// The same without the 0.
    #[must_use]
    pub fn within(&self) -> Option<u32> {
        Some(self.confirm_timeout).filter(|&seconds| seconds > 0)
    }
}

/// `agent-rollback`.
#[derive(Debug, Args)]
pub struct AgentRollbackArgs {
    /// The run.
    pub run_id: String,
}

/// Which hosts.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The inventory: a file (YAML, INI or a program), a folder of them, or `host1,host2` [default: inventory.yaml or inventory.yml in this folder].
    #[arg(value_name = "INVENTORY")]
    pub positional: Option<PathBuf>,
    /// A further inventory; can be given several times.
    #[arg(long, short = 'i', value_name = "INVENTORY")]
    pub inventory: Vec<PathBuf>,
    /// Only these hosts: names, groups and patterns (`mx*,!mx3`), or @FILE with one a line.
    #[arg(long, short = 'l', value_name = "PATTERN")]
    pub limit: Option<String>,
    /// Run on this machine itself, without SSH; needs no inventory.
    #[arg(long)]
    pub local: bool,
    /// Only the Kth of N parts of these hosts, so that N machines can share the work; see `report merge`.
    #[arg(long, value_name = "K/N")]
    pub shard: Option<Shard>,
    /// How to open what is encrypted.
    #[command(flatten)]
    pub vault: VaultArgs,
}

/// What to do on the hosts.
#[derive(Debug, Args)]
pub struct PlayArgs {
    /// The playbook [default: the built-in mail server].
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,
    /// Only tasks with one of these tags.
    #[arg(long, short = 't', value_name = "TAGS", value_delimiter = ',')]
    pub tags: Vec<String>,
    /// No task with one of these tags.
    #[arg(long, value_name = "TAGS", value_delimiter = ',')]
    pub skip_tags: Vec<String>,
    /// Variables above all others: `key=value ...`, a YAML or JSON mapping, or @FILE.
    #[arg(long, short = 'e', value_name = "VARS")]
    pub extra_vars: Vec<String>,
    /// Show the differences in the text of files.
    #[arg(long, short = 'D')]
    pub diff: bool,
}

/// Which of the tasks, and of the hosts.
#[derive(Debug, Default, Args)]
pub struct ChooseArgs {
    /// Begin at the task of this name, with or without its role; `*` stands for anything.
    #[arg(long, value_name = "NAME")]
    pub start_at_task: Option<String>,
    /// Ask for each task whether it is run; all are asked for before anything is done.
    #[arg(long)]
    pub step: bool,
    /// Only the hosts that failed or could not be reached in the last `up` of this inventory and playbook.
    #[arg(long)]
    pub retry_failed: bool,
}

/// Only list what a run would be.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only list the hosts of each play; no host is contacted.
    #[arg(long)]
    pub list_hosts: bool,
    /// Only list the tasks of each play that this run would take; no host is contacted.
    #[arg(long)]
    pub list_tasks: bool,
    /// Only list the tags of each play; no host is contacted.
    #[arg(long)]
    pub list_tags: bool,
}

impl ListArgs {
    /// Whether anything is to be listed.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.list_hosts || self.list_tasks || self.list_tags
    }
}

/// How the hosts are reached.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own on the command line")]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Log in as this user.
    #[arg(long, short = 'u', value_name = "USER")]
    pub user: Option<String>,
    /// Log in with this key.
    #[arg(long, value_name = "FILE")]
    pub private_key: Option<PathBuf>,
    /// Ask for the password of the login.
    #[arg(long, short = 'k')]
    pub ask_pass: bool,
    /// Become root through sudo.
    #[arg(long = "become", short = 'b')]
    pub become_root: bool,
    /// Ask for the password that sudo wants.
    #[arg(long, short = 'K')]
    pub ask_become_pass: bool,
    /// Accept and remember the keys of hosts never seen before; a changed key is refused all the same.
    #[arg(long)]
    pub accept_new_host_keys: bool,
    /// Seconds to wait for a connection.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub timeout: u32,
    /// Seconds that one task may take on a host before the run is stopped there; 0: any time.
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_TASK_SECONDS)]
    pub task_timeout: u32,
    /// Hosts at work at the same time.
    #[arg(long, short = 'f', value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub forks: u16,
}

/// What is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Show every task with what it did, and the output of long ones.
    #[arg(long, short = 'v', action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Show only the recap.
    #[arg(long, short = 'q', conflicts_with = "verbose")]
    pub quiet: bool,
    /// `text` for people or `json` lines for programs.
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub output: OutputFormat,
    /// End with where the time went: connection, agent, facts, each task, verification.
    #[arg(long)]
    pub timings: bool,
    /// When to use colours: `auto`, `always` or `never`; `NO_COLOR` in the environment is heeded.
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: ColorChoice,
}

/// For whom the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// People.
    Text,
    /// Programs.
    Json,
}
