//! `--report` and `--junit`: what is written of a run, and how a real browser shows it.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::os::unix::fs::PermissionsExt;

use crate::world::{Outcome, World};
use crate::{browser, recorded};

/// A world in which a run of such hosts was written as a page and as XML.
fn written(hosts: &[&str]) -> (World, Outcome) {
    let world = World::new().file("run.json", &recorded::run(hosts));
    let ran = world.run("report merge run.json --report page.html --junit tests.xml -q");
    (world, ran)
}

/// Everything that a person looks for, counted where it can be seen.
const PARTS: &str = "
    const seen = what => [...page.querySelectorAll(what)].filter(part => part.getClientRects().length).length;
    const words = [...page.querySelectorAll('body *')].filter(part => part.getClientRects().length && part.children.length == 0);
    const sizes = words.map(word => parseFloat(page.defaultView.getComputedStyle(word).fontSize));
    return {
      hosts: seen('#summary tr'), tasks: seen('#matrix tbody tr'), failed: seen('#matrix td.failed'),
      lanes: seen('#timeline .lane'), bars: seen('#timeline rect'), added: seen('.diff ins'), removed: seen('.diff del'),
      checks: seen('.verify tr'), evidence: seen('.verify p'), pictures: seen('.flow'), nodes: seen('.flow .node'),
      tls: [...page.querySelectorAll('.hops li')].filter(hop => hop.textContent.includes('TLSv1.3')).length,
      trouble: seen('.trouble'), scripts: page.scripts.length,
      loaded: page.defaultView.performance.getEntriesByType('resource').length,
      wider: page.scrollingElement.scrollWidth - page.scrollingElement.clientWidth,
      smallest: Math.min(...sizes),
    };";

#[test]
fn a_browser_shows_every_part_on_a_desk_and_on_a_phone() {
    let (world, ran) = written(&["up", "failed", "unreachable"]);
    assert_eq!(ran.code, Some(4), "{ran}");
    for width in [1280, 375] {
        let Some(found) = browser::find(world.path(), "page.html", width, PARTS) else { return };
        let is = |part: &str| found[part].as_f64().unwrap();
        let exact = [
            ("hosts", 3.0),
            ("failed", 1.0),
            ("lanes", 3.0),
            ("pictures", 2.0),
            ("nodes", 6.0),
            ("trouble", 2.0),
            ("scripts", 0.0),
            ("loaded", 0.0),
            ("wider", 0.0),
        ];
        for (part, expected) in exact {
            assert!((is(part) - expected).abs() < 0.5, "{part} at {width}: {found}");
        }
        let least = [
            ("tasks", 30.0),
            ("bars", 40.0),
            ("added", 20.0),
            ("removed", 2.0),
            ("checks", 120.0),
            ("evidence", 120.0),
            ("tls", 6.0),
            ("smallest", 11.0),
        ];
        for (part, expected) in least {
            assert!(is(part) >= expected, "{part} at {width}: {found}");
        }
    }
}

#[test]
fn what_is_folded_on_a_screen_is_on_paper() {
    let (world, _) = written(&["up"; 12]);
    let folded = "return [...page.querySelectorAll('details.host')].filter(host => !host.open).length";
    let Some(folded) = browser::find(world.path(), "page.html", 1280, folded) else { return };
    assert_eq!(folded, 12);
    let pages = browser::printed(world.path(), "page.html").unwrap();
    assert!(pages > 24, "{pages} pages for twelve hosts");
}

#[test]
fn the_page_needs_nothing_from_elsewhere_and_belongs_to_its_owner() {
    let (world, _) = written(&["up", "failed"]);
    let page = world.text("page.html");
    assert!(page.contains("mail1.mydomain.local") && page.contains("mail2.mydomain.local"), "{page}");
    for wanting in ["<script", "src=", "<link", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(wanting), "{wanting}");
    }
    for file in ["page.html", "tests.xml"] {
        let mode = world.path().join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn test_reports_are_xml_that_counts_right() {
    let (world, _) = written(&["up", "failed", "unreachable"]);
    let xml = world.text("tests.xml");
    for (tag, count) in [("<testsuite ", 3), ("<failure ", 1), ("<error ", 1)] {
        assert_eq!(xml.matches(tag).count(), count, "{tag}\n{xml}");
    }
    let cases = xml.matches("<testcase ").count();
    let told = xml.split("tests=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse::<usize>().unwrap());
    assert_eq!(told.sum::<usize>(), cases);
    assert!(cases > 100, "{cases}");
    let wrong =
        "return page.querySelectorAll('parsererror').length + (page.documentElement.tagName == 'testsuites' ? 0 : 1)";
    if let Some(wrong) = browser::find(world.path(), "tests.xml", 800, wrong) {
        assert_eq!(wrong, 0);
    }
}

#[test]
fn runs_of_every_kind_are_written() {
    for (recorded, says) in
        [("check", "mailprov check"), ("verify", "mailprov verify"), ("rollback", "mailprov rollback")]
    {
        let (world, ran) = written(&[recorded, recorded]);
        assert_eq!(ran.code, Some(0), "{ran}");
        assert!(world.text("page.html").contains(says), "{says}");
        // Whoever gets the page does not take what would be for what was.
        let looked = recorded != "rollback";
        assert_eq!(world.text("page.html").contains("nothing was changed"), looked, "{says}");
        assert_eq!(world.text("page.html").contains("17 would change"), recorded == "check", "{says}");
        assert_eq!(world.text("page.html").contains("<title>put back package postfix: "), !looked, "{says}");
        assert!(world.text("tests.xml").contains("<testsuite name=\"mail2.mydomain.local\""));
    }
}

#[test]
fn a_place_that_is_not_there_is_told_before_any_host_is_asked() {
    let world = World::new()
        .file("inventory.yaml", "all: {hosts: {mx1.example.net: {ansible_ssh_executable: ./ssh}}}")
        .program("ssh", "touch asked; exit 255");
    for line in ["check --report nowhere/page", "verify --junit nowhere/page"] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(world.run(line), @r"
            ----- stderr
            error: cannot write nowhere/page
             |
             = help: nowhere is no folder
            ----- exit code 3
            ");
        }
    }
    let world = world.file("folder/x", "");
    insta::assert_snapshot!(world.run("check --report folder"), @r"
    ----- stderr
    error: cannot write folder
     |
     = help: folder is a folder: name a file in it
    ----- exit code 3
    ");
    for line in ["check --report run --junit ./run", "check --out folder/run --junit folder/../folder/run"] {
        let ran = world.run(line);
        assert_eq!(ran.code, Some(64), "{ran}");
        assert!(ran.stderr.contains("name the same file"), "{ran}");
    }
    assert!(!world.path().join("asked").exists());
}

#[test]
fn a_page_that_cannot_be_written_in_the_end_costs_nothing_else() {
    let world = World::new()
        .file("inventory.yaml", "all: {hosts: {mx1.example.net: {ansible_ssh_executable: ./ssh}, mx2.example.net: {}}}")
        .file("play.yaml", "- hosts: mx1.example.net\n  tasks:\n    - ping:\n")
        .program("ssh", "mkdir -p page; echo refused >&2; exit 255");
    let ran = world.run("up --playbook play.yaml --report page --junit tests.xml");
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("error: cannot write page"), "{ran}");
    assert!(ran.stdout.contains("1 host could not be reached"), "{ran}");
    assert!(world.text("tests.xml").contains("<error "), "the other file is written");
    let again = world.run("up --playbook play.yaml --retry-failed --list-hosts");
    assert!(again.stdout.contains("mx1.example.net"), "what failed is known: {again}");
    let part = world.run("up --playbook play.yaml --retry-failed --shard 2/2");
    insta::assert_snapshot!(part, @r"
    ----- stderr
    error: no host is left by --retry-failed: none of those that failed the last time is selected (mx1.example.net)
     |
     = help: the part --shard 2/2 has none of them
    ----- exit code 3
    ");
}
