//! Own lines whose story is not at its end: where each stands in the store, and what news of it changes there.

use super::change::Change;
use super::layout::{NO_ID, Outcome};
use std::collections::BTreeMap;
use verbatim_core::client::{LineId, LineState};
use verbatim_core::id::{MessageId, Number, Seq};

/// Most lines that are followed. Of older ones that were accepted, that is the last news.
const LINES_MAX: usize = 20_000;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Its place among the entries.
    pub place: u64,
    /// After which time it is not to be sent any more; 0: never.
    pub expires: u64,
    /// Once accepted.
    pub accepted: Option<(Seq, Number)>,
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Lines {
    known: BTreeMap<LineId, Known>,
}

impl Lines {
    pub fn add(&mut self, line: LineId, known: Known, changes: &mut Vec<Change>) {
        self.known.insert(line, known);
        if self.known.len() <= LINES_MAX {
            return;
        }
        let mut all = self.known.iter();
        let oldest = all.find(|(_, known)| known.accepted.is_some());
        if let Some((line, known)) = oldest.map(|(line, known)| (*line, *known)) {
            self.known.remove(&line);
            changes.push(Change::Awaited(known.place, None));
        }
    }

    /// Where a line stands, if it is followed.
    pub fn place(&self, line: LineId) -> Option<u64> {
        self.known.get(&line).map(|known| known.place)
    }

    /// The line at that place, if it is followed.
    pub fn at(&self, place: u64) -> Option<LineId> {
        let mut all = self.known.iter();
        all.find(|(_, known)| known.place == place)
            .map(|(line, _)| *line)
    }

    /// A line goes out under an id; without one where there are none.
    pub fn on_sent(&mut self, line: LineId, id: Option<MessageId>, changes: &mut Vec<Change>) {
        if let Some(known) = self.known.get(&line) {
            let id = id.map_or(NO_ID, |id| id.0);
            changes.push(Change::Outbox(known.place, Some((id, known.expires))));
        }
    }

    /// A line has a new state; of one that is not followed nothing is written.
    pub fn on_state(&mut self, line: LineId, state: LineState, changes: &mut Vec<Change>) {
        let Some(known) = self.known.get_mut(&line) else {
            return;
        };
        let place = known.place;
        match state {
            LineState::Queued => changes.push(Change::Outbox(place, Some((0, known.expires)))),
            LineState::Sent | LineState::NoRoom => return,
            LineState::Accepted { seq, number } => {
                known.accepted = Some((seq, number));
                changes.push(Change::Outbox(place, None));
                changes.push(Change::Awaited(place, Some((seq.0, 0))));
            }
            LineState::Counted { count, of } if count < of => {
                let seq = known.accepted.unwrap_or_default().0;
                changes.push(Change::Awaited(
                    place,
                    Some((seq.0, count.saturating_add(1))),
                ));
            }
            LineState::Counted { .. } | LineState::Delivered | LineState::Left => {
                changes.push(Change::Awaited(place, None));
            }
            _ => changes.push(Change::Outbox(place, None)),
        }
        let accepted = known.accepted;
        if state != LineState::Queued {
            let outcome = Outcome {
                place: accepted,
                state,
            };
            changes.push(Change::Outcome(place, outcome));
        }
        let goes_on = match state {
            LineState::Queued | LineState::Accepted { .. } => true,
            LineState::Counted { count, of } => count < of,
            _ => false,
        };
        if !goes_on {
            self.known.remove(&line);
        }
    }

    /// No receipts will come for what was accepted so far.
    pub fn on_lost(&mut self, changes: &mut Vec<Change>) {
        self.known.retain(|_, known| known.accepted.is_none());
        changes.push(Change::NoneAwaited);
    }
}
