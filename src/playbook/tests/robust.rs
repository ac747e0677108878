//! No text panics, and every error has something to show.

use proptest::prelude::*;

use super::*;

const PLAYBOOK: &str = "- name: Mail
  hosts: mail
  become: true
  serial: [1, 50%]
  vars: {a: '{{ b }}', b: 1}
  roles: [r, {role: r, x: 2, when: b}]
  tasks:
    - name: Install
      dnf: {name: [postfix], state: present}
      notify: restart
      loop: '{{ [a] }}'
      loop_control: {loop_var: i}
      register: out
      until: out is succeeded
    - block:
        - copy: content=\"{{ a }}\" dest=/x mode=0644
        - import_tasks: more.yml
      rescue: [{command: echo, args: {chdir: /}}]
      tags: [t]
  handlers:
    - {name: restart, service: {name: postfix, state: restarted}, listen: x}
";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_mutated_playbook_never_panics(
        at in 0..PLAYBOOK.len(),
        cut in 0_usize..30,
        new in "[-a:\\[\\]{}'\"%|, \n\t0-9=]{0,6}",
    ) {
        let mut text = PLAYBOOK.to_owned();
        text.replace_range(at..(at + cut).min(PLAYBOOK.len()), &new);
        let folder = Folder::new(&[
            ("site.yaml", text.as_str()),
            ("more.yml", "- ping:\n"),
            ("roles/r/tasks/main.yml", "- debug: {msg: '{{ x }}'}\n"),
            ("roles/r/defaults/main.yml", "x: 1\n"),
        ]);
        match folder.load(&Options::default()) {
            Ok(compiled) => for play in &compiled.plays {
                for host in &play.hosts {
                    let sent = serde_json::to_string(&play.host_play(host)).unwrap();
                    prop_assert_eq!(&serde_json::from_str::<HostPlay>(&sent).unwrap(), &play.host_play(host));
                }
            },
            Err(text) => prop_assert!(text.starts_with("error: ")),
        }
    }
}

#[test]
fn imports_that_multiply_end_in_an_error() {
    let mut files = vec![("site.yaml".to_owned(), "- {hosts: all, tasks: [import_tasks: t0.yml]}\n".to_owned())];
    for level in 0..6 {
        let next = format!("- import_tasks: t{}.yml\n", level + 1).repeat(20);
        files.push((format!("t{level}.yml"), next));
    }
    files.push(("t6.yml".to_owned(), "- ping:\n".to_owned()));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let errors = Folder::new(&files).load(&Options::default()).map(|_| ()).expect_err("too many tasks");
    assert!(errors.contains("more than 50000 tasks"), "{errors}");
}

#[test]
fn a_long_chain_of_imports_ends_in_an_error() {
    let file = |level: usize| (format!("t{level}.yml"), format!("- import_tasks: t{}.yml\n", level + 1));
    let mut files: Vec<_> = (0..100).map(file).collect();
    files.push(("site.yaml".to_owned(), "- {hosts: all, tasks: [import_tasks: t0.yml]}\n".to_owned()));
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let errors = Folder::new(&files).load(&Options::default()).map(|_| ()).expect_err("too deep");
    assert!(errors.contains("more than 64 imports"), "{errors}");
}
