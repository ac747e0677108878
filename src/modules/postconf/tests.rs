//! `postconf` and `postfix_service` on a host.
#![expect(clippy::unwrap_used, reason = "a test")]

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::host::fake::Script;
use crate::host::{Content, FileState, Host, Key, Meta, State};
use crate::hostplay::Mode;
use crate::modules::Module;
use crate::modules::bench::{Bench, keeps_the_law};

const MAIN: &str = "# Postfix\ncompatibility_level = 2\n\n#myhostname = host.domain.tld\n\ninet_interfaces = localhost\n\
                    inet_protocols = all\nsmtpd_use_tls = yes\nsmtpd_use_tls = no\n";
const MASTER: &str = "smtp      inet  n       -       n       -       -       smtpd\n#submission inet n       -       n       \
                      -       -       smtpd\n#  -o syslog_name=postfix/submission\npickup    unix  n       -       n       \
                      60      1       pickup\n";

fn postfix(script: &mut Script) {
    script.dir("/etc/postfix").file("/etc/postfix/main.cf", MAIN).file("/etc/postfix/master.cf", MASTER);
}

#[test]
fn parameters_are_set_in_place() {
    let mut bench = Bench::apply(&postfix);
    let args = json!({
        "params": {"myhostname": "mail.example.com", "inet_interfaces": "all", "inet_protocols": "all", "relay_domains": ""},
        "absent": ["smtpd_use_tls"],
    });
    let ran = bench.run(Module::Postconf, &args).unwrap();
    assert_eq!(
        Value::Object(ran.outcome.values.clone()),
        json!({
            "parameters": ["myhostname", "inet_interfaces", "relay_domains", "smtpd_use_tls"],
            "restart_required": true, "reload_required": true,
        })
    );
    assert_eq!(
        bench.host.script().text("/etc/postfix/main.cf").unwrap(),
        "# Postfix\ncompatibility_level = 2\n\n#myhostname = host.domain.tld\nmyhostname = mail.example.com\n\n\
         inet_interfaces = all\ninet_protocols = all\nrelay_domains =\n"
    );
    let again = bench.run(Module::Postconf, &args).unwrap();
    assert!(!again.changed() && again.outcome.values["restart_required"] == false);
}

#[test]
fn what_postfix_would_misread_is_refused() {
    for (args, expected) in [
        (json!({"params": {"smtpd_tls_security_level": "may # or encrypt"}}), "no comments at the end of a line"),
        (json!({"params": {"my hostname": "x"}}), "not a parameter name"),
        (json!({"params": {"a": {"b": 1}}}), "text for \"a\""),
        (json!({"params": {"a": "1"}, "absent": ["a"]}), "also in params"),
        (json!({"params": {}}), "at least one"),
        (
            json!({"params": {"a": "1"}, "path": "/etc/none"}),
            "/etc/none does not exist\ninstall the package postfix first",
        ),
        (json!({"params": {"a": "1"}, "path": "/etc/broken"}), "line 2: missing '=' after attribute name"),
    ] {
        let mut bench = Bench::apply(&|script| {
            postfix(script);
            script.file("/etc/broken", "a = 1\nbroken\n");
        });
        let failure = bench.fails(Module::Postconf, &args);
        assert!(failure.contains(expected), "{args}: {failure}");
        assert_eq!(bench.host.script().text("/etc/postfix/main.cf").unwrap(), MAIN);
    }
}

#[test]
fn before_the_package_is_there_the_file_is_unknown() {
    let mut bench = Bench::new(Mode::Check, &|script| {
        script.offers("postfix", "2:3.5.8-7.el8.x86_64", vec![]);
    });
    bench.run(Module::Dnf, &json!({"name": "postfix"})).unwrap();
    let args = json!({"params": {"inet_interfaces": "all"}});
    for changes in [1, 0] {
        let ran = bench.run(Module::Postconf, &args).unwrap();
        assert!(ran.changed() && ran.outcome.unknown);
        assert_eq!(ran.changes.len(), changes);
        assert_eq!(ran.outcome.values["restart_required"], true);
    }
    let service = json!({"name": "submission", "command": "smtpd"});
    assert!(bench.run(Module::PostfixService, &service).unwrap().outcome.unknown);
    let path = Key::File("/etc/postfix/main.cf".to_owned());
    let unknown = FileState::Regular { content: Content::Unknown, meta: Meta::root(0o644) };
    assert_eq!(bench.host.read(&path).unwrap(), State::File(unknown));
}

#[test]
fn a_service_is_added_after_its_commented_default() {
    let mut bench = Bench::apply(&postfix);
    let args = json!({
        "name": "submission", "command": "smtpd",
        "options": {"smtpd_tls_security_level": "encrypt", "smtpd_client_restrictions": "permit_mynetworks, reject", "smtpd_tls_auth_only": true},
    });
    assert!(bench.run(Module::PostfixService, &args).unwrap().changed());
    let added = "submission inet n       -       n       -       -       smtpd\n  -o smtpd_tls_security_level=encrypt\n  \
                 -o { smtpd_client_restrictions = permit_mynetworks, reject }\n  -o smtpd_tls_auth_only=yes\n";
    let text = bench.host.script().text("/etc/postfix/master.cf").unwrap();
    assert_eq!(text, MASTER.replace("postfix/submission\n", &format!("postfix/submission\n{added}")));
    assert!(!bench.run(Module::PostfixService, &args).unwrap().changed());
    assert!(bench.run(Module::PostfixService, &json!({"name": "submission", "state": "absent"})).unwrap().changed());
    assert_eq!(bench.host.script().text("/etc/postfix/master.cf").unwrap(), MASTER);
    // What Postfix brings is what the defaults say.
    assert!(!bench.run(Module::PostfixService, &json!({"name": "smtp", "command": "smtpd"})).unwrap().changed());
    let pickup =
        json!({"name": "pickup", "type": "unix", "private": "n", "wakeup": 60, "maxproc": 1, "command": "pickup"});
    assert!(!bench.run(Module::PostfixService, &pickup).unwrap().changed());
}

#[test]
fn services_that_the_master_would_refuse_are_refused() {
    for (args, expected) in [
        (json!({"name": "x"}), "command"),
        (json!({"name": "x", "command": "smtpd", "private": "y"}), "private"),
        (json!({"name": "x y", "command": "smtpd"}), "no name"),
        (json!({"name": "#x", "command": "smtpd"}), "no name"),
        (json!({"name": "x", "command": "smtpd", "wakeup": "often"}), "wakeup"),
        (json!({"name": "x", "command": "smtpd", "maxproc": "?"}), "maxproc"),
        (json!({"name": "x", "command": "smtpd", "options": {"a": "}"}}), "braces"),
        (json!({"name": "x", "command": "smtpd", "options": {"a": "b # c"}}), "comment"),
    ] {
        let failure = Bench::apply(&postfix).fails(Module::PostfixService, &args);
        assert!(failure.contains(expected), "{args}: {failure}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn configuration_files_keep_the_law(
        main in "((a|b) ?= ?[xy]?\n|#a = 1\n| +z\n|\n){0,6}",
        master in "((smtp|sub) inet n - n - - smtpd\n|#sub inet n - n - - smtpd\n| +-o a=b\n){0,5}",
        value in "[xy]|",
        options in prop::collection::btree_map("[a-c]", "[xy]( [xy])?", 0..2),
        mode in prop::sample::select(vec![0o644, 0o600]),
        present in any::<bool>(),
    ) {
        let bench = |run| Bench::new(run, &|script| {
            for (path, text) in [("/etc/main.cf", &main), ("/etc/master.cf", &master)] {
                let state = FileState::Regular { content: Content::text(text), meta: Meta::root(mode) };
                script.set(Key::File(path.to_owned()), State::File(state));
            }
        });
        let state = if present { "present" } else { "absent" };
        for (module, args) in [
            (Module::Postconf, json!({"path": "/etc/main.cf", "params": {"a": value}, "absent": ["b"]})),
            (Module::PostfixService, json!({"path": "/etc/master.cf", "name": "sub", "command": "smtpd", "options": options, "state": state})),
        ] {
            keeps_the_law(&bench, module, &args).map_err(TestCaseError::fail)?;
        }
    }
}

fn recorded(params: &Value) -> Value {
    json!({"params": params, "record": "role"})
}

#[test]
fn what_is_dropped_goes_back_to_what_it_was() {
    let mut bench = Bench::apply(&postfix);
    let first = recorded(&json!({"inet_interfaces": "all", "myhostname": "mail.example.com", "relayhost": "[a.b]"}));
    bench.run(Module::Postconf, &first).unwrap();
    // Set again, otherwise: what was there at first is what counts.
    let second = recorded(&json!({"inet_interfaces": "loopback-only", "relayhost": "[c.d]"}));
    bench.run(Module::Postconf, &second).unwrap();
    let text = bench.host.script().text("/etc/postfix/main.cf").unwrap();
    assert!(!text.contains("mail.example.com") && text.contains("inet_interfaces = loopback-only"), "{text}");
    let third = recorded(&json!({"compatibility_level": "2"}));
    let ran = bench.run(Module::Postconf, &third).unwrap();
    assert_eq!(ran.outcome.values["restart_required"], true);
    assert_eq!(bench.host.script().text("/etc/postfix/main.cf").unwrap(), MAIN);
}

#[test]
fn what_somebody_else_has_changed_is_left_alone() {
    let mut bench = Bench::apply(&postfix);
    bench.run(Module::Postconf, &recorded(&json!({"inet_interfaces": "all", "relayhost": "[a.b]"}))).unwrap();
    let text = bench.host.script().text("/etc/postfix/main.cf").unwrap();
    bench
        .host
        .script()
        .file("/etc/postfix/main.cf", &text.replace("= all\ninet_protocols", "= 10.0.0.1\ninet_protocols"));
    let ran = bench.run(Module::Postconf, &recorded(&json!({"relayhost": "[a.b]"}))).unwrap();
    assert!(ran.outcome.message.is_some_and(|message| message.contains("inet_interfaces")));
    assert!(bench.host.script().text("/etc/postfix/main.cf").unwrap().contains("inet_interfaces = 10.0.0.1"));
}

#[test]
fn services_that_are_dropped_go_back_too() {
    let mut bench = Bench::apply(&postfix);
    let services = |services: Value| json!({"services": services, "record": "role"});
    let submission =
        json!({"name": "submission", "command": "smtpd", "options": {"smtpd_tls_security_level": "encrypt"}});
    let pickup =
        json!({"name": "pickup", "type": "unix", "private": "n", "wakeup": "10", "maxproc": "1", "command": "pickup"});
    bench.run(Module::PostfixService, &services(json!([submission, pickup]))).unwrap();
    let text = bench.host.script().text("/etc/postfix/master.cf").unwrap();
    assert!(text.contains("\nsubmission inet") && text.contains("10 "), "{text}");
    bench.run(Module::PostfixService, &services(json!([pickup]))).unwrap();
    assert!(!bench.host.script().text("/etc/postfix/master.cf").unwrap().contains("\nsubmission inet"));
    bench.run(Module::PostfixService, &services(json!([]))).unwrap();
    assert_eq!(bench.host.script().text("/etc/postfix/master.cf").unwrap(), MASTER);
    assert!(bench.host.script().text("/etc/postfix/master.cf.mailprov").is_none());
    let twice = services(json!([submission, submission]));
    assert!(bench.fails(Module::PostfixService, &twice).contains("there twice"));
}

proptest! {
    /// However often a set is changed, without it the file is what it was.
    #[test]
    fn an_empty_set_gives_the_first_file_back(sets in prop::collection::vec(prop::collection::btree_map("[a-d]", "[x-z]{0,2}", 1..4), 1..5)) {
        let first = "a = x\nb = y\nkept = 1\n";
        let mut bench = Bench::apply(&|script| { script.dir("/etc/postfix").file("/etc/postfix/main.cf", first); });
        for set in sets {
            keeps_the_law_again(&mut bench, &recorded(&json!(set)));
        }
        bench.run(Module::Postconf, &recorded(&json!({"kept": "1"}))).unwrap();
        prop_assert_eq!(bench.host.script().text("/etc/postfix/main.cf").unwrap(), first);
    }
}

fn keeps_the_law_again(bench: &mut Bench, args: &Value) {
    bench.run(Module::Postconf, args).unwrap();
    assert!(!bench.run(Module::Postconf, args).unwrap().changed());
}
