//! What is rendered from a secret is secret.

use std::sync::Arc;

use serde_json::json;

use super::{Engine, Layer, Vars, template};
use crate::veil::Veil;

#[test]
fn what_is_made_of_a_secret_is_hidden_too() {
    for (source, made, hidden) in [
        ("{{ sealed | b64encode }}", "aHVudGVyMi1odW50ZXIy", true),
        ("{{ ('me:' ~ sealed) | b64encode }}", "bWU6aHVudGVyMi1odW50ZXIy", true),
        ("{{ [sealed] | map('b64encode') | first }}", "aHVudGVyMi1odW50ZXIy", true),
        ("{{ sealed | hash('md5') | replace(sealed | hash('md5'), 'the same') }}", "the same", false),
        ("{{ sealed | regex_replace('-.*', '-and-more') }}", "hunter2-and-more", true),
        ("{{ 'nothing' | b64encode }}", "bm90aGluZw==", false),
        // The secret decides, and is no part of it.
        ("{{ sealed | ternary('with a login', 'without') }}", "with a login", false),
        ("{{ sealed | ansible.builtin.ternary(sealed | b64encode, '') }}", "aHVudGVyMi1odW50ZXIy", true),
        ("{{ sealed | type_debug }}", "str", false),
        // By the name of the variable, whatever its template says.
        ("{{ smtp_password }}", "from-elsewhere", true),
        ("{{ relay.token }}", "from-elsewhere/2", true),
        ("{{ smtp_password_file }}", "/from-elsewhere", false),
        ("{{ plain }}", "from-elsewhere", false),
    ] {
        let vars = json!({
            "sealed": "hunter2-hunter2", "elsewhere": "from-elsewhere", "plain": "{{ elsewhere }}",
            "smtp_password": "{{ elsewhere }}", "relay": {"token": "{{ elsewhere }}/2"},
            "smtp_password_file": "/{{ elsewhere }}",
        });
        let veil = Veil::over(["hunter2-hunter2".to_owned()]);
        let layer = Layer::Templates(Arc::new(vars.as_object().cloned().unwrap_or_default()));
        let rendered = Engine::new().render(&template(source), &Vars::veiled(vec![layer], veil.clone())).unwrap();
        assert_eq!(rendered, json!(made), "{source}");
        assert_eq!(veil.hides(rendered.as_str().unwrap()), hidden, "{source}");
    }
}
