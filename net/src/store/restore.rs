//! What the next run is told: the counters, the place in the log, and the lines that are not at their end.

use super::layout::{
    ACCEPTED, ALLOTTED, ATTEMPT, AWAITED, CURSOR, DELIVERED, ENTRIES, EPOCH, Entry, KNOWN, LOG,
    NO_ID, OUTBOX, OUTCOMES, Outcome,
};
use super::lines::Known;
use super::{Change, Store};
use redb::{Error, ReadTransaction, ReadableTable};
use std::io;
use std::time::Duration;
use verbatim_core::client::{Awaited, LineId, LineState, Restored, RestoredLine, Start};
use verbatim_core::id::{Epoch, MessageId, Number, Seq, StoreId, Try};
use verbatim_core::name::Recipient;
use verbatim_core::now::Wall;
use verbatim_core::wire::Place;

/// Most accepted lines whose receipts a run goes on waiting for. More than that a core does not watch either.
const AWAITED_MAX: usize = 10_000;

/// A row of the outbox with what it belongs to.
struct Waiting {
    place: u64,
    id: u64,
    expires: u64,
    taken: Wall,
    to: Recipient,
    body: String,
}

impl Store {
    /// What the client is told about earlier runs.
    pub fn start(&self) -> Start {
        let number = |name| self.number(name) as u64;
        let known = number(KNOWN);
        let place = match (self.numbers.contains_key(LOG), known) {
            (true, _) => Place::Cursor {
                store: StoreId(number(LOG)),
                epoch: Epoch(number(EPOCH)),
                seq: Seq(number(CURSOR)),
            },
            (false, 0) => Place::New,
            (false, _) => Place::Server,
        };
        Start {
            attempt: Try(number(ATTEMPT)),
            allotted: MessageId(number(ALLOTTED)),
            place,
            accepted: self.numbers.get(ACCEPTED).map(|id| MessageId(*id as u64)),
            delivered: Seq(number(DELIVERED)),
            may_repeat: place == Place::Server && known == 2,
        }
    }

    /// The lines that are not at their end: those without an answer are named from `unanswered` on in this run, the others
    /// from `accepted` on. `now` says how long they may still wait: by the wall clock, since no other one goes on while
    /// nobody runs. A clock that was put back lets no line wait longer than it was allowed to at first.
    ///
    /// # Errors
    /// The file could not be read, or says what cannot be.
    pub fn restore(
        &mut self,
        unanswered: LineId,
        accepted: LineId,
        now: Wall,
    ) -> io::Result<Restored> {
        let waiting = self.read(read_outbox)?;
        let awaited = self.read(read_awaited)?;
        let mut restored = Restored::default();
        let mut next = unanswered.0;
        for row in waiting {
            if row.id == NO_ID {
                self.unknown(row.place);
                continue;
            }
            let known = Known {
                place: row.place,
                expires: row.expires,
                accepted: None,
            };
            let line = LineId(next);
            next += 1;
            self.lines.add(line, known, &mut self.waiting);
            restored.add(line, row, now)?;
        }
        for (line, (place, to, seq, count, number)) in (accepted.0..).zip(awaited) {
            let line = LineId(line);
            let known = Known {
                place,
                expires: 0,
                accepted: Some((seq, number)),
            };
            self.lines.add(line, known, &mut self.waiting);
            restored.accepted.push(Awaited {
                line,
                to,
                seq,
                count,
            });
        }
        Ok(restored)
    }

    fn unknown(&mut self, place: u64) {
        let state = LineState::Unknown;
        let outcome = Outcome { place: None, state };
        self.waiting.push(Change::Outbox(place, None));
        self.waiting.push(Change::Outcome(place, outcome));
    }
}

/// Puts a row where it belongs.
trait Add {
    fn add(&mut self, line: LineId, row: Waiting, now: Wall) -> io::Result<()>;
}

impl Add for Restored {
    fn add(&mut self, line: LineId, row: Waiting, now: Wall) -> io::Result<()> {
        let age_max = (row.expires > 0).then(|| {
            let allowed = row.expires.saturating_sub(row.taken.0);
            Duration::from_millis(row.expires.saturating_sub(now.0).min(allowed))
        });
        let (to, body, id) = (row.to, row.body, row.id);
        let line = RestoredLine {
            line,
            to,
            body,
            age_max,
        };
        if id == 0 {
            self.queued.push(line);
            return Ok(());
        }
        if self.sent.is_empty() {
            self.first = MessageId(id);
        }
        if self.first.0 + self.sent.len() as u64 != id {
            return Err(io::Error::other("its sent lines do not follow each other"));
        }
        self.sent.push(line);
        Ok(())
    }
}

fn read_outbox(read: &ReadTransaction) -> Result<Vec<Waiting>, Error> {
    let (outbox, entries) = (read.open_table(OUTBOX)?, read.open_table(ENTRIES)?);
    let mut waiting = Vec::new();
    for row in outbox.iter()? {
        let (place, waits) = row?;
        let (place, (id, expires)) = (place.value(), waits.value());
        let entry = entries.get(place)?;
        if let Some(Entry::Line { taken, to, body }) =
            entry.and_then(|entry| Entry::read(entry.value()))
        {
            waiting.push(Waiting {
                place,
                id,
                expires,
                taken,
                to,
                body,
            });
        }
    }
    Ok(waiting)
}

type Accepted = (u64, Recipient, Seq, Option<u64>, Number);

/// The latest, in the order of the log.
fn read_awaited(read: &ReadTransaction) -> Result<Vec<Accepted>, Error> {
    let (awaited, entries) = (read.open_table(AWAITED)?, read.open_table(ENTRIES)?);
    let outcomes = read.open_table(OUTCOMES)?;
    let mut accepted = Vec::new();
    for row in awaited.iter()?.rev().take(AWAITED_MAX) {
        let (place, waits) = row?;
        let (place, (seq, count)) = (place.value(), waits.value());
        let entry = entries.get(place)?;
        let outcome = outcomes.get(place)?;
        let outcome = outcome.and_then(|row| Outcome::read(row.value()));
        let number = outcome.and_then(|outcome| outcome.place);
        if let Some(Entry::Line { to, .. }) = entry.and_then(|entry| Entry::read(entry.value())) {
            let number = number.unwrap_or_default().1;
            accepted.push((place, to, Seq(seq), count.checked_sub(1), number));
        }
    }
    accepted.sort_unstable_by_key(|(_, _, seq, ..)| *seq);
    Ok(accepted)
}
