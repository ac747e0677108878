//! A configuration of Postfix's tried out in a directory of its own, before the one that is in use is switched.
//!
//! Postfix's own programs are asked, with the files that would be in place: what they complain about that they do not
//! complain about now, is a reason not to switch. Maps that a task names are opened and asked, and the key must be that of
//! the certificate: `postfix check` and `postconf` find nothing wrong with either.

use super::certificate::is_key_of;
use super::spec::{ArgKind, ArgSpec};
use super::{Context, ModuleError};
use crate::event::Failure;
use crate::host::{CommandSpec, Content, FileState, HostError, Scratch, Scratched};
use crate::postfix::MainCf;

/// The argument of the modules whose files can be tried out.
pub(super) const PROVE: ArgSpec = ArgSpec::new(
    "prove",
    ArgKind::Bool,
    "Try the new file out before it takes the place of the old one: Postfix's programs have no complaint that they do not \
     have already, the maps named here can be opened and asked, and the key is that of the certificate.",
)
.default("no");

const MAIN_CF: &str = "main.cf";
const MASTER_CF: &str = "master.cf";

/// Maps that are read as text, and those that are read as a database beside the text (`DATABASE_README`).
const TEXT_MAPS: &[&str] = &["regexp", "pcre", "cidr", "texthash"];
const DATABASES: &[&str] = &["hash", "btree"];

/// What no table has, and every table can be asked for.
const ASKED: &str = "nobody@mailprov-selftest.invalid";

/// Reads the configuration, and no map.
const ASK_NOTHING: [&str; 6] = ["postmap", "-c", Scratch::HERE, "-q", "x", "static:x"];

/// Both files, as they are or as they would be.
struct Shadow {
    /// Where the files in use are.
    folder: String,
    main_cf: Vec<u8>,
    master_cf: Vec<u8>,
}

/// What a switch would do.
pub(super) struct Switch<'s> {
    /// The file that is switched.
    pub(super) path: &'s str,
    pub(super) before: &'s Content,
    pub(super) after: &'s Content,
    /// The values that the task sets: the maps in them are asked.
    pub(super) values: Vec<String>,
}

/// Tries a switch out. Nothing is tried where something cannot be known yet, or Postfix is not there.
pub(super) fn prove(context: &mut Context<'_>, switch: &Switch<'_>) -> Result<(), ModuleError> {
    let (Some(before), Some(after)) = (switch.before.bytes(), switch.after.bytes()) else { return Ok(()) };
    if context.host.packages_pending() {
        return Ok(());
    }
    // An instance of Postfix has both files in a folder of its own (`MULTI_INSTANCE_README`).
    let Some((folder, name)) = switch.path.rsplit_once('/') else { return Ok(()) };
    let is_main = name == MAIN_CF;
    let other = if is_main { MASTER_CF } else { MAIN_CF };
    let Some(other) = bytes(context, &format!("{folder}/{other}"))? else { return Ok(()) };
    let shadow = |own: &[u8]| {
        let (own, other) = (own.to_vec(), other.clone());
        let (main_cf, master_cf) = if is_main { (own, other) } else { (other, own) };
        Shadow { folder: folder.to_owned(), main_cf, master_cf }
    };
    let (old, new) = (shadow(before), shadow(after));
    let mut wrong = Vec::new();
    if before != after {
        wrong.extend(complaints(context, &old, &new)?);
    }
    wrong.extend(maps(context, &new, &switch.values)?);
    wrong.extend(key(context, &new)?);
    if wrong.is_empty() {
        return Ok(());
    }
    let failure = Failure {
        message: format!("switch {}: the new configuration does not hold", switch.path),
        causes: wrong,
        hints: vec!["the one in use was left as it is".to_owned()],
        ..Failure::default()
    };
    Err(ModuleError::Failed { failure: Box::new(failure), values: serde_json::Map::new() })
}

/// What Postfix's programs say to the new files and not to the old ones.
fn complaints(context: &mut Context<'_>, old: &Shadow, new: &Shadow) -> Result<Vec<String>, ModuleError> {
    let mut programs = vec![
        vec!["postconf", "-c", Scratch::HERE, "-n"],
        // Unlike postconf it looks at the network interfaces.
        ASK_NOTHING.to_vec(),
    ];
    if context.host.is_in_force() {
        // It makes directories of the queue that are missing.
        programs.push(vec!["postfix", "-c", Scratch::HERE, "check"]);
    }
    let mut wrong = Vec::new();
    for argv in programs {
        let said = says(context, new, &argv)?;
        if said.is_empty() {
            continue;
        }
        let before = says(context, old, &argv)?;
        wrong.extend(said.into_iter().filter(|line| !before.contains(line)));
    }
    Ok(wrong)
}

/// The complaints of one program.
fn says(context: &mut Context<'_>, shadow: &Shadow, argv: &[&str]) -> Result<Vec<String>, ModuleError> {
    let Some(done) = run(context, argv, shadow.files())? else { return Ok(Vec::new()) };
    let stderr = done.output.stderr_text();
    // `postfix check` looks at the files in use as well, and those are not on trial.
    let in_use = [MAIN_CF, MASTER_CF].map(|name| format!("{}/{name}", shadow.folder));
    let is_of_others = |line: &&str| in_use.iter().any(|path| line.contains(path));
    let mut lines: Vec<String> = stderr.lines().filter(|line| !is_of_others(line)).map(without_place).collect();
    if lines.is_empty() && done.output.status != 0 && argv.first() == Some(&"postfix") {
        lines.push(format!("`postfix check` ends with {}; the mail log says why", done.output.status));
    }
    Ok(lines)
}

impl Shadow {
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        vec![(MAIN_CF.to_owned(), self.main_cf.clone()), (MASTER_CF.to_owned(), self.master_cf.clone())]
    }
}

/// A line without what differs each time: the directory has another name, and lines above may have come or gone.
fn without_place(line: &str) -> String {
    let mut words = Vec::new();
    for word in line.split(' ') {
        let is_number = words.last().is_some_and(|before| before == "line")
            && word.trim_end_matches([':', ',']).parse::<u32>().is_ok();
        words.push(match word.rsplit_once('/') {
            Some((place, file)) if place.contains("/scratch-") => format!("/etc/postfix/{file}"),
            _ if is_number => word.replace(|c: char| c.is_ascii_digit(), ""),
            _ => word.to_owned(),
        });
    }
    words.join(" ").replace(", line :", ":").replace(", line ,", ",")
}

/// Runs a program of Postfix's; `None` when it is not installed.
fn run(
    context: &mut Context<'_>,
    argv: &[&str],
    files: Vec<(String, Vec<u8>)>,
) -> Result<Option<Scratched>, ModuleError> {
    match context.host.scratch(&Scratch { command: CommandSpec::new(argv), files, result: None }) {
        Err(HostError::NoSuchProgram(_)) => Ok(None),
        done => Ok(Some(done?)),
    }
}

/// Opens and asks each map in the values; what is wrong with any.
fn maps(context: &mut Context<'_>, shadow: &Shadow, values: &[String]) -> Result<Vec<String>, ModuleError> {
    let mut named: Vec<(String, String)> = values.iter().flat_map(|value| references(value)).collect();
    named.sort();
    named.dedup();
    let mut wrong = Vec::new();
    for (kind, path) in named {
        let (file, name) =
            if DATABASES.contains(&kind.as_str()) { (format!("{path}.db"), "map.db") } else { (path.clone(), "map") };
        let table = match context.file(&file)? {
            FileState::Regular { content: Content::Bytes(bytes), .. } => bytes.to_vec(),
            FileState::Absent => {
                wrong.push(format!("{kind}:{path}: there is no {file}"));
                continue;
            }
            FileState::Unknown | FileState::Regular { .. } => continue,
            _ => {
                wrong.push(format!("{kind}:{path}: {file} is not a regular file"));
                continue;
            }
        };
        let mut files = shadow.files();
        files.push((name.to_owned(), table));
        let map = format!("{kind}:map");
        let Some(done) = run(context, &["postmap", "-c", Scratch::HERE, "-q", ASKED, &map], files)? else { continue };
        let mut lines: Vec<String> = done.output.stderr_text().lines().map(without_place).collect();
        if !lines.is_empty() {
            // What is said of the configuration whatever map is asked is not the map's fault.
            let of_all = says(context, shadow, &ASK_NOTHING)?;
            lines.retain(|line| !of_all.contains(line));
        }
        wrong.extend(lines.into_iter().map(|line| format!("{kind}:{path}: {line}")));
    }
    Ok(wrong)
}

/// The files that a value names as maps: `hash:/etc/postfix/virtual`.
fn references(value: &str) -> Vec<(String, String)> {
    let words = value.split(|c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}'));
    let named = words.filter_map(|word| {
        let word = word.strip_prefix("proxy:").unwrap_or(word);
        let (kind, path) = word.split_once(':').filter(|(_, path)| path.starts_with('/'))?;
        let known = TEXT_MAPS.contains(&kind) || DATABASES.contains(&kind);
        known.then(|| (kind.to_owned(), path.to_owned()))
    });
    named.collect()
}

/// Whether the server's key is that of its certificate.
fn key(context: &mut Context<'_>, shadow: &Shadow) -> Result<Option<String>, ModuleError> {
    let Ok(main_cf) = MainCf::parse(&shadow.main_cf) else { return Ok(None) };
    let plain = |name: &str| main_cf.get(name).filter(|path| path.starts_with('/') && !path.contains('$'));
    let (Some(certificate), Some(key)) = (plain("smtpd_tls_cert_file"), plain("smtpd_tls_key_file")) else {
        return Ok(None);
    };
    let (Some(public), Some(private)) = (bytes(context, &certificate)?, bytes(context, &key)?) else {
        return Ok(None);
    };
    let fits = is_key_of(&public, &private);
    Ok((!fits).then(|| format!("the key in {key} is not that of the certificate in {certificate}")))
}

/// The bytes of a file, where they are known.
fn bytes(context: &mut Context<'_>, path: &str) -> Result<Option<Vec<u8>>, ModuleError> {
    Ok(match context.file(path)? {
        FileState::Regular { content: Content::Bytes(bytes), .. } => Some(bytes.to_vec()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::{references, without_place};

    #[test]
    fn maps_are_found_in_values() {
        for (value, expected) in [
            ("hash:/etc/aliases", vec![("hash", "/etc/aliases")]),
            ("inline:{ a=b }, proxy:hash:/a/b regexp:/c", vec![("hash", "/a/b"), ("regexp", "/c")]),
            ("check_client_access cidr:/x, permit", vec![("cidr", "/x")]),
            ("smtp:[h]:25", vec![]),
            ("unix:/run/x", vec![]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(kind, path)| (kind.to_owned(), path.to_owned())).collect();
            assert_eq!(references(value), expected, "{value}");
        }
    }

    #[test]
    fn lines_are_the_same_each_time() {
        let line = "postconf: warning: /run/mailprov/scratch-a1B2/main.cf: unused parameter: foo=bar";
        assert_eq!(without_place(line), "postconf: warning: /etc/postfix/main.cf: unused parameter: foo=bar");
        let line = "postconf: warning: /run/mailprov/scratch-a1B2/main.cf, line 17: overriding earlier entry: a=b";
        assert_eq!(without_place(line), "postconf: warning: /etc/postfix/main.cf: overriding earlier entry: a=b");
    }
}
