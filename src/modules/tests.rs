//! The small modules, and the law over generated start states for all that put something.
#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Module;
use super::bench::{Bench, keeps_the_law};
use crate::host::fake::Script;
use crate::host::{Enablement, FileState, Key, Meta, Principal, State, ZoneSettings};

#[test]
fn conditions_that_do_not_hold_are_all_named() {
    let conditions = json!([
        {"condition": "a == 1", "holds": true}, {"condition": "b == 2", "holds": false}, {"condition": "c", "holds": false},
    ]);
    let mut bench = Bench::apply(&|_| {});
    let failure = bench.fails(Module::Assert, &json!({"that": conditions, "fail_msg": "wrong host"}));
    assert_eq!(failure, "wrong host\nthis does not hold: b == 2\nthis does not hold: c");
    let good = json!({"that": [{"condition": "a == 1", "holds": true}]});
    let ran = bench.run(Module::Assert, &good).unwrap();
    assert_eq!((ran.changed(), ran.outcome.message.as_deref()), (false, Some("All assertions passed")));
    assert!(bench.fails(Module::Assert, &json!({"that": ["a == 1"]})).contains("evaluated conditions"));
}

#[test]
fn values_are_shown_and_kept() {
    let mut bench = Bench::apply(&|_| {});
    for (module, args, message, values) in [
        (Module::Debug, json!({}), Some("Hello world!"), json!({"msg": "Hello world!"})),
        (Module::Debug, json!({"msg": ["a", 1]}), Some("[\n  \"a\",\n  1\n]"), json!({"msg": ["a", 1]})),
        (
            Module::Debug,
            json!({"var": {"expression": "ports | first", "value": 25}}),
            Some("ports | first: 25"),
            json!({"ports | first": 25}),
        ),
        (
            Module::SetFact,
            json!({"a": {"b": [1]}, "c": null}),
            None,
            json!({"ansible_facts": {"a": {"b": [1]}, "c": null}}),
        ),
        (Module::Ping, json!({}), None, json!({"ping": "pong"})),
        (Module::Setup, json!({}), None, json!({"ansible_facts": {}})),
    ] {
        let ran = bench.run(module, &args).unwrap();
        assert_eq!(ran.outcome.message.as_deref(), message, "{args}");
        assert_eq!(Value::Object(ran.outcome.values.clone()), values, "{args}");
        assert!(!ran.changed());
    }
    assert_eq!(bench.fails(Module::Fail, &json!({"msg": "no"})), "no");
    for args in [json!({}), json!({"1a": 1}), json!({"a-b": 1}), json!({"cacheable": true, "a": 1})] {
        assert!(bench.run(Module::SetFact, &args).is_err(), "{args}");
    }
}

#[test]
fn stat_says_what_is_there() {
    let mut bench = Bench::apply(&|script| {
        script.file("/etc/a", "abc").dir("/etc/d");
        let state = FileState::Symlink { target: "a".to_owned(), meta: Meta::root(0o777) };
        script.set(Key::File("/etc/l".to_owned()), State::File(state));
    });
    for (path, pointer, expected) in [
        ("/etc/a", "/stat/exists", json!(true)),
        ("/etc/a", "/stat/mode", json!("0644")),
        ("/etc/a", "/stat/size", json!(3)),
        ("/etc/a", "/stat/pw_name", json!("root")),
        ("/etc/a", "/stat/uid", json!(0)),
        ("/etc/a", "/stat/checksum", json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
        ("/etc/d", "/stat/isdir", json!(true)),
        ("/etc/l", "/stat/lnk_source", json!("a")),
        ("/etc/none", "/stat", json!({"path": "/etc/none", "exists": false})),
    ] {
        let ran = bench.run(Module::Stat, &json!({"path": path})).unwrap();
        assert_eq!(Value::Object(ran.outcome.values).pointer(pointer), Some(&expected), "{path} {pointer}");
    }
}

#[test]
fn host_names_have_a_syntax() {
    let mut bench = Bench::apply(&|_| {});
    let ran = bench.run(Module::Hostname, &json!({"name": "mail.example.com"})).unwrap();
    assert_eq!(ran.changed_keys(), ["hostname:static"]);
    assert_eq!(ran.outcome.values["ansible_facts"]["ansible_domain"], "example.com");
    for name in ["", "a b", "a_b", "-a", "a.", "a..b", &"a.".repeat(40)] {
        assert!(bench.run(Module::Hostname, &json!({"name": name})).is_err(), "{name:?}");
    }
}

#[test]
fn packages_go_into_one_transaction_and_are_reported() {
    let mut bench = Bench::apply(&|script| {
        script.package("sendmail", "0:8.15-1.el8.x86_64").package("openssl", "1:1.1.1k-1.el8.x86_64");
        script.offers("postfix", "2:3.5.8-8.el8.x86_64", vec![]).offers("openssl", "1:1.1.1k-9.el8.x86_64", vec![]);
    });
    let ran = bench.run(Module::Dnf, &json!({"name": "postfix, openssl,postfix"})).unwrap();
    assert_eq!(ran.outcome.values["results"], json!(["Installed: postfix"]));
    let ran = bench.run(Module::Dnf, &json!({"name": ["openssl"], "state": "latest"})).unwrap();
    assert_eq!(ran.outcome.values["results"], json!(["Updated: openssl"]));
    let ran = bench.run(Module::Dnf, &json!({"name": ["sendmail", "exim"], "state": "absent"})).unwrap();
    assert_eq!(ran.outcome.values["results"], json!(["Removed: sendmail"]));
    assert!(bench.fails(Module::Dnf, &json!({"name": []})).contains("names no package"));
}

/// What may stand at a path before a task.
fn start() -> impl Strategy<Value = Option<FileState>> {
    let meta = (prop::sample::select(vec![0o600, 0o644, 0o755, 0o2775]), any::<bool>()).prop_map(|(mode, foreign)| {
        let owner =
            if foreign { Principal { name: Some("postfix".to_owned()), id: Some(89) } } else { Principal::root() };
        Meta { owner, ..Meta::root(mode) }
    });
    let text = prop::sample::select(vec!["", "a\n", "A\nb", "a = 1\nb = 2\n", "a\r\nb\r\n"]);
    prop_oneof![
        Just(None),
        (text, meta.clone())
            .prop_map(|(text, meta)| Some(FileState::Regular { content: crate::host::Content::text(text), meta })),
        meta.prop_map(|meta| Some(FileState::Directory { meta })),
        prop::sample::select(vec!["b", "none", "/etc"])
            .prop_map(|target| Some(FileState::Symlink { target: target.to_owned(), meta: Meta::root(0o777) })),
        Just(Some(FileState::Other { kind: "socket".to_owned() })),
    ]
}

fn file_call() -> impl Strategy<Value = (Module, Value)> {
    let path = prop::sample::select(vec!["/srv/a", "/srv/b", "/srv/a/b", "/srv/new/deep", "/srv/a/"]);
    let mode = prop::sample::select(vec![json!(null), json!("0600"), json!("u=rwX,go="), json!("preserve")]);
    let owner = prop::sample::select(vec![json!(null), json!("postfix"), json!("0")]);
    let state = prop::sample::select(vec![
        json!(null),
        json!("file"),
        json!("directory"),
        json!("link"),
        json!("absent"),
        json!("touch"),
    ]);
    let line = prop::sample::select(vec![
        json!({"line": "c", "create": true}),
        json!({"line": "a", "regexp": "^a"}),
        json!({"regexp": "^a", "state": "absent"}),
        json!({"line": "x", "insertafter": "^a", "create": true}),
    ]);
    (path, mode, owner, state, line, any::<bool>(), 0..4u8).prop_map(|(path, mode, owner, state, line, flag, which)| {
        let common = json!({"owner": owner});
        let extended = |more: Value| {
            let mut args = common.clone();
            args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            args
        };
        let plain = if mode == json!("preserve") { json!(null) } else { mode.clone() };
        match which {
            0 => {
                let mode = if state == json!("link") { json!(null) } else { plain };
                (Module::File, extended(json!({"path": path, "state": state, "mode": mode, "src": "b", "force": flag})))
            }
            1 if flag => (Module::Copy, extended(json!({"content": "a\n", "dest": path, "mode": plain}))),
            1 => (Module::Copy, extended(json!({"src": "x", "dest": path, "mode": mode}))),
            2 => (Module::Template, extended(json!({"src": "y.j2", "dest": path, "mode": mode, "force": flag}))),
            _ => {
                let mut args = extended(line);
                args.as_object_mut().unwrap().extend([("path".to_owned(), path.into()), ("mode".to_owned(), plain)]);
                (Module::Lineinfile, args)
            }
        }
    })
}

fn other_call() -> impl Strategy<Value = (Module, Value)> {
    let one_of = |values: Vec<Value>| prop::sample::select(values);
    let unit = (
        one_of(vec![json!(null), json!("started"), json!("stopped")]),
        one_of(vec![json!(null), json!(true), json!(false)]),
        one_of(vec![json!(null), json!(true), json!(false)]),
    );
    prop_oneof![
        unit.prop_map(|(state, enabled, masked)| {
            (Module::Service, json!({"name": "postfix", "state": state, "enabled": enabled, "masked": masked}))
        }),
        (
            one_of(vec![
                json!({"service": "smtp"}),
                json!({"port": "25/tcp"}),
                json!({"rich_rule": "rule family=ipv4 accept"})
            ]),
            one_of(vec![json!("enabled"), json!("disabled")]),
            any::<(bool, bool, bool)>(),
        )
            .prop_map(|(mut args, state, (permanent, immediate, missing_ok))| {
                let more =
                    json!({"state": state, "permanent": permanent, "immediate": immediate, "missing_ok": missing_ok});
                args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                (Module::Firewalld, args)
            }),
        one_of(vec![json!("present"), json!("absent"), json!("latest")])
            .prop_map(|state| (Module::Dnf, json!({"name": ["postfix", "openssl"], "state": state}))),
        Just((Module::Hostname, json!({"name": "mail.example.com"}))),
        Just((Module::Stat, json!({"path": "/etc"}))),
        Just((Module::Command, json!({"cmd": "true", "creates": "/etc"}))),
    ]
}

fn set(script: &mut Script, path: &str, state: Option<&FileState>) {
    if let Some(state) = state {
        script.set(Key::File(path.to_owned()), State::File(state.clone()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn files_keep_the_law((module, args) in file_call(), a in start(), b in start(), below in start()) {
        let bench = |mode| {
            let script = |script: &mut Script| {
                set(script, "/srv/a", a.as_ref());
                set(script, "/srv/b", b.as_ref());
                if matches!(a, Some(FileState::Directory { .. })) {
                    set(script, "/srv/a/b", below.as_ref());
                }
            };
            Bench::new(mode, &script).carries("files", "x", "x\n").carries("templates", "y.j2", "a\n")
        };
        keeps_the_law(&bench, module, &args).map_err(|why| TestCaseError::fail(format!("{module:?} {args}\n{why}")))?;
    }

    #[test]
    fn the_rest_keeps_the_law(
        (module, args) in other_call(),
        unit in prop::option::of((0..4usize, any::<bool>())),
        zone in prop::option::of(prop::sample::select(vec!["", "smtp"])),
        installed in any::<bool>(),
    ) {
        let bench = |mode| Bench::new(mode, &|script| {
            if let Some((enablement, active)) = unit {
                let enablements = [Enablement::Enabled, Enablement::Disabled, Enablement::Masked, Enablement::Other("static".to_owned())];
                script.unit("postfix.service", enablements[enablement].clone(), active);
            }
            if let Some(service) = zone {
                let services = Some(service.to_owned()).filter(|service| !service.is_empty()).into_iter().collect();
                script.firewall("public", &ZoneSettings { services, ..ZoneSettings::default() });
            }
            // What is in the repositories is what is installed, so that a prediction knows the version.
            script.package("openssl", "1:1-1").offers("openssl", "1:1-1", vec![]);
            if installed {
                script.package("postfix", "2:3-1").offers("postfix", "2:3-1", vec![]);
            } else if args["state"] != "latest" && args["state"] != "present" {
                script.offers("postfix", "2:3-1", vec![]);
            }
        });
        if module == Module::Dnf && !installed && args["state"] != "absent" {
            return Ok(());
        }
        keeps_the_law(&bench, module, &args).map_err(|why| TestCaseError::fail(format!("{module:?} {args}\n{why}")))?;
    }
}
