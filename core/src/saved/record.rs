//! A record as bytes: a head with everything but the text, and the text. The text can be taken out later, leaving its
//! hash, and the head still proves what stood there.

use super::Damaged;
use crate::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, UserId};
use crate::name::{Name, Recipient};
use crate::now::Wall;
use crate::record::{Holder, Message, Record, Stream, What};
use crate::wire::Delivery;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// What stands in the place of a text that was taken out: 256 bits, of a function that the engine chooses.
pub type BodyHash = [u8; 32];

/// The head of a record.
#[derive(Serialize, Deserialize)]
struct Head<'a> {
    seq: u64,
    stamp: u64,
    #[serde(borrow)]
    what: Bytes<'a>,
}

#[derive(Serialize, Deserialize)]
enum Bytes<'a> {
    Start {
        store: u64,
        epoch: u64,
    },
    Claim {
        name: &'a [u8],
        /// The device's secret and whether it keeps a store; `None`: a classic user.
        device: Option<([u8; 16], bool)>,
    },
    Release {
        user: u64,
        reached: u64,
    },
    Message {
        from: u64,
        from_name: &'a [u8],
        /// `None`: `ALL`.
        to: Option<(u64, &'a [u8])>,
        number: u64,
        id: u64,
        hash: u64,
    },
}

/// Appends a value's bytes. They fit: the vector grows.
pub(super) fn append(value: &impl Serialize, out: &mut Vec<u8>) {
    let taken = core::mem::take(out);
    *out = postcard::to_extend(value, taken).expect("a vector takes any number of bytes");
}

/// Appends a record's head; its text is [`body_of`].
pub fn record_bytes(record: &Record, out: &mut Vec<u8>) {
    let head = |what| Head {
        seq: record.seq.0,
        stamp: record.stamp.0,
        what,
    };
    match &record.what {
        What::Start { store, epoch } => {
            let (store, epoch) = (store.0, epoch.0);
            append(&head(Bytes::Start { store, epoch }), out);
        }
        What::Claim { name, holder } => {
            let device = match holder {
                Holder::Device { device, keep } => Some((device.secret(), *keep)),
                Holder::Classic => None,
            };
            let name = name.as_bytes();
            append(&head(Bytes::Claim { name, device }), out);
        }
        What::Release { user, reached } => {
            let (user, reached) = (user.0.0, reached.0);
            append(&head(Bytes::Release { user, reached }), out);
        }
        What::Message(message) => message_bytes(message, head, out),
    }
}

fn message_bytes<'a>(
    message: &'a Message,
    head: impl Fn(Bytes<'a>) -> Head<'a>,
    out: &mut Vec<u8>,
) {
    let (from_name, to_name) = message.names();
    let to = match message.to {
        Stream::User(to) => Some((to.0.0, to_name)),
        Stream::All => None,
    };
    let what = Bytes::Message {
        from: message.from.0.0,
        from_name,
        to,
        number: message.number.0,
        id: message.id.0,
        hash: message.hash,
    };
    append(&head(what), out);
}

/// What is left of a record's text.
#[derive(Clone, Copy, Debug)]
pub enum Text<'a> {
    /// All of it.
    There(&'a [u8]),
    /// It was removed, and had so many bytes.
    Removed(usize),
}

impl<'a> Text<'a> {
    fn bytes(self) -> &'a [u8] {
        match self {
            Text::There(body) => body,
            Text::Removed(_) => &[],
        }
    }
}

/// The text of a record; empty if it is no message.
pub fn body_of(record: &Record) -> &[u8] {
    match &record.what {
        What::Message(message) => message.body().as_bytes(),
        _ => &[],
    }
}

/// Builds a record from its head and its text; `scratch` is a buffer to reuse.
///
/// # Errors
/// [`Damaged`]: these are no such bytes.
pub fn record_from(head: &[u8], text: Text<'_>, scratch: &mut Vec<u8>) -> Result<Record, Damaged> {
    let head: Head<'_> = postcard::from_bytes(head).map_err(|_| Damaged("a record's head"))?;
    let (seq, stamp) = (Seq(head.seq), Wall(head.stamp));
    let what = match head.what {
        Bytes::Start { store, epoch } => What::Start {
            store: StoreId(store),
            epoch: Epoch(epoch),
        },
        Bytes::Claim { name, device } => What::Claim {
            name: name_from(name)?,
            holder: holder_from(device),
        },
        Bytes::Release { user, reached } => What::Release {
            user: UserId(Seq(user)),
            reached: Seq(reached),
        },
        Bytes::Message {
            from,
            from_name,
            to,
            number,
            id,
            hash,
        } => {
            let (stream, to) = recipient_from(to)?;
            let delivery = Delivery {
                seq,
                from: name_from(from_name)?,
                to,
                number: Number(number),
                time: stamp.0,
                body: core::str::from_utf8(text.bytes()).map_err(|_| Damaged("a body"))?,
                removed: false,
            };
            let from = UserId(Seq(from));
            let id = (MessageId(id), hash);
            let message = Message::new((from, stream), id, &delivery, scratch);
            What::Message(match text {
                Text::There(_) => message,
                Text::Removed(bytes) => message.without_text(bytes),
            })
        }
    };
    match (&what, text) {
        (What::Message(_), _) | (_, Text::There([])) => Ok(Record { seq, stamp, what }),
        _ => Err(Damaged("a record with a text")),
    }
}

pub(crate) fn name_from(bytes: &[u8]) -> Result<Name, Damaged> {
    Name::parse(bytes).map_err(|_| Damaged("a name"))
}

pub(crate) fn holder_from(device: Option<([u8; 16], bool)>) -> Holder {
    device.map_or(Holder::Classic, |(bits, keep)| Holder::Device {
        device: DeviceId::new(bits),
        keep,
    })
}

fn recipient_from(to: Option<(u64, &[u8])>) -> Result<(Stream, Recipient), Damaged> {
    match to {
        Some((user, name)) => Ok((
            Stream::User(UserId(Seq(user))),
            Recipient::User(name_from(name)?),
        )),
        None => Ok((Stream::All, Recipient::All)),
    }
}
