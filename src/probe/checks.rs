//! Collecting checks with what was found.

use crate::event::{Check, CheckVerdict};

/// A check that mailprov knows, before it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// Stable name, section first: `smtp.banner`.
    pub id: &'static str,
    /// What holds when it passes.
    pub title: &'static str,
    /// Whether a bad answer is a failure, unless the user says otherwise.
    pub required: bool,
}

/// The answer to a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// As it should be; with what was seen.
    Good(String),
    /// Worth a look, though nothing is broken: what was seen, and what to do.
    Doubtful(String, String),
    /// Not as it should be: what was seen, and what to do.
    Bad(String, String),
    /// Could not be asked from here, for this reason.
    NotTestable(String),
}

impl Finding {
    /// As it should be.
    pub fn good(evidence: impl Into<String>) -> Self {
        Self::Good(evidence.into())
    }

    /// Worth a look.
    pub fn doubtful(evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Doubtful(evidence.into(), remedy.into())
    }

    /// Not as it should be.
    pub fn bad(evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Bad(evidence.into(), remedy.into())
    }

    /// Could not be asked.
    pub fn not_testable(why: impl Into<String>) -> Self {
        Self::NotTestable(why.into())
    }

    /// Good when it holds, else bad; the evidence is the same.
    pub fn when(holds: bool, evidence: impl Into<String>, remedy: impl Into<String>) -> Self {
        if holds { Self::good(evidence) } else { Self::bad(evidence, remedy) }
    }
}

/// The checks made so far.
#[derive(Debug, Default)]
pub struct Checks {
    required: Vec<String>,
    advisory: Vec<String>,
    moot: Option<String>,
    made: Vec<Check>,
}

impl Checks {
    /// None yet; ids that are required, and ids that are not, whatever their definition says.
    #[must_use]
    pub fn new(required: &[String], advisory: &[String]) -> Self {
        Self { required: required.to_vec(), advisory: advisory.to_vec(), ..Self::default() }
    }

    /// What is added from now on is not testable, for this reason, whatever was found; or is again. Gives the reason that
    /// there was.
    pub fn set_moot(&mut self, why: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.moot, why)
    }

    /// Adds one with its answer.
    pub fn add(&mut self, definition: &Definition, finding: Finding) {
        let listed = |ids: &[String]| ids.iter().any(|id| id == definition.id);
        let required = (definition.required || listed(&self.required)) && !listed(&self.advisory);
        let finding = self.moot.clone().map_or(finding, Finding::NotTestable);
        let (verdict, evidence, remedy) = match finding {
            Finding::Good(evidence) => (CheckVerdict::Pass, evidence, None),
            Finding::Bad(evidence, remedy) if required => (CheckVerdict::Fail, evidence, Some(remedy)),
            Finding::Doubtful(evidence, remedy) | Finding::Bad(evidence, remedy) => {
                (CheckVerdict::Warn, evidence, Some(remedy))
            }
            Finding::NotTestable(why) => (CheckVerdict::NotTestable, why, None),
        };
        let (id, title) = (definition.id.to_owned(), definition.title.to_owned());
        self.made.push(Check { id, title, required, verdict, evidence, remedy });
    }

    /// All of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<Check> {
        self.made
    }
}

/// What a person is told of checks that failed: `smtp.banner: no answer on port 25; ...`. `None` when none did.
#[must_use]
pub fn failures(checks: &[Check]) -> Option<String> {
    let failed = checks.iter().filter(|check| check.verdict == CheckVerdict::Fail);
    let failed: Vec<String> = failed.map(|check| format!("{}: {}", check.id, check.evidence)).collect();
    (!failed.is_empty()).then(|| failed.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_required_check_can_fail() {
        let definition = |required| Definition { id: "a.b", title: "It is so", required };
        let id = ["a.b".to_owned()];
        for (by_default, required, advisory, expected) in [
            (true, &[][..], &[][..], CheckVerdict::Fail),
            (false, &[], &[], CheckVerdict::Warn),
            (false, &id, &[], CheckVerdict::Fail),
            (true, &[], &id, CheckVerdict::Warn),
            (false, &id, &id, CheckVerdict::Warn),
        ] {
            let mut checks = Checks::new(required, advisory);
            checks.add(&definition(by_default), Finding::bad("seen", "mend it"));
            checks.add(&definition(by_default), Finding::doubtful("seen", "look"));
            checks.add(&definition(by_default), Finding::not_testable("not from here"));
            checks.add(&definition(by_default), Finding::good("seen"));
            let checks = checks.into_vec();
            let verdicts: Vec<_> = checks.iter().map(|check| check.verdict).collect();
            assert_eq!(verdicts, [expected, CheckVerdict::Warn, CheckVerdict::NotTestable, CheckVerdict::Pass]);
            assert_eq!(failures(&checks).is_some(), expected == CheckVerdict::Fail);
        }
    }
}
