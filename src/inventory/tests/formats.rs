//! INI inventories, inventory programs, and the files of `--limit`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn ini_errors(text: &str) -> String {
    Folder::new(&[("hosts.ini", text)]).errors("hosts.ini")
}

fn script(text: &str) -> Folder {
    let folder = Folder::new(&[("hosts.sh", &format!("#!/bin/sh\n{text}\n"))]);
    fs::set_permissions(folder.path("hosts.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn an_ini_inventory_knows_where_its_values_stand() {
    let folder = Folder::new(&[("hosts", "[mail]\n  mx1 port=25 x='a b'\n[mail:vars]\nrelay =  [1, 2]\n")]);
    let inventory = folder.load("hosts");
    assert_eq!(json!(inventory.vars_for("mx1")), json!({"relay": [1, 2], "port": 25, "x": "a b"}));
    let layers = inventory.layers_for("mx1");
    let place = |name: &str| {
        let origin = layers.iter().find_map(|layer| layer.variables.get(name)).unwrap().origin();
        (origin.line, origin.column)
    };
    assert_eq!((place("port"), place("x"), place("relay")), ((2, 12), (2, 17), (4, 10)));
}

#[test]
fn wrong_ini_inventories_say_what_and_where() {
    insta::assert_snapshot!(ini_errors("[mail]\nmx1 ansible_host = 192.0.2.1\n"), @r#"
    error: expected a variable as name=value
     --> DIR/hosts.ini:2:5
      |
    2 | mx1 ansible_host = 192.0.2.1
      |     ^^^^^^^^^^^^
      |
      = help: quote a value that has spaces: name="two words"
      = help: each host stands on a line of its own
    "#);
    insta::assert_snapshot!(ini_errors("[mail]\nmx1 mx2\n"), @r#"
    error: expected a variable as name=value
     --> DIR/hosts.ini:2:5
      |
    2 | mx1 mx2
      |     ^^^
      |
      = help: quote a value that has spaces: name="two words"
      = help: each host stands on a line of its own
    "#);
    insta::assert_snapshot!(ini_errors("[mail:var]\nx=1\n[mail]\nmx1\n"), @r"
    error: there is no kind of section `var`
     --> DIR/hosts.ini:1:7
      |
    1 | [mail:var]
      |       ^^^
      |
      = note: sections of a group are [mail], [mail:children] and [mail:vars]
      = help: did you mean `vars`?
    ");
    insta::assert_snapshot!(ini_errors("[mail: vars]\nx=1\nmx1\n"), @r"
    error: this section cannot be read
     --> DIR/hosts.ini:1:1
      |
    1 | [mail: vars]
      | ^^^^^^^^^^^^
      |
      = help: write [group], [group:children] or [group:vars], without spaces inside
    ");
    insta::assert_snapshot!(ini_errors("[mali:vars]\nx=1\n[mail]\nmx1\n[site:children]\nmial\n"), @r"
    error: there is no group `mali`
     --> DIR/hosts.ini:1:2
      |
    1 | [mali:vars]
      |  ^^^^
      |
      = help: did you mean `mail`?
      = help: declare it: a line [mali]

    error: there is no group `mial`
     --> DIR/hosts.ini:6:1
      |
    6 | mial
      | ^^^^
      |
      = help: did you mean `mail`?
      = help: declare it: a line [mial]
    ");
    insta::assert_snapshot!(ini_errors("[mail]\nmx1 x='a\nmx2:\n"), @r"
    error: this line cannot be read: a quote is not closed
     --> DIR/hosts.ini:2:1
      |
    2 | mx1 x='a
      | ^^^^^^^^

    error: `mx2:` cannot be the name of a host
     --> DIR/hosts.ini:3:1
      |
    3 | mx2:
      | ^^^^
      |
      = help: a YAML inventory has the extension .yaml or .yml
    ");
    insta::assert_snapshot!(ini_errors("[mail]\nmx1 my-var=1\n[mail:vars]\nx\n"), @r"
    error: `my-var` cannot be the name of a variable
     --> DIR/hosts.ini:2:5
      |
    2 | mx1 my-var=1
      |     ^^^^^^
      |
      = help: use letters, digits and _, and no digit first

    error: expected a variable as name=value
     --> DIR/hosts.ini:4:1
      |
    4 | x
      | ^
      |
      = note: this is the section [mail:vars]
    ");
    insta::assert_snapshot!(ini_errors("[a:children]\nb\n[b:children]\na\n[c]\nmx1\n"), @r"
    error: `a` would contain itself through `b`
     --> DIR/hosts.ini:4:1
      |
    4 | a
      | ^
      |
      = help: a group cannot be among its own children
    ");
}

#[test]
fn wrong_programs_say_what_they_did() {
    let told = |text: &str| script(text).errors("hosts.sh");
    insta::assert_snapshot!(told("echo 'no credentials' >&2; exit 3"), @r"
    error: the inventory script `DIR/hosts.sh --list` failed: exit status: 3
     |
     = note: stderr:
             no credentials
    ");
    insta::assert_snapshot!(told("echo nonsense"), @"error: the inventory script `DIR/hosts.sh --list` prints what is no JSON: expected ident at line 1 column 2");
    insta::assert_snapshot!(told("echo '[]'"), @"error: the inventory script `DIR/hosts.sh --list` prints JSON that is no mapping");
    insta::assert_snapshot!(told(r#"echo '{"mail": {"hosts": "mx1"}}'"#), @"error: the inventory script DIR/hosts.sh: `hosts` of the group `mail` must be a list of names");
    insta::assert_snapshot!(told(r#"echo '{"_meta": {"hostvars": []}, "mail": ["mx1"]}'"#), @"error: the inventory script DIR/hosts.sh: `hostvars` in `_meta` must be a mapping");
    let folder = Folder::new(&[("hosts.sh", "#!/no/such/program\n"), ("hosts.toml", "[mail]\n")]);
    insta::assert_snapshot!(folder.errors("hosts.sh"), @r"
    error: DIR/hosts.sh is a program, and is not executable
     |
     = help: chmod +x DIR/hosts.sh
    ");
    insta::assert_snapshot!(folder.errors("hosts.toml"), @r"
    error: DIR/hosts.toml is a TOML inventory, and those are not supported
     |
     = help: ansible-inventory -i FILE --list --yaml --export turns it into YAML
    ");
    fs::set_permissions(folder.path("hosts.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    insta::assert_snapshot!(folder.errors("hosts.sh"), @r"
    error: the inventory script `DIR/hosts.sh --list` cannot be run: No such file or directory (os error 2)
     |
     = help: does the program that its first line names exist?
    ");
}

#[test]
fn a_file_of_hosts_is_a_limit() {
    let inventory = inventory(SITE);
    let folder = Folder::new(&[("retry", "# failed\nlonely\n\nmail*\n!mail02*\n"), ("empty", "\n")]);
    let limit = |name: &str| inventory.limit(&format!("@{}", folder.path(name).display()));
    assert_eq!(limit("retry").unwrap(), ["lonely", "mail01.example.com", "mail03.example.com"]);
    let told = limit("empty").expect_err("names nothing").to_string();
    assert!(told.ends_with("names no host"), "{told}");
    assert!(limit("missing").expect_err("is not there").to_string().contains("No such file"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_ini_inventory_panics(text in "(\\[?[-a-c:\\[\\]=' \"#{}0-9\\\\]{0,12}\n){0,6}") {
        let folder = Folder::new(&[("hosts.ini", &text)]);
        let mut sources = Sources::new();
        match Inventory::load(&[folder.path("hosts.ini")], &mut sources) {
            Ok(inventory) => inventory.hosts().for_each(|host| drop(inventory.vars_for(host))),
            Err(problems) => prop_assert!(!problems.render(&sources, false).is_empty()),
        }
    }
}
