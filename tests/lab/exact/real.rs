//! What a host really is like, read past mailprov.

use std::collections::BTreeMap;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::told::{After, Resource};
use crate::support::{lab, try_on};

/// Where a host's real state is not what was foreseen, a line each.
pub fn differences(host: &str, foreseen: &BTreeMap<Resource, After>) -> Vec<String> {
    let root = PathBuf::from(lab(&["path", "--root", host]).succeeded().stdout.trim().to_owned());
    let mut lines = Vec::new();
    for ((kind, name), end) in foreseen {
        let real = match kind.as_str() {
            "file" => file(&root, name),
            "unit" => unit(host, name),
            "package" => package(host, name),
            "hostname" => one("name", try_on(host, "hostnamectl --static").stdout.trim()),
            "firewall" => zone(host, name, end),
            other => one("kind", &format!("{other}, which nobody here can look at")),
        };
        for (property, value) in end {
            let is = real.get(property).cloned().flatten();
            // What is secret, or no text, is told by its size or not at all.
            let is_shown = value.as_deref() != Some("(hidden)") && !value.as_deref().is_some_and(is_size);
            if property != "exists" && is_shown && is != *value {
                lines.push(format!("{kind} {name} {property}: {value:?} was foreseen, {is:?} is there"));
            }
            if property == "exists" && kind == "file" && is != *value {
                lines.push(format!("{kind} {name}: exists: {value:?} was foreseen, {is:?} is true"));
            }
        }
    }
    lines
}

fn is_size(value: &str) -> bool {
    value.strip_suffix(" bytes").is_some_and(|number| number.parse::<u64>().is_ok())
}

fn one(property: &str, value: &str) -> After {
    After::from([(property.to_owned(), Some(value.to_owned()))])
}

fn file(root: &Path, path: &str) -> After {
    let Ok(path) = resolve(root, path) else { return one("exists", "false") };
    let Ok(meta) = path.symlink_metadata() else { return one("exists", "false") };
    let kind = meta.file_type();
    let word = if kind.is_dir() {
        "directory"
    } else if kind.is_symlink() {
        "link"
    } else if kind.is_fifo() {
        "fifo"
    } else {
        "file"
    };
    let mut real = one("type", word);
    real.extend(one("exists", "true"));
    real.extend(one("mode", &format!("{:04o}", meta.mode() & 0o7777)));
    real.extend(one("owner", &named(root, "etc/passwd", meta.uid())));
    real.extend(one("group", &named(root, "etc/group", meta.gid())));
    if kind.is_file() {
        let bytes = std::fs::read(&path).expect("root reads it");
        real.insert("content".to_owned(), String::from_utf8(bytes).ok());
    }
    if let Ok(target) = std::fs::read_link(&path) {
        real.extend(one("target", &target.to_string_lossy()));
    }
    real
}

/// The path below the host's root, with the links above its last part followed as the host would.
fn resolve(root: &Path, path: &str) -> std::io::Result<PathBuf> {
    let (above, last) = path.rsplit_once('/').expect("an absolute path");
    let mut place = root.to_owned();
    for part in above.split('/').filter(|part| !part.is_empty()) {
        place = match std::fs::read_link(place.join(part)) {
            Ok(target) if target.is_absolute() => root.join(target.strip_prefix("/").expect("absolute")),
            Ok(target) => place.join(target),
            Err(_) => place.join(part),
        };
    }
    place.symlink_metadata()?;
    Ok(place.join(last))
}

fn named(root: &Path, file: &str, id: u32) -> String {
    let text = std::fs::read_to_string(root.join(file)).expect("the host has users and groups");
    let of_id = |line: &&str| line.split(':').nth(2).is_some_and(|field| field == id.to_string());
    let name = text.lines().find(of_id).and_then(|line| line.split(':').next());
    name.map_or_else(|| id.to_string(), str::to_owned)
}

fn unit(host: &str, name: &str) -> After {
    let text = try_on(host, &format!("systemctl show -p ActiveState,UnitFileState -- {name}")).stdout;
    let property = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or("");
    let active = if property("ActiveState") == "active" { "yes" } else { "no" };
    After::from([
        ("enabled".to_owned(), Some(property("UnitFileState").to_owned())),
        ("active".to_owned(), Some(active.to_owned())),
    ])
}

fn package(host: &str, name: &str) -> After {
    let ran = try_on(
        host,
        &format!("rpm -q --qf '%|EPOCH?{{%{{EPOCH}}}}:{{0}}|:%{{VERSION}}-%{{RELEASE}}.%{{ARCH}}' {name}"),
    );
    After::from([("version".to_owned(), (ran.status == 0).then_some(ran.stdout))])
}

/// Of a zone, whether the elements that are asked about are there.
fn zone(host: &str, zone: &str, asked: &After) -> After {
    let services = |options: &str| {
        let text = try_on(host, &format!("firewall-cmd {options} --zone={zone} --list-services")).stdout;
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let offline = || {
        let text = try_on(host, &format!("firewall-offline-cmd --zone={zone} --list-services")).stdout;
        text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let runs = try_on(host, "firewall-cmd --state").status == 0;
    let (permanent, runtime) = if runs { (services("--permanent"), services("")) } else { (offline(), Vec::new()) };
    let is = |property: &String| {
        let element = property.rsplit(' ').next().unwrap_or_default().to_owned();
        let there = match property {
            property if property.contains("(permanent)") => permanent.contains(&element),
            property if property.contains("(runtime)") => runtime.contains(&element),
            _ => permanent.contains(&element) && runtime.contains(&element),
        };
        (property.clone(), Some(there.to_string()))
    };
    asked.keys().map(is).collect()
}
