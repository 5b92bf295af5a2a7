//! The log's entries. What survives a restart is the fold of these, and nothing else.

use crate::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, UserId};
use crate::name::Name;
use crate::now::Wall;
use crate::wire::{Delivery, ServerFrame, delivery_bytes, length_with_text};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One entry of the log.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its position, from 1, without gaps.
    pub seq: Seq,
    /// The server's stamp; never lower than the one before.
    pub stamp: Wall,
    /// What happened.
    pub what: What,
}

/// What a record says.
#[derive(Clone, Debug)]
pub enum What {
    /// The server started; all classic users of the start before are gone.
    Start {
        /// The log that this is.
        store: StoreId,
        /// This start's random number.
        epoch: Epoch,
    },
    /// A name found a holder, who is known from now on by this record's seq.
    Claim {
        /// The name as its holder spells it.
        name: Name,
        /// Who holds it.
        holder: Holder,
    },
    /// A name was given up.
    Release {
        /// Whose.
        user: UserId,
        /// How far it had come: what was sent to it after that did not arrive and never will.
        reached: Seq,
    },
    /// A message was accepted.
    Message(Message),
}

/// What holds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A device of the session level.
    Device {
        /// Its secret.
        device: DeviceId,
        /// Whether it keeps a store.
        keep: bool,
    },
    /// A classic client, for as long as its connections live.
    Classic,
}

/// Whose feed a message is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// One user's.
    User(UserId),
    /// Everybody's.
    All,
}

/// What a message belongs to, and within which it has its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conversation {
    /// What was said to all.
    All,
    /// What two users said to each other, the earlier one first; one who writes to himself is both.
    Pair(UserId, UserId),
}

impl Conversation {
    /// That of a message from this user into that feed.
    pub fn of(from: UserId, to: Stream) -> Conversation {
        match to {
            Stream::User(to) => Conversation::Pair(from.min(to), from.max(to)),
            Stream::All => Conversation::All,
        }
    }
}

/// An accepted message. Cloning it shares its bytes.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its record's position.
    pub seq: Seq,
    /// Who wrote it.
    pub from: UserId,
    /// Whose feed it is in.
    pub to: Stream,
    /// Its number in its conversation.
    pub number: Number,
    /// The sending device's counter; 0 from a classic user, who has none.
    pub id: MessageId,
    /// Keyed hash of recipient and body.
    pub hash: u64,
    frame: Arc<[u8]>,
    body_at: u32,
    counted: u32,
}

impl Message {
    /// Builds a message round its `DELIVER` frame; `scratch` is a buffer to reuse.
    pub fn new(
        (from, to): (UserId, Stream),
        (id, hash): (MessageId, u64),
        delivery: &Delivery<'_>,
        scratch: &mut Vec<u8>,
    ) -> Message {
        let (frame, body_at) = delivery_bytes(delivery, scratch);
        let (seq, number) = (delivery.seq, delivery.number);
        Message {
            seq,
            from,
            to,
            number,
            id,
            hash,
            counted: frame.len() as u32,
            frame,
            body_at: body_at as u32,
        }
    }

    /// The same with the text removed, which had that many bytes.
    #[must_use]
    pub fn without_text(self, bytes: usize) -> Message {
        let mut message = self.with_text("", true);
        message.counted = length_with_text(&message.frame, bytes) as u32;
        message
    }

    /// The same message round another text. It counts what it did.
    pub(crate) fn with_text(&self, body: &str, removed: bool) -> Message {
        let delivery = Delivery {
            body,
            removed,
            ..self.delivery()
        };
        let (id, counted) = ((self.id, self.hash), self.counted);
        let message = Message::new((self.from, self.to), id, &delivery, &mut Vec::new());
        Message { counted, ..message }
    }

    /// The conversation that it belongs to.
    pub fn conversation(&self) -> Conversation {
        Conversation::of(self.from, self.to)
    }

    /// What it counts wherever bytes are counted: the length of its frame when it was accepted, also if its text was removed
    /// since.
    pub fn counted(&self) -> usize {
        self.counted as usize
    }

    /// The `DELIVER` frame, the same bytes for every recipient.
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Who wrote it and whom it is for, as they stand in the frame.
    pub(crate) fn names(&self) -> (&[u8], &[u8]) {
        let after = |name: &str| {
            let head = &self.frame[..self.body_at as usize];
            let at = memchr::memmem::find(head, name.as_bytes()).map(|at| &head[at + name.len()..]);
            let rest = at.expect("a DELIVER frame has both headers");
            let end = memchr::memchr(b'\n', rest).expect("a header ends with LF");
            &rest[..end]
        };
        (after("\nFrom: "), after("\nTo: "))
    }

    /// The text.
    pub fn body(&self) -> &str {
        let body = &self.frame[self.body_at as usize..];
        core::str::from_utf8(body).expect("it was built from a str")
    }

    /// The frame as a value, for transcripts.
    pub fn delivery(&self) -> Delivery<'_> {
        let limits = crate::limits::Limits {
            body_bytes_max: usize::MAX,
            ..Default::default()
        };
        match crate::wire::server_frame(&self.frame, &limits) {
            crate::wire::Decoded::Frame(ServerFrame::Deliver(delivery), _) => delivery,
            other => panic!("a message holds its own DELIVER frame, not {other:?}"),
        }
    }
}
