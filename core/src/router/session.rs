//! What the router keeps of a user while it lives: a session with its window, or a classic user with its halves.

use super::conn::ConnKey;
use super::history::Asked;
use super::owed::Owed;
use super::{Output, Router};
use crate::classic::ClassicUser;
use crate::code::Code;
use crate::id::{ConnId, DeviceId, MessageId, Seq, Try, UserId};
use crate::name::Name;
use crate::now::Mono;
use crate::record::{Holder, Message, Stream};
use crate::wire::Credit;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

/// A user's part that does not survive a restart.
#[derive(Debug)]
pub(crate) enum Live {
    /// One of the session level.
    Session(Box<Session>),
    /// One of the classic level.
    Classic(Box<ClassicUser>),
}

/// A device's resumable conversation with the server.
#[derive(Debug)]
pub(crate) struct Session {
    pub(super) device: DeviceId,
    /// The highest connection counter seen.
    pub(super) attempt: Try,
    pub(super) bound: Option<Bound>,
    /// The device has durably handled everything for it up to here.
    pub(super) cursor: Seq,
    pub(super) owed: Owed,
    pub(super) away_since: Mono,
    /// How long it had been away before this server started.
    pub(super) away_before: Duration,
    /// The space's age when it went away.
    pub(super) away_age: u64,
    /// The device has come from here to there, and what it is rid of by that is still being read from the log.
    pub(super) settling: Option<(Seq, Seq)>,
    rare: Option<Box<Rare>>,
    /// Recipients of own messages who have come further than was told, each once, in their order.
    pub(super) moved: Vec<UserId>,
    /// Deliveries without an ack, of this connection and of those before it, in the order of their seqs.
    pub(super) flight: VecDeque<Flight>,
    /// How many of them, from the first on, went out on this connection; their bytes are what the window counts.
    pub(super) flying: usize,
    pub(super) flight_bytes: u64,
    pub(super) receipts_after: Mono,
    /// The timer for the next receipts is set.
    pub(super) receipts_timed: bool,
    pub(super) unsettled: bool,
    /// An older session of the device is lost, and it has not said since that it knows.
    pub(super) lost: bool,
}

/// What few sessions have at any time.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// Ids rejected lately, with what they wait for, in the order of their ids.
    pub(super) refusals: VecDeque<Refused>,
    /// How it ended with recipients who gave up their names.
    pub(super) left: VecDeque<Left>,
    /// Own messages to `ALL` whose receipts are counted.
    pub(super) broadcasts: VecDeque<Seq>,
    pub(super) broadcasts_moved: bool,
}

impl Rare {
    const NONE: Rare = Rare {
        refusals: VecDeque::new(),
        left: VecDeque::new(),
        broadcasts: VecDeque::new(),
        broadcasts_moved: false,
    };

    fn is_nothing(&self) -> bool {
        self.refusals.is_empty() && self.left.is_empty() && self.broadcasts.is_empty()
    }
}

/// What belongs to the connection that a session is bound to, and ends with it.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) key: ConnKey,
    pub(super) welcomed: bool,
    /// Answers up to this id have been told here.
    pub(super) answered: MessageId,
    /// There may be answers after that one.
    pub(super) answers_due: bool,
    /// When answers are told at the latest that wait for a delivery to travel with.
    pub(super) answers_at: Option<Mono>,
    /// A delivery went out since the last message came: the two alternate here.
    pub(super) alternates: bool,
    /// A passing rejection, and that everything is dropped until its id comes again.
    pub(super) rewind: Option<Box<Rewind>>,
    pub(super) credit: Credit,
    /// Everything for the device up to here was handed to the connection.
    pub(super) fed: Seq,
    /// There may be more for it in the log than what comes live.
    pub(super) behind: bool,
    pub(super) reading: bool,
    /// A question for what was said earlier.
    pub(super) asked: Option<Box<Asked>>,
}

/// Room for so many un-acked deliveries is made at once, and given back when a session becomes idle.
const FLIGHT_ROOM: usize = 16;

/// One un-acked delivery.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    pub(super) seq: Seq,
    pub(super) bytes: u32,
    pub(super) from: UserId,
    pub(super) all: bool,
}

impl Flight {
    pub(super) fn of(message: &Message) -> Flight {
        Flight {
            seq: message.seq,
            bytes: message.counted() as u32,
            from: message.from,
            all: message.to == Stream::All,
        }
    }
}

/// An id that was rejected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refused {
    pub(super) id: MessageId,
    pub(super) code: Code,
    /// Told only when everything up to here is committed.
    pub(super) after: Seq,
}

/// A passing rejection on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rewind {
    pub(super) id: MessageId,
    pub(super) code: Code,
    pub(super) after: Seq,
    pub(super) told: bool,
}

/// How far own messages came with somebody who gave up the name. Kept until the device says that it knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Left {
    pub(crate) to: Name,
    /// Delivered up to here.
    pub(crate) up_to: Seq,
    /// The last one sent; what is after `up_to` did not arrive and never will.
    pub(crate) last: Seq,
    /// Told only when everything up to here is committed.
    pub(crate) after: Seq,
    pub(crate) told: bool,
}

impl Session {
    pub(super) fn new(device: DeviceId, cursor: Seq, now: Mono) -> Session {
        Session {
            device,
            attempt: Try(0),
            bound: None,
            cursor,
            owed: Owed::default(),
            away_since: now,
            away_before: Duration::ZERO,
            away_age: 0,
            settling: None,
            rare: None,
            moved: Vec::new(),
            flight: VecDeque::new(),
            flying: 0,
            flight_bytes: 0,
            receipts_after: now,
            receipts_timed: false,
            unsettled: false,
            lost: false,
        }
    }

    /// What it has of what few have.
    pub(super) fn rare(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(const { &Rare::NONE })
    }

    /// As [`Session::rare`], if it has any of it.
    pub(super) fn rare_if_any(&mut self) -> Option<&mut Rare> {
        self.rare.as_deref_mut()
    }

    /// As [`Session::rare`], to put something there.
    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Whether it may have answers that it was not told.
    pub(super) fn lacks_answers(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.answers_due)
    }

    /// Notes that it has an answer coming.
    pub(super) fn note_answer(&mut self) {
        if let Some(bound) = &mut self.bound {
            bound.answers_due = true;
        }
    }

    /// Notes that a recipient has come further.
    pub(super) fn note_moved(&mut self, recipient: UserId) {
        if let Err(at) = self.moved.binary_search(&recipient) {
            self.moved.insert(at, recipient);
        }
    }

    /// Whether it waits for a part of a history.
    pub(super) fn asks(&self) -> bool {
        self.bound
            .as_ref()
            .is_some_and(|bound| bound.asked.is_some())
    }

    /// Gives memory back that was needed once: a session that has become idle keeps none of it.
    pub(super) fn shrink(&mut self) {
        if self.flight.is_empty() {
            self.flight = VecDeque::new();
        }
        if self.moved.is_empty() {
            self.moved = Vec::new();
        }
        if self.rare().is_nothing() {
            self.rare = None;
        }
    }

    pub(super) fn welcomed(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.welcomed)
    }

    /// Whether there may be more for it in the log than what comes live.
    pub(super) fn is_behind(&self) -> bool {
        self.bound.as_ref().is_some_and(|bound| bound.behind)
    }

    /// Whether there may be something to tell it of how far recipients have come.
    pub(super) fn has_news(&self) -> bool {
        !self.moved.is_empty() || self.rare.is_some()
    }

    /// Counts a delivery that goes out now in the window.
    pub(super) fn take_off(&mut self, flight: Flight) {
        let at = self.flying;
        // It flew on an older connection and was given up since: it will not come again, and no ack is about it.
        let is_past = |old: &Flight| old.seq < flight.seq;
        while self.flight.get(at).is_some_and(is_past) {
            self.flight.remove(at);
        }
        match self.flight.get(at) {
            Some(again) if again.seq == flight.seq => {}
            Some(_) => self.flight.insert(at, flight),
            None => {
                if self.flight.capacity() == 0 {
                    self.flight.reserve(FLIGHT_ROOM); // deliveries come in bursts: it grows once
                }
                self.flight.push_back(flight);
            }
        }
        self.flying += 1;
        self.flight_bytes += u64::from(flight.bytes);
        let bound = self.bound.as_mut();
        let bound = bound.expect("it has a connection to fly on");
        bound.fed = flight.seq;
        bound.alternates = true;
    }

    /// Whether the window takes one more delivery of so many bytes. One is always allowed.
    pub(super) fn has_window(&self, bytes: usize) -> bool {
        let Some(bound) = &self.bound else {
            return false;
        };
        self.flying == 0
            || (self.flying < bound.credit.deliveries as usize
                && self.flight_bytes + bytes as u64 <= bound.credit.bytes)
    }

    pub(super) fn conn(&self) -> Option<ConnId> {
        self.bound.as_ref().map(|bound| bound.key.conn)
    }

    /// How far the device has come, counting what it may not see: only what it is owed holds it back.
    pub(super) fn reached(&self, committed: Seq) -> Seq {
        if self.owed.messages() == 0 {
            committed.max(self.cursor)
        } else {
            self.cursor
        }
    }

    /// The same, of what is meant for all.
    pub(super) fn reached_of_all(&self, committed: Seq) -> Seq {
        if self.owed.lacks_none_of_all() {
            committed.max(self.cursor)
        } else {
            self.cursor.max(self.owed.floor)
        }
    }
}

impl Router {
    pub(super) fn session(&self, user: UserId) -> Option<&Session> {
        match self.live.find(&user) {
            Some(Live::Session(session)) => Some(session),
            _ => None,
        }
    }

    pub(super) fn session_mut(&mut self, user: UserId) -> Option<&mut Session> {
        match self.live.find_mut(&user) {
            Some(Live::Session(session)) => Some(session),
            _ => None,
        }
    }

    /// A session's connection ended: the session goes on without one, for as long as its name is held.
    pub(super) fn unbind(&mut self, user: UserId, conn: ConnId) {
        let (now, age) = (self.now.mono, self.space.age_at(self.now.wall));
        let Some(session) = self.session_mut(user) else {
            return;
        };
        if session.conn() == Some(conn) {
            session.bound = None;
            session.shrink();
            session.away_since = now;
            session.away_before = Duration::ZERO;
            session.away_age = age;
            let due = self.away_due(user);
            self.timers.set(super::timers::Timer::Away(user), due);
            self.save_user(user);
        }
    }

    /// How long that user's name is held while it is away.
    pub(super) fn away_time(&self, user: UserId) -> Duration {
        let holder = self.space.user(user).map(|user| user.holder);
        match holder {
            Some(Holder::Device { keep: true, .. }) if self.saves() => {
                self.limits.away_kept_time_max
            }
            _ => self.limits.away_time_max,
        }
    }

    /// When the name of a user who is away is freed.
    pub(super) fn away_due(&self, user: UserId) -> Mono {
        let (since, before) = self
            .session(user)
            .map_or((self.now.mono, Duration::ZERO), |away| {
                (away.away_since, away.away_before)
            });
        since + self.away_time(user).saturating_sub(before)
    }

    pub(super) fn on_away_due(&mut self, user: UserId, out: &mut Vec<Output>) {
        let (now, due) = (self.now.mono, self.away_due(user));
        let Some(session) = self.session(user) else {
            return;
        };
        if session.bound.is_none() && due <= now {
            self.release(user, out);
        }
    }
}
