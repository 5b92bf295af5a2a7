//! What outlives a client's program, as far as its plan says that anything does.

use crate::dice::mix;
use crate::plan::Keeping;
use verbatim_core::client::{Keep, Start};
use verbatim_core::id::{DeviceId, Epoch, MessageId, Seq, StoreId, Try};
use verbatim_core::wire::{Place, Welcome};

/// See the module's words.
#[derive(Debug)]
pub(super) struct Disk {
    keeping: Keeping,
    key: u64,
    /// Devices made so far: the current one's number.
    pub(super) device: u64,
    pub(super) attempt: Try,
    allotted: MessageId,
    welcomed: bool,
    ended_well: bool,
    discarded: bool,
    accepted: MessageId,
    place: Option<(StoreId, Epoch, Seq)>,
}

impl Disk {
    pub(super) fn new(keeping: Keeping, seed: u64, who: usize) -> Disk {
        Disk {
            keeping,
            key: mix(seed, who as u64 + 1_000),
            device: 0,
            attempt: Try(0),
            allotted: MessageId(0),
            welcomed: false,
            ended_well: true,
            discarded: false,
            accepted: MessageId(0),
            place: None,
        }
    }

    /// A program starts: what does it find?
    pub(super) fn open(&mut self) -> Start {
        if self.keeping == Keeping::Nothing || self.device == 0 || self.discarded {
            *self = Disk {
                device: self.device + 1,
                attempt: Try(0),
                allotted: MessageId(0),
                welcomed: false,
                ended_well: true,
                discarded: false,
                accepted: MessageId(0),
                place: None,
                ..*self
            };
        }
        let start = self.start();
        self.ended_well = false;
        start
    }

    fn start(&self) -> Start {
        if !self.welcomed {
            return Start {
                attempt: self.attempt,
                allotted: self.allotted,
                ..Start::NEW
            };
        }
        let (place, accepted, may_repeat) = match (self.keeping, self.place) {
            (Keeping::Messages, Some((store, epoch, seq))) => {
                let place = Place::Cursor { store, epoch, seq };
                (place, Some(self.accepted), false)
            }
            _ => (Place::Server, None, !self.ended_well),
        };
        Start {
            attempt: self.attempt,
            allotted: self.allotted,
            place,
            accepted,
            delivered: Seq(0),
            may_repeat,
        }
    }

    /// Whether messages are kept, with their cursor.
    pub(super) fn stores_messages(&self) -> bool {
        self.keeping == Keeping::Messages
    }

    /// The current device's secret.
    pub(super) fn secret(&self) -> DeviceId {
        let (high, low) = (
            mix(self.key, self.device * 2),
            mix(self.key, self.device * 2 + 1),
        );
        let mut bits = [0; 16];
        bits[..8].copy_from_slice(&high.to_be_bytes());
        bits[8..].copy_from_slice(&low.to_be_bytes());
        DeviceId::new(bits)
    }

    pub(super) fn keep(&mut self, keep: &Keep) {
        match keep {
            Keep::Attempt(attempt) => self.attempt = *attempt,
            Keep::Allotted(id) => self.allotted = *id,
            // Told only to stores that keep lines too.
            _ => {}
        }
    }

    /// The server knows this device.
    pub(super) fn on_welcome(&mut self, welcome: &Welcome) {
        let known = self.place.filter(|_| !welcome.lost);
        let seq = known.map_or(welcome.cursor, |(.., seq)| seq);
        self.place = Some((welcome.store, welcome.epoch, seq));
        if welcome.lost {
            self.accepted = self.accepted.min(welcome.last);
        }
        self.welcomed = true;
    }

    pub(super) fn on_accepted(&mut self, last: MessageId) {
        self.accepted = self.accepted.max(last);
    }

    /// A delivery of the session that goes on is written, and with it the cursor.
    pub(super) fn on_written(&mut self, seq: Seq) {
        if let Some((.., place)) = &mut self.place {
            *place = seq.max(*place);
        }
    }

    /// The program ended as it was told, online or not. Only who is online is heard: the name is given up, and the
    /// device with it; or what was shown is acked. Whether the name was given up.
    pub(super) fn on_ended(&mut self, forgets: bool, online: bool) -> bool {
        self.ended_well = online;
        self.discarded = forgets && online;
        self.discarded
    }
}
