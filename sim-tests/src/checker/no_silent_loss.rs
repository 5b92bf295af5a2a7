//! G6: nobody misses a message that it may see without being told; nothing is acked before it is written, or told to
//! be delivered before it is; and whoever lost its session is told so, and nobody else. (Who was told and whose ack of it
//! the server has not read may be told again.)

use super::{Rule, Topic};
use crate::dense::Dense;
use crate::history::{DeviceNews, Event, ServerNews, What, Who};
use crate::ledger::{Ledger, Log, Place};
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::client::{LineState, Notice};

#[derive(Default)]
pub(super) struct NoSilentLoss {
    /// Whom the server knew somebody's device as.
    known: BTreeMap<(Who, u64), Place>,
    /// Who has to hear that its session is lost before it hears anything else.
    due: BTreeMap<Who, bool>,
    /// Devices that were told, and the server has no ack for it: they may be told again.
    unsure: BTreeSet<(Who, u64)>,
    /// Whose device is at the other end of each connection.
    conns: Dense<(Who, u64)>,
}

impl Rule for NoSilentLoss {
    const NAME: &'static str = "G6 No silent loss";
    const TOPICS: &'static [Topic] = &[
        Topic::Wire,
        Topic::AckCame,
        Topic::Receipt,
        Topic::Wrote,
        Topic::Acked,
        Topic::Typed,
        Topic::Device,
    ];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        let (who, news) = match &event.what {
            What::Device(who, news) => (who, news),
            What::Server(news) => {
                self.on_server(ledger, news);
                return Ok(());
            }
            _ => return Ok(()),
        };
        match news {
            DeviceNews::Welcomed { .. } => self.on_welcomed(ledger, *who),
            // Who hears nothing more need not hear this.
            DeviceNews::Ended { .. } => drop(self.due.remove(who)),
            DeviceNews::Told(Notice::Lost { .. }) => return self.on_told(ledger, *who),
            DeviceNews::Told(Notice::Online { .. }) | DeviceNews::Line { .. } => {}
            _ => {
                if self.due.remove(who) == Some(true) {
                    return Err(format!("u{who} lost its session and was not told"));
                }
            }
        }
        match news {
            DeviceNews::Wrote { message, .. } => {
                nothing_missed(ledger, *who, ledger.writer, message.seq.0)
            }
            DeviceNews::Acked { seq } => {
                let place = ledger.people[*who].place;
                nothing_missed(ledger, *who, place, seq + 1)
            }
            DeviceNews::Line { line, state } => is_told_truly(ledger, *who, *line, *state),
            _ => Ok(()),
        }
    }
}

impl NoSilentLoss {
    fn on_server(&mut self, ledger: &Ledger, news: &ServerNews) {
        let head = ledger.logs.last().map_or(0, Log::head);
        match news {
            ServerNews::Bound {
                conn, who, device, ..
            } => drop(self.conns.insert(*conn, (*who, *device))),
            // An ack of what is in no log is none.
            ServerNews::AckCame { conn, seq } if *seq <= head => {
                if let Some(device) = self.conns.get(*conn) {
                    self.unsure.remove(device);
                }
            }
            ServerNews::Ended(conn) => drop(self.conns.remove(*conn)),
            _ => {}
        }
    }

    fn on_told(&mut self, ledger: &Ledger, who: Who) -> Result<(), String> {
        let due = self.due.remove(&who) == Some(true);
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
        self.due
            .insert(who, before.is_some_and(|before| before != place));
    }
}

/// Whether all is written that a user may see below `seq`.
fn nothing_missed(ledger: &Ledger, who: Who, place: Option<Place>, seq: u64) -> Result<(), String> {
    let Some(place) = place else { return Ok(()) };
    let Some(holder) = ledger.holder(place) else {
        return Ok(());
    };
    match holder.missing(&ledger.logs[place.log]).next() {
        Some(missed) if missed < seq => Err(format!(
            "u{who} has come to {seq} and has never written {missed}"
        )),
        _ => Ok(()),
    }
}

fn is_told_truly(ledger: &Ledger, who: Who, line: u64, state: LineState) -> Result<(), String> {
    let told = || format!("u{who} was told of line {line}: {state}");
    let Some((at, seq)) = ledger.people[who].lines[line].accepted else {
        return Ok(());
    };
    let log = &ledger.logs[at];
    let recipient = log.message(seq).and_then(|(_, to, ..)| to);
    let recipient = recipient.and_then(|user| log.holders.get(&user));
    let has = |holder: &&crate::ledger::Holder| holder.wrote.contains(seq);
    match state {
        LineState::Delivered if recipient.filter(has).is_none() => {
            Err(format!("{}, and its recipient has not written it", told()))
        }
        LineState::Left
            if recipient.is_some_and(|holder| holder.is.1 > 0 && holder.released.is_none()) =>
        {
            Err(format!("{}, and its recipient is still there", told()))
        }
        LineState::Counted { count, of } => {
            let have = log.holders.values().filter(has).count() as u64;
            let wrong = count > have || count > of;
            wrong.then_some(()).map_or(Ok(()), |()| {
                Err(format!("{}, and {have} have written it", told()))
            })
        }
        _ => Ok(()),
    }
}
