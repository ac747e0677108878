//! What playbooks mean: order, inheritance, precedence.

use super::*;

#[test]
fn the_built_in_playbook_compiles() {
    let folder = Folder::new(&[]);
    let mut sources = Sources::new();
    let inventory = Inventory::load(&[folder.path("hosts.yaml")], &mut sources).unwrap();
    let compiled = load(None, inventory, &Options::default(), &mut sources);
    let compiled = compiled.unwrap_or_else(|problems| panic!("{}", problems.render(&sources, false)));
    let play = compiled.plays[0].host_play("mail1");
    assert!(play.files.contains_key("roles/postfix/templates/virtual.j2"));
    assert!(compiled.plays[0].becomes("mail1"));
    assert!(names(&play.steps).contains(&"Install Postfix and OpenSSL".to_owned()));
}
