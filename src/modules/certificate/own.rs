//! Files of the site's own: nothing is made, all is looked at before Postfix gets to see it.

use serde_json::Map;

use super::inspect::{Found, Key, date, leaves};
use super::names::list;
use super::{Files, Wish, describe};
use crate::event::Failure;
use crate::host::{CommandSpec, HostError, Scratch};
use crate::modules::{Args, Context, ModuleError, Outcome, paths};

/// Looks at the certificate, its chain and its key; fails with all that is wrong.
pub(super) fn look(args: &Args, context: &mut Context<'_>, wish: &Wish, files: &Files) -> Result<Outcome, ModuleError> {
    if files.are_unknown() {
        return Ok(Outcome { unknown: true, ..Outcome::default() });
    }
    let mut wrong = Vec::new();
    let certificate = files.certificate_bytes();
    let chain = certificate.as_deref().map(leaves).unwrap_or_default();
    let key = files.key_bytes();
    let key = key.as_deref().and_then(Key::read);
    if chain.is_empty() {
        wrong.push(format!("there is no readable certificate in {}", files.path));
    }
    if key.is_none() {
        wrong.push(format!("there is no readable key in {} (one with a passphrase cannot be used)", files.key_path));
    }
    let found = chain.first().and_then(|pem| Found::read(pem.as_bytes()));
    if let (Some(found), Some(key)) = (&found, &key) {
        let defects = found.defects_of_own(&wish.request, key, context.now);
        wrong.extend(defects.into_iter().map(|defect| format!("the certificate {defect}")));
    }
    wrong.extend(links(context, &chain)?);
    if wrong.is_empty() && args.has("ca_path") {
        wrong.extend(anchor(context, &paths::required(args, "ca_path")?, &chain)?);
    }
    let Some(found) = found.filter(|_| wrong.is_empty()) else {
        let failure = Failure {
            message: format!("use the certificate in {}", files.path),
            causes: wrong,
            hints: vec![
                "the server's own certificate comes first in the file, then the one that signed it, and so on"
                    .to_owned(),
            ],
            ..Failure::default()
        };
        return Err(ModuleError::Failed { failure: Box::new(failure), values: Map::new() });
    };
    let days = (found.not_after - context.now) / super::inspect::DAY;
    let message = (days < wish.renew_before)
        .then(|| format!("{} is valid until {}: {days} days", files.path, date(found.not_after)));
    Ok(Outcome { message, values: describe(&found), ..Outcome::default() })
}

/// Whether each certificate was signed by the one after it.
fn links(context: &mut Context<'_>, chain: &[String]) -> Result<Vec<String>, ModuleError> {
    let mut wrong = Vec::new();
    for (index, pair) in chain.windows(2).enumerate() {
        let [certificate, issuer] = pair else { continue };
        let argv = ["openssl", "verify", "-partial_chain", "-trusted", "issuer.pem", "certificate.pem"];
        let files = [("issuer.pem", issuer), ("certificate.pem", certificate)];
        if let Some(why) = verify(context, &argv, &files)? {
            wrong.push(format!("certificate {} of the file is not signed by the one after it: {why}", index + 1));
        }
    }
    Ok(wrong)
}

/// Whether the chain ends at an authority in this file.
fn anchor(context: &mut Context<'_>, path: &str, chain: &[String]) -> Result<Option<String>, ModuleError> {
    let Some((leaf, rest)) = chain.split_first() else { return Ok(None) };
    // Only this file counts, and not what the system trusts.
    let argv = ["openssl", "verify", "-no-CApath", "-CAfile", path, "-untrusted", "rest.pem", "certificate.pem"];
    // A file of nothing is an error to it.
    let rest = if rest.is_empty() { leaf.clone() } else { rest.concat() };
    let why = verify(context, &argv, &[("rest.pem", &rest), ("certificate.pem", leaf)])?;
    Ok(why.map(|why| format!("the chain does not end at an authority in {path}: {why}")))
}

/// What `openssl verify` has against it; nothing where it is not installed.
fn verify(context: &mut Context<'_>, argv: &[&str], files: &[(&str, &String)]) -> Result<Option<String>, ModuleError> {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let done = match context.host.scratch(&Scratch { command: CommandSpec::new(argv), files, result: None }) {
        Err(HostError::NoSuchProgram(_)) => return Ok(None),
        done => done?,
    };
    if done.output.status == 0 {
        return Ok(None);
    }
    let said = done.output.stderr_text();
    let line = said.lines().find(|line| line.starts_with("error ")).or_else(|| said.lines().next());
    Ok(Some(line.unwrap_or("openssl verify refuses it").to_owned()))
}

/// The names that are missing, as an end of "the certificate ...".
pub(super) fn missing<'n>(names: impl IntoIterator<Item = &'n super::names::Name>) -> Option<String> {
    let names: Vec<_> = names.into_iter().collect();
    (!names.is_empty()).then(|| format!("is not for {}", list(names)))
}
