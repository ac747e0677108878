#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::json;

use crate::host::{Content, FileState, Key as ResourceKey, Meta, State};
use crate::hostplay::Mode;
use crate::modules::Module;
use crate::modules::bench::{Bench, keeps_the_law};
use crate::modules::certificate::{Key, KeyKind, make_key};

const PATH: &str = "/etc/opendkim/keys/mail.private";

fn args() -> serde_json::Value {
    json!({"path": PATH, "type": "ECC", "owner": "opendkim", "group": "opendkim"})
}

#[test]
fn a_key_is_made_where_there_is_none_and_nobody_is_shown_it() {
    let bench = |mode| Bench::new(mode, &|script| _ = script.dir("/etc/opendkim/keys"));
    keeps_the_law(&bench, Module::OpensslPrivatekey, &args()).unwrap();
    let mut bench = bench(Mode::Apply);
    let ran = bench.run(Module::OpensslPrivatekey, &args()).unwrap();
    assert_eq!(ran.changed_keys(), [format!("file:{PATH}")]);
    assert!(ran.changes.iter().all(|change| change.sensitive));
    let states = bench.host.script().states();
    let Some(State::File(FileState::Regular { content, meta })) = states.get(&ResourceKey::File(PATH.to_owned()))
    else {
        unreachable!("there is no key")
    };
    assert_eq!((meta.mode, meta.owner.to_string()), (0o600, "opendkim".to_owned()));
    assert!(Key::read(content.bytes().unwrap()).unwrap().suits(KeyKind::Ecdsa));
}

#[test]
fn a_key_that_is_there_is_kept_whatever_it_is() {
    let pem = make_key(KeyKind::rsa(None).unwrap()).unwrap().serialize_pem();
    let bench = |mode| {
        Bench::new(mode, &|script| {
            let state = FileState::Regular { content: Content::text(&pem), meta: Meta::root(0o640) };
            script.set(ResourceKey::File(PATH.to_owned()), State::File(state));
        })
    };
    keeps_the_law(&bench, Module::OpensslPrivatekey, &args()).unwrap();
    let mut bench = bench(Mode::Apply);
    bench.run(Module::OpensslPrivatekey, &args()).unwrap();
    assert_eq!(bench.host.script().text(PATH), Some(pem.clone()));
}

#[test]
fn what_is_no_key_is_not_written_over() {
    let mut bench = Bench::apply(&|script| _ = script.file(PATH, "notes\n"));
    let failure = bench.fails(Module::OpensslPrivatekey, &args());
    assert!(failure.contains("there is no readable key"), "{failure}");
    let failure = bench.fails(Module::OpensslPrivatekey, &json!({"path": PATH, "size": 1024}));
    assert!(failure.contains("must be 2048, 3072 or 4096"), "{failure}");
    let failure = bench.fails(Module::OpensslPrivatekey, &json!({"path": PATH, "type": "ECC", "size": 2048}));
    assert!(failure.contains("is for RSA keys"), "{failure}");
}
