//! G6: nobody misses a message that it may see without being told; nothing is acked before it is written, or told to
//! be delivered before it is; and whoever lost its session is told so, and nobody else. (Who was told and whose ack of it
//! the server has not read may be told again.)

use super::rule::{Rule, Verdict, wrong};
use crate::dense::Dense;
use crate::history::{Conn, DeviceNews, ServerNews, Tag, Who};
use crate::ledger::{Holder, Ledger, Log, Place, Told, Wrote};
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::client::{LineState, Notice};

#[derive(Default)]
pub(super) struct NoSilentLoss {
    /// Whom the server knew somebody's device as.
    known: BTreeMap<(Who, u64), Place>,
    /// Who has to hear that its session is lost before it hears anything else.
    due: Dense<bool>,
    /// Devices that were told, and the server has no ack for it: they may be told again.
    unsure: BTreeSet<(Who, u64)>,
    /// Whose device is at the other end of each connection.
    conns: Dense<(Who, u64)>,
}

impl Rule for NoSilentLoss {
    const NAME: &'static str = "G6 No silent loss";

    fn on_door(&mut self, _: &Ledger, news: &ServerNews) -> Verdict {
        match news {
            ServerNews::Bound {
                conn, who, device, ..
            } => drop(self.conns.insert(*conn, (*who, *device))),
            ServerNews::Ended(conn) => drop(self.conns.remove(*conn)),
            _ => {}
        }
        Ok(())
    }

    fn on_ack_came(&mut self, ledger: &Ledger, (conn, seq): (Conn, u64)) -> Verdict {
        // An ack of what is in no log is none.
        if seq <= ledger.logs.last().map_or(0, Log::head)
            && let Some(device) = self.conns.get(conn)
        {
            self.unsure.remove(device);
        }
        Ok(())
    }

    fn on_device(&mut self, ledger: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        match news {
            DeviceNews::Welcomed { .. } => self.on_welcomed(ledger, who),
            // Who hears nothing more need not hear this.
            DeviceNews::Ended { .. } => drop(self.due.remove(who as u64)),
            DeviceNews::Told(Notice::Lost { .. }) => return self.on_told(ledger, who),
            DeviceNews::Told(Notice::Online { .. }) => {}
            _ => return self.is_told(who),
        }
        Ok(())
    }

    #[inline]
    fn on_submitted(&mut self, _: &Ledger, who: Who) -> Verdict {
        self.is_told(who)
    }

    #[inline]
    fn on_wrote(&mut self, _: &Ledger, it: &Wrote<'_>) -> Verdict {
        self.is_told(it.who)?;
        nothing_missed(it.who, it.missing, it.message.seq.0)
    }

    fn on_acked(&mut self, ledger: &Ledger, (who, seq): (Who, u64)) -> Verdict {
        self.is_told(who)?;
        let place = ledger.people[who].place;
        let known = place.and_then(|place| Some((ledger.holder(place)?, &ledger.logs[place.log])));
        let missing = known.and_then(|(holder, log)| holder.missing_before(seq + 1, log));
        nothing_missed(who, missing, seq + 1)
    }

    #[inline]
    fn on_line(&mut self, ledger: &Ledger, it: Told<'_>) -> Verdict {
        match it.state {
            LineState::Delivered | LineState::Left | LineState::Counted { .. } => {
                is_told_truly(ledger, it.tag, *it.state)
            }
            _ => Ok(()),
        }
    }
}

impl NoSilentLoss {
    /// Something happens to somebody: it is not one that has to hear something else first.
    #[inline]
    fn is_told(&mut self, who: Who) -> Verdict {
        match self.due.remove(who as u64) {
            Some(true) => wrong(move || format!("u{who} lost its session and was not told")),
            _ => Ok(()),
        }
    }

    fn on_told(&mut self, ledger: &Ledger, who: Who) -> Verdict {
        let due = self.due.remove(who as u64) == Some(true);
        let first = self.unsure.insert((who, ledger.people[who].device));
        match due || !first {
            true => Ok(()),
            false => Err(format!(
                "u{who} was told that it lost a session, which goes on"
            )),
        }
    }

    fn on_welcomed(&mut self, ledger: &Ledger, who: Who) {
        let person = &ledger.people[who];
        let Some(place) = person.place else { return };
        let before = self.known.insert((who, person.device), place);
        let lost = before.is_some_and(|before| before != place);
        self.due.insert(who as u64, lost);
    }
}

/// Nothing is missing before `seq`.
fn nothing_missed(who: Who, missing: Option<u64>, seq: u64) -> Verdict {
    match missing {
        Some(missed) => {
            wrong(move || format!("u{who} has come to {seq} and has never written {missed}"))
        }
        None => Ok(()),
    }
}

fn is_told_truly(ledger: &Ledger, tag: Tag, state: LineState) -> Verdict {
    let told = move || format!("u{} was told of line {}: {state}", tag.who, tag.line);
    let Some((at, seq)) = ledger.line(tag).accepted else {
        return Ok(());
    };
    let log = &ledger.logs[at];
    let recipient = log.message(seq).and_then(|(_, to, ..)| to);
    let recipient = recipient.and_then(|user| log.holders.get(user));
    let has = |holder: &&Holder| holder.wrote.contains(seq);
    match state {
        LineState::Delivered if recipient.filter(has).is_none() => {
            wrong(move || format!("{}, and its recipient has not written it", told()))
        }
        LineState::Left
            if recipient
                .is_some_and(|holder| !holder.is_classic() && holder.released.is_none()) =>
        {
            wrong(move || format!("{}, and its recipient is still there", told()))
        }
        LineState::Counted { count, of } => {
            let have = log.holders.values().filter(has).count() as u64;
            match count > have || count > of {
                true => wrong(move || format!("{}, and {have} have written it", told())),
                false => Ok(()),
            }
        }
        _ => Ok(()),
    }
}
