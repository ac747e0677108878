//! `vault`: makes and opens Ansible's vaults.

mod edit;
mod files;

use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

use super::args::{EncryptStringArgs, FilesArgs, RekeyArgs, VaultCommand, VaultCommandArgs};
use super::console::Console;
use super::exit::Exit;
use super::failure::{Failure, Kind};
use super::{password, vault_passwords};
use crate::vault::{self, Keyring, VaultError};

pub(super) fn run(args: &VaultCommandArgs, console: &Console) -> Result<Exit, Failure> {
    let keyring = vault_passwords::keyring(&args.passwords)?;
    match &args.command {
        VaultCommand::Encrypt(args) => {
            let keyring = or_chosen(keyring)?;
            let label = args.encrypt_vault_id.as_deref();
            each(&args.files, |name, text| {
                if std::str::from_utf8(text).is_ok_and(vault::is_vault) {
                    return Err(Failure::new(Kind::Input, format!("{name} is encrypted already")));
                }
                keyring.seal(text, label).map(String::into_bytes).map_err(|error| failure(&name, &error))
            })?;
        }
        VaultCommand::Decrypt(args) => {
            let keyring = or_asked(keyring)?;
            each(args, |name, text| open(&keyring, &name, text).map(|(text, _)| text))?;
        }
        VaultCommand::View(args) => {
            let keyring = or_asked(keyring)?;
            for file in &args.files {
                let (text, _) = open(&keyring, &file.display().to_string(), &files::read(file)?)?;
                files::print(&text)?;
            }
        }
        VaultCommand::Edit(args) => {
            for file in &args.files.files {
                let keyring = if file.exists() { or_asked(keyring.clone())? } else { or_chosen(keyring.clone())? };
                edit::file(file, &keyring, args.encrypt_vault_id.as_deref(), console)?;
            }
        }
        VaultCommand::Rekey(args) => rekey(args, &or_asked(keyring)?)?,
        VaultCommand::EncryptString(args) => encrypt_string(args, &or_chosen(keyring)?)?,
    }
    Ok(Exit::Ok)
}

/// Without a password that is given, one is asked for.
fn or_asked(keyring: Keyring) -> Result<Keyring, Failure> {
    if !keyring.is_empty() {
        return Ok(keyring);
    }
    Ok(Keyring::new(vec![vault_passwords::asked("", "Vault password: ")?]))
}

fn or_chosen(keyring: Keyring) -> Result<Keyring, Failure> {
    if !keyring.is_empty() {
        return Ok(keyring);
    }
    Ok(Keyring::new(vec![vault_passwords::chosen("")?]))
}

/// Turns each file into another, in place or where the options say.
fn each(args: &FilesArgs, turn: impl Fn(String, &[u8]) -> Result<Vec<u8>, Failure>) -> Result<(), Failure> {
    let stdin = PathBuf::from("-");
    let given = if args.files.is_empty() { std::slice::from_ref(&stdin) } else { &args.files[..] };
    if given.len() > 1 && args.output_file.is_some() {
        return Err(Failure::new(Kind::Usage, "--output-file takes one file only"));
    }
    for file in given {
        let from_stdin = file.as_os_str() == "-";
        let text = if from_stdin { read_stdin()? } else { files::read(file)? };
        let name = if from_stdin { "stdin".to_owned() } else { file.display().to_string() };
        let turned = turn(name, &text)?;
        match args.output_file.as_deref().unwrap_or(file) {
            path if path == Path::new("-") => files::print(&turned)?,
            path => files::replace(path, &turned)?,
        }
    }
    Ok(())
}

fn rekey(args: &RekeyArgs, keyring: &Keyring) -> Result<(), Failure> {
    let key = match (&args.new_vault_id, &args.new_vault_password_file) {
        (Some(id), _) => vault_passwords::identity(id)?,
        (None, Some(file)) => vault_passwords::from_file("", file)?,
        (None, None) => vault_passwords::chosen("")?,
    };
    let new = Keyring::new(vec![key]);
    // All are opened before the first is written.
    let opened = args.files.iter().map(|file| {
        let name = file.display().to_string();
        Ok((file, open(keyring, &name, &files::read(file)?)?.0))
    });
    for (file, text) in opened.collect::<Result<Vec<_>, Failure>>()? {
        let sealed = new.seal(&text, None).map_err(|error| failure(&file.display().to_string(), &error))?;
        files::replace(file, sealed.as_bytes())?;
    }
    Ok(())
}

fn encrypt_string(args: &EncryptStringArgs, keyring: &Keyring) -> Result<(), Failure> {
    let text = match &args.value {
        Some(value) => value.clone().into_bytes(),
        None if password::can_ask() => password::read("Value to encrypt: ")?.expose().to_owned().into_bytes(),
        None => read_stdin()?,
    };
    let sealed = keyring.seal(&text, args.encrypt_vault_id.as_deref()).map_err(|error| failure("the value", &error))?;
    let name = args.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let indented = sealed.trim_end().replace('\n', "\n          ");
    files::print(format!("{name}!vault |\n          {indented}\n").as_bytes())
}

/// What is in a vault, and the label of the password that opens it.
fn open(keyring: &Keyring, name: &str, text: &[u8]) -> Result<(Vec<u8>, String), Failure> {
    let Some(text) = std::str::from_utf8(text).ok().filter(|text| vault::is_vault(text)) else {
        return Err(Failure::new(Kind::Input, format!("{name} is not encrypted")));
    };
    keyring.open_labelled(text).map_err(|error| failure(name, &error))
}

fn failure(name: &str, error: &VaultError) -> Failure {
    let failure = Failure::new(Kind::Input, format!("{name}: failed to {error}"));
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::new(Kind::Usage, "no file is named, and stdin is a terminal").hint("name a file"));
    }
    stdin.read_to_end(&mut text).map_err(|error| Failure::of(Kind::Machine, "cannot read stdin", &error))?;
    Ok(text)
}
