//! From bytes to frames: decoding in place, keeping only an unfinished tail, and asking for less when a connection
//! has enough on its way.

use super::conn::{CloseReason, Role};
use super::{Output, Router};
use crate::classic::{Counting, Passing};
use crate::code::Code;
use crate::id::{ConnId, UserId};
use crate::wire::{ClientFrame, Decoded, Refusal, ServerFrame, Skip, client_frame};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What one look at a connection's bytes came to.
pub(crate) enum Step {
    /// So many bytes are done with.
    Took(usize),
    /// So many bytes are done with; what is behind them is to be passed over, and may not have come.
    Skip(usize, Passing),
    /// More bytes are needed.
    Partial,
}

impl Router {
    pub(super) fn on_received(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>) {
        let now = self.now.mono;
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        if !bytes.is_empty() {
            found.heard_at = now;
        }
        let mut tail = core::mem::take(&mut found.tail);
        let joined = if tail.is_empty() {
            bytes
        } else {
            tail.extend_from_slice(bytes);
            &tail
        };
        let took = self.read_frames(conn, joined, out);
        let rest = if tail.is_empty() {
            bytes[took..].to_vec()
        } else {
            // What did not advance stays where it is: a frame that comes byte by byte is not copied for each.
            tail.drain(..took);
            if tail.len() < tail.capacity() / 4 {
                tail.shrink_to_fit();
            }
            tail
        };
        self.keep_rest(conn, rest, took > 0, out);
    }

    fn read_frames(&mut self, conn: ConnId, bytes: &[u8], out: &mut Vec<Output>) -> usize {
        let unwritten_max = self.limits.unwritten_bytes_max;
        let mut at = 0;
        loop {
            let Some(found) = self.conn_mut(conn) else {
                return bytes.len();
            };
            let role = found.role;
            if role == Role::Closing {
                return bytes.len();
            }
            if found.passing.is_some() {
                at += Passing::pass(&mut found.passing, &bytes[at..]);
            }
            if found.blocked || at == bytes.len() {
                return at;
            }
            if found.is_full(unwritten_max) {
                found.blocked = true;
                return at;
            }
            match self.read_frame(conn, role, &bytes[at..], out) {
                Step::Took(bytes) => at += bytes,
                Step::Skip(bytes, passing) => {
                    at += bytes;
                    self.pass(conn, passing);
                }
                Step::Partial => return at,
            }
        }
    }

    fn read_frame(
        &mut self,
        conn: ConnId,
        role: Role,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) -> Step {
        match role {
            Role::Session(user) => self.read_session(conn, Some(user), bytes, out),
            Role::Fresh if bytes.starts_with(b"HELLO") => self.read_session(conn, None, bytes, out),
            Role::Fresh if b"HELLO".starts_with(bytes) => Step::Partial,
            Role::Fresh | Role::Classic(_) => self.read_classic(conn, bytes, out),
            Role::Closing => Step::Took(bytes.len()),
        }
    }

    fn read_session(
        &mut self,
        conn: ConnId,
        user: Option<UserId>,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) -> Step {
        match client_frame(bytes, &self.limits) {
            Decoded::Partial => Step::Partial,
            Decoded::Refused(refusal, skip) => {
                self.on_refusal(conn, user, refusal, skip, bytes.len(), out)
            }
            Decoded::Frame(frame, length) => {
                match (frame, user) {
                    (ClientFrame::Hello(hello), None) => self.on_hello(conn, &hello, out),
                    (ClientFrame::Send { to, id, body }, Some(user)) => {
                        self.on_send(user, conn, to, (id, body), out);
                    }
                    (ClientFrame::Ack(seq), Some(user)) => self.on_ack(user, conn, seq, out),
                    (ClientFrame::Who(after), Some(_)) => self.on_who(conn, after.as_ref()),
                    (ClientFrame::History(ask), Some(user)) => self.on_history(user, conn, &ask),
                    (ClientFrame::Ping, _) => self.say(conn, ServerFrame::Pong, out),
                    (ClientFrame::Pong, _) => {}
                    (ClientFrame::Bye { forget }, Some(user)) => {
                        self.on_bye(user, conn, forget, out);
                    }
                    (ClientFrame::Hello(_), Some(_)) | (_, None) => {
                        self.refuse_and_close(conn, Code::HEADER_INCOMPLETE, out);
                    }
                }
                Step::Took(length)
            }
        }
    }

    fn on_refusal(
        &mut self,
        conn: ConnId,
        user: Option<UserId>,
        refusal: Refusal,
        skip: Skip,
        here: usize,
        out: &mut Vec<Output>,
    ) -> Step {
        self.counts.refused += 1;
        let Skip::Bytes(end) = skip else {
            self.refuse_and_close(conn, refusal.code, out);
            return Step::Took(here);
        };
        match (user, refusal.id) {
            (Some(user), Some(id)) => self.refuse_send(user, conn, id, refusal.code, out),
            (Some(_), None) if refusal.code == Code::UNKNOWN_VERB => {
                self.say_error(conn, refusal.code, out);
            }
            // Before WELCOME nothing can follow a refusal; after it, a frame of ours that cannot be read is a fault.
            _ => self.refuse_and_close(conn, refusal.code, out),
        }
        Step::Skip(0, Passing::new(Counting::Bytes, end))
    }

    fn pass(&mut self, conn: ConnId, passing: Passing) {
        if let Some(found) = self.conn_mut(conn) {
            found.passing = Some(Box::new(passing));
        }
    }

    /// Keeps what could not be handled, and tells the driver when that is enough.
    fn keep_rest(&mut self, conn: ConnId, rest: Vec<u8>, advanced: bool, out: &mut Vec<Output>) {
        let (now, unread_max) = (self.now.mono, self.limits.unread_bytes_max);
        let frame_end = now + self.limits.frame_time_max;
        let Some(found) = self.conn_mut(conn) else {
            return;
        };
        if found.role == Role::Closing {
            return;
        }
        let unread = rest.len();
        found.tail = rest;
        let lacks = found
            .passing
            .as_ref()
            .is_some_and(|passing| passing.lacks());
        let partial = !found.blocked && (unread > 0 || lacks);
        found.frame_since = match found.frame_since {
            Some(since) if partial && !advanced => Some(since),
            _ => partial.then_some(now),
        };
        // With nothing unread it goes on: the end of a connection shows only to whoever reads.
        let pause = found.blocked && !found.paused && unread > 0;
        let flood = unread > unread_max;
        if pause {
            found.paused = true;
            out.push(Output::Pause(conn));
        }
        if flood {
            self.close(conn, CloseReason::Blocked, out);
        } else if partial {
            self.watch_sooner(conn, frame_end);
        }
    }
}
