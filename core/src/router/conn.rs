//! One connection as the router sees it: what it may say, what is on its way to it, and when it is given up.

use super::session::Session;
use super::timers::Timer;
use super::{Outgoing, Output, Router};
use crate::classic::{Half, Passing};
use crate::code::Code;
use crate::id::{ConnId, UserId};
use crate::now::Mono;
use crate::wire::ServerFrame;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The other end said goodbye.
    Bye,
    /// It was told an error with this code.
    Refused(Code),
    /// A newer connection has its session.
    Replaced,
    /// Not a byte within the time, or no registration, or an unfinished frame.
    Silent,
    /// What was handed to it was not written within the time.
    Blocked,
    /// Other connections needed its place.
    Crowded,
    /// The other half of its registration, or its user, is gone.
    Gone,
    /// The server ends.
    ShuttingDown,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CloseReason::Bye => f.write_str("said goodbye"),
            CloseReason::Refused(code) => write!(f, "refused: {code}"),
            CloseReason::Replaced => f.write_str("replaced by a newer connection"),
            CloseReason::Silent => f.write_str("silent for too long"),
            CloseReason::Blocked => f.write_str("did not take what was sent"),
            CloseReason::Crowded => f.write_str("too many connections"),
            CloseReason::Gone => f.write_str("its user is gone"),
            CloseReason::ShuttingDown => f.write_str("the server ends"),
        }
    }
}

/// What a connection failed to do in its time, or what we owe it.
enum Overdue {
    /// It did not take what was written.
    Write,
    /// It did not finish a frame.
    Frame,
    /// It did not say a word, or not who it is.
    Word,
    /// We have not said a word.
    Heartbeat,
}

/// A connection that cannot be mistaken for a later one of the same [`ConnId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnKey {
    pub(crate) conn: ConnId,
    pub(crate) opened: u64,
}

/// What a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It has not said who it is.
    Fresh,
    /// A session is bound to it.
    Session(UserId),
    /// One half of a classic registration or user.
    Classic(Half),
    /// It is closing: nothing that it says counts.
    Closing,
}

impl Role {
    /// Whether it has not become a user yet.
    fn is_registering(self) -> bool {
        matches!(self, Role::Fresh | Role::Classic(Half::Registering(..)))
    }
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Conn {
    /// Which opening this was, counted over the router's life.
    pub(crate) opened: u64,
    pub(crate) from: IpAddr,
    pub(crate) role: Role,
    /// The unfinished beginning of a frame, or what could not be handled yet.
    pub(super) tail: Vec<u8>,
    /// What of a refused body is still to be passed over.
    pub(super) passing: Option<Box<Passing>>,
    /// Nothing more is handled until something happens (an answer, a write).
    pub(crate) blocked: bool,
    pub(super) paused: bool,
    told_close: bool,
    opened_at: Mono,
    pub(super) heard_at: Mono,
    said_at: Mono,
    pub(super) frame_since: Option<Mono>,
    /// Classic: when the bytes so far count as whole.
    pub(crate) quiet_at: Option<Mono>,
    pub(super) unwritten: usize,
    /// Bytes of frames that are held back for it until a commit: they count as if they were handed out.
    pub(super) held: usize,
    written_at: Mono,
    due: Mono,
}

impl Conn {
    pub(super) fn is_full(&self, unwritten_bytes_max: usize) -> bool {
        self.unwritten + self.held >= unwritten_bytes_max
    }
}

/// Whether one of these still takes what is pumped from state.
pub(super) fn takes(conns: &[Option<Box<Conn>>], conn: ConnId, unwritten_bytes_max: usize) -> bool {
    let found = conns.get(conn.0 as usize).and_then(Option::as_deref);
    found.is_some_and(|found| found.role != Role::Closing && !found.is_full(unwritten_bytes_max))
}

impl Router {
    pub(super) fn on_opened(&mut self, conn: ConnId, from: IpAddr, out: &mut Vec<Output>) {
        let at = self.now.mono;
        self.opened += 1;
        let due = at + self.limits.registration_time_max;
        let made = Conn {
            opened: self.opened,
            from,
            role: Role::Fresh,
            tail: Vec::new(),
            passing: None,
            blocked: false,
            paused: false,
            told_close: false,
            opened_at: at,
            heard_at: at,
            said_at: at,
            frame_since: None,
            quiet_at: None,
            unwritten: 0,
            held: 0,
            written_at: at,
            due,
        };
        let index = conn.0 as usize;
        if self.conns.len() <= index {
            self.conns.resize_with(index + 1, || None);
        }
        assert!(
            self.conns[index].is_none(),
            "a driver uses a ConnId again only after Closed"
        );
        self.conns[index] = Some(Box::new(made));
        self.connections += 1;
        self.timers.set(Timer::Conn(conn), due);
        self.unregistered.insert((self.opened, conn));
        self.make_place(conn, out);
    }

    fn make_place(&mut self, newest: ConnId, out: &mut Vec<Output>) {
        // The silent make room first: while they are being closed they still count as connections.
        if self.unregistered.len() > self.limits.unregistered_connections_max {
            let oldest = self
                .unregistered
                .first()
                .expect("it is over a limit that is not negative")
                .1;
            self.close(oldest, CloseReason::Crowded, out);
        } else if self.connections > self.limits.connections_max {
            self.say_error(newest, Code::BUSY, out);
            self.close(newest, CloseReason::Crowded, out);
        }
    }

    pub(crate) fn conn(&self, conn: ConnId) -> Option<&Conn> {
        self.conns.get(conn.0 as usize)?.as_deref()
    }

    pub(crate) fn conn_mut(&mut self, conn: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(conn.0 as usize)?.as_deref_mut()
    }

    pub(crate) fn conn_key(&self, conn: ConnId) -> Option<ConnKey> {
        self.conn(conn).map(|found| ConnKey {
            conn,
            opened: found.opened,
        })
    }

    pub(crate) fn conn_is(&self, key: ConnKey) -> bool {
        self.conn(key.conn)
            .is_some_and(|conn| conn.opened == key.opened)
    }

    /// Notes that a connection has registered and may stay.
    pub(crate) fn settle_in(&mut self, conn: ConnId, role: Role) {
        let now = self.now.mono;
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        found.role = role;
        found.said_at = now; // the silence that a heartbeat breaks begins here
        let opened = found.opened;
        self.unregistered.remove(&(opened, conn));
        self.watch(conn);
    }

    /// Hands a frame to a connection, unless it is closing.
    pub(crate) fn send(&mut self, conn: ConnId, frame: Outgoing, out: &mut Vec<Output>) {
        if self.charge(conn, frame.bytes()) {
            out.push(Output::Send { conn, frame });
        }
    }

    /// Counts bytes that a connection is to write, unless it is closing: false, if nothing may go to it.
    #[inline]
    pub(super) fn charge(&mut self, conn: ConnId, bytes: usize) -> bool {
        let now = self.now.mono;
        let Some(found) = self.conn_mut(conn).filter(|found| !found.told_close) else {
            return false;
        };
        if found.unwritten == 0 {
            found.written_at = now;
        }
        found.unwritten += bytes;
        found.said_at = now;
        true
    }

    /// Whether a connection still takes what is pumped from state.
    pub(crate) fn takes(&self, conn: ConnId) -> bool {
        takes(&self.conns, conn, self.limits.unwritten_bytes_max)
    }

    pub(super) fn on_written(&mut self, conn: ConnId, bytes: usize, out: &mut Vec<Output>) {
        let (now, limit) = (self.now.mono, self.limits.unwritten_bytes_max);
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        let was_full = found.is_full(limit);
        found.unwritten = found.unwritten.saturating_sub(bytes);
        found.written_at = now;
        if !was_full || found.is_full(limit) {
            return;
        }
        if let Role::Session(user) = found.role {
            self.unsettle(user);
        }
        self.read_on(conn, out);
    }

    /// Goes on reading from a connection that was stopped.
    pub(crate) fn read_on(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        found.blocked = false;
        if core::mem::take(&mut found.paused) && found.role != Role::Closing {
            out.push(Output::Resume(conn));
        }
        self.unread.push(conn);
    }

    /// What a connection says from now on has no effect.
    pub(crate) fn stop_listening(&mut self, conn: ConnId) {
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        found.role = Role::Closing;
        found.tail = Vec::new();
        found.frame_since = None;
        found.quiet_at = None;
        let opened = found.opened;
        self.unregistered.remove(&(opened, conn));
    }

    /// Closes a connection behind what was sent to it, and parts it from its user.
    pub(crate) fn close(&mut self, conn: ConnId, reason: CloseReason, out: &mut Vec<Output>) {
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        let role = found.role;
        if core::mem::replace(&mut found.told_close, true) {
            return;
        }
        self.stop_listening(conn);
        out.push(Output::Close { conn, reason });
        self.part(conn, role, out);
    }

    pub(super) fn on_closed(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let Some(found) = self.conns.get_mut(conn.0 as usize).and_then(Option::take) else {
            return;
        };
        self.connections -= 1;
        self.unregistered.remove(&(found.opened, conn));
        self.timers.clear(Timer::Conn(conn), found.due);
        self.part(conn, found.role, out);
    }

    /// What a connection's end means to the one who spoke on it.
    pub(super) fn part(&mut self, conn: ConnId, role: Role, out: &mut Vec<Output>) {
        match role {
            Role::Session(user) => self.unbind(user, conn),
            Role::Classic(half) => self.on_half_closed(half, conn, out),
            Role::Fresh | Role::Closing => {}
        }
    }

    /// Sets a connection's timer for the next thing that may be due on it.
    pub(crate) fn watch(&mut self, conn: ConnId) {
        let Some(found) = self.conn(conn) else { return };
        let (due, next) = (found.due, self.next_due(found));
        if next != due {
            self.timers.clear(Timer::Conn(conn), due);
            self.timers.set(Timer::Conn(conn), next);
            self.conn_mut(conn)
                .expect("the connection was found above")
                .due = next;
        }
    }

    /// Like [`Router::watch`], for something that is due earlier than what is set: leaves a later timer alone.
    pub(crate) fn watch_sooner(&mut self, conn: ConnId, at: Mono) {
        if self.conn(conn).is_some_and(|found| at < found.due) {
            self.watch(conn);
        }
    }

    fn next_due(&self, conn: &Conn) -> Mono {
        let limits = &self.limits;
        // Where nothing is due, a blocked write is what may come: looking once in its time is enough to find one.
        let mut next = self.now.mono + limits.write_time_max;
        let mut sooner = |due: Mono| next = next.min(due);
        if conn.role.is_registering() {
            sooner(conn.opened_at + limits.registration_time_max);
        }
        if matches!(conn.role, Role::Session(_)) {
            let heartbeat = conn.said_at + limits.heartbeat_time;
            sooner(heartbeat.round_up(limits.heartbeat_grain));
            sooner(conn.heard_at + limits.silence_time_max);
        }
        if let Some(since) = conn.frame_since {
            sooner(since + limits.frame_time_max);
        }
        if conn.unwritten > 0 {
            sooner(conn.written_at + limits.write_time_max);
        }
        if let Some(at) = conn.quiet_at {
            sooner(at);
        }
        next
    }

    pub(super) fn on_conn_due(&mut self, conn: ConnId, out: &mut Vec<Output>) {
        let now = self.now.mono;
        let Some(found) = self.conn(conn) else { return };
        if let Role::Session(user) = found.role {
            self.session_mut(user).into_iter().for_each(Session::shrink);
        } else if found.quiet_at.is_some_and(|at| at <= now) {
            self.on_quiet(conn, out);
        }
        match self.conn(conn).and_then(|found| self.overdue(found)) {
            Some(Overdue::Write) => self.close(conn, CloseReason::Blocked, out),
            Some(Overdue::Frame) => self.refuse_and_close(conn, Code::TOO_SLOW, out),
            Some(Overdue::Word) => self.refuse_and_close(conn, Code::SILENT, out),
            Some(Overdue::Heartbeat) => self.say(conn, ServerFrame::Ping, out),
            None => {}
        }
        self.conn_fired(conn);
    }

    fn overdue(&self, conn: &Conn) -> Option<Overdue> {
        let limits = &self.limits;
        let past = |since: Mono, span: Duration| since + span <= self.now.mono;
        let session = matches!(conn.role, Role::Session(_));
        let registering = conn.role.is_registering();
        if conn.unwritten > 0 && past(conn.written_at, limits.write_time_max) {
            Some(Overdue::Write)
        } else if conn
            .frame_since
            .is_some_and(|since| past(since, limits.frame_time_max))
        {
            Some(Overdue::Frame)
        } else if (registering && past(conn.opened_at, limits.registration_time_max))
            || (session && past(conn.heard_at, limits.silence_time_max))
        {
            Some(Overdue::Word)
        } else {
            (session && past(conn.said_at, limits.heartbeat_time)).then_some(Overdue::Heartbeat)
        }
    }

    fn conn_fired(&mut self, conn: ConnId) {
        let Some(found) = self.conn(conn) else { return };
        if found.told_close {
            return; // the driver's own deadline ends it from here
        }
        let next = self
            .next_due(found)
            .max(self.now.mono + Duration::from_micros(1));
        self.timers.set(Timer::Conn(conn), next);
        self.conn_mut(conn)
            .expect("the connection was found above")
            .due = next;
    }

    /// Tells an error that depends on no state, and closes.
    pub(crate) fn refuse_and_close(&mut self, conn: ConnId, code: Code, out: &mut Vec<Output>) {
        self.say_error(conn, code, out);
        self.close(conn, CloseReason::Refused(code), out);
    }
}
