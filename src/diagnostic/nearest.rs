//! "Did you mean ...?"

/// A shorter name is near to too many others to be taken for a slip.
const SLIP_LENGTH: usize = 8;

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

/// What a name was most likely meant to be, where it might as well be meant as it is: one or two letters of many differ, or its
/// end is missing.
#[must_use]
pub fn slip<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = match length {
        0..SLIP_LENGTH => return None,
        SLIP_LENGTH..12 => 1,
        _ => 2,
    };
    let scored = candidates.into_iter().filter_map(|candidate| {
        let edits = strsim::osa_distance(name, candidate);
        (edits > 0 && (edits <= limit || candidate.starts_with(name))).then_some((edits, candidate))
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
    use super::{nearest, slip};

    #[test]
    fn a_slip_is_told_from_a_name_of_its_own() {
        let names = ["mail_sender", "mail_networks", "mail_relayhost", "mail_relayhost_password", "ansible_host"];
        for (name, expected) in [
            ("mail_sendr", Some("mail_sender")),
            ("mail_netwroks", Some("mail_networks")),
            ("mail_relay_host", Some("mail_relayhost")),
            ("mail_relayhost_pass", Some("mail_relayhost_password")),
            ("ansible_hots", Some("ansible_host")),
            ("mail_sender_name", None),
            ("mail_bender_x", None),
            ("mail_se", None),
            ("my_sender", None),
            ("ansible_host_name", None),
        ] {
            assert_eq!(slip(name, names), expected, "{name}");
        }
    }

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
