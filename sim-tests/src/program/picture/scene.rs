//! What is drawn, as the page's script reads it. Times are in microseconds since the beginning of the run.

use super::marks::Notes;
use crate::flights::{Fate, Flight, Load};
use crate::plan::{Part, Plan};
use crate::run::Outcome;
use serde::Serialize;
use std::time::Duration;

/// The whole picture.
#[derive(Serialize)]
pub(super) struct Scene {
    elapsed: u64,
    healed: Option<u64>,
    users: Vec<User>,
    flights: Vec<Arrow>,
    bands: Vec<Band>,
    marks: Vec<Mark>,
    violations: Vec<Complaint>,
}

/// The head of a lane.
#[derive(Serialize)]
struct User {
    name: String,
    host: usize,
    classic: bool,
    /// All that the plan says of it.
    words: String,
}

/// Something on its way.
#[derive(Serialize)]
struct Arrow {
    user: usize,
    conn: u64,
    up: bool,
    /// Of another program with the user's device.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    other: bool,
    sent: u64,
    /// When it left the place where it was held.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<u64>,
    /// When it arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    came: Option<u64>,
    /// It is held at the end of the run; without that and without `came`, it is lost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    held: bool,
    /// It carries no bytes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    signal: bool,
    #[serde(skip_serializing_if = "is_zero")]
    bytes: usize,
    words: Vec<String>,
}

/// Something that lasts.
#[derive(Serialize)]
pub(super) struct Band {
    /// Whose lane; the server's without one.
    pub(super) user: Option<usize>,
    pub(super) kind: &'static str,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) words: String,
}

/// Something that happens at one place.
#[derive(Serialize)]
pub(super) struct Mark {
    /// Where; at the server without a user.
    pub(super) user: Option<usize>,
    pub(super) at: u64,
    pub(super) kind: &'static str,
    pub(super) words: String,
}

/// What the checker complains of.
#[derive(Serialize)]
struct Complaint {
    rule: &'static str,
    at: u64,
    what: String,
}

impl Scene {
    /// The scene of a run.
    pub(super) fn new(plan: &Plan, outcome: &Outcome) -> Scene {
        let elapsed = micros(outcome.elapsed);
        let notes = Notes::of(plan, &outcome.events, elapsed);
        Scene {
            elapsed,
            healed: notes.healed,
            users: plan.users.iter().map(user).collect(),
            flights: outcome.flights.iter().map(arrow).collect(),
            bands: notes.bands,
            marks: notes.marks,
            violations: complaints(outcome),
        }
    }
}

fn user(user: &crate::plan::UserPlan) -> User {
    User {
        name: user.name.clone(),
        host: user.host,
        classic: matches!(user.part, Part::Classic { .. }),
        words: user.to_string(),
    }
}

fn complaints(outcome: &Outcome) -> Vec<Complaint> {
    let violations = outcome.violations.iter();
    let complaints = violations.map(|violation| Complaint {
        rule: violation.rule,
        at: micros(violation.at),
        what: violation.what.clone(),
    });
    complaints.collect()
}

fn arrow(flight: &Flight) -> Arrow {
    let (left, came) = match flight.fate {
        Fate::Arrives { held_until, at } => (held_until.map(micros), Some(micros(at))),
        Fate::Lost | Fate::Held => (None, None),
    };
    let (bytes, words) = match &flight.load {
        Load::Segment { bytes, words } => (*bytes, words.clone()),
        Load::End => (0, vec!["end".to_owned()]),
        Load::Knock => (0, vec!["opens a connection".to_owned()]),
        Load::Answer(true) => (0, vec!["it is open".to_owned()]),
        Load::Answer(false) => (0, vec!["refused".to_owned()]),
        Load::Reset => (0, vec!["nobody is there".to_owned()]),
    };
    Arrow {
        user: flight.who,
        conn: flight.conn,
        up: flight.up,
        other: flight.usurps,
        sent: micros(flight.sent),
        left,
        came,
        held: flight.fate == Fate::Held,
        signal: bytes == 0,
        bytes,
        words,
    }
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

pub(super) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}
