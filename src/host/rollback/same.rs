//! Whether a present state is a recorded one.

use crate::journal::stored::{StoredFile, StoredFirewall, StoredMeta, StoredPackage, StoredPrincipal, StoredState};

/// The label that `SELinux` gives by itself: no difference where none was recorded.
const LABEL: &str = "security.selinux";

/// Whether the present state is the recorded one, as far as the record says.
pub(super) fn same(recorded: &StoredState, present: &StoredState) -> bool {
    match (recorded, present) {
        (StoredState::File(recorded), StoredState::File(present)) => same_file(recorded, present),
        (
            StoredState::Package(StoredPackage::Any | StoredPackage::Latest),
            StoredState::Package(StoredPackage::Installed(_)),
        ) => true,
        (
            StoredState::Firewall(StoredFirewall::Zone { permanent, runtime }),
            StoredState::Firewall(StoredFirewall::Zone { permanent: present, runtime: in_force }),
        ) => {
            // firewalld was started or stopped since: the unit's own record tells of that.
            let is_one_stopped = runtime.is_none() || in_force.is_none();
            permanent == present && (is_one_stopped || runtime == in_force)
        }
        (recorded, present) => recorded == present || (is_unnamed(recorded) && is_unnamed(present)),
    }
}

/// That no static host name is set. What the kernel goes by then may be anything.
fn is_unnamed(state: &StoredState) -> bool {
    match state {
        StoredState::Hostname(name) => name.is_empty(),
        other => matches!(other, StoredState::TransientHostname(_)),
    }
}

fn same_file(recorded: &StoredFile, present: &StoredFile) -> bool {
    match (parts(recorded), parts(present)) {
        (Some((a, recorded)), Some((b, present))) => a == b && same_meta(recorded, present),
        _ => recorded == present,
    }
}

fn same_meta(recorded: &StoredMeta, present: &StoredMeta) -> bool {
    recorded.mode == present.mode
        && same_principal(&recorded.owner, &present.owner)
        && same_principal(&recorded.group, &present.group)
        && xattrs(recorded, present).all(|(recorded, present)| recorded == present)
}

fn same_principal(recorded: &StoredPrincipal, present: &StoredPrincipal) -> bool {
    match (recorded.id, present.id) {
        (Some(a), Some(b)) => a == b,
        _ => recorded.name == present.name,
    }
}

type Value<'a> = Option<&'a [u8]>;

/// The attributes of both, side by side, without a label where none was recorded.
fn xattrs<'a>(recorded: &'a StoredMeta, present: &'a StoredMeta) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
    let value = |meta: &'a StoredMeta, name: &str| meta.xattrs.get(name).map(|bytes| bytes.0.as_slice());
    let names = recorded.xattrs.keys().chain(present.xattrs.keys());
    let compared = names.filter(|name| *name != LABEL || recorded.xattrs.contains_key(*name));
    compared.map(move |name| (value(recorded, name), value(present, name)))
}

/// Whether a kill while a file was brought from one state to another can have left the present one: each
/// property is either as before or as after.
pub(super) fn between(before: &StoredFile, after: &StoredFile, present: &StoredFile) -> bool {
    if same_file(before, present) || same_file(after, present) {
        return true;
    }
    let (Some((a, before)), Some((b, after)), Some((c, now))) = (parts(before), parts(after), parts(present)) else {
        return false;
    };
    // A change of owner takes setuid and setgid away before the mode is set anew.
    let mode = |meta: &StoredMeta| u32::from_str_radix(&meta.mode, 8).unwrap_or(u32::MAX);
    let modes = [mode(before), mode(before) & !0o6000, mode(after), mode(after) & !0o6000];
    let one_of = |same: fn(&StoredPrincipal, &StoredPrincipal) -> bool, pick: fn(&StoredMeta) -> &StoredPrincipal| {
        same(pick(before), pick(now)) || same(pick(after), pick(now))
    };
    let xattr_fits = |name: &String| {
        let value = now.xattrs.get(name);
        value == before.xattrs.get(name) || value == after.xattrs.get(name) || name == LABEL
    };
    (c == a || c == b)
        && modes.contains(&mode(now))
        && one_of(same_principal, |meta| &meta.owner)
        && one_of(same_principal, |meta| &meta.group)
        && before.xattrs.keys().chain(after.xattrs.keys()).chain(now.xattrs.keys()).all(xattr_fits)
}

/// What a file is, and its metadata.
fn parts(file: &StoredFile) -> Option<((&'static str, &str), &StoredMeta)> {
    match file {
        StoredFile::Regular { sha256, meta } => Some((("file", sha256), meta)),
        StoredFile::Directory { meta } => Some((("directory", ""), meta)),
        StoredFile::Symlink { target, meta } => Some((("link", target), meta)),
        StoredFile::Absent | StoredFile::Other { .. } => None,
    }
}
