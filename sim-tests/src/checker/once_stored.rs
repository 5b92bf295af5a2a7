//! G5: who stores messages and cursor together stores each message once. Who does not may write the last lines again
//! after its program died, and marks them; never twice in one run. (Where the program ended in good order and its last
//! ack was lost all the same, nobody knows that a line comes again, and it is not marked.)

use super::rule::{Delivering, Rule, Verdict, wrong};
use crate::dense::{Dense, Marks};
use crate::history::{DeviceNews, ServerNews, Who};
use crate::ledger::{Ledger, Place, Wrote};
use std::collections::BTreeSet;

#[derive(Default)]
pub(super) struct OnceStored {
    /// What was written, for each log and user.
    wrote: Dense<Dense<Written>>,
    /// Whose program ended in good order, the last time.
    ended_well: BTreeSet<Who>,
    /// What the device on each connection has handled, as it says.
    handled: Dense<u64>,
}

/// What was written as one user: in each run of its program, the latest one last.
#[derive(Default)]
struct Written(Vec<(u64, Marks)>);

impl Written {
    /// A message is written in that run; gives the run in which it was written before, the last time.
    #[inline]
    fn insert(&mut self, seq: u64, program: u64) -> Option<u64> {
        if self.0.last().is_none_or(|(latest, _)| *latest != program) {
            self.0.push((program, Marks::default()));
        }
        let (latest, earlier) = self.0.split_last_mut()?;
        if !latest.1.insert(seq) {
            return Some(program);
        }
        let before = earlier.iter().rfind(|(_, marks)| marks.contains(seq));
        before.map(|(program, _)| *program)
    }
}

impl Rule for OnceStored {
    const NAME: &'static str = "G5 Exactly once, stored";

    #[inline]
    fn on_wrote(&mut self, ledger: &Ledger, it: &Wrote<'_>) -> Verdict {
        let (who, seq) = (it.who, it.message.seq.0);
        let Some(Place { log, user }) = it.place else {
            return Ok(());
        };
        let program = ledger.people[who].programs;
        let users = self.wrote.get_or_default(log as u64);
        let Some(before) = users.get_or_default(user).insert(seq, program) else {
            return Ok(());
        };
        if ledger.keeps_messages(who) {
            return wrong(move || format!("u{who} stored {seq} twice"));
        }
        if before == program {
            return wrong(move || format!("u{who} wrote {seq} twice in one run"));
        }
        if !it.message.may_repeat && !self.ended_well.contains(&who) {
            return wrong(move || format!("u{who} wrote {seq} again and did not mark it"));
        }
        Ok(())
    }

    fn on_device(&mut self, ledger: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        if let DeviceNews::Ended { crashed, .. } = news {
            let well = !crashed && ledger.people[who].online;
            match well {
                true => self.ended_well.insert(who),
                false => self.ended_well.remove(&who),
            };
        }
        Ok(())
    }

    fn on_door(&mut self, _: &Ledger, news: &ServerNews) -> Verdict {
        match news {
            ServerNews::Bound { conn, handled, .. } => drop(self.handled.insert(*conn, *handled)),
            ServerNews::Ended(conn) => drop(self.handled.remove(*conn)),
            _ => {}
        }
        Ok(())
    }

    /// What a device says that it has handled is not handed to it again.
    #[inline]
    fn on_delivering(&mut self, _: &Ledger, it: Delivering) -> Verdict {
        let Delivering { conn, seq, .. } = it;
        let handled = self.handled.get(conn).copied().unwrap_or(0);
        match seq <= handled {
            true => wrong(move || {
                format!(
                    "{seq} went to connection {conn}, whose HELLO says that it has all up to {handled}"
                )
            }),
            false => Ok(()),
        }
    }
}
