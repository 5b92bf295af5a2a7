//! What stands in a store's file: five tables, and how their rows are written.
//!
//! The format has a number of its own beside redb's. A table is never given another meaning: what changes it gets a
//! new number, and an older client leaves such a file alone.

use redb::TableDefinition;
use verbatim_core::client::{LineState, Message};
use verbatim_core::code::Code;
use verbatim_core::id::{Number, Seq};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;

/// The number of this format.
pub(super) const FORMAT: u128 = 1;

/// Counters and the like, by name: the constants below.
pub(super) const NUMBERS: TableDefinition<'_, &str, u128> = TableDefinition::new("numbers");
pub(super) const FORMAT_KEY: &str = "format";
pub(super) const DEVICE: &str = "device";
pub(super) const ATTEMPT: &str = "attempt";
/// The highest id that can have left this device.
pub(super) const ALLOTTED: &str = "allotted";
/// Absent: forgotten, since an older kind of store did not keep it.
pub(super) const ACCEPTED: &str = "accepted";
pub(super) const DELIVERED: &str = "delivered";
/// The place in the log; all three or none.
pub(super) const LOG: &str = "store";
pub(super) const EPOCH: &str = "epoch";
pub(super) const CURSOR: &str = "cursor";
/// 1 while there is no place although the server knows the device; 2 if its last run did not end well.
pub(super) const KNOWN: &str = "known";
/// Entries up to this place were shown to the person, or written to the pipe.
pub(super) const SHOWN: &str = "shown";
/// Entries up to this place belong to a log, or to a life of it, that the server has no more: their seqs and numbers
/// mean nothing there.
pub(super) const GONE: &str = "gone";

/// What was said, in the order in which this device came to know it: see [`Entry`].
pub(super) const ENTRIES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("entries");
/// The entries of each conversation, by its name in small letters; `ALL` has the empty one.
pub(super) const TALKS: TableDefinition<'_, (&str, u64), ()> = TableDefinition::new("talks");
/// What became of own lines: see [`Outcome`].
pub(super) const OUTCOMES: TableDefinition<'_, u64, Row> = TableDefinition::new("outcomes");
/// Own lines without an answer: their id (0: queued), and after which time they are not to be sent (0: never).
pub(super) const OUTBOX: TableDefinition<'_, u64, (u64, u64)> = TableDefinition::new("outbox");
/// Accepted lines whose last receipt has not come: their seq, and how many have it, plus one (0: not counted).
pub(super) const AWAITED: TableDefinition<'_, u64, (u64, u64)> = TableDefinition::new("awaited");

/// The id of a line in the outbox that went out where there are no ids.
pub(super) const NO_ID: u64 = u64::MAX;

/// An outcome as it is written: a kind, seq, number, and two numbers that depend on the kind.
pub(super) type Row = (u8, u64, u64, u64, u64);

/// The conversation of a message or a line, as the key of [`TALKS`].
pub(super) fn talk(with: Recipient) -> String {
    match with {
        Recipient::All => String::new(),
        Recipient::User(name) => name.as_str().to_ascii_lowercase(),
    }
}

/// What became of an own line: its place in the log, once it has one, and its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub place: Option<(Seq, Number)>,
    pub state: LineState,
}

impl Outcome {
    pub fn row(self) -> Row {
        let (kind, first, second) = match self.state {
            LineState::Queued | LineState::NoRoom => (0, 0, 0),
            LineState::Sent => (1, 0, 0),
            LineState::Accepted { .. } => (2, 0, 0),
            LineState::Rejected(code) => (3, u64::from(code.0), 0),
            LineState::Delivered => (4, 0, 0),
            LineState::Counted { count, of } => (5, count, of),
            LineState::Acknowledged => (6, 0, 0),
            LineState::Left => (7, 0, 0),
            LineState::Expired => (8, 0, 0),
            LineState::Unknown => (9, 0, 0),
            LineState::Withdrawn => (10, 0, 0),
        };
        let (seq, number) = self.place.unwrap_or_default();
        (kind, seq.0, number.0, first, second)
    }

    pub fn read((kind, seq, number, first, second): Row) -> Option<Outcome> {
        let place = (Seq(seq), Number(number));
        let state = match kind {
            0 => LineState::Queued,
            1 => LineState::Sent,
            2 => LineState::Accepted {
                seq: place.0,
                number: place.1,
            },
            3 => LineState::Rejected(Code(u16::try_from(first).ok()?)),
            4 => LineState::Delivered,
            5 => LineState::Counted {
                count: first,
                of: second,
            },
            6 => LineState::Acknowledged,
            7 => LineState::Left,
            8 => LineState::Expired,
            9 => LineState::Unknown,
            10 => LineState::Withdrawn,
            _ => return None,
        };
        Some(Outcome {
            place: (seq > 0).then_some(place),
            state,
        })
    }
}

/// One thing that was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// By somebody else, or by another device of this user.
    Message(Message),
    /// By the user, here.
    Line {
        taken: Wall,
        to: Recipient,
        body: String,
    },
}

impl Entry {
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Entry::Message(message) => {
                let mut bytes = vec![1];
                put_number(&mut bytes, message.time);
                put_name(&mut bytes, message.to);
                put_number(&mut bytes, message.seq.0);
                put_number(&mut bytes, message.number.0);
                put_name(&mut bytes, Recipient::User(message.from));
                bytes.extend_from_slice(message.body.as_bytes());
                bytes
            }
            Entry::Line { taken, to, body } => {
                let mut bytes = vec![0];
                put_number(&mut bytes, taken.0);
                put_name(&mut bytes, *to);
                bytes.extend_from_slice(body.as_bytes());
                bytes
            }
        }
    }

    pub fn read(bytes: &[u8]) -> Option<Entry> {
        let (kind, mut rest) = bytes.split_first()?;
        let time = take_number(&mut rest)?;
        let to = take_name(&mut rest)?;
        let text = |rest: &[u8]| String::from_utf8(rest.to_vec()).ok();
        match kind {
            0 => Some(Entry::Line {
                taken: Wall(time),
                to,
                body: text(rest)?,
            }),
            1 => {
                let seq = Seq(take_number(&mut rest)?);
                let number = Number(take_number(&mut rest)?);
                let Recipient::User(from) = take_name(&mut rest)? else {
                    return None;
                };
                Some(Entry::Message(Message {
                    seq,
                    from,
                    to,
                    number,
                    time,
                    body: text(rest)?,
                    may_repeat: false,
                }))
            }
            _ => None,
        }
    }
}

fn put_number(bytes: &mut Vec<u8>, number: u64) {
    bytes.extend_from_slice(&number.to_be_bytes());
}

fn put_name(bytes: &mut Vec<u8>, name: Recipient) {
    let name = match &name {
        Recipient::All => "",
        Recipient::User(name) => name.as_str(),
    };
    // Names have at most 32 bytes.
    bytes.push(name.len() as u8);
    bytes.extend_from_slice(name.as_bytes());
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_be_bytes(*number))
}

fn take_name(bytes: &mut &[u8]) -> Option<Recipient> {
    let (length, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    *bytes = rest;
    match name {
        [] => Some(Recipient::All),
        name => Name::parse(name).ok().map(Recipient::User),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_and_outcome_is_read_as_it_was_written() {
        let bob = Name::parse(b"Bob").unwrap();
        for to in [Recipient::All, Recipient::User(bob)] {
            let body = "grüße\n".to_owned();
            let message = Entry::Message(Message {
                seq: Seq(7),
                from: bob,
                to,
                number: Number(3),
                time: 9,
                body: body.clone(),
                may_repeat: false,
            });
            let taken = Wall(8);
            let line = Entry::Line { taken, to, body };
            for entry in [message, line] {
                let bytes = entry.bytes();
                assert_eq!(Entry::read(&bytes), Some(entry));
                for end in 0..bytes.len().min(10) {
                    assert_eq!(Entry::read(&bytes[..end]), None, "{end}");
                }
            }
        }
        for state in [
            LineState::Queued,
            LineState::Sent,
            LineState::Accepted {
                seq: Seq(4),
                number: Number(5),
            },
            LineState::Rejected(Code(114)),
            LineState::Delivered,
            LineState::Counted { count: 1, of: 2 },
            LineState::Left,
            LineState::Unknown,
        ] {
            let place = Some((Seq(4), Number(5)));
            let outcome = Outcome { place, state };
            assert_eq!(Outcome::read(outcome.row()), Some(outcome));
        }
        assert_eq!(Outcome::read((99, 0, 0, 0, 0)), None);
    }
}
