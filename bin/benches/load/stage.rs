//! All ends of a round on one thread, and the loop that drives them.

use super::audit::{Findings, Stream};
use super::end::{End, Round, Turn};
use super::speech::{Level, Speech, User};
use mio::{Events, Poll};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use verbatim_core::name::Recipient;

/// How long the loop sleeps at most, so that phases end in time.
const NAP: Duration = Duration::from_millis(10);

/// The ends on which one user writes and reads; the same one where a level needs but one connection.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// Who sits there.
    pub user: User,
    /// Where it writes.
    pub writes: usize,
    /// Where it reads.
    pub reads: usize,
}

/// Users, their ends and what they share.
#[derive(Debug)]
pub struct Stage<S> {
    poll: Poll,
    events: Events,
    /// By token.
    pub ends: Vec<End<S>>,
    /// By user.
    pub seats: Vec<Seat>,
    /// What all share.
    pub round: Round,
    /// A connection ended that should not have.
    pub broken: bool,
    /// The end that does not listen, if there is one.
    pub deaf: Option<usize>,
}

impl<S: Speech> Stage<S> {
    /// Lets all users join, one after the other.
    ///
    /// # Errors
    /// What the system says, or that the server did not take one of them.
    pub fn open<L>(
        level: &L,
        server: SocketAddr,
        users: &[User],
        body_bytes: usize,
    ) -> io::Result<Stage<S>>
    where
        L: Level<Speech = S>,
    {
        let mut stage = Stage {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            ends: Vec::new(),
            seats: Vec::new(),
            round: Round::new(body_bytes),
            broken: false,
            deaf: None,
        };
        stage.admit(level, server, users)?;
        Ok(stage)
    }

    /// Lets more users join, while the others are heard.
    ///
    /// # Errors
    /// What the system says, or that the server did not take one of them.
    pub fn admit<L>(&mut self, level: &L, server: SocketAddr, users: &[User]) -> io::Result<()>
    where
        L: Level<Speech = S>,
    {
        for user in users {
            let writes = self.ends.len();
            for opened in level.join(server, user)? {
                let mut end = End::new(user.index, opened)?;
                end.link().register(self.poll.registry(), self.ends.len())?;
                self.ends.push(end);
            }
            self.seats.push(Seat {
                user: *user,
                writes,
                reads: self.ends.len() - 1,
            });
            self.look(Duration::ZERO, |_, _, _| ())?;
        }
        Ok(())
    }

    /// Waits for something to come and lets every end hear what came for it. `then` may let ends write; it is told
    /// which end heard something. What was written leaves after it.
    ///
    /// # Errors
    /// What the system says of polling.
    pub fn turn(&mut self, then: impl FnMut(&mut Stage<S>, usize, Turn)) -> io::Result<()> {
        self.look(NAP, then)
    }

    fn look(
        &mut self,
        nap: Duration,
        mut then: impl FnMut(&mut Stage<S>, usize, Turn),
    ) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(nap)) {
            Err(why) if why.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        let events = std::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let at = event.token().0;
            if event.is_readable() && self.deaf != Some(at) {
                let turn = self.ends[at].hear(&mut self.round);
                self.broken |= turn.ended;
                then(self, at, turn);
            }
            self.flush(at);
        }
        self.events = events;
        Ok(())
    }

    /// Lets the end at `at` write one message; [`Stage::flush`] sends it.
    pub fn say(&mut self, at: usize, to: Recipient) {
        let nanos = self.round.clock.nanos();
        self.ends[at].say(to, &mut self.round, nanos);
    }

    /// Lets the end at `at` write until so many of its messages have no answer; [`Stage::flush`] sends them.
    pub fn fill(&mut self, at: usize, to: Recipient, in_flight: usize) {
        let nanos = self.round.clock.nanos();
        let end = &mut self.ends[at];
        while end.unanswered() < in_flight {
            end.say(to, &mut self.round, nanos);
        }
    }

    /// Sends what the end at `at` wrote.
    pub fn flush(&mut self, at: usize) {
        self.ends[at].flush(&mut self.round);
    }

    /// Writes nothing new until all that is under way has arrived, or for so many seconds.
    ///
    /// # Errors
    /// What the system says of polling.
    pub fn settle(&mut self, seconds: f64, arrived: impl Fn(&Stage<S>) -> bool) -> io::Result<()> {
        let (begun, time) = (Instant::now(), Duration::from_secs_f64(seconds));
        while begun.elapsed() < time && !self.broken {
            if self.ends.iter().all(End::is_settled) && arrived(self) {
                return Ok(());
            }
            self.turn(|_, _, _| ())?;
        }
        Ok(())
    }

    /// Lets what is there arrive, for so many seconds.
    ///
    /// # Errors
    /// What the system says of polling.
    pub fn rest(&mut self, seconds: f64) -> io::Result<()> {
        let (begun, time) = (Instant::now(), Duration::from_secs_f64(seconds));
        while begun.elapsed() < time && !self.broken {
            self.turn(|_, _, _| ())?;
        }
        Ok(())
    }

    /// Lets the end at `at` hear what came while it was deaf.
    pub fn wake(&mut self, at: usize) {
        self.broken |= self.ends[at].hear(&mut self.round).ended;
        self.flush(at);
    }

    /// Lets everybody go.
    pub fn leave(&mut self) {
        for end in &mut self.ends {
            end.leave(&mut self.round);
        }
    }

    /// How many messages of `writer` have arrived at `reader`.
    pub fn arrived(&self, writer: usize, reader: usize) -> u64 {
        let streams = &self.ends[self.seats[reader].reads].reading.streams;
        streams.get(&writer).map_or(0, Stream::arrived)
    }

    /// How many messages of `writer` should be or become known to its readers.
    pub fn taken(&self, writer: usize) -> u64 {
        let writing = &self.ends[self.seats[writer].writes].writing;
        writing.counter - writing.refused.len() as u64
    }

    /// What all ends found, and what did not arrive of what each writer sent to its readers.
    pub fn findings(&self, readers: impl Fn(usize) -> Vec<usize>) -> Findings {
        let mut all = Findings::default();
        for end in &self.ends {
            all.add(&end.findings());
        }
        for writer in 0..self.seats.len() {
            let writing = &self.ends[self.seats[writer].writes].writing;
            for reader in readers(writer) {
                let streams = &self.ends[self.seats[reader].reads].reading.streams;
                all.lost += match streams.get(&writer) {
                    Some(stream) => stream.lost(writing.counter, &writing.refused),
                    None => self.taken(writer),
                };
            }
        }
        all
    }
}
