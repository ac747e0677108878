//! Start states: each ingredient alone, pairs that matter, and mixtures drawn from a seed.

use super::ingredients::{ALONE, INGREDIENTS, Ingredient, PACKAGE};
use crate::random::Random;

/// Ingredients that together are more than each alone.
const PAIRS: &[&[&str]] = &[
    &[],
    &["postfix installed", "main.cf by hand: comments, continuation lines, duplicates"],
    &["postfix running", "firewalld stopped"],
    &["postfix running", "a certificate of another key"],
    &["postfix installed", "main.cf begins with a continuation line"],
    &["postfix installed", "main.cf is missing"],
    &["postfix installed", "main.cf is a directory"],
    &["postfix installed", "sender_canonical is a link"],
    &["postfix installed", "master.cf of another mode"],
    &["provisioned", "SMTP is open until the next start"],
    &["provisioned", "an expired certificate by an authority"],
    &["provisioned", "virtual.db older than its text"],
    &["provisioned", "main.cf of another mode and owner"],
    &["provisioned", "the certificate's directory is a link"],
    &["provisioned", "/etc/postfix is a link to a directory"],
    &["provisioned", "aliases newer than its database"],
];

/// A start state.
#[derive(Debug, Clone)]
pub struct Start {
    /// In the order of the table.
    pub ingredients: Vec<Ingredient>,
}

impl Start {
    fn of(names: &[&str]) -> Self {
        let found = |name: &&str| INGREDIENTS.iter().find(|ingredient| ingredient.name == *name).copied();
        Self { ingredients: names.iter().map(|name| found(name).expect("a pair names ingredients")).collect() }
    }

    /// Its name.
    pub fn name(&self) -> String {
        let names: Vec<_> = self.ingredients.iter().map(|ingredient| ingredient.name).collect();
        if names.is_empty() { "bare".to_owned() } else { names.join(" + ") }
    }
}

/// `count` states: all the fixed ones and then mixtures where there is room, else as many of either kind.
pub fn starts(count: usize, seed: u64) -> Vec<Start> {
    let mut random = Random(seed);
    let mut fixed: Vec<Start> = PAIRS.iter().map(|names| Start::of(names)).collect();
    fixed.extend(INGREDIENTS.iter().chain(ALONE).map(|ingredient| Start { ingredients: vec![*ingredient] }));
    if count < fixed.len() {
        let mut chosen = Vec::new();
        for _ in 0..count.div_ceil(2) {
            chosen.push(fixed.swap_remove(random.below(fixed.len())));
        }
        fixed = chosen;
    }
    let mixtures = count.saturating_sub(fixed.len());
    fixed.extend((0..mixtures).map(|_| mixture(&mut random)));
    fixed
}

fn mixture(random: &mut Random) -> Start {
    let mut parts: Vec<&str> = INGREDIENTS.iter().map(|ingredient| ingredient.part).collect();
    parts.dedup();
    let others = parts.split_off(1);
    assert_eq!(parts, [PACKAGE], "the package comes first");
    // Three of four hosts have something of Postfix already.
    if random.below(4) == 0 {
        parts.clear();
    }
    let wanted = 2 + random.below(4);
    for part in others.iter().copied() {
        // On average as many as wanted, in the table's order.
        if random.below(others.len()) < wanted {
            parts.push(part);
        }
    }
    // What is refused ends the run: one in three mixtures may have it.
    let mut may_be_refused = random.below(3) == 0;
    let mut ingredients = Vec::new();
    for part in parts {
        let of_part: Vec<_> = INGREDIENTS
            .iter()
            .filter(|ingredient| ingredient.part == part && (may_be_refused || !ingredient.refused))
            .collect();
        if !of_part.is_empty() {
            let chosen = of_part[random.below(of_part.len())];
            may_be_refused &= !chosen.refused;
            // In a directory that is none no certificate can be made.
            let is_within = part == "certificate"
                && ingredients.iter().any(|before: &Ingredient| before.part == "ssl" && before.refused);
            if !is_within {
                ingredients.push(*chosen);
            }
        }
    }
    Start { ingredients }
}
