//! `check` is exact: what it foresees is what `up` then does, from generated start states.
//!
//! `MAILPROV_SEED` chooses the states that are drawn (it is printed), `MAILPROV_STATES` how many there are,
//! `MAILPROV_ONLY` those with a text in their name, `MAILPROV_HOSTS` the hosts (mail1,mail2,mail3) to use.

mod draw;
mod ingredients;
mod real;
mod told;

use std::env;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use self::draw::{Start, starts};
use self::ingredients::{Ingredient, Make};
use self::told::{Run, Verdict};
use crate::guarantees;
use crate::support::{address, disk, fqdn, hosts, inventory, lab, mailprov, manifest, reset, with_status};

/// As many as every run of all tests has time for.
const STATES: usize = 45;

#[test]
#[expect(clippy::print_stderr, reason = "the seed is for whoever repeats this")]
fn check_is_exact_from_any_start_state() {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seed = number("MAILPROV_SEED").unwrap_or_else(now);
    let count = number("MAILPROV_STATES").and_then(|count| usize::try_from(count).ok()).unwrap_or(STATES);
    let again = format!("MAILPROV_SEED={seed} MAILPROV_STATES={count} lab exact");
    eprintln!("{again}");
    let mut states = starts(count, seed);
    if let Ok(only) = env::var("MAILPROV_ONLY") {
        states.retain(|state| state.name().contains(&only));
    }
    let hosts = hosts();
    let inventory = inventory("root");
    let left = Mutex::new(states.into_iter().rev().collect::<Vec<_>>());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for host in &hosts {
            let (inventory, left, done) = (&inventory, &left, &done);
            scope.spawn(move || {
                loop {
                    let next = left.lock().expect("no thread panics with it").pop();
                    let Some(state) = next else { break };
                    let verdict = examine(host, inventory, &state);
                    eprintln!("{}", line(&state, &verdict));
                    done.lock().expect("no thread panics with it").push((state.name(), verdict));
                }
            });
        }
    });
    let done = done.into_inner().expect("all threads are over");
    let sum = |of: fn(&Verdict) -> usize| done.iter().map(|(_, verdict)| of(verdict)).sum::<usize>();
    let mispredicted = sum(|verdict| usize::from(!verdict.mispredicted.is_empty()));
    eprintln!(
        "of them refused alike: {}, unknown results: {}",
        sum(|verdict| usize::from(verdict.refused)),
        sum(|verdict| verdict.unknown)
    );
    guarantees::tell("start states checked", done.len(), "mispredicted", mispredicted, &again);
    assert_eq!(mispredicted, 0, "see above; repeat with {again}");
}

fn line(state: &Start, verdict: &Verdict) -> String {
    let word = match verdict {
        verdict if !verdict.mispredicted.is_empty() => "WRONG",
        verdict if verdict.refused => "refused",
        _ => "exact",
    };
    let first = format!("{word:8}{:3} unknown  {}", verdict.unknown, state.name());
    // Whole files are among the values, and a host that was not taken back differs in hundreds of lines.
    let shown = verdict.mispredicted.iter().take(12).map(|line| line.chars().take(240).collect::<String>());
    let more = verdict.mispredicted.len().saturating_sub(12);
    let more = (more > 0).then(|| format!("and {more} more"));
    std::iter::once(first).chain(shown).chain(more).collect::<Vec<_>>().join("\n    ")
}

/// Makes the state on a host, looks ahead, goes ahead, and compares.
fn examine(host: &str, inventory: &str, state: &Start) -> Verdict {
    reset(&[host]);
    for ingredient in &state.ingredients {
        apply(host, inventory, ingredient);
    }
    let fqdn = fqdn(host);
    // Verification has tests of its own, and takes runs back from start states that it finds at fault.
    let skip = ["--skip-tags", "verify"];
    let run =
        |command: &str| mailprov(&[&[command, inventory, "--output", "json", "--limit", &fqdn], &skip[..]].concat());

    let before = disk(host);
    let check = run("check");
    let after = disk(host);
    let foreseen = Run::of(&check);
    let manifest_before = foreseen.failed().then(|| manifest(host));
    let up = run("up");
    let mut verdict = foreseen.compare(&Run::of(&up));
    let mut wrong = |line: String| verdict.mispredicted.push(line);

    if foreseen.is_empty() {
        wrong(format!("nothing was foreseen: {}{}", check.stdout, check.stderr));
    }
    for path in before.keys().chain(after.keys()).filter(|path| before.get(*path) != after.get(*path)) {
        wrong(format!("check wrote {path}: {:?}, {:?}", before.get(path), after.get(path)));
    }
    if check.status != up.status {
        wrong(format!("exit status {} was foreseen, {} came: {}", check.status, up.status, up.stderr));
    }
    if foreseen.failed() {
        let (left, right) = (manifest_before.unwrap_or_default(), manifest(host));
        let diff = similar::TextDiff::from_lines(&left, &right);
        for change in diff.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal) {
            wrong(format!("up left something: {}{}", change.tag(), change.value().trim_end()));
        }
    } else {
        real::differences(host, &foreseen.ends()).into_iter().for_each(&mut wrong);
        let again = run("up");
        for (_, task) in with_status(&again, "changed") {
            wrong(format!("the second run changed something: {task}"));
        }
        if again.status != 0 {
            wrong(format!("the second run ended with {}", again.status));
        }
    }
    verdict
}

fn apply(host: &str, inventory: &str, ingredient: &Ingredient) {
    let script = match ingredient.make {
        Make::Shell(script) => script,
        Make::Up(options, script) => {
            let fqdn = fqdn(host);
            mailprov(&[&["up", inventory, "--limit", &fqdn], options].concat()).succeeded();
            script
        }
    };
    let prelude = include_str!("exact/prelude.sh");
    let (fqdn, address) = (fqdn(host), address(host));
    let ran = lab(&["ssh", host, &format!("fqdn={fqdn} address={address}\n{prelude}\n{script}")]);
    assert_eq!(ran.status, 0, "{} cannot be made: {}{}", ingredient.name, ran.stdout, ran.stderr);
}
