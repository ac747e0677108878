//! A certificate authority of the host's own, whose certificate clients can be given once and trust from then on.

use super::inspect::{DAY, Found, Key};
use super::issue::{Request, issue_authority, make_key};
use super::{Files, Made, Wish, read};
use crate::host::{Content, FileState};
use crate::modules::{Args, Context, ModuleError, paths};

/// Ten years: clients are to be given it once.
const AUTHORITY_DAYS: i64 = 3650;

/// The authority as it will be when the server's certificate is issued.
pub(super) struct Authority {
    pub(super) files: Files,
    pub(super) made: Made,
    /// What signs: key and certificate in PEM; `None` while only applying can tell.
    signs: Option<(String, String)>,
    /// What names it in the certificates that it issues.
    pub(super) key_id: Option<Vec<u8>>,
}

/// How the names of authorities that are made here end.
const NAME_ENDS: &str = " mail CA";

/// The name of an authority that is made here; RFC 5280 allows 64 characters (`ub-common-name`).
fn authority_name(wish: &Wish) -> String {
    let host = wish.request.common_name.chars().take(64 - NAME_ENDS.len());
    host.chain(NAME_ENDS.chars()).collect()
}

impl Authority {
    /// The authority that the arguments name, made if it is not there; `None` when they name none.
    pub(super) fn find(args: &Args, context: &mut Context<'_>, wish: &Wish) -> Result<Option<Self>, ModuleError> {
        if !args.has("ownca_path") {
            return Ok(None);
        }
        let path = paths::required(args, "ownca_path")?;
        let key_path = paths::required(args, "ownca_privatekey_path")?;
        let files = Files { certificate: read(context, &path)?, key: read(context, &key_path)?, path, key_path };
        let (certificate, key) = (files.certificate_bytes(), files.key_bytes());
        let found = certificate.as_deref().and_then(Found::read);
        let known_key = key.as_deref().and_then(Key::read);
        let issues = args.need_str("provider")? == "ownca";
        // Made earlier in this check, or to be brought by a package: it stays what it will be then.
        if issues && files.are_unknown() {
            return Ok(Some(Self { files, made: Made::default(), signs: None, key_id: None }));
        }
        if let (Some(found), Some(known_key), Some(certificate), Some(key)) = (&found, &known_key, &certificate, &key) {
            let lasts = found.not_after - context.now > wish.renew_before * DAY;
            if found.is_ca && found.has_key(known_key) && lasts {
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let signs = Some((text(key), text(certificate)));
                let key_id = found.subject_key_id.clone();
                return Ok(Some(Self { files, made: Made::default(), signs, key_id }));
            }
        }
        if !issues {
            return Ok(None);
        }
        let is_there = |state: &FileState| matches!(state, FileState::Regular { content: Content::Bytes(_), .. });
        let is_made_here = |found: &Found| {
            let has_key = known_key.as_ref().is_some_and(|key| found.has_key(key));
            let has_name = found.common_name.as_deref().is_some_and(|name| name.ends_with(NAME_ENDS));
            found.is_ca && found.self_issued && has_key && has_name
        };
        let is_foreign = (is_there(&files.certificate) && !found.as_ref().is_some_and(is_made_here))
            || (is_there(&files.key) && known_key.is_none());
        // A key that is lost, or cannot be read here, is somebody's to look for: clients trust it.
        if is_foreign && !args.flag("force") {
            let message = format!("{} is there, and is no authority of the host's own", files.path);
            return Err(ModuleError::hinted(message, "name another path as ownca_path"));
        }
        Self::make(context, files, wish, known_key).map(Some)
    }

    /// A new authority, or a new certificate for its key.
    fn make(context: &Context<'_>, files: Files, wish: &Wish, key: Option<Key>) -> Result<Self, ModuleError> {
        if !context.host.is_in_force() {
            let made = Made { key: key.is_none().then_some(Content::Unknown), certificate: Some(Content::Unknown) };
            return Ok(Self { files, made, signs: None, key_id: None });
        }
        let failed = |error: super::issue::IssueError| ModuleError::failed(error.to_string());
        let is_new = key.is_none();
        let pair = match key {
            Some(key) => key.pair,
            None => make_key(wish.key).map_err(failed)?,
        };
        let request = Request {
            common_name: authority_name(wish),
            names: std::collections::BTreeSet::new(),
            not_before: wish.request.not_before,
            not_after: context.now + AUTHORITY_DAYS * DAY,
        };
        let certificate = issue_authority(&request, &pair).map_err(failed)?;
        let key_id = Found::read(certificate.as_bytes()).and_then(|found| found.subject_key_id);
        let key_text = pair.serialize_pem();
        let made =
            Made { key: is_new.then(|| Content::text(&key_text)), certificate: Some(Content::text(&certificate)) };
        Ok(Self { files, made, signs: Some((key_text, certificate)), key_id })
    }

    /// Key and certificate in PEM, to sign with.
    pub(super) fn signs(&self) -> Option<(&str, &str)> {
        self.signs.as_ref().map(|(key, certificate)| (key.as_str(), certificate.as_str()))
    }
}
