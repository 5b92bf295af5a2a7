//! G5: who stores messages and cursor together stores each message once. Who does not may write the last lines again
//! after its program died, and marks them; never twice in one run.

use super::Rule;
use crate::history::{DeviceNews, Event, What};
use crate::ledger::{Ledger, Place};
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct OnceStored {
    /// In which run of the program a message was written last.
    wrote: BTreeMap<(Place, u64), u64>,
}

impl Rule for OnceStored {
    fn name(&self) -> &'static str {
        "G5 Exactly once, stored"
    }

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        let What::Device(who, DeviceNews::Wrote { epoch, message }) = &event.what else {
            return Ok(());
        };
        let seq = message.seq.0;
        let Some(place) = ledger.place_for(*who, *epoch, seq) else {
            return Ok(());
        };
        let program = ledger.people[*who].programs;
        let Some(before) = self.wrote.insert((place, seq), program) else {
            return Ok(());
        };
        if ledger.keeps_messages(*who) {
            return Err(format!("u{who} stored {seq} twice"));
        }
        if before == program {
            return Err(format!("u{who} wrote {seq} twice in one run"));
        }
        if !message.may_repeat {
            return Err(format!("u{who} wrote {seq} again and did not mark it"));
        }
        Ok(())
    }
}
