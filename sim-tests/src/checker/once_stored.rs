//! G5: who stores messages and cursor together stores each message once. Who does not may write the last lines again
//! after its program died, and marks them; never twice in one run. (Where the program ended in good order and its last
//! ack was lost all the same, nobody knows that a line comes again, and it is not marked.)

use super::Rule;
use crate::history::{DeviceNews, Event, What, Who};
use crate::ledger::{Ledger, Place};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct OnceStored {
    /// In which run of the program a message was written last.
    wrote: BTreeMap<(Place, u64), u64>,
    /// Whose program ended in good order, the last time.
    ended_well: BTreeSet<Who>,
}

impl Rule for OnceStored {
    fn name(&self) -> &'static str {
        "G5 Exactly once, stored"
    }

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        let (who, epoch, message) = match &event.what {
            What::Device(who, DeviceNews::Wrote { epoch, message }) => (who, epoch, message),
            What::Device(who, DeviceNews::Ended { crashed, .. }) => {
                let well = !crashed && ledger.people[*who].online;
                match well {
                    true => self.ended_well.insert(*who),
                    false => self.ended_well.remove(who),
                };
                return Ok(());
            }
            _ => return Ok(()),
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
        if !message.may_repeat && !self.ended_well.contains(who) {
            return Err(format!("u{who} wrote {seq} again and did not mark it"));
        }
        Ok(())
    }
}
