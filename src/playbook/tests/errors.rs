//! How errors look. Each is found before any host is contacted.

use super::*;

/// The rendered errors of a playbook with other files.
fn errors_with(playbook: &str, files: &[(&str, &str)], options: &Options) -> String {
    let mut all = vec![("site.yaml", playbook)];
    all.extend(files);
    Folder::new(&all).load(options).map(|_| ()).expect_err("must be refused")
}

fn errors(playbook: &str) -> String {
    errors_with(playbook, &[], &Options::default())
}

/// The errors of one task.
fn task(text: &str) -> String {
    errors(&format!("- hosts: all\n  tasks:\n    - {}\n", text.replace('\n', "\n      ")))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn modules_and_arguments() {
    insta::assert_snapshot!(task("tempalte: {src: x, dest: /x}"), @r"
    error: `tempalte` is neither a module nor a keyword of a task
     --> DIR/site.yaml:3:7
      |
    3 |     - tempalte: {src: x, dest: /x}
      |       ^^^^^^^^
      |
      = help: did you mean `template`?
    ");
    insta::assert_snapshot!(task("template: {src: site.yaml, dets: /x}"), @r"
    error: unknown argument `dets` of the module template
     --> DIR/site.yaml:3:34
      |
    3 |     - template: {src: site.yaml, dets: /x}
      |                                  ^^^^
      |
      = help: did you mean `dest`?
    ");
    insta::assert_snapshot!(task("shell: echo x | cat"), @r"
    error: the module shell is not supported by mailprov
     --> DIR/site.yaml:3:7
      |
    3 |     - shell: echo x | cat
      |       ^^^^^
      |
      = help: use `command`, which runs no shell
    ");
    insta::assert_snapshot!(task("ansible.posix.copy: {src: x}"), @r"
    error: there is no module `ansible.posix.copy`
     --> DIR/site.yaml:3:7
      |
    3 |     - ansible.posix.copy: {src: x}
      |       ^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `ansible.builtin.copy`?
    ");
    insta::assert_snapshot!(task("mystery: {}"), @r"
    error: `mystery` is neither a module nor a keyword of a task
     --> DIR/site.yaml:3:7
      |
    3 |     - mystery: {}
      |       ^^^^^^^
      |
      = note: the modules are: assert, certificate, command, copy, debug, dnf, fail, file, firewalld, hostname, lineinfile, ping, postconf, postfix_service, postmap, service, set_fact, setup, stat, template, wait_for
    ");
    insta::assert_snapshot!(task("service: {name: postfix, state: running, enabled: maybe}"), @r#"
    error: the argument `state`: expected one of started, stopped, restarted, reloaded, got "running"
     --> DIR/site.yaml:3:39
      |
    3 |     - service: {name: postfix, state: running, enabled: maybe}
      |                                       ^^^^^^^

    error: the argument `enabled`: expected yes or no, got "maybe"
     --> DIR/site.yaml:3:57
      |
    3 |     - service: {name: postfix, state: running, enabled: maybe}
      |                                                         ^^^^^
    "#);
    insta::assert_snapshot!(task("service: {name: postfix, state: start}"), @r#"
    error: the argument `state`: expected one of started, stopped, restarted, reloaded, got "start"
     --> DIR/site.yaml:3:39
      |
    3 |     - service: {name: postfix, state: start}
      |                                       ^^^^^
      |
      = help: did you mean `started`?
    "#);
    insta::assert_snapshot!(task("copy: {dest: /x, src: a, content: b}"), @r"
    error: the module copy needs exactly one of `src`, `content`
     --> DIR/site.yaml:3:7
      |
    3 |     - copy: {dest: /x, src: a, content: b}
      |       ^^^^ more than one of them is given

    error: there is no file `a`
     --> DIR/site.yaml:3:29
      |
    3 |     - copy: {dest: /x, src: a, content: b}
      |                             ^
      |
      = note: looked for DIR/files/a, DIR/a
    ");
    insta::assert_snapshot!(task("dnf: {name: x, pkg: y}"), @r"
    error: the argument `name` is given twice
     --> DIR/site.yaml:3:22
      |
    3 |     - dnf: {name: x, pkg: y}
      |                      ^^^
    ");
    insta::assert_snapshot!(task("postmap: /etc/postfix/virtual"), @r"
    error: the module postmap takes arguments, not a text
     --> DIR/site.yaml:3:16
      |
    3 |     - postmap: /etc/postfix/virtual
      |                ^^^^^^^^^^^^^^^^^^^^
      |
      = help: write them below it, as in `path: ...`
    ");
    insta::assert_snapshot!(task("postmap: path=\"/etc"), @r#"
    error: a quote is never closed
     --> DIR/site.yaml:3:16
      |
    3 |     - postmap: path="/etc
      |                ^^^^^^^^^^
    "#);
    insta::assert_snapshot!(task("copy: src=site.yaml dst=/x"), @r"
    error: unknown argument `dst` of the module copy
     --> DIR/site.yaml:3:27
      |
    3 |     - copy: src=site.yaml dst=/x
      |                           ^^^
      |
      = help: did you mean `dest`?
    ");
    insta::assert_snapshot!(task("command: true"), @r"
    error: expected a mapping of arguments, found a boolean
     --> DIR/site.yaml:3:16
      |
    3 |     - command: true
      |                ^^^^
      |
      = help: put the text in quotes
    ");
    insta::assert_snapshot!(task("dnf:\n  name: x\n  when: true"), @r"
    error: unknown argument `when` of the module dnf
     --> DIR/site.yaml:5:9
      |
    5 |         when: true
      |         ^^^^
      |
      = help: `when` is a keyword of the task: indent it as far as `dnf`
    ");
    insta::assert_snapshot!(task("copy: {src: site.yml, dest: /x}"), @r"
    error: there is no file `site.yml`
     --> DIR/site.yaml:3:19
      |
    3 |     - copy: {src: site.yml, dest: /x}
      |                   ^^^^^^^^
      |
      = note: looked for DIR/files/site.yml, DIR/site.yml
      = help: did you mean `site.yaml`?
    ");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn keywords() {
    insta::assert_snapshot!(errors("- host: all\n  task: []\n"), @r"
    error: unknown keyword `host` of a play
     --> DIR/site.yaml:1:3
      |
    1 | - host: all
      |   ^^^^
      |
      = help: did you mean `hosts`?

    error: unknown keyword `task` of a play
     --> DIR/site.yaml:2:3
      |
    2 |   task: []
      |   ^^^^
      |
      = help: did you mean `tasks`?

    error: a play without `hosts`
     --> DIR/site.yaml:1:3
      |
    1 | - host: all
      |   ^
      |
      = help: add `hosts: all`
    ");
    insta::assert_snapshot!(errors("- hosts: all\n  strategy: free\n  environment: {}\n"), @r"
    error: `strategy` is not supported by mailprov
     --> DIR/site.yaml:2:3
      |
    2 |   strategy: free
      |   ^^^^^^^^
      |
      = help: each host runs its play on its own, without waiting for the others

    error: `environment` is not supported by mailprov
     --> DIR/site.yaml:3:3
      |
    3 |   environment: {}
      |   ^^^^^^^^^^^
    ");
    insta::assert_snapshot!(task("ping:\nnotfy: x\nregster: y"), @r"
    error: unknown keyword `notfy` of a task
     --> DIR/site.yaml:4:7
      |
    4 |       notfy: x
      |       ^^^^^
      |
      = help: did you mean `notify`?

    error: unknown keyword `regster` of a task
     --> DIR/site.yaml:5:7
      |
    5 |       regster: y
      |       ^^^^^^^
      |
      = help: did you mean `register`?
    ");
    insta::assert_snapshot!(task("ping:\ncopy: {src: x, dest: /x}"), @r"
    error: a second module, `copy`, in one task
     --> DIR/site.yaml:4:7
      |
    4 |       copy: {src: x, dest: /x}
      |       ^^^^
      |
     ::: DIR/site.yaml:3:7
      |
    3 |     - ping:
      |       - the first
      |
      = help: start the next task with a dash
    ");
    insta::assert_snapshot!(task("name: nothing to do"), @r"
    error: a task without a module
     --> DIR/site.yaml:3:7
      |
    3 |     - name: nothing to do
      |       ^
      |
      = help: add the module's name as a key, as in `dnf: {name: postfix}`
    ");
    insta::assert_snapshot!(task("ping:\ndelegate_to: localhost"), @r"
    error: `delegate_to` is not supported by mailprov
     --> DIR/site.yaml:4:7
      |
    4 |       delegate_to: localhost
      |       ^^^^^^^^^^^
      |
      = help: use another play for the other host
    ");
    insta::assert_snapshot!(task("local_action: ping"), @r"
    error: `local_action` is not supported by mailprov
     --> DIR/site.yaml:3:7
      |
    3 |     - local_action: ping
      |       ^^^^^^^^^^^^
      |
      = help: use a play with `hosts: localhost`
    ");
    insta::assert_snapshot!(task("ping:\nwith_dict: {}"), @r"
    error: `with_dict` is not supported by mailprov
     --> DIR/site.yaml:4:7
      |
    4 |       with_dict: {}
      |       ^^^^^^^^^
      |
      = help: use `loop` with a list, or `with_items`
    ");
    insta::assert_snapshot!(task("ping:\nloop: packages"), @r#"
    error: expected a list, or a template that gives one, found text
     --> DIR/site.yaml:4:13
      |
    4 |       loop: packages
      |             ^^^^^^^^
      |
      = help: write "{{ packages }}" for a variable
    "#);
    insta::assert_snapshot!(task("ping:\nlisten: x\nretries: 2\nloop_control: {}"), @r"
    error: `listen` is a keyword of handlers
     --> DIR/site.yaml:4:7
      |
    4 |       listen: x
      |       ^^^^^^
      |
      = help: did you mean `notify`?

    error: `loop_control` without `loop`
     --> DIR/site.yaml:6:7
      |
    6 |       loop_control: {}
      |       ^^^^^^^^^^^^

    error: `retries` without `until`
     --> DIR/site.yaml:5:7
      |
    5 |       retries: 2
      |       ^^^^^^^
      |
      = help: say when `ping` is done: `until: result is succeeded`
    ");
    insta::assert_snapshot!(task("ping:\nregister: my-result\nignore_errors: \"{{ x }}\"\nno_log: maybe"), @r#"
    error: a template is not supported here: expected yes or no
     --> DIR/site.yaml:5:22
      |
    5 |       ignore_errors: "{{ x }}"
      |                      ^^^^^^^^^

    error: expected yes or no, found text
     --> DIR/site.yaml:6:15
      |
    6 |       no_log: maybe
      |               ^^^^^

    error: `my-result` cannot be the name of a variable
     --> DIR/site.yaml:4:17
      |
    4 |       register: my-result
      |                 ^^^^^^^^^
      |
      = help: use letters, digits and _, and no digit first
    "#);
    insta::assert_snapshot!(task("ping:\nbecome: yes\nbecome_user: postfix"), @r"
    error: only `become_user: root` is supported by mailprov
     --> DIR/site.yaml:5:20
      |
    5 |       become_user: postfix
      |                    ^^^^^^^
    ");
    insta::assert_snapshot!(task("block: []\nloop: [1]\nwhn: x"), @r"
    error: `loop` is not supported by mailprov
     --> DIR/site.yaml:4:7
      |
    4 |       loop: [1]
      |       ^^^^
      |
      = help: put the tasks into a file and import it, or loop over each task

    error: unknown keyword `whn` of a block
     --> DIR/site.yaml:5:7
      |
    5 |       whn: x
      |       ^^^
      |
      = help: did you mean `when`?
    ");
    insta::assert_snapshot!(task("rescue: []"), @r"
    error: `rescue` without its `block`
     --> DIR/site.yaml:3:7
      |
    3 |     - rescue: []
      |       ^^^^^^
    ");
    insta::assert_snapshot!(task("meta: end_play"), @r"
    error: only `meta: flush_handlers` and `meta: noop` are supported by mailprov
     --> DIR/site.yaml:3:13
      |
    3 |     - meta: end_play
      |             ^^^^^^^^
    ");
    insta::assert_snapshot!(errors("- hosts: all\n  serial: 0\n  max_fail_percentage: 200\n"), @r"
    error: expected a percentage: a number from 0 to 100
     --> DIR/site.yaml:3:24
      |
    3 |   max_fail_percentage: 200
      |                        ^^^

    error: expected a number of hosts or a percentage, as in `serial: 25%`
     --> DIR/site.yaml:2:11
      |
    2 |   serial: 0
      |           ^
    ");
    insta::assert_snapshot!(errors("- hosts: all\n  tasks:\n    ping:\n"), @r"
    error: expected a list of tasks, found a mapping
     --> DIR/site.yaml:3:5
      |
    3 |     ping:
      |     ^
    ");
    insta::assert_snapshot!(errors("hosts: all\n"), @r"
    error: expected a list of plays, found a mapping
     --> DIR/site.yaml:1:1
      |
    1 | hosts: all
      | ^
    ");
    insta::assert_snapshot!(errors(""), @"error: the playbook DIR/site.yaml has no plays");
}

#[test]
fn roles() {
    let role = |name: &'static str, text: &'static str| (name, text);
    insta::assert_snapshot!(errors_with(
        "- hosts: all\n  roles: [postifx, nothing_like_it]\n",
        &[],
        &Options::default(),
    ), @r"
    error: there is no role `postifx`
     --> DIR/site.yaml:2:11
      |
    2 |   roles: [postifx, nothing_like_it]
      |           ^^^^^^^
      |
      = note: looked for DIR/roles/postifx and <built-in>/roles/postifx
      = help: did you mean `postfix`?

    error: there is no role `nothing_like_it`
     --> DIR/site.yaml:2:20
      |
    2 |   roles: [postifx, nothing_like_it]
      |                    ^^^^^^^^^^^^^^^
      |
      = note: looked for DIR/roles/nothing_like_it and <built-in>/roles/nothing_like_it
    ");
    insta::assert_snapshot!(errors_with(
        "- hosts: all\n  roles: [a]\n",
        &[role("roles/a/meta/main.yml", "dependencies: [b]\n"), role("roles/b/meta/main.yml", "dependencies:\n  - a\n")],
        &Options::default(),
    ), @r"
    error: the role `a` needs itself
     --> DIR/roles/b/meta/main.yml:2:5
      |
    2 |   - a
      |     ^
      |
      = note: a -> b -> a
    ");
    insta::assert_snapshot!(errors_with(
        "- hosts: all\n  roles: [{name: a, wen: x}, {tags: x}]\n",
        &[role("roles/a/meta/main.yml", "dependency: []\n"), role("roles/a/tasks/main.yml", "- png:\n")],
        &Options::default(),
    ), @r"
    error: unknown keyword `dependency` of a role's meta/main
     --> DIR/roles/a/meta/main.yml:1:1
      |
    1 | dependency: []
      | ^^^^^^^^^^
      |
      = help: did you mean `dependencies`?

    error: `png` is neither a module nor a keyword of a task
     --> DIR/roles/a/tasks/main.yml:1:3
      |
    1 | - png:
      |   ^^^
      |
      = help: did you mean `ping`?

    error: a role entry without `role`
     --> DIR/site.yaml:2:30
      |
    2 |   roles: [{name: a, wen: x}, {tags: x}]
      |                              ^
    ");
    insta::assert_snapshot!(task("include_role: {name: \"{{ x }}\", task_from: y}"), @r#"
    error: unknown keyword `task_from` of import_role
     --> DIR/site.yaml:3:39
      |
    3 |     - include_role: {name: "{{ x }}", task_from: y}
      |                                       ^^^^^^^^^
      |
      = help: did you mean `tasks_from`?

    error: a template is not supported here: expected the name of a role
     --> DIR/site.yaml:3:28
      |
    3 |     - include_role: {name: "{{ x }}", task_from: y}
      |                            ^^^^^^^^^
      |
      = note: this must be known before any host is contacted
    "#);
}

#[test]
fn imports() {
    insta::assert_snapshot!(task("import_tasks: more.yml"), @r"
    error: there is no file `more.yml`
     --> DIR/site.yaml:3:21
      |
    3 |     - import_tasks: more.yml
      |                     ^^^^^^^^
      |
      = note: looked for DIR/more.yml
    ");
    insta::assert_snapshot!(task("include_tasks: \"{{ os }}.yml\""), @r#"
    error: `include_tasks` with a template in its file name is not supported
     --> DIR/site.yaml:3:22
      |
    3 |     - include_tasks: "{{ os }}.yml"
      |                      ^^^^^^^^^^^^^^
      |
      = help: import each file under its own `when`
    "#);
    insta::assert_snapshot!(task("include_tasks: {file: x.yml, apply: {}}\nloop: [1]"), @r"
    error: `loop` is not supported by mailprov
     --> DIR/site.yaml:4:7
      |
    4 |       loop: [1]
      |       ^^^^
      |
      = help: imports are resolved before any host is contacted; loop over the tasks inside

    error: unknown argument `apply` of include_tasks
     --> DIR/site.yaml:3:36
      |
    3 |     - include_tasks: {file: x.yml, apply: {}}
      |                                    ^^^^^
      |
      = help: give `tags`, `when` and the like to the import itself

    error: there is no file `x.yml`
     --> DIR/site.yaml:3:29
      |
    3 |     - include_tasks: {file: x.yml, apply: {}}
      |                             ^^^^^
      |
      = note: looked for DIR/x.yml
    ");
    insta::assert_snapshot!(errors_with(
        "- hosts: all\n  tasks: [import_tasks: a.yml]\n",
        &[("a.yml", "- import_tasks: a.yml\n")],
        &Options::default(),
    ), @r"
    error: DIR/a.yml imports itself
     --> DIR/a.yml:1:17
      |
    1 | - import_tasks: a.yml
      |                 ^^^^^
    ");
    insta::assert_snapshot!(errors("- import_playbook: site.yaml\n"), @r"
    error: more than 16 playbooks import one another
     --> DIR/site.yaml:1:20
      |
    1 | - import_playbook: site.yaml
      |                    ^^^^^^^^^
    ");
    insta::assert_snapshot!(errors("- import_playbook: other.yaml\n- {hosts: all, vars_files: [a.yml, [b.yml, c.yml]]}\n"), @r"
    error: there is no playbook DIR/other.yaml
     --> DIR/site.yaml:1:20
      |
    1 | - import_playbook: other.yaml
      |                    ^^^^^^^^^^

    error: there is no file `a.yml`
     --> DIR/site.yaml:2:29
      |
    2 | - {hosts: all, vars_files: [a.yml, [b.yml, c.yml]]}
      |                             ^^^^^
      |
      = note: looked for DIR/a.yml

    error: there is no file `b.yml`, `c.yml`
     --> DIR/site.yaml:2:36
      |
    2 | - {hosts: all, vars_files: [a.yml, [b.yml, c.yml]]}
      |                                    ^
      |
      = note: looked for DIR/b.yml, DIR/c.yml
    ");
}

#[test]
fn handlers() {
    insta::assert_snapshot!(errors(
        "- hosts: all
  tasks:
    - ping:
      notify: [restart postfix, reload, 'x {{ y | default(1) }}']
  handlers:
    - {name: Restart postfix, ping: }
    - block: [ping: ]
    - meta: flush_handlers
",
    ), @r"
    error: a block among handlers is not supported
     --> DIR/site.yaml:7:7
      |
    7 |     - block: [ping: ]
      |       ^
      |
      = help: write the handlers one by one, with one `listen` topic

    error: `flush_handlers` among handlers
     --> DIR/site.yaml:8:7
      |
    8 |     - meta: flush_handlers
      |       ^

    error: no handler is called `restart postfix`
     --> DIR/site.yaml:4:16
      |
    4 |       notify: [restart postfix, reload, 'x {{ y | default(1) }}']
      |                ^^^^^^^^^^^^^^^
      |
      = help: did you mean `Restart postfix`?

    error: no handler is called `reload`
     --> DIR/site.yaml:4:33
      |
    4 |       notify: [restart postfix, reload, 'x {{ y | default(1) }}']
      |                                 ^^^^^^
      |
      = note: the handlers are: Restart postfix
    ");
}

#[test]
fn hosts_and_tags() {
    insta::assert_snapshot!(errors("- hosts: mial\n"), @r"
    error: no host or group matches `mial`
     --> DIR/site.yaml:1:10
      |
    1 | - hosts: mial
      |          ^^^^
      |
      = help: did you mean `mail`?
    ");
    insta::assert_snapshot!(errors("- hosts: \"{{ target }}\"\n"), @r#"
    error: `target` is undefined
     --> DIR/site.yaml:1:14
      |
    1 | - hosts: "{{ target }}"
      |              ^
      |
      = note: only variables given with -e are known in `hosts`
      = help: where it may be missing, write `target | default(...)` or test `target is defined`
    "#);
    let limited = Options { hosts: Some(vec![]), ..Options::default() };
    insta::assert_snapshot!(errors_with("- hosts: all\n", &[], &limited), @"error: no play has a host that --limit leaves");
    let tagged = Options { tags: vec!["confg".to_owned()], skip_tags: vec!["x".to_owned()], ..Options::default() };
    insta::assert_snapshot!(errors_with("- hosts: all\n  tasks: [{ping: , tags: [config]}]\n", &[], &tagged), @r"
    error: --tags confg: no task has the tag `confg`
     |
     = note: the tags are: config
     = help: did you mean `config`?

    error: --skip-tags x: no task has the tag `x`
     |
     = note: the tags are: config
    ");
    let warned = compile("- hosts: mial\n- {hosts: mail, tasks: [ping: ]}\n", &[], &Options::default()).warnings;
    assert_eq!((warned.len(), warned.iter().all(|warning| warning.origin.is_some())), (1, true));
}

#[test]
fn several_errors_are_shown_at_once() {
    insta::assert_snapshot!(errors_with(
        "- hosts: all\n  rols: []\n  tasks:\n    - pong:\n    - import_tasks: broken.yml\n",
        &[("broken.yml", "- ping:\n\tname: x\n")],
        &Options::default(),
    ), @r"
    error: unknown keyword `rols` of a play
     --> DIR/site.yaml:2:3
      |
    2 |   rols: []
      |   ^^^^
      |
      = help: did you mean `roles`?

    error: `pong` is neither a module nor a keyword of a task
     --> DIR/site.yaml:4:7
      |
    4 |     - pong:
      |       ^^^^
      |
      = help: did you mean `ping`?

    error: a tab is used for indentation
     --> DIR/broken.yml:2:1
      |
    2 |     name: x
      | ^^^^
      |
      = help: YAML allows only spaces there
    ");
}

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
    ");
    insta::assert_snapshot!(task("copy:\n  dest: /x\n  content: |\n    a\n      {{ missing_one }}"), @r"
    error: undefined variable `missing_one`
     --> DIR/site.yaml:7:16
      |
    7 |             {{ missing_one }}
      |                ^^^^^^^^^^^
    ");
    insta::assert_snapshot!(task("ping:\nloop: \"{{ item }}\"\nname: \"{{ hostvars }}\""), @r#"
    error: undefined variable `item`
     --> DIR/site.yaml:4:17
      |
    4 |       loop: "{{ item }}"
      |                 ^^^^
      |
      = help: `item` is there in a task with `loop` only

    error: undefined variable `hostvars`
     --> DIR/site.yaml:5:17
      |
    5 |       name: "{{ hostvars }}"
      |                 ^^^^^^^^
      |
      = help: mailprov does not give a host the variables of others; use group_vars
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
    - command: echo {{ item }} {{ ansible_facts.hostname }} {{ ansible_default_ipv4.address }}
      loop: \"{{ list }}\"
      register: first
    - debug: {msg: '{{ first.stdout }} {{ later }} {{ guarded }} {{ groups.all }} {{ mail_domain }}'}
    - set_fact: {later: 1}
    - debug: {msg: '{{ optional }} {{ ansible_host }} {{ omit }}'}
      when: optional is defined
    - assert: {that: [mail_domain == 'x', other is not defined]}
    - debug: {msg: '{% for x in list %}{{ x }}{% endfor %}{{ range(3) }}'}
    - {debug: {msg: '{{ only_with_extra }}'}, tags: never}
- {hosts: all, tasks: [debug: {var: first}]}
",
        &[],
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

#[test]
fn files_are_limited() {
    let large = "x".repeat(9 * 1024 * 1024);
    insta::assert_snapshot!(errors_with(
        "- {hosts: all, tasks: [ping: ]}\n",
        &[("files/a", large.as_str()), ("files/b", large.as_str())],
        &Options::default(),
    ), @r"
    error: the play's templates and files are more than 16 MiB
     |
     = note: the limit was reached at DIR/files/b
     = help: everything in templates/ and files/ travels to each host; put large files into a package
    ");
}
