//! A user with the client that ships, run by the driver that ships, and the audit of what it was told.

use super::audit::{Findings, Stream};
use super::body::{Blank, Stamp};
use super::clock::Clock;
use super::session::hello;
use super::speech::{Role, user};
use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;
use verbatim_core::client::{Config, LineId, LineState, Message, Notice, Output, WhyOffline};
use verbatim_core::code::Code;
use verbatim_core::id::Seq;
use verbatim_core::name::Recipient;
use verbatim_core::now::Wall;
use verbatim_net::{Host, Request, Tcp, run_client};

/// To how many others each user writes, in turn.
pub const PARTNERS: usize = 3;

/// Lines that a client watches for receipts: more than this many are on their way in no run.
const WATCHED_MAX: usize = 1_000_000;

/// What a user is asked to do.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Its place among the users.
    pub index: usize,
    /// How many users there are.
    pub users: usize,
    /// Lines that it leaves without an answer while it writes.
    pub in_flight: u64,
    /// Length of a body in bytes.
    pub bytes: usize,
    /// Where its link begins.
    pub server: SocketAddr,
    /// The round's clock.
    pub clock: Clock,
}

/// One user; its client runs in the current `LocalSet`.
#[derive(Debug)]
pub struct Client {
    requests: UnboundedSender<Request>,
    book: Rc<RefCell<Book>>,
}

/// What a user wrote and was told.
#[derive(Debug)]
pub struct Book {
    part: Part,
    blank: Blank,
    /// Whether it writes at full speed.
    pub writing: bool,
    lines: u64,
    accepted: Stream,
    receipted: Stream,
    /// Which of the lines to each partner were refused.
    refused: [BTreeSet<u64>; PARTNERS],
    /// What came, by writer.
    streams: BTreeMap<usize, Stream>,
    gaps: u64,
    /// Whether its session is bound to a connection.
    pub online: bool,
    /// How often the server said that it knows nothing of what came before.
    pub lost: u64,
    /// When its link was cut or its server ended, until it is online again.
    away_since: Option<u64>,
    /// How much of that its client waited between two connections.
    waited: Duration,
    /// Each absence: how long it took in nanoseconds, and how much of it was waiting.
    absences: Vec<(u64, Duration)>,
    faults: Vec<String>,
}

impl Client {
    /// Starts a client, which connects at once.
    pub fn start(part: Part) -> Client {
        let who = user(part.index, Role::Both);
        let mut config = Config::throw_away(who.name, hello(&who).device, part.index as u64);
        config.keeps_store = true; // this process outlives all cuts: nothing may come twice
        config.limits.outbox_messages_max = WATCHED_MAX;
        let (requests, asked) = unbounded_channel();
        let book = Rc::new(RefCell::new(Book::new(part)));
        let mut ear = Client {
            requests: requests.clone(),
            book: Rc::clone(&book),
        };
        spawn_local(async move {
            let server = part.server.to_string();
            run_client(&Tcp, &server, config, asked, &mut ear).await;
            ear.book.borrow_mut().fault("its client ended".to_owned());
        });
        Client { requests, book }
    }

    /// What it wrote and was told.
    pub fn book(&self) -> Ref<'_, Book> {
        self.book.borrow()
    }

    /// Lets it write at full speed from now on, or nothing new.
    pub fn write(&self, writing: bool) {
        self.book.borrow_mut().writing = writing;
        self.go_on();
    }

    /// Notes that its link was cut.
    pub fn on_cut(&self) {
        let mut book = self.book.borrow_mut();
        let now = book.part.clock.nanos();
        if book.away_since.is_none() {
            (book.away_since, book.waited) = (Some(now), Duration::ZERO);
        }
    }

    /// Its absences since this was last asked.
    pub fn take_absences(&self) -> Vec<(u64, Duration)> {
        std::mem::take(&mut self.book.borrow_mut().absences)
    }

    fn go_on(&self) {
        while let Some(request) = self.book.borrow_mut().next_line() {
            self.ask(request);
        }
    }

    fn ask(&self, request: Request) {
        // Its client ends only when a round does, or by a fault that is on record.
        drop(self.requests.send(request));
    }
}

impl Host for Client {
    fn keep(&mut self, _: &[Output]) -> io::Result<Option<Seq>> {
        Ok(None)
    }

    fn deliver(&mut self, message: Message) {
        self.book.borrow_mut().on_message(&message);
        self.ask(Request::Kept(message.seq));
    }

    fn show(&mut self, notice: Notice) {
        self.book.borrow_mut().on_notice(notice);
        self.go_on();
    }

    fn wall(&self) -> Wall {
        Wall(0)
    }
}

impl Book {
    /// An empty one.
    pub fn new(part: Part) -> Book {
        Book {
            part,
            blank: Blank::new(part.bytes),
            writing: false,
            lines: 0,
            accepted: Stream::default(),
            receipted: Stream::default(),
            refused: Default::default(),
            streams: BTreeMap::new(),
            gaps: 0,
            online: false,
            lost: 0,
            away_since: None,
            waited: Duration::ZERO,
            absences: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// The next line, if it may write one now.
    pub fn next_line(&mut self) -> Option<Request> {
        if !self.writing || self.unanswered() >= self.part.in_flight {
            return None;
        }
        let to = user(self.reader(partner_of(self.lines)), Role::Both).name;
        let stamp = Stamp {
            sender: self.part.index,
            counter: counter_of(self.lines),
            nanos: self.part.clock.nanos(),
        };
        let line = LineId(self.lines);
        self.lines += 1;
        Some(Request::Submit {
            line,
            to: Recipient::User(to),
            body: self.blank.stamped(stamp).to_owned(),
            age_max: None,
        })
    }

    fn reader(&self, partner: usize) -> usize {
        (self.part.index + 1 + partner) % self.part.users
    }

    /// A message came.
    pub fn on_message(&mut self, message: &Message) {
        match Stamp::read(message.body.as_bytes()) {
            None => self.fault("heard a body that none of us wrote".to_owned()),
            Some(stamp) => {
                let stream = self.streams.entry(stamp.sender).or_default();
                stream.see(stamp.counter);
            }
        }
    }

    /// Its client told something.
    pub fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Line { line, state } => self.on_line(line, state),
            Notice::Online { .. } => self.on_online(),
            Notice::Offline { why, retry_in } => {
                self.online = false;
                self.waited += retry_in;
                if !matches!(why, WhyOffline::Link(_)) {
                    self.fault(format!("offline: {why:?}"));
                }
            }
            Notice::Gap { .. } => self.gaps += 1,
            Notice::Lost { .. } => self.lost += 1,
            Notice::Held { .. } => {} // what is queued waits, and goes out later
            other => self.fault(format!("{other:?}")),
        }
    }

    fn on_online(&mut self) {
        self.online = true;
        if let Some(since) = self.away_since.take() {
            let nanos = self.part.clock.nanos() - since;
            self.absences.push((nanos, self.waited));
        }
    }

    fn on_line(&mut self, line: LineId, state: LineState) {
        match state {
            LineState::Queued | LineState::Sent => {}
            LineState::Accepted { .. } => self.accepted.see(line.0),
            LineState::Delivered => self.receipted.see(line.0),
            // A reader that is away for long may be owed too much; its writers are told before acceptance.
            LineState::Rejected(Code::RECIPIENT_FULL) => {
                self.refused[partner_of(line.0)].insert(counter_of(line.0));
            }
            other => self.fault(format!("line {line} is {other:?}")),
        }
    }

    /// Lines that are in the log.
    pub fn accepted(&self) -> u64 {
        self.accepted.arrived()
    }

    /// Lines that were refused because their reader was owed too much.
    pub fn refused(&self) -> u64 {
        self.refused.iter().map(|them| them.len() as u64).sum()
    }

    fn unanswered(&self) -> u64 {
        self.lines - self.accepted() - self.refused()
    }

    /// Whether all its lines are answered, and those that were accepted are known to have been delivered.
    pub fn is_settled(&self) -> bool {
        self.unanswered() == 0 && self.receipted.arrived() == self.accepted()
    }

    /// How many of the accepted lines that `writer` wrote to this user it has not.
    pub fn lost_of(&self, writer: &Book) -> u64 {
        let partner = (0..PARTNERS).find(|partner| writer.reader(*partner) == self.part.index);
        let Some(partner) = partner else { return 0 };
        let written = (writer.lines + (PARTNERS - 1 - partner) as u64) / PARTNERS as u64;
        match self.streams.get(&writer.part.index) {
            None => written - writer.refused[partner].len() as u64,
            Some(stream) => stream.lost(written, &writer.refused[partner]),
        }
    }

    /// What this user alone can find.
    pub fn findings(&self) -> Findings {
        let read = || self.streams.values();
        Findings {
            duplicates: read()
                .chain([&self.accepted, &self.receipted])
                .map(|it| it.duplicates)
                .sum(),
            reordered: read().chain([&self.accepted]).map(|it| it.reordered).sum(),
            number_faults: self.gaps,
            unanswered: self.unanswered(),
            receipts_missing: self.accepted() - self.receipted.arrived(),
            faults: self.faults.len() as u64,
            ..Findings::default()
        }
    }

    /// The first few faults, in words.
    pub fn faults(&self) -> impl Iterator<Item = String> {
        let index = self.part.index;
        let first = self.faults.iter().take(2);
        first.map(move |what| format!("user{index}: {what}"))
    }

    fn fault(&mut self, what: String) {
        self.faults.push(what);
    }
}

/// Lines go to the partners in turn, so a line's name tells to whom it went and which of those it was.
fn partner_of(line: u64) -> usize {
    (line % PARTNERS as u64) as usize
}

fn counter_of(line: u64) -> u64 {
    line / PARTNERS as u64
}
