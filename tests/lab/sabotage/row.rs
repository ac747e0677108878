//! A way in which a provisioned server is broken by hand, and what is expected of it.

/// One of them. Commands are run as root on the host, after `prelude.sh`.
pub struct Sabotage {
    pub how: &'static str,
    /// The variables of the server that it is done to; none: those of the others.
    pub given: &'static str,
    pub command: &'static str,
    /// The check that names the cause, and its verdict.
    pub named: &'static str,
    pub verdict: &'static str,
    /// What the check says of it.
    pub says: &'static str,
    /// What `check` shows.
    pub drift: Drift,
    /// What is undone by hand before `up`, as it is not `up`'s to mend.
    pub undo: &'static str,
    /// Whether `up` is run before that, and seen to fail by the same check.
    pub up_says: bool,
    /// What is put back after `up` has shown that it gets along with it.
    pub after: &'static str,
}

/// What `check` makes of it.
pub enum Drift {
    /// It would change this.
    Shown(&'static str),
    /// It is about something that no task describes: nothing would change.
    NotDescribed,
    /// It cannot go on, as `up` could not.
    Refused,
}

impl Sabotage {
    pub const fn undone_by(self, undo: &'static str) -> Self {
        Self { undo, ..self }
    }

    pub const fn drifting(self, drift: Drift) -> Self {
        Self { drift, ..self }
    }

    pub const fn said_by_up(self) -> Self {
        Self { up_says: true, ..self }
    }

    /// On a server with these variables.
    pub const fn given(self, given: &'static str) -> Self {
        Self { given, ..self }
    }

    pub const fn cleared_by(self, after: &'static str) -> Self {
        Self { after, ..self }
    }
}

/// What fails, and what `up` puts right.
pub const fn mended(
    how: &'static str,
    command: &'static str,
    (named, says): (&'static str, &'static str),
    shown: &'static str,
) -> Sabotage {
    let drift = Drift::Shown(shown);
    Sabotage { how, given: "", command, named, verdict: "fail", says, drift, undo: "", up_says: false, after: "" }
}

/// What is a warning, and `up` puts right.
pub const fn warned(
    how: &'static str,
    command: &'static str,
    named: (&'static str, &'static str),
    shown: &'static str,
) -> Sabotage {
    Sabotage { verdict: "warn", ..mended(how, command, named, shown) }
}

/// What no task describes, and is undone by hand.
pub const fn by_hand(
    how: &'static str,
    command: &'static str,
    (named, verdict, says): (&'static str, &'static str, &'static str),
    undo: &'static str,
) -> Sabotage {
    Sabotage {
        how,
        given: "",
        command,
        named,
        verdict,
        says,
        drift: Drift::NotDescribed,
        undo,
        up_says: false,
        after: "",
    }
}
