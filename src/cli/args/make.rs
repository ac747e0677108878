//! Commands that make something on this machine: an inventory, completions, manual pages.

use std::path::PathBuf;

use clap::{ArgAction, Args};
use clap_complete::Shell;

use super::inspect::LookArgs;

/// `init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The servers by their full names; `NAME=ADDRESS` where the name does not lead to the host yet [default: asks].
    #[arg(value_name = "NAME[=ADDRESS]")]
    pub hosts: Vec<String>,
    /// Where the inventory is written; a file that is there is never overwritten.
    #[arg(long, value_name = "FILE", default_value = "inventory.yaml")]
    pub file: PathBuf,
    /// Log in as this user [default: root, or what ~/.ssh/config says].
    #[arg(long, short = 'u', value_name = "USER")]
    pub user: Option<String>,
    /// Log in with this key.
    #[arg(long, value_name = "FILE")]
    pub private_key: Option<PathBuf>,
    /// Further options for ssh.
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub ssh_args: Option<String>,
    /// The address that every message is sent from [default: mail@ and the domain of the server].
    #[arg(long, value_name = "ADDRESS")]
    pub sender: Option<String>,
    /// Networks that may send [default: the server's own], as `192.168.1.0/24`.
    #[arg(long, value_name = "NETWORKS", value_delimiter = ',')]
    pub networks: Vec<String>,
    /// Where everything is handed to, as `[smtp.example.net]:587` [default: each recipient's own server].
    #[arg(long, value_name = "HOST")]
    pub relayhost: Option<String>,
    /// Also write the built-in playbook and roles, to be edited: mail.yaml and roles/.
    #[arg(long)]
    pub eject: bool,
    /// How it looks.
    #[command(flatten)]
    pub look: LookArgs,
}

/// `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// For which shell.
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Of which command [default: the program itself].
    #[arg(value_name = "COMMAND", action = ArgAction::Append)]
    pub command: Vec<String>,
    /// Write the pages of all commands into this folder instead.
    #[arg(long, value_name = "FOLDER", conflicts_with = "command")]
    pub folder: Option<PathBuf>,
}
