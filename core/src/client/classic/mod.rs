//! The client of the classic level, for servers that know nothing else: a state machine like its neighbour, with two
//! connections.
//!
//! It is driven like [`Client`](super::Client), with [`ClassicInput`] and [`ClassicOutput`]. It connects both halves,
//! registers one, waits, registers the other; sends one line at a time, and waits for the answer; and acknowledges a
//! line when it is written where the user reads it. `ways` holds what differs between servers, `heard` reads them,
//! `lines` holds the user's lines, `answers` has one function for each thing that a server says.
//!
//! There is no session: what was under way when a connection ended is unknown, and stays so.

mod answers;
mod heard;
mod lines;
mod port;
mod ways;

pub use port::{ClassicInput, ClassicOutput};

use super::config::Config;
use super::link::{Backoff, bounded};
use super::outbox::Line;
use super::{LineState, Notice, WhyAway, WhyOffline};
use crate::classic::{Counting, End, Side, blank};
use crate::code::Code;
use crate::id::Seq;
use crate::limits::Limits;
use crate::name::Name;
use crate::now::{Mono, Now, Wall};
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use heard::{Found, find, reading};
use lines::{Lines, received};
use ways::WAYS;

/// The states of the link.
///
/// | state | leaves when |
/// | --- | --- |
/// | `Waiting` | its time has come, or the user asks: to `Connecting` |
/// | `Connecting` | both are open: to `Registering`; not in time, or refused: to `Waiting` |
/// | `Registering` | both are registered: to `Up`; refused: to `Connecting` in the next way, or to `Away` |
/// | `Up` | one of them ended, or an answer did not come: to `Waiting` |
/// | `Away` | the user asks: to `Connecting` |
/// | `Gone` | never |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Waiting { until: Mono },
    Connecting { until: Mono, open: Option<Side> },
    Registering { until: Mono, side: Side },
    Up,
    Away,
    Gone,
}

/// What came on one connection and is no whole frame yet.
#[derive(Debug, Default)]
struct Ear {
    unread: Vec<u8>,
    /// When the bytes so far count as whole.
    quiet_at: Option<Mono>,
    /// When the frame that is not whole was begun.
    begun: Option<Mono>,
}

/// A line from somebody that is not acknowledged yet.
#[derive(Debug)]
struct Owed {
    seq: Seq,
    from: String,
    end: End,
}

/// One user's end of a classic server.
#[derive(Debug)]
pub struct ClassicClient {
    user: Name,
    waits_for_name: bool,
    limits: Limits,
    now: Mono,
    wall: Wall,
    link: Link,
    backoff: Backoff,
    /// The way to register that is used, and how many were tried since one succeeded.
    way: usize,
    tried: usize,
    ears: [Ear; 2],
    lines: Lines,
    /// The next line goes out no earlier.
    ready_at: Mono,
    owed: VecDeque<Owed>,
    /// Counts what was delivered in this run.
    seq: Seq,
    counting: Counting,
    everybody: usize,
    was_online: bool,
}

impl ClassicClient {
    /// A client that wants to connect at once. Of `config`, what concerns a session is not used.
    pub fn new(config: Config) -> ClassicClient {
        ClassicClient {
            user: config.user,
            waits_for_name: config.waits_for_name,
            backoff: Backoff::new(config.seed, &config.limits),
            limits: config.limits,
            now: Mono::ZERO,
            wall: Wall(0),
            link: Link::Waiting { until: Mono::ZERO },
            way: 0,
            tried: 0,
            ears: [Ear::default(), Ear::default()],
            lines: Lines::default(),
            ready_at: Mono::ZERO,
            owed: VecDeque::new(),
            seq: Seq(0),
            counting: Counting::Unknown,
            everybody: 0,
            was_online: false,
        }
    }

    /// Goes on with lines that were queued for another level.
    pub(super) fn with_lines(mut self, lines: impl Iterator<Item = Line>) -> ClassicClient {
        lines.for_each(|line| self.lines.queue(line));
        self
    }

    /// Takes one input, appends what is to be done, and runs what is due.
    pub fn handle(&mut self, now: Now, input: ClassicInput<'_>, out: &mut Vec<ClassicOutput>) {
        self.now = self.now.max(now.mono);
        self.wall = now.wall;
        if self.link == Link::Gone {
            return;
        }
        self.on_input(input, out);
        self.expire(out);
        self.pump(out);
    }

    /// When it wants [`ClassicInput::Timeout`]; after `handle` always later than the time that `handle` was told.
    pub fn deadline(&self) -> Option<Mono> {
        let link = match self.link {
            Link::Waiting { until }
            | Link::Connecting { until, .. }
            | Link::Registering { until, .. } => Some(until),
            Link::Up if self.lines.under_way.is_none() && self.lines.has_queued() => {
                Some(self.ready_at)
            }
            Link::Up | Link::Away => None,
            Link::Gone => return None,
        };
        let ears = self.ears.iter().flat_map(|ear| {
            let whole = ear.begun.map(|begun| begun + self.limits.frame_time_max);
            [ear.quiet_at, whole]
        });
        let answer = self.lines.under_way.as_ref().map(|going| going.due);
        let others = [link, answer, self.lines.expiry()];
        ears.chain(others).flatten().min()
    }

    fn on_input(&mut self, input: ClassicInput<'_>, out: &mut Vec<ClassicOutput>) {
        match input {
            ClassicInput::Timeout => {}
            ClassicInput::Connected(side) => self.on_connected(side, out),
            ClassicInput::Received(side, bytes) => self.on_received(side, bytes, out),
            ClassicInput::Disconnected(side, why) => self.on_disconnected(side, why, out),
            ClassicInput::Submit {
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
                self.on_submit(line, out);
            }
            ClassicInput::Withdraw(line) => {
                if self.lines.withdraw(line) {
                    out.push(told(line, LineState::Withdrawn));
                }
            }
            ClassicInput::Who => out.push(show(Notice::NoUsers(Code::UNKNOWN_VERB))),
            ClassicInput::Kept(seq) => self.on_kept(seq, out),
            ClassicInput::Return => {
                if matches!(self.link, Link::Waiting { .. } | Link::Away) {
                    self.open(out);
                }
            }
            ClassicInput::Leave => self.finish(out),
        }
    }

    fn on_submit(&mut self, line: Line, out: &mut Vec<ClassicOutput>) {
        let state = if self.lines.len() >= self.limits.outbox_messages_max {
            LineState::NoRoom
        } else if line.body.len() > self.limits.body_bytes_max {
            LineState::Rejected(Code::TOO_LONG)
        } else {
            LineState::Queued
        };
        out.push(told(line.line, state));
        if state == LineState::Queued {
            self.lines.queue(line);
        }
    }

    /// What was written where the user reads it is acknowledged.
    fn on_kept(&mut self, seq: Seq, out: &mut Vec<ClassicOutput>) {
        while let Some(owed) = self.owed.pop_front_if(|owed| owed.seq <= seq) {
            let frame = received(&owed.from, owed.end);
            out.push(ClassicOutput::Send(Side::Receive, frame));
        }
    }

    fn open(&mut self, out: &mut Vec<ClassicOutput>) {
        let until = self.now + self.limits.connect_time_max;
        self.link = Link::Connecting { until, open: None };
        out.push(ClassicOutput::Connect(Side::Send));
        out.push(ClassicOutput::Connect(Side::Receive));
    }

    fn on_connected(&mut self, side: Side, out: &mut Vec<ClassicOutput>) {
        match self.link {
            Link::Connecting { until, open: None } => {
                let open = Some(side);
                self.link = Link::Connecting { until, open };
            }
            Link::Connecting { .. } => self.register(WAYS[self.way].first, out),
            _ => out.push(ClassicOutput::Disconnect(side)),
        }
    }

    fn register(&mut self, side: Side, out: &mut Vec<ClassicOutput>) {
        let until = self.now + self.limits.connect_time_max;
        self.link = Link::Registering { until, side };
        let (word, end) = (side.word(), WAYS[self.way].end.text());
        let frame = format!("REGISTER {word} {}{end}", self.user);
        out.push(ClassicOutput::Send(side, frame.into_bytes()));
    }

    /// Bytes came: whole frames are handled, the rest waits for more, or for quiet.
    fn on_received(&mut self, side: Side, bytes: &[u8], out: &mut Vec<ClassicOutput>) {
        if !self.is_open() {
            return;
        }
        let ear = &mut self.ears[side as usize];
        let mut unread = core::mem::take(&mut ear.unread);
        unread.extend_from_slice(bytes);
        let quiet = ear.quiet_at.take().is_some_and(|at| at <= self.now);
        let (mut at, mut wait) = (0, None);
        while self.is_open() {
            at += blank(&unread[at..]);
            let limits = &self.limits;
            match find(&unread[at..], reading(self.counting, quiet, limits)) {
                _ if at == unread.len() => break,
                Found::Whole(heard, taken) => {
                    at += taken;
                    self.on_heard(heard, out);
                }
                Found::Lost => {
                    let why = WhyOffline::Garbage("a frame that nobody can read");
                    return self.fall(why, None, out);
                }
                Found::Partial => break,
                Found::Quiet(asked) => {
                    wait = Some(asked.time(limits));
                    break;
                }
            }
        }
        if self.is_open() {
            unread.drain(..at);
            let (now, ear) = (self.now, &mut self.ears[side as usize]);
            let goes_on = at == 0 && !unread.is_empty();
            ear.begun = ear.begun.filter(|_| goes_on);
            ear.begun = ear.begun.or((!unread.is_empty()).then_some(now));
            ear.quiet_at = wait.map(|wait| now + wait);
            ear.unread = unread;
        }
    }

    fn on_disconnected(&mut self, side: Side, why: &str, out: &mut Vec<ClassicOutput>) {
        if self.is_open() || matches!(self.link, Link::Connecting { .. }) {
            // What stands there without its end is all that will come.
            if self.is_open() && !self.ears[side as usize].unread.is_empty() {
                self.ears[side as usize].quiet_at = Some(self.now);
                self.on_received(side, &[], out);
            }
            if self.is_open() || matches!(self.link, Link::Connecting { .. }) {
                self.fall(WhyOffline::Link(why.into()), None, out);
            }
        }
    }

    /// Whether bytes can come.
    fn is_open(&self) -> bool {
        matches!(self.link, Link::Registering { .. } | Link::Up)
    }

    /// Gives the connections up and comes back after `wait`, or after the back-off's.
    fn fall(&mut self, why: WhyOffline, wait: Option<Duration>, out: &mut Vec<ClassicOutput>) {
        self.part(out);
        let retry_in = wait.map_or_else(|| self.backoff.draw(), bounded);
        let until = self.now + retry_in;
        self.link = Link::Waiting { until };
        out.push(show(Notice::Offline { why, retry_in }));
    }

    fn stay_away(&mut self, why: WhyAway, out: &mut Vec<ClassicOutput>) {
        self.part(out);
        (self.link, self.way, self.tried) = (Link::Away, 0, 0);
        out.push(show(Notice::Away(why)));
    }

    /// Ends both connections. Nobody can say what becomes of the line that was under way.
    fn part(&mut self, out: &mut Vec<ClassicOutput>) {
        if let Some(going) = self.lines.under_way.take() {
            out.push(told(going.line.line, LineState::Unknown));
        }
        if self.is_open() || matches!(self.link, Link::Connecting { .. }) {
            out.push(ClassicOutput::Disconnect(Side::Send));
            out.push(ClassicOutput::Disconnect(Side::Receive));
        }
        self.ears = [Ear::default(), Ear::default()];
        self.owed.clear();
    }

    fn finish(&mut self, out: &mut Vec<ClassicOutput>) {
        self.part(out);
        let (_, queued) = self.lines.abandon();
        for going in queued {
            let state = going.refused(LineState::Withdrawn);
            out.push(told(going.line.line, state));
        }
        self.link = Link::Gone;
        out.push(ClassicOutput::Done);
    }

    /// Does what is due.
    fn expire(&mut self, out: &mut Vec<ClassicOutput>) {
        self.lines
            .expire(self.now, |line| out.push(told(line, LineState::Expired)));
        let now = self.now;
        let due = |at: Option<Mono>| at.is_some_and(|at| at <= now);
        for side in [Side::Send, Side::Receive] {
            if due(self.ears[side as usize].quiet_at) {
                self.on_received(side, &[], out);
            }
        }
        let frame = self.limits.frame_time_max;
        let slow = |ear: &Ear| due(ear.begun.map(|begun| begun + frame));
        match self.link {
            Link::Waiting { until } if due(Some(until)) => self.open(out),
            Link::Connecting { until, .. } if due(Some(until)) => {
                self.fall(WhyOffline::ConnectTime, None, out);
            }
            Link::Registering { until, .. } if due(Some(until)) => {
                self.way = (self.way + 1) % WAYS.len();
                self.fall(WhyOffline::WelcomeTime, None, out);
            }
            Link::Up if due(self.lines.under_way.as_ref().map(|going| going.due)) => {
                self.fall(WhyOffline::Silent, None, out);
            }
            _ if self.ears.iter().any(slow) => self.fall(WhyOffline::FrameTime, None, out),
            _ => {}
        }
    }

    /// Sends the next line once the one before it is answered.
    fn pump(&mut self, out: &mut Vec<ClassicOutput>) {
        let ready = self.lines.under_way.is_none() && self.ready_at <= self.now;
        if self.link != Link::Up || !ready {
            return;
        }
        if let Some(mut going) = self.lines.next() {
            if going.line.to == crate::name::Recipient::All {
                going.everybody = going.everybody.max(self.everybody);
            }
            out.push(told(going.line.line, LineState::Sent));
            self.send(going, out);
        }
    }

    fn send(&mut self, mut going: lines::Going, out: &mut Vec<ClassicOutput>) {
        let (end, frame_bytes_max) = (WAYS[self.way].end, self.limits.classic_forward_bytes_max);
        let frame = going.frame(self.counting, end, frame_bytes_max);
        going.due = self.now + self.limits.classic_answer_time_max;
        out.push(ClassicOutput::Send(Side::Send, frame));
        self.lines.under_way = Some(going);
    }
}

fn show(notice: Notice) -> ClassicOutput {
    ClassicOutput::Show(notice)
}

fn told(line: super::LineId, state: LineState) -> ClassicOutput {
    show(Notice::Line { line, state })
}
