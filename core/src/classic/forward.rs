//! Lines on their way to a classic user: one write, then its `RECEIVED`, then the next.

use super::Out;
use super::frame::{ClassicOut, Piece};
use super::user::Flight;
use crate::code::Code;
use crate::id::{Seq, UserId};
use crate::record::{Message, Stream};
use crate::router::{Left, Outgoing, Router, Timer};
use alloc::boxed::Box;

impl Router {
    /// A message for a classic user was committed.
    pub(crate) fn forward(&mut self, user: UserId, message: &Message, out: &mut Out) {
        let owed_max = self.limits().owed_bytes_max;
        let Some(live) = self.classic_mut(user) else {
            return;
        };
        live.expected -= usize::from(matches!(message.to, Stream::User(_)));
        if !live.hears() {
            return self.lose(user, message, Code::UNABLE_TO_SEND, out);
        }
        live.waiting_bytes += message.counted() as u64;
        live.waiting.push_back(message.clone());
        if message.body().is_empty() && message.delivery().removed {
            live.let_go_of(message.seq); // removed before anybody here was told of it
        }
        if live.waiting_bytes > owed_max {
            // Broadcasts alone can come to this. There is no word for "the oldest are gone" here, so it is cut off.
            return self.release(user, out);
        }
        if live.flight.is_none() {
            self.pump_forward(user, 0, false, out);
        }
    }

    /// What says that a user is registered has left: its first line may follow soon.
    pub(crate) fn on_classic_ready(&mut self, user: UserId, out: &mut Out) {
        let ready_at = self.now().mono + self.limits().classic_settle_time;
        if let Some(live) = self.classic_mut(user) {
            live.ready_at = Some(ready_at);
            self.pump_forward(user, 0, false, out);
        }
    }

    /// Sends the piece of the first waiting line that begins at `start`.
    fn pump_forward(&mut self, user: UserId, start: usize, recounted: bool, out: &mut Out) {
        let now = self.now().mono;
        let due = now + self.limits().classic_ack_time_max;
        let frame_bytes_max = self.limits().classic_forward_bytes_max;
        let Some(live) = self.classic_mut(user) else {
            return;
        };
        live.flight = None;
        let Some((conn, message)) = live.receive.zip(live.waiting.front().cloned()) else {
            return;
        };
        match live.ready_at {
            None => return, // it is pumped when that comes
            Some(at) if now < at => return self.set_timer(Timer::Forward(user), at),
            Some(_) => {}
        }
        let style = (live.counting, live.line_end);
        let piece = Piece::new(message, start, style, frame_bytes_max);
        live.flight = Some(Flight {
            start,
            end: piece.end,
            due,
            counting: live.counting,
            recounted,
        });
        self.set_timer(Timer::Forward(user), due);
        self.send(
            conn,
            Outgoing::Classic(ClassicOut::Forward(Box::new(piece))),
            out,
        );
    }

    /// The recipient says that it has the last piece, or that it could not read it.
    pub(super) fn on_forwarded(&mut self, user: UserId, well: bool, out: &mut Out) {
        let live = self.classic_mut(user);
        let flight =
            live.and_then(|live| Some((live.flight.take()?, live.waiting.front()?.clone())));
        let Some((flight, message)) = flight else {
            return;
        };
        // Its time no longer runs.
        self.clear_timer(Timer::Forward(user), flight.due);
        let live = self.classic_mut(user).expect("it was just looked at");
        if well && flight.end < message.body().len() {
            return self.pump_forward(user, flight.end, flight.recounted, out);
        }
        if !well && live.recounts(&flight, &message) {
            return self.pump_forward(user, flight.start, true, out);
        }
        live.waiting.pop_front();
        live.waiting_bytes -= message.counted() as u64;
        if well {
            live.cursor = message.seq;
            self.save_user(user);
            self.did_arrive(user, &message, out);
        } else {
            self.lose(user, &message, Code::HEADER_INCOMPLETE, out);
        }
        self.pump_forward(user, 0, false, out);
    }

    /// The recipient is ready for its first line; or it had its time for one, and is cut off without anybody noticing.
    pub(crate) fn on_forward_due(&mut self, user: UserId, out: &mut Out) {
        let now = self.now().mono;
        let Some(live) = self.classic_mut(user) else {
            return;
        };
        match live.flight {
            None => self.pump_forward(user, 0, false, out),
            Some(flight) if flight.due <= now => self.release(user, out),
            Some(_) => {}
        }
    }

    /// Its receiving connection is gone: what waited for it will not arrive.
    pub(super) fn fail_waiting(&mut self, user: UserId, out: &mut Out) {
        let Some(live) = self.classic_mut(user) else {
            return;
        };
        live.flight = None;
        live.waiting_bytes = 0;
        for message in core::mem::take(&mut live.waiting) {
            self.lose(user, &message, Code::UNABLE_TO_SEND, out);
        }
    }

    /// A message that its recipient did not take, though it still holds its name.
    fn lose(&mut self, user: UserId, message: &Message, code: Code, out: &mut Out) {
        if matches!(message.to, Stream::User(_))
            && let Some(to) = self.space().user(user).map(|user| user.name)
        {
            let (last, up_to) = (message.seq, Seq(message.seq.0 - 1));
            self.note_left(
                message.from,
                Left {
                    to,
                    up_to,
                    last,
                    after: last,
                    told: false,
                },
            );
        }
        self.did_not_arrive(message, code, out);
    }
}
