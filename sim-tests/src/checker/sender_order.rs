//! G3: what one sender wrote stands in the log in the order in which it was written, whomever it is to.

use super::rule::{Rule, Verdict, wrong};
use crate::dense::Dense;
use crate::history::Entry;
use crate::ledger::{Appended, Ledger};

#[derive(Default)]
pub(super) struct SenderOrder {
    last: Dense<u64>,
}

impl Rule for SenderOrder {
    const NAME: &'static str = "G3 Sender order";

    /// What a log lost of its end comes again.
    fn on_started(&mut self, ledger: &Ledger, kept: Option<u64>) -> Verdict {
        if kept.is_some() {
            self.last = Dense::default();
            for (who, line) in ledger.logs.iter().flat_map(|log| log.lines.keys()) {
                let last = self.last.get_or_default(who as u64);
                *last = line.max(*last);
            }
        }
        Ok(())
    }

    #[inline]
    fn on_appended(&mut self, _: &Ledger, it: &Appended<'_>) -> Verdict {
        let Some(tag) = it.tag.filter(|_| matches!(it.entry, Entry::Message { .. })) else {
            return Ok(());
        };
        let before = self.last.insert(tag.who as u64, tag.line).unwrap_or(0);
        match tag.line < before {
            true => wrong(move || format!("{tag} stands behind line {before}")),
            false => Ok(()),
        }
    }
}
