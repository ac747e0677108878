//! Module calls: names, arguments, values.

use super::*;

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
      = note: the modules are: assert, certificate, command, copy, debug, dnf, fail, file, firewalld, hostname, lineinfile, mail_verify, openssl_privatekey, ping, postconf, postfix_service, postmap, service, set_fact, setup, stat, sysctl, template, wait_for
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
