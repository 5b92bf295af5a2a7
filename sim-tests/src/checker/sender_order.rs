//! G3: what one sender wrote stands in the log in the order in which it was written, whomever it is to.

use super::{Rule, Topic};
use crate::dense::Dense;
use crate::history::{Entry, Event, ServerNews, What};
use crate::ledger::Ledger;

#[derive(Default)]
pub(super) struct SenderOrder {
    last: Dense<u64>,
}

impl Rule for SenderOrder {
    const NAME: &'static str = "G3 Sender order";
    const TOPICS: &'static [Topic] = &[Topic::Log];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        if let What::Server(ServerNews::Started { kept: Some(_), .. }) = &event.what {
            // What a log lost of its end comes again.
            self.last = Dense::default();
            for tag in ledger.logs.iter().flat_map(|log| log.tags.tags()) {
                let last = self.last.get(tag.who as u64).copied().unwrap_or(0);
                self.last.insert(tag.who as u64, tag.line.max(last));
            }
        }
        let What::Server(ServerNews::Appended {
            entry: Entry::Message { .. },
            ..
        }) = &event.what
        else {
            return Ok(());
        };
        let Some(tag) = ledger.latest_tag() else {
            return Ok(());
        };
        let before = self.last.insert(tag.who as u64, tag.line).unwrap_or(0);
        if tag.line < before {
            return Err(format!("{tag} stands behind line {before}"));
        }
        Ok(())
    }
}
