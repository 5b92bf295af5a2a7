//! The events that there are most of, with what the ledger knows of each: looked up once, for all who judge it.

use super::{Holder, Ledger, Log, Place, Record};
use crate::history::{Conn, Entry, Tag, Who};
use verbatim_core::client::{LineState, Message};

/// A line of a session user changed its state.
#[derive(Clone, Copy)]
pub struct Told<'a> {
    /// Which.
    pub tag: Tag,
    /// Its state now.
    pub state: &'a LineState,
    /// Its state before, if it had one.
    pub before: Option<LineState>,
}

/// A record was appended.
#[derive(Clone, Copy)]
pub struct Appended<'a> {
    /// Its position.
    pub seq: u64,
    /// Its stamp.
    pub stamp: u64,
    /// The wall clock at that moment.
    pub wall: u64,
    /// The connection whose bytes led to it, if any.
    pub by: Option<Conn>,
    /// What it says.
    pub entry: &'a Entry,
    /// Whose line it is, if it is one.
    pub tag: Option<Tag>,
    /// A log has that line already.
    pub again: bool,
    /// Of a message: the user who sent it.
    pub sender: Option<&'a Holder>,
    /// Of a message to one user: that user.
    pub recipient: Option<&'a Holder>,
}

/// A delivery was written.
#[derive(Clone, Copy)]
pub struct Wrote<'a> {
    /// By whom.
    pub who: Who,
    /// The start of the server that delivered it.
    pub epoch: u64,
    /// The delivery.
    pub message: &'a Message,
    /// The user that it was delivered to.
    pub place: Option<Place>,
    /// The same, if the log knows it.
    pub holder: Option<&'a Holder>,
    /// The log of that start.
    pub log: Option<&'a Log>,
    /// The record that was delivered.
    pub record: Option<&'a Record>,
    /// It has the record's text.
    pub same_text: bool,
    /// Whose line it is, as its text says.
    pub tag: Option<Tag>,
    /// A message before it that is missing.
    pub missing: Option<u64>,
    /// What that program wrote before it: of which start of the server, and its seq.
    pub before: Option<(u64, u64)>,
}

/// Who wrote a delivery.
#[derive(Clone, Copy)]
pub(crate) struct Writer {
    /// The log that it is from.
    log: Option<usize>,
    place: Option<Place>,
    before: Option<(u64, u64)>,
}

impl Ledger {
    /// A line changed its state; gives the one before.
    #[inline]
    pub(crate) fn on_line(&mut self, tag: Tag, state: &LineState) -> Option<LineState> {
        let person = &mut self.people[tag.who];
        if let LineState::Accepted { seq, .. } = state
            && let Some(line) = person.lines.get_mut(tag.line)
        {
            line.accepted = person.place.map(|place| (place.log, seq.0));
        }
        person.states.slot(tag.line).replace(*state)
    }

    /// A record was appended. Whether a log has that line already.
    pub(crate) fn on_appended(&mut self, seq: u64, stamp: u64, entry: &Entry) -> bool {
        let Some((log, before)) = self.logs.split_last_mut() else {
            return false;
        };
        let again = log.append(self.now, seq, stamp, entry);
        let elsewhere = |tag: Tag| before.iter().any(|log| log.has(tag));
        again || log.latest_tag().is_some_and(elsewhere)
    }

    /// Who sent a message, and to whom if it is to one, as the latest log knows them.
    #[inline]
    pub(crate) fn ends_of(&self, entry: &Entry) -> (Option<&Holder>, Option<&Holder>) {
        let Entry::Message { from, to, .. } = entry else {
            return (None, None);
        };
        let log = self.logs.last();
        let known = |user| log.and_then(|log| log.holders.get(user));
        (known(*from), to.and_then(known))
    }

    /// A delivery was written. Who that is, and what its program wrote before it.
    pub(crate) fn on_wrote(&mut self, who: Who, epoch: u64, seq: u64) -> Writer {
        let log = self.log_of(epoch);
        let person = &mut self.people[who];
        let before = person.wrote.replace((epoch, seq));
        let user = log.and_then(|log| self.logs[log].user_before(who, person.device, seq));
        let place = log.zip(user).map(|(log, user)| Place { log, user });
        if let Some(holder) = place.and_then(|place| self.holder_mut(place)) {
            holder.wrote.insert(seq);
        }
        Writer { log, place, before }
    }

    /// What is known of a delivery that was just written.
    #[inline]
    pub(crate) fn wrote<'a>(
        &'a self,
        (who, epoch): (Who, u64),
        message: &'a Message,
        writer: Writer,
    ) -> Wrote<'a> {
        let log = writer.log.map(|log| &self.logs[log]);
        let record = log.and_then(|log| log.record(message.seq.0));
        let (same_text, tag) = match record {
            Some(Record {
                entry: Some(Entry::Message { body, .. }),
                tag,
                ..
            }) if **body == *message.body => (true, *tag),
            _ => (false, Tag::of(&message.body)),
        };
        let holder = writer.place.and_then(|place| self.holder(place));
        let missing = holder
            .zip(log)
            .and_then(|(holder, log)| holder.missing_before(message.seq.0, log));
        Wrote {
            who,
            epoch,
            message,
            place: writer.place,
            holder,
            log,
            record,
            same_text,
            tag,
            missing,
            before: writer.before,
        }
    }
}
