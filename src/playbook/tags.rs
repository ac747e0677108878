//! `--tags` and `--skip-tags`.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};

/// Tags that mean something without any task having them.
const SPECIAL: [&str; 5] = ["all", "tagged", "untagged", "always", "never"];

/// Which tasks a run takes.
#[derive(Debug, Clone, Default)]
pub(super) struct TagFilter {
    only: BTreeSet<String>,
    skip: BTreeSet<String>,
}

impl TagFilter {
    pub(super) fn new(only: &[String], skip: &[String]) -> Self {
        let split = |tags: &[String]| {
            let tags = tags.iter().flat_map(|tags| tags.split(','));
            tags.map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect()
        };
        Self { only: split(only), skip: split(skip) }
    }

    /// Whether nothing was asked for, so that only `never` matters.
    pub(super) fn takes_all(&self) -> bool {
        self.only.is_empty() && self.skip.is_empty()
    }

    /// Ansible's rules (`ansible/playbook/taggable.py`).
    pub(super) fn takes(&self, tags: &[String]) -> bool {
        let has = |tag: &str| tags.iter().any(|known| known == tag);
        let any_of = |wanted: &BTreeSet<String>| {
            tags.iter().any(|tag| wanted.contains(tag)) || (tags.is_empty() && wanted.contains("untagged"))
        };
        let never = has("never");
        let asked = has("always")
            || any_of(&self.only)
            || (!never && (self.only.is_empty() || self.only.contains("all")))
            || (!never && !tags.is_empty() && self.only.contains("tagged"));
        let skipped = if self.skip.contains("all") {
            !has("always") || self.skip.contains("always")
        } else {
            any_of(&self.skip) || (!tags.is_empty() && self.skip.contains("tagged"))
        };
        asked && !skipped
    }

    /// Refuses tags that no task has.
    pub(super) fn check(&self, known: &BTreeSet<String>, problems: &mut Diagnostics) {
        for (option, tags) in [("--tags", &self.only), ("--skip-tags", &self.skip)] {
            for tag in tags.iter().filter(|tag| !known.contains(*tag) && !SPECIAL.contains(&tag.as_str())) {
                let problem = Diagnostic::new(format!("{option} {tag}: no task has the tag `{tag}`"));
                let names: Vec<_> = known.iter().map(String::as_str).collect();
                let problem = problem.maybe_hint(did_you_mean(tag, names.iter().copied()));
                problems.push(problem.note(format!("the tags are: {}", names.join(", "))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_chosen_as_in_ansible() {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (only, skip, tags, taken) in [
            ("", "", "", true),
            ("", "", "a", true),
            ("", "", "never a", false),
            ("a", "", "never a", true),
            ("never", "", "never", true),
            ("a", "", "b", false),
            ("a", "", "a b", true),
            ("a", "", "", false),
            ("a", "", "always", true),
            ("a", "", "never always", true),
            ("all", "", "a", true),
            ("all", "", "never", false),
            ("tagged", "", "a", true),
            ("tagged", "", "", false),
            ("tagged", "", "never a", false),
            ("untagged", "", "", true),
            ("untagged", "", "a", false),
            ("", "a", "a", false),
            ("", "a", "b", true),
            ("", "a", "always a", false),
            ("", "always", "always", false),
            ("", "all", "a", false),
            ("", "all", "always", true),
            ("", "tagged", "a", false),
            ("", "untagged", "", false),
            ("a", "b", "a b", false),
            ("a,b", "", "b", true),
        ] {
            let filter = TagFilter::new(&list(only), &list(skip));
            assert_eq!(filter.takes(&list(tags)), taken, "--tags '{only}' --skip-tags '{skip}' for '{tags}'");
        }
    }
}
