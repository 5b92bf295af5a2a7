//! What a client is told before it begins: who it is, and what its store remembers of earlier runs.

use crate::id::{DeviceId, MessageId, Seq, Try};
use crate::limits::Limits;
use crate::name::Name;
use crate::wire::{Credit, Place};

/// One client's beginning.
#[derive(Clone, Debug)]
pub struct Config {
    /// The name asked for.
    pub user: Name,
    /// The device's secret.
    pub device: DeviceId,
    /// Whether anything of this device outlives the process. A device without a store says `Keep: no`.
    pub keeps_store: bool,
    /// What the store remembers.
    pub start: Start,
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

impl Config {
    /// A device that has never connected and keeps nothing, with the default bounds.
    pub fn throw_away(user: Name, device: DeviceId, seed: u64) -> Config {
        let limits = Limits::default();
        Config {
            user,
            device,
            keeps_store: false,
            start: Start::NEW,
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
