//! What Ansible has and mailprov has not, and why: said where a template asks for it.

use super::TemplateError;

/// Filters, tests, lookups and functions by name, with the reason and what to do.
const TABLE: &[(&str, &str, &str)] = &[
    ("filter", "expanduser", RUNS_ON_CONTROLLER),
    ("filter", "expandvars", RUNS_ON_CONTROLLER),
    ("filter", "fileglob", RUNS_ON_CONTROLLER),
    ("filter", "realpath", RUNS_ON_CONTROLLER),
    ("filter", "random", CHANCE),
    ("filter", "shuffle", CHANCE),
    ("filter", "from_yaml_all", "give each document a file or variable of its own, and use from_yaml"),
    ("filter", "strftime", TIME),
    ("filter", "to_datetime", TIME),
    ("filter", "json_query", "use selectattr, map and the like"),
    ("filter", "unvault", VAULT),
    ("filter", "vault", VAULT),
    ("filter", "win_splitdrive", "use regex_replace"),
    ("filter", "urlize", WEB),
    ("filter", "xmlattr", WEB),
    ("test", "callable", "values of variables are data"),
    ("test", "escaped", WEB),
    ("test", "directory", FILES),
    ("test", "exists", FILES),
    ("test", "file", FILES),
    ("test", "is_dir", FILES),
    ("test", "is_file", FILES),
    ("test", "is_link", FILES),
    ("test", "is_mount", FILES),
    ("test", "is_same_file", FILES),
    ("test", "link", FILES),
    ("test", "link_exists", FILES),
    ("test", "mount", FILES),
    ("test", "same_file", FILES),
    ("test", "finished", ASYNC),
    ("test", "started", ASYNC),
    ("test", "timedout", ASYNC),
    ("test", "uri", "use the test `url`, or `match`"),
    ("test", "urn", "use the test `match`"),
    ("test", "vault_encrypted", VAULT),
    ("test", "vaulted_file", VAULT),
    ("lookup", "config", "mailprov has no configuration of Ansible's; use a variable"),
    ("lookup", "csvfile", ONE_FILE),
    ("lookup", "fileglob", ONE_FILE),
    ("lookup", "first_found", ONE_FILE),
    ("lookup", "ini", ONE_FILE),
    ("lookup", "lines", "run the program before, and give its output with --extra-vars"),
    ("lookup", "password", "keep the password in the inventory, in a vault"),
    ("lookup", "pipe", "run the program before, and give its output with --extra-vars"),
    ("lookup", "random_choice", CHANCE),
    ("lookup", "template", "use the module template"),
    ("lookup", "unvault", VAULT),
    ("lookup", "url", "fetch it before, and read it with lookup('file', ...)"),
    ("lookup", "inventory_hostnames", "use `groups['name']`"),
    ("lookup", "varnames", "name the variables, or keep them in one mapping"),
    ("function", "now", TIME),
    ("function", "undef", "leave the variable away"),
    ("function", "lipsum", WEB),
    ("function", "cycler", "use `loop.index` with `%`"),
    ("function", "joiner", "use `join`, or `loop.last`"),
];

const RUNS_ON_CONTROLLER: &str = "in Ansible it looks at the controller, and templates are rendered on the host here";
const FILES: &str = "in Ansible it looks at the controller's files; for those of the host use the module `stat`";
const CHANCE: &str = "what chance decides would be different in `check`, and in every run";
const TIME: &str =
    "what the time decides would be different in every run; the time of the facts is in `ansible_date_time`";
const VAULT: &str = "vault values of the inventory are decrypted before anything else";
const WEB: &str = "it makes HTML, which no module here needs";
const ASYNC: &str = "tasks are not run in the background here";
const ONE_FILE: &str = "name one file: lookup('file', ...)";

/// The error for a name that Ansible knows and mailprov does not; `None` if Ansible does not know it either.
pub(super) fn explain(kind: &str, name: &str) -> Option<TemplateError> {
    let bare = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("community.general."));
    let bare = bare.unwrap_or(name);
    let (_, _, why) = TABLE.iter().find(|(known, known_name, _)| *known == kind && *known_name == bare)?;
    Some(TemplateError::new(format!("Ansible's {kind} `{bare}` is not supported by mailprov")).hint(*why))
}
