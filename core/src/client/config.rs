//! What a client is told before it begins: who it is, and what its store remembers of earlier runs.

use super::notice::LineId;
use crate::id::{DeviceId, MessageId, Seq, Try};
use crate::limits::Limits;
use crate::name::{Name, Recipient};
use crate::wire::{Credit, Place};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// One client's beginning.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name asked for.
    pub user: Name,
    /// The device's secret.
    pub device: DeviceId,
    /// Whether anything of this device outlives the process. A device without a store says `Keep: no`.
    pub keeps_store: bool,
    /// Whether the store has messages and lines too, and not the counters alone: then the client tells all that it must
    /// remember, and lines without an answer outlive the program instead of being given up at its end.
    pub keeps_messages: bool,
    /// What the store remembers.
    pub start: Start,
    /// The lines that it has.
    pub restored: Restored,
    /// How much this client takes without acking.
    pub credit: Credit,
    /// Asked again and again for a name that another device holds, instead of giving up.
    pub waits_for_name: bool,
    /// A server that shows that it knows only the classic level is spoken to in that, instead of being left.
    pub falls_back: bool,
    /// The client's own bounds; the server's, told by `WELCOME`, narrow some of them.
    pub limits: Limits,
    /// Seed of the jitter: the same seed and inputs give the same outputs.
    pub seed: u64,
}

/// What was durable when the last run of this device ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The highest connection counter used; the next connection takes the one after it.
    pub attempt: Try,
    /// No id above this one has ever left the device.
    pub allotted: MessageId,
    /// Up to where the log is handled.
    pub place: Place,
    /// The highest own id known accepted; `None`: forgotten.
    pub accepted: Option<MessageId>,
    /// Own messages up to here are known delivered.
    pub delivered: Seq,
    /// The last run may have shown lines that it could not ack, so that the first ones may be repeats.
    pub may_repeat: bool,
}

impl Start {
    /// A device that has never connected.
    pub const NEW: Start = Start {
        attempt: Try(0),
        allotted: MessageId(0),
        place: Place::New,
        accepted: Some(MessageId(0)),
        delivered: Seq(0),
        may_repeat: false,
    };
}

/// Lines of earlier runs that are not at their end: this run goes on with them as if it had taken them itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// The id of the first of `sent`; those after it have the ids after it.
    pub first: MessageId,
    /// Sent and without an answer: resume settles them.
    pub sent: Vec<RestoredLine>,
    /// Without an id, in their order.
    pub queued: Vec<RestoredLine>,
    /// Accepted and not known to have arrived, in the order of the log: receipts may still come.
    pub accepted: Vec<Awaited>,
}

/// A line without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredLine {
    /// Its name in this run.
    pub line: LineId,
    /// For whom.
    pub to: Recipient,
    /// Its text.
    pub body: String,
    /// How long after the client's start it may still wait in the queue; `None`: for ever.
    pub age_max: Option<Duration>,
}

/// A line whose receipt has not come, or not the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Its name in this run.
    pub line: LineId,
    /// For whom.
    pub to: Recipient,
    /// Where in the log.
    pub seq: Seq,
    /// Of a line to all: how many are known to have it.
    pub count: Option<u64>,
}

impl Config {
    /// A device that has never connected and keeps nothing, with the default bounds.
    pub fn throw_away(user: Name, device: DeviceId, seed: u64) -> Config {
        let limits = Limits::default();
        Config {
            user,
            device,
            keeps_store: false,
            keeps_messages: false,
            start: Start::NEW,
            restored: Restored::default(),
            credit: Credit {
                deliveries: limits.window_deliveries_max,
                bytes: limits.window_bytes_max,
            },
            waits_for_name: false,
            falls_back: true,
            limits,
            seed,
        }
    }
}
