//! A client that may be killed at any moment: its journal is its store. One blocking connection, the core's own codec.

use super::journal::{Entry, Journal, Noted};
use super::line::{self, USERS};
use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use verbatim_core::id::{DeviceId, Epoch, MessageId, Seq, StoreId, Try};
use verbatim_core::limits::Limits;
use verbatim_core::name::Recipient;
use verbatim_core::wire::{
    ClientFrame, Credit, Decoded, Hello, Place, Receipt, ServerFrame, Welcome, encode_client,
    server_frame,
};

/// Lines a second that a user writes at most: enough for batches, and few enough to keep all of them for the audit.
const LINES_PER_SECOND: f64 = 500.0;
/// Lines without an answer, by user: some write one at a time, others as many as they may.
const IN_FLIGHT: [usize; USERS] = [64, 64, 16, 8, 2, 1];

/// Which client this process is.
pub struct Part {
    pub user: usize,
    pub server: SocketAddr,
    pub folder: PathBuf,
}

impl Part {
    /// What the process was told when it was started; `None` in any other process.
    pub fn from_environment() -> Option<Part> {
        let told = std::env::var("VERBATIM_KILL_CLIENT").ok()?;
        let mut words = told.splitn(3, ' ');
        let mut word = || words.next().expect("three words");
        Some(Part {
            user: word().parse().unwrap(),
            server: word().parse().unwrap(),
            folder: word().into(),
        })
    }

    /// For [`Part::from_environment`].
    pub fn told(&self) -> String {
        format!("{} {} {}", self.user, self.server, self.folder.display())
    }

    /// Where its journal lies.
    pub fn journal(&self) -> PathBuf {
        self.folder.join(format!("user{}.journal", self.user))
    }
}

/// While this file is there, users write.
pub const TALK: &str = "talk";

/// What the client knows, all of it from its journal.
#[derive(Default)]
struct Known {
    attempt: u64,
    /// Store, epoch and seq.
    place: Option<[u64; 3]>,
    /// The epoch of the connection.
    epoch: [u64; 2],
    accepted: u64,
    waiting: VecDeque<(u64, u64)>,
    next_counter: u64,
    next_id: u64,
    /// Counters below this went out before, perhaps in vain.
    ever: u64,
}

impl Known {
    fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Try(attempt) => self.attempt = attempt,
            Entry::Welcome([store, epoch, cursor, last, _]) => {
                self.epoch = [store, epoch];
                let seq = self.place.map_or(cursor, |[_, _, seq]| seq);
                self.place = Some([store, epoch, seq]);
                self.rewind(last);
            }
            Entry::Sent { id, counter } => {
                self.waiting.push_back((id, counter));
                (self.next_id, self.next_counter) = (id + 1, counter + 1);
                self.ever = self.ever.max(counter + 1);
            }
            Entry::Accepted { last, .. } => {
                self.waiting.retain(|(id, _)| *id > last);
                self.accepted = last;
            }
            Entry::Delivered { seq, .. } => {
                let [store, epoch] = self.epoch;
                self.place = Some([store, epoch, seq]);
            }
            _ => {}
        }
    }

    /// Ids above `last` were not taken and never will be: their lines go out again under new ones.
    fn rewind(&mut self, last: u64) {
        let again = self.waiting.iter().find(|(id, _)| *id > last);
        self.next_counter = again.map_or(self.next_counter, |(_, counter)| *counter);
        self.waiting.retain(|(id, _)| *id <= last);
        self.next_id = last + 1;
    }

    fn hello(&self, user: usize) -> Hello {
        let place = self
            .place
            .map_or(Place::New, |[store, epoch, seq]| Place::Cursor {
                store: StoreId(store),
                epoch: Epoch(epoch),
                seq: Seq(seq),
            });
        Hello {
            user: line::name(user),
            device: DeviceId::new([user as u8 + 1; 16]),
            attempt: Try(self.attempt),
            keep: true,
            place,
            accepted: Some(MessageId(self.accepted)),
            delivered: Seq(0),
            credit: Credit {
                deliveries: 256,
                bytes: 262_144,
            },
        }
    }
}

struct Client<'a> {
    part: &'a Part,
    known: Known,
    journal: Journal,
    limits: Limits,
    /// What may still be written, in lines.
    allowance: f64,
    looked: Instant,
}

/// Lives until it is killed, or until nobody is left who would.
pub fn run(part: &Part) {
    let (journal, notes) = Journal::open(&part.journal());
    let mut known = Known {
        next_id: 1,
        next_counter: 1,
        ..Known::default()
    };
    notes
        .iter()
        .for_each(|Noted { entry, .. }| known.take(*entry));
    let mut client = Client {
        part,
        known,
        journal,
        limits: Limits::default(),
        allowance: 0.0,
        looked: Instant::now(),
    };
    let parent = nix::unistd::getppid();
    while nix::unistd::getppid() == parent {
        match TcpStream::connect(part.server) {
            Ok(stream) => client.converse(stream, parent),
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

impl Client<'_> {
    /// Speaks on a connection until it ends.
    fn converse(&mut self, mut stream: TcpStream, parent: nix::unistd::Pid) {
        let attempt = self.known.attempt + 1;
        self.note(Entry::Try(attempt));
        self.journal.write();
        let (mut unread, mut bytes) = (Vec::new(), vec![0; 256 * 1024]);
        let hello = ClientFrame::Hello(Box::new(self.known.hello(self.part.user)));
        let ready = stream
            .set_read_timeout(Some(Duration::from_millis(10)))
            .and_then(|()| stream.set_nodelay(true))
            .and_then(|()| stream.write_all(&encoded(&hello)));
        let (mut alive, mut welcome) = (ready.is_ok(), false);
        while alive && nix::unistd::getppid() == parent {
            match stream.read(&mut bytes) {
                Ok(0) => return,
                Ok(count) => unread.extend_from_slice(&bytes[..count]),
                Err(error) if is_waiting(&error) => {}
                Err(_) => return,
            }
            let answer = self.on_bytes(&mut unread, &mut welcome);
            alive = stream.write_all(&answer).is_ok();
            if alive && welcome {
                alive = stream.write_all(&self.lines()).is_ok();
            }
        }
    }

    /// Takes in all whole frames; gives what is to be said to them, once all of it is in the journal.
    fn on_bytes(&mut self, unread: &mut Vec<u8>, welcome: &mut bool) -> Vec<u8> {
        let (mut at, mut answer, mut acked) = (0, Vec::new(), None);
        loop {
            let (frame, length) = match server_frame(&unread[at..], &self.limits.clone()) {
                Decoded::Frame(frame, length) => (frame, length),
                Decoded::Partial => break,
                Decoded::Refused(..) => {
                    self.note(Entry::Strange(1));
                    break;
                }
            };
            match frame {
                ServerFrame::Ping => encode_client(&ClientFrame::Pong, &mut answer),
                ServerFrame::Deliver(delivery) => acked = Some(delivery.seq),
                ServerFrame::Welcome(_) => *welcome = true,
                _ => {}
            }
            if let Some(entry) = entry_of(&frame) {
                self.note(entry);
            }
            at += length;
        }
        unread.drain(..at);
        self.journal.write();
        if let Some(seq) = acked {
            encode_client(&ClientFrame::Ack(seq), &mut answer);
        }
        answer
    }

    /// The next lines, which are in the journal before the first byte leaves.
    fn lines(&mut self) -> Vec<u8> {
        self.allowance += self.looked.elapsed().as_secs_f64() * LINES_PER_SECOND;
        self.allowance = self.allowance.min(256.0);
        self.looked = Instant::now();
        let (user, mut out, mut body) = (self.part.user, Vec::new(), String::new());
        // Lines that were not taken are said in any case; new ones only while there is talk.
        let talk = self.part.folder.join(TALK).exists();
        let again_until = self.known.ever;
        while self.known.waiting.len() < IN_FLIGHT[user] && self.allowance >= 1.0 {
            let (id, counter) = (self.known.next_id, self.known.next_counter);
            if !talk && counter >= again_until {
                break;
            }
            self.allowance -= 1.0;
            self.note(Entry::Sent { id, counter });
            body.clear();
            line::write_body(user, counter, &mut body);
            let (to, id) = (line::recipient(user, counter), MessageId(id));
            encode_client(
                &ClientFrame::Send {
                    to,
                    id,
                    body: &body,
                },
                &mut out,
            );
        }
        self.journal.write();
        out
    }

    fn note(&mut self, entry: Entry) {
        self.known.take(entry);
        self.journal.note(entry);
    }
}

fn is_waiting(error: &std::io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

fn encoded(frame: &ClientFrame<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_client(frame, &mut bytes);
    bytes
}

fn entry_of(frame: &ServerFrame<'_>) -> Option<Entry> {
    Some(match frame {
        ServerFrame::Welcome(welcome) => welcomed(welcome),
        ServerFrame::Accepted {
            first,
            last,
            seq,
            number,
        } => Entry::Accepted {
            first: first.0,
            last: last.0,
            seq: seq.0,
            number: number.0,
        },
        ServerFrame::Deliver(delivery) => match line::read_body(delivery.body) {
            Some((writer, counter)) if line::name(writer) == delivery.from => Entry::Delivered {
                seq: delivery.seq.0,
                number: delivery.number.0,
                from: writer as u64,
                counter,
                to_all: u64::from(delivery.to == Recipient::All),
            },
            _ => Entry::Strange(2),
        },
        ServerFrame::Receipt(Receipt::Delivered { to, up_to }) => Entry::Receipt {
            to: line::user_of(to) as u64,
            up_to: up_to.0,
        },
        ServerFrame::Receipt(Receipt::All { seq, count, of }) => Entry::Count {
            seq: seq.0,
            count: *count,
            of: *of,
        },
        ServerFrame::Receipt(Receipt::Left { .. }) => Entry::Strange(3),
        ServerFrame::Rejected(rejection) => Entry::Strange(1000 + u64::from(rejection.code.0)),
        ServerFrame::Error { code, .. } => Entry::Strange(2000 + u64::from(code.0)),
        ServerFrame::Removed { .. } => Entry::Strange(4),
        ServerFrame::Replaced { .. } => Entry::Strange(5),
        _ => return None,
    })
}

fn welcomed(welcome: &Welcome) -> Entry {
    Entry::Welcome([
        welcome.store.0,
        welcome.epoch.0,
        welcome.cursor.0,
        welcome.last.0,
        u64::from(welcome.lost),
    ])
}
