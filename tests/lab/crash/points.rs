//! Where the agent is killed, and what is tried after that.

use std::fmt;

use serde_json::Value;

use crate::random::Random;

/// Which run is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// A bare host becomes a mail server.
    First,
    /// A mail server gets another sender.
    Reconfiguration,
}

/// What is tried after the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Rollback,
    /// The rollback is killed as well, at a record of this number (from what it may have), and done again.
    RollbackTwice(usize),
    Up,
}

/// One kill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub run: Run,
    /// A record's number, from 1.
    pub record: usize,
    /// `before` or `after` it is written, `amid` the change that it announces.
    pub moment: &'static str,
    pub then: Then,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = match self.run {
            Run::First => "first",
            Run::Reconfiguration => "again",
        };
        write!(f, "{run} {} {}, then ", self.record, self.moment)?;
        match self.then {
            Then::Rollback => f.write_str("rollback"),
            Then::RollbackTwice(draw) => write!(f, "rollback, killed ({draw}), and rollback"),
            Then::Up => f.write_str("up"),
        }
    }
}

/// All points of a run with this journal; what comes then takes turns.
fn all(run: Run, journal: &str, random: &mut Random) -> Vec<Point> {
    let mut points = Vec::new();
    for (at, line) in journal.lines().enumerate() {
        let record: Value = serde_json::from_str(line).expect("a journal has a record a line");
        let is_file = record["record"] == "intent" && record["key"]["kind"] == "file" && record["follows"].is_null();
        for moment in ["before", "after", "amid"].into_iter().filter(|moment| *moment != "amid" || is_file) {
            let then = match random.below(3) {
                0 => Then::Rollback,
                1 => Then::RollbackTwice(random.below(1000)),
                _ => Then::Up,
            };
            points.push(Point { run, record: at + 1, moment, then });
        }
    }
    points
}

/// As many points as wanted of the two runs with these journals; all of them without a number.
pub fn draw(first: &str, reconfiguration: &str, wanted: Option<usize>, seed: u64) -> Vec<Point> {
    let mut random = Random(seed);
    let mut of_first = all(Run::First, first, &mut random);
    let mut of_second = all(Run::Reconfiguration, reconfiguration, &mut random);
    if let Some(wanted) = wanted {
        sample(&mut of_first, wanted.div_ceil(2), &mut random);
        sample(&mut of_second, wanted / 2, &mut random);
    }
    // The cheap ones last, so that no host waits long for another.
    of_first.into_iter().chain(of_second).collect()
}

fn sample(points: &mut Vec<Point>, wanted: usize, random: &mut Random) {
    while points.len() > wanted {
        points.swap_remove(random.below(points.len()));
    }
}
