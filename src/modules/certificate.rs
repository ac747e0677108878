//! `certificate`: a private key made on the host, with a server certificate that nobody or the host's own authority
//! signs; or files of the site's own, looked at.

mod authority;
mod inspect;
mod issue;
mod names;
mod own;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::attributes::{self, GROUP, NEW_FILE, OWNER};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::event::KNOWN_AFTER_APPLY;
use crate::host::{Content, FileState, HostnameState, Key as ResourceKey, Meta, State, Want};
use authority::Authority;
pub(super) use inspect::Key;
use inspect::{DAY, Found, Voucher, date};
use issue::Request;
pub(super) use issue::{KeyKind, make_key};
use names::Name;

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new("path", ArgKind::Path, "The certificate (PEM, mode 0644 when new).").required(),
        ArgSpec::new(
            "privatekey_path",
            ArgKind::Path,
            "The private key (PKCS #8 in PEM, mode 0600 when new). It is made on the host and never leaves it; a key \
             of the right type and size is kept.",
        )
        .required(),
        ArgSpec::new(
            "provider",
            ArgKind::Choice(&["selfsigned", "ownca", "none"]),
            "Who signs: nobody, an authority of the host's own (made if it is not there), or somebody else: then nothing is \
             made, and chain, names, validity and key are looked at.",
        )
        .default("selfsigned"),
        ArgSpec::new(
            "ownca_path",
            ArgKind::Path,
            "The authority's certificate, to be given to clients; valid for ten years when it is made.",
        ),
        ArgSpec::new("ownca_privatekey_path", ArgKind::Path, "The authority's key, mode 0600 when new."),
        ArgSpec::new("ca_path", ArgKind::Path, "With provider none: certificates at one of which the chain must end."),
        ArgSpec::new("common_name", ArgKind::Str, "The subject; the static host name when not given."),
        ArgSpec::new(
            "subject_alt_name",
            ArgKind::StrList,
            "Names to be valid for: DNS:mail.example.com, IP:192.0.2.1, or either without its prefix. The default is \
             the common name.",
        ),
        ArgSpec::new("key_type", ArgKind::Choice(&["rsa", "ecdsa"]), "RSA, or ECDSA on the curve P-256.")
            .default("rsa"),
        ArgSpec::new(
            "key_size",
            ArgKind::Int,
            "Bits of a new RSA key: 2048, 3072 or 4096; a longer one is kept. The default is 2048.",
        ),
        ArgSpec::new("days", ArgKind::Int, "Days for which a new certificate is valid.").default("365"),
        ArgSpec::new("renew_before", ArgKind::Int, "Days before its end at which a certificate is renewed.")
            .default("30"),
        ArgSpec::new("mode", ArgKind::Mode, "Permissions of the certificate. An existing file keeps its own."),
        ArgSpec::new("privatekey_mode", ArgKind::Mode, "Permissions of the private key.").default("0600"),
        OWNER,
        GROUP,
        ArgSpec::new(
            "force",
            ArgKind::Bool,
            "Also replace a certificate that somebody else issued, when it does not fit.",
        )
        .default("no"),
    ],
    returns: &[
        ("not_after", "the end of validity, as 2027-01-31T00:00:00Z"),
        ("subject_alt_name", "the names, as DNS:... and IP:..."),
        ("fingerprint_sha256", "SHA-256 of the certificate, in hexadecimal"),
        ("renewed", "whether a certificate was made"),
        ("reason", "why, in words"),
    ],
    example: "- name: A certificate for STARTTLS\n  certificate:\n    path: /etc/postfix/ssl/postfix.crt\n    \
              privatekey_path: /etc/postfix/ssl/postfix.key\n    common_name: mail.example.com\n    \
              subject_alt_name:\n      - DNS:mail.example.com\n      - IP:192.0.2.25\n",
    ..ModuleSpec::new("certificate", "mailprov", "Keep a private key with a server certificate: self-signed, of a local CA, or the site's own.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let key_path = paths::required(args, "privatekey_path")?;
    if path == key_path {
        return Err(ModuleError::argument("privatekey_path", "is the same as path"));
    }
    let wish = wish(args, context)?;
    let files = Files { certificate: read(context, &path)?, key: read(context, &key_path)?, path, key_path };
    let provider = args.need_str("provider")?;
    if provider == "none" {
        return own::look(args, context, &wish, &files);
    }
    let authority = Authority::find(args, context, &wish)?;
    let key_id = authority.as_ref().and_then(|authority| authority.key_id.as_deref());
    let voucher = match (provider, &authority) {
        ("ownca", None) => return Err(ModuleError::argument("ownca_path", "is required with provider: ownca")),
        ("ownca", Some(_)) => Voucher::Authority(key_id),
        _ => Voucher::Itself(key_id),
    };
    let verdict = judge(&wish, &files, args.flag("force"), context.now, voucher)?;
    let mut values = Map::from_iter([("renewed".to_owned(), verdict.renews().into())]);
    let made = match &verdict {
        Verdict::Keep(found) => {
            values.extend(found.as_ref().map(describe).into_iter().flatten());
            Made::default()
        }
        Verdict::Renew { reason, key } => {
            values.insert("reason".to_owned(), reason.clone().into());
            let made = make(context, &wish, key.as_deref(), authority.as_ref().filter(|_| provider == "ownca"))?;
            values.extend(made.values(&wish.request));
            made
        }
    };
    let authority_is_unknown = authority.as_ref().is_some_and(|authority| authority.files.are_unknown());
    if let Some(Authority { files, made, .. }) = authority {
        put(args, context, &files, made)?;
    }
    put(args, context, &files, made)?;
    let reason = match &verdict {
        Verdict::Keep(_) => None,
        Verdict::Renew { reason, .. } => Some(reason.clone()),
    };
    let unknown = matches!(verdict, Verdict::Keep(None))
        || authority_is_unknown
        || [&files.certificate, &files.key].contains(&&FileState::Unknown);
    Ok(Outcome { message: reason, values, unknown, ..Outcome::default() })
}

/// Whether a private key is that of a certificate, both in PEM; true where one of them cannot be read.
pub(super) fn is_key_of(certificate: &[u8], key: &[u8]) -> bool {
    match (Found::read(certificate), Key::read(key)) {
        (Some(found), Some(key)) => found.has_key(&key),
        _ => true,
    }
}

/// What the arguments ask for.
struct Wish {
    request: Request,
    key: KeyKind,
    renew_before: i64,
}

fn wish(args: &Args, context: &mut Context<'_>) -> Result<Wish, ModuleError> {
    let common_name = match args.str("common_name") {
        Some(name) => name.to_owned(),
        None => match context.host.read(&ResourceKey::Hostname)? {
            State::Hostname(HostnameState { name, .. }) if !name.is_empty() => name,
            _ => return Err(ModuleError::argument("common_name", "is required: the host has no name of its own")),
        },
    };
    // The upper bound of RFC 5280, appendix A.
    if common_name.is_empty() || common_name.chars().count() > 64 {
        return Err(ModuleError::argument("common_name", "must have 1 to 64 characters"));
    }
    let mut names = args.list("subject_alt_name");
    if names.is_empty() {
        names.push(common_name.clone());
    }
    let names = names.iter().map(|name| Name::parse(name)).collect::<Result<BTreeSet<_>, _>>();
    let names = names.map_err(|why| ModuleError::argument("subject_alt_name", why))?;
    let key = match (args.need_str("key_type")?, args.int("key_size")) {
        ("ecdsa", None) => KeyKind::Ecdsa,
        ("ecdsa", Some(_)) => return Err(ModuleError::argument("key_size", "is for RSA keys; ecdsa is P-256")),
        (_, bits) => {
            KeyKind::rsa(bits).ok_or_else(|| ModuleError::argument("key_size", "must be 2048, 3072 or 4096"))?
        }
    };
    let days = args.int("days").filter(|days| (1..=36_500).contains(days));
    let days = days.ok_or_else(|| ModuleError::argument("days", "must be between 1 and 36500"))?;
    let renew_before = args.int("renew_before").filter(|before| (0..days).contains(before));
    let renew_before = renew_before
        .ok_or_else(|| ModuleError::argument("renew_before", "must be less than days, or every run would renew"))?;
    let request = Request {
        common_name,
        names,
        // Clients whose clock is a little late must not see a certificate of the future.
        not_before: context.now - 3600,
        not_after: context.now + days * DAY,
    };
    Ok(Wish { request, key, renew_before })
}

/// The two files as they are.
struct Files {
    path: String,
    certificate: FileState,
    key_path: String,
    key: FileState,
}

/// A file that is to be written: no directory, no link.
pub(super) fn read(context: &mut Context<'_>, path: &str) -> Result<FileState, ModuleError> {
    match context.file(path)? {
        FileState::Directory { .. } => Err(ModuleError::failed(format!("{path} is a directory"))),
        odd @ (FileState::Large { .. } | FileState::Other { .. }) => {
            Err(ModuleError::failed(format!("{path} is a {}", odd.kind())))
        }
        FileState::Symlink { target, .. } => Err(ModuleError::hinted(
            format!("{path} is a symbolic link to {target}"),
            "name the file itself: links are not followed",
        )),
        state => Ok(state),
    }
}

impl Files {
    fn certificate_bytes(&self) -> Option<Vec<u8>> {
        bytes(&self.certificate)
    }

    fn key_bytes(&self) -> Option<Vec<u8>> {
        bytes(&self.key)
    }

    /// Whether only applying can tell what is in one of them.
    fn are_unknown(&self) -> bool {
        self.certificate.content_is_unknown() || self.key.content_is_unknown()
    }
}

fn bytes(state: &FileState) -> Option<Vec<u8>> {
    match state {
        FileState::Regular { content, .. } => content.bytes().map(<[u8]>::to_vec),
        _ => None,
    }
}

/// What is to be done.
enum Verdict {
    /// Nothing; without the certificate when only applying can tell what is in it.
    Keep(Option<Found>),
    /// A certificate is made, with the key that is there or a new one.
    Renew { reason: String, key: Option<Box<Key>> },
}

impl Verdict {
    fn renews(&self) -> bool {
        matches!(self, Self::Renew { .. })
    }
}

fn judge(wish: &Wish, files: &Files, force: bool, now: i64, voucher: Voucher<'_>) -> Result<Verdict, ModuleError> {
    let made_by_this_run = |state: &FileState| matches!(state, FileState::Regular { content: Content::Unknown, .. });
    if made_by_this_run(&files.certificate) {
        return Ok(Verdict::Keep(None));
    }
    let key = files.key_bytes().and_then(|bytes| Key::read(&bytes));
    let found = files.certificate_bytes().and_then(|bytes| Found::read(&bytes));
    let foreign = !force && found.as_ref().is_some_and(|found| !found.is_ours(voucher));
    let mut reasons = Vec::new();
    let key = match key {
        // Whoever had a certificate issued has chosen its key.
        Some(key) if foreign || key.suits(wish.key) => Some(key),
        Some(_) => {
            reasons.push(format!("the key in {} is not of the type and size asked for", files.key_path));
            None
        }
        None if matches!(files.key, FileState::Regular { .. }) => {
            reasons.push(format!("there is no readable key in {}", files.key_path));
            None
        }
        None => {
            reasons.push("there is no key".to_owned());
            None
        }
    };
    match (&found, &key) {
        (Some(found), Some(key)) => {
            let defects = found.defects(&wish.request, key, now, wish.renew_before, voucher);
            reasons.extend(defects.into_iter().map(|defect| format!("the certificate {defect}")));
        }
        (None, _) if matches!(files.certificate, FileState::Regular { .. }) => {
            reasons.push(format!("there is no readable certificate in {}", files.path));
        }
        (None, _) => reasons.push("there is no certificate".to_owned()),
        (Some(_), None) => {}
    }
    if reasons.is_empty() {
        return Ok(Verdict::Keep(found));
    }
    let reason = reasons.join("; ");
    if foreign {
        return Err(ModuleError::hinted(
            format!("{} was issued by somebody else, and does not fit: {reason}", files.path),
            "put a fitting certificate in its place, name another path, or give force: yes to replace it",
        ));
    }
    Ok(Verdict::Renew { reason, key: key.map(Box::new) })
}

/// What was made: contents for the files, none for a file that keeps its own.
#[derive(Default)]
struct Made {
    key: Option<Content>,
    certificate: Option<Content>,
}

impl Made {
    fn values(&self, request: &Request) -> Map<String, Value> {
        let found = self.certificate.as_ref().and_then(Content::bytes).and_then(Found::read);
        found.as_ref().map_or_else(
            || {
                let mut values = validity(request.not_after, &request.names);
                values.insert("fingerprint_sha256".to_owned(), KNOWN_AFTER_APPLY.into());
                values
            },
            describe,
        )
    }
}

fn make(
    context: &Context<'_>,
    wish: &Wish,
    key: Option<&Key>,
    authority: Option<&Authority>,
) -> Result<Made, ModuleError> {
    if !context.host.is_in_force() {
        return Ok(Made { key: key.is_none().then_some(Content::Unknown), certificate: Some(Content::Unknown) });
    }
    let failed = |error: issue::IssueError| ModuleError::failed(error.to_string());
    let sign = |pair: &rcgen::KeyPair| match authority.and_then(Authority::signs) {
        Some(authority) => issue::issue_by(&wish.request, pair, authority),
        None => issue::issue(&wish.request, pair),
    };
    if let Some(key) = key {
        let certificate = sign(&key.pair).map_err(failed)?;
        return Ok(Made { key: None, certificate: Some(Content::text(&certificate)) });
    }
    let pair = issue::make_key(wish.key).map_err(failed)?;
    let certificate = sign(&pair).map_err(failed)?;
    Ok(Made { key: Some(Content::text(&pair.serialize_pem())), certificate: Some(Content::text(&certificate)) })
}

/// The key first: a certificate without its key is worse than a key without its certificate.
fn put(args: &Args, context: &mut Context<'_>, files: &Files, made: Made) -> Result<(), ModuleError> {
    for (path, before, new, mode_argument, default, secret) in [
        (&files.key_path, &files.key, made.key, "privatekey_mode", 0o600, true),
        (&files.path, &files.certificate, made.certificate, "mode", NEW_FILE, false),
    ] {
        let (old, current) = match before {
            FileState::Regular { content, meta } => (Some(content), meta.clone()),
            _ => (None, Meta::root(default)),
        };
        let Some(bytes) = new.or_else(|| old.cloned()) else { continue };
        context.need_parent(path)?;
        let bits = args.mode(mode_argument, current.mode, false)?.unwrap_or(current.mode);
        let meta = attributes::owned(args, Meta { mode: bits, ..current });
        let want = Want::new(ResourceKey::File(path.clone()), State::File(FileState::Regular { content: bytes, meta }));
        context.host.put(want.sensitive(secret || context.no_log))?;
    }
    Ok(())
}

fn describe(found: &Found) -> Map<String, Value> {
    let mut values = validity(found.not_after, &found.names);
    values.insert("fingerprint_sha256".to_owned(), found.fingerprint.clone().into());
    values
}

fn validity(not_after: i64, names: &BTreeSet<Name>) -> Map<String, Value> {
    let names: Vec<Value> = names.iter().map(|name| name.to_string().into()).collect();
    Map::from_iter([("not_after".to_owned(), date(not_after).into()), ("subject_alt_name".to_owned(), names.into())])
}
