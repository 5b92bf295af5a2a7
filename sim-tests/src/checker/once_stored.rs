//! G5: who stores messages and cursor together stores each message once. Who does not may write the last lines again
//! after its program died, and marks them; never twice in one run. (Where the program ended in good order and its last
//! ack was lost all the same, nobody knows that a line comes again, and it is not marked.)

use super::{Rule, Topic};
use crate::dense::Dense;
use crate::history::{DeviceNews, Event, ServerNews, What, Who};
use crate::ledger::{Ledger, Place};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub(super) struct OnceStored {
    /// In which run of the program a message was written last.
    wrote: BTreeMap<Place, Dense<u64>>,
    /// Whose program ended in good order, the last time.
    ended_well: BTreeSet<Who>,
    /// What the device on each connection has handled, as it says.
    handled: Dense<u64>,
}

impl Rule for OnceStored {
    const NAME: &'static str = "G5 Exactly once, stored";
    const TOPICS: &'static [Topic] = &[Topic::Wrote, Topic::Device, Topic::Handed, Topic::Wire];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        let (who, message) = match &event.what {
            What::Device(who, DeviceNews::Wrote { message, .. }) => (who, message),
            What::Device(who, DeviceNews::Ended { crashed, .. }) => {
                let well = !crashed && ledger.people[*who].online;
                match well {
                    true => self.ended_well.insert(*who),
                    false => self.ended_well.remove(who),
                };
                return Ok(());
            }
            What::Server(news) => return self.on_server(news),
            _ => return Ok(()),
        };
        let seq = message.seq.0;
        let Some(place) = ledger.writer else {
            return Ok(());
        };
        let program = ledger.people[*who].programs;
        let Some(before) = self.wrote.entry(place).or_default().insert(seq, program) else {
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

impl OnceStored {
    /// What a device says that it has handled is not handed to it again.
    fn on_server(&mut self, news: &ServerNews) -> Result<(), String> {
        match news {
            ServerNews::Bound { conn, handled, .. } => drop(self.handled.insert(*conn, *handled)),
            ServerNews::Ended(conn) => drop(self.handled.remove(*conn)),
            ServerNews::Delivering { conn, seq, .. } => {
                let handled = self.handled.get(*conn).copied().unwrap_or(0);
                if *seq <= handled {
                    return Err(format!(
                        "{seq} went to connection {conn}, whose HELLO says that it has all up to {handled}"
                    ));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
