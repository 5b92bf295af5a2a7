//! Reading what was said: in pages, so that the length of a history costs no memory.

use super::layout::{ENTRIES, Entry, OUTBOX, OUTCOMES, Outcome, TALKS, talk};
use redb::{Error, ReadTransaction};
use verbatim_core::client::{LineState, Message};
use verbatim_core::id::{Number, Seq};
use verbatim_core::name::Recipient;
use verbatim_core::now::Wall;

/// Something that was said, and where it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// Its place: what was known earlier has a lower one.
    pub place: u64,
    /// What was said.
    pub said: Said,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// By somebody else.
    Message(Message),
    /// By the user on this device.
    Line {
        /// When it was typed.
        taken: Wall,
        /// For whom.
        to: Recipient,
        /// Its text.
        body: String,
        /// What is known of it.
        state: LineState,
    },
}

/// A part of a history, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What was said.
    pub past: Vec<Past>,
    /// Whether the store has more before it.
    pub more: bool,
}

/// The last `count` entries before that place, of one conversation or of all.
pub(super) fn before(
    read: &ReadTransaction,
    with: Option<Recipient>,
    before: u64,
    count: usize,
) -> Result<Page, Error> {
    let wanted = count.saturating_add(1);
    let mut places = match with {
        None => {
            let entries = read.open_table(ENTRIES)?;
            let range = entries.range(..before)?.rev().take(wanted);
            range
                .map(|row| Ok(row?.0.value()))
                .collect::<Result<Vec<u64>, Error>>()?
        }
        Some(with) => {
            let (talks, name) = (read.open_table(TALKS)?, talk(with));
            let range = talks.range((name.as_str(), 0)..(name.as_str(), before))?;
            let range = range.rev().take(wanted);
            range
                .map(|row| Ok(row?.0.value().1))
                .collect::<Result<Vec<u64>, Error>>()?
        }
    };
    let more = places.len() > count;
    places.truncate(count);
    places.reverse();
    read_past(read, &places).map(|past| Page { past, more })
}

fn read_past(read: &ReadTransaction, places: &[u64]) -> Result<Vec<Past>, Error> {
    let (entries, outcomes) = (read.open_table(ENTRIES)?, read.open_table(OUTCOMES)?);
    let outbox = read.open_table(OUTBOX)?;
    let mut past = Vec::with_capacity(places.len());
    for &place in places {
        let row = entries.get(place)?;
        let entry = row.as_ref().and_then(|row| Entry::read(row.value()));
        let outcome = outcomes.get(place)?;
        let outcome = outcome.and_then(|row| Outcome::read(row.value()));
        let waits = outbox.get(place)?.map(|row| row.value().0);
        let state = match (waits, outcome) {
            (Some(0), _) | (None, None) => LineState::Queued,
            (Some(_), _) => LineState::Sent,
            (None, Some(outcome)) => outcome.state,
        };
        past.extend(entry.map(|entry| said(place, entry, state)));
    }
    Ok(past)
}

/// Own lines in front of the first message of a conversation that are looked at. A line may be older here and younger in
/// the log than a message behind it; with so many of them it is no longer worth to know.
const OWN_FIRST_MAX: usize = 10_000;

/// The lowest seq and number of a conversation behind that place. Messages lie here in the order of the log, and so do own
/// lines; only an own line in front of a message may be younger than it.
pub(super) fn first_of(
    read: &ReadTransaction,
    with: Recipient,
    after: u64,
) -> Result<Option<(Seq, Number)>, Error> {
    let (talks, entries) = (read.open_table(TALKS)?, read.open_table(ENTRIES)?);
    let (outcomes, name) = (read.open_table(OUTCOMES)?, talk(with));
    let range = (name.as_str(), after.saturating_add(1))..=(name.as_str(), u64::MAX);
    let mut own = None;
    for row in talks.range(range)?.take(OWN_FIRST_MAX) {
        let (_, place) = row?.0.value();
        let entry = entries.get(place)?;
        if let Some(Entry::Message(first)) = entry.and_then(|row| Entry::read(row.value())) {
            let first = (first.seq, first.number);
            return Ok(Some(own.map_or(first, |own| first.min(own))));
        }
        if own.is_none() {
            let outcome = outcomes.get(place)?;
            own = outcome.and_then(|row| Outcome::read(row.value())?.place);
        }
    }
    Ok(own)
}

/// What stands at that place.
pub(super) fn at(read: &ReadTransaction, place: u64) -> Result<Vec<Past>, Error> {
    read_past(read, &[place])
}

/// The first `count` messages of others after that place, with their places.
pub(super) fn messages_after(
    read: &ReadTransaction,
    after: u64,
    count: usize,
) -> Result<Vec<(u64, Message)>, Error> {
    let entries = read.open_table(ENTRIES)?;
    let mut messages = Vec::new();
    for row in entries.range(after.saturating_add(1)..)? {
        let (place, bytes) = row?;
        if messages.len() == count {
            break;
        }
        if let Some(Entry::Message(message)) = Entry::read(bytes.value()) {
            messages.push((place.value(), message));
        }
    }
    Ok(messages)
}

fn said(place: u64, entry: Entry, state: LineState) -> Past {
    let said = match entry {
        Entry::Message(message) => Said::Message(message),
        Entry::Line { taken, to, body } => Said::Line {
            taken,
            to,
            body,
            state,
        },
    };
    Past { place, said }
}
