//! Keywords' values, checked where they stand.

use crate::diagnostic::{Diagnostics, did_you_mean};
use crate::hostplay::Template;
use crate::modules::args::parse_bool;
use crate::yaml::{Key, Node, NodeValue};

/// The keywords of a play, task, block, ...
pub(super) struct Keywords {
    /// `a play`.
    pub(super) of: &'static str,
    pub(super) known: &'static [&'static str],
    /// Keywords that Ansible has and we do not, with what to do instead.
    pub(super) unsupported: &'static [(&'static str, &'static str)],
}

impl Keywords {
    /// Reports what is not a keyword.
    pub(super) fn check(&self, entries: &[(Key, Node)], problems: &mut Diagnostics) {
        for (key, _) in entries {
            if !self.known.contains(&key.name.as_str()) {
                self.refuse(key, problems);
            }
        }
    }

    /// Reports one that is not.
    pub(super) fn refuse(&self, key: &Key, problems: &mut Diagnostics) {
        if let Some(reason) = self.unsupported(&key.name) {
            let problem = key.problem(format!("`{}` is not supported by mailprov", key.name));
            problems.push(if reason.is_empty() { problem } else { problem.hint(reason) });
            return;
        }
        let problem = key.problem(format!("unknown keyword `{}` of {}", key.name, self.of));
        problems.push(match did_you_mean(&key.name, self.known.iter().copied()) {
            Some(hint) => problem.hint(hint),
            None => problem.note(format!("{} has these keywords: {}", self.of, self.known.join(", "))),
        });
    }

    /// Why a keyword of Ansible's is not supported, if it is one.
    pub(super) fn unsupported(&self, name: &str) -> Option<&'static str> {
        self.unsupported.iter().find(|(known, _)| *known == name).map(|(_, reason)| *reason)
    }
}

/// The value of a keyword.
pub(super) fn field<'n>(entries: &'n [(Key, Node)], name: &str) -> Option<&'n Node> {
    entries.iter().find(|(key, _)| key.name == name).map(|(_, value)| value)
}

/// The entries of a mapping; anything else is reported.
pub(super) fn mapping<'n>(node: &'n Node, what: &str, problems: &mut Diagnostics) -> Option<&'n [(Key, Node)]> {
    let entries = node.as_map();
    if entries.is_none() {
        problems.push(node.expected(what));
    }
    entries
}

/// The items of a list; nothing is an empty one, anything else is reported.
pub(super) fn list<'n>(node: &'n Node, what: &str, problems: &mut Diagnostics) -> &'n [Node] {
    match &node.value {
        NodeValue::Seq(items) => items,
        NodeValue::Null => &[],
        _ => {
            problems.push(node.expected(what));
            &[]
        }
    }
}

/// Text, numbers and booleans as text.
pub(super) fn text(node: &Node, what: &str, problems: &mut Diagnostics) -> Option<String> {
    let text = node.scalar_text();
    if text.is_none() {
        problems.push(node.expected(what));
    }
    text
}

/// Text that is no template.
pub(super) fn literal(node: &Node, what: &str, problems: &mut Diagnostics) -> Option<String> {
    let text = text(node, what, problems)?;
    if !is_template(&text) {
        return Some(text);
    }
    let problem = node.problem(format!("a template is not supported here: expected {what}"));
    problems.push(problem.note("this must be known before any host is contacted"));
    None
}

/// A boolean in Ansible's spellings; no template.
pub(super) fn flag(node: Option<&Node>, problems: &mut Diagnostics) -> Option<bool> {
    let node = node?;
    let value = parse_bool(&node.to_value());
    if value.is_none() {
        problems.push(if node.as_str().is_some_and(is_template) {
            node.problem("a template is not supported here: expected yes or no")
        } else {
            node.expected("yes or no")
        });
    }
    value
}

/// A whole number that is not negative; no template.
pub(super) fn count(node: Option<&Node>, what: &str, problems: &mut Diagnostics) -> Option<u32> {
    let node = node?;
    let number = match &node.value {
        NodeValue::Int(number) => u32::try_from(*number).ok(),
        NodeValue::Str(text) => text.trim().parse().ok(),
        _ => None,
    };
    if number.is_none() {
        problems.push(if node.as_str().is_some_and(is_template) {
            node.problem(format!("a template is not supported here: expected {what}"))
        } else {
            node.problem(format!("expected {what}"))
        });
    }
    number
}

/// A text, comma-separated as in Ansible, or a list of texts.
pub(super) fn words(node: Option<&Node>, what: &str, problems: &mut Diagnostics) -> Vec<String> {
    let Some(node) = node else { return Vec::new() };
    let nodes = match &node.value {
        NodeValue::Null => return Vec::new(),
        NodeValue::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let texts = nodes.iter().filter_map(|node| literal(node, what, problems));
    let words = texts.flat_map(|text| text.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>());
    words.filter(|word| !word.is_empty()).collect()
}

/// One template or a list of them.
pub(super) fn templates(node: Option<&Node>, what: &str, problems: &mut Diagnostics) -> Vec<Template> {
    let Some(node) = node else { return Vec::new() };
    let nodes = match &node.value {
        NodeValue::Null => return Vec::new(),
        NodeValue::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let mut templates = Vec::new();
    for node in nodes {
        match node.template() {
            Some(template) => templates.push(template),
            None => problems.push(node.expected(what)),
        }
    }
    templates
}

/// Whether the text must be rendered.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%") || text.contains("{#")
}
