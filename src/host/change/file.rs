//! How the change of a file is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::property;
use crate::event::{ChangeView, KNOWN_AFTER_APPLY, PropertyChange, TextChange};
use crate::host::{Content, FileState, Meta};

/// A longer text is not shown.
const TEXT_CAP: usize = 256 << 10;

/// Stands for the bytes of a secret.
const HIDDEN: &str = "(hidden)";

pub(super) fn view(view: &mut ChangeView, before: &FileState, after: &FileState) {
    match (before, after) {
        (FileState::Absent, _) => "create".clone_into(&mut view.verb),
        (_, FileState::Absent) => "delete".clone_into(&mut view.verb),
        _ => {}
    }
    // A folder has no content to hide.
    let is_bare = |state: &FileState| matches!(state, FileState::Absent | FileState::Directory { .. });
    view.sensitive &= !(is_bare(before) && is_bare(after));
    if *before != FileState::Absent && *after != FileState::Absent {
        property(view, "type", kind(before), kind(after));
    }
    property(view, "target", target(before), target(after));
    view_content(view, before, after);
    for (name, of) in [("mode", mode as fn(&Meta) -> String), ("owner", owner), ("group", group)] {
        // The mode of a link says nothing.
        let is_shown = |state: &&FileState| name != "mode" || !matches!(state, FileState::Symlink { .. });
        let value = |state: &FileState| match state {
            FileState::Unknown => Some(KNOWN_AFTER_APPLY.to_owned()),
            state => Some(state).filter(is_shown).and_then(FileState::meta).map(of),
        };
        // What goes with the file need not be listed.
        if *after != FileState::Absent {
            property(view, name, value(before), value(after));
        }
    }
    if *after != FileState::Absent {
        view_xattrs(view, before.meta(), after.meta());
    }
}

fn kind(state: &FileState) -> Option<String> {
    let kind = match state {
        FileState::Absent => return None,
        FileState::Unknown => KNOWN_AFTER_APPLY,
        FileState::Regular { .. } => "file",
        FileState::Directory { .. } => "directory",
        FileState::Symlink { .. } => "link",
        odd @ (FileState::Large { .. } | FileState::Other { .. }) => odd.kind(),
    };
    Some(kind.to_owned())
}

fn target(state: &FileState) -> Option<String> {
    match state {
        FileState::Symlink { target, .. } => Some(target.clone()),
        _ => None,
    }
}

fn mode(meta: &Meta) -> String {
    format!("{:04o}", meta.mode)
}

fn owner(meta: &Meta) -> String {
    meta.owner.to_string()
}

fn group(meta: &Meta) -> String {
    meta.group.to_string()
}

/// The content as text where it can be read as such, else its size.
fn view_content(view: &mut ChangeView, before: &FileState, after: &FileState) {
    let (content_before, content_after) = (content(before), content(after));
    // What a package brings and a task then edits is known neither before nor after.
    if content_before == content_after && *before != FileState::Unknown {
        return;
    }
    if !view.sensitive
        && let (Ok(before), Ok(after)) = (text(content_before.as_ref()), text(content_after.as_ref()))
    {
        view.text = Some(TextChange { before, after });
        return;
    }
    let hidden = view.sensitive;
    let summary = |content: Option<Content>| content.map(|content| summary(&content, hidden));
    let (before, after) = (summary(content_before), summary(content_after));
    // Not `property`: two secrets look the same and yet differ.
    view.properties.push(PropertyChange { name: "content".to_owned(), before, after });
}

fn content(state: &FileState) -> Option<Content> {
    match state {
        FileState::Regular { content, .. } => Some(content.clone()),
        FileState::Unknown => Some(Content::Unknown),
        _ => None,
    }
}

/// The text of a content, `None` for no content; an error where it is not text that can be shown.
fn text(content: Option<&Content>) -> Result<Option<String>, ()> {
    match content {
        None => Ok(None),
        Some(Content::Unknown) => Ok(Some(KNOWN_AFTER_APPLY.to_owned())),
        Some(Content::Bytes(bytes)) if bytes.len() > TEXT_CAP || bytes.contains(&0) => Err(()),
        Some(Content::Bytes(bytes)) => str::from_utf8(bytes).map(|text| Some(text.to_owned())).map_err(|_| ()),
    }
}

fn summary(content: &Content, hidden: bool) -> String {
    match content {
        _ if hidden => HIDDEN.to_owned(),
        Content::Unknown => KNOWN_AFTER_APPLY.to_owned(),
        Content::Bytes(bytes) => format!("{} bytes", bytes.len()),
    }
}

fn view_xattrs(view: &mut ChangeView, before: Option<&Meta>, after: Option<&Meta>) {
    let none = BTreeMap::new();
    let xattrs = |meta: Option<&Meta>| meta.map_or(none.clone(), |meta| meta.xattrs.clone());
    let (before, after) = (xattrs(before), xattrs(after));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        if before.get(name) != after.get(name) {
            let value = |value: Option<&Vec<u8>>| value.map(|value: &Vec<u8>| readable(value));
            property(view, &format!("xattr {name}"), value(before.get(name)), value(after.get(name)));
        }
    }
}

/// A label is text with a NUL at its end; of anything else only the size is shown.
fn readable(value: &[u8]) -> String {
    let text = value.strip_suffix(&[0]).unwrap_or(value);
    match str::from_utf8(text) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => format!("{} bytes", value.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::{Change, Key, Principal, State};

    fn shown(before: FileState, after: FileState, sensitive: bool) -> String {
        let (before, after) = (State::File(before), State::File(after));
        let view = Change { key: Key::File("/f".to_owned()), before, after, sensitive }.view();
        let show = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        let properties = view.properties.iter().map(|p| format!(" {}:{}>{}", p.name, show(&p.before), show(&p.after)));
        let text = view.text.iter().map(|text| format!(" text:{}>{}", show(&text.before), show(&text.after)));
        format!("{}{}", view.verb, properties.chain(text).collect::<String>())
    }

    fn file(content: &[u8], meta: Meta) -> FileState {
        FileState::Regular { content: Content::Bytes(content.into()), meta }
    }

    #[test]
    fn files_show_what_differs_and_no_secret() {
        let root = Meta::root(0o644);
        let mut labelled = Meta { owner: Principal::named("postfix"), ..Meta::root(0o600) };
        labelled.xattrs.insert("security.selinux".to_owned(), b"u:r:t:s0\0".to_vec());
        let link = |target: &str| FileState::Symlink { target: target.to_owned(), meta: Meta::root(0o777) };
        let large = vec![b'x'; TEXT_CAP + 1];
        let unknown = FileState::Regular { content: Content::Unknown, meta: root.clone() };
        let created = " mode:->0644 owner:->root group:->root";
        for (before, after, sensitive, expected) in [
            (FileState::Absent, file(b"a", root.clone()), false, format!("create{created} text:->a")),
            (FileState::Absent, file(b"a", root.clone()), true, format!("create content:->(hidden){created}")),
            (FileState::Absent, unknown, false, format!("create{created} text:->(known after apply)")),
            (file(b"a", root.clone()), file(b"b", root.clone()), false, "update text:a>b".to_owned()),
            (file(b"a", root.clone()), file(b"b", root.clone()), true, "update content:(hidden)>(hidden)".to_owned()),
            (file(b"a", root.clone()), FileState::Absent, false, "delete text:a>-".to_owned()),
            (
                file(b"a", root.clone()),
                file(b"a", labelled),
                true,
                "update mode:0644>0600 owner:root>postfix xattr security.selinux:->u:r:t:s0".to_owned(),
            ),
            (
                file(&large, root.clone()),
                file(b"a\0b", root.clone()),
                false,
                "update content:262145 bytes>3 bytes".to_owned(),
            ),
            (link("a"), link("b"), false, "update target:a>b".to_owned()),
            (
                file(b"a", root.clone()),
                FileState::Directory { meta: Meta::root(0o755) },
                false,
                "update type:file>directory mode:0644>0755 text:a>-".to_owned(),
            ),
            (
                FileState::Unknown,
                file(b"a", root.clone()),
                false,
                "update type:(known after apply)>file mode:(known after apply)>0644 owner:(known after apply)>root \
                 group:(known after apply)>root text:(known after apply)>a"
                    .to_owned(),
            ),
        ] {
            assert_eq!(shown(before, after, sensitive), expected);
        }
    }
}
