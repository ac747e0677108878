//! Arguments that Ansible's modules have and ours have not, and why: said where a playbook gives one.

/// Of which modules, which argument, and why not or what instead.
const TABLE: &[(&[&str], &str, &str)] = &[
    (FILES, "backup", "what was there is kept in the journal of the run, and `mailprov rollback` puts it back"),
    (FILES, "validate", "check what was written in a task of its own; a failed task takes the whole run back"),
    (FILES, "unsafe_writes", "files are always replaced as a whole"),
    (FILES, "attributes", CHATTR),
    (FILES, "attr", CHATTR),
    (FILES, "selevel", LABELS),
    (FILES, "serole", LABELS),
    (FILES, "setype", LABELS),
    (FILES, "seuser", LABELS),
    (FILES, "follow", "a symbolic link is never followed, since who owns its folder could choose what is written"),
    (&["copy"], "remote_src", "a file of the host is copied with the module command and `creates`"),
    (&["copy"], "decrypt", VAULT),
    (&["copy"], "directory_mode", "folders are made with the module file"),
    (&["copy"], "local_follow", "links in the playbook's folder are followed"),
    (&["copy"], "checksum", "the content travels with the play and is checked on its way"),
    (&["template"], "lstrip_blocks", JINJA),
    (&["template"], "trim_blocks", JINJA),
    (&["template"], "newline_sequence", JINJA),
    (&["template"], "output_encoding", "files are written in UTF-8"),
    (&["template"], "block_start_string", JINJA),
    (&["template"], "block_end_string", JINJA),
    (&["template"], "variable_start_string", JINJA),
    (&["template"], "variable_end_string", JINJA),
    (&["template"], "comment_start_string", JINJA),
    (&["template"], "comment_end_string", JINJA),
    (&["lineinfile"], "encoding", "files are read and written in UTF-8"),
    (&["file"], "recurse", "name each path in a loop: what else is below a folder is not seen in the plan otherwise"),
    (&["file"], "modification_time", TIMES),
    (&["file"], "modification_time_format", TIMES),
    (&["file"], "access_time", TIMES),
    (&["file"], "access_time_format", TIMES),
    (&["dnf"], "list", "the module command runs `dnf list`"),
    (&["dnf"], "update_cache", DNF),
    (&["dnf"], "enablerepo", DNF),
    (&["dnf"], "disablerepo", DNF),
    (&["dnf"], "exclude", DNF),
    (&["dnf"], "disable_gpg_check", "packages without a good signature are not installed"),
    (&["dnf"], "sslverify", "packages are not fetched from servers without a good certificate"),
    (&["dnf"], "validate_certs", "packages are not fetched from servers without a good certificate"),
    (&["dnf"], "autoremove", "what would go with it cannot be told before"),
    (&["dnf"], "security", "updates belong to the host's own dnf-automatic"),
    (&["dnf"], "bugfix", "updates belong to the host's own dnf-automatic"),
    (&["dnf"], "installroot", "mailprov works on the host itself"),
    (&["dnf"], "download_only", "a download is no state of the host"),
    (&["dnf"], "allow_downgrade", DNF),
    (&["dnf"], "install_weak_deps", DNF),
    (&["service"], "runlevel", "systemd has none"),
    (&["service"], "sleep", "systemd waits for what it has to"),
    (&["service"], "pattern", "systemd knows its processes"),
    (&["service"], "use", "the host is run by systemd"),
    (&["service"], "arguments", "arguments stand in the unit"),
    (&["service"], "scope", "only units of the system are managed"),
    (&["service"], "force", "systemd is asked through systemctl, which refuses what would do harm"),
    (&["service"], "no_block", "a task is done when its service has started"),
    (&["command"], "warn", "Ansible itself has taken it away"),
    (&["command"], "expand_argument_vars", "no shell is involved, and nothing is expanded"),
    (&["command"], "executable", "no shell is involved"),
    (&["command"], "strip_empty_ends", "empty lines at the ends of an output are always taken away"),
];

const FILES: &[&str] = &["copy", "template", "lineinfile", "file"];
const LABELS: &str = "SELinux labels are those of the host's policy, restored after each change";
const CHATTR: &str = "run chattr with the module command";
const JINJA: &str = "templates have Ansible's defaults: `trim_blocks`, and `{{ }}`, `{% %}`, `{# #}`";
const TIMES: &str = "times of files are not managed";
const DNF: &str =
    "packages are installed as dnf.conf and the repositories of the host say; change those with the module copy";
const VAULT: &str = "a file that travels as it is may be encrypted; keep secrets in vault values of the inventory";

/// Why a module has no such argument; `None` if Ansible's has none either.
pub(super) fn why(module: &str, argument: &str) -> Option<&'static str> {
    let (_, _, why) = TABLE.iter().find(|(modules, name, _)| modules.contains(&module) && *name == argument)?;
    Some(why)
}

#[cfg(test)]
mod tests {
    use super::TABLE;
    use crate::modules::Module;

    #[test]
    fn what_is_supported_is_not_called_unsupported() {
        for (modules, argument, _) in TABLE {
            for name in *modules {
                let module = Module::from_name(name);
                assert!(module.is_some_and(|module| module.spec().arg(argument).is_none()), "{name}: {argument}");
            }
        }
    }
}
