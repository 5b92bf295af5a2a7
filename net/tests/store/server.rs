//! A server that forgets nothing, and that finds every fault of a client: ids used twice, lines sent twice.

use std::time::Duration;
use verbatim_core::id::{Epoch, MessageId, Number, Seq, StoreId};
use verbatim_core::limits::Limits;
use verbatim_core::name::Name;
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
    welcomed: bool,
}

impl Server {
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
                from: Name::parse(b"bob").unwrap(),
                to: verbatim_core::name::Recipient::parse(b"alice").unwrap(),
                number: Number(number),
                time: 1_000 + at as u64,
                body,
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
                    assert!(seq.0 as usize <= self.log.len());
                    self.acked = self.acked.max(seq);
                }
                _ => {}
            }
        }
    }

    fn on_hello(&mut self, hello: &Hello, out: &mut Vec<u8>) {
        assert!(hello.attempt.0 > self.attempt, "a counter used twice");
        self.attempt = hello.attempt.0;
        let cursor = match hello.place {
            Place::Cursor { seq, .. } => seq,
            _ => {
                assert_eq!(self.acked, Seq(0), "a place that was acked is forgotten");
                Seq(0)
            }
        };
        assert!(cursor >= self.acked, "acked and not kept: {cursor}");
        let accepted = hello.accepted.unwrap();
        assert!(accepted <= self.last);
        let welcome = Welcome {
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
        };
        self.welcomed = true;
        encode_server(&ServerFrame::Welcome(Box::new(welcome)), out);
        for at in 1..=self.log.len() {
            self.answer(at, accepted, out);
        }
        for at in cursor.0 as usize + 1..=self.log.len() {
            self.deliver(at, out);
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
        assert_eq!(id, self.last.next(), "an id out of turn");
        let twice =
            |record: &Record| matches!(record, Record::Own { body: known, .. } if known == body);
        assert!(!self.log.iter().any(twice), "{body:?} twice");
        self.last = id;
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
