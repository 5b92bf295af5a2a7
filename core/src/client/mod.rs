//! The client: the other end of the session protocol, as a state machine without clock and without I/O.
//!
//! A driver runs it so:
//!
//! 1. Make a [`Client`]; it wants to be called at once.
//! 2. When [`Client::deadline`] has come, call [`Client::handle`] with [`Input::Timeout`].
//! 3. Whatever else happens (a connection opened, bytes, its end, a typed line), call `handle` with that.
//! 4. Carry out the outputs in their order, but first make durable what they say (below). The outputs of several calls may
//!    be taken together.
//! 5. When the messages of the outputs are written where this device keeps them, call `handle` with `Kept`.
//! 6. `Done` is the end.
//!
//! # What a store is told
//!
//! A device whose store keeps messages writes the outputs of a call (or of several) in *one* transaction, before it carries
//! out any of them: each `Keep`, each `Deliver` with the `Keep::Cursor` of the same call, each state of a line that a notice
//! tells, and `Lost`, which ends the wait for receipts. That transaction must be durable before a `Connect` or a `Send`
//! among the outputs is carried out, before messages are told to be `Kept`, and before a line counts as queued. States,
//! `Accepted`, `Delivered` and `Allotted` alone need not be durable at once: they may ride on the next transaction, in
//! their order, for what is lost with them the server tells again.
//!
//! If the store cannot be written, nothing of what would need it may leave: the driver ends the connection, says
//! `Disconnected`, and keeps what is to be written; the client tries again by itself. What is not kept is not acked, and
//! ids that never went out are settled by the next `WELCOME`, as after any lost connection.
//!
//! At the next start the store's contents are the [`Config`]'s `start` and `restored`: queued lines are queued, sent ones
//! wait for resume under their ids, accepted ones for their receipts. Two stores of one device, or one from a backup, are
//! noticed by the ids and counters that the server knows: the client says so and stays away; it sends nothing that the
//! other copy may have sent. Should a server have gone back, that is `Lost`.
//!
//! `handle` never fails and never blocks: what a server does wrong ends that connection, is told to the user,
//! and another one is tried later. What belongs together stands together: `outbox` has the rules of ids, `inbox`
//! those of the cursor, `numbering` finds gaps, `receipts` follows accepted lines, `recall` puts histories together,
//! `link` knows when to come back, and `frames` has one function for each frame of a server. Servers that know only the
//! classic level have a client of their own, in `classic`.

mod classic;
mod config;
mod frames;
mod inbox;
mod keeping;
mod link;
mod notice;
mod numbering;
mod outbox;
mod port;
mod reader;
mod recall;
mod receipts;
mod roll;
mod words;

pub use classic::{ClassicClient, ClassicInput, ClassicOutput};
pub use config::{Awaited, Config, Restored, RestoredLine, Start};
pub use notice::{LineId, LineState, Notice, Present, WhyAway, WhyNoHistory, WhyOffline};
pub use port::{Frames, Input, Keep, Message, Output, Recalled};

use crate::id::Try;
use crate::limits::UNANSWERED_MAX;
use crate::now::{Mono, Now, Wall};
use crate::wire::{ClientFrame, Hello, encode_client};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;
use inbox::Inbox;
use keeping::Told;
use link::{Backoff, Link, Pulse, bounded, sooner};
use outbox::{Allowance, Line, Outbox, told};
use reader::Reader;
use recall::Recall;
use receipts::Receipts;
use roll::Roll;

/// The longest buffer of frames that is kept between calls.
const WIRE_BYTES_KEPT: usize = 16 * 1024;

/// One device's end of its session.
#[derive(Debug)]
pub struct Client {
    config: Config,
    now: Mono,
    link: Link,
    backoff: Backoff,
    /// Heartbeats, once `WELCOME` told them.
    pulse: Option<Pulse>,
    allowed: Allowance,
    reader: Reader,
    outbox: Outbox,
    receipts: Receipts,
    inbox: Inbox,
    roll: Roll,
    recall: Recall,
    attempt: Try,
    was_online: bool,
    /// The user leaves as soon as the session is bound.
    leaving: Option<bool>,
    /// What a store was told.
    told: Told,
    /// Frames of this call, written together.
    wire: Vec<u8>,
}

impl Client {
    /// A client that wants to connect at once.
    pub fn new(mut config: Config) -> Client {
        let restored = mem::take(&mut config.restored);
        let (start, limits) = (&config.start, &config.limits);
        let lines_max = limits.outbox_messages_max;
        Client {
            now: Mono::ZERO,
            link: Link::Waiting { until: Mono::ZERO },
            backoff: Backoff::new(config.seed, limits),
            pulse: None,
            allowed: Allowance {
                unanswered_max: UNANSWERED_MAX,
                body_bytes_max: limits.body_bytes_max as u64,
            },
            reader: Reader::default(),
            receipts: Receipts::new(start.delivered, &restored.accepted, lines_max),
            outbox: Outbox::new(start, restored, config.keeps_messages),
            inbox: Inbox::new(config.user, start, limits.users_max),
            roll: Roll::default(),
            recall: Recall::default(),
            attempt: start.attempt,
            was_online: false,
            leaving: None,
            told: Told::new(start),
            wire: Vec::new(),
            config,
        }
    }

    /// Takes one input, appends what is to be done, and runs what is due.
    pub fn handle(&mut self, now: Now, input: Input<'_>, out: &mut Vec<Output>) {
        self.now = self.now.max(now.mono);
        if self.link == Link::Gone {
            return;
        }
        self.on_input(now.wall, input, out);
        self.expire(out);
        self.pump(out);
        self.tell_store(out);
        self.flush(out);
    }

    /// When it wants [`Input::Timeout`]; after `handle` always later than the time that `handle` was told.
    pub fn deadline(&self) -> Option<Mono> {
        let up = self.link == Link::Up;
        let link = match self.link {
            Link::Waiting { until } | Link::Connecting { until } | Link::Greeting { until } => {
                Some(until)
            }
            Link::Up => self.pulse.map(|pulse| pulse.heartbeat().min(pulse.death())),
            Link::Away => None,
            Link::Gone => return None,
        };
        let frame = self.reader.begun().map(|begun| begun + self.frame_time());
        sooner(sooner(link, frame), self.outbox.deadline(up))
    }

    /// Takes back the room of frames that were written, for those to come.
    pub fn reuse(&mut self, frames: Frames) {
        let Frames(mut room) = frames;
        if self.wire.is_empty() && room.capacity() <= WIRE_BYTES_KEPT {
            room.clear();
            self.wire = room;
        }
    }

    fn on_input(&mut self, wall: Wall, input: Input<'_>, out: &mut Vec<Output>) {
        match input {
            Input::Timeout => {}
            Input::Connected => self.on_connected(out),
            Input::Received(bytes) => self.on_received(bytes, out),
            Input::Disconnected(why) => self.on_disconnected(why, out),
            Input::Submit {
                line,
                to,
                body,
                age_max,
            } => {
                let line = Line {
                    line,
                    to,
                    body: String::from(body),
                    expires: age_max.map(|age| self.now + age),
                    earlier: false,
                };
                self.on_submit(line, age_max, wall, out);
            }
            Input::Withdraw(line) => {
                if self.outbox.withdraw(line) {
                    out.push(told(line, LineState::Withdrawn));
                }
            }
            Input::Who => {
                if self.roll.ask() && self.link == Link::Up {
                    self.say(&ClientFrame::Who(None));
                }
            }
            Input::History(ask) => self.recall.ask(ask),
            Input::Kept(seq) => self.inbox.on_kept(seq),
            Input::Return => self.on_return(out),
            Input::Leave { forget } => self.on_leave(forget, out),
        }
    }

    fn on_submit(
        &mut self,
        line: Line,
        age_max: Option<Duration>,
        wall: Wall,
        out: &mut Vec<Output>,
    ) {
        if self.outbox.len() >= self.config.limits.outbox_messages_max {
            out.push(told(line.line, LineState::NoRoom));
            return;
        }
        self.keep_queued(&line, age_max, wall, out);
        out.push(told(line.line, LineState::Queued));
        self.outbox.queue(line);
    }

    fn on_return(&mut self, out: &mut Vec<Output>) {
        if matches!(self.link, Link::Waiting { .. } | Link::Away) {
            self.open(out);
        }
    }

    fn on_leave(&mut self, forget: bool, out: &mut Vec<Output>) {
        if matches!(self.link, Link::Greeting { .. }) {
            // The server may bind the session any moment, and hears nothing before it has.
            self.leaving = Some(forget);
            return;
        }
        if self.link == Link::Up {
            self.pump_ack();
            self.say(&ClientFrame::Bye { forget });
        }
        self.finish(forget, out);
    }

    /// Lines without an answer stay where they are if there is a store to go on with them.
    fn finish(&mut self, forget: bool, out: &mut Vec<Output>) {
        if !self.config.keeps_messages || forget {
            self.outbox.abandon(out);
        }
        self.tell_store(out);
        self.flush(out);
        if self.link.holds_connection() {
            out.push(Output::Disconnect);
        }
        self.forget_connection();
        self.link = Link::Gone;
        out.push(Output::Done);
    }

    /// After [`Output::FallBack`]: a client of the classic level, with the lines that wait.
    pub fn into_classic(self) -> ClassicClient {
        ClassicClient::new(self.config).with_lines(self.outbox.into_queue())
    }

    fn fall_back(&mut self, out: &mut Vec<Output>) {
        if self.leaving.is_some() {
            return self.finish(false, out);
        }
        out.push(Output::Disconnect);
        self.forget_connection();
        self.link = Link::Gone;
        self.leave_unanswered(WhyNoHistory::Classic, out);
        out.push(Output::Show(Notice::FellBack));
        out.push(Output::FallBack);
    }

    fn open(&mut self, out: &mut Vec<Output>) {
        self.attempt = self.attempt.next();
        self.link = Link::Connecting {
            until: self.now + self.config.limits.connect_time_max,
        };
        out.push(Output::Keep(Keep::Attempt(self.attempt)));
        out.push(Output::Connect);
    }

    fn on_connected(&mut self, out: &mut Vec<Output>) {
        if !matches!(self.link, Link::Connecting { .. }) {
            out.push(Output::Disconnect);
            return;
        }
        self.link = Link::Greeting {
            until: self.now + self.config.limits.connect_time_max,
        };
        let hello = Hello {
            user: self.config.user,
            device: self.config.device,
            attempt: self.attempt,
            keep: self.config.keeps_store,
            place: self.inbox.place(),
            accepted: self.outbox.accepted(),
            delivered: self.receipts.delivered(),
            credit: self.config.credit,
        };
        self.say(&ClientFrame::Hello(Box::new(hello)));
    }

    fn on_disconnected(&mut self, why: &str, out: &mut Vec<Output>) {
        if self.link.holds_connection() {
            self.retry(WhyOffline::Link(why.into()), None, out);
        }
    }

    /// Gives this connection up and comes back after `wait`, or after the back-off's.
    fn fall(&mut self, why: WhyOffline, wait: Option<Duration>, out: &mut Vec<Output>) {
        if matches!(why, WhyOffline::Garbage(_)) {
            self.backoff.on_fault();
        }
        self.flush(out);
        out.push(Output::Disconnect);
        self.retry(why, wait, out);
    }

    fn retry(&mut self, why: WhyOffline, wait: Option<Duration>, out: &mut Vec<Output>) {
        self.forget_connection();
        let retry_in = wait.map_or_else(|| self.backoff.draw(), bounded);
        self.link = Link::Waiting {
            until: self.now + retry_in,
        };
        if self.leaving.is_some() {
            self.finish(false, out);
            return;
        }
        out.push(Output::Show(Notice::Offline { why, retry_in }));
    }

    /// Gives this connection up and stays away until the user asks.
    fn stay_away(&mut self, why: WhyAway, out: &mut Vec<Output>) {
        self.flush(out);
        out.push(Output::Disconnect);
        self.forget_connection();
        self.link = Link::Away;
        out.push(Output::Show(Notice::Away(why)));
        if self.leaving.is_some() {
            self.finish(false, out);
        }
    }

    fn forget_connection(&mut self) {
        self.wire.clear();
        self.reader.clear();
        self.outbox.release_hold();
        self.pulse = None;
    }

    /// Does what is due.
    fn expire(&mut self, out: &mut Vec<Output>) {
        self.outbox.expire(self.now, out);
        let due = |until: Mono| until <= self.now;
        match (self.link, self.pulse) {
            (Link::Waiting { until }, _) if due(until) => self.open(out),
            (Link::Connecting { until }, _) if due(until) => {
                self.fall(WhyOffline::ConnectTime, None, out);
            }
            (Link::Greeting { until }, _) if due(until) => {
                self.fall(WhyOffline::WelcomeTime, None, out);
            }
            (Link::Up, Some(pulse)) if due(pulse.death()) => {
                self.fall(WhyOffline::Silent, None, out);
            }
            _ if self
                .reader
                .begun()
                .is_some_and(|begun| due(begun + self.frame_time())) =>
            {
                self.fall(WhyOffline::FrameTime, None, out);
            }
            (Link::Up, Some(pulse)) if due(pulse.heartbeat()) && self.wire.is_empty() => {
                self.say(&ClientFrame::Ping);
            }
            _ => {}
        }
    }

    fn frame_time(&self) -> Duration {
        self.config.limits.frame_time_max
    }

    /// Sends what the window allows, and what is due to be acked.
    fn pump(&mut self, out: &mut Vec<Output>) {
        if self.link == Link::Up {
            self.pump_ack();
            self.outbox
                .pump(self.now, self.allowed, &mut self.wire, out);
        }
        self.pump_history(out);
    }

    fn pump_ack(&mut self) {
        if let Some(seq) = self.inbox.ack() {
            self.say(&ClientFrame::Ack(seq));
        }
    }

    fn say(&mut self, frame: &ClientFrame<'_>) {
        encode_client(frame, &mut self.wire);
    }

    fn flush(&mut self, out: &mut Vec<Output>) {
        if self.wire.is_empty() {
            return;
        }
        out.push(Output::Send(Frames(mem::take(&mut self.wire))));
        if let Some(pulse) = &mut self.pulse {
            pulse.sent = self.now;
        }
    }
}
