//! What waits for a commit: refusals, welcomes and the like, which depend on state that is not on the disk yet.

use super::conn::{CloseReason, ConnKey};
use super::{Outgoing, Output, Router};
use crate::code::Code;
use crate::id::{ConnId, Seq, UserId};
use crate::wire::{ServerFrame, Welcome};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// One thing to be told when everything up to `at` is committed.
pub(super) struct Gate {
    at: Seq,
    what: Held,
}

/// What is held back.
pub(crate) enum Held {
    /// A frame.
    Send(ConnKey, Outgoing),
    /// A connection's end, behind what was said to it.
    Close(ConnKey, CloseReason),
    /// The welcome of a session to the connection that it is bound to.
    Welcome(UserId, ConnKey, Box<Welcome>),
    /// What a session has to be told: answers or receipts that nothing else would call to mind.
    Pump(UserId),
    /// A classic sender's line is in the log.
    ClassicAccepted(UserId, Seq),
    /// A classic user hears that it is registered.
    ClassicReady(UserId),
}

impl Router {
    /// Does something once everything appended so far is committed; at the end of this call if it is already.
    pub(crate) fn hold(&mut self, what: Held) {
        self.gates.push_back(Gate {
            at: self.space.head(),
            what,
        });
    }

    /// Looks after a session once everything appended so far is committed.
    pub(super) fn pump_when_committed(&mut self, user: UserId) {
        self.unsettle(user);
        if self.space.head() > self.committed {
            self.hold(Held::Pump(user));
        }
    }

    /// Holds a frame back for a connection.
    pub(crate) fn hold_send(&mut self, conn: ConnId, frame: Outgoing) {
        let bytes = frame.bytes();
        if let Some(found) = self.conn_mut(conn) {
            found.held += bytes;
            let opened = found.opened;
            self.hold(Held::Send(ConnKey { conn, opened }, frame));
        }
    }

    /// Sends a frame that was held back.
    fn send_held(&mut self, conn: ConnId, frame: Outgoing, out: &mut Vec<Output>) {
        let bytes = frame.bytes();
        if let Some(found) = self.conn_mut(conn) {
            found.held -= bytes;
            self.send(conn, frame, out);
        }
    }

    /// Holds a connection's end back, behind what is held for it; what it says from now on is not read.
    pub(crate) fn hold_close(&mut self, conn: ConnId, reason: CloseReason, out: &mut Vec<Output>) {
        let Some((key, role)) = self
            .conn_key(conn)
            .zip(self.conn(conn).map(|found| found.role))
        else {
            return;
        };
        self.stop_listening(conn);
        self.part(conn, role, out);
        self.hold(Held::Close(key, reason));
    }

    /// Refuses what was asked, once the state that the refusal rests on is committed, and closes.
    pub(crate) fn hold_refusal(
        &mut self,
        conn: ConnId,
        frame: ServerFrame<'static>,
        code: Code,
        out: &mut Vec<Output>,
    ) {
        self.hold_send(conn, Outgoing::Session(frame));
        self.hold_close(conn, CloseReason::Refused(code), out);
    }

    pub(super) fn open_gates(&mut self, out: &mut Vec<Output>) {
        while let Some(gate) = self.gates.pop_front_if(|gate| gate.at <= self.committed) {
            match gate.what {
                Held::Send(key, frame) if self.conn_is(key) => self.send_held(key.conn, frame, out),
                Held::Close(key, reason) if self.conn_is(key) => self.close(key.conn, reason, out),
                Held::Welcome(user, key, frame) if self.conn_is(key) => {
                    self.welcome(user, key, frame, out);
                }
                Held::Pump(user) => self.unsettle(user),
                Held::ClassicAccepted(user, seq) => self.on_classic_accepted(user, seq, out),
                Held::ClassicReady(user) => self.on_classic_ready(user, out),
                Held::Send(..) | Held::Close(..) | Held::Welcome(..) => {}
            }
        }
    }
}
