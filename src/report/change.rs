//! One change as a line of a plan, and as a diff.

use similar::{ChangeTag, TextDiff};

use super::look::{Look, Tone, clean, clean_lines, truncate, width};
use crate::event::{ChangeView, KNOWN_AFTER_APPLY, PropertyChange, TextChange};

/// Columns of a property's value before it is cut; `--diff` shows it whole.
const VALUE_COLUMNS: usize = 60;
/// Lines of context around a difference, as `diff -u` has them.
const CONTEXT_LINES: usize = 3;
/// A diff that takes longer is coarser instead: two large files with nothing in common.
const DIFF_TIME: std::time::Duration = std::time::Duration::from_millis(500);

/// The change as lines of a plan: what, its properties, and its text where diffs are asked for.
pub(crate) fn lines(look: &Look, indent: usize, change: &ChangeView) -> Vec<String> {
    let mut lines = summary(look, indent, change);
    if look.diff {
        lines.extend(diff(look, indent + 4, change));
    }
    lines
}

/// The change's text.
pub(crate) fn diff(look: &Look, indent: usize, change: &ChangeView) -> Vec<String> {
    let margin = " ".repeat(indent);
    text(look, change).into_iter().map(|line| format!("{margin}{line}").trim_end().to_owned()).collect()
}

/// An action as a line of a plan.
pub(crate) fn action(look: &Look, indent: usize, action: &str) -> String {
    format!("{}{} {}", " ".repeat(indent), look.paint(Tone::Change, "!"), clean(action))
}

/// The change without its text.
pub(crate) fn summary(look: &Look, indent: usize, change: &ChangeView) -> Vec<String> {
    let (sign, tone) = match kind(change) {
        Kind::Create => ("+", Tone::Added),
        Kind::Delete => ("-", Tone::Removed),
        Kind::Update => ("~", Tone::Change),
    };
    let mut head = format!("{} {}", clean(&change.kind), clean(&change.name));
    if change.sensitive && !change.properties.iter().any(|property| property.name == "content") {
        head.push_str(" (content hidden)");
    }
    let mut details = properties(look, change);
    if let Some(note) = unknown_text(change) {
        details.push(note.to_owned());
    }
    let inline = details.join(", ");
    let start = format!("{}{} {head}", " ".repeat(indent), look.paint(tone, sign));
    let used = indent + 2 + width(&head);
    if details.is_empty() {
        vec![start]
    } else if used + 2 + width(&inline) <= look.width {
        vec![format!("{start}  {}", look.paint(Tone::Dim, &inline))]
    } else if indent + 4 + width(&inline) <= look.width {
        vec![start, format!("{}{}", " ".repeat(indent + 4), look.paint(Tone::Dim, &inline))]
    } else {
        let margin = " ".repeat(indent + 4);
        let details = details.into_iter().map(|detail| format!("{margin}{}", look.paint(Tone::Dim, &detail)));
        std::iter::once(start).chain(details).collect()
    }
}

#[derive(PartialEq, Eq)]
enum Kind {
    Create,
    Update,
    Delete,
}

fn kind(change: &ChangeView) -> Kind {
    match change.verb.as_str() {
        "create" | "install" => Kind::Create,
        "delete" | "remove" => Kind::Delete,
        _ => Kind::Update,
    }
}

fn properties(look: &Look, change: &ChangeView) -> Vec<String> {
    let whole = kind(change) != Kind::Update;
    change.properties.iter().map(|property| property_text(look, whole, property)).collect()
}

/// `mode: 0644 → 0600`; for what is created or deleted as a whole only the one value there is.
fn property_text(look: &Look, whole: bool, property: &PropertyChange) -> String {
    let show = |value: &str| {
        let value = clean(value).into_owned();
        if look.diff { value } else { truncate(&value, VALUE_COLUMNS).into_owned() }
    };
    let name = clean(&property.name);
    match (&property.before, &property.after) {
        // Both unknown, or both hidden: that they differ is all there is to say.
        (Some(before), Some(after)) if before == after && before.starts_with('(') => format!("{name}: {}", show(after)),
        // Nothing is known of what it was, and saying so for each property would drown what it will be.
        (Some(before), Some(after)) if before == KNOWN_AFTER_APPLY => format!("{name}: {}", show(after)),
        (Some(before), Some(after)) => format!("{name}: {} → {}", show(before), show(after)),
        (None, Some(value)) | (Some(value), None) if whole => format!("{name}: {}", show(value)),
        (None, Some(after)) => format!("{name}: +{}", show(after)),
        (Some(before), None) => format!("{name}: -{}", show(before)),
        (None, None) => name.into_owned(),
    }
}

fn unknown_text(change: &ChangeView) -> Option<&'static str> {
    let after = change.text.as_ref()?.after.as_deref();
    (after == Some(KNOWN_AFTER_APPLY)).then_some("content: (known after apply)")
}

/// The unified diff of a change's text, without a margin. Nothing for what is secret or unknown.
pub(crate) fn text(look: &Look, change: &ChangeView) -> Vec<String> {
    let Some(TextChange { before, after }) = change.text.as_ref().filter(|_| !change.sensitive) else {
        return Vec::new();
    };
    if after.as_deref() == Some(KNOWN_AFTER_APPLY) {
        return Vec::new();
    }
    let side = |text: &Option<String>| match text.as_deref() {
        None => "/dev/null".to_owned(),
        Some(KNOWN_AFTER_APPLY) => KNOWN_AFTER_APPLY.to_owned(),
        Some(_) => clean(&change.name).into_owned(),
    };
    let known = |text: &Option<String>| text.clone().filter(|text| text != KNOWN_AFTER_APPLY).unwrap_or_default();
    let (old, new) = (known(before), known(after));
    let diff = TextDiff::configure().timeout(DIFF_TIME).diff_lines(&old, &new);
    let mut unified = diff.unified_diff();
    let mut lines = Vec::new();
    for hunk in unified.context_radius(CONTEXT_LINES).iter_hunks() {
        if lines.is_empty() {
            lines.push(look.paint(Tone::Strong, &format!("--- {}", side(before))));
            lines.push(look.paint(Tone::Strong, &format!("+++ {}", side(after))));
        }
        lines.push(look.paint(Tone::Skip, &hunk.header().to_string()));
        for change in hunk.iter_changes() {
            diff_line(look, change.tag(), change.value(), &mut lines);
            if change.missing_newline() {
                lines.push(look.paint(Tone::Dim, "\\ No newline at end of file"));
            }
        }
    }
    lines
}

fn diff_line(look: &Look, tag: ChangeTag, value: &str, lines: &mut Vec<String>) {
    // A line may hold a lone carriage return, which `lines` does not split at; an empty one yields nothing.
    let mut parts: Vec<_> = clean_lines(value).collect();
    if parts.is_empty() {
        parts.push("".into());
    }
    for part in parts {
        lines.push(match tag {
            ChangeTag::Equal => format!(" {part}"),
            ChangeTag::Delete => look.paint(Tone::Removed, &format!("-{part}")),
            ChangeTag::Insert => look.paint(Tone::Added, &format!("+{part}")),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::{change, property};

    fn shown(look: &Look, change: &ChangeView) -> String {
        lines(look, 2, change).join("\n")
    }

    #[test]
    fn properties_stand_beside_what_they_belong_to() {
        let look = Look::plain(80);
        let mut main_cf = change("file", "/etc/postfix/main.cf", "update");
        main_cf.properties = vec![property("mode", Some("0644"), Some("0600"))];
        insta::assert_snapshot!(shown(&look, &main_cf), @"  ~ file /etc/postfix/main.cf  mode: 0644 → 0600");

        main_cf.properties.push(property("owner", Some("a-user-with-a-long-name"), Some("another-user")));
        insta::assert_snapshot!(shown(&look, &main_cf), @r"
        ~ file /etc/postfix/main.cf
            mode: 0644 → 0600, owner: a-user-with-a-long-name → another-user
        ");
        insta::assert_snapshot!(shown(&Look::plain(200), &main_cf), @"  ~ file /etc/postfix/main.cf  mode: 0644 → 0600, owner: a-user-with-a-long-name → another-user");

        let mut zone = change("firewall", "public", "update");
        zone.properties = vec![property("service", None, Some("smtp")), property("service", Some("cockpit"), None)];
        insta::assert_snapshot!(shown(&look, &zone), @"  ~ firewall public  service: +smtp, service: -cockpit");

        let mut key = change("file", "/etc/key", "update");
        key.properties = vec![property("content", Some("(hidden)"), Some("(hidden)"))];
        key.sensitive = true;
        insta::assert_snapshot!(shown(&look, &key), @"  ~ file /etc/key  content: (hidden)");

        let mut unknown = change("file", "/etc/postfix/main.cf", "update");
        unknown.properties = vec![property("mode", Some(KNOWN_AFTER_APPLY), Some("0644"))];
        insta::assert_snapshot!(shown(&look, &unknown), @"  ~ file /etc/postfix/main.cf  mode: 0644");

        let mut package = change("package", "postfix", "install");
        package.properties = vec![property("version", None, Some(KNOWN_AFTER_APPLY))];
        insta::assert_snapshot!(shown(&look, &package), @"  + package postfix  version: (known after apply)");
    }

    #[test]
    fn text_is_shown_as_a_unified_diff_when_asked_for() {
        let look = Look { diff: true, ..Look::plain(80) };
        let mut main_cf = change("file", "/etc/postfix/main.cf", "update");
        main_cf.text = Some(TextChange {
            before: Some("compatibility_level = 2\nmyhostname = localhost\ninet_interfaces = localhost".to_owned()),
            after: Some("compatibility_level = 2\nmyhostname = mx1\u{1b}[0m\ninet_interfaces = localhost\n".to_owned()),
        });
        insta::assert_snapshot!(shown(&look, &main_cf), @r"
        ~ file /etc/postfix/main.cf
            --- /etc/postfix/main.cf
            +++ /etc/postfix/main.cf
            @@ -1,3 +1,3 @@
             compatibility_level = 2
            -myhostname = localhost
            -inet_interfaces = localhost
            \ No newline at end of file
            +myhostname = mx1\u{1b}[0m
            +inet_interfaces = localhost
        ");

        main_cf.text = Some(TextChange { before: None, after: Some("one\n\ntwo\n".to_owned()) });
        insta::assert_snapshot!(shown(&look, &main_cf), @r"
        ~ file /etc/postfix/main.cf
            --- /dev/null
            +++ /etc/postfix/main.cf
            @@ -0,0 +1,3 @@
            +one
            +
            +two
        ");

        main_cf.text = Some(TextChange { before: None, after: Some(KNOWN_AFTER_APPLY.to_owned()) });
        insta::assert_snapshot!(shown(&look, &main_cf), @"  ~ file /etc/postfix/main.cf  content: (known after apply)");
    }

    #[test]
    fn secret_content_is_never_shown() {
        let look = Look { diff: true, ..Look::plain(80) };
        let mut key = change("file", "/etc/pki/tls/private/mx1.key", "create");
        key.text = Some(TextChange { before: None, after: Some("SECRET".to_owned()) });
        key.sensitive = true;
        insta::assert_snapshot!(shown(&look, &key), @"  + file /etc/pki/tls/private/mx1.key (content hidden)");
    }

    #[test]
    fn without_diff_no_text_is_shown() {
        let mut main_cf = change("file", "/etc/postfix/main.cf", "update");
        main_cf.text = Some(TextChange { before: Some("a\n".to_owned()), after: Some("b\n".to_owned()) });
        insta::assert_snapshot!(shown(&Look::plain(80), &main_cf), @"  ~ file /etc/postfix/main.cf");
    }
}
