//! G3: what one sender wrote stands in the log in the order in which it was written, whomever it is to.

use super::{Rule, Topic};
use crate::history::{Entry, Event, ServerNews, Tag, What, Who};
use crate::ledger::Ledger;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct SenderOrder {
    last: BTreeMap<Who, u64>,
}

impl Rule for SenderOrder {
    fn name(&self) -> &'static str {
        "G3 Sender order"
    }

    fn topics(&self) -> &'static [Topic] {
        &[Topic::Log]
    }

    fn see(&mut self, _: &Ledger, event: &Event) -> Result<(), String> {
        let What::Server(ServerNews::Appended {
            entry: Entry::Message { body, .. },
            ..
        }) = &event.what
        else {
            return Ok(());
        };
        let Some(tag) = Tag::of(body) else {
            return Ok(());
        };
        let before = self.last.insert(tag.who, tag.line).unwrap_or(0);
        if tag.line < before {
            return Err(format!("{tag} stands behind line {before}"));
        }
        Ok(())
    }
}
