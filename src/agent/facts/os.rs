//! Parsers for what the system says of itself.

use serde_json::{Map, Value, json};

/// os-release(5) as Ansible's `distribution*` and `os_family`.
pub(super) fn release(os_release: &str) -> Map<String, Value> {
    let field = |name: &str| {
        let line = os_release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(|value| value.trim().trim_matches(['"', '\'']).to_owned()).unwrap_or_default()
    };
    let (id, like, version) = (field("ID"), field("ID_LIKE"), field("VERSION_ID"));
    let distribution = match id.as_str() {
        "rocky" => "Rocky",
        "rhel" => "RedHat",
        "centos" => "CentOS",
        "almalinux" => "AlmaLinux",
        "ol" => "OracleLinux",
        "fedora" => "Fedora",
        "debian" => "Debian",
        "ubuntu" => "Ubuntu",
        other => other,
    };
    let family = if [id.as_str(), like.as_str()].iter().any(|ids| ids.contains("rhel") || ids.contains("fedora")) {
        "RedHat"
    } else if id == "debian" || like.contains("debian") {
        "Debian"
    } else {
        distribution
    };
    let release = field("VERSION").split_once('(').map(|(_, rest)| rest.trim_end_matches(')').to_owned());
    let major = version.split('.').next().unwrap_or_default();
    Map::from_iter([
        ("distribution".into(), json!(distribution)),
        ("distribution_version".into(), json!(version)),
        ("distribution_major_version".into(), json!(major)),
        ("distribution_release".into(), json!(release.unwrap_or_default())),
        ("os_family".into(), json!(family)),
    ])
}

/// `hostname`, `nodename`, `fqdn` and `domain`. The full name comes from the node name itself or from
/// `/etc/hosts`: the binary is static and asks no name service.
pub(super) fn names(nodename: &str, hosts: &str) -> Map<String, Value> {
    let short = nodename.split('.').next().unwrap_or_default();
    let fqdn = if nodename.contains('.') { nodename } else { canonical_name(nodename, hosts).unwrap_or(nodename) };
    let domain = fqdn.split_once('.').map_or("", |(_, domain)| domain);
    Map::from_iter([
        ("hostname".into(), json!(short)),
        ("nodename".into(), json!(nodename)),
        ("fqdn".into(), json!(fqdn)),
        ("domain".into(), json!(domain)),
    ])
}

/// The first name of the hosts(5) line that mentions `name`, if it is a full one.
fn canonical_name<'a>(name: &str, hosts: &'a str) -> Option<&'a str> {
    let mut lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let first = words.next()?;
        (first.contains('.') && (first == name || words.any(|word| word == name))).then_some(first)
    })
}

/// `memtotal_mb` and the processor counts.
pub(super) fn hardware(meminfo: &str, cpuinfo: &str) -> Map<String, Value> {
    let kib = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
    };
    let processors = cpuinfo.lines().filter(|line| line.starts_with("processor")).count().max(1);
    Map::from_iter([
        ("memtotal_mb".into(), json!(kib("MemTotal") / 1024)),
        ("memfree_mb".into(), json!(kib("MemFree") / 1024)),
        ("swaptotal_mb".into(), json!(kib("SwapTotal") / 1024)),
        ("processor_vcpus".into(), json!(processors)),
        ("processor_count".into(), json!(processors)),
    ])
}

/// `selinux` from the content of `/sys/fs/selinux/enforce`; empty where the kernel has none of it.
pub(super) fn selinux(enforce: &str) -> Value {
    match enforce.trim() {
        "1" => json!({"status": "enabled", "mode": "enforcing"}),
        "0" => json!({"status": "enabled", "mode": "permissive"}),
        _ => json!({"status": "disabled"}),
    }
}

/// `virtualization_type`: the container manager's name, or the hypervisor as DMI tells it.
pub(super) fn virtualization(container: &str, product: &str) -> String {
    if !container.trim().is_empty() {
        return container.trim().to_owned();
    }
    let product = product.trim();
    for (prefix, name) in [("KVM", "kvm"), ("Standard PC", "kvm"), ("VMware", "VMware"), ("VirtualBox", "virtualbox")] {
        if product.starts_with(prefix) {
            return name.to_owned();
        }
    }
    "NA".to_owned()
}

/// `date_time`, in UTC.
pub(super) fn date_time(now: i64) -> Value {
    use time::macros::format_description;
    let Ok(at) = time::OffsetDateTime::from_unix_timestamp(now) else { return json!({}) };
    let date = at.format(format_description!("[year]-[month]-[day]")).unwrap_or_default();
    let clock = at.format(format_description!("[hour]:[minute]:[second]")).unwrap_or_default();
    json!({
        "date": date, "time": clock, "epoch": now.to_string(), "iso8601": format!("{date}T{clock}Z"),
        "year": at.year().to_string(), "month": format!("{:02}", u8::from(at.month())), "day": format!("{:02}", at.day()),
        "tz": "UTC",
    })
}

#[cfg(test)]
mod tests {
    use super::{names, release, selinux};

    #[test]
    fn distributions_have_ansibles_names() {
        for (text, expected) in [
            (
                "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.10\"\nVERSION=\"8.10 (Green Obsidian)\"\n",
                ["Rocky", "8.10", "8", "Green Obsidian", "RedHat"],
            ),
            ("ID=debian\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\n", ["Debian", "12", "12", "bookworm", "Debian"]),
            ("", ["", "", "", "", ""]),
        ] {
            let facts = release(text);
            let keys = [
                "distribution",
                "distribution_version",
                "distribution_major_version",
                "distribution_release",
                "os_family",
            ];
            assert_eq!(keys.map(|key| facts[key].as_str().unwrap_or("?").to_owned()), expected);
        }
    }

    #[test]
    fn a_full_name_is_found_where_the_host_has_one() {
        let hosts = "127.0.0.1 localhost localhost.localdomain\n# 10.0.0.1 wrong.example mail\n192.0.2.11 mail.example.net mail\n";
        for (nodename, fqdn, domain) in
            [("mail", "mail.example.net", "example.net"), ("a.b.c", "a.b.c", "b.c"), ("alone", "alone", "")]
        {
            let facts = names(nodename, hosts);
            assert_eq!((facts["fqdn"].as_str(), facts["domain"].as_str()), (Some(fqdn), Some(domain)));
        }
    }

    #[test]
    fn selinux_modes() {
        assert_eq!(selinux("1\n")["mode"], "enforcing");
        assert_eq!(selinux("0")["mode"], "permissive");
        assert_eq!(selinux("")["status"], "disabled");
    }
}
