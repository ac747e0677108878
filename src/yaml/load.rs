//! Files of YAML that may be vaults, or have vaults in them.

use super::build::parse_with;
use super::{Node, NodeValue};
use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use crate::vault;

/// Reads one document, and keeps its text for diagnostics. A text that is a vault is decrypted, and not kept: all in
/// it is secret. Secrets are hidden from now on in all that is shown.
///
/// # Errors
/// As [`super::parse`], and a vault that cannot be opened.
pub fn load(shown: &str, text: &str, sources: &mut Sources) -> Result<Node, Diagnostics> {
    let keyring = sources.keyring().clone();
    let mut secrets = Vec::new();
    let node = if vault::is_vault(text) {
        let opened = keyring.open(text).map_err(|error| {
            let problem = Diagnostic::new(format!("the vault {shown} cannot be used: failed to {error}"));
            Diagnostics::from(problem.maybe_hint(error.hint().map(str::to_owned)))
        })?;
        let opened = String::from_utf8(opened)
            .map_err(|_| Diagnostics::from(Diagnostic::new(format!("the vault {shown} is not UTF-8 text"))))?;
        let node = parse_with(shown, &opened, &keyring, &mut secrets)?;
        scalars(&node, &mut secrets);
        node
    } else {
        let text = sources.add(shown, text);
        parse_with(shown, &text, &keyring, &mut secrets)?
    };
    for secret in secrets {
        sources.veil().add(&secret);
    }
    Ok(node)
}

/// All texts and numbers below a node; templates are no secrets, since they only name other variables.
fn scalars(node: &Node, secrets: &mut Vec<String>) {
    match &node.value {
        NodeValue::Null | NodeValue::Bool(_) => {}
        NodeValue::Seq(items) => items.iter().for_each(|item| scalars(item, secrets)),
        NodeValue::Map(entries) => entries.iter().for_each(|(_, value)| scalars(value, secrets)),
        NodeValue::Str(_) | NodeValue::Int(_) | NodeValue::Float(_) => {
            secrets.extend(node.scalar_text().filter(|text| !text.contains("{{")));
        }
    }
}
