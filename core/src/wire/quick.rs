//! The frequent frames in the very bytes that `encode` writes for them, read in one walk. It never refuses anything: what
//! differs by a byte, has not come whole, or is beyond a limit is left to `decode`, which knows the whole grammar.

use super::frame::{
    ClientFrame, Credit, Delivery, Durability, Hello, Place, Receipt, ServerFrame, Welcome,
};
use super::head::{DIGITS_MAX, number};
use crate::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, Try};
use crate::limits::Limits;
use crate::name::{ALL, BadName, Name, Recipient};
use alloc::boxed::Box;
use core::time::Duration;

/// So many digits stand for a device.
const DEVICE_DIGITS: usize = 32;

/// A `SEND`, an `ACK`, a `HELLO` or a heartbeat, and how many bytes it took.
#[inline]
pub(super) fn client<'a>(bytes: &'a [u8], limits: &Limits) -> Option<(ClientFrame<'a>, usize)> {
    let mut walk = Walk { rest: bytes };
    let frame = match bytes.first()? {
        b'S' => walk.send(limits)?,
        b'A' => walk.ack()?,
        b'P' => walk.beat(ClientFrame::Ping, ClientFrame::Pong)?,
        b'H' => ClientFrame::Hello(Box::new(walk.hello()?)),
        _ => return None,
    };
    Some((frame, bytes.len() - walk.rest.len()))
}

/// A `DELIVER`, and how many bytes it took.
#[inline]
pub(super) fn delivery<'a>(bytes: &'a [u8], limits: &Limits) -> Option<(Delivery<'a>, usize)> {
    let mut walk = Walk { rest: bytes };
    let delivery = walk.delivery(limits)?;
    Some((delivery, bytes.len() - walk.rest.len()))
}

/// An `ACCEPTED`, a `RECEIPT` of one user, a `WELCOME` or a heartbeat, and how many bytes it took.
pub(super) fn server(bytes: &[u8]) -> Option<(ServerFrame<'_>, usize)> {
    let mut walk = Walk { rest: bytes };
    let frame = match bytes.first()? {
        b'A' => walk.accepted()?,
        b'R' => ServerFrame::Receipt(walk.receipt()?),
        b'W' => ServerFrame::Welcome(Box::new(walk.welcome()?)),
        b'P' => walk.beat(ServerFrame::Ping, ServerFrame::Pong)?,
        _ => return None,
    };
    Some((frame, bytes.len() - walk.rest.len()))
}

/// What is still to be read. Every step gives `None` where something else stands than it expects.
struct Walk<'a> {
    rest: &'a [u8],
}

impl<'a> Walk<'a> {
    #[inline]
    fn send(&mut self, limits: &Limits) -> Option<ClientFrame<'a>> {
        self.word(b"SEND ")?;
        let to = self.recipient()?;
        self.word(b"\nId: ")?;
        let id = MessageId(self.number().filter(|id| *id > 0)?);
        let body = self.body(limits)?;
        Some(ClientFrame::Send { to, id, body })
    }

    fn ack(&mut self) -> Option<ClientFrame<'a>> {
        self.word(b"ACK ")?;
        let seq = Seq(self.number()?);
        self.word(b"\n\n")?;
        Some(ClientFrame::Ack(seq))
    }

    #[inline(never)]
    fn hello(&mut self) -> Option<Hello> {
        self.word(b"HELLO 1\nUser: ")?;
        let user = self.name()?;
        self.word(b"\nDevice: ")?;
        let device = self.device()?;
        self.word(b"\nTry: ")?;
        let attempt = Try(self.number()?);
        let keep = self.word(b"\nKeep: yes\n").is_some();
        if !keep {
            self.word(b"\nKeep: no\n")?;
        }
        let place = self.place()?;
        let accepted = self.header(b"Accepted: ")?.map(MessageId);
        self.word(b"Delivered: ")?;
        let delivered = Seq(self.number()?);
        self.word(b"\nWindow: ")?;
        let deliveries = u32::try_from(self.number()?).unwrap_or(u32::MAX);
        self.word(b" ")?;
        let bytes = self.number()?;
        self.word(b"\n\n")?;
        Some(Hello {
            user,
            device,
            attempt,
            keep,
            place,
            accepted,
            delivered,
            credit: Credit { deliveries, bytes },
        })
    }

    fn place(&mut self) -> Option<Place> {
        if self.word(b"Cursor: server\n").is_some() {
            return Some(Place::Server);
        }
        let Some(store) = self.header(b"Store: ")?.map(StoreId) else {
            return Some(Place::New);
        };
        let epoch = Epoch(self.header(b"Epoch: ")??);
        let seq = Seq(self.header(b"Cursor: ")??);
        Some(Place::Cursor { store, epoch, seq })
    }

    /// A header of one number, if it is the next one.
    fn header(&mut self, name: &[u8]) -> Option<Option<u64>> {
        if self.word(name).is_none() {
            return Some(None);
        }
        let number = self.number()?;
        self.word(b"\n")?;
        Some(Some(number))
    }

    fn device(&mut self) -> Option<DeviceId> {
        let (digits, rest) = self.rest.split_at_checked(DEVICE_DIGITS)?;
        self.rest = rest;
        DeviceId::parse_hex(core::str::from_utf8(digits).ok()?)
    }

    #[inline]
    fn delivery(&mut self, limits: &Limits) -> Option<Delivery<'a>> {
        self.word(b"DELIVER ")?;
        let seq = Seq(self.number()?);
        self.word(b"\nFrom: ")?;
        let from = self.name()?;
        self.word(b"\nTo: ")?;
        let to = self.recipient()?;
        self.word(b"\nNumber: ")?;
        let number = Number(self.number()?);
        self.word(b"\nTime: ")?;
        let time = self.number()?;
        let body = self.body(limits)?;
        Some(Delivery {
            seq,
            from,
            to,
            number,
            time,
            body,
            // One that says more is for the whole grammar.
            removed: false,
        })
    }

    fn accepted(&mut self) -> Option<ServerFrame<'a>> {
        self.word(b"ACCEPTED")?;
        let mut numbers = [0; 4];
        for number in &mut numbers {
            self.word(b" ")?;
            *number = self.number()?;
        }
        self.word(b"\n\n")?;
        let [first, last, seq, number] = numbers;
        (first <= last).then_some(ServerFrame::Accepted {
            first: MessageId(first),
            last: MessageId(last),
            seq: Seq(seq),
            number: Number(number),
        })
    }

    fn receipt(&mut self) -> Option<Receipt> {
        self.word(b"RECEIPT ")?;
        let to = self.name()?;
        self.word(b" ")?;
        let up_to = Seq(self.number()?);
        self.word(b"\n\n")?;
        Some(Receipt::Delivered { to, up_to })
    }

    #[inline(never)]
    fn welcome(&mut self) -> Option<Welcome> {
        self.word(b"WELCOME 1\nUser: ")?;
        let user = self.name()?;
        let store = StoreId(self.number_after(b"\nStore: ")?);
        let epoch = Epoch(self.number_after(b"\nEpoch: ")?);
        self.word(b"\nLevel: ")?;
        let level = match self.word(b"disk") {
            Some(()) => Durability::Disk,
            None => self.word(b"memory").map(|()| Durability::Memory)?,
        };
        let head = Seq(self.number_after(b"\nHead: ")?);
        let heartbeat = Duration::from_millis(self.number_after(b"\nHeartbeat: ")?);
        let silence = Duration::from_millis(self.number_after(b" ")?);
        let body_bytes_max = self.number_after(b"\nBody-max: ")?;
        let unanswered_max = self.number_after(b"\nSend-window: ")?;
        let last = MessageId(self.number_after(b"\nLast: ")?);
        let cursor = Seq(self.number_after(b"\nCursor: ")?);
        let lost = self.word(b"\nLost: yes").is_some();
        self.word(b"\n\n")?;
        Some(Welcome {
            user,
            store,
            epoch,
            level,
            head,
            heartbeat,
            silence,
            body_bytes_max,
            unanswered_max,
            last,
            cursor,
            lost,
        })
    }

    fn beat<T>(&mut self, ping: T, pong: T) -> Option<T> {
        let (beat, frame) = match self.rest.get(1)? {
            b'I' => (b"PING\n\n", ping),
            _ => (b"PONG\n\n", pong),
        };
        self.word(beat)?;
        Some(frame)
    }

    #[inline]
    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }

    #[inline]
    fn number(&mut self) -> Option<u64> {
        let mut value = 0u64;
        let (text, mut rest) = (self.rest, self.rest);
        while let [byte, behind @ ..] = rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            // One that wraps has more digits than never overflow, and is read again below.
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
            rest = behind;
        }
        self.rest = rest;
        match text.len() - rest.len() {
            1..=DIGITS_MAX => Some(value),
            digits => number(&text[..digits]),
        }
    }

    /// The number behind such a word.
    fn number_after(&mut self, word: &[u8]) -> Option<u64> {
        self.word(word)?;
        self.number()
    }

    #[inline(always)] // on the way of every message
    fn recipient(&mut self) -> Option<Recipient> {
        match Name::prefix(self.rest) {
            Ok(name) => {
                self.rest = &self.rest[name.as_bytes().len()..];
                Some(Recipient::User(name))
            }
            Err(BadName::Reserved) => {
                self.rest = &self.rest[ALL.len()..];
                Some(Recipient::All)
            }
            Err(_) => None,
        }
    }

    #[inline]
    fn name(&mut self) -> Option<Name> {
        let name = Name::prefix(self.rest).ok()?;
        self.rest = &self.rest[name.as_bytes().len()..];
        Some(name)
    }

    /// The last header, which tells the body's length, and the body.
    #[inline(always)] // on the way of every message
    fn body(&mut self, limits: &Limits) -> Option<&'a str> {
        self.word(b"\nContent-length: ")?;
        let length = usize::try_from(self.number()?).ok()?;
        self.word(b"\n\n")?;
        let (body, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        let body = core::str::from_utf8(body).ok()?;
        (length <= limits.body_bytes_max).then_some(body)
    }
}

#[cfg(test)]
mod tests {
    use super::super::decode::{Decoded, client_by_grammar, server_by_grammar};
    use super::super::frame::ServerFrame;
    use super::{client, delivery, server};
    use crate::limits::Limits;
    use alloc::vec::Vec;
    use core::fmt::Debug;

    const SENT: [&[u8]; 8] = [
        b"HELLO 1\nUser: al\nDevice: 000102030405060708090a0b0c0D0E0F\nTry: 3\nKeep: yes\n\
          Store: 18446744073709551615\nEpoch: 8\nCursor: 9\nAccepted: 5\nDelivered: 6\nWindow: 256 262144\n\n",
        b"HELLO 1\nUser: al\nDevice: 000102030405060708090a0b0c0d0e0f\nTry: 3\nKeep: no\n\
          Cursor: server\nDelivered: 0\nWindow: 4294967296 1\n\n",
        b"HELLO 1\nUser: al\nDevice: 000102030405060708090a0b0c0d0e0f\nTry: 1\nKeep: yes\n\
          Accepted: 0\nDelivered: 0\nWindow: 1 0\n\n",
        b"SEND bob\nId: 7\nContent-length: 2\n\nhi",
        b"SEND ALL\nId: 18\nContent-length: 0\n\n",
        b"ACK 12\n\n",
        b"PING\n\n",
        b"PONG\n\n",
    ];
    const SAID: [&[u8]; 8] = [
        b"DELIVER 5\nFrom: al\nTo: bob\nNumber: 1\nTime: 16\nContent-length: 3\n\nh\xc3\xb6",
        b"DELIVER 5\nFrom: al\nTo: ALL\nNumber: 1\nTime: 16\nContent-length: 1\n\nh",
        b"ACCEPTED 3 4 17 18\n\n",
        b"RECEIPT bob 7\n\n",
        b"WELCOME 1\nUser: al\nStore: 18446744073709551615\nEpoch: 8\nLevel: disk\nHead: 1\nHeartbeat: 20 60\n\
          Body-max: 9\nSend-window: 5\nLast: 4\nCursor: 3\n\n",
        b"WELCOME 1\nUser: al\nStore: 7\nEpoch: 10000000000000000000\nLevel: memory\nHead: 1\nHeartbeat: 2 6\n\
          Body-max: 9\nSend-window: 5\nLast: 4\nCursor: 3\nLost: yes\n\n",
        b"PING\n\n",
        b"PONG\n\n",
    ];

    /// These bytes, cut anywhere, and with each byte left out, doubled or made another one.
    fn variants(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut all: Vec<Vec<u8>> = (0..bytes.len()).map(|cut| bytes[..cut].to_vec()).collect();
        for at in 0..bytes.len() {
            let mut put = |middle: &[u8]| {
                all.push([&bytes[..at], middle, &bytes[at + 1..]].concat());
            };
            put(&[]);
            put(&[bytes[at]; 2]);
            put(&[bytes[at]; 20]);
            for other in 0..=u8::MAX {
                put(&[other]);
            }
        }
        all.push([bytes, b"more"].concat());
        all
    }

    fn said<'a>(bytes: &'a [u8], limits: &Limits) -> Option<(ServerFrame<'a>, usize)> {
        let delivered = delivery(bytes, limits);
        let delivered = delivered.map(|(frame, taken)| (ServerFrame::Deliver(frame), taken));
        delivered.or_else(|| server(bytes))
    }

    fn agree<T: Debug + PartialEq>(quick: Option<(T, usize)>, whole: &Decoded<T>) -> bool {
        match quick {
            Some((frame, taken)) => *whole == Decoded::Frame(frame, taken),
            None => true,
        }
    }

    #[test]
    fn what_is_read_quickly_is_what_the_grammar_reads() {
        let narrow = Limits {
            body_bytes_max: 1,
            ..Limits::default()
        };
        for limits in [Limits::default(), narrow] {
            for bytes in SENT.iter().flat_map(|bytes| variants(bytes)) {
                let whole = client_by_grammar(&bytes, &limits);
                assert!(agree(client(&bytes, &limits), &whole), "{bytes:?}");
            }
            for bytes in SAID.iter().flat_map(|bytes| variants(bytes)) {
                let whole = server_by_grammar(&bytes, &limits);
                assert!(agree(said(&bytes, &limits), &whole), "{bytes:?}");
            }
        }
    }

    #[test]
    fn the_frequent_frames_are_read_quickly() {
        let limits = Limits::default();
        assert!(SENT.iter().all(|bytes| client(bytes, &limits).is_some()));
        assert!(SAID.iter().all(|bytes| said(bytes, &limits).is_some()));
    }
}
