#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::{Value, json};

use crate::host::{CommandOutput, Enablement};
use crate::hostplay::Mode;
use crate::modules::Module;
use crate::modules::bench::Bench;

fn unit(enablement: Enablement, active: bool) -> impl Fn(Mode) -> Bench {
    move |mode| {
        Bench::new(mode, &|script| {
            script.unit("postfix.service", enablement.clone(), active);
        })
    }
}

#[test]
fn restarts_and_reloads_act_on_what_runs_and_start_what_does_not() {
    for (state, active, action, changes) in [
        ("restarted", true, Some("restart postfix.service"), 0),
        ("reloaded", true, Some("reload postfix.service"), 0),
        ("restarted", false, None, 1),
        ("reloaded", false, None, 1),
        ("started", true, None, 0),
        ("started", false, None, 1),
        ("stopped", true, None, 1),
        ("stopped", false, None, 0),
    ] {
        for mode in [Mode::Apply, Mode::Check] {
            let mut bench = unit(Enablement::Enabled, active)(mode);
            let ran = bench.run(Module::Service, &json!({"name": "postfix", "state": state})).unwrap();
            assert_eq!(ran.actions, action.into_iter().map(str::to_owned).collect::<Vec<_>>(), "{state} {active}");
            assert_eq!(ran.changes.len(), changes, "{state} {active}");
            assert_eq!(ran.changed(), action.is_some() || changes > 0);
            assert_eq!(ran.outcome.values["state"], if state == "stopped" { "stopped" } else { "started" });
        }
    }
}

#[test]
fn what_could_not_be_restarted_is_still_reloaded() {
    let mut bench = Bench::new(Mode::Apply, &|script| {
        script.unit("postfix.service", Enablement::Enabled, true);
        let failed = CommandOutput { status: 1, ..CommandOutput::default() };
        script.answer_with(&["systemctl", "restart", "--", "postfix.service"], failed);
    });
    let service = |state: &str| json!({"name": "postfix", "state": state});
    bench.run(Module::Service, &service("restarted")).unwrap_err();
    let reload = bench.run(Module::Service, &service("reloaded")).unwrap();
    assert_eq!(reload.actions, ["reload postfix.service"]);
}

#[test]
fn what_has_just_been_restarted_or_started_has_nothing_to_reload() {
    for (active, between, expected) in [
        (true, false, &["restart postfix.service"][..]),
        (false, false, &[]),
        (true, true, &["restart postfix.service", "reload postfix.service"]),
        (false, true, &["reload postfix.service"]),
    ] {
        for mode in [Mode::Apply, Mode::Check] {
            let mut bench = unit(Enablement::Enabled, active)(mode);
            let service = |state: &str| json!({"name": "postfix", "state": state});
            let mut actions = bench.run(Module::Service, &service("restarted")).unwrap().actions;
            if between {
                bench.run(Module::Copy, &json!({"dest": "/new", "content": "x"})).unwrap();
            }
            let reload = bench.run(Module::Service, &service("reloaded")).unwrap();
            assert_eq!(reload.changed(), between, "{active}");
            actions.extend(reload.actions);
            assert_eq!(actions, expected, "{active} {between}");
        }
    }
}

#[test]
fn enablement_follows_what_the_unit_can_be() {
    let other = || Enablement::Other("static".to_owned());
    for (before, args, expected) in [
        (Enablement::Disabled, json!({"enabled": true}), Ok(1)),
        (Enablement::Enabled, json!({"enabled": false}), Ok(1)),
        (other(), json!({"enabled": true}), Ok(0)),
        (other(), json!({"enabled": false}), Ok(0)),
        (other(), json!({"masked": true}), Ok(1)),
        (Enablement::Enabled, json!({"masked": false}), Ok(0)),
        (Enablement::Masked, json!({"masked": false}), Ok(1)),
        (Enablement::Masked, json!({"masked": false, "enabled": true, "state": "started"}), Ok(1)),
        (Enablement::Masked, json!({"enabled": false}), Ok(0)),
        (Enablement::Masked, json!({"enabled": true}), Err("it is masked\nmasked: no")),
        (Enablement::Masked, json!({"state": "started"}), Err("it is masked\nmasked: no")),
        (Enablement::Enabled, json!({"masked": true, "state": "restarted"}), Err("it is masked")),
        (Enablement::Enabled, json!({"masked": true, "enabled": true}), Err("masked")),
    ] {
        let mut args = args;
        args.as_object_mut().unwrap().insert("name".to_owned(), Value::from("postfix.service"));
        let mut bench = unit(before, false)(Mode::Apply);
        match expected {
            Ok(changes) => assert_eq!(bench.run(Module::Service, &args).unwrap().changes.len(), changes, "{args}"),
            Err(text) => {
                let failure = bench.fails(Module::Service, &args);
                assert!(failure.contains(text), "{args}: {failure}");
            }
        }
    }
}

#[test]
fn reading_unit_files_again_is_no_change() {
    let mut bench = unit(Enablement::Enabled, true)(Mode::Apply);
    for args in [json!({"daemon_reload": true}), json!({"name": "postfix", "daemon-reload": true, "state": "started"})]
    {
        let ran = bench.run(Module::Service, &args).unwrap();
        assert_eq!(
            (ran.changed(), ran.actions.as_slice()),
            (false, ["reload systemd's unit files".to_owned()].as_slice())
        );
    }
    assert!(bench.fails(Module::Service, &json!({})).contains("name"));
    assert!(bench.fails(Module::Service, &json!({"name": "none"})).contains("there is no such unit"));
}

#[test]
fn a_unit_that_comes_with_a_package_is_unknown() {
    let mut bench = Bench::new(Mode::Check, &|script| {
        script.offers("dovecot", "2:3-1", vec![]);
    });
    bench.run(Module::Dnf, &json!({"name": "dovecot"})).unwrap();
    for state in ["restarted", "started"] {
        let ran = bench.run(Module::Service, &json!({"name": "dovecot", "state": state, "enabled": true})).unwrap();
        assert_eq!(ran.outcome.unknown, state == "restarted");
        assert_eq!(ran.changes.len(), usize::from(state == "restarted"));
    }
}
