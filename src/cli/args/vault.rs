//! Passwords of vaults, and the command `vault`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::examples;
use super::inspect::LookArgs;

/// Where the passwords of vaults come from.
#[derive(Debug, Args, Default)]
pub struct VaultArgs {
    /// Ask for the password of the vault.
    #[arg(long, short = 'J', alias = "ask-vault-pass", help_heading = "Vault")]
    pub ask_vault_password: bool,
    /// Read the password of the vault from a file, or from what a program prints; can be given several times.
    #[arg(long, alias = "vault-pass-file", value_name = "FILE", help_heading = "Vault")]
    pub vault_password_file: Vec<PathBuf>,
    /// A password with its label: `LABEL@FILE`, `LABEL@PROGRAM` or `LABEL@prompt`; can be given several times.
    #[arg(long, value_name = "ID", help_heading = "Vault")]
    pub vault_id: Vec<String>,
}

/// `vault`.
#[derive(Debug, Args)]
pub struct VaultCommandArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: VaultCommand,
    /// The passwords.
    #[command(flatten)]
    pub passwords: VaultArgs,
    /// How errors look.
    #[command(flatten)]
    pub look: LookArgs,
}

/// What to do with a vault.
#[derive(Debug, Subcommand)]
pub enum VaultCommand {
    /// Encrypt files in place; without a file, stdin to stdout.
    #[command(after_help = examples::help("vault encrypt"))]
    Encrypt(EncryptArgs),
    /// Decrypt files in place; without a file, stdin to stdout.
    #[command(after_help = examples::help("vault decrypt"))]
    Decrypt(FilesArgs),
    /// Show what is in encrypted files.
    #[command(after_help = examples::help("vault view"))]
    View(FilesArgs),
    /// Edit encrypted files with $EDITOR; a file that is not there is made.
    #[command(after_help = examples::help("vault edit"))]
    Edit(EncryptArgs),
    /// Encrypt files with another password.
    #[command(after_help = examples::help("vault rekey"))]
    Rekey(RekeyArgs),
    /// Encrypt one value, to be pasted into a YAML file.
    #[command(after_help = examples::help("vault encrypt-string"), alias = "encrypt_string")]
    EncryptString(EncryptStringArgs),
}

/// Files, and where the result goes.
#[derive(Debug, Args)]
pub struct FilesArgs {
    /// The files; `-` is stdin.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the result here instead; `-` is stdout.
    #[arg(long, value_name = "FILE")]
    pub output_file: Option<PathBuf>,
}

/// `vault encrypt` and `vault edit`.
#[derive(Debug, Args)]
pub struct EncryptArgs {
    /// What and where to.
    #[command(flatten)]
    pub files: FilesArgs,
    /// Which of several passwords encrypts.
    #[arg(long, value_name = "LABEL")]
    pub encrypt_vault_id: Option<String>,
}

/// `vault rekey`.
#[derive(Debug, Args)]
pub struct RekeyArgs {
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The new password comes from this file or program [default: it is asked for].
    #[arg(long, value_name = "FILE", conflicts_with = "new_vault_id")]
    pub new_vault_password_file: Option<PathBuf>,
    /// The new password with its label, as in `--vault-id`.
    #[arg(long, value_name = "ID")]
    pub new_vault_id: Option<String>,
}

/// `vault encrypt-string`.
#[derive(Debug, Args)]
pub struct EncryptStringArgs {
    /// The value; others on this machine can see it while the program runs [default: asked for, or stdin].
    #[arg(value_name = "VALUE")]
    pub value: Option<String>,
    /// The name of the variable that gets the value.
    #[arg(long, short = 'n', value_name = "NAME")]
    pub name: Option<String>,
    /// Which of several passwords encrypts.
    #[arg(long, value_name = "LABEL")]
    pub encrypt_vault_id: Option<String>,
}
