//! What playbooks mean: order, inheritance, precedence.

use serde_json::json;

use super::*;
use crate::hostplay::VarLayer;

/// The raw value that a task sees for a variable, when no fact or result has the name.
fn value(play: &HostPlay, task: &Task, name: &str) -> Value {
    let index = |layer: &VarLayer| match *layer {
        VarLayer::BelowFacts(index) | VarLayer::AboveFacts(index) | VarLayer::AboveRegistered(index) => index,
    };
    if let Some(value) = play.extra_vars.get(name) {
        return value.clone();
    }
    let mut maps = task.layers.iter().rev().filter_map(|layer| play.var_maps[index(layer)].get(name));
    maps.next().cloned().unwrap_or_default()
}

fn sources<'t>(templates: impl IntoIterator<Item = &'t Template>) -> Vec<&'t str> {
    templates.into_iter().map(|template| template.source.as_str()).collect()
}

#[test]
fn the_built_in_playbook_compiles() {
    let folder = Folder::new(&[("hosts.yaml", "all:\n  hosts:\n    mail1.example.com:\n")]);
    let mut sources = Sources::new();
    let inventory = Inventory::load(&[folder.path("hosts.yaml")], &mut sources).unwrap();
    let compiled = load(None, inventory, &Options::default(), &mut sources);
    let compiled = compiled.unwrap_or_else(|problems| panic!("{}", problems.render(&sources, false)));
    let play = compiled.plays[0].host_play("mail1.example.com");
    assert!(play.files.contains_key("roles/postfix/templates/virtual.j2"));
    assert!(compiled.plays[0].becomes("mail1.example.com"));
    let tasks = tasks(&play.steps);
    let install = tasks.iter().find(|task| task.name.source == "Install Postfix and OpenSSL").unwrap();
    assert_eq!(install.origin.to_string(), "<built-in>/roles/postfix/tasks/packages.yaml:1:3");
}

#[test]
fn passwords_of_the_connection_stay_with_the_controller() {
    let hosts = "all:\n  hosts:\n    mail1.example.com: {ansible_become_password: hunter2, ansible_password: swordfish, mine: kept}\n";
    let folder = Folder::new(&[("hosts.yaml", hosts)]);
    let mut sources = Sources::new();
    let inventory = Inventory::load(&[folder.path("hosts.yaml")], &mut sources).unwrap();
    let extra_vars = json!({"ansible_ssh_pass": "letmein"}).as_object().unwrap().clone();
    let options = Options { extra_vars, ..Options::default() };
    let compiled = load(None, inventory, &options, &mut sources);
    let compiled = compiled.unwrap_or_else(|problems| panic!("{}", problems.render(&sources, false)));
    let sent = serde_json::to_string(&compiled.plays[0].host_play("mail1.example.com")).unwrap();
    assert!(sent.contains("kept"));
    for secret in ["hunter2", "swordfish", "letmein"] {
        assert!(!sent.contains(secret), "{secret} is sent to the host");
    }
}

#[test]
fn sections_run_in_ansibles_order_with_handlers_between() {
    let play = host_play(
        "- hosts: all
  tasks: [{name: task, ping: }]
  post_tasks: [{name: post, ping: }]
  pre_tasks: [{name: pre, ping: , notify: h}]
  roles: [r]
  handlers: [{name: h, ping: }]
",
        &[("roles/r/tasks/main.yml", "- {name: role, ping: }\n- meta: flush_handlers\n")],
    );
    let shown = play.steps.iter().map(|step| match step {
        Step::Task(task) => task.name.source.as_str(),
        Step::Block(_) => "block",
        Step::FlushHandlers(_) => "flush",
    });
    let shown: Vec<_> = shown.collect();
    assert_eq!(shown, ["pre", "flush", "role", "flush", "task", "flush", "post"]);
    let ids: Vec<_> = tasks(&play.steps).iter().chain(&play.handlers).map(|task| task.id).collect();
    assert_eq!(ids, [0, 1, 2, 3, 4]);
}

#[test]
fn keywords_are_pushed_down_to_tasks() {
    let play = host_play(
        "- hosts: all
  tags: play
  become: true
  tasks:
    - block:
        - name: inner
          command: 'true'
          when: [c]
          tags: [x, y]
          notify: second
        - import_tasks: more.yml
          when: d
      rescue: [{name: rescue, ping: }]
      when: a == b
      tags: block
      no_log: true
      notify: first
      vars: {v: 1}
  handlers: [{name: first, ping: }, {name: second, ping: , listen: topic}]
  vars: {a: 1, b: 1, c: 1, d: 1}
",
        &[("more.yml", "- {name: imported, ping: , ignore_errors: yes}\n")],
    );
    let all = tasks(&play.steps);
    assert_eq!(names(&play.steps), ["inner", "imported", "rescue"]);
    assert_eq!(sources(&all[0].when), ["a == b", "c"]);
    assert_eq!(sources(&all[0].notify), ["first", "second"]);
    assert_eq!(sources(&all[1].when), ["a == b", "d"]);
    assert!(all[0].no_log && all[1].ignore_errors && !all[0].ignore_errors);
    assert_eq!(value(&play, &all[1], "v"), json!(1));
    assert!(matches!(&play.steps[0], Step::Block(block) if block.block.len() == 2 && block.rescue.len() == 1));
    assert_eq!(play.handlers[1].listen, ["topic"]);
}

#[test]
fn arguments_are_read_in_all_forms() {
    let play = host_play(
        "- hosts: all
  vars: {dir: /etc}
  tasks:
    - ansible.builtin.yum: {pkg: 'a,b'}
    - copy: content='x y' dest={{ dir }}/z mode=0644
    - command: echo 'a  b' creates=/x
    - command: echo
      args: {chdir: /tmp}
    - file: {path: /x, mode: 0644}
    - setup:
",
        &[],
    );
    let args = tasks(&play.steps).into_iter().map(|task| {
        let args: Map<_, _> = task.args.into_iter().map(|arg| (arg.name, arg.value)).collect();
        (task.module, Value::Object(args))
    });
    let expected = [
        ("dnf", json!({"name": "a,b"})),
        ("copy", json!({"content": "x y", "dest": "{{ dir }}/z", "mode": "0644"})),
        ("command", json!({"creates": "/x", "cmd": "echo 'a  b'"})),
        ("command", json!({"cmd": "echo", "chdir": "/tmp"})),
        ("file", json!({"path": "/x", "mode": 420})),
        ("setup", json!({})),
    ];
    assert_eq!(args.collect::<Vec<_>>(), expected.map(|(module, args)| (module.to_owned(), args)));
}

#[test]
fn loops_and_retries_are_read() {
    let play = host_play(
        "- hosts: all
  tasks:
    - command: echo {{ item }} {{ n }}
      with_items: [a, [b]]
      loop_control: {index_var: n, label: 'the {{ item }}'}
      register: result
      until: result is succeeded
      retries: 7
    - ping:
      loop: \"{{ groups['mail'] }}\"
      loop_control: {loop_var: host}
",
        &[],
    );
    let all = tasks(&play.steps);
    let first = all[0].loop_.as_ref().unwrap();
    assert_eq!(
        (first.items.clone(), first.flatten, first.index_var.as_deref()),
        (json!(["a", ["b"]]), true, Some("n"))
    );
    assert_eq!(first.label.as_ref().map(|label| label.source.as_str()), Some("the {{ item }}"));
    let until = all[0].until.as_ref().unwrap();
    assert_eq!((until.retries, until.delay, all[0].register.as_deref()), (7, 5, Some("result")));
    let second = all[1].loop_.as_ref().unwrap();
    assert_eq!((second.loop_var.as_str(), second.flatten), ("host", false));
}

#[test]
fn variables_take_precedence_as_in_ansible() {
    let files = [
        ("hosts.yaml", "mail: {hosts: {mail1: {v3: host}}, vars: {v2: group, v3: group}}\n"),
        ("roles/r/defaults/main.yml", "{v1: default, v2: default, v3: default, v8: default}\n"),
        ("roles/r/vars/main.yml", "{v5: role, v6: role, v7: role, v8: role, w: role}\n"),
        ("roles/r/tasks/main.yml", "- {name: t, ping: , vars: {v7: task, v8: task}}\n"),
        ("more.yml", "{v4: file, v5: file, v6: file, v7: file, v8: file}\n"),
    ];
    let playbook = "- hosts: all
  vars: {v3: play, v4: play, v5: play}
  vars_files: more.yml
  roles: [{role: r, v8: param, v9: param, vars: {v6: entry}}]
  tasks: [{name: after, ping: }]
";
    let mut options = Options::default();
    options.extra_vars.insert("v9".to_owned(), json!("extra"));
    let play = compile(playbook, &files, &options).plays[0].host_play("mail1");
    let all = tasks(&play.steps);
    for (name, in_role, after) in [
        ("v1", "default", "default"),
        ("v2", "group", "group"),
        ("v3", "play", "play"),
        ("v4", "file", "file"),
        ("v5", "role", "role"),
        ("v6", "entry", "role"),
        ("v7", "task", "role"),
        ("v8", "param", "role"),
        ("v9", "extra", "extra"),
    ] {
        assert_eq!(
            (value(&play, &all[0], name), value(&play, &all[1], name)),
            (json!(in_role), json!(after)),
            "{name}"
        );
    }
}

#[test]
fn a_role_runs_once_unless_it_is_used_differently() {
    let base = [
        ("roles/base/tasks/main.yml", "- {name: 'base {{ x }}', ping: }\n"),
        ("roles/base/defaults/main.yml", "x: 0\n"),
        ("roles/a/meta/main.yml", "dependencies: [base]\n"),
        ("roles/a/tasks/main.yml", "- {name: a, ping: }\n"),
        ("roles/b/meta/main.yml", "dependencies: [{role: base}, {role: base, x: 2}]\nallow_duplicates: yes\n"),
        ("roles/b/tasks/main.yml", "- {name: b, ping: }\n"),
    ];
    let order = |roles: &str, options: &Options| {
        let playbook = format!("- hosts: all\n  vars: {{cond: 1}}\n  roles: {roles}\n");
        names(compile(&playbook, &base, options).plays[0].steps()).join(" ")
    };
    let plain = Options::default();
    assert_eq!(order("[a, b, a]", &plain), "base {{ x }} a base {{ x }} b");
    assert_eq!(order("[b, b]", &plain), "base {{ x }} base {{ x }} b b");
    // A use under a condition may not have run.
    assert_eq!(order("[{role: a, when: cond}, base]", &plain), "base {{ x }} a base {{ x }}");
    assert_eq!(order("[base, {role: a, when: cond}]", &plain), "base {{ x }} a");
    assert_eq!(order("[{role: a, tags: one}, {role: base, tags: two}]", &plain), "base {{ x }} a base {{ x }}");
    let tagged = Options { tags: vec!["two".to_owned()], ..Options::default() };
    assert_eq!(order("[{role: a, tags: one}, {role: base, tags: two}]", &tagged), "base {{ x }}");
}

#[test]
fn roles_can_be_imported_with_other_files() {
    let play = host_play(
        "- hosts: all
  tasks:
    - import_role: {name: r, tasks_from: other, vars_from: other.yml}
      vars: {given: 1}
      when: yes
    - include_role: {name: r}
",
        &[
            ("roles/r/tasks/main.yml", "- {name: main, ping: }\n"),
            ("roles/r/tasks/other.yaml", "- {name: 'other {{ v }} {{ given }}', ping: }\n- import_tasks: main.yml\n"),
            ("roles/r/vars/other.yml", "v: other\n"),
        ],
    );
    assert_eq!(names(&play.steps), ["other {{ v }} {{ given }}", "main", "main"]);
    let all = tasks(&play.steps);
    assert_eq!(value(&play, &all[0], "v"), json!("other"));
    assert_eq!(sources(&all[1].when), ["True"]);
    assert_eq!(all[1].role.as_deref(), Some("r"));
}

#[test]
fn of_handlers_with_one_name_the_last_counts_and_roles_tell_them_apart() {
    let play = host_play(
        "- hosts: all
  roles: [a, b]
  tasks: [{ping: , notify: [restart, 'a : restart', 'b : reload']}]
  handlers: [{name: own, ping: }]
",
        &[
            ("roles/a/handlers/main.yml", "- {name: restart, ping: }\n"),
            ("roles/b/handlers/main.yml", "- {name: restart, ping: }\n- {name: reload, ping: }\n"),
        ],
    );
    let handlers: Vec<_> =
        play.handlers.iter().map(|task| (task.name.source.as_str(), task.listen.join(","))).collect();
    let expected = [("a : restart", ""), ("restart", "b : restart"), ("reload", "b : reload"), ("own", "")];
    assert_eq!(handlers, expected.map(|(name, listen)| (name, listen.to_owned())));
}

#[test]
fn tags_choose_tasks_and_empty_blocks_go() {
    let playbook = "- hosts: all
  tasks:
    - {name: a, ping: , tags: [one]}
    - block: [{name: b, ping: , tags: two}]
      tags: one
    - block: [{name: c, ping: }]
    - {name: d, ping: , tags: always}
    - {name: e, ping: , tags: [never, two], register: r}
    - {name: f, ping: , when: r is defined and r.changed}
  handlers: [{name: h, ping: }]
";
    let chosen = |tags: &str, skip: &str| {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let options = Options { tags: list(tags), skip_tags: list(skip), ..Options::default() };
        let play = compile(playbook, &[], &options).plays[0].host_play("mail1");
        assert_eq!(play.handlers.len(), 1);
        (names(&play.steps).join(""), play.steps.len())
    };
    assert_eq!(chosen("", ""), ("abcdf".to_owned(), 5));
    assert_eq!(chosen("one", ""), ("abd".to_owned(), 3));
    assert_eq!(chosen("two", ""), ("bde".to_owned(), 3));
    assert_eq!(chosen("", "one"), ("cdf".to_owned(), 3));
}

#[test]
fn hosts_come_from_pattern_limit_and_serial() {
    let playbook = "- hosts: \"{{ target | default('mail') }}\"
  serial: [1, 50%]
  max_fail_percentage: 30
  tasks: [{ping: }]
- hosts: [mail2, 'mail3']
  any_errors_fatal: yes
  tasks: [{ping: }]
";
    let all = compile(playbook, &[], &Options::default()).plays;
    assert_eq!(all[0].batches, [["mail1"], ["mail2"], ["mail3"]]);
    assert_eq!((all[0].max_fail_percentage, all[0].any_errors_fatal), (Some(30.0), false));
    assert_eq!(
        (all[1].hosts.join(","), all[1].any_errors_fatal, all[1].name.as_str()),
        ("mail2,mail3".into(), true, "mail2,mail3")
    );
    let mut options = Options { hosts: Some(vec!["mail1".to_owned()]), ..Options::default() };
    options.extra_vars.insert("target".to_owned(), json!("all"));
    let limited = compile(playbook, &[], &options).plays;
    assert_eq!((limited.len(), limited[0].hosts.join(",")), (1, "mail1".to_owned()));
}

#[test]
fn a_host_gets_its_own_variables_and_magic() {
    let play = host_play(
        "- {name: p, hosts: mail1 mail2 mail3, tasks: [{ping: }]}\n".replace("mail1 mail2 mail3", "all").as_str(),
        &[],
    );
    assert_eq!(json!(play.var_maps[0]), json!({"mail_domain": "example.com", "ansible_host": "mail1"}));
    for (name, expected) in [
        ("inventory_hostname", json!("mail1")),
        ("groups", json!({"all": ["mail1", "mail2", "mail3"], "mail": ["mail1", "mail2", "mail3"], "ungrouped": []})),
        ("group_names", json!(["mail"])),
        ("ansible_play_hosts", json!(["mail1", "mail2", "mail3"])),
        ("ansible_play_name", json!("p")),
        ("ansible_run_tags", json!(["all"])),
    ] {
        assert_eq!(play.magic.get(name), Some(&expected), "{name}");
    }
    let folder = play.magic.get("playbook_dir").and_then(Value::as_str).unwrap();
    assert!(folder.starts_with('/') && play.magic.get("inventory_dir").and_then(Value::as_str) == Some(folder));
}

#[test]
fn root_is_asked_for_by_play_task_or_inventory() {
    let becomes = |keywords: &str, task: &str, vars: &str| {
        let inventory = format!("all: {{hosts: {{mail1: {{{vars}}}}}}}\n");
        let playbook = format!("- {{hosts: all, {keywords} tasks: [{{ping: {task}}}]}}\n");
        compile(&playbook, &[("hosts.yaml", &inventory)], &Options::default()).plays[0].becomes("mail1")
    };
    assert!(!becomes("", "", ""));
    assert!(becomes("become: yes, become_user: root,", "", ""));
    assert!(becomes("", ", become: yes", ""));
    assert!(becomes("", "", "ansible_become: yes"));
    assert!(!becomes("become: yes,", "", "ansible_become: no"));
}

#[test]
fn files_of_roles_and_playbook_travel() {
    let play = host_play(
        "- hosts: all
  roles: [r]
  tasks:
    - template: {src: beside.j2, dest: /x}
    - copy: {src: ./plain, dest: /x}
",
        &[
            ("roles/r/tasks/main.yml", "- template: {src: sub/x.j2, dest: /x}\n- copy: {src: files/y, dest: /y}\n"),
            ("roles/r/templates/sub/x.j2", "{{ mail_domain }}"),
            ("roles/r/files/y", "y"),
            ("roles/unused/files/z", "z"),
            ("templates/beside.j2", ""),
            ("plain", "text"),
        ],
    );
    let names: Vec<_> = play.files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "playbook/./plain",
            "playbook/templates/beside.j2",
            "roles/r/files/files/y",
            "roles/r/files/y",
            "roles/r/templates/sub/x.j2",
        ]
    );
    assert_eq!(play.files["playbook/./plain"].bytes, b"text");
}

#[test]
fn playbooks_import_one_another() {
    let compiled = compile(
        "- {import_playbook: sub/one.yml, tags: t, when: flag, vars: {flag: yes}}\n- {hosts: mail3, tasks: [{name: two, ping: }]}\n",
        &[
            ("sub/one.yml", "- {hosts: all, roles: [r], tasks: [{name: one, ping: }]}\n"),
            ("sub/roles/r/tasks/main.yml", "- {name: role, ping: }\n"),
        ],
        &Options::default(),
    );
    let plays: Vec<_> = compiled.plays.iter().map(|play| names(play.steps()).join(" ")).collect();
    assert_eq!(plays, ["role one", "two"]);
    assert_eq!(sources(&tasks(compiled.plays[0].steps())[1].when), ["flag"]);
}
