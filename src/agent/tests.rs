//! The interpreter against the fake host: what a play does, seen through its events and the host's states.
#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::{Map, Value, json};

use super::interpreter::{PlayEnd, Setup, Sink, run_play};
use super::variables::Remembered;
use crate::event::{Event, Status, TaskResult};
use crate::host::fake::Fake;
use crate::hostplay::{Arg, Block, HostPlay, Loop, Mode, Origin, Step, Task, Template, Until, VarLayer};
use crate::template::Engine;
use crate::veil::Veil;

#[derive(Default)]
struct Recorder(Vec<Event>);

impl Sink for Recorder {
    fn emit(&mut self, event: Event) {
        self.0.push(event);
    }

    fn stop(&self) -> std::sync::Arc<std::sync::atomic::AtomicBool> {
        std::sync::Arc::default()
    }
}

fn origin() -> Origin {
    Origin { file: "play.yaml".into(), line: 1, column: 1 }
}

fn template(source: &str) -> Template {
    Template { source: source.into(), origin: origin() }
}

fn task(module: &str, args: Value) -> Task {
    let Value::Object(args) = args else { unreachable!("arguments are a mapping") };
    Task {
        id: 0,
        name: template(module),
        role: None,
        origin: origin(),
        module: module.into(),
        args: args.into_iter().map(|(name, value)| Arg { name, value, origin: origin() }).collect(),
        layers: vec![VarLayer::AboveFacts(0)],
        when: vec![],
        loop_: None,
        register: None,
        notify: vec![],
        listen: vec![],
        ignore_errors: false,
        changed_when: None,
        failed_when: None,
        no_log: false,
        tags: Vec::new(),
        until: None,
    }
}

fn copy(dest: &str, content: &str) -> Task {
    task("copy", json!({"dest": dest, "content": content}))
}

fn step(task: Task) -> Step {
    Step::Task(Box::new(task))
}

fn play(steps: Vec<Step>, handlers: Vec<Task>) -> HostPlay {
    HostPlay {
        secrets: Vec::new(),
        name: "test".into(),
        gather_facts: true,
        var_maps: vec![json!({"who": "world", "greeting": "hello {{ who }}"}).as_object().unwrap().clone()],
        extra_vars: Map::new(),
        magic: Map::new(),
        steps,
        handlers,
        files: std::collections::BTreeMap::default(),
    }
}

fn run(host: &mut Fake, play: &HostPlay) -> (PlayEnd, Vec<TaskResult>) {
    run_veiled(host, play, &Veil::default())
}

fn run_veiled(host: &mut Fake, play: &HostPlay, veil: &Veil) -> (PlayEnd, Vec<TaskResult>) {
    let engine = Engine::new();
    let mut recorder = Recorder::default();
    let facts = json!({"os_family": "RedHat"}).as_object().unwrap().clone();
    let setup = Setup {
        host,
        engine: &engine,
        play,
        facts: &facts,
        now: 0,
        owed: &[],
        veil: veil.clone(),
        sink: &mut recorder,
    };
    let (end, _) = run_play(setup, Remembered::default());
    let results = recorder.0.into_iter().filter_map(|event| match event {
        Event::TaskFinished(result) => Some(result),
        _ => None,
    });
    (end, results.collect())
}

fn statuses(results: &[TaskResult]) -> Vec<Status> {
    results.iter().map(|result| result.status).collect()
}

#[test]
fn a_second_run_changes_nothing_and_check_predicts_the_first() {
    let play =
        play(vec![step(copy("/etc/a", "{{ greeting }}\n")), step(copy("/etc/b", "{{ ansible_os_family }}"))], vec![]);
    let (_, predicted) = run(&mut Fake::new(Mode::Check), &play);
    let mut host = Fake::new(Mode::Apply);
    let (end, first) = run(&mut host, &play);
    let (_, second) = run(&mut host, &play);
    assert_eq!(end, PlayEnd::Done);
    assert_eq!(statuses(&predicted), statuses(&first));
    assert_eq!(statuses(&first), [Status::Changed, Status::Changed]);
    assert_eq!(statuses(&second), [Status::Ok, Status::Ok]);
    assert_eq!(host.script().text("/etc/a").as_deref(), Some("hello world\n"));
    assert_eq!(host.script().text("/etc/b").as_deref(), Some("RedHat"));
}

#[test]
fn conditions_loops_and_registered_results() {
    let mut looped = copy("/etc/{{ item }}", "x");
    looped.loop_ = Some(Loop {
        items: json!(["one", "two", "three"]),
        origin: origin(),
        loop_var: "item".into(),
        index_var: None,
        label: None,
        flatten: false,
    });
    looped.when = vec![template("item != 'two'")];
    looped.register = Some("made".into());
    let mut after =
        copy("/etc/after", "{{ made.results | selectattr('changed') | map(attribute='item') | join(' ') }}");
    after.when = vec![template("made is changed")];
    let mut never = copy("/etc/never", "x");
    never.when = vec![template("made is failed")];
    let mut host = Fake::new(Mode::Apply);
    let (_, results) = run(&mut host, &play(vec![step(looped), step(after), step(never)], vec![]));
    assert_eq!(statuses(&results), [Status::Changed, Status::Changed, Status::Skipped]);
    let items: Vec<_> = results[0].items.iter().map(|item| (item.label.as_str(), item.status)).collect();
    assert_eq!(items, [("one", Status::Changed), ("two", Status::Skipped), ("three", Status::Changed)]);
    assert_eq!(host.script().text("/etc/after").as_deref(), Some("one three"));
}

#[test]
fn a_handler_runs_once_at_the_end_in_the_order_of_definition() {
    let notifying = |dest: &str, topic: &str| {
        let mut task = copy(dest, "x");
        task.notify = vec![template(topic)];
        step(task)
    };
    let handler = |name: &str, listen: &[&str]| {
        let mut task = copy(&format!("/etc/{name}"), "ran");
        task.name = template(name);
        task.listen = listen.iter().map(|&topic| topic.to_owned()).collect();
        task
    };
    let steps = vec![notifying("/etc/a", "second"), notifying("/etc/b", "topic"), notifying("/etc/c", "second")];
    let handlers = vec![handler("first", &["topic"]), handler("second", &[]), handler("third", &[])];
    let mut host = Fake::new(Mode::Apply);
    let (_, results) = run(&mut host, &play(steps, handlers));
    let names: Vec<_> = results.iter().map(|result| result.task.name.as_str()).collect();
    assert_eq!(names, ["copy", "copy", "copy", "first", "second"]);
    assert!(results[3].task.handler);
    assert_eq!(host.script().text("/etc/third"), None);
}

#[test]
fn rescue_clears_a_failure_and_always_runs() {
    let block = |rescue: Vec<Step>| {
        Step::Block(Box::new(Block {
            name: String::new(),
            origin: origin(),
            block: vec![step(task("fail", json!({"msg": "on purpose"}))), step(copy("/etc/unreached", "x"))],
            rescue,
            always: vec![step(copy("/etc/always", "x"))],
        }))
    };
    let mut host = Fake::new(Mode::Apply);
    let rescue = vec![step(copy("/etc/rescued", "{{ ansible_failed_result.msg }}"))];
    let (end, _) = run(&mut host, &play(vec![block(rescue), step(copy("/etc/next", "x"))], vec![]));
    assert_eq!(end, PlayEnd::Done);
    assert_eq!(host.script().text("/etc/rescued").as_deref(), Some("on purpose"));
    for (path, there) in [("/etc/always", true), ("/etc/next", true), ("/etc/unreached", false)] {
        assert_eq!(host.script().text(path).is_some(), there, "{path}");
    }

    let mut host = Fake::new(Mode::Apply);
    let (end, _) = run(&mut host, &play(vec![block(vec![]), step(copy("/etc/next", "x"))], vec![]));
    assert!(matches!(end, PlayEnd::Failed(_)));
    assert!(host.script().text("/etc/always").is_some() && host.script().text("/etc/next").is_none());
}

#[test]
fn overrides_judge_the_result() {
    let mut quiet = copy("/etc/a", "x");
    quiet.changed_when = Some(vec![template("false")]);
    let mut tolerated = task("fail", json!({"msg": "x"}));
    tolerated.ignore_errors = true;
    let mut judged = copy("/etc/b", "x");
    judged.register = Some("result".into());
    judged.failed_when = Some(vec![template("result.changed")]);
    let mut retried = copy("/etc/c", "x");
    retried.register = Some("again".into());
    retried.until = Some(Until { conditions: vec![template("not again.changed")], retries: 1, delay: 0 });
    let mut host = Fake::new(Mode::Apply);
    let counted = task("assert", json!({"that": "again.attempts == 2"}));
    let steps = vec![step(quiet), step(tolerated), step(retried), step(counted), step(judged)];
    let (end, results) = run(&mut host, &play(steps, vec![]));
    assert_eq!(statuses(&results), [Status::Ok, Status::Ignored, Status::Ok, Status::Ok, Status::Failed]);
    assert!(matches!(end, PlayEnd::Failed(_)));
}

#[test]
fn facts_follow_what_modules_say() {
    let name = task("hostname", json!({"name": "mail.example.net"}));
    let fact = task("set_fact", json!({"mine": "{{ ansible_fqdn }}"}));
    let both = copy("/etc/both", "{{ mine }} {{ ansible_facts.fqdn }}");
    let mut debug = task("debug", json!({"var": "mine | upper"}));
    debug.register = Some("shown".into());
    let mut host = Fake::new(Mode::Apply);
    let (end, results) = run(&mut host, &play([name, fact, both, debug].into_iter().map(step).collect(), vec![]));
    assert_eq!(end, PlayEnd::Done, "{results:?}");
    assert_eq!(host.script().text("/etc/both").as_deref(), Some("mail.example.net mail.example.net"));
    assert!(results[3].message.as_deref().unwrap_or_default().contains("MAIL.EXAMPLE.NET"), "{results:?}");
}

#[test]
fn no_log_hides_everything() {
    let mut secret = task("fail", json!({"msg": "hunter2"}));
    secret.no_log = true;
    let (_, results) = run(&mut Fake::new(Mode::Apply), &play(vec![step(secret)], vec![]));
    assert!(!serde_json::to_string(&results).unwrap().contains("hunter2"));

    let looped = |module: &str, args: Value| {
        let mut task = task(module, args);
        task.no_log = true;
        task.loop_ = Some(items(json!(["hunter2", "swordfish"])));
        task
    };
    let steps = vec![
        step(looped("debug", json!({"msg": "{{ item }}"}))),
        step(looped("hostname", json!({"name": "{{ item }}"}))),
        step(looped("fail", json!({"msg": "{{ item }}"}))),
    ];
    let (_, results) = run(&mut Fake::new(Mode::Apply), &play(steps, vec![]));
    let told = serde_json::to_string(&results).unwrap();
    assert!(!told.contains("hunter2") && !told.contains("swordfish"), "{told}");
}

fn items(items: Value) -> Loop {
    Loop { items, origin: origin(), loop_var: "item".into(), index_var: None, label: None, flatten: false }
}

#[test]
fn a_condition_decides_before_a_loop_that_it_guards() {
    let mut guarded = copy("/etc/{{ item }}", "x");
    guarded.when = vec![template("nowhere is defined")];
    guarded.loop_ = Some(items(json!("{{ nowhere }}")));
    guarded.register = Some("result".into());
    let mut after = copy("/etc/after", "x");
    after.when = vec![template("result is skipped")];
    let (end, results) = run(&mut Fake::new(Mode::Apply), &play(vec![step(guarded), step(after)], vec![]));
    assert_eq!(end, PlayEnd::Done);
    assert_eq!(statuses(&results), [Status::Skipped, Status::Changed]);
}

#[test]
fn an_item_notifies_with_its_own_name_and_an_unknown_handler_is_a_failure() {
    let mut task = copy("/etc/{{ item }}", "x");
    task.loop_ = Some(items(json!(["a", "b"])));
    task.notify = vec![template("tell {{ item }}")];
    let handler = |name: &str| {
        let mut task = copy("/etc/told-{{ who }}", "x");
        task.name = template(name);
        task
    };
    let mut host = Fake::new(Mode::Apply);
    host.script().file("/etc/a", "x");
    let steps = vec![step(task)];
    let (end, results) = run(&mut host, &play(steps.clone(), vec![handler("tell a"), handler("tell b")]));
    assert_eq!(end, PlayEnd::Done);
    assert_eq!(results[0].notified, ["tell b"]);
    let (end, _) = run(&mut Fake::new(Mode::Apply), &play(steps, vec![handler("tell a")]));
    assert!(matches!(end, PlayEnd::Failed(_)));
}

#[test]
fn a_check_honours_changed_when_that_asks_nothing_of_the_result() {
    let mut quiet = task("command", json!({"argv": ["true"]}));
    quiet.changed_when = Some(vec![template("false")]);
    let (_, results) = run(&mut Fake::new(Mode::Check), &play(vec![step(quiet)], vec![]));
    assert_eq!((results[0].status, results[0].actions.len()), (Status::Ok, 0));
}

#[test]
fn what_depends_on_the_unknown_is_said_and_counted_in_a_check() {
    let mut command = task("command", json!({"argv": ["true"]}));
    command.register = Some("out".into());
    let mut dependent = copy("/etc/x", "x");
    dependent.when = vec![template("out.rc == 0")];
    let mut host = Fake::new(Mode::Check);
    let (_, results) = run(&mut host, &play(vec![step(command), step(dependent)], vec![]));
    assert!(results[1].unknown && results[1].status == Status::Skipped);
}

#[test]
fn the_unknown_is_followed_through_bare_expressions_and_set_facts() {
    let mut command = task("command", json!({"argv": ["true"]}));
    command.register = Some("out".into());
    let uses = [
        task("debug", json!({"var": "out.stdout"})),
        task("assert", json!({"that": ["out.stdout == 'x'"]})),
        task("set_fact", json!({"made": "{{ out.stdout }}"})),
        task("debug", json!({"msg": "{{ made }}"})),
    ];
    let steps = std::iter::once(command).chain(uses).map(step).collect();
    let (_, results) = run(&mut Fake::new(Mode::Check), &play(steps, vec![]));
    assert_eq!(results.len(), 5);
    assert!(results[1..].iter().all(|result| result.unknown && result.status == Status::Skipped));
}

/// A fact that is set, then set anew by a loop, then shown; `what` the loop is over, and `when`.
fn set_anew_by_a_loop(over: &str, when: &[&str]) -> Vec<TaskResult> {
    let mut command = task("command", json!({"argv": ["true"]}));
    command.register = Some("out".into());
    let mut anew = task("set_fact", json!({"made": "{{ item }}"}));
    anew.loop_ = Some(items(json!(over)));
    anew.when = when.iter().map(|condition| template(condition)).collect();
    let old = task("set_fact", json!({"made": "old"}));
    let steps = [command, old, anew, task("debug", json!({"msg": "{{ made }}"}))].map(step);
    run(&mut Fake::new(Mode::Check), &play(steps.into(), vec![])).1
}

#[test]
fn a_loop_over_the_unknown_leaves_no_old_value_behind() {
    let results = set_anew_by_a_loop("{{ out.stdout_lines }}", &[]);
    assert!(results[2..].iter().all(|result| result.unknown && result.status == Status::Skipped), "{results:?}");
    let results = set_anew_by_a_loop("{{ out.stdout_lines }}", &["out.rc == 0", "item != 'x'"]);
    assert!(results[2..].iter().all(|result| result.unknown && result.status == Status::Skipped), "{results:?}");
    // A condition that is known not to hold decides, whatever the items are.
    let results = set_anew_by_a_loop("{{ out.stdout_lines }}", &["who == 'nobody'"]);
    assert!(!results[2].unknown && results[2].status == Status::Skipped, "{results:?}");
    assert_eq!((results[3].status, results[3].message.as_deref()), (Status::Ok, Some("old")), "{results:?}");
}

#[test]
fn facts_with_secret_names_are_hidden_from_then_on() {
    let veil = Veil::default();
    let set = task("set_fact", json!({"api_token": "made on the host", "other": "shown"}));
    run_veiled(&mut Fake::new(Mode::Apply), &play(vec![step(set)], vec![]), &veil);
    assert!(veil.hides("made on the host") && !veil.hides("shown"));
}
