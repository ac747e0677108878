//! Whether a present state is a recorded one.

use std::collections::BTreeSet;

use crate::journal::stored::{
    StoredFile, StoredFirewall, StoredMeta, StoredPackage, StoredPrincipal, StoredState, StoredZone,
};

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

/// Whether a kill while a resource was brought from one state to another, or a change that failed, can have left the
/// present one.
pub(super) fn between(before: &StoredState, after: &StoredState, present: &StoredState) -> bool {
    match (before, after, present) {
        (StoredState::File(before), StoredState::File(after), StoredState::File(present)) => {
            file_between(before, after, present)
        }
        (
            StoredState::Firewall(StoredFirewall::Zone { permanent: before, runtime: was_in_force }),
            StoredState::Firewall(StoredFirewall::Zone { permanent: after, runtime: will_be_in_force }),
            StoredState::Firewall(StoredFirewall::Zone { permanent, runtime }),
        ) => {
            zone_between(before.as_ref(), after.as_ref(), permanent.as_ref())
                && zone_between(was_in_force.as_ref(), will_be_in_force.as_ref(), runtime.as_ref())
        }
        // All others change in one step.
        _ => same(before, present) || same(after, present),
    }
}

/// Settings are added to a zone and taken from it one by one: what both have was never away, and what neither has is
/// somebody else's. What is not recorded, or not in force any more, tells nothing.
fn zone_between(before: Option<&StoredZone>, after: Option<&StoredZone>, present: Option<&StoredZone>) -> bool {
    let (Some(before), Some(after), Some(present)) = (before, after, present) else { return true };
    let lists: [fn(&StoredZone) -> &BTreeSet<String>; 3] =
        [|zone| &zone.services, |zone| &zone.ports, |zone| &zone.rich_rules];
    lists.into_iter().all(|list| {
        let (before, after, present) = (list(before), list(after), list(present));
        present.iter().all(|setting| before.contains(setting) || after.contains(setting))
            && before.intersection(after).all(|setting| present.contains(setting))
    })
}

/// Of a file each property is either as before or as after.
fn file_between(before: &StoredFile, after: &StoredFile, present: &StoredFile) -> bool {
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
