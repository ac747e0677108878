//! The host that Postfix runs on: its name, its clock, its labels.

use std::collections::BTreeSet;
use std::path::Path;

use super::{Look, line};
use crate::host::{HostnameState, Key, State};
use crate::probe::{Finding, catalogue as c};

pub(super) fn look(look: &mut Look<'_>) {
    let finding = name(look);
    look.checks.add(&c::HOST_NAME, finding);
    if let Some(finding) = cloud(look) {
        look.checks.add(&c::HOST_CLOUD, finding);
    }
    let finding = clock(look);
    look.checks.add(&c::HOST_CLOCK, finding);
    if let Some(finding) = labels(look) {
        look.checks.add(&c::HOST_LABELS, finding);
    }
}

/// The static name, what `hostname -f` makes of it, and what /etc/hosts says of the server's name: a loopback address
/// there is what programs on the host would greet others with.
fn name(look: &mut Look<'_>) -> Finding {
    let fqdn = &look.spec.fqdn;
    let given = match look.host.read(&Key::Hostname) {
        Ok(State::Hostname(HostnameState { name, .. })) => name,
        Ok(_) => String::new(),
        Err(error) => return Finding::not_testable(error.to_string()),
    };
    let full = look.ask(&["hostname", "-f"]).map(|output| output.stdout_text()).unwrap_or_default();
    let hosts = look.file("/etc/hosts").map(|(bytes, _)| String::from_utf8_lossy(&bytes).into_owned());
    let listed = addresses_of(&hosts.unwrap_or_default(), fqdn);
    let loopback = listed.iter().any(|address| address.starts_with("127.") || address == "::1");
    let same = given.eq_ignore_ascii_case(fqdn) && full.eq_ignore_ascii_case(fqdn);
    let listed: Vec<String> = listed.into_iter().collect();
    let listed = if listed.is_empty() { "nothing".to_owned() } else { listed.join(", ") };
    Finding::when(
        same && !loopback,
        format!("the host's name is {given}, in full {full}; /etc/hosts has {listed} for {fqdn}"),
        format!(
            "`hostnamectl set-hostname {fqdn}`, and one line of /etc/hosts with the server's address and that name"
        ),
    )
}

/// The addresses of a name in hosts(5).
fn addresses_of(hosts: &str, name: &str) -> BTreeSet<String> {
    let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    let named = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then(|| address.to_owned())
    });
    named.collect()
}

/// cloud-init sets the host's name at every boot unless it is told not to (its module `set_hostname`).
fn cloud(look: &mut Look<'_>) -> Option<Finding> {
    const FOLDER: &str = "/etc/cloud/cloud.cfg.d";
    let (main, _) = look.file("/etc/cloud/cloud.cfg")?;
    let names = look.host.list_dir(FOLDER).unwrap_or_default();
    let parts = names
        .into_iter()
        .filter(|name| Path::new(name).extension().is_some_and(|end| end == "cfg"))
        .collect::<BTreeSet<_>>();
    let mut last = preserves(&main);
    for name in parts {
        // Later files win.
        last = look.file(&format!("{FOLDER}/{name}")).and_then(|(bytes, _)| preserves(&bytes)).or(last);
    }
    let evidence = match last {
        Some(true) => "preserve_hostname is true",
        Some(false) => "preserve_hostname is false",
        None => "preserve_hostname is not set",
    };
    let remedy =
        format!("put `preserve_hostname: true` into {FOLDER}/99-hostname.cfg, or the next boot renames the host");
    Some(Finding::when(last == Some(true), evidence, remedy))
}

fn preserves(bytes: &[u8]) -> Option<bool> {
    let text = String::from_utf8_lossy(bytes);
    let value = text.lines().filter_map(|line| line.strip_prefix("preserve_hostname:")).next_back()?;
    let word = value.split('#').next().unwrap_or_default().trim().to_ascii_lowercase();
    Some(matches!(word.as_str(), "true" | "yes" | "on" | "1"))
}

/// A wrong clock makes certificates invalid and `Date` headers wrong.
fn clock(look: &mut Look<'_>) -> Finding {
    let property = |look: &mut Look<'_>, name: &str| {
        look.ask(&["timedatectl", "show", "--value", "-p", name]).map(|output| output.stdout_text())
    };
    match (property(look, "NTPSynchronized"), property(look, "CanNTP")) {
        (Ok(is), _) if is == "yes" => Finding::good("synchronized"),
        (Ok(is), Ok(can)) if is == "no" && can == "yes" => {
            Finding::bad("not synchronized", "see `chronyc tracking`; start it with `systemctl enable --now chronyd`")
        }
        (Ok(_), Ok(_)) => Finding::not_testable("timedatectl knows no service that keeps the clock (chrony)"),
        (Err(error), _) | (_, Err(error)) => Finding::not_testable(error),
    }
}

/// What a program moved there from elsewhere keeps the label of where it was made, and Postfix may not read it.
fn labels(look: &mut Look<'_>) -> Option<Finding> {
    let (enforce, _) = look.file("/sys/fs/selinux/enforce")?;
    let names = look.host.list_dir("/etc/postfix").unwrap_or_default();
    let paths = names.into_iter().map(|name| format!("/etc/postfix/{name}"));
    let spec = look.spec;
    let paths: Vec<String> = paths.chain([spec.certificate.clone(), spec.key.clone()]).collect();
    let mut argv = vec!["matchpathcon", "-V"];
    argv.extend(paths.iter().map(String::as_str));
    let output = match look.ask(&argv) {
        Ok(output) => output,
        Err(error) => return Some(Finding::not_testable(error)),
    };
    let text = output.stdout_text();
    let wrong: Vec<&str> = text.lines().filter(|line| !line.ends_with(" verified.")).collect();
    let enforcing = if enforce.first() == Some(&b'1') { "enforcing" } else { "permissive" };
    let evidence = match wrong.first() {
        None => format!("{} files, SELinux is {enforcing}", paths.len()),
        Some(first) => format!("{} (SELinux is {enforcing})", line(first)),
    };
    Some(Finding::when(wrong.is_empty(), evidence, "`restorecon -Rv /etc/postfix`, and the same for the certificate"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fake::Fake;
    use crate::hostplay::Mode;
    use crate::verify::tests::{judged, spec};

    #[test]
    fn names_are_found_in_the_hosts_file() {
        let hosts = "127.0.0.1 localhost\n192.0.2.7\tmail.example.org mail # me\n::1 localhost MAIL.example.org\n#1.2.3.4 mail.example.org\n";
        let found: Vec<String> = addresses_of(hosts, "mail.example.org").into_iter().collect();
        assert_eq!(found, ["192.0.2.7", "::1"]);
    }

    #[test]
    fn the_last_word_to_cloud_init_counts() {
        for (main, part, expected) in [
            ("preserve_hostname: false\n", None, Some("warn")),
            ("preserve_hostname: false\n", Some("preserve_hostname: true # ours\n"), Some("pass")),
            ("users: []\n", None, Some("warn")),
            ("preserve_hostname: true\n", Some("preserve_hostname: no\n"), Some("warn")),
        ] {
            let mut fake = Fake::new(Mode::Apply);
            let script = fake.script();
            script.dir("/etc/cloud").dir("/etc/cloud/cloud.cfg.d").file("/etc/cloud/cloud.cfg", main);
            if let Some(part) = part {
                script.file("/etc/cloud/cloud.cfg.d/99-hostname.cfg", part);
            }
            assert_eq!(judged(&mut fake, &spec(), look, "host.cloud").as_deref(), expected, "{main}{part:?}");
        }
        assert_eq!(judged(&mut Fake::new(Mode::Apply), &spec(), look, "host.cloud"), None);
    }

    #[test]
    fn labels_are_asked_where_selinux_is() {
        let path = "/etc/postfix/main.cf";
        let argv = ["matchpathcon", "-V", path, "/etc/postfix/ssl/postfix.crt", "/etc/postfix/ssl/postfix.key"];
        for (answer, expected) in [
            (format!("{path} verified.\n"), "pass"),
            (format!("{path} has context user_tmp_t, should be postfix_etc_t\n"), "warn"),
        ] {
            let mut fake = Fake::new(Mode::Apply);
            let script = fake.script();
            script.dir("/sys/fs/selinux").dir("/etc/postfix").file("/sys/fs/selinux/enforce", "1").file(path, "");
            script.answer(&argv, &answer);
            assert_eq!(judged(&mut fake, &spec(), look, "host.labels").as_deref(), Some(expected), "{answer}");
        }
        assert_eq!(judged(&mut Fake::new(Mode::Apply), &spec(), look, "host.labels"), None);
    }
}
