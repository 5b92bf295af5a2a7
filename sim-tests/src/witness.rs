//! Looks on at the server's door and writes down what the checker needs: records, bound connections, deliveries, acks.

mod digest;
mod speech;

use crate::arrivals::Arrivals;
use crate::dense::Dense;
use crate::history::{Conn, Entry, History, ServerNews, What as Noted, Who};
use crate::receipts::Receipts;
use crate::server_disk::ServerDisk;
use crate::sheet::Sheet;
use digest::digest;
use speech::Speech;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use verbatim_core::classic::ClassicOut;
use verbatim_core::id::{ConnId, DeviceId, Seq};
use verbatim_core::limits::Limits;
use verbatim_core::now::{Mono, Now};
use verbatim_core::record::{Holder, Message, Record, Stream, What};
use verbatim_core::router::{Input, Outgoing, Output};
use verbatim_core::wire::{Place, ServerFrame, Welcome};
use verbatim_net::Tap;
use verbatim_net::transcript::Transcript;

/// Which device of whom each secret is. Shared by those who make devices and those who look on.
pub type Devices = Rc<std::cell::RefCell<BTreeMap<DeviceId, (Who, u64)>>>;

/// See the module's words.
pub struct Witness {
    arrivals: Arrivals,
    history: History,
    devices: Devices,
    limits: Limits,
    talks: Dense<Talk>,
    /// Of all bytes that came, and of all frames that went.
    digest: u64,
    /// The bytes of the frame that is looked at.
    frame: Vec<u8>,
    transcript: Option<Transcript<Sheet>>,
    /// The engine's commit up to here has returned.
    committed: u64,
    /// The log outlives the server: each start is told as its record is appended.
    disk: Option<ServerDisk>,
}

struct Talk {
    conn: Conn,
    speech: Speech,
    closed: bool,
    /// How it began, as far as a registration reaches.
    first: Vec<u8>,
    /// When its last byte came.
    heard: Mono,
    /// A session is bound to it.
    bound: bool,
    /// That it is silent is written down.
    told_silent: bool,
    receipts: Receipts,
}

/// What is kept of a connection's beginning.
const FIRST_BYTES: usize = 64;
/// A deadline may be noticed so much later.
const SILENCE_SLACK: Duration = Duration::from_secs(2);

impl Witness {
    /// One who looks on at one server's life.
    pub fn new(
        arrivals: Arrivals,
        history: History,
        devices: Devices,
        limits: Limits,
        transcript: Option<Transcript<Sheet>>,
    ) -> Witness {
        Witness {
            arrivals,
            history,
            devices,
            limits,
            talks: Dense::default(),
            digest: 0,
            frame: Vec::new(),
            transcript,
            committed: 0,
            disk: None,
        }
    }

    /// The same for a server that keeps its log there: it tells of the router's starts too, of which one server may have
    /// several.
    #[must_use]
    pub fn beside(mut self, disk: &ServerDisk) -> Witness {
        self.disk = disk.is_used().then(|| disk.clone());
        self
    }

    /// A router begins over a log that ends before that record.
    fn on_start(&mut self, seq: u64, epoch: u64) {
        if self.disk.is_none() {
            return;
        }
        for (_, talk) in std::mem::take(&mut self.talks).iter() {
            self.note(ServerNews::Ended(talk.conn));
        }
        self.committed = seq - 1;
        let kept = Some(seq - 1);
        self.note(ServerNews::Started { epoch, kept });
    }

    #[inline(always)]
    fn note(&self, news: ServerNews) {
        self.history.note(Noted::Server(news));
    }

    fn talks(&self) -> impl Iterator<Item = &Talk> {
        self.talks.iter().map(|(_, talk)| talk)
    }

    fn on_input(&mut self, now: Mono, input: &Input<'_>) {
        match input {
            Input::Opened { conn, .. } => self.on_opened(now, *conn),
            Input::Received { conn, bytes } => self.on_received(now, *conn, bytes),
            Input::Closed { conn } => {
                if let Some(talk) = self.talks.remove(key(*conn)) {
                    if self.arrivals.spoke_late(talk.conn) {
                        self.note(ServerNews::Late(talk.conn));
                    }
                    self.note(ServerNews::Ended(talk.conn));
                }
            }
            Input::Committed { seq, .. } => {
                self.committed = self.committed.max(seq.0);
                if let Some(disk) = &self.disk {
                    disk.on_told(*seq);
                }
            }
            Input::Timeout => self.look_for_silence(now),
            _ => {}
        }
    }

    fn look_for_silence(&mut self, now: Mono) {
        let most = self.limits.silence_time_max + SILENCE_SLACK;
        for talk in self.talks.values_mut() {
            let silent_for = now.since(talk.heard);
            if talk.bound && !talk.closed && !talk.told_silent && silent_for > most {
                talk.told_silent = true;
                let conn = talk.conn;
                let news = ServerNews::Silent { conn, silent_for };
                self.history.note(Noted::Server(news));
            }
        }
    }

    fn on_opened(&mut self, now: Mono, conn: ConnId) {
        let number = self.arrivals.latest();
        self.note(ServerNews::Opened(number));
        let talk = Talk {
            conn: number,
            speech: Speech::default(),
            closed: false,
            first: Vec::new(),
            heard: now,
            bound: false,
            told_silent: false,
            receipts: Receipts::default(),
        };
        self.talks.insert(key(conn), talk);
    }

    fn on_received(&mut self, now: Mono, conn: ConnId, bytes: &[u8]) {
        self.digest = digest(self.digest, bytes);
        let Some(talk) = self.talks.get_mut(key(conn)) else {
            return;
        };
        talk.heard = now;
        let ordinal = talk.conn;
        if talk.closed {
            return self.note(ServerNews::Late(ordinal));
        }
        let room = FIRST_BYTES
            .saturating_sub(talk.first.len())
            .min(bytes.len());
        talk.first.extend_from_slice(&bytes[..room]);
        let history = &self.history;
        talk.speech.hear(bytes, &self.limits, &mut |Seq(seq)| {
            let conn = ordinal;
            history.note(Noted::Server(ServerNews::AckCame { conn, seq }));
        });
    }

    fn on_output(&mut self, now: Now, by: Option<Conn>, output: &Output) {
        match output {
            Output::Append(Record {
                seq,
                what: What::Start { epoch, .. },
                ..
            }) => self.on_start(seq.0, epoch.0),
            Output::Append(record) => self.on_appended(now, by, record),
            Output::Send { conn, frame } => self.on_sent(*conn, frame),
            Output::Close { conn, reason } => {
                if let Some(talk) = self.talks.get_mut(key(*conn)) {
                    talk.closed = true;
                    self.arrivals.close(talk.conn);
                    let (conn, reason) = (talk.conn, reason.to_string());
                    let silent_for = now.mono.since(talk.heard);
                    self.note(ServerNews::Closing {
                        conn,
                        reason,
                        silent_for,
                    });
                }
            }
            _ => {}
        }
    }

    fn on_sent(&mut self, conn: ConnId, frame: &Outgoing) {
        self.digest = digest::of_frame(self.digest, frame, &mut self.frame);
        let Some(talk) = self.talks.get_mut(key(conn)) else {
            return;
        };
        talk.bound |= matches!(frame, Outgoing::Session(ServerFrame::Welcome(_)));
        let conn = talk.conn;
        if let Outgoing::Session(ServerFrame::Receipt(receipt)) = frame
            && let Some(what) = talk.receipts.shrinks(receipt)
        {
            return self.note(ServerNews::ReceiptShrank { conn, what });
        }
        if let Some(seq) = told_of(frame).filter(|seq| *seq > self.committed) {
            self.note(ServerNews::Uncommitted { conn, seq });
        }
        match frame {
            Outgoing::Session(ServerFrame::Welcome(welcome)) => self.on_bound(conn, welcome),
            Outgoing::Delivery(message) => {
                let (seq, bytes) = (message.seq.0, message.frame().len() as u64);
                let news = || Noted::Server(ServerNews::Delivering { conn, seq, bytes });
                self.history.note_made(news);
            }
            Outgoing::Classic(ClassicOut::Forward(piece)) => self.note(ServerNews::Forwarding {
                conn,
                seq: piece.message.seq.0,
                start: piece.start as u64,
                end: piece.end as u64,
            }),
            _ => {}
        }
    }

    fn on_bound(&self, conn: Conn, welcome: &Welcome) {
        let talk = self.talks().find(|talk| talk.conn == conn);
        let Some(hello) = talk.and_then(|talk| talk.speech.hello.as_ref()) else {
            return;
        };
        let (who, _) = self.devices.borrow()[&hello.device];
        let deliveries = hello
            .credit
            .deliveries
            .clamp(1, self.limits.window_deliveries_max);
        let bytes = hello.credit.bytes.min(self.limits.window_bytes_max);
        self.note(ServerNews::Bound {
            conn,
            who,
            device: self.devices.borrow()[&hello.device].1,
            attempt: hello.attempt.0,
            credit: (u64::from(deliveries), bytes),
            handled: match hello.place {
                Place::Cursor { store, seq, .. } if store == welcome.store && !welcome.lost => {
                    seq.0
                }
                _ => 0,
            },
        });
    }

    fn on_appended(&self, now: Now, by: Option<Conn>, record: &Record) {
        // A registration may count as whole because nothing has followed it; then no bytes led to the claim.
        let by = match &record.what {
            What::Claim { name, .. } if by.is_none() => self.registering(name.as_str()),
            _ => by,
        };
        if let What::Message(message) = &record.what {
            let body = message.body().into();
            let made = || appended(now, by, record, said(message, body));
            return self.history.note_made(made);
        }
        let entry = match &record.what {
            What::Start { .. } | What::Message(_) => return,
            What::Claim { name, holder } => Entry::Claim {
                name: name.to_string(),
                holder: self.holder(*holder, by),
            },
            What::Release { user, .. } => Entry::Release { user: user.0.0 },
        };
        self.history.note(appended(now, by, record, entry));
    }

    fn registering(&self, name: &str) -> Option<Conn> {
        let asks = |talk: &&Talk| {
            let words = talk.first.split(u8::is_ascii_whitespace);
            let name_in = words.filter(|word| !word.is_empty()).nth(2);
            !talk.closed && name_in.is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
        };
        self.talks().find(asks).map(|talk| talk.conn)
    }

    fn holder(&self, holder: Holder, by: Option<Conn>) -> (Who, u64) {
        match holder {
            Holder::Device { device, .. } => self.devices.borrow()[&device],
            Holder::Classic => {
                let who = by.and_then(|by| self.arrivals.owner(by));
                (who.expect("a registration's bytes led to its claim"), 0)
            }
        }
    }
}

#[inline(always)] // so that it is made where it stays
fn appended(now: Now, by: Option<Conn>, record: &Record, entry: Entry) -> Noted {
    Noted::Server(ServerNews::Appended {
        seq: record.seq.0,
        stamp: record.stamp.0,
        wall: now.wall.0,
        by,
        entry,
    })
}

#[inline(always)]
fn said(message: &Message, body: Rc<str>) -> Entry {
    Entry::Message {
        from: message.from.0.0,
        to: match message.to {
            Stream::User(user) => Some(user.0.0),
            Stream::All => None,
        },
        number: message.number.0,
        id: message.id.0,
        body,
    }
}

fn key(conn: ConnId) -> u64 {
    u64::from(conn.0)
}

/// The last record that a frame tells of.
fn told_of(frame: &Outgoing) -> Option<u64> {
    match frame {
        Outgoing::Session(ServerFrame::Accepted {
            first, last, seq, ..
        }) => Some(seq.0 + (last.0 - first.0)),
        Outgoing::Session(ServerFrame::Welcome(welcome)) => Some(welcome.head.0),
        Outgoing::Delivery(message) | Outgoing::Past(message) => Some(message.seq.0),
        Outgoing::Classic(ClassicOut::Forward(piece)) => Some(piece.message.seq.0),
        _ => None,
    }
}

impl Tap for Witness {
    fn router(&mut self, now: Now, input: &Input<'_>, outputs: &[Output]) {
        if let Some(transcript) = &mut self.transcript {
            transcript.router(now, input, outputs);
        }
        // What was open before a router began belongs to one that is gone: nobody looks for its silence any more.
        if !begins(outputs) {
            self.on_input(now.mono, input);
        }
        let by = match input {
            Input::Received { conn, .. } => self.talks.get(key(*conn)).map(|talk| talk.conn),
            _ => None,
        };
        let before = self.digest;
        for output in outputs {
            self.on_output(now, by, output);
        }
        if self.digest != before {
            let digest = self.digest;
            let news = || Noted::Server(ServerNews::Bytes(digest));
            self.history.note_made(news);
        }
    }
}

/// Whether that is what a router does first: it writes down that it starts.
fn begins(outputs: &[Output]) -> bool {
    let start = |record: &Record| matches!(record.what, What::Start { .. });
    matches!(outputs.first(), Some(Output::Append(record)) if start(record))
}
