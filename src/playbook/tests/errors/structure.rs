//! Roles, imports, handlers, hosts, tags, files.

use super::*;

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
