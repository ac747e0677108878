//! Whole runs, in check mode on this machine: the agent asks for root, and a check writes nothing.

use crate::world::{Outcome, World, skipped};

const INVENTORY: &str = "
all:
  hosts:
    mx1: {ansible_connection: local}
    mx2: {ansible_connection: local, broken: true}
    mx3: {ansible_ssh_executable: ./ssh}
";

const PLAYBOOK: &str = "
- name: Mail
  hosts: all
  tasks:
    - name: Greet
      copy: {dest: /nonexistent-mailprov-motd, content: \"mail\\n\", mode: '0640'}
      notify: Tell
    - name: Break
      fail: {msg: 'broken on purpose'}
      when: broken | default(false)
    - name: Key
      copy: {dest: /nonexistent-mailprov-key, content: 'hunter2'}
      no_log: true
  handlers:
    - name: Tell
      command: /bin/true
";

fn world() -> Option<World> {
    let world = World::new()
        .program("ssh", "echo 'ssh: connect to host mx3 port 22: Connection refused' >&2; exit 255")
        .file("inventory.yaml", INVENTORY)
        .file("play.yaml", PLAYBOOK);
    if !rustix::process::geteuid().is_root() {
        skipped("only root is answered by the host itself");
        return None;
    }
    Some(world)
}

/// The report after the lines of tasks, whose order depends on which host is quicker.
fn ending(ran: &Outcome) -> &str {
    ran.stdout.find("\nPLAN").map_or(&ran.stdout, |at| &ran.stdout[at + 1..])
}

#[test]
fn one_host_of_three_fails_and_one_is_not_reached() {
    let Some(world) = world() else { return };
    let ran = world.run("check --playbook play.yaml");
    assert_eq!(ran.code, Some(4), "{ran}");
    insta::assert_snapshot!(ending(&ran), @r"
    PLAN
    mx1: 2 changes, 1 action
      + file /nonexistent-mailprov-motd  content: (hidden), mode: 0640, owner: root, group: root
      + file /nonexistent-mailprov-key (content hidden)
      ! run /bin/true
    mx2: 1 change
      + file /nonexistent-mailprov-motd  content: (hidden), mode: 0640, owner: root, group: root

    PLAY RECAP
    mx1 : ok=3 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0
    mx2 : ok=1 changed=1 unreachable=0 failed=1 skipped=0 rescued=0 ignored=0
    mx3 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0
    failed: mx2: Break: broken on purpose
    unreachable: mx3: connection refused by mx3 port 22

    2 of 3 hosts would change (3 changes, 1 action); 1 result can only be known after apply. 1 host failed (mx2). 1 host could not be reached (mx3). Mend the cause and run `mailprov check --playbook play.yaml --limit mx2,mx3` again.
    ");
    for line in ["changed     mx1  Greet", "failed      mx2  Break", "unreachable mx3", "      8 |     - name: Break"] {
        assert!(ran.stdout.lines().any(|shown| shown == line), "{line}\n{ran}");
    }
}

#[test]
fn a_check_tells_drift_when_asked() {
    let Some(world) = world() else { return };
    insta::assert_snapshot!(world.run("check --playbook play.yaml --limit mx1 --exit-code --diff"), @r"
    ----- stdout
    PLAY [Mail] (1 host, check: nothing is changed)
    changed     mx1  Greet
    changed     mx1  Key
    changed     mx1  Tell (handler) (known after apply)

    PLAN
    mx1: 2 changes, 1 action
      + file /nonexistent-mailprov-motd  content: (hidden), mode: 0640, owner: root, group: root
      + file /nonexistent-mailprov-key (content hidden)
      ! run /bin/true

    PLAY RECAP
    mx1 : ok=3 changed=3 unreachable=0 failed=0 skipped=1 rescued=0 ignored=0

    mx1 would change (2 changes, 1 action); 1 result can only be known after apply. Run `mailprov up --playbook play.yaml --limit mx1` to apply.
    ----- exit code 2
    ");
    assert_eq!(world.run("check --playbook play.yaml --limit mx1").code, Some(0));
    let world = world.file("same.yaml", "- hosts: all\n  tasks:\n    - ping:\n");
    let same = world.run("check --playbook same.yaml --limit mx1 --exit-code -q");
    insta::assert_snapshot!(same, @r"
    ----- stdout
    PLAY RECAP
    mx1 : ok=1 changed=0 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
    Nothing would change: the host stands as described.
    ----- exit code 0
    ");
}

#[test]
fn programs_get_json_lines_without_secrets() {
    let Some(world) = world() else { return };
    let ran = world.run("check --playbook play.yaml --limit mx1 --output json --diff");
    let lines: Vec<serde_json::Value> = ran.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert_eq!(lines.len(), ran.stdout.lines().count(), "{ran}");
    assert!(lines.iter().all(|line| line["version"] == 1), "{ran}");
    assert_eq!(lines.first().map(|line| line["kind"].clone()), Some("start".into()));
    assert_eq!(lines.last().map(|line| line["recap"]["mx1"]["changed"].clone()), Some(3.into()));
    assert!(
        !ran.stdout.contains("hunter2")
            && !world.run("check --playbook play.yaml -v --diff").stdout.contains("hunter2")
    );
}

#[test]
fn parts_of_a_run_at_the_same_time_are_joined_into_one_report() {
    let Some(world) = world() else { return };
    let whole = world.run("check --playbook play.yaml --output json");
    // More parts than hosts: the fourth one has nothing to do.
    std::thread::scope(|scope| {
        for part in 1..=4 {
            let world = &world;
            scope.spawn(move || {
                let line = format!("check --playbook play.yaml --output json --shard {part}/4");
                let ran = world.run(&line);
                world.write(&format!("{part}.json"), &ran.stdout);
            });
        }
    });
    let merged = world.run("report merge 1.json 2.json 3.json 4.json --output json --timings");
    assert_eq!((merged.code, merged.stderr.as_str()), (Some(4), ""), "{merged}");
    let last = |outcome: &Outcome| outcome.stdout.lines().last().unwrap_or_default().to_owned();
    assert_eq!(last(&merged), last(&whole));
    let first = |outcome: &Outcome| {
        let mut line: serde_json::Value =
            serde_json::from_str(outcome.stdout.lines().next().unwrap_or_default()).ok()?;
        line.as_object_mut()?.remove("began")?.as_str()?;
        Some(line)
    };
    assert!(first(&merged).is_some());
    assert_eq!(first(&merged), first(&whole));
    assert!(merged.stdout.contains("\"kind\":\"timings\""), "{merged}");
    let text = world.run("report merge 1.json 2.json 3.json 4.json");
    assert!(text.stdout.contains("mx3 : ok=0 changed=0 unreachable=1"), "{text}");
    let twice = world.run("report merge 1.json 1.json");
    assert_eq!(twice.code, Some(3), "{twice}");
    assert!(twice.stderr.contains("the host mx1 is in more than one of the runs"), "{twice}");
}

#[test]
fn what_is_kept_of_a_run_has_no_secret() {
    let Some(world) = world() else { return };
    let ran = world.run("check --playbook play.yaml --report page.html --junit tests.xml -e smtp_password=hunter2");
    assert_eq!(ran.code, Some(4), "{ran}");
    let (page, tests) = (world.text("page.html"), world.text("tests.xml"));
    for text in [&page, &tests] {
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("broken on purpose") && text.contains("connection refused by mx3 port 22"), "{text}");
    }
    assert!(
        page.contains("/nonexistent-mailprov-key") && page.contains("mailprov check --playbook play.yaml"),
        "{page}"
    );
}
