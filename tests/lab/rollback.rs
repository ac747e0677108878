//! `mailprov rollback` puts a host back.

use crate::support::{assert_same, inventory, mailprov, manifest, on, reset};

const LIMIT: &[&str] = &["--limit", "mail1.mydomain.local"];

#[test]
fn a_provisioned_host_goes_back_to_bare() {
    reset(&["mail1"]);
    let before = manifest("mail1");
    let inventory = inventory("root");
    mailprov(&[&["up", &inventory], LIMIT].concat()).succeeded();
    assert_ne!(before, manifest("mail1"));
    let ran = mailprov(&[&["rollback", &inventory], LIMIT].concat()).succeeded();
    let after = manifest("mail1");
    assert_same(&before, &after, &ran.stdout);
    assert_eq!(on("mail1", "ss -Hltn 'sport = :25' | wc -l"), "0\n");

    let history = mailprov(&[&["history", &inventory], LIMIT].concat()).succeeded();
    assert!(history.stdout.contains("rolled back"), "{}", history.stdout);
}
