//! The text form of a vault: a line that says what it is, and hexadecimal digits.

use super::VaultError;
use super::cipher::Sealed;

const MAGIC: &str = "$ANSIBLE_VAULT;";
/// Digits a line.
const COLUMNS: usize = 80;

/// Whether a text is a vault.
#[must_use]
pub fn is_vault(text: &str) -> bool {
    text.starts_with(MAGIC)
}

/// The label of a vault of version 1.2.
#[must_use]
pub fn label(text: &str) -> Option<&str> {
    let first = text.lines().next()?.trim_end();
    first.strip_prefix(MAGIC)?.split(';').nth(2).map(str::trim).filter(|label| !label.is_empty())
}

/// Takes a vault apart.
pub(super) fn read(text: &str) -> Result<Sealed, VaultError> {
    let (first, body) = text.split_once('\n').unwrap_or((text, ""));
    let fields: Vec<_> = first.trim_end().split(';').map(str::trim).collect();
    if !matches!(fields[..], ["$ANSIBLE_VAULT", "1.1" | "1.2", "AES256", ..]) {
        return Err(VaultError::Unknown(first.trim_end().to_owned()));
    }
    let damaged = VaultError::Damaged("it is no sequence of hexadecimal digits");
    let body: String = body.split_whitespace().collect();
    let inner = unhex(body.as_bytes()).ok_or_else(|| damaged.clone())?;
    let mut parts = inner.splitn(3, |&byte| byte == b'\n').map(unhex);
    let mut next = || parts.next().flatten().ok_or_else(|| damaged.clone());
    Ok(Sealed { salt: next()?, digest: next()?, text: next()? })
}

/// Puts a vault together, with its last newline.
pub(super) fn write(sealed: &Sealed, label: Option<&str>) -> String {
    let inner = [&sealed.salt, &sealed.digest, &sealed.text].map(|part| hex(part)).join("\n");
    let body = hex(inner.as_bytes());
    let mut text = match label {
        Some(label) => format!("{MAGIC}1.2;AES256;{label}\n"),
        None => format!("{MAGIC}1.1;AES256\n"),
    };
    for line in body.as_bytes().chunks(COLUMNS) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let byte = |pair: &[u8]| match pair {
        &[high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    digits.chunks(2).map(byte).collect()
}
