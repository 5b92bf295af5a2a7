//! Connections that come and go: connect, register, leave, as often as it goes.

use super::audit::Findings;
use super::contest::Scenario;
use super::link::Link;
use super::process::cpu_nanos;
use super::relay::Wiring;
use super::report::{Outcome, named};
use super::speech::{Level, Role, Visit, user};
use super::subject::Target;
use mio::{Events, Poll};
use std::io;
use std::time::{Duration, Instant};

/// How long the loop sleeps at most, so that the round ends in time.
const NAP: Duration = Duration::from_millis(10);

/// After so many faults a round ends.
const FAULTS_MAX: u64 = 100;

/// How much of what.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Visitors at once.
    pub at_once: usize,
    /// Length of a body in bytes, for the relay.
    pub bytes: usize,
    /// How long it may get going, before anything is counted.
    pub warm_up: f64,
    /// How long is measured.
    pub seconds: f64,
}

impl Scenario for Plan {
    const NAME: &'static str = "churn";
    const WIRING: Wiring = Wiring::Echo;
    const RATIOS: &'static [&'static str] = &["visits_per_second", "cpu_us_per_visit"];

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        vec![("at_once", self.at_once as f64), ("seconds", self.seconds)]
    }

    fn body_bytes(&self) -> usize {
        self.bytes
    }

    fn play<L: Level>(&self, level: &L, target: Target) -> io::Result<Outcome> {
        let mut door = Door::new(self.at_once)?;
        for place in 0..self.at_once {
            door.open(level, target, place)?;
        }
        door.keep_going(level, target, self.warm_up)?;
        let (begun, visits) = (Instant::now(), door.visits);
        let (cpu, own_cpu) = (target.cpu_nanos()?, cpu_nanos(std::process::id())?);
        door.keep_going(level, target, self.seconds)?;
        let seconds = begun.elapsed().as_secs_f64();
        let visits = (door.visits - visits) as f64;
        let cpu = target.cpu_nanos()?.saturating_sub(cpu) as f64;
        let own_cpu = cpu_nanos(std::process::id())?.saturating_sub(own_cpu) as f64;
        Ok(Outcome {
            figures: named([
                ("visits", visits),
                ("visits_per_second", visits / seconds),
                ("cpu_us_per_visit", cpu / 1000.0 / visits),
                ("load_cpu_us_per_visit", own_cpu / 1000.0 / visits),
                ("resident_kib", target.resident_kib()? as f64),
            ]),
            findings: Findings {
                faults: door.faults,
                ..Findings::default()
            },
            faults: door.first_faults,
        })
    }
}

/// Somebody who joins only to leave.
struct Visitor {
    link: Link,
    leaving: bool,
}

/// Where visitors come in, each at its place.
struct Door {
    poll: Poll,
    places: Vec<Option<Visitor>>,
    buffer: Vec<u8>,
    visitors: usize,
    visits: u64,
    faults: u64,
    first_faults: Vec<String>,
}

impl Door {
    fn new(places: usize) -> io::Result<Door> {
        Ok(Door {
            poll: Poll::new()?,
            places: (0..places).map(|_| None).collect(),
            buffer: vec![0; 64 * 1024],
            visitors: 0,
            visits: 0,
            faults: 0,
            first_faults: Vec::new(),
        })
    }

    /// The next visitor, whom nobody has seen before, comes to this place.
    fn open<L: Level>(&mut self, level: &L, target: Target, place: usize) -> io::Result<()> {
        let mut link = Link::connect(target.address)?;
        level.visit(&user(self.visitors, Role::Both), &mut link.out)?;
        link.register(self.poll.registry(), place)?;
        self.visitors += 1;
        self.places[place] = Some(Visitor {
            link,
            leaving: false,
        });
        Ok(())
    }

    fn keep_going<L: Level>(&mut self, level: &L, target: Target, seconds: f64) -> io::Result<()> {
        let (begun, time) = (Instant::now(), Duration::from_secs_f64(seconds));
        let mut events = Events::with_capacity(1024);
        while begun.elapsed() < time && self.faults < FAULTS_MAX {
            match self.poll.poll(&mut events, Some(NAP)) {
                Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &events {
                let place = event.token().0;
                if self.attend(level, place) {
                    self.open(level, target, place)?;
                }
            }
        }
        Ok(())
    }

    /// Lets the visitor at this place go on; says whether it is gone.
    fn attend<L: Level>(&mut self, level: &L, place: usize) -> bool {
        let Some(visitor) = &mut self.places[place] else {
            return false;
        };
        match visitor.go_on(level, &mut self.buffer) {
            Ok(gone) => {
                self.visits += u64::from(gone);
                gone
            }
            Err(why) => {
                self.faults += 1;
                if self.first_faults.len() < 5 {
                    self.first_faults.push(why.to_string());
                }
                true
            }
        }
    }
}

impl Visitor {
    /// Reads and writes what can be; says whether the visit is over.
    fn go_on<L: Level>(&mut self, level: &L, buffer: &mut [u8]) -> io::Result<bool> {
        self.link.flush()?;
        let received = self.link.receive(buffer)?;
        let bytes = &buffer[..received.filled];
        if !self.leaving {
            match level.on_visit(bytes, &mut self.link.out)? {
                Visit::Over => return Ok(true),
                Visit::Waiting => self.link.keep(bytes),
                Visit::Leaving => {
                    self.leaving = true;
                    self.link.flush()?;
                }
            }
        }
        match received.ended && !self.leaving {
            true => Err(io::Error::other("the server hung up on a visitor")),
            false => Ok(received.ended),
        }
    }
}
