//! The router: the server's core. Facts come in, commands go out; it owns no clock, no socket and no log.
//!
//! # The run loop
//!
//! 1. Tell it what happened: [`Router::handle`] with one [`Input`].
//! 2. Carry out every [`Output`], in order. `Append` goes to the engine, `Send` into a connection's buffer.
//! 3. When the engine's commit has returned, or it has carried out a `Forget`, tell it `Committed`.
//! 4. When bytes were written, tell it `Written`; when a connection ended, tell it `Closed`, once.
//! 5. When [`Router::deadline`] passes, tell it `Timeout`.
//! 6. A commit that failed: throw the router away, close every connection, begin with a new one.
//!
//! # Invariants
//!
//! *A record is applied when it is appended.* What a frame may do is checked against a state that is ahead of the disk.
//!
//! *Whatever tells anybody anything that depends on state waits* until all that was appended before it is committed:
//! answers and deliveries by construction (they are pumped from committed state), the rest in the queue of `gate`.
//!
//! *Nothing is queued for a slow reader.* Deliveries beyond its window stay in the log and are read again by page;
//! answers and receipts are computed from state when the connection can take them.

mod answers;
mod bytes;
mod conn;
mod doors;
mod feed;
mod gate;
mod hello;
mod history;
mod outgoing;
mod owed;
mod receipts;
mod release;
mod removal;
mod restore;
mod retention;
mod room;
mod save;
mod send;
mod session;
mod shutdown;
mod status;
mod timers;

use crate::classic::Registrations;
use crate::code::Code;
use crate::id::{ConnId, DeviceId, Epoch, Seq, StoreId, Try, UserId};
use crate::limits::Limits;
use crate::now::{Mono, Now};
use crate::record::{Message, Record, Stream, What};
use crate::saved::Beside;
use crate::space::Space;
use crate::table::Table;
use crate::wire::{Receipt, ServerFrame};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use conn::Conn;
use core::net::IpAddr;
use gate::Gate;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use receipts::Broadcast;
use session::Flight;
use siphasher::sip::SipHasher13;
use timers::Timers;

pub(crate) use bytes::Step;
pub use conn::CloseReason;
pub(crate) use conn::Role;
pub use feed::{Page, Removed};
pub(crate) use gate::Held;
pub use history::{Past, Question};
pub use outgoing::Outgoing;
pub use restore::Saved;
pub(crate) use session::{Left, Live};
pub use status::{Level, Status};
pub(crate) use timers::Timer;

/// What happened. Every fact that the router can learn is one of these.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A connection was accepted from this address.
    Opened {
        /// Its name from now on; free again after `Closed`.
        conn: ConnId,
        /// Where it comes from. Both halves of a classic registration come from one address.
        from: IpAddr,
    },
    /// Bytes came on a connection.
    Received {
        /// On which.
        conn: ConnId,
        /// All that were read, at most a read buffer full.
        bytes: &'a [u8],
    },
    /// The system took bytes that were handed out for a connection.
    Written {
        /// Which.
        conn: ConnId,
        /// How many.
        bytes: usize,
    },
    /// A connection ended, by the other end, by an error, or because a `Close` was carried out. Said once.
    Closed {
        /// Which.
        conn: ConnId,
    },
    /// The engine's commit of everything up to this seq has returned.
    Committed {
        /// Up to where.
        seq: Seq,
        /// How many bytes the engine can still take.
        room: u64,
    },
    /// The page that was asked for.
    Page(Page),
    /// What the log has of what was asked for.
    Past(Question, Past),
    /// The text of a committed message was removed from the log. Whoever holds it here lets go of it.
    TextRemoved(Seq),
    /// The deadline has passed. A spurious one does nothing.
    Timeout,
    /// The server is to end: goodbyes go out, connections close.
    Shutdown,
}

/// What is to be done, in this order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Put this frame into that connection's buffer.
    Send {
        /// Which connection.
        conn: ConnId,
        /// What.
        frame: Outgoing,
    },
    /// Stop reading from that connection.
    Pause(ConnId),
    /// Go on reading from it.
    Resume(ConnId),
    /// Write what was sent, within the write deadline, then close; tell `Closed` when it is done.
    Close {
        /// Which connection.
        conn: ConnId,
        /// Why.
        reason: CloseReason,
    },
    /// Append this record to the log, behind all before it.
    Append(Record),
    /// Read messages for a user from the log; answer with `Page`.
    Read {
        /// For whom.
        user: UserId,
        /// Only after this seq.
        after: Seq,
        /// At most so many messages.
        messages_max: usize,
        /// At most so many bytes of frames, but at least one message.
        bytes_max: usize,
    },
    /// Read a page of what was said earlier from the log, of what is committed; answer with `Past`.
    Recall(Question),
    /// Keep this beside the log; it may ride on any commit from now on. Nobody waits for it.
    Save(Beside),
    /// Nobody is owed that stream's messages up to this seq: the engine may forget them.
    Forget {
        /// Which stream.
        stream: Stream,
        /// Up to where.
        up_to: Seq,
    },
    /// Nobody is owed anything up to this seq: the engine may forget the log's beginning, as far as the bounds of age and
    /// of bytes ask for it. What is saved before this must be durable no later.
    Trim {
        /// Up to where at most.
        up_to: Seq,
        /// How old the log is now, in milliseconds; see [`Space::age_at`].
        age: u64,
    },
}

/// How a router begins: what its driver drew at random, and its bounds.
#[derive(Clone, Debug)]
pub struct Config {
    /// Every bound.
    pub limits: Limits,
    /// This log's random number.
    pub store: StoreId,
    /// This start's random number.
    pub epoch: Epoch,
    /// Seeds jitter.
    pub seed: u64,
    /// The key of the hash by which a repeated message is told from another one of its id. It belongs to the log: the
    /// hashes in it were made with it.
    pub hash_key: [u64; 2],
    /// Which word acknowledges on the classic level.
    pub classic_ack: crate::classic::AckVerb,
    /// What acceptance survives, as told to clients.
    pub level: crate::wire::Durability,
    /// Bytes that the engine can take at the start.
    pub room: u64,
}

/// The server's core. See the module's documentation for how to drive it.
pub struct Router {
    limits: Limits,
    level: crate::wire::Durability,
    classic_ack: crate::classic::AckVerb,
    space: Space,
    now: Now,
    committed: Seq,
    room: u64,
    conns: Vec<Option<Box<Conn>>>,
    connections: usize,
    unregistered: BTreeSet<(u64, ConnId)>,
    opened: u64,
    live: Table<UserId, Live>,
    former: VecDeque<(DeviceId, Try)>,
    pub(crate) registrations: Registrations,
    /// Messages that are appended and not committed.
    uncommitted: VecDeque<Message>,
    uncommitted_bytes: u64,
    gates: VecDeque<Gate>,
    broadcasts: BTreeMap<Seq, Broadcast>,
    unsettled: Vec<UserId>,
    unsaved: save::Unsaved,
    /// How far users had come, in the life before, who are gone with it.
    came: BTreeMap<UserId, Seq>,
    unread: Vec<ConnId>,
    /// Buffers to reuse: what one ack settles, and what one session is told at once of how far others have come.
    acked: Vec<Flight>,
    receipts: Vec<Receipt>,
    timers: Timers,
    random: ChaCha8Rng,
    hash: SipHasher13,
    scratch: Vec<u8>,
    forgot_at: Option<Mono>,
    /// The next commit tells how much room that made.
    forgot: bool,
    /// Bytes in the log beyond which it is worth to forget again.
    forget_above: u64,
    forgets_at: Option<Mono>,
    /// When the last record was appended.
    appended_at: Mono,
    ending: bool,
    counts: status::Counts,
}

impl Router {
    /// A router over an empty log. The `start` record is the first thing that it appends: carry out `out`.
    pub fn new(config: Config, now: Now, out: &mut Vec<Output>) -> Router {
        Router::restore(config, Saved::default(), now, out)
    }

    /// A router over a log of which this is saved, all of it committed. Its `start` record is the first thing that it
    /// appends: carry out `out`.
    pub fn restore(config: Config, saved: Saved, now: Now, out: &mut Vec<Output>) -> Router {
        let mut router = Router {
            forget_above: config.limits.history_bytes_max,
            limits: config.limits,
            level: config.level,
            classic_ack: config.classic_ack,
            space: saved.space,
            now,
            committed: Seq(0),
            room: config.room,
            conns: Vec::new(),
            connections: 0,
            unregistered: BTreeSet::new(),
            opened: 0,
            live: Table::default(),
            former: VecDeque::new(),
            registrations: Registrations::default(),
            uncommitted: VecDeque::new(),
            uncommitted_bytes: 0,
            gates: VecDeque::new(),
            broadcasts: BTreeMap::new(),
            unsettled: Vec::new(),
            unsaved: save::Unsaved::default(),
            came: BTreeMap::new(),
            unread: Vec::new(),
            acked: Vec::new(),
            receipts: Vec::new(),
            timers: Timers::default(),
            random: ChaCha8Rng::seed_from_u64(config.seed),
            hash: SipHasher13::new_with_keys(config.hash_key[0], config.hash_key[1]),
            scratch: Vec::new(),
            forgot_at: None,
            forgot: false,
            forgets_at: None,
            appended_at: now.mono,
            ending: false,
            counts: status::Counts::default(),
        };
        router.load(saved.beside);
        router.append(
            What::Start {
                store: config.store,
                epoch: config.epoch,
            },
            out,
        );
        router.end_classic_users(out);
        router.look_for_old_messages();
        router
    }

    /// The one door. Total: it never fails and never blocks. Outputs are appended to `out`, whose contents it never reads.
    pub fn handle(&mut self, now: Now, input: Input<'_>, out: &mut Vec<Output>) {
        self.now = Now {
            mono: now.mono.max(self.now.mono),
            wall: now.wall,
        };
        match input {
            Input::Opened { conn, from } => self.on_opened(conn, from, out),
            Input::Received { conn, bytes } => self.on_received(conn, bytes, out),
            Input::Written { conn, bytes } => self.on_written(conn, bytes, out),
            Input::Closed { conn } => self.on_closed(conn, out),
            Input::Committed { seq, room } => self.on_committed(seq, room, out),
            Input::Page(page) => self.on_page(page, out),
            Input::Past(question, past) => self.on_past(&question, past, out),
            Input::TextRemoved(seq) => self.on_text_removed(seq),
            Input::Timeout => {}
            Input::Shutdown => self.on_shutdown(out),
        }
        self.expire(out);
        self.settle(out);
    }

    /// When it wants `Timeout`; after every `handle` this is later than the time that was handed in.
    pub fn deadline(&self) -> Option<Mono> {
        self.timers.next()
    }

    /// Brings everything that may have changed to rest: what waited for a commit, answers, receipts, feeds, and
    /// bytes that could not be read before.
    fn settle(&mut self, out: &mut Vec<Output>) {
        loop {
            self.open_gates(out);
            if let Some(user) = self.unsettled.pop() {
                self.pump(user, out);
            } else if let Some(conn) = self.unread.pop() {
                self.on_received(conn, &[], out);
            } else {
                return;
            }
        }
    }

    /// Sends a user's session all that it may have now.
    fn pump(&mut self, user: UserId, out: &mut Vec<Output>) {
        let Some(Live::Session(session)) = self.live.find_mut(&user) else {
            return;
        };
        session.unsettled = false;
        if !session.welcomed() {
            return;
        }
        // None of these adds to what another one looks for.
        let (asks, behind) = (session.asks(), session.is_behind());
        let (has_news, lacks_removed) = (session.has_news(), session.owed.is_untold());
        if session.lacks_answers() {
            self.pump_answers(user, out);
        }
        if has_news {
            self.pump_receipts(user, out);
        }
        if lacks_removed {
            self.pump_removed(user, out);
        }
        if asks {
            self.pump_history(user, out);
        }
        if behind {
            self.pump_feed(user, out);
        }
    }

    /// Notes that a session has something new to be pumped.
    fn unsettle(&mut self, user: UserId) {
        if let Some(Live::Session(session)) = self.live.find_mut(&user)
            && !session.unsettled
        {
            session.unsettled = true;
            self.unsettled.push(user);
        }
    }

    /// Puts a record into the log and into the state at once.
    pub(crate) fn append(&mut self, what: What, out: &mut Vec<Output>) -> Seq {
        let record = Record {
            seq: self.space.head().next(),
            stamp: self.space.stamp_at(self.now.wall),
            what,
        };
        self.space.apply(&record);
        self.appended_at = self.now.mono;
        if let What::Message(message) = &record.what {
            self.uncommitted_bytes += self.size_of_message(message);
            self.uncommitted.push_back(message.clone());
        }
        let seq = record.seq;
        out.push(Output::Append(record));
        seq
    }

    fn on_committed(&mut self, seq: Seq, room: u64, out: &mut Vec<Output>) {
        self.committed = self.committed.max(seq);
        let mut noted = None;
        while let Some(message) = self.uncommitted.pop_front_if(|message| message.seq <= seq) {
            self.uncommitted_bytes -= self.size_of_message(&message);
            // Messages of one sender come in a row, who need not be looked for again.
            if noted.replace(message.from) != Some(message.from) {
                self.unsettle(message.from);
            }
            self.on_message_committed(message, out);
        }
        self.room = room.saturating_sub(self.uncommitted_bytes);
        self.ask_to_forget(out);
    }

    /// Says something to a session's connection.
    fn say(&mut self, conn: ConnId, frame: ServerFrame<'static>, out: &mut Vec<Output>) {
        self.send(conn, Outgoing::Session(frame), out);
    }

    /// Refuses something that is no message.
    fn say_error(&mut self, conn: ConnId, code: Code, out: &mut Vec<Output>) {
        let frame = ServerFrame::Error {
            code,
            text: code.text().into(),
            last: None,
            retry_after: None,
        };
        self.say(conn, frame, out);
    }
}
