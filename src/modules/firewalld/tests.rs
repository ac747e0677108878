#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;

use serde_json::json;

use super::{normal_rule, parse_port};
use crate::host::fake::Script;
use crate::host::{FirewallState, Key, State, ZoneSettings};
use crate::hostplay::Mode;
use crate::modules::Module;
use crate::modules::bench::Bench;

#[test]
fn rules_and_ports_have_one_form() {
    let normal = "rule family=\"ipv4\" source address=\"192.168.1.0/24\" service name=\"smtp\" accept";
    for text in [
        normal,
        "rule family=ipv4 source address=192.168.1.0/24 service name=smtp accept",
        " rule  family='ipv4' source address=\"192.168.1.0/24\"\n service name=\"smtp\" accept",
    ] {
        assert_eq!(normal_rule(text).as_deref(), Some(normal));
    }
    assert_eq!(normal_rule("accept"), None);
    assert_eq!(normal_rule("rule family=\"ipv4"), None);
    for (text, expected) in [
        ("25/tcp", Some("25/tcp")),
        ("5000-5010/udp", Some("5000-5010/udp")),
        ("25-25/tcp", Some("25/tcp")),
        ("25", None),
        ("70000/tcp", None),
        ("2-1/tcp", None),
        ("25/icmp", None),
    ] {
        assert_eq!(parse_port(text).as_deref(), expected, "{text}");
    }
}

fn services(names: &[&str]) -> ZoneSettings {
    ZoneSettings { services: names.iter().map(|&name| name.to_owned()).collect(), ..ZoneSettings::default() }
}

fn running(script: &mut Script) {
    script.firewall("public", &services(&["ssh"]));
}

fn stopped(script: &mut Script) {
    running(script);
    let state = FirewallState::Zone { permanent: Some(services(&["ssh"])), runtime: None };
    script.set(Key::Firewall("public".to_owned()), State::Firewall(state));
}

/// What is let in permanently and now.
fn open(bench: &mut Bench) -> (Option<BTreeSet<String>>, Option<BTreeSet<String>>) {
    match &bench.host.script().states()[&Key::Firewall("public".to_owned())] {
        State::Firewall(FirewallState::Zone { permanent, runtime }) => {
            (permanent.clone().map(|zone| zone.services), runtime.clone().map(|zone| zone.services))
        }
        other => unreachable!("{other:?}"),
    }
}

#[test]
fn the_default_zone_is_changed_for_now_and_for_ever() {
    for (more, permanent, immediate) in [
        (json!({}), true, true),
        (json!({"permanent": false}), false, true),
        (json!({"immediate": false}), true, false),
    ] {
        let mut args = json!({"service": "smtp", "state": "enabled"});
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut bench = Bench::apply(&running);
        let ran = bench.run(Module::Firewalld, &args).unwrap();
        assert_eq!((ran.changes.len(), ran.outcome.values["zone"].as_str()), (1, Some("public")));
        let expected = |open: bool| Some(services(if open { &["smtp", "ssh"] } else { &["ssh"] }).services);
        assert_eq!(open(&mut bench), (expected(permanent), expected(immediate)), "{args}");
        args["state"] = json!("disabled");
        assert!(bench.run(Module::Firewalld, &args).unwrap().changed());
        assert_eq!(open(&mut bench), (expected(false), expected(false)));
    }
}

#[test]
fn a_firewall_that_does_not_run_is_changed_on_disk_only() {
    let mut bench = Bench::apply(&stopped);
    let args = json!({"service": "smtp", "state": "enabled"});
    let ran = bench.run(Module::Firewalld, &args).unwrap();
    assert!(ran.outcome.message.is_some_and(|message| message.contains("does not run")));
    assert_eq!(open(&mut bench), (Some(services(&["smtp", "ssh"]).services), None));
    let args = json!({"service": "smtp", "state": "enabled", "offline": false});
    assert!(bench.fails(Module::Firewalld, &args).contains("firewalld does not run"));
}

#[test]
fn a_missing_firewall_is_an_error_or_a_skip() {
    let args = json!({"service": "smtp", "state": "enabled"});
    let lenient = json!({"service": "smtp", "state": "enabled", "missing_ok": true});
    let mut bench = Bench::apply(&|_| {});
    assert!(bench.fails(Module::Firewalld, &args).contains("firewalld is not installed"));
    let ran = bench.run(Module::Firewalld, &lenient).unwrap();
    assert_eq!(ran.outcome.skipped.as_deref(), Some("firewalld is not installed"));

    // Another package on its way does not bring a firewall.
    let mut bench = Bench::new(Mode::Check, &|script| {
        script.offers("postfix", "2:3-1", vec![]).offers("firewalld", "0:0.9-1", vec![]);
    });
    bench.run(Module::Dnf, &json!({"name": "postfix"})).unwrap();
    assert!(bench.run(Module::Firewalld, &lenient).unwrap().outcome.skipped.is_some());
    bench.run(Module::Dnf, &json!({"name": "firewalld"})).unwrap();
    let ran = bench.run(Module::Firewalld, &lenient).unwrap();
    assert!(ran.changed() && ran.outcome.unknown);
}

#[test]
fn arguments_that_cannot_work_are_refused() {
    for (args, expected) in [
        (json!({"service": "a b", "state": "enabled"}), "no name of a service"),
        (json!({"port": "25", "state": "enabled"}), "25/tcp"),
        (json!({"rich_rule": "accept", "state": "enabled"}), "begin with rule"),
        (json!({"service": "smtp", "zone": "none", "state": "enabled"}), "no zone none"),
        (
            json!({"service": "smtp", "permanent": false, "immediate": false, "state": "enabled"}),
            "one of these must be yes",
        ),
        (json!({"service": "smtp", "port": "25/tcp", "state": "enabled"}), "exactly one"),
    ] {
        let failure = Bench::apply(&running).fails(Module::Firewalld, &args);
        assert!(failure.contains(expected), "{args}: {failure}");
    }
}
