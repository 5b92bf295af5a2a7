//! What was said earlier, on the screen: marked, with its time, and own lines with what became of them.

use super::Chat;
use super::entry::{Entry, Own};
use crate::device::{Beginning, History};
use crate::line::HISTORY_LINES;
use crate::words;
use verbatim_core::client::{LineId, Notice};
use verbatim_net::store::{Past, Said};
use verbatim_net::{Request, Wanted};

impl Chat<'_> {
    /// What stands on the screen at the start: the last of what was said, and the lines that have no answer.
    pub(super) fn begin(&mut self, begin: Beginning) {
        begin.troubles.into_iter().for_each(|text| self.say(text));
        // Below what the store has, what is older would stand in the wrong place: /history asks for that.
        if begin.history.past.is_empty() {
            self.begins = self.options.history.unwrap_or(HISTORY_LINES);
        }
        if !begin.history.past.is_empty() {
            self.say("history:");
            self.put_history(begin.history);
            self.say("now:");
        }
        for (line, past) in begin.lines {
            self.tally.on_submit(line);
            self.last = self.last.max(line);
            if let Entry::Own(own) = entry(past, Some(line)) {
                self.tally.on_state(line, &own.state);
                self.screen.push(Entry::Own(own));
            }
        }
    }

    /// Where the store has nothing to begin with, the server is asked, once; the user did not ask, so if there is nothing,
    /// nothing is said.
    pub(super) fn ask_to_begin(&mut self, notice: &Notice) {
        let count = std::mem::take(&mut self.begins);
        if count > 0 && matches!(notice, Notice::Online { .. }) {
            self.beginning = true;
            self.ask(Request::History(Wanted { with: None, count }));
        }
    }

    pub(super) fn on_history(&mut self, wanted: Wanted, history: History) {
        let begins = std::mem::take(&mut self.beginning);
        if begins && history.past.is_empty() {
            return;
        }
        let said = words::history(wanted, history.past.len(), history.until);
        self.put_history(history);
        self.say(said);
    }

    fn put_history(&mut self, history: History) {
        for (past, line) in history.past {
            let entry = Box::new(entry(past, line));
            self.screen.push(Entry::Past(entry));
        }
    }
}

/// An own line whose story goes on keeps its name, so that the screen follows it.
fn entry(past: Past, line: Option<LineId>) -> Entry {
    match past.said {
        Said::Message(message) => Entry::Message(message),
        Said::Line {
            taken,
            to,
            body,
            state,
        } => Entry::Own(Own {
            line: line.unwrap_or(LineId(0)),
            time: taken.0,
            to,
            body,
            state,
        }),
    }
}
