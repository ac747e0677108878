//! `--extra-vars`: `key=value ...`, a YAML or JSON mapping, or `@FILE`, as ansible-playbook takes them.

use std::path::Path;

use serde_json::{Map, Value};

use super::failure::{Failure, Kind};
use crate::diagnostic::{Diagnostics, Sources};
use crate::veil::secret_values;
use crate::yaml;

/// The name under which text from the command line is shown in diagnostics.
const SHOWN_AS: &str = "--extra-vars";

/// All of them together; a later one wins.
pub(super) fn read(given: &[String], sources: &mut Sources) -> Result<Map<String, Value>, Failure> {
    let mut vars = Map::new();
    for text in given {
        vars.extend(read_one(text, sources)?);
    }
    secret_values(&vars, sources.veil());
    Ok(vars)
}

fn read_one(text: &str, sources: &mut Sources) -> Result<Map<String, Value>, Failure> {
    if let Some(path) = text.strip_prefix('@') {
        let content = std::fs::read_to_string(Path::new(path))
            .map_err(|error| Failure::of(Kind::Input, format!("cannot read the file {path} of {SHOWN_AS}"), &error))?;
        return mapping(path, &content, sources);
    }
    if text.trim_start().starts_with('{') {
        return mapping(SHOWN_AS, text, sources);
    }
    words(text)
}

fn mapping(shown_as: &str, text: &str, sources: &mut Sources) -> Result<Map<String, Value>, Failure> {
    let loaded = yaml::load(shown_as, text, sources);
    let failure = |diagnostics: Diagnostics| Failure::diagnostics(diagnostics, sources.clone());
    let node = loaded.map_err(failure)?;
    match node.to_value() {
        Value::Object(vars) => Ok(vars),
        Value::Null => Ok(Map::new()),
        _ => Err(failure(node.expected("a mapping of variables").into())),
    }
}

/// `a=1 b='two words'`: the values are text, as in Ansible.
fn words(text: &str) -> Result<Map<String, Value>, Failure> {
    // The text itself may hold a password, so that messages show none of it.
    let words = shlex::split(text)
        .ok_or_else(|| Failure::new(Kind::Usage, format!("{SHOWN_AS} has a quote that is not closed")))?;
    let pairs = words.iter().map(|word| match word.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), Value::from(value))),
        _ => Err(not_a_pair(word)),
    });
    pairs.collect()
}

fn not_a_pair(word: &str) -> Failure {
    let failure = Failure::new(Kind::Usage, format!("{SHOWN_AS} has a word that is not key=value"));
    if Path::new(word).exists() {
        return failure.hint(format!("to read the file {word}, write @{word}"));
    }
    failure.hint("write key=value, quote values that have spaces in them, or give a mapping: '{\"key\": [1, 2]}'")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test makes its files")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::exit::Exit;

    fn value(given: &[&str]) -> Value {
        Value::Object(
            read(&given.iter().map(|&text| text.to_owned()).collect::<Vec<_>>(), &mut Sources::new()).unwrap(),
        )
    }

    #[test]
    fn each_form_is_read_and_the_last_wins() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("vars.yaml");
        std::fs::write(&file, "domain: example.org\nports: [25, 587]\n").unwrap();
        let at = format!("@{}", file.display());
        for (given, expected) in [
            (vec![], json!({})),
            (vec!["a=1 b='two words' c=x=y"], json!({"a": "1", "b": "two words", "c": "x=y"})),
            (vec!["{\"a\": 1, \"b\": {\"c\": [true]}}"], json!({"a": 1, "b": {"c": [true]}})),
            (vec![" {a: 1, b: yes}"], json!({"a": 1, "b": true})),
            (vec![at.as_str(), "domain=example.com"], json!({"domain": "example.com", "ports": [25, 587]})),
        ] {
            assert_eq!(value(&given), expected, "{given:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_without_its_value() {
        for (given, exit) in [
            ("password", Exit::Usage),
            ("=x", Exit::Usage),
            ("a='x", Exit::Usage),
            ("{a: [}", Exit::Input),
            ("@/nonexistent/vars.yaml", Exit::Input),
        ] {
            let failure = read(&[given.to_owned()], &mut Sources::new()).unwrap_err();
            assert_eq!(failure.exit(), exit, "{given}");
            assert!(!failure.render(false).contains("password"), "{}", failure.render(false));
        }
    }
}
