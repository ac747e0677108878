//! Undefined variables and broken templates.

use super::*;

#[test]
fn undefined_variables() {
    insta::assert_snapshot!(task("command: postconf -e 'mydomain={{ mail_domian }}'"), @r"
    error: undefined variable `mail_domian`
     --> DIR/site.yaml:3:41
      |
    3 |     - command: postconf -e 'mydomain={{ mail_domian }}'
      |                                         ^^^^^^^^^^^
      |
      = help: did you mean `mail_domain`?
    ");
    insta::assert_snapshot!(errors_with(
        "- hosts: all\n  roles: [r]\n  vars:\n    relay: smtp.{{ domain }}\n",
        &[
            ("hosts.yaml", "all: {hosts: {mail1: {domain: x}, mail2: , mail3: , mail4: }}\n"),
            ("roles/r/tasks/main.yml", "- name: Configure\n  template:\n    src: x.j2\n    dest: /x\n  when: x_enabled\n"),
            ("roles/r/templates/x.j2", "# comment\nrelayhost = {{ relay }}\nname = {{ x_name }}\n"),
            ("roles/r/defaults/main.yml", "x_enable: yes\nx_names: z\n"),
        ],
        &Options::default(),
    ), @r"
    error: undefined variable `x_enabled`
     --> DIR/roles/r/tasks/main.yml:5:9
      |
    5 |   when: x_enabled
      |         ^^^^^^^^^
      |
      = help: did you mean `x_enable`?

    error: undefined variable `x_name`
     --> DIR/roles/r/templates/x.j2:3:11
      |
    3 | name = {{ x_name }}
      |           ^^^^^^
      |
      = note: needed by the task `Configure` at DIR/roles/r/tasks/main.yml:1:3
      = help: did you mean `x_names`?

    error: undefined variable `domain`
     --> DIR/site.yaml:4:20
      |
    4 |     relay: smtp.{{ domain }}
      |                    ^^^^^^
      |
      = note: in the value of `relay`
      = note: needed by the task `Configure` at DIR/roles/r/tasks/main.yml:1:3
      = note: on mail2, mail3 and 1 more
      = help: where it may be missing, write `domain | default(...)` or test `domain is defined`
    ");
    insta::assert_snapshot!(task("copy:\n  dest: /x\n  content: |\n    a\n      {{ missing_one }}"), @r"
    error: undefined variable `missing_one`
     --> DIR/site.yaml:7:16
      |
    7 |             {{ missing_one }}
      |                ^^^^^^^^^^^
      |
      = help: where it may be missing, write `missing_one | default(...)` or test `missing_one is defined`
    ");
    insta::assert_snapshot!(task("ping:\nloop: \"{{ item }}\"\nname: \"{{ hostvars }}\""), @r#"
    error: undefined variable `item`
     --> DIR/site.yaml:4:17
      |
    4 |       loop: "{{ item }}"
      |                 ^^^^
      |
      = help: `item` is there in a task with `loop` only

    error: `hostvars` needs the name of a variable that is spelt out
     --> DIR/site.yaml:5:17
      |
    5 |       name: "{{ hostvars }}"
      |                 ^
      |
      = note: a host gets no more of others' variables than its templates ask for
      = help: write `hostvars[host].name`, or `hosts | map('extract', hostvars, 'name')`
    "#);
    insta::assert_snapshot!(errors("- hosts: all\n  gather_facts: no\n  tasks:\n    - debug: {var: ansible_fqdn}\n    - debug: {msg: '{{ ansible_python }}'}\n"), @r"
    error: undefined variable `ansible_fqdn`
     --> DIR/site.yaml:4:20
      |
    4 |     - debug: {var: ansible_fqdn}
      |                    ^^^^^^^^^^^^
      |
      = help: facts are not gathered: `gather_facts: false`

    error: undefined variable `ansible_python`
     --> DIR/site.yaml:5:24
      |
    5 |     - debug: {msg: '{{ ansible_python }}'}
      |                        ^^^^^^^^^^^^^^
      |
      = note: mailprov gathers no such fact
    ");
    insta::assert_snapshot!(errors("- hosts: all\n  vars: {a: '{{ b }}', b: '{{ a }}'}\n  tasks: [debug: {var: a}]\n"), @r"
    error: the value of `a` needs itself
     --> DIR/site.yaml:2:31
      |
    2 |   vars: {a: '{{ b }}', b: '{{ a }}'}
      |                               ^
      |
      = note: a -> b -> a
    ");
}

#[test]
fn what_can_be_defined_is_no_error() {
    compile(
        "- hosts: all
  vars: {list: [1], guarded: \"{{ broken | default('x') }}\", broken: '{{ nowhere }}'}
  tasks:
    - command: echo {{ item }} {{ ansible_facts.hostname }} {{ ansible_default_ipv4.address }} {{ ansible_ens192 }}
      loop: \"{{ list }}\"
      register: first
    - debug: {msg: '{{ first.stdout }} {{ later }} {{ guarded }} {{ groups.all }} {{ mail_domain }}'}
    - set_fact: {later: 1}
    - debug: {msg: '{{ optional }} {{ ansible_host }} {{ omit }}'}
      when: optional is defined
    - assert: {that: [mail_domain == 'x', other is not defined]}
    - debug: {msg: '{% for x in list %}{{ x }}{% endfor %}{{ range(3) }}'}
    - {debug: {msg: '{{ only_with_extra }}'}, tags: never}
    - block: [debug: {var: mail_domain}]
      rescue: [debug: {var: ansible_failed_result.msg}]
- {hosts: all, roles: [r], tasks: [debug: {var: first}]}
",
        &[("roles/r/tasks/main.yml", "- debug: {msg: '{{ role_name }}'}\n")],
        &Options::default(),
    );
}

#[test]
fn broken_templates() {
    insta::assert_snapshot!(task("debug:\n  msg: \"{{ mail_domain | tu_json }}\""), @r#"
    error: filter tu_json is unknown
     --> DIR/site.yaml:4:32
      |
    4 |         msg: "{{ mail_domain | tu_json }}"
      |                                ^
      |
      = help: did you mean `to_json`?
    "#);
    insta::assert_snapshot!(task("debug:\n  msg: \"a {{ mail_domain\""), @r#"
    error: template syntax: unexpected end of input, expected end of variable block
     --> DIR/site.yaml:4:20
      |
    4 |         msg: "a {{ mail_domain"
      |                    ^
      |
      = help: close every `{{` with `}}`, every `{% if %}` with `{% endif %}`, every quote and bracket
    "#);
    insta::assert_snapshot!(task("ping:\nwhen: mail_domain =="), @r"
    error: template syntax: unexpected end of input, expected expression
     --> DIR/site.yaml:4:25
      |
    4 |       when: mail_domain ==
      |                         ^
      |
      = help: close every `{{` with `}}`, every `{% if %}` with `{% endif %}`, every quote and bracket
    ");
    insta::assert_snapshot!(errors_with(
        "- hosts: all\n  tasks:\n    - name: Write\n      template: {src: x.j2, dest: /x}\n",
        &[("templates/x.j2", "one\n{% if x %}\ntwo\n")],
        &Options::default(),
    ), @r"
    error: template syntax: unexpected end of input, expected end of block
     --> DIR/templates/x.j2:3:1
      |
    3 | two
      | ^
      |
      = note: used by the task `Write` at DIR/site.yaml:3:7
      = help: close every `{{` with `}}`, every `{% if %}` with `{% endif %}`, every quote and bracket
    ");
}
