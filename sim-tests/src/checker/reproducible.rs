//! G14: the same plan gives the same run, event by event and byte by byte. (Every byte that passes the server's door is in
//! the digests of the history.)

use super::Violation;
use crate::history::Event;

/// Where two runs of one plan part, if they do.
pub fn first_difference(first: &[Event], second: &[Event]) -> Option<Violation> {
    let at = (0..first.len().max(second.len())).find(|at| first.get(*at) != second.get(*at))?;
    let words = |events: &[Event]| match events.get(at) {
        Some(event) => event.to_string(),
        None => "nothing".into(),
    };
    let event = first.get(at).or(second.get(at))?;
    Some(Violation {
        rule: "G14 Reproducible",
        at: event.at,
        what: format!("event {at} is {} and {}", words(first), words(second)),
    })
}
