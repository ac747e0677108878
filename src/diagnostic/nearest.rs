//! "Did you mean ...?"

/// The candidate that a misspelt name most likely meant: at most a third of its letters differ.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let normal = |text: &str| text.to_lowercase().replace('-', "_");
    let wanted = normal(name);
    let limit = (wanted.chars().count() / 3).max(1);
    let scored = candidates.into_iter().filter(|candidate| *candidate != name).filter_map(|candidate| {
        let candidate_normal = normal(candidate);
        // `start` for `started`, `template_file` for `template`.
        let begins = wanted.len().min(candidate_normal.len()) >= 4
            && (candidate_normal.starts_with(&wanted) || wanted.starts_with(&candidate_normal));
        let edits = strsim::osa_distance(&wanted, &candidate_normal);
        let distance = if begins { edits.min(limit) } else { edits };
        // A name of one or two letters is near to everything.
        (distance <= limit && distance < wanted.chars().count()).then_some((distance, candidate))
    });
    scored.min().map(|(_, candidate)| candidate)
}

/// The hint for a misspelt name, if something is near.
#[must_use]
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_and_strangers_are_not() {
        let names = ["template", "postconf", "postmap", "dest", "src", "become_user"];
        for (name, expected) in [
            ("tempalte", Some("template")),
            ("Postconf", Some("postconf")),
            ("post_map", Some("postmap")),
            ("become-user", Some("become_user")),
            ("dets", Some("dest")),
            ("x", None),
            ("firewalld", None),
            ("become", Some("become_user")),
            ("", None),
        ] {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }
}
