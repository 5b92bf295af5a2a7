//! What rides beside the log: how far each user has come, and how many have a message to `ALL`.

use super::Damaged;
use crate::id::{Number, Seq, UserId};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// One thing beside the log. The latest one under its key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// How far a user has come.
    Standing(Standing),
    /// How many have a message to `ALL`.
    Count(Count),
    /// That message to `ALL` is counted no more: what was under its key goes.
    Closed(Seq),
}

/// How far a user has come, as of the commit that it rides on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub user: UserId,
    /// Its cursor. For a classic user: everything that went to it up to here was acknowledged.
    pub cursor: Seq,
    /// What of the mail to it alone it was ever rid of: messages, bytes of frames.
    pub own: (u64, u64),
    /// The same of messages to `ALL`.
    pub all: (u64, u64),
    /// Messages to `ALL` up to here were given up, because it was owed too much; with the number of the last.
    pub floor: (Seq, Number),
    /// Where the older half of what it is owed of `ALL` ends.
    pub half: Option<Holding>,
    /// The space's age (see [`crate::space::Space::age`], in milliseconds) when it went away; `None` while it is online.
    pub away_at: Option<u64>,
}

/// A part of what a user is owed: up to which message, how many, how many bytes with what each counts beside its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The last message in it.
    pub seq: Seq,
    /// Its number.
    pub number: Number,
    /// How many messages.
    pub messages: u64,
    /// How many bytes.
    pub bytes: u64,
}

/// How many have a message to `ALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// Which message.
    pub seq: Seq,
    /// Who wrote it.
    pub from: UserId,
    /// How many have it.
    pub count: u64,
    /// For how many it was meant.
    pub of: u64,
}

#[derive(Serialize, Deserialize)]
enum Bytes {
    Standing {
        user: u64,
        cursor: u64,
        own: (u64, u64),
        all: (u64, u64),
        floor: (u64, u64),
        half: Option<(u64, u64, u64, u64)>,
        away_at: Option<u64>,
    },
    Count {
        seq: u64,
        from: u64,
        count: u64,
        of: u64,
    },
}

impl Beside {
    /// The key under which the latest one counts.
    pub fn key(&self) -> (u8, u64) {
        match self {
            Beside::Standing(standing) => (0, standing.user.0.0),
            Beside::Count(Count { seq, .. }) | Beside::Closed(seq) => (1, seq.0),
        }
    }

    /// Appends its bytes; `Closed` has none.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let bytes = match *self {
            Beside::Standing(standing) => standing_bytes(standing),
            Beside::Count(Count {
                seq,
                from,
                count,
                of,
            }) => Bytes::Count {
                seq: seq.0,
                from: from.0.0,
                count,
                of,
            },
            Beside::Closed(_) => return,
        };
        super::record::append(&bytes, out);
    }

    /// Reads it back.
    ///
    /// # Errors
    /// [`Damaged`]: these are no such bytes.
    pub fn decode(bytes: &[u8]) -> Result<Beside, Damaged> {
        match postcard::from_bytes(bytes) {
            Ok(bytes) => Ok(beside(&bytes)),
            Err(_) => Err(Damaged("what rides beside the log")),
        }
    }
}

fn standing_bytes(standing: Standing) -> Bytes {
    let half = standing.half.map(|half| {
        let Holding {
            seq,
            number,
            messages,
            bytes,
        } = half;
        (seq.0, number.0, messages, bytes)
    });
    Bytes::Standing {
        user: standing.user.0.0,
        cursor: standing.cursor.0,
        own: standing.own,
        all: standing.all,
        floor: (standing.floor.0.0, standing.floor.1.0),
        half,
        away_at: standing.away_at,
    }
}

fn beside(bytes: &Bytes) -> Beside {
    match *bytes {
        Bytes::Count {
            seq,
            from,
            count,
            of,
        } => Beside::Count(Count {
            seq: Seq(seq),
            from: UserId(Seq(from)),
            count,
            of,
        }),
        Bytes::Standing {
            user,
            cursor,
            own,
            all,
            floor,
            half,
            away_at,
        } => Beside::Standing(Standing {
            user: UserId(Seq(user)),
            cursor: Seq(cursor),
            own,
            all,
            floor: (Seq(floor.0), Number(floor.1)),
            half: half.map(|(seq, number, messages, bytes)| Holding {
                seq: Seq(seq),
                number: Number(number),
                messages,
                bytes,
            }),
            away_at,
        }),
    }
}
