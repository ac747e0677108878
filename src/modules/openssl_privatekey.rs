//! `openssl_privatekey`: a private key that is made on the host, and kept from then on.

#[cfg(test)]
mod tests;

use serde_json::Map;

use super::attributes::{self, GROUP, OWNER};
use super::certificate::{Key, KeyKind, make_key, read};
use super::{ArgKind, ArgSpec, Args, Context, ModuleError, ModuleSpec, Outcome, paths};
use crate::host::{Content, FileState, Key as ResourceKey, State, Want};

/// Permissions of a new key.
const SECRET: u32 = 0o600;

pub(super) const SPEC: ModuleSpec = ModuleSpec {
    args: &[
        ArgSpec::new(
            "path",
            ArgKind::Path,
            "The key (PKCS #8 in PEM). One that is there is kept, whatever its type and size: what others were told of \
             it, a record in DNS, would no longer hold.",
        )
        .required(),
        ArgSpec::new("type", ArgKind::Choice(&["RSA", "ECC"]), "Of a new key: RSA, or ECC on the curve P-256.")
            .default("RSA"),
        ArgSpec::new("size", ArgKind::Int, "Bits of a new RSA key: 2048, 3072 or 4096. The default is 2048."),
        ArgSpec::new("mode", ArgKind::Mode, "Permissions; 0600 when new. An existing file keeps its own."),
        OWNER,
        GROUP,
    ],
    returns: &[("filename", "the key's file")],
    example: "- name: A key to sign mail with\n  openssl_privatekey:\n    path: /etc/opendkim/keys/mail.private\n    size: \
              2048\n    owner: opendkim\n    group: opendkim\n",
    ..ModuleSpec::new("openssl_privatekey", "community.crypto", "Make a private key on the host where there is none.")
};

pub(super) fn run(args: &Args, context: &mut Context<'_>) -> Result<Outcome, ModuleError> {
    let path = paths::required(args, "path")?;
    let kind = kind(args)?;
    let before = read(context, &path)?;
    let (pem, present) = match &before {
        FileState::Regular { content, meta } => {
            if content.bytes().is_some_and(|bytes| Key::read(bytes).is_none()) {
                return Err(ModuleError::hinted(
                    format!("there is no readable key in {path}"),
                    "move it away, and a new one is made; or put a key without a passphrase there",
                ));
            }
            (content.clone(), Some(meta))
        }
        _ if !context.host.is_in_force() => (Content::Unknown, None),
        _ => {
            let pair = make_key(kind).map_err(|error| ModuleError::failed(error.to_string()))?;
            (Content::text(&pair.serialize_pem()), None)
        }
    };
    context.need_parent(&path)?;
    let meta = attributes::wanted(args, present, SECRET)?;
    let want = Want::new(ResourceKey::File(path.clone()), State::File(FileState::Regular { content: pem, meta }));
    context.host.put(want.sensitive(true))?;
    let values = Map::from_iter([("filename".to_owned(), path.into())]);
    Ok(Outcome { values, unknown: before == FileState::Unknown, ..Outcome::default() })
}

fn kind(args: &Args) -> Result<KeyKind, ModuleError> {
    match (args.need_str("type")?, args.int("size")) {
        ("ECC", None) => Ok(KeyKind::Ecdsa),
        ("ECC", Some(_)) => Err(ModuleError::argument("size", "is for RSA keys; ECC is P-256")),
        (_, size) => KeyKind::rsa(size).ok_or_else(|| ModuleError::argument("size", "must be 2048, 3072 or 4096")),
    }
}
