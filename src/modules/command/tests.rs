#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::{Value, json};

use crate::host::CommandOutput;
use crate::host::fake::Script;
use crate::hostplay::Mode;
use crate::modules::bench::Bench;
use crate::modules::{Module, ModuleError};

fn programs(script: &mut Script) {
    script.answer(&["echo", "a b", "c"], "a b\nc\n\n").answer(&["true"], "");
    let output = CommandOutput { status: 3, stdout: b"out\n".to_vec(), stderr: b"bad\nworse\n".to_vec() };
    script.answer_with(&["false"], output);
}

#[test]
fn words_are_split_without_a_shell() {
    for args in [json!({"cmd": "echo 'a b' c"}), json!({"argv": ["echo", "a b", "c"]})] {
        let mut bench = Bench::apply(&programs);
        let ran = bench.run(Module::Command, &args).unwrap();
        assert!(ran.changed());
        assert_eq!(
            Value::Object(ran.outcome.values),
            json!({
                "cmd": ["echo", "a b", "c"], "rc": 0, "stdout": "a b\nc", "stdout_lines": ["a b", "c"],
                "stderr": "", "stderr_lines": [],
            })
        );
    }
}

#[test]
fn a_failure_carries_its_evidence() {
    let mut bench = Bench::apply(&programs);
    let Err(ModuleError::Failed { failure, values }) = bench.run(Module::Command, &json!({"cmd": "false"})) else {
        unreachable!("it fails")
    };
    assert_eq!(failure.message, "false ended with status 3");
    assert_eq!((failure.exit_status, failure.stderr.as_deref()), (Some(3), Some("bad\nworse")));
    assert_eq!((&values["rc"], &values["stdout"]), (&json!(3), &json!("out")));
    assert!(bench.fails(Module::Command, &json!({"cmd": "nothing"})).contains("not installed"));
}

#[test]
fn files_say_whether_it_must_run() {
    for (args, runs) in [
        (json!({"cmd": "true", "creates": "/etc/a"}), false),
        (json!({"cmd": "true", "creates": "/etc/b"}), true),
        (json!({"cmd": "true", "removes": "/etc/a"}), true),
        (json!({"cmd": "true", "removes": "/etc/b"}), false),
    ] {
        for mode in [Mode::Apply, Mode::Check] {
            let mut bench = Bench::new(mode, &|script| {
                programs(script);
                script.file("/etc/a", "");
            });
            let ran = bench.run(Module::Command, &args).unwrap();
            assert_eq!((ran.changed(), ran.outcome.skipped.is_none()), (runs, runs), "{args}");
            assert_eq!(ran.actions.len(), usize::from(runs));
            assert_eq!(ran.outcome.unknown, runs && mode == Mode::Check, "{args}");
        }
    }
}

#[test]
fn input_and_secrets_are_handed_on() {
    let mut bench = Bench::apply(&programs);
    bench.no_log = true;
    let args = json!({"cmd": "true", "stdin": "x", "chdir": "/tmp/"});
    bench.run(Module::Command, &args).unwrap();
    let ran = &bench.host.script().ran()[0];
    assert_eq!(
        (ran.stdin.as_deref(), ran.chdir.as_deref(), ran.sensitive),
        (Some(b"x\n".as_slice()), Some("/tmp"), true)
    );
}

#[test]
fn command_lines_that_mean_something_else_are_refused() {
    for (args, expected) in [
        (json!({"cmd": "touch /x creates=/x"}), "creates: ..."),
        (json!({"cmd": "echo 'a"}), "quote"),
        (json!({"cmd": " "}), "is empty"),
        (json!({"argv": []}), "is empty"),
        (json!({}), "exactly one"),
    ] {
        let failure = Bench::apply(&programs).fails(Module::Command, &args);
        assert!(failure.contains(expected), "{args}: {failure}");
    }
}
