//! Journals with what was added to the format after the first ones roll back for ever, too: one run that took a package away,
//! named a host that had no name, dropped an access list and unmasked a unit; and one that was cut off amid a package
//! transaction (`tests/fixtures/journal/v1-traces/`).
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test")]

use super::{Report, frozen, rollback};
use crate::host::backend::{Backend, Step};
use crate::host::fake::Script;
use crate::host::laws::spec;
use crate::host::{Content, Enablement, FileState, HostnameState, Key, Meta, PackageState, State, UnitState, Version};
use crate::hostplay::UndoTarget;

const ENDED: &str = "20260104T000000Z-00000007";
const CUT_OFF: &str = "20260104T010000Z-00000008";

/// The digests of the frozen journals.
const FROZEN: [(&str, &str); 2] = [
    (ENDED, "c27cd1d8f684c912ab954b25c25f43c2f92c0b0984839ea517902fa04e23a26b"),
    (CUT_OFF, "8923153ce216492ceb8ee7edc77ae6395e6d8962bd30a77fb648d5d394d2b7b2"),
];

const SENDMAIL: &str = "0:8.15.2-34.el8.x86_64";
const LINK: &str = "/etc/systemd/system/multi-user.target.wants/postfix.service";

fn file(path: &str) -> Key {
    Key::File(path.to_owned())
}

fn regular(text: &str, meta: Meta) -> State {
    State::File(FileState::Regular { content: Content::text(text), meta })
}

/// As `setfacl -m u:1000:r` makes it of mode 0640 (Linux' `posix_acl_xattr.h`): a version, then tag, permissions and id.
fn shared() -> Meta {
    let mut acl = 2_u32.to_le_bytes().to_vec();
    for (tag, permissions, id) in
        [(1_u16, 6_u16, u32::MAX), (2, 4, 1000), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 0, u32::MAX)]
    {
        acl.extend(tag.to_le_bytes().into_iter().chain(permissions.to_le_bytes()).chain(id.to_le_bytes()));
    }
    let xattrs = [("system.posix_acl_access".to_owned(), acl), ("user.note".to_owned(), b"keep".to_vec())];
    Meta { xattrs: xattrs.into(), ..Meta::root(0o640) }
}

fn before() -> Script {
    let mut script = Script::default();
    let unnamed = HostnameState { name: String::new(), transient: Some("ip-192-0-2-1".to_owned()) };
    script.package("sendmail", SENDMAIL).unit("sendmail.service", Enablement::Enabled, true);
    script.file("/etc/mail/sendmail.cf", "# by hand\n").set(Key::Hostname, State::Hostname(unnamed));
    script.set(file("/etc/app.key"), regular("not a key\n", shared()));
    script.unit("postfix.service", Enablement::Masked, false);
    script
}

fn after() -> Script {
    let mut script = Script::default();
    let unit = State::Unit(UnitState::Loaded { enablement: Enablement::Disabled, active: false });
    let shipped = regular("# as shipped\n", Meta::root(0o644));
    let brings = vec![(file("/etc/mail/sendmail.cf"), shipped), (Key::Unit("sendmail.service".to_owned()), unit)];
    script.offers("sendmail", SENDMAIL, brings);
    script.set(Key::Hostname, State::Hostname(HostnameState::named("mail1.example.net")));
    script.file("/etc/hostname", "mail1.example.net\n");
    script.set(file("/etc/app.key"), regular("not a key\n", Meta::root(0o600)));
    script.unit("postfix.service", Enablement::Enabled, true);
    let target = "/usr/lib/systemd/system/postfix.service".to_owned();
    script.set(file(LINK), State::File(FileState::Symlink { target, meta: Meta::root(0o777) }));
    // The transaction came to its end, though nobody wrote that down.
    script.offers("opendkim", "0:2.11.0-0.36.el8.x86_64", Vec::new());
    script.leaves("opendkim", "/etc/opendkim.key", "made by a script\n");
    let package = |state| State::Package(state);
    let (before, after) = (package(PackageState::Absent), package(PackageState::Installed(Version::Any)));
    let step = Step { key: Key::Package("opendkim".to_owned()), before, after, scratch: None };
    script.change(&[step], "").unwrap();
    script
}

#[test]
fn frozen_traces_roll_back() {
    let (_dir, store) = frozen::copy_of("v1-traces");
    let mut script = after();
    let target = UndoTarget::Run(ENDED.to_owned());
    let report = rollback(&mut script, &store, &spec("undo"), &target, false, &mut |_| {}).unwrap();
    let undone = vec![CUT_OFF.to_owned(), ENDED.to_owned()];
    assert_eq!(report, Report { undone, restored: 10, kept: 0, failed: 0 });
    assert_eq!(script.states(), before().states());
}

#[test]
fn a_run_that_a_frozen_one_names_is_missed() {
    let (dir, store) = frozen::copy_of("v1-traces");
    assert_eq!(store.read(CUT_OFF).unwrap().previous.as_deref(), Some(ENDED));
    let older = dir.path().join("runs").join(ENDED);
    let text = std::fs::read_to_string(older.join("journal.jsonl")).unwrap().replace(ENDED, "older");
    std::fs::rename(&older, dir.path().join("runs/older")).unwrap();
    std::fs::write(dir.path().join("runs/older/journal.jsonl"), text).unwrap();
    let target = UndoTarget::After("older".to_owned());
    let error = rollback(&mut after(), &store, &spec("undo"), &target, false, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains(ENDED), "{error}");
}

#[test]
fn the_frozen_lines_of_traces_are_written_as_they_were_read() {
    let all = ["done", "intent", "run_finished", "run_started"];
    assert_eq!(frozen::kinds("v1-traces", &FROZEN).into_iter().collect::<Vec<_>>(), all);
}
