//! A small server for two session users that breaks one promise on purpose; and the tests that the audit notices.

use crate::load::audit::Findings;
use crate::load::contest::Scenario;
use crate::load::pairs;
use crate::load::session::Session;
use crate::load::subject::Target;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use verbatim_core::code::Code;
use verbatim_core::id::{Epoch, MessageId, Number, Seq, StoreId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::{
    ClientFrame, Decoded, Delivery, Durability, Hello, Receipt, Rejection, ServerFrame, Welcome,
    client_frame, encode_server,
};

/// What the server does wrong, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    Drop,
    Duplicate,
    Swap,
    SkipNumber,
    Refuse,
    NoAnswer,
    AnswerAgain,
    NoReceipts,
    HangUp,
}

/// The message that it does wrong. Within the first window, so that it comes however slow the machine is.
const WHEN: u64 = 5;

struct Hub {
    fault: Fault,
    seq: u64,
    held: Vec<u8>,
    streams: HashMap<Name, TcpStream>,
}

fn serve(fault: Fault) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let hub = Arc::new(Mutex::new(Hub {
        fault,
        seq: 0,
        held: Vec::new(),
        streams: HashMap::new(),
    }));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, hub) = (stream.unwrap(), Arc::clone(&hub));
            stream.set_nodelay(true).unwrap();
            thread::spawn(move || attend(stream, &hub));
        }
    });
    address
}

fn attend(mut stream: TcpStream, hub: &Mutex<Hub>) {
    let limits = Limits::default();
    let (mut bytes, mut piece, mut user) = (Vec::new(), [0; 4096], None);
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        bytes.extend_from_slice(&piece[..count]);
        let mut used = 0;
        while let Decoded::Frame(frame, length) = client_frame(&bytes[used..], &limits) {
            used += length;
            let mut hub = hub.lock().unwrap();
            match frame {
                ClientFrame::Hello(hello) => {
                    user = Some(hello.user);
                    hub.on_hello(&hello, stream.try_clone().unwrap());
                }
                ClientFrame::Send { to, id, body } => hub.on_send(user.unwrap(), to, id, body),
                ClientFrame::Ack(seq) => hub.on_ack(user.unwrap(), seq),
                _ => return,
            }
        }
        bytes.drain(..used);
    }
}

impl Hub {
    fn tell(&mut self, whom: Name, bytes: &[u8]) {
        // A user that is gone needs not be told.
        let _ = self.streams.get_mut(&whom).unwrap().write_all(bytes);
    }

    fn on_hello(&mut self, hello: &Hello, stream: TcpStream) {
        self.streams.insert(hello.user, stream);
        let welcome = Welcome {
            user: hello.user,
            store: StoreId(1),
            epoch: Epoch(1),
            level: Durability::Memory,
            head: Seq(0),
            heartbeat: Duration::from_secs(5),
            silence: Duration::from_secs(15),
            body_bytes_max: 65536,
            unanswered_max: 64,
            last: MessageId(0),
            cursor: Seq(0),
            lost: false,
        };
        self.tell(
            hello.user,
            &encoded(&ServerFrame::Welcome(Box::new(welcome))),
        );
    }

    fn on_send(&mut self, from: Name, to: Recipient, id: MessageId, body: &str) {
        let fault = match self.seq == WHEN {
            true => self.fault,
            false => Fault::None,
        };
        self.seq += 1 + u64::from(fault == Fault::SkipNumber);
        self.answer(from, id, fault);
        let delivery = encoded(&ServerFrame::Deliver(Delivery {
            seq: Seq(self.seq),
            from,
            to,
            number: Number(self.seq),
            time: 0,
            body,
            removed: false,
        }));
        let Recipient::User(reader) = to else { return };
        match fault {
            Fault::Drop | Fault::Refuse => {}
            Fault::Swap => self.held = delivery,
            Fault::Duplicate => self.tell(reader, &[&delivery[..], &delivery[..]].concat()),
            _ => {
                self.tell(reader, &delivery);
                let held = std::mem::take(&mut self.held);
                self.tell(reader, &held);
            }
        }
        if fault == Fault::HangUp {
            let stream = self.streams.get(&reader).unwrap();
            stream.shutdown(std::net::Shutdown::Both).unwrap();
        }
    }

    fn answer(&mut self, from: Name, id: MessageId, fault: Fault) {
        let accepted = encoded(&ServerFrame::Accepted {
            first: id,
            last: id,
            seq: Seq(self.seq),
            number: Number(self.seq),
        });
        match fault {
            Fault::NoAnswer => {}
            Fault::Refuse => self.tell(
                from,
                &encoded(&ServerFrame::Rejected(Rejection {
                    id,
                    code: Code::RECIPIENT_FULL,
                    retry_after: None,
                })),
            ),
            Fault::AnswerAgain => self.tell(from, &[&accepted[..], &accepted[..]].concat()),
            _ => self.tell(from, &accepted),
        }
    }

    fn on_ack(&mut self, by: Name, seq: Seq) {
        if self.fault != Fault::NoReceipts {
            let writer = Name::parse(b"user0").unwrap();
            let receipt = Receipt::Delivered { to: by, up_to: seq };
            self.tell(writer, &encoded(&ServerFrame::Receipt(receipt)));
        }
    }
}

fn encoded(frame: &ServerFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_server(frame, &mut bytes);
    bytes
}

fn audited(fault: Fault) -> Findings {
    let target = Target {
        address: serve(fault),
        pid: std::process::id(),
    };
    let plan = pairs::Plan {
        pairs: 1,
        in_flight: 8,
        bytes: 50,
        warm_up: 0.02,
        seconds: 0.05,
        settling: 0.3,
    };
    plan.play(&Session::default(), target).unwrap().findings
}

#[test]
fn an_honest_server_is_clean() {
    assert_eq!(audited(Fault::None), Findings::default());
}

#[test]
fn each_planted_fault_is_found_and_no_other() {
    let one = |fault| {
        let found = audited(fault);
        let named = found.named();
        let names = named.iter().filter(|it| it.1 > 0).map(|it| it.0);
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(one(Fault::Drop), "lost number_faults");
    assert_eq!(one(Fault::Duplicate), "duplicates reordered number_faults");
    assert_eq!(one(Fault::Swap), "reordered");
    assert_eq!(one(Fault::SkipNumber), "number_faults");
    assert_eq!(one(Fault::NoReceipts), "receipts_missing");
}

#[test]
fn wrong_answers_are_found() {
    assert_eq!(audited(Fault::Refuse).refused, 1);
    assert!(audited(Fault::NoAnswer).faults > 0);
    assert!(audited(Fault::AnswerAgain).faults > 0);
}

#[test]
fn a_connection_that_ends_is_found() {
    assert!(audited(Fault::HangUp).faults > 0);
}
