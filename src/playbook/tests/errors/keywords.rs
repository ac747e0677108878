//! Keywords of plays, blocks and tasks.

use super::*;

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
