//! A classic user: two connections, one line at a time, one `RECEIVED` for each `FORWARD`. It reads once per message
//! and understands the exact bytes only, as the seed does; or it reads as a stream, as better programs do.

mod half;

use super::script::{Does, Heard, Script};
use super::{Order, Stage};
use crate::dice::Dice;
use crate::history::{ClassicNews, Tag, What, Who};
use crate::plan::{Act, Part, To};
use half::{Forward, Half};
use std::collections::VecDeque;
use std::time::Duration;

/// The seed's read buffer.
const READ_BYTES: usize = 2048;
/// How long it waits for an answer before it takes its connections for dead.
pub const PATIENCE: Duration = Duration::from_secs(40);
/// What it says of a line that it gave up.
pub const NO_ANSWER: &str = "no answer in time";
/// What a server says to one whose halves came too far apart: it was given up as silent, perhaps while it heard that it is
/// registered.
const GIVEN_UP: &str = "ERROR 173";
/// Before it registers again.
const REST: Duration = Duration::from_millis(700);
/// How often it looks whether a pause is over.
const LOOK_TIME: Duration = Duration::from_millis(100);

/// The connection on which it sends.
const SENDING: usize = 0;
/// The connection on which it receives.
const RECEIVING: usize = 1;
/// What it calls them.
const SIDES: [&str; 2] = ["TOSEND", "TORECV"];

/// See the module's words.
pub struct Classic {
    who: Who,
    stage: Stage,
    dice: Dice,
    reads_once: bool,
    think_max: u64,
    ahead_max: usize,
    runs: bool,
    paused_until: Option<Duration>,
    lines: u64,
    typed: VecDeque<Line>,
    link: Link,
    halves: [Half; 2],
}

struct Line {
    line: u64,
    to: String,
    body: String,
}

/// Where it stands with the server.
enum Link {
    /// It has no connection, and makes none before then.
    Resting(Duration),
    /// It registers that half, and gives up then.
    Registering(usize, Duration),
    /// It is registered.
    Talking(Talk),
}

/// What it waits for.
#[derive(Default)]
struct Talk {
    /// The lines that wait for their answers, and until when each does.
    waits: VecDeque<(u64, Duration)>,
    /// When to answer the last `FORWARD`, and how.
    thinks: Option<(Duration, Reply)>,
}

/// How a `FORWARD` is answered.
enum Reply {
    Received(String),
    Complaint,
}

impl Classic {
    /// That user of the plan, whose program does not run yet.
    pub fn new(who: Who, stage: Stage) -> Classic {
        let (reads_once, think_max, ahead_max) = match stage.plan.users[who].part {
            Part::Classic {
                reads_once,
                think_max,
                ahead_max,
            } => (reads_once, think_max, ahead_max),
            Part::Device { .. } => (false, 0, 1),
        };
        Classic {
            dice: Dice::new(stage.plan.seed, &format!("classic {who}")),
            who,
            stage,
            reads_once,
            think_max,
            ahead_max: usize::try_from(ahead_max).unwrap_or(usize::MAX),
            runs: false,
            paused_until: None,
            lines: 0,
            typed: VecDeque::new(),
            link: Link::Resting(Duration::ZERO),
            halves: [Half::default(), Half::default()],
        }
    }

    fn note(&self, news: ClassicNews) {
        self.stage.history.note(What::Classic(self.who, news));
    }

    fn on_order(&mut self, now: Duration, order: Order, out: &mut Vec<Does>) {
        match order {
            Order::Calm => (self.paused_until, self.think_max) = (None, 0),
            Order::Act(Act::Begin) if !self.runs => {
                self.runs = true;
                self.note(ClassicNews::Began);
            }
            Order::Act(Act::Say {
                to, lines, bytes, ..
            }) if self.runs => (0..lines).for_each(|_| self.type_line(to, bytes)),
            Order::Act(Act::Pause(span)) => {
                self.paused_until = Some(now + Duration::from_millis(span));
            }
            Order::Act(Act::Crash { .. } | Act::Leave { .. }) if self.runs => {
                self.runs = false;
                self.typed.clear();
                self.note(ClassicNews::Ended);
                self.hang_up(now, out);
            }
            Order::Act(_) => {}
        }
    }

    fn type_line(&mut self, to: To, bytes: u64) {
        let to = self.stage.name_of(to).to_string();
        self.lines += 1;
        let (who, line) = (self.who, self.lines);
        let mut body = Tag { who, line }.body(bytes);
        if self.reads_once && self.dice.chance(150) {
            // The seed counts characters.
            body.push_str(" caf\u{e9}");
        }
        self.note(ClassicNews::Typed { line });
        self.typed.push_back(Line { line, to, body });
    }

    /// Ends what connections there are, and rests.
    fn hang_up(&mut self, now: Duration, out: &mut Vec<Does>) {
        for (number, half) in self.halves.iter_mut().enumerate() {
            if std::mem::take(half).is_open {
                out.push(Does::Close(number));
            }
        }
        self.link = Link::Resting(now + REST);
    }

    fn part(&mut self, now: Duration, why: &'static str, out: &mut Vec<Does>) {
        self.note(ClassicNews::Parted(why));
        self.hang_up(now, out);
    }

    fn open(&mut self, side: usize, until: Duration, out: &mut Vec<Does>) {
        self.halves[side].is_open = true;
        self.link = Link::Registering(side, until);
        out.push(Does::Open(side));
    }

    fn on_opened(&self, side: usize, out: &mut Vec<Does>) {
        let (word, name) = (SIDES[side], self.stage.name(self.who));
        let words = format!("REGISTER {word} {name}\n\n");
        out.push(Does::Write(side, words.into_bytes()));
    }

    fn on_ended(&mut self, now: Duration, side: usize, out: &mut Vec<Does>) {
        self.halves[side].is_open = false;
        let why = match (&self.link, side) {
            (Link::Talking(_), SENDING) => "the send connection ended",
            (Link::Talking(_), _) => "the receive connection ended",
            _ => "not registered",
        };
        self.part(now, why, out);
    }

    fn on_read(&mut self, now: Duration, side: usize, bytes: &[u8], out: &mut Vec<Does>) {
        self.halves[side].unread.extend_from_slice(bytes);
        match self.link {
            Link::Resting(_) => {}
            Link::Registering(half, until) => self.hear_registered(now, half, until, out),
            Link::Talking(_) => {
                if let Some(why) = self.hear(now) {
                    self.part(now, why, out);
                }
            }
        }
    }

    fn hear_registered(
        &mut self,
        now: Duration,
        side: usize,
        until: Duration,
        out: &mut Vec<Does>,
    ) {
        let Some(answer) = self.halves[side].take_head(self.reads_once) else {
            return;
        };
        let (word, name) = (SIDES[side], self.stage.name(self.who));
        if answer != format!("REGISTERED {word} {name}") {
            match answer.get(..9) {
                Some("ERROR 104") => self.note(ClassicNews::Taken),
                // What it said was on its way for too long.
                Some(GIVEN_UP) => {}
                _ => self.note(ClassicNews::Misread(answer)),
            }
            return self.part(now, "not registered", out);
        }
        if side == SENDING {
            return self.open(RECEIVING, until, out);
        }
        self.link = Link::Talking(Talk::default());
        self.note(ClassicNews::Registered);
    }

    /// Takes in what came on both connections. What it cannot go on with ends the talk.
    fn hear(&mut self, now: Duration) -> Option<&'static str> {
        while let Some(answer) = self.halves[SENDING].take_head(self.reads_once) {
            if answer.starts_with(GIVEN_UP) {
                return Some("given up as silent");
            }
            let Some((line, _)) = self.talk().waits.pop_front() else {
                self.note(ClassicNews::Misread(answer));
                return Some("an answer that nobody waits for");
            };
            self.on_answer(line, &answer);
        }
        self.hear_forward(now)
    }

    fn talk(&mut self) -> &mut Talk {
        match &mut self.link {
            Link::Talking(talk) => talk,
            _ => unreachable!("only who is registered talks"),
        }
    }

    fn hear_forward(&mut self, now: Duration) -> Option<&'static str> {
        let thinks = self.talk().thinks.is_some();
        if thinks && !self.halves[RECEIVING].unread.is_empty() {
            self.note(ClassicNews::Misread(
                "a second FORWARD before RECEIVED".into(),
            ));
            return Some("it cannot go on");
        }
        if self.halves[RECEIVING]
            .unread
            .starts_with(GIVEN_UP.as_bytes())
        {
            return Some("given up as silent");
        }
        let reply = match self.halves[RECEIVING].take_forward(self.reads_once) {
            Forward::Nothing => return None,
            Forward::Whole(from, text) => {
                let heard = from.clone();
                self.note(ClassicNews::Heard { from: heard, text });
                Reply::Received(from)
            }
            Forward::Miscounted => Reply::Complaint,
            Forward::Misread(misread) => {
                self.note(ClassicNews::Misread(misread));
                return Some("it cannot go on");
            }
        };
        let think = Duration::from_millis(self.dice.between(0, self.think_max));
        self.talk().thinks = Some((now + think, reply));
        None
    }

    fn on_answer(&self, line: u64, answer: &str) {
        let code = match answer.split_once(' ') {
            Some(("SENT" | "SEND", _)) => None,
            Some(("ERROR", rest)) => Some(rest.chars().take(3).collect::<String>()),
            _ => return self.note(ClassicNews::Misread(answer.into())),
        };
        let code = code.map(|code| code.parse().unwrap_or(0));
        self.note(ClassicNews::Answered { line, code });
    }

    /// Does what is due.
    fn go_on(&mut self, now: Duration, out: &mut Vec<Does>) {
        match &self.link {
            Link::Resting(until) if *until <= now && self.runs => {
                self.open(SENDING, now + PATIENCE, out);
            }
            Link::Registering(_, until) if *until <= now => {
                self.part(now, "not registered in time", out);
            }
            Link::Talking(talk) if talk.waits.front().is_some_and(|(_, until)| *until <= now) => {
                self.part(now, NO_ANSWER, out);
            }
            Link::Talking(_) => {
                self.answer(now, out);
                self.say_next(now, out);
            }
            _ => {}
        }
    }

    /// Sends the next lines, as many as it sends without an answer.
    fn say_next(&mut self, now: Duration, out: &mut Vec<Does>) {
        while self.talk().waits.len() < self.ahead_max
            && let Some(line) = self.typed.pop_front()
        {
            self.say(line, now, out);
        }
    }

    fn say(&mut self, Line { line, to, body }: Line, now: Duration, out: &mut Vec<Does>) {
        let length = if self.reads_once {
            body.chars().count()
        } else {
            body.len()
        };
        let words = format!("SEND {to}\nContent-length: {length}\n\n{body}");
        self.note(ClassicNews::Said { line, to, body });
        self.talk().waits.push_back((line, now + PATIENCE));
        out.push(Does::Write(SENDING, words.into_bytes()));
    }

    /// Answers the last `FORWARD`, when it has thought.
    fn answer(&mut self, now: Duration, out: &mut Vec<Does>) {
        let paused = self.paused_until.filter(|until| *until > now);
        let talk = self.talk();
        if let (Some((at, _)), Some(until)) = (&mut talk.thinks, paused) {
            *at = (*at).max(until.min(now + LOOK_TIME));
        }
        let Some((_, reply)) = talk.thinks.take_if(|(at, _)| *at <= now) else {
            return;
        };
        let words = match reply {
            Reply::Received(from) => {
                self.note(ClassicNews::Received);
                format!("RECEIVED {from}\n\n")
            }
            Reply::Complaint => {
                self.note(ClassicNews::Complained);
                "ERROR 103 Header Incomplete\n\n".into()
            }
        };
        out.push(Does::Write(RECEIVING, words.into_bytes()));
    }
}

impl Script for Classic {
    fn handle(&mut self, now: Duration, heard: Heard<'_>, out: &mut Vec<Does>) {
        match heard {
            Heard::Order(order) => self.on_order(now, order, out),
            Heard::Opened(side) => self.on_opened(side, out),
            Heard::Read(side, bytes) => self.on_read(now, side, bytes, out),
            Heard::Ended(side) => self.on_ended(now, side, out),
            Heard::Time => {}
        }
        self.go_on(now, out);
    }

    fn deadline(&self) -> Option<Duration> {
        match &self.link {
            Link::Resting(until) => self.runs.then_some(*until),
            Link::Registering(_, until) => Some(*until),
            Link::Talking(talk) => {
                let waits = talk.waits.front().map(|(_, until)| *until);
                let thinks = talk.thinks.as_ref().map(|(at, _)| *at);
                [waits, thinks].into_iter().flatten().min()
            }
        }
    }

    fn read_max(&self) -> usize {
        READ_BYTES
    }
}
