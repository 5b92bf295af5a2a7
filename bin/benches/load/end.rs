//! Our end of one connection: what it wrote and waits for, what it read, and the audit of both.

use super::audit::{Findings, Stream};
use super::body::{Blank, Stamp};
use super::clock::Clock;
use super::latency::Latency;
use super::link::Link;
use super::speech::{Heard, Opened, Place, Speech, Word};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use verbatim_core::name::Recipient;

/// What all ends of a round share.
#[derive(Debug)]
pub struct Round {
    /// The round's clock.
    pub clock: Clock,
    /// Whether times are recorded now.
    pub measuring: bool,
    /// From sending to the answer.
    pub accepted: Latency,
    /// From sending to the arrival at the reader.
    pub delivered: Latency,
    /// What nobody should have seen, in words; the first few.
    pub faults: Vec<String>,
    buffer: Vec<u8>,
    blank: Blank,
}

impl Round {
    /// A round whose bodies have so many bytes.
    pub fn new(body_bytes: usize) -> Round {
        Round {
            clock: Clock::start(),
            measuring: false,
            accepted: Latency::default(),
            delivered: Latency::default(),
            faults: Vec::new(),
            buffer: vec![0; 256 * 1024],
            blank: Blank::new(body_bytes),
        }
    }
}

/// What an end did with what came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Turn {
    /// Messages of this end that got their answer.
    pub answered: u64,
    /// Of these, those that were refused.
    pub refused: u64,
    /// Messages that arrived here.
    pub delivered: u64,
    /// The connection is over.
    pub ended: bool,
}

/// A message without an answer.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    counter: u64,
    nanos: u64,
}

/// What an end wrote.
#[derive(Debug, Default)]
pub struct Writing {
    ids: u64,
    waiting: VecDeque<Waiting>,
    /// Messages written so far; the next one's counter.
    pub counter: u64,
    /// Messages that were refused, by counter.
    pub refused: BTreeSet<u64>,
    /// Answers so far.
    pub answered: u64,
    last_seq: u64,
    receipt_seq: u64,
}

/// What an end read.
#[derive(Debug, Default)]
pub struct Reading {
    /// Its messages, by writer.
    pub streams: BTreeMap<usize, Stream>,
    /// Messages so far.
    pub arrived: u64,
    last_seq: u64,
    unacknowledged: u64,
    disordered: u64,
}

/// One end.
#[derive(Debug)]
pub struct End<S> {
    /// Whose it is.
    pub user: usize,
    link: Link,
    speech: S,
    /// What it wrote.
    pub writing: Writing,
    /// What it read.
    pub reading: Reading,
    /// Numbers of its one conversation, from deliveries and from answers; either may come first.
    numbers: Stream,
    faults: u64,
}

impl<S: Speech> End<S> {
    /// Our end of a connection of that user.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(user: usize, opened: Opened<S>) -> io::Result<End<S>> {
        Ok(End {
            user,
            link: Link::new(opened.stream, opened.rest)?,
            speech: opened.speech,
            writing: Writing::default(),
            reading: Reading::default(),
            numbers: Stream::beginning_at(1),
            faults: 0,
        })
    }

    /// Its connection.
    pub fn link(&mut self) -> &mut Link {
        &mut self.link
    }

    /// Messages without an answer.
    pub fn unanswered(&self) -> usize {
        self.writing.waiting.len()
    }

    /// Writes the next message; [`End::flush`] sends it.
    pub fn say(&mut self, to: Recipient, round: &mut Round, nanos: u64) {
        let writing = &mut self.writing;
        let counter = writing.counter;
        let sender = self.user;
        let body = round.blank.stamped(Stamp {
            sender,
            counter,
            nanos,
        });
        writing.counter += 1;
        writing.ids += 1;
        if self.speech.is_answered() {
            writing.waiting.push_back(Waiting { counter, nanos });
        }
        self.speech.say(to, writing.ids, body, &mut self.link.out);
    }

    /// Sends what was written.
    pub fn flush(&mut self, round: &mut Round) {
        if let Err(why) = self.link.flush() {
            self.fault(round, &format!("writing: {why}"));
        }
    }

    /// Says goodbye; the connection ends with this value.
    pub fn leave(&mut self, round: &mut Round) {
        self.speech.leave(&mut self.link.out);
        self.flush(round);
    }

    /// Reads all that has come, and acknowledges it; [`End::flush`] sends that.
    pub fn hear(&mut self, round: &mut Round) -> Turn {
        let mut turn = Turn::default();
        loop {
            let received = match self.link.receive(&mut round.buffer) {
                Ok(received) => received,
                Err(why) => {
                    self.fault(round, &format!("reading: {why}"));
                    turn.ended = true;
                    return turn;
                }
            };
            self.take(received.filled, round, &mut turn);
            if received.ended {
                self.fault(round, "the server ended the connection");
                turn.ended = true;
            }
            if !received.more {
                break;
            }
        }
        let reading = &mut self.reading;
        if reading.unacknowledged > 0 {
            let (count, seq) = (reading.unacknowledged, reading.last_seq);
            self.speech.acknowledge(count, seq, &mut self.link.out);
            reading.unacknowledged = 0;
        }
        turn
    }

    /// Reads what lies in the buffer and keeps the rest for later.
    fn take(&mut self, filled: usize, round: &mut Round, turn: &mut Turn) {
        let nanos = round.clock.nanos();
        let buffer = std::mem::take(&mut round.buffer);
        let mut at = 0;
        while at < filled {
            match self.speech.hear(&buffer[at..filled]) {
                Word::Unfinished => break,
                Word::Whole(heard, used) => {
                    self.on_heard(heard, nanos, round, turn);
                    at += used;
                }
                Word::Fault(what) => {
                    self.fault(round, &what);
                    turn.ended = true;
                    at = filled;
                }
            }
        }
        self.link.keep(&buffer[at..filled]);
        round.buffer = buffer;
    }

    fn on_heard(&mut self, heard: Heard<'_>, nanos: u64, round: &mut Round, turn: &mut Turn) {
        match heard {
            Heard::Accepted { count, first, at } => {
                turn.answered += count;
                self.on_accepted(count, first, at, nanos, round);
            }
            Heard::Refused { code, id } => {
                turn.answered += 1;
                turn.refused += 1;
                self.on_refused(code, id, round);
            }
            Heard::Delivered { body, at } => {
                turn.delivered += 1;
                self.on_delivered(body, at, nanos, round);
            }
            Heard::Receipt(seq) => self.writing.receipt_seq = self.writing.receipt_seq.max(seq),
            Heard::Ping => self.speech.pong(&mut self.link.out),
            Heard::Nothing => {}
        }
    }

    fn on_accepted(
        &mut self,
        count: u64,
        first: Option<u64>,
        at: Option<Place>,
        nanos: u64,
        round: &mut Round,
    ) {
        self.check_id(first, round);
        for _ in 0..count {
            let Some(waiting) = self.writing.waiting.pop_front() else {
                return self.fault(round, "an answer to nothing");
            };
            self.writing.answered += 1;
            if round.measuring {
                round.accepted.record(nanos.saturating_sub(waiting.nanos));
            }
        }
        if let Some(place) = at {
            self.writing.last_seq = place.seq + count - 1;
            self.numbers.see_run(place.number, count);
        }
    }

    fn on_refused(&mut self, code: u16, id: Option<u64>, round: &mut Round) {
        self.check_id(id, round);
        let Some(waiting) = self.writing.waiting.pop_front() else {
            return self.fault(round, "a refusal of nothing");
        };
        self.writing.answered += 1;
        self.writing.refused.insert(waiting.counter);
        // A passing refusal drops what was sent behind it; no scenario here should meet one.
        if (150..170).contains(&code) {
            self.fault(round, &format!("refused for now, {code}"));
        }
    }

    /// Answers come in the order of ids.
    fn check_id(&mut self, id: Option<u64>, round: &mut Round) {
        let oldest = self.writing.ids + 1 - self.writing.waiting.len() as u64;
        if let Some(id) = id.filter(|id| *id != oldest) {
            self.fault(
                round,
                &format!("an answer to id {id}, not to the oldest, {oldest}"),
            );
        }
    }

    fn on_delivered(&mut self, body: &[u8], at: Option<Place>, nanos: u64, round: &mut Round) {
        let reading = &mut self.reading;
        reading.arrived += 1;
        reading.unacknowledged += 1;
        if let Some(place) = at {
            reading.disordered += u64::from(place.seq <= reading.last_seq);
            reading.last_seq = place.seq;
            self.numbers.see(place.number);
        }
        let Some(stamp) = Stamp::read(body) else {
            return self.fault(round, "a body that none of us wrote");
        };
        let stream = reading.streams.entry(stamp.sender).or_default();
        stream.see(stamp.counter);
        if round.measuring {
            round.delivered.record(nanos.saturating_sub(stamp.nanos));
        }
    }

    /// Whether all that it wrote is answered and, where the level tells that, known delivered.
    pub fn is_settled(&self) -> bool {
        self.writing.waiting.is_empty() && !self.lacks_receipt()
    }

    fn lacks_receipt(&self) -> bool {
        S::RECEIPTS && self.writing.receipt_seq < self.writing.last_seq
    }

    /// What this end alone can find.
    pub fn findings(&self) -> Findings {
        let streams = || self.reading.streams.values();
        Findings {
            duplicates: streams().map(|it| it.duplicates).sum(),
            reordered: streams().map(|it| it.reordered).sum::<u64>() + self.reading.disordered,
            number_faults: self.numbers.holes() + self.numbers.duplicates,
            unanswered: self.writing.waiting.len() as u64,
            refused: self.writing.refused.len() as u64,
            receipts_missing: u64::from(self.lacks_receipt()),
            faults: self.faults,
            lost: 0,
        }
    }

    fn fault(&mut self, round: &mut Round, what: &str) {
        self.faults += 1;
        if round.faults.len() < 5 {
            round.faults.push(format!("user{}: {what}", self.user));
        }
    }
}
