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
    /// The rollback is cut off as well, at a number drawn with this, and done again.
    RollbackTwice(usize),
    Up,
}

/// How far the run has come when it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Not begun, over, or not known beforehand.
    Elsewhere,
    /// Begun, and not over.
    Within,
    /// Over, and waiting for its confirmation.
    Waiting,
    /// Not the run is killed, but who confirms it, over a connection of its own: the next one does.
    Confirming,
}

impl Stage {
    /// At the record after `at` others.
    fn of(lines: &[&str], at: usize, moment: &str) -> Self {
        let place = |record: &str| lines.iter().position(|line| line.contains(&format!(r#""record":"{record}""#)));
        let on_disk = if moment == "before" { at } else { at + 1 };
        if lines[at].contains(r#""record":"confirmed""#) {
            Self::Confirming
        } else if place("awaiting").is_some_and(|awaiting| on_disk > awaiting) {
            Self::Waiting
        // A run is there when its first record is whole and it has its name.
        } else if at > 0 && place("run_finished").is_some_and(|finish| on_disk <= finish) {
            Self::Within
        } else {
            Self::Elsewhere
        }
    }
}

/// One kill, or one disk that is full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub run: Run,
    /// A record's number, or that of a write of any kind, from 1.
    pub number: usize,
    /// `before` or `after` the record is written, `amid` the change that it announces; `full`: no write from this one on
    /// finds room.
    pub moment: &'static str,
    pub stage: Stage,
    pub then: Then,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let run = match self.run {
            Run::First => "first",
            Run::Reconfiguration => "again",
        };
        write!(f, "{run} {} {}, then ", self.number, self.moment)?;
        match self.then {
            Then::Rollback => f.write_str("rollback"),
            Then::RollbackTwice(draw) => write!(f, "rollback, the same ({draw}), and rollback"),
            Then::Up => f.write_str("up"),
        }
    }
}

/// What a run did when nobody cut it off.
pub struct Clean {
    /// Its journal.
    pub journal: String,
    /// How many before-images it kept.
    pub blobs: usize,
}

impl Clean {
    pub fn records(&self) -> usize {
        self.journal.lines().count()
    }

    /// The changes of files that are not merely watched.
    fn file_changes(&self) -> impl Iterator<Item = bool> {
        self.journal.lines().map(|line| {
            let record: Value = serde_json::from_str(line).expect("a journal has a record a line");
            record["record"] == "intent" && record["key"]["kind"] == "file" && record["follows"].is_null()
        })
    }

    /// Writes of any kind, or somewhat more.
    fn writes(&self) -> usize {
        self.records() + self.blobs + self.file_changes().filter(|is_file| *is_file).count()
    }
}

/// All points of such a run; what comes then takes turns.
fn all(run: Run, clean: &Clean, random: &mut Random) -> Vec<Point> {
    let mut then = || match random.below(3) {
        0 => Then::Rollback,
        1 => Then::RollbackTwice(random.below(1000)),
        _ => Then::Up,
    };
    let mut points = Vec::new();
    let lines: Vec<&str> = clean.journal.lines().collect();
    for (at, is_file) in clean.file_changes().enumerate() {
        for moment in ["before", "after", "amid"].into_iter().filter(|moment| *moment != "amid" || is_file) {
            let stage = Stage::of(&lines, at, moment);
            points.push(Point { run, number: at + 1, moment, stage, then: then() });
        }
    }
    points.extend((1..=clean.writes()).map(|number| Point {
        run,
        number,
        moment: "full",
        stage: Stage::Elsewhere,
        then: then(),
    }));
    points
}

/// As many points as wanted of the two runs; all of them without a number.
pub fn draw(first: &Clean, reconfiguration: &Clean, wanted: Option<usize>, seed: u64) -> Vec<Point> {
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
