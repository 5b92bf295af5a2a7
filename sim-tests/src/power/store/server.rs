//! A server that forgets nothing, and that finds every fault of a client: ids used twice, lines sent twice.

use super::super::{LOG_RULES, broken};
use super::{DUPLICATES, FENCING, STORED};
use crate::checker::Violation;
use std::time::Duration;
use verbatim_core::id::{Epoch, MessageId, Number, Seq, StoreId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::{
    ClientFrame, Decoded, Delivery, Durability, Hello, Place, ServerFrame, Welcome, client_frame,
    encode_server,
};

enum Record {
    Own { id: MessageId, body: String },
    Other { body: String },
}

/// See the module's words.
#[derive(Default)]
pub struct Server {
    log: Vec<Record>,
    last: MessageId,
    acked: Seq,
    attempt: u64,
    /// The first fault found.
    broken: Option<Violation>,
}

impl Server {
    /// The first fault that it found.
    pub fn broken(&self) -> Option<&Violation> {
        self.broken.as_ref()
    }

    fn expect(&mut self, holds: bool, rule: &'static str, what: impl Into<String>) {
        if !holds && self.broken.is_none() {
            self.broken = Some(broken(rule, what));
        }
    }

    /// Somebody writes to alice.
    pub fn says(&mut self, body: &str, out: &mut Vec<u8>) {
        self.log.push(Record::Other { body: body.into() });
        self.deliver(self.log.len(), out);
    }

    fn deliver(&self, at: usize, out: &mut Vec<u8>) {
        let others = |record: &&Record| matches!(record, Record::Other { .. });
        if let Record::Other { body } = &self.log[at - 1] {
            let number = self.log[..at].iter().filter(others).count() as u64;
            let delivery = Delivery {
                seq: Seq(at as u64),
                from: Name::parse(b"bob").expect("a name"),
                to: Recipient::parse(b"alice").expect("a name"),
                number: Number(number),
                time: 1_000 + at as u64,
                body,
                removed: false,
            };
            encode_server(&ServerFrame::Deliver(delivery), out);
        }
    }

    /// Takes what a client says, and answers.
    pub fn hears(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while let Decoded::Frame(frame, taken) = client_frame(bytes, &Limits::default()) {
            bytes = &bytes[taken..];
            match frame {
                ClientFrame::Hello(hello) => self.on_hello(&hello, out),
                ClientFrame::Send { id, body, .. } => self.on_send(id, body, out),
                ClientFrame::Ack(seq) => {
                    let there = seq.0 as usize <= self.log.len();
                    self.expect(there, LOG_RULES, "an ack of what never came");
                    self.acked = self.acked.max(seq);
                }
                _ => {}
            }
        }
    }

    fn on_hello(&mut self, hello: &Hello, out: &mut Vec<u8>) {
        let newer = hello.attempt.0 > self.attempt;
        self.expect(newer, FENCING, "a connection counter is used twice");
        self.attempt = hello.attempt.0;
        let cursor = match hello.place {
            Place::Cursor { seq, .. } => seq,
            _ => Seq(0),
        };
        let kept = cursor >= self.acked;
        self.expect(
            kept,
            STORED,
            format!("{} was acked and is not kept", self.acked),
        );
        let accepted = hello.accepted.unwrap_or_default();
        let known = accepted <= self.last;
        self.expect(known, LOG_RULES, "an answer that was never given is kept");
        encode_server(
            &ServerFrame::Welcome(Box::new(self.welcome(hello, cursor))),
            out,
        );
        for at in 1..=self.log.len() {
            self.answer(at, accepted, out);
        }
        for at in cursor.0 as usize + 1..=self.log.len() {
            self.deliver(at, out);
        }
    }

    fn welcome(&self, hello: &Hello, cursor: Seq) -> Welcome {
        Welcome {
            user: hello.user,
            store: StoreId(9),
            epoch: Epoch(5),
            level: Durability::Disk,
            head: Seq(self.log.len() as u64),
            heartbeat: Duration::from_secs(5),
            silence: Duration::from_secs(15),
            body_bytes_max: 65_536,
            unanswered_max: 64,
            last: self.last,
            cursor,
            lost: false,
        }
    }

    fn answer(&self, at: usize, after: MessageId, out: &mut Vec<u8>) {
        if let Record::Own { id, .. } = self.log[at - 1]
            && id > after
        {
            let frame = ServerFrame::Accepted {
                first: id,
                last: id,
                seq: Seq(at as u64),
                number: Number(id.0),
            };
            encode_server(&frame, out);
        }
    }

    fn on_send(&mut self, id: MessageId, body: &str, out: &mut Vec<u8>) {
        let in_turn = id == self.last.next();
        self.expect(in_turn, DUPLICATES, format!("id {id} comes out of turn"));
        let twice =
            |record: &Record| matches!(record, Record::Own { body: known, .. } if known == body);
        let twice = self.log.iter().any(twice);
        self.expect(!twice, DUPLICATES, format!("{body:?} is sent twice"));
        self.last = self.last.max(id);
        let body = body.into();
        self.log.push(Record::Own { id, body });
        self.answer(self.log.len(), MessageId(0), out);
    }

    /// The user's lines, in the order of the log.
    pub fn own(&self) -> Vec<String> {
        let own = self.log.iter().filter_map(|record| match record {
            Record::Own { body, .. } => Some(body.clone()),
            Record::Other { .. } => None,
        });
        own.collect()
    }
}
