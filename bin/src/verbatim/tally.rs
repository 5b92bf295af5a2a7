//! What became of all lines, and the exit code that says it.

use crate::device::EARLIER;
use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use verbatim_core::client::{LineId, LineState, Notice, WhyOffline};

/// Counts lines from their submission to their end.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Those without an answer, and whether each went out.
    open: BTreeMap<LineId, bool>,
    /// Those of them that were asked back.
    asked_back: BTreeSet<LineId>,
    rejected: usize,
    /// Lines and questions.
    unknown: usize,
    /// Lines that were neither messages nor commands.
    pub(crate) malformed: usize,
    /// The server refused this client for good, or has yet to give it the name.
    pub(crate) refused: bool,
    /// Whether it was ever online.
    was_online: bool,
}

/// Exit codes, as the help tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    Good = 0,
    Trouble = 1,
    Rejected = 3,
    Malformed = 4,
    Unanswered = 5,
    Refused = 6,
    Unreached = 7,
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> ExitCode {
        ExitCode::from(ending as u8)
    }
}

impl Tally {
    pub(crate) fn on_submit(&mut self, line: LineId) {
        self.open.insert(line, false);
    }

    /// Takes a line's new state.
    pub(crate) fn on_state(&mut self, line: LineId, state: &LineState) {
        if let Some(went_out) = self.open.get_mut(&line) {
            *went_out = *state == LineState::Sent;
        }
        if !state.is_settled() || self.open.remove(&line).is_none() {
            return;
        }
        match state {
            LineState::Rejected(_) | LineState::NoRoom => self.rejected += 1,
            LineState::Unknown | LineState::Expired => self.unknown += 1,
            _ => {}
        }
    }

    /// Takes news of the link.
    pub(crate) fn on_link(&mut self, notice: &Notice) {
        match notice {
            Notice::Online { .. } | Notice::OnlineClassic { .. } => {
                (self.was_online, self.refused) = (true, false);
            }
            // Another device holds the name, whether it is waited for or not.
            Notice::Away(_)
            | Notice::Offline {
                why: WhyOffline::NameTaken,
                ..
            } => self.refused = true,
            _ => {}
        }
    }

    /// The line to take back: that one, or the last, if it has not gone out. It may go out before the wish is heard:
    /// [`Tally::is_too_late`] tells.
    pub(crate) fn ask_back(&mut self, number: Option<u64>) -> Option<LineId> {
        let mut own = self.open.range(..EARLIER).rev();
        let (line, _) = match number.map(LineId) {
            Some(wanted) => own.find(|(line, went_out)| **line == wanted && !**went_out),
            None => own.find(|(line, went_out)| !**went_out && !self.asked_back.contains(line)),
        }?;
        self.asked_back.insert(*line);
        Some(*line)
    }

    /// Whether this news of a line says that it went out before it could be taken back; once for each wish.
    pub(crate) fn is_too_late(&mut self, line: LineId, state: &LineState) -> bool {
        *state != LineState::Queued
            && self.asked_back.remove(&line)
            && *state != LineState::Withdrawn
    }

    /// Somebody asked who is there, or what was said earlier, and nobody answered.
    pub(crate) fn on_unanswered(&mut self) {
        self.unknown += 1;
    }

    /// A line that was never sent because the program ends: nobody took it back.
    pub(crate) fn on_given_up(&mut self, line: LineId) {
        self.unknown += usize::from(self.open.remove(&line).is_some());
    }

    /// The program ends: what is open has no answer. How many lines never went out, and how many did.
    pub(crate) fn end(&mut self) -> (usize, usize) {
        let open = std::mem::take(&mut self.open);
        let sent = open.values().filter(|went_out| **went_out).count();
        self.unknown += open.len();
        (open.len() - sent, sent)
    }

    /// How many lines have no answer.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// How it ended.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Tally { refused: true, .. } => Ending::Refused,
            Tally {
                unknown: 1..,
                was_online: false,
                ..
            } => Ending::Unreached,
            Tally { unknown: 1.., .. } => Ending::Unanswered,
            Tally { rejected: 1.., .. } => Ending::Rejected,
            Tally { malformed: 1.., .. } => Ending::Malformed,
            _ => Ending::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verbatim_core::code::Code;

    #[test]
    fn what_has_not_gone_out_can_be_asked_back() {
        let mut tally = Tally::default();
        assert_eq!(tally.ask_back(None), None);
        for line in [LineId(1), LineId(2), LineId(3), EARLIER] {
            tally.on_submit(line);
        }
        tally.on_state(LineId(3), &LineState::Sent);
        assert_eq!(tally.ask_back(None), Some(LineId(2)));
        assert_eq!(tally.ask_back(None), Some(LineId(1)));
        assert_eq!(tally.ask_back(None), None);
        assert_eq!(tally.ask_back(Some(1)), Some(LineId(1)));
        for number in [3, 99, EARLIER.0] {
            assert_eq!(tally.ask_back(Some(number)), None, "{number}");
        }
        assert!(!tally.is_too_late(LineId(2), &LineState::Queued));
        assert!(!tally.is_too_late(LineId(2), &LineState::Withdrawn));
        assert!(tally.is_too_late(LineId(1), &LineState::Sent));
        assert!(!tally.is_too_late(LineId(1), &LineState::Unknown));
    }

    #[test]
    fn the_worst_decides() {
        let mut tally = Tally::default();
        for line in 1..=4 {
            tally.on_submit(LineId(line));
        }
        tally.on_state(LineId(1), &LineState::Sent);
        assert_eq!((tally.open(), tally.ending()), (4, Ending::Good));
        tally.malformed = 1;
        assert_eq!(tally.ending(), Ending::Malformed);
        tally.on_state(LineId(1), &LineState::Rejected(Code::UNABLE_TO_SEND));
        assert_eq!(tally.ending(), Ending::Rejected);
        tally.was_online = true;
        tally.on_state(LineId(2), &LineState::Unknown);
        assert_eq!((tally.open(), tally.ending()), (2, Ending::Unanswered));
        tally.on_state(LineId(3), &LineState::Withdrawn);
        tally.on_given_up(LineId(4));
        tally.on_given_up(LineId(4));
        assert_eq!((tally.open(), tally.unknown), (0, 2));
        tally.was_online = false;
        assert_eq!(tally.ending(), Ending::Unreached);
        tally.refused = true;
        assert_eq!(tally.ending(), Ending::Refused);
    }
}
