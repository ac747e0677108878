//! What must hold for every file, checked against a second reading of it that shares no code with the editor:
//! Postfix's own `readllines` and `split_nameval`, transcribed a character at a time.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use proptest::prelude::*;

use super::value::clean;
use super::{MainCf, MasterCf, Service};

fn is_space(c: u8) -> bool {
    b" \t\n\x0b\x0c\r".contains(&c)
}

/// Postfix's `readllines`.
fn logical_lines(text: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let mut buffer = Vec::new();
        loop {
            let start = buffer.len();
            let mut ended = true;
            while at < text.len() {
                at += 1;
                if text[at - 1] == b'\n' {
                    ended = false;
                    break;
                }
                buffer.push(text[at - 1]);
            }
            let visible = buffer[start..].iter().copied().find(|&c| !is_space(c));
            if visible.is_none_or(|c| c == b'#') {
                buffer.truncate(start);
            }
            if ended {
                break;
            }
            if !buffer.is_empty() && text.get(at).is_none_or(|&next| next != b'#' && !is_space(next)) {
                break;
            }
        }
        if buffer.first().is_some_and(|&c| !is_space(c)) {
            lines.push(buffer);
        }
    }
    lines
}

/// What Postfix takes from a `main.cf`, white space in values reduced; `None` when it would not start.
fn parameters(text: &[u8]) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for line in logical_lines(text) {
        let line = String::from_utf8(line).ok()?;
        let (name, value) = line.split_once('=')?;
        let name = name.trim_end();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        let value: Vec<_> = value.split_whitespace().collect();
        found.insert(name.to_owned(), value.join(" "));
    }
    Some(found)
}

fn comments(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    text.lines().map(str::trim).filter(|line| line.starts_with('#')).map(str::to_owned).collect()
}

/// Lines as they are met in real files, and as nobody would write them.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => "(a|b|c|inet_interfaces)( |)=( |\t|)[a-z$, ]{0,12}\n",
        2 => "[ \t]{1,3}[a-z,=#]{0,8}\n",
        2 => "#(a|b|c)( |)= ?[a-z]{0,5}\n",
        1 => "# [a-z =]{0,10}\n",
        1 => "[ \t]{0,2}\n",
        1 => "[ \t]{1,2}#[a-z]{0,4}\n",
    ];
    (prop::collection::vec(line, 0..12), any::<bool>()).prop_map(|(lines, whole)| {
        let text = lines.concat();
        if whole { text } else { text.trim_end_matches('\n').to_owned() }
    })
}

#[derive(Debug, Clone)]
enum Edit {
    Set(String, String),
    Unset(String),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let name = "(a|b|c|d|inet_interfaces)";
    let edit = prop_oneof![
        3 => (name, "([a-z,{}:/]|\\$[a-z]|\\$\\$|\\$\\{a\\}){1,4}( [a-z]{1,3}){0,2}|").prop_map(|(name, value)| Edit::Set(name, value)),
        1 => name.prop_map(Edit::Unset),
    ];
    prop::collection::vec(edit, 1..5)
}

fn apply(file: &mut MainCf, edits: &[Edit]) -> Result<bool, TestCaseError> {
    let mut changed = false;
    for edit in edits {
        let result = match edit {
            Edit::Set(name, value) => file.set(name, value),
            Edit::Unset(name) => file.unset(name),
        };
        changed |= result.map_err(|error| TestCaseError::fail(error.to_string()))?;
    }
    Ok(changed)
}

proptest! {
    #[test]
    fn an_unedited_file_keeps_its_bytes(bytes in prop::collection::vec(prop::sample::select(b"ab= \t\n#\r\xe3".as_slice()), 0..60)) {
        if let Ok(file) = MainCf::parse(&bytes) {
            prop_assert_eq!(file.to_bytes(), bytes.clone());
        }
        prop_assert_eq!(MasterCf::parse(&bytes).to_bytes(), bytes);
    }

    #[test]
    fn postfix_reads_what_was_set(text in lines(), edits in edits()) {
        let before = parameters(text.as_bytes());
        let parsed = MainCf::parse(text.as_bytes());
        prop_assert_eq!(parsed.is_ok(), before.is_some(), "{:?}", parsed);
        let (Ok(mut file), Some(mut expected)) = (parsed, before.clone()) else { return Ok(()) };
        let changed = apply(&mut file, &edits)?;
        for edit in &edits {
            match edit {
                Edit::Set(name, value) => {
                    let value = clean(name, value).map_err(|error| TestCaseError::fail(error.to_string()))?;
                    expected.insert(name.clone(), value);
                }
                Edit::Unset(name) => {
                    expected.remove(name);
                }
            }
        }
        let edited = file.to_bytes();
        prop_assert_eq!(parameters(&edited), Some(expected.clone()), "{}", String::from_utf8_lossy(&edited));
        for (name, value) in &expected {
            prop_assert_eq!(file.get(name), Some(value.clone()));
        }
        // No change is reported where none was made, and none is hidden.
        prop_assert!(changed || edited == text.as_bytes());

        // Comments survive, and nothing but the parameters named was touched.
        prop_assert_eq!(comments(&edited), comments(text.as_bytes()));

        // One line a parameter is left of those that were set.
        let lines = logical_lines(&edited);
        for edit in &edits {
            let (Edit::Set(name, _) | Edit::Unset(name)) = edit;
            let count = lines.iter().filter(|line| {
                let line = String::from_utf8_lossy(line).into_owned();
                line.split('=').next().is_some_and(|found| found.trim_end() == name)
            });
            prop_assert!(count.count() <= 1);
        }
    }

    #[test]
    fn a_second_edit_changes_no_byte(text in lines(), edits in edits()) {
        let Ok(mut file) = MainCf::parse(text.as_bytes()) else { return Ok(()) };
        // Of several edits of one name the last one is the wish.
        let mut wishes: BTreeMap<String, Edit> = BTreeMap::new();
        for edit in edits {
            let (Edit::Set(name, _) | Edit::Unset(name)) = &edit;
            wishes.insert(name.clone(), edit.clone());
        }
        let wishes: Vec<_> = wishes.into_values().collect();
        apply(&mut file, &wishes)?;
        let once = file.to_bytes();
        let mut again = MainCf::parse(&once).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert!(!apply(&mut again, &wishes)?);
        prop_assert_eq!(again.to_bytes(), once);
    }

    #[test]
    fn a_service_is_read_as_it_was_written(
        before in prop::collection::vec("(smtp|#?submission) +(inet|unix) +n - n - - smtpd( -v| -o a=b)?\n(  -o c=d\n|#  -o e=f\n){0,2}", 0..5),
        wakeup in "[0-9]{1,3}\\??|-",
        command in "smtpd( -v)?|pipe flags=R user=vmail argv=/bin/x -o y",
        options in prop::collection::vec(("[a-z]{1,4}", "[a-z,]{0,4}|[a-z]{1,2} [a-z]{1,2}|\\$\\{[a-z]{1,3} [a-z]\\}"), 0..3),
    ) {
        let text = before.concat();
        let mut service = Service { name: "submission".into(), kind: "inet".into(), ..Service::default() };
        service.columns = ["n", "-", "n", wakeup.as_str(), "-"].map(str::to_owned);
        service.set_command(&command);
        for (name, value) in &options {
            prop_assert_eq!(service.add_option(name, value), Ok(()));
        }
        let mut file = MasterCf::parse(text.as_bytes());
        file.set(&service);
        let edited = file.to_bytes();

        let read = MasterCf::parse(&edited);
        let found = read.get("submission", "inet");
        prop_assert!(found.is_some_and(|found| found.means_the_same(&service)), "{}", String::from_utf8_lossy(&edited));
        prop_assert!(!MasterCf::parse(&edited).set(&service));
        prop_assert_eq!(comments(&edited), comments(text.as_bytes()));

        // Every other entry is what it was, and there is one of this name.
        let others = |text: &[u8]| -> Vec<_> {
            let lines = logical_lines(text).into_iter().map(|line| String::from_utf8_lossy(&line).into_owned());
            let words = lines.map(|line| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
            words.filter(|words| words[0] != "submission" || words[1] != "inet").collect()
        };
        prop_assert_eq!(others(&edited), others(text.as_bytes()));
        prop_assert_eq!(logical_lines(&edited).len(), others(&edited).len() + 1);

        let mut gone = read;
        prop_assert!(gone.unset("submission", "inet"));
        prop_assert_eq!(others(&gone.to_bytes()), others(text.as_bytes()));
        prop_assert_eq!(gone.get("submission", "inet"), None);
    }
}

/// A file of the stock EL8 package, which is not part of this project; `None` where it is not at hand.
fn stock(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/el8").join(name);
    let bytes = std::fs::read(&path).ok();
    if bytes.is_none() {
        // Directly: what a test that passes prints is kept from whoever runs it.
        let _ = std::io::stderr().write_all(format!("skipped: no {}\n", path.display()).as_bytes());
    }
    bytes
}

/// The lines that were added, as a person would see them in a diff.
fn added(before: &[u8], after: &[u8]) -> Vec<String> {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    let diff = similar::TextDiff::from_lines(before.as_ref(), after.as_ref());
    let changes = diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
    changes.map(|change| format!("{}{}", change.tag(), change.value().trim_end())).collect()
}

#[test]
fn the_stock_main_cf_is_edited_in_place() -> Result<(), Box<dyn std::error::Error>> {
    let Some(stock) = stock("main.cf") else { return Ok(()) };
    let mut file = MainCf::parse(&stock)?;
    assert_eq!(file.get("inet_interfaces").as_deref(), Some("localhost"));
    assert_eq!(file.get("debugger_command").map(|value| value.contains("ddd $daemon_directory")), Some(true));
    assert_eq!(file.to_bytes(), stock);

    assert!(file.set("inet_interfaces", "all")?);
    assert!(!file.set("inet_protocols", "all")?);
    assert!(file.set("myhostname", "mail.example.com")?);
    assert!(file.set("smtpd_helo_required", "yes")?);
    assert!(file.unset("debugger_command")?);
    let edited = file.to_bytes();
    assert_eq!(
        added(&stock, &edited),
        [
            "+myhostname = mail.example.com",
            "-inet_interfaces = localhost",
            "+inet_interfaces = all",
            "-debugger_command =",
            "-\t PATH=/bin:/usr/bin:/usr/local/bin:/usr/X11R6/bin",
            "-\t ddd $daemon_directory/$process_name $process_id & sleep 5",
            "+smtpd_helo_required = yes",
        ]
    );
    let text = String::from_utf8(edited)?;
    assert!(text.contains("#myhostname = virtual.domain.tld\nmyhostname = mail.example.com\n"));
    assert!(text.ends_with("\nsmtpd_helo_required = yes\n"));
    Ok(())
}

#[test]
fn the_stock_master_cf_gets_a_submission_service() -> Result<(), Box<dyn std::error::Error>> {
    let Some(stock) = stock("master.cf") else { return Ok(()) };
    let mut file = MasterCf::parse(&stock);
    let smtp = file.get("smtp", "inet").ok_or("no smtp inet")?;
    assert!(!file.set(&smtp), "an entry that is there already is no change");
    assert!(
        file.get("relay", "unix")
            .is_some_and(|relay| relay.options == [("syslog_name".into(), "postfix/$service_name".into())])
    );
    assert_eq!(file.get("submission", "inet"), None);

    let mut service = Service { name: "submission".into(), kind: "inet".into(), ..smtp };
    service.add_option("syslog_name", "postfix/submission")?;
    service.add_option("smtpd_client_restrictions", "permit_mynetworks, reject")?;
    assert!(file.set(&service));
    assert_eq!(
        added(&stock, &file.to_bytes()),
        [
            "+submission inet n       -       n       -       -       smtpd",
            "+  -o syslog_name=postfix/submission",
            "+  -o { smtpd_client_restrictions = permit_mynetworks, reject }",
        ]
    );
    let text = String::from_utf8(file.to_bytes())?;
    assert!(text.contains("#  -o milter_macro_daemon_name=ORIGINATING\nsubmission inet n "));
    assert!(file.unset("submission", "inet"));
    assert_eq!(file.to_bytes(), stock);
    Ok(())
}

#[test]
fn what_postfix_cannot_read_is_named() {
    for (text, line, problem) in [
        ("a = b\n\n  c\njunk\n", 4, "missing '=' after attribute name"),
        ("= b\n", 1, "missing attribute name"),
        ("two words = b\n", 1, "missing '=' after attribute name"),
    ] {
        let error = MainCf::parse(text.as_bytes()).err();
        assert_eq!(error.map(|error| (error.line, error.problem)), Some((line, problem)), "{text:?}");
    }
}

#[test]
fn duplicates_leave_the_line_that_counts() -> Result<(), Box<dyn std::error::Error>> {
    let mut file = MainCf::parse(b"a = 1\nb = 2\na = 3,\n  # why\n  4\n")?;
    assert_eq!(file.get("a").as_deref(), Some("3, 4"));
    assert!(file.set("a", "3,  4")?);
    assert_eq!(String::from_utf8(file.to_bytes())?, "b = 2\na = 3,\n  # why\n  4\n");
    assert!(file.set("a", "5")?);
    assert_eq!(String::from_utf8(file.to_bytes())?, "b = 2\n  # why\na = 5\n");
    assert!(!file.set("a", "5")?);
    assert!(file.set("a", "may # or encrypt").is_err());
    Ok(())
}
