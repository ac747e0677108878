//! Facts with Ansible's names, gathered natively: a few reads of `/etc`, `/proc` and `/sys` and one
//! `ip -j address`, in milliseconds, without Python.
//!
//! Reading is apart from parsing, so that every parser is a pure function with its own table.

mod network;
mod os;

use serde_json::{Map, Value, json};

use crate::host::{CommandSpec, Host};

/// Gathers the facts. What cannot be read is left out, as Ansible does: a template that needs it then
/// fails with the fact's name.
pub fn gather(host: &mut dyn Host, now: i64) -> Map<String, Value> {
    let mut facts = os::release(&text("/etc/os-release"));
    let uname = rustix::system::uname();
    let nodename = uname.nodename().to_string_lossy().into_owned();
    facts.extend(os::names(&nodename, &text("/etc/hosts")));
    facts.insert("kernel".into(), json!(uname.release().to_string_lossy()));
    facts.insert("system".into(), json!(uname.sysname().to_string_lossy()));
    facts.insert("architecture".into(), json!(uname.machine().to_string_lossy()));
    facts.insert("machine".into(), json!(uname.machine().to_string_lossy()));
    facts.extend(os::hardware(&text("/proc/meminfo"), &text("/proc/cpuinfo")));
    facts.insert("selinux".into(), os::selinux(&text("/sys/fs/selinux/enforce")));
    facts.insert("service_mgr".into(), json!(if exists("/run/systemd/system") { "systemd" } else { "service" }));
    facts.insert("pkg_mgr".into(), json!(if exists("/usr/bin/dnf") { "dnf" } else { "unknown" }));
    facts.insert(
        "virtualization_type".into(),
        json!(os::virtualization(&text("/run/systemd/container"), &text("/sys/class/dmi/id/product_name"))),
    );
    facts.insert("machine_id".into(), json!(text("/etc/machine-id").trim()));
    facts.insert("user_id".into(), json!(if rustix::process::geteuid().is_root() { "root" } else { "" }));
    facts.insert("user_uid".into(), json!(rustix::process::geteuid().as_raw()));
    facts.insert("date_time".into(), os::date_time(now));
    facts.insert("gather_subset".into(), json!(["all"]));
    if let Ok(output) = host.query(&CommandSpec::new(&["ip", "-j", "address", "show"])) {
        facts.extend(network::addresses(&output.stdout, &text("/proc/net/route"), &text("/proc/net/ipv6_route")));
    }
    facts
}

/// A small text file of the kernel's or the system's; empty when it cannot be read.
fn text(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn exists(path: &str) -> bool {
    std::path::Path::new(path).exists()
}
