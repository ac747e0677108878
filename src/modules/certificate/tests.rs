#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test, which asks openssl")]

use proptest::prelude::*;
use serde_json::{Value, json};

use super::inspect::{DAY, Found, Key};
use super::issue::{KeyKind, Request, issue, make_key};
use super::names::Name;
use crate::host::fake::Script;
use crate::host::{Content, FileState, HostnameState, Key as ResourceKey, Meta, State};
use crate::hostplay::Mode;
use crate::modules::Module;
use crate::modules::bench::{Bench, NOW, Ran, keeps_the_law};

const CERTIFICATE: &str = "/etc/pki/tls/certs/mail.pem";
const KEY: &str = "/etc/pki/tls/private/mail.key";

fn args() -> Value {
    json!({
        "path": CERTIFICATE, "privatekey_path": KEY, "common_name": "mail.example.com", "key_type": "ecdsa",
        "subject_alt_name": ["DNS:mail.example.com", "192.0.2.25"],
    })
}

fn with(changes: &Value) -> Value {
    let mut args = args();
    args.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    args
}

fn request() -> Request {
    let names = ["mail.example.com", "192.0.2.25"].map(|name| Name::parse(name).unwrap());
    Request {
        common_name: "mail.example.com".to_owned(),
        names: names.into(),
        not_before: NOW - 3600,
        not_after: NOW + 365 * DAY,
    }
}

/// A pair of PEM texts.
fn pair(kind: KeyKind, request: &Request) -> (String, String) {
    let key = make_key(kind).unwrap();
    (key.serialize_pem(), issue(request, &key).unwrap())
}

fn secret(script: &mut Script, path: &str, text: &str) {
    let state = FileState::Regular { content: Content::text(text), meta: Meta::root(0o600) };
    script.set(ResourceKey::File(path.to_owned()), State::File(state));
}

fn host(key: &str, certificate: &str) -> Bench {
    Bench::apply(&|script| {
        secret(script, KEY, key);
        script.file(CERTIFICATE, certificate);
    })
}

fn reason(ran: &Ran) -> &str {
    ran.outcome.values.get("reason").and_then(Value::as_str).unwrap_or_default()
}

/// What a program said, or nothing where it is not installed.
fn openssl(args: &[&str]) -> Option<String> {
    let output = std::process::Command::new("openssl").args(args).output().ok()?;
    Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_bare_host_gets_a_key_and_a_certificate() {
    let mut bench = Bench::apply(&|_| {});
    let ran = bench.run(Module::Certificate, &args()).unwrap();
    assert_eq!(ran.changed_keys(), [format!("file:{KEY}"), format!("file:{CERTIFICATE}")], "the key comes first");
    assert_eq!(ran.changes.iter().map(|change| change.sensitive).collect::<Vec<_>>(), [true, false]);
    assert_eq!(reason(&ran), "there is no key; there is no certificate");
    assert_eq!(ran.outcome.values["not_after"], "2027-11-24T03:15:00Z");
    assert_eq!(ran.outcome.values["subject_alt_name"], json!(["DNS:mail.example.com", "IP:192.0.2.25"]));
    let states = bench.host.script().states();
    for (path, mode) in [(KEY, 0o600), (CERTIFICATE, 0o644)] {
        let state = &states[&ResourceKey::File(path.to_owned())];
        assert!(matches!(state, State::File(FileState::Regular { meta, .. }) if meta.mode == mode), "{path}");
    }
    assert!(bench.host.script().text(KEY).unwrap().starts_with("-----BEGIN PRIVATE KEY-----\n"));
    let again = bench.run(Module::Certificate, &args()).unwrap();
    assert!(!again.changed());
    assert_eq!(again.outcome.values["renewed"], false);
    assert_eq!(again.outcome.values["fingerprint_sha256"], ran.outcome.values["fingerprint_sha256"]);
}

#[test]
fn a_good_certificate_stays_and_a_bad_one_goes() {
    let (key, good) = pair(KeyKind::Ecdsa, &request());
    let (other_key, _) = pair(KeyKind::Ecdsa, &request());
    let (rsa_key, rsa) = pair(KeyKind::Rsa(2048), &request());
    let reissued = |change: &dyn Fn(&mut Request)| {
        let mut request = request();
        change(&mut request);
        issue(&request, &Key::read(key.as_bytes()).unwrap().pair).unwrap()
    };
    for (key, certificate, args, expected, new_key) in [
        (&key, good.clone(), args(), "", false),
        // A chain has the leaf first; what stands around the blocks is ignored.
        (&key, format!("subject=CN = x\n{good}\n{rsa}"), args(), "", false),
        (
            &key,
            good.clone(),
            with(&json!({"subject_alt_name": "mail.example.com"})),
            "is for DNS:mail.example.com, IP:192.0.2.25, not for DNS:mail.example.com",
            false,
        ),
        (
            &key,
            good.clone(),
            with(&json!({"common_name": "mx.example.com"})),
            "has the subject mail.example.com, not mx.example.com",
            false,
        ),
        (
            &key,
            reissued(&|request| request.not_after = NOW + 29 * DAY),
            args(),
            "ends on 2026-12-23T03:15:00Z, in less than 30 days",
            false,
        ),
        (&key, reissued(&|request| request.not_after = NOW + 31 * DAY), args(), "", false),
        (&key, reissued(&|request| request.not_after = NOW - 1), args(), "ended on 2026-11-24T03:14:59Z", false),
        (&key, reissued(&|request| request.not_before = NOW + 1), args(), "begins only on", false),
        (&key, reissued(&|request| request.names.clear()), args(), "is for none, not for", false),
        (&other_key, good.clone(), args(), "is of another key", false),
        (&key, "nonsense".to_owned(), args(), "there is no readable certificate", false),
        (&"nonsense".to_owned(), good.clone(), args(), "there is no readable key", true),
        (&key, good.clone(), with(&json!({"key_type": "rsa"})), "not of the type and size", true),
        (&rsa_key, rsa.clone(), with(&json!({"key_type": "rsa"})), "", false),
        (&rsa_key, rsa.clone(), with(&json!({"key_type": "rsa", "key_size": 3072})), "not of the type and size", true),
    ] {
        let mut bench = host(key, &certificate);
        let ran = bench.run(Module::Certificate, &args).unwrap();
        let changed = match (expected, new_key) {
            ("", _) => vec![],
            (_, false) => vec![format!("file:{CERTIFICATE}")],
            (_, true) => vec![format!("file:{KEY}"), format!("file:{CERTIFICATE}")],
        };
        assert_eq!(ran.changed_keys(), changed, "{expected}: {}", reason(&ran));
        assert!(reason(&ran).contains(expected), "{expected}: {}", reason(&ran));
        assert!(!bench.run(Module::Certificate, &args).unwrap().changed(), "{expected}: the second run");
    }
}

#[test]
fn a_certificate_of_openssl_that_is_a_ca_goes() {
    let directory = tempfile::tempdir().unwrap();
    let [key, certificate] = ["key", "crt"].map(|name| directory.path().join(name).to_str().unwrap().to_owned());
    // As the guide has it, with the wrong extensions that `-x509` adds by itself.
    let made = openssl(&[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "365",
        "-subj",
        "/CN=mail.example.com",
        "-keyout",
        &key,
        "-out",
        &certificate,
    ]);
    if made.is_none() {
        return;
    }
    let [key, certificate] = [key, certificate].map(|path| std::fs::read_to_string(path).unwrap());
    let mut bench = host(&key, &certificate);
    // openssl knows only the real time.
    bench.now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed() + 60;
    let args = with(&json!({"key_type": "rsa"}));
    let ran = bench.run(Module::Certificate, &args).unwrap();
    assert_eq!(ran.changed_keys(), [format!("file:{CERTIFICATE}")], "the key is good: {}", reason(&ran));
    for defect in ["is for none", "is that of a CA", "lacks the use serverAuth"] {
        assert!(reason(&ran).contains(defect), "{defect}: {}", reason(&ran));
    }
}

#[test]
fn openssl_agrees_with_what_was_made() {
    for kind in [KeyKind::Ecdsa, KeyKind::Rsa(2048)] {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().cast_signed();
        let request = Request { not_before: now - 3600, not_after: now + 365 * DAY, ..request() };
        let (key, certificate) = pair(kind, &request);
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (key, certificate) = (place("key", &key), place("crt", &certificate));
        let Some(text) = openssl(&["x509", "-in", &certificate, "-noout", "-text"]) else { return };
        for expected in [
            "CA:FALSE",
            "TLS Web Server Authentication",
            "DNS:mail.example.com, IP Address:192.0.2.25",
            "Basic Constraints: critical",
            "Key Usage: critical",
            "Digital Signature",
            "CN = mail.example.com",
        ] {
            assert!(text.contains(expected), "{expected}\n{text}");
        }
        assert_eq!(text.contains("Key Encipherment"), kind != KeyKind::Ecdsa, "{text}");
        assert!(text.to_lowercase().contains("sha256"), "{text}");
        let verified = openssl(&[
            "verify",
            "-x509_strict",
            "-CAfile",
            &certificate,
            "-verify_hostname",
            "mail.example.com",
            &certificate,
        ]);
        assert!(verified.unwrap().ends_with(": OK\n"));
        assert_eq!(
            openssl(&["x509", "-in", &certificate, "-noout", "-pubkey"]),
            openssl(&["pkey", "-in", &key, "-pubout"])
        );
        for other in ["-traditional", "-outform=PEM"] {
            let Some(text) = openssl(&["pkey", "-in", &key, other]).filter(|text| text.contains("BEGIN")) else {
                continue;
            };
            assert!(Key::read(text.as_bytes()).is_some_and(|key| key.suits(kind)), "{other}");
        }
    }
}

#[test]
fn a_renewal_has_another_serial() {
    let key = make_key(KeyKind::Ecdsa).unwrap();
    let [first, second] = [(); 2].map(|()| issue(&request(), &key).unwrap());
    let [first, second] = [first, second].map(|text| Found::read(text.as_bytes()).unwrap());
    assert_ne!(first.fingerprint, second.fingerprint);
}

#[test]
fn somebody_elses_certificate_is_not_touched_without_force() {
    let (key, _) = pair(KeyKind::Ecdsa, &request());
    let issued = |request: &Request| {
        let ca = rcgen::KeyPair::generate().unwrap();
        let mut authority = rcgen::CertificateParams::default();
        authority.distinguished_name.push(rcgen::DnType::CommonName, "An Authority");
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = rcgen::Issuer::new(authority, ca);
        let names: Vec<_> =
            request.names.iter().map(|name| name.to_string().split_once(':').unwrap().1.to_owned()).collect();
        let mut params = rcgen::CertificateParams::new(names).unwrap();
        params.not_before = time::OffsetDateTime::from_unix_timestamp(request.not_before).unwrap();
        params.not_after = time::OffsetDateTime::from_unix_timestamp(request.not_after).unwrap();
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
        params.signed_by(&Key::read(key.as_bytes()).unwrap().pair, &issuer).unwrap().pem()
    };
    // A fitting one is kept, whatever its key and subject.
    let mut bench = host(&key, &issued(&request()));
    assert!(!bench.run(Module::Certificate, &with(&json!({"key_type": "rsa"}))).unwrap().changed());

    let old = Request { not_after: NOW + DAY, ..request() };
    let mut bench = host(&key, &issued(&old));
    let failure = bench.fails(Module::Certificate, &args());
    assert!(failure.contains("issued by somebody else") && failure.contains("force: yes"), "{failure}");
    assert!(bench.run(Module::Certificate, &with(&json!({"force": true}))).unwrap().changed());
}

#[test]
fn the_subject_is_the_host_name_by_default() {
    let named = |script: &mut Script| {
        let state = HostnameState::named("mx.example.net");
        script.set(ResourceKey::Hostname, State::Hostname(state));
    };
    let args = json!({"path": CERTIFICATE, "privatekey_path": KEY, "key_type": "ecdsa"});
    let ran = Bench::apply(&named).run(Module::Certificate, &args).unwrap();
    assert_eq!(ran.outcome.values["subject_alt_name"], json!(["DNS:mx.example.net"]));
    assert!(Bench::apply(&|_| {}).fails(Module::Certificate, &args).contains("common_name"));
}

#[test]
fn arguments_that_cannot_work_are_refused() {
    for (change, expected) in [
        (json!({"renew_before": 365}), "renew_before"),
        (json!({"days": 0}), "days"),
        (json!({"days": 99_999_999}), "days"),
        (json!({"key_size": 2048}), "key_size"),
        (json!({"key_type": "rsa", "key_size": 1024}), "key_size"),
        (json!({"subject_alt_name": "DNS:a_b"}), "subject_alt_name"),
        (json!({"common_name": "x".repeat(65)}), "common_name"),
        (json!({"privatekey_path": CERTIFICATE}), "privatekey_path"),
        (json!({"path": "/etc/none/x.pem"}), "/etc/none does not exist"),
    ] {
        let failure = Bench::apply(&|_| {}).fails(Module::Certificate, &with(&change));
        assert!(failure.contains(expected), "{change}: {failure}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn check_predicts_apply(
        left in -40i64..80,
        key_there in any::<bool>(),
        certificate_there in any::<bool>(),
        garbage in any::<bool>(),
        mode in prop::sample::select(vec![None, Some("0640"), Some("0644")]),
    ) {
        let request = Request { not_after: NOW + left * DAY, ..request() };
        let (key, certificate) = pair(KeyKind::Ecdsa, &request);
        let bench = |mode| Bench::new(mode, &|script| {
            if key_there {
                secret(script, KEY, &key);
            }
            if certificate_there {
                script.file(CERTIFICATE, if garbage { "-----BEGIN CERTIFICATE-----\nAAAA\n" } else { &certificate });
            }
        });
        let args = with(&json!({"mode": mode}));
        keeps_the_law(&bench, Module::Certificate, &args).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let text = [b"-----BEGIN CERTIFICATE-----\n".as_slice(), &bytes, b"\n-----END CERTIFICATE-----\n"].concat();
        prop_assert_eq!(Found::read(&text).is_some() && Key::read(&text).is_some(), false);
        prop_assert!(Found::read(&bytes).is_none() && Key::read(&bytes).is_none());
    }
}

#[test]
fn in_check_nothing_is_made() {
    let mut bench = Bench::new(Mode::Check, &|_| {});
    let ran = bench.run(Module::Certificate, &args()).unwrap();
    let unknown = |state: &State| matches!(state, State::File(FileState::Regular { content: Content::Unknown, .. }));
    assert!(ran.changes.len() == 2 && ran.changes.iter().all(|change| unknown(&change.after)));
    assert_eq!(ran.outcome.values["fingerprint_sha256"], crate::event::KNOWN_AFTER_APPLY);
    assert_eq!(ran.outcome.values["not_after"], "2027-11-24T03:15:00Z");
    assert!(!bench.run(Module::Certificate, &args()).unwrap().changed());
}

const CA: &str = "/etc/pki/tls/certs/ca.pem";

fn with_authority(provider: &str) -> Value {
    with(&json!({"provider": provider, "ownca_path": CA, "ownca_privatekey_path": "/etc/pki/tls/private/ca.key"}))
}

#[test]
fn an_authority_signs_what_clients_can_verify_and_outlives_renewals() {
    let mut bench = Bench::apply(&|_| {});
    let ran = bench.run(Module::Certificate, &with_authority("ownca")).unwrap();
    assert_eq!(ran.changes.len(), 4);
    assert_eq!(ran.changes.iter().filter(|change| change.sensitive).count(), 2, "both keys are secret");
    assert!(!bench.run(Module::Certificate, &with_authority("ownca")).unwrap().changed());
    let folder = tempfile::tempdir().unwrap();
    let verify = |bench: &mut Bench| {
        let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        std::fs::write(path("ca"), bench.host.script().text(CA).unwrap()).unwrap();
        std::fs::write(path("leaf"), bench.host.script().text(CERTIFICATE).unwrap()).unwrap();
        let at = NOW.to_string();
        let said = openssl(&[
            "verify",
            "-x509_strict",
            "-attime",
            &at,
            "-verify_hostname",
            "mail.example.com",
            "-CAfile",
            &path("ca"),
            &path("leaf"),
        ]);
        assert!(said.as_ref().is_none_or(|said| said.contains(": OK")), "{said:?}");
    };
    verify(&mut bench);
    let authority = bench.host.script().text(CA).unwrap().clone();
    bench.now = NOW + 340 * DAY;
    let ran = bench.run(Module::Certificate, &with_authority("ownca")).unwrap();
    assert!(reason(&ran).contains("in less than 30 days"), "{}", reason(&ran));
    assert_eq!(bench.host.script().text(CA).unwrap(), authority, "clients need not be told");
    bench.now = NOW;
    // Back and forth: what the module made, it may replace.
    let ran = bench.run(Module::Certificate, &with_authority("selfsigned")).unwrap();
    assert!(reason(&ran).contains("is signed by the host's own authority"), "{}", reason(&ran));
    let ran = bench.run(Module::Certificate, &with_authority("ownca")).unwrap();
    assert!(reason(&ran).contains("is not signed by the host's own authority"), "{}", reason(&ran));
    verify(&mut bench);
    assert!(bench.fails(Module::Certificate, &with(&json!({"provider": "ownca"}))).contains("ownca_path"));
}

#[test]
fn an_authority_whose_key_is_lost_or_that_is_somebody_elses_is_not_made_anew() {
    let (foreign_key, foreign) = pair(KeyKind::Ecdsa, &request());
    for (key, certificate) in [
        (Some("a key with a passphrase"), None),
        (Some(foreign_key.as_str()), None),
        (Some(foreign_key.as_str()), Some(foreign.as_str())),
        (None, Some("what cannot be read")),
    ] {
        let mut bench = Bench::apply(&|_| {});
        bench.run(Module::Certificate, &with_authority("ownca")).unwrap();
        for (path, text) in [("/etc/pki/tls/private/ca.key", key), (CA, certificate)] {
            if let Some(text) = text {
                bench.host.script().file(path, text);
            }
        }
        let before = bench.host.script().text(CA).unwrap().clone();
        let failure = bench.fails(Module::Certificate, &with_authority("ownca"));
        assert!(failure.contains("no authority of the host's own"), "{failure}");
        assert_eq!(bench.host.script().text(CA).unwrap(), before);
    }
}

#[test]
fn files_of_the_sites_own_are_looked_at_and_left() {
    let (key, good) = pair(KeyKind::Ecdsa, &request());
    let (other, _) = pair(KeyKind::Ecdsa, &request());
    let mut old = request();
    old.not_after = NOW - DAY;
    let expired = issue(&old, &Key::read(key.as_bytes()).unwrap().pair).unwrap();
    let none = with(&json!({"provider": "none"}));
    let mut bench = host(&key, &good);
    assert!(!bench.run(Module::Certificate, &none).unwrap().changed());
    for (key, certificate, why) in [
        (&other, &good, "is of another key"),
        (&key, &expired, "ended on"),
        (&key, &String::new(), "there is no readable certificate"),
        (&String::new(), &good, "there is no readable key"),
    ] {
        let failure = host(key, certificate).fails(Module::Certificate, &none);
        assert!(failure.contains(why), "{why}: {failure}");
    }
    let more = with(&json!({"provider": "none", "subject_alt_name": ["mail.example.com", "other.example.com"]}));
    assert!(host(&key, &good).fails(Module::Certificate, &more).contains("is not for DNS:other.example.com"));
}

/// A check makes the authority once, however many certificates it is to sign.
#[test]
fn an_authority_that_a_check_has_made_is_not_made_again() {
    let owned = |path: &str| {
        with(&json!({
            "path": format!("/etc/ssl/{path}.crt"), "privatekey_path": format!("/etc/ssl/{path}.key"),
            "provider": "ownca", "ownca_path": "/etc/ssl/ca.crt", "ownca_privatekey_path": "/etc/ssl/ca.key",
        }))
    };
    for mode in [Mode::Check, Mode::Apply] {
        let mut bench = Bench::new(mode, &|script| _ = script.dir("/etc/ssl"));
        let first = bench.run(Module::Certificate, &owned("one")).unwrap();
        assert_eq!(first.changed_keys().len(), 4, "{mode:?}");
        let second = bench.run(Module::Certificate, &owned("two")).unwrap();
        assert_eq!(second.changed_keys(), ["file:/etc/ssl/two.key", "file:/etc/ssl/two.crt"], "{mode:?}");
        assert_eq!(second.outcome.unknown, mode == Mode::Check);
        let again = bench.run(Module::Certificate, &owned("two")).unwrap();
        assert!(again.changes.is_empty(), "{mode:?}");
    }
}
