//! Deliveries: live while a session keeps up, by pages of the log when it does not. Nothing is queued here.

use super::conn::takes;
use super::owed::Bounds;
use super::session::{Flight, Live};
use super::{Outgoing, Output, Router};
use crate::code::Code;
use crate::id::{ConnId, Number, Seq, UserId};
use crate::name::Recipient;
use crate::record::{Message, Stream};
use alloc::vec::Vec;
use core::mem;

/// Messages read from the log for one user.
#[derive(Clone, Debug)]
pub struct Page {
    /// For whom it was read.
    pub user: UserId,
    /// Only messages after this seq.
    pub after: Seq,
    /// In log order.
    pub messages: Vec<Message>,
    /// Everything for this user up to here is in the page or was passed.
    pub up_to: Seq,
    /// What the log does not hold any more of what was after that seq.
    pub removed: Vec<Removed>,
}

/// Messages of a conversation that an engine has forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    /// With whom, as its reader names it.
    pub conversation: Recipient,
    /// The last number that is gone.
    pub up_to: Number,
}

impl Router {
    pub(super) fn on_message_committed(&mut self, message: Message, out: &mut Vec<Output>) {
        match message.to {
            Stream::User(user) => self.deliver(user, message, out),
            Stream::All => {
                let from = message.from;
                let before = ..UserId(message.seq);
                let users = self.live.range(before).map(|(user, _)| *user);
                let audience: Vec<UserId> = users.filter(|user| *user != from).collect();
                for user in audience {
                    self.deliver(user, message.clone(), out);
                }
                self.keep_behind(from, &message);
            }
        }
    }

    /// A line to all is kept for its own sender too, if that has yet to ack one before it.
    fn keep_behind(&mut self, from: UserId, message: &Message) {
        if self.saves() {
            return; // a log on disk keeps everything, whoever is owed it
        }
        let (size, bounds) = (self.size_of_message(message), self.owed_bounds());
        if let Some(session) = self.session_mut(from)
            && session.wrote_to_all(message, size, bounds)
        {
            self.pump_when_committed(from);
        }
    }

    /// Hands a message that was just committed to one recipient, if it keeps up; otherwise it will be read from the log.
    fn deliver(&mut self, user: UserId, message: Message, out: &mut Vec<Output>) {
        if message.to == Stream::All && self.owe_all(user, &message) {
            return; // given up the moment it came: it alone is over the limit
        }
        match self.live.find_mut(&user) {
            // It went before the commit. A session sender hears that it left, a classic one that the line will not come.
            None => self.did_not_arrive(&message, Code::UNABLE_TO_SEND, out),
            Some(Live::Classic(_)) => self.forward(user, &message, out),
            Some(Live::Session(session)) => {
                let in_turn = session.has_window(message.counted()) && !session.owed.is_untold();
                let Some(bound) = session.bound.as_mut() else {
                    return;
                };
                let (conn, unwritten_max) = (bound.key.conn, self.limits.unwritten_bytes_max);
                let goes = bound.welcomed && !bound.behind && in_turn;
                if !goes || !takes(&self.conns, conn, unwritten_max) {
                    bound.behind = true;
                    return self.unsettle(user);
                }
                if bound.answers_due {
                    return self.fly(user, conn, message, out);
                }
                session.take_off(Flight::of(&message));
                self.hand_out(conn, message, out);
            }
        }
    }

    /// Notes that somebody is owed one more message to all; tells whether it was given up at once.
    fn owe_all(&mut self, user: UserId, message: &Message) -> bool {
        let (size, bounds) = (self.size_of_message(message), self.owed_bounds());
        let Some(session) = self.session_mut(user) else {
            return false;
        };
        let gone = session.owe_all(message, size, bounds);
        let marks = session
            .owed
            .half()
            .is_some_and(|half| half.seq == message.seq);
        let given_up = message.seq <= session.owed.floor;
        if gone {
            self.pump_when_committed(user);
        }
        if gone || marks {
            self.save_user(user);
        }
        given_up
    }

    fn owed_bounds(&self) -> Bounds {
        Bounds {
            bytes_max: self.limits.owed_bytes_max,
            head: self.space.head(),
        }
    }

    /// Sends a delivery, behind the answers there are, and counts it in the window.
    fn fly(&mut self, user: UserId, conn: ConnId, message: Message, out: &mut Vec<Output>) {
        let is_session = "only sessions have deliveries";
        let session = self.session_mut(user).expect(is_session);
        if session.lacks_answers() {
            self.answer_first(user, out);
        }
        let session = self.session_mut(user).expect(is_session);
        session.take_off(Flight::of(&message));
        self.hand_out(conn, message, out);
    }

    fn hand_out(&mut self, conn: ConnId, message: Message, out: &mut Vec<Output>) {
        self.counts.delivered += 1;
        if self.charge(conn, message.frame().len()) {
            let frame = Outgoing::Delivery(message);
            out.push(Output::Send { conn, frame });
        }
    }

    /// Asks for the next page for a session that is behind and has window for it.
    pub(super) fn pump_feed(&mut self, user: UserId, out: &mut Vec<Output>) {
        let (messages_max, bytes_max) = (self.limits.page_messages_max, self.limits.page_bytes_max);
        let Some(session) = self.session(user) else {
            return;
        };
        let Some(bound) = session
            .bound
            .as_ref()
            .filter(|bound| bound.behind && !bound.reading && !session.owed.is_untold())
        else {
            return;
        };
        let (conn, after) = (bound.key.conn, bound.fed);
        // A page for every single ack would read the log more often than it delivers: a quarter must be free.
        let free =
            bound.credit.deliveries as usize - session.flying.min(bound.credit.deliveries as usize);
        let worth = session.flying == 0
            || (free * 4 >= bound.credit.deliveries as usize
                && session.flight_bytes * 4 <= bound.credit.bytes * 3);
        if !worth || !self.takes(conn) {
            return;
        }
        self.session_mut(user)
            .and_then(|session| session.bound.as_mut())
            .expect("looked at above")
            .reading = true;
        out.push(Output::Read {
            user,
            after,
            messages_max: messages_max.min(free.max(1)),
            bytes_max,
        });
    }

    pub(super) fn on_page(&mut self, page: Page, out: &mut Vec<Output>) {
        let (user, committed) = (page.user, self.committed);
        let Some(session) = self.session_mut(user) else {
            return;
        };
        let Some(bound) = session
            .bound
            .as_mut()
            .filter(|bound| bound.reading && bound.fed == page.after)
        else {
            return; // asked for on a connection that is no more
        };
        bound.reading = false;
        if session.owed.is_untold() {
            return; // given up since it was asked for: read again once that is told
        }
        let conn = bound.key.conn;
        let floor = session.owed.floor;
        self.tell_removed(conn, &page.removed, out);
        let settled = self.settle_read(user, &page);
        for message in page.messages {
            if message.seq <= settled {
                continue; // the device has it
            }
            if message.to == Stream::All && (message.from == user || message.seq <= floor) {
                continue; // its sender knows it as accepted; or it was given up, and that is told
            }
            if !self
                .session(user)
                .is_some_and(|session| session.has_window(message.counted()))
            {
                return; // the rest is read again when acks have opened the window
            }
            self.fly(user, conn, message, out);
        }
        let bound = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut());
        let bound = bound.expect("nothing here ends a session");
        bound.fed = bound.fed.max(page.up_to);
        bound.behind = page.up_to < committed;
        self.unsettle(user);
    }

    pub(super) fn on_ack(&mut self, user: UserId, conn: ConnId, seq: Seq, out: &mut Vec<Output>) {
        let Some(session) = self.session(user) else {
            return;
        };
        let Some(bound) = session.bound.as_ref() else {
            return;
        };
        // What it said at resume it may say again, though that is still being read from the log.
        if seq > bound.fed && seq > session.cursor {
            return self.refuse_and_close(conn, Code::FUTURE_ACK, out);
        }
        self.take_ack(user, seq);
        self.unsettle(user);
    }

    /// A device came back with more than was saved before a restart. What it is rid of by that is read from the log; gives
    /// up to where it is settled.
    fn settle_read(&mut self, user: UserId, page: &Page) -> Seq {
        let Some(session) = self.session(user) else {
            return Seq(0);
        };
        let Some((_, to)) = session.settling else {
            return Seq(0);
        };
        let floor = session.owed.floor;
        let (overhead, mut counted) = (self.limits.message_overhead_bytes, None);
        for message in page.messages.iter().filter(|message| message.seq <= to) {
            let all = message.to == Stream::All;
            if all && (message.from == user || message.seq <= floor) {
                continue; // nobody is owed what he wrote himself, or has what was given up
            }
            if let Some(session) = self.session_mut(user) {
                session.settle_owed(&Flight::of(message), overhead);
            }
            match all {
                true => self.count_delivery(message.seq, &mut counted),
                false => self.note_moved(message.from, user),
            }
        }
        if let Some(session) = self.session_mut(user) {
            let up_to = page.up_to.min(to);
            session.settling = (page.up_to < to).then_some((up_to, to));
        }
        self.save_user(user);
        to
    }

    /// Moves a device's cursor: its senders have news, its window opens.
    pub(super) fn take_ack(&mut self, user: UserId, seq: Seq) {
        let overhead = self.limits.message_overhead_bytes;
        let mut acked = mem::take(&mut self.acked);
        let Some(session) = self.session_mut(user) else {
            return;
        };
        let (before, mut told) = (session.cursor, None);
        session.cursor = before.max(seq);
        session.lost = false;
        while let Some(flight) = session.flight.pop_front_if(|flight| flight.seq <= seq) {
            if session.flying > 0 {
                session.flying -= 1;
                session.flight_bytes -= u64::from(flight.bytes);
            }
            // What was acked before, and was delivered again to a store that had gone back, is no news.
            if flight.seq > before {
                session.settle_owed(&flight, overhead);
                // Deliveries of one sender come in a row, who hears of it once.
                if flight.all || told.replace(flight.from) != Some(flight.from) {
                    acked.push(flight);
                }
            }
        }
        let mut counted = None;
        for flight in acked.drain(..) {
            match flight.all {
                true => self.count_delivery(flight.seq, &mut counted),
                false => self.note_moved(flight.from, user),
            }
        }
        self.acked = acked;
        self.save_user(user);
        self.look_for_room_soon();
    }
}
