//! Commands that change no host.

use std::path::PathBuf;

use clap::{Args, ColorChoice, Subcommand};

use super::examples;
use super::{ConnectionArgs, OutputArgs, OutputFormat, PagesArgs, PlayArgs, TargetArgs, VaultArgs};

/// `inventory`.
#[derive(Debug, Args)]
pub struct InventoryArgs {
    /// What to show of it.
    #[command(subcommand)]
    pub command: InventoryCommand,
}

/// What to show of an inventory.
#[derive(Debug, Subcommand)]
pub enum InventoryCommand {
    /// All groups and hosts with their variables as JSON, as `ansible-inventory --list` gives them.
    #[command(after_help = examples::help("inventory list"))]
    List(InventoryListArgs),
    /// The groups with the groups and hosts inside them, as `ansible-inventory --graph` draws them.
    #[command(after_help = examples::help("inventory graph"))]
    Graph(InventoryGraphArgs),
    /// Each variable of a host: its value, where it comes from, and what it overrides.
    #[command(after_help = examples::help("inventory explain"))]
    Explain(InventoryExplainArgs),
}

impl InventoryCommand {
    /// Whether secrets are to be shown.
    #[must_use]
    pub fn shows_secrets(&self) -> bool {
        match self {
            Self::List(args) => args.show_secrets,
            Self::Explain(args) => args.show_secrets,
            Self::Graph(_) => false,
        }
    }

    /// How the output looks.
    #[must_use]
    pub fn look(&self) -> &LookArgs {
        match self {
            Self::List(args) => &args.look,
            Self::Graph(args) => &args.look,
            Self::Explain(args) => &args.look,
        }
    }
}

/// `inventory list`.
#[derive(Debug, Args)]
pub struct InventoryListArgs {
    /// The inventory.
    #[command(flatten)]
    pub source: InventorySource,
    /// Only these hosts: names, groups and patterns (`mx*,!mx3`), or @FILE with one a line.
    #[arg(long, short = 'l', value_name = "PATTERN")]
    pub limit: Option<String>,
    /// Do not mask values whose names look secret.
    #[arg(long)]
    pub show_secrets: bool,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `inventory graph`.
#[derive(Debug, Args)]
pub struct InventoryGraphArgs {
    /// The inventory.
    #[command(flatten)]
    pub source: InventorySource,
    /// The group to begin at.
    #[arg(long, value_name = "GROUP", default_value = "all")]
    pub group: String,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `inventory explain`.
#[derive(Debug, Args)]
pub struct InventoryExplainArgs {
    /// The host.
    #[arg(value_name = "HOST")]
    pub host: String,
    /// The inventory.
    #[command(flatten)]
    pub source: InventorySource,
    /// Only this variable.
    #[arg(long = "var", value_name = "NAME")]
    pub variable: Option<String>,
    /// Do not mask values whose names look secret.
    #[arg(long)]
    pub show_secrets: bool,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// Which inventory, where no host is contacted.
#[derive(Debug, Args)]
pub struct InventorySource {
    /// The inventory: a file (YAML, INI or a program), a folder of them, or `host1,host2` [default: inventory.yaml or inventory.yml in this folder].
    #[arg(value_name = "INVENTORY")]
    pub positional: Option<PathBuf>,
    /// A further inventory; can be given several times.
    #[arg(long, short = 'i', value_name = "INVENTORY")]
    pub inventory: Vec<PathBuf>,
    /// Also read the variables beside this playbook.
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,
    /// How to open what is encrypted.
    #[command(flatten)]
    pub vault: VaultArgs,
}

/// `lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// For which hosts.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The playbook [default: the built-in mail server].
    #[arg(long, value_name = "FILE")]
    pub playbook: Option<PathBuf>,
    /// Variables above all others: `key=value ...`, a YAML or JSON mapping, or @FILE.
    #[arg(long, short = 'e', value_name = "VARS")]
    pub extra_vars: Vec<String>,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

impl LintArgs {
    /// What is looked at: all tasks.
    #[must_use]
    pub fn play(&self) -> PlayArgs {
        PlayArgs {
            playbook: self.playbook.clone(),
            tags: Vec::new(),
            skip_tags: Vec::new(),
            extra_vars: self.extra_vars.clone(),
            diff: false,
        }
    }
}

/// `doc`.
#[derive(Debug, Args)]
pub struct DocArgs {
    /// The module, by any of its names [default: a list of all].
    #[arg(value_name = "MODULE")]
    pub module: Option<String>,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `facts`.
#[derive(Debug, Args)]
pub struct FactsArgs {
    /// Of which hosts.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How to get there.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `report`.
#[derive(Debug, Subcommand)]
pub enum ReportCommand {
    /// Join what the parts of a run (`--shard`) wrote with `--output json` into one report.
    #[command(after_help = examples::help("report merge"))]
    Merge(MergeArgs),
}

/// `report merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// What each part wrote; `-` is stdin.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Show the differences in the text of files.
    #[arg(long, short = 'D')]
    pub diff: bool,
    /// What to keep.
    #[command(flatten)]
    pub pages: PagesArgs,
    /// What to show.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// How the output of a command that is no run looks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct LookArgs {
    /// `text` for people or `json` lines for programs.
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub output: OutputFormat,
    /// When to use colours: `auto`, `always` or `never`; `NO_COLOR` in the environment is heeded.
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub color: ColorChoice,
}

impl From<&LookArgs> for OutputArgs {
    fn from(look: &LookArgs) -> Self {
        Self { verbose: 0, quiet: false, output: look.output, timings: false, color: look.color }
    }
}
