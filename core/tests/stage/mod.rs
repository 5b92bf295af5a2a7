//! A stage for tests: a router over a log in a `Vec`, connections that take what they are sent, a clock moved by hand.
//! It checks at every step what a driver may rely on.
#![allow(dead_code, reason = "each test uses a part of it")]

mod restart;
pub mod session;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use verbatim_core::classic::AckVerb;
use verbatim_core::id::{ConnId, Epoch, Seq, StoreId, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::record::{Message, Record, Stream, What};
use verbatim_core::router::{
    CloseReason, Config, Input, Output, Page, Past, Question, Removed, Router,
};
use verbatim_core::saved::Beside;
use verbatim_core::wire::Durability;

/// The wall clock when the server starts.
const WALL_AT_START: u64 = 1_700_000_000_000;

/// What a connection was sent and has not been looked at, and whether it was closed.
#[derive(Debug, Default)]
pub struct Wire {
    pub sent: Vec<u8>,
    pub closed: Option<CloseReason>,
    /// Nothing that is sent counts as written.
    pub stuck: bool,
    pub paused: bool,
    /// The router knows that it is closed.
    told_closed: bool,
    unwritten: usize,
    /// The most that was ever unwritten.
    pub unwritten_most: usize,
}

/// See the module's words.
pub struct Stage {
    pub router: Router,
    pub now: Now,
    pub wires: BTreeMap<ConnId, Wire>,
    pub room: u64,
    /// Nothing is told to be committed while this holds.
    pub commits_wait: bool,
    /// What the log was allowed to forget of its beginning, and how old it was then.
    pub trims: Vec<(Seq, u64)>,
    /// What every page says is gone.
    pub removed: Vec<Removed>,
    config: Config,
    /// The wall clock when this process of the server started.
    wall_at_start: u64,
    log: Vec<Message>,
    /// All that was ever appended, and the latest of what rides beside it: what a restart begins with.
    records: Vec<Record>,
    beside: BTreeMap<(u8, u64), Beside>,
    appended: Seq,
    committed: Seq,
    /// Something was forgotten: the room is told again.
    forgot: bool,
    pages: Vec<Page>,
    /// Questions for what was said earlier; the log is read for them when they are answered.
    questions: Vec<Question>,
    /// Nothing is read for them while this holds.
    pub questions_wait: bool,
    outputs: Vec<Output>,
}

impl Stage {
    pub fn new(limits: Limits) -> Stage {
        Stage::with_ack(limits, AckVerb::Auto)
    }

    pub fn with_ack(limits: Limits, classic_ack: AckVerb) -> Stage {
        Stage::begin(limits, classic_ack, Durability::Memory)
    }

    fn begin(limits: Limits, classic_ack: AckVerb, level: Durability) -> Stage {
        let now = Now {
            mono: Mono::ZERO,
            wall: Wall(WALL_AT_START),
        };
        let room = limits.log_bytes_max;
        let config = Config {
            limits,
            store: StoreId(3901),
            epoch: Epoch(77),
            seed: 1,
            hash_key: [1, 2],
            classic_ack,
            level,
            room,
        };
        let mut outputs = Vec::new();
        let mut stage = Stage {
            router: Router::new(config.clone(), now, &mut outputs),
            now,
            wires: BTreeMap::new(),
            room,
            trims: Vec::new(),
            removed: Vec::new(),
            commits_wait: false,
            config,
            wall_at_start: WALL_AT_START,
            log: Vec::new(),
            records: Vec::new(),
            beside: BTreeMap::new(),
            appended: Seq(0),
            committed: Seq(0),
            forgot: false,
            pages: Vec::new(),
            questions: Vec::new(),
            questions_wait: false,
            outputs,
        };
        stage.settle();
        stage
    }

    pub fn open(&mut self, conn: ConnId) {
        self.wires.insert(conn, Wire::default());
        let from = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.step(Input::Opened { conn, from });
    }

    pub fn say(&mut self, conn: ConnId, bytes: &[u8]) {
        if self
            .wires
            .get(&conn)
            .is_some_and(|wire| wire.closed.is_none())
        {
            self.step(Input::Received { conn, bytes });
        }
    }

    /// The link dies, or the other end closes.
    pub fn hang_up(&mut self, conn: ConnId) {
        if self
            .wires
            .remove(&conn)
            .is_some_and(|wire| !wire.told_closed)
        {
            self.step(Input::Closed { conn });
        }
    }

    /// What a connection was sent since the last look.
    pub fn take(&mut self, conn: ConnId) -> Vec<u8> {
        self.wires
            .get_mut(&conn)
            .map(|wire| std::mem::take(&mut wire.sent))
            .unwrap_or_default()
    }

    pub fn take_text(&mut self, conn: ConnId) -> String {
        String::from_utf8(self.take(conn)).expect("the server sends UTF-8")
    }

    /// Time passes; the router is called whenever it wants to be.
    pub fn wait(&mut self, span: Duration) {
        let end = self.now.mono + span;
        while let Some(due) = self.router.deadline().filter(|due| *due <= end) {
            self.set_clock(due);
            self.step(Input::Timeout);
        }
        self.set_clock(end);
        self.step(Input::Timeout);
    }

    pub fn commit(&mut self) {
        self.committed = self.appended;
        let (seq, room) = (self.committed, self.room);
        self.step(Input::Committed { seq, room });
    }

    /// Every message in the log, a line each.
    pub fn records(&self) -> Vec<String> {
        let line = |message: &Message| {
            let (id, frame) = (message.id, String::from_utf8_lossy(message.frame()));
            format!("id={id} {frame:?}")
        };
        self.log.iter().map(line).collect()
    }

    pub fn is_closed(&self, conn: ConnId) -> bool {
        self.wires
            .get(&conn)
            .is_none_or(|wire| wire.closed.is_some())
    }

    fn set_clock(&mut self, mono: Mono) {
        self.now = Now {
            mono,
            wall: Wall(self.wall_at_start + mono.millis()),
        };
    }

    /// One input and all that follows from it.
    pub fn step(&mut self, input: Input<'_>) {
        self.router.handle(self.now, input, &mut self.outputs);
        self.settle();
    }

    fn settle(&mut self) {
        loop {
            self.check_deadline();
            self.carry_out();
            let Some(next) = self.next_input() else {
                return;
            };
            self.router.handle(self.now, next, &mut self.outputs);
        }
    }

    fn check_deadline(&self) {
        let deadline = self.router.deadline();
        assert!(
            deadline.is_none_or(|due| due > self.now.mono),
            "after every call the deadline lies ahead: {deadline:?} at {}",
            self.now.mono
        );
    }

    fn next_input(&mut self) -> Option<Input<'static>> {
        let news = self.appended > self.committed || std::mem::take(&mut self.forgot);
        if news && !self.commits_wait {
            self.committed = self.appended;
            let (seq, room) = (self.committed, self.room);
            return Some(Input::Committed { seq, room });
        }
        if !self.pages.is_empty() {
            return Some(Input::Page(self.pages.remove(0)));
        }
        if !self.questions.is_empty() && !self.questions_wait {
            let question = self.questions.remove(0);
            return Some(Input::Past(question, self.recall(&question)));
        }
        let written = |(conn, wire): (&ConnId, &mut Wire)| {
            let bytes = std::mem::take(&mut wire.unwritten);
            (bytes > 0).then_some(Input::Written { conn: *conn, bytes })
        };
        let told = self
            .wires
            .iter_mut()
            .filter(|(_, wire)| !wire.stuck)
            .find_map(written);
        told.or_else(|| self.next_closed())
    }

    fn next_closed(&mut self) -> Option<Input<'static>> {
        let ended = |(_, wire): &(&ConnId, &mut Wire)| wire.closed.is_some() && !wire.told_closed;
        let (conn, wire) = self.wires.iter_mut().find(ended)?;
        wire.told_closed = true; // what it was sent can still be looked at
        Some(Input::Closed { conn: *conn })
    }

    fn carry_out(&mut self) {
        for output in std::mem::take(&mut self.outputs) {
            match output {
                Output::Send { conn, frame } => {
                    let wire = self
                        .wires
                        .get_mut(&conn)
                        .expect("frames go to open connections");
                    assert!(
                        wire.closed.is_none(),
                        "after Close nothing is sent to {conn}"
                    );
                    let before = wire.sent.len();
                    frame.encode(&mut wire.sent);
                    wire.unwritten += wire.sent.len() - before;
                    wire.unwritten_most = wire.unwritten_most.max(wire.unwritten);
                }
                Output::Close { conn, reason } => {
                    let wire = self
                        .wires
                        .get_mut(&conn)
                        .expect("only open connections are closed");
                    assert!(wire.closed.is_none(), "{conn} is closed once");
                    wire.closed = Some(reason);
                }
                Output::Pause(conn) => self.pause(conn, true),
                Output::Resume(conn) => self.pause(conn, false),
                Output::Save(beside) => _ = self.beside.insert(beside.key(), beside),
                Output::Append(record) => {
                    assert_eq!(record.seq, self.appended.next(), "the log has no gaps");
                    self.appended = record.seq;
                    self.records.push(record.clone());
                    if let What::Message(message) = record.what {
                        self.room = self.room.saturating_sub(message.frame().len() as u64 + 128);
                        self.log.push(message);
                    }
                }
                Output::Read {
                    user,
                    after,
                    messages_max,
                    bytes_max,
                } => {
                    let page = self.read(user, after, (messages_max, bytes_max));
                    self.pages.push(page);
                }
                Output::Recall(question) => self.questions.push(question),
                Output::Forget { stream, up_to } => self.forget(stream, up_to),
                Output::Trim { up_to, age } => self.trims.push((up_to, age)),
            }
        }
    }

    fn forget(&mut self, stream: Stream, up_to: Seq) {
        self.forgot = true;
        let gone = |message: &Message| message.to == stream && message.seq <= up_to;
        let freed = self.log.iter().filter(|message| gone(message));
        self.room += freed
            .map(|message| message.frame().len() as u64 + 128)
            .sum::<u64>();
        self.log.retain(|message| !gone(message));
    }

    /// The operator removes a text.
    pub fn remove_text(&mut self, seq: Seq) {
        for message in self.log.iter_mut().filter(|message| message.seq == seq) {
            *message = message.clone().without_text(message.body().len());
        }
        self.step(Input::TextRemoved(seq));
    }

    /// How many questions the router has put to the log that have no answer.
    pub fn questions(&self) -> usize {
        self.questions.len()
    }

    /// An engine that shows also what is not committed: the router has to see to that.
    fn recall(&self, question: &Question) -> Past {
        let (mut past, mut bytes) = (Past::default(), 0);
        let of = |message: &&Message| message.conversation() == question.conversation;
        let below = |message: &&Message| message.number < question.before;
        for message in self.log.iter().rev().filter(of).filter(below) {
            bytes += message.frame().len();
            let last = past
                .messages
                .last()
                .map_or(question.before, |last: &Message| last.number);
            let full = past.messages.len() == question.messages_max || bytes > question.bytes_max;
            past.more = message.number.next() == last && full && !past.messages.is_empty();
            if past.more || message.number.next() != last {
                break;
            }
            past.messages.push(message.clone());
        }
        past.messages.reverse();
        past
    }

    fn pause(&mut self, conn: ConnId, paused: bool) {
        let wire = self
            .wires
            .get_mut(&conn)
            .expect("only open connections are paused");
        assert!(wire.closed.is_none(), "{conn} is closing");
        wire.paused = paused;
    }

    fn read(&self, user: UserId, after: Seq, (messages_max, bytes_max): (usize, usize)) -> Page {
        let mine = |message: &&Message| {
            let to = message.to == Stream::All || message.to == Stream::User(user);
            to && message.seq > after && message.seq <= self.committed
        };
        let (mut messages, mut bytes, mut up_to) = (Vec::new(), 0, self.committed);
        for message in self.log.iter().filter(mine) {
            bytes += message.frame().len();
            if messages.len() == messages_max || (bytes > bytes_max && !messages.is_empty()) {
                up_to = messages.last().map_or(after, |last: &Message| last.seq);
                break;
            }
            messages.push(message.clone());
        }
        Page {
            user,
            after,
            messages,
            up_to,
            removed: self.removed.clone(),
        }
    }
}
