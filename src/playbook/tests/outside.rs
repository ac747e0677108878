//! What templates ask of the controller.

use super::*;

const HOSTS: &str = "mail:
  hosts:
    mail1: {ansible_host: 10.0.0.1, weight: 3, secret: s1}
    mail2: {weight: '{{ base | int + 1 }}', base: 4}
    mail3:
";

fn magic(task: &str, files: &[(&str, &str)]) -> serde_json::Map<String, Value> {
    let site = format!("- hosts: mail\n  tasks:\n    - {task}\n");
    let mut all = vec![("hosts.yaml", HOSTS), ("site.yaml", site.as_str())];
    all.extend(files);
    let folder = Folder::new(&all);
    let compiled = folder.load(&Options::default()).unwrap_or_else(|told| panic!("{told}"));
    compiled.plays[0].host_play("mail2").magic
}

fn told(task: &str) -> String {
    let site = format!("- hosts: mail\n  tasks:\n    - {task}\n");
    let folder = Folder::new(&[("hosts.yaml", HOSTS), ("site.yaml", site.as_str())]);
    folder.load(&Options::default()).map(|_| ()).expect_err("must be refused")
}

#[test]
fn a_host_gets_those_variables_of_others_that_it_asks_for() {
    for template in [
        "{% for host in groups['mail'] %}{{ hostvars[host].weight | default(0) }}{% endfor %}",
        "{{ hostvars['mail1']['weight'] }}",
        "{{ groups['mail'] | map('extract', hostvars, 'weight') | list }}",
        "{{ groups['mail'] | map('extract', hostvars) | map(attribute='weight') | list }}",
    ] {
        let magic = magic(&format!("debug: {{msg: \"{template}\"}}"), &[]);
        let expected = serde_json::json!({"mail1": {"weight": 3}, "mail2": {"weight": 5}, "mail3": {}});
        assert_eq!(magic["hostvars"], expected, "{template}");
    }
    // Where nothing is asked for, nothing is given.
    assert!(!magic("ping:", &[]).contains_key("hostvars"));
    assert_eq!(
        magic("debug: {msg: \"{{ hostvars['mail3'].ansible_host }}\"}", &[])["hostvars"]["mail3"],
        serde_json::json!({"ansible_host": "mail3"})
    );
}

#[test]
fn files_are_read_where_ansible_looks_for_them() {
    let task = "debug: {msg: \"{{ lookup('file', 'motd') }}\"}";
    for (path, text) in [("files/motd", "one\n"), ("motd", "two\n\n")] {
        let magic = magic(task, &[(path, text)]);
        assert_eq!(magic["(controller)"]["file"]["motd"], text.trim_end(), "{path}");
    }
    let magic = magic("debug: {msg: \"{{ lookup('env', 'MAILPROV_SURELY_NOT_SET') }}\"}", &[]);
    assert_eq!(magic["(controller)"]["env"]["MAILPROV_SURELY_NOT_SET"], "");
}

#[test]
fn what_the_controller_cannot_tell_is_refused_with_its_place() {
    for (template, said) in [
        ("hostvars[inventory_hostname]", "needs the name of a variable"),
        ("hostvars['mail1'][inventory_hostname]", "needs the name of a variable"),
        ("hostvars['mail1'].ansible_default_ipv4.address", "of other hosts is not known"),
        ("hostvars['mail1'].ansible_password", "no host gets it"),
        ("lookup('file', 'nowhere')", "there is no file `nowhere`"),
        ("lookup('file', inventory_hostname)", "a name that is spelt out"),
        ("lookup('pipe', 'date')", "lookup `pipe` is not supported"),
        ("lookup('fiel', 'x')", "did you mean `file`?"),
    ] {
        let told = told(&format!("debug: {{msg: \"{{{{ {template} }}}}\"}}"));
        assert!(told.contains(said) && told.contains("DIR/site.yaml:3:"), "{template}: {told}");
    }
}
