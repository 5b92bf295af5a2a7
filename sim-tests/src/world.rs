//! One simulation: its clock, its network, its hosts and its transcript.

use crate::cuts::{Cuts, Door};
use crate::person::{Person, Program, live};
use crate::power::Plate;
use crate::server;
use crate::sheet::Sheet;
use crate::{Classic, Client, Session};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::{self, UnboundedSender};
use turmoil::{Builder, Sim};
use verbatim_core::limits::Limits;
use verbatim_net::transcript::{Mark, put_line};

/// How finely time passes.
const TICK: Duration = Duration::from_millis(1);
/// turmoil counts segments, and panics where a queue of connections to be accepted is full.
const TCP_SEGMENTS_MAX: usize = 4096;
/// Simulated seconds since 1970 at a run's beginning: a spring day in 2021.
const EPOCH_SECONDS: u64 = 1_616_000_000;
/// How long a script waits for what it expects.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a segment is on its way.
#[derive(Clone, Copy, Debug)]
pub enum Latency {
    /// Always as long: in a transcript a change shows only what changed.
    Fixed(Duration),
    /// Drawn from the seed, mostly short, never longer than this.
    UpTo(Duration),
}

/// What a run depends on.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Latencies, the server's random numbers and tokio's choices follow from it.
    pub seed: u64,
    /// How long a segment is on its way.
    pub latency: Latency,
}

/// Stories have one seed, and 10 ms from anywhere to anywhere.
const STORY: Setting = Setting {
    seed: 1,
    latency: Latency::Fixed(Duration::from_millis(10)),
};

/// One simulation. Cloning it clones a handle.
#[derive(Clone)]
pub struct World(Rc<Inner>);

struct Inner {
    sim: RefCell<Sim<'static>>,
    sheet: Sheet,
    cuts: Cuts,
    seed: u64,
    plate: Option<Plate>,
    people: RefCell<BTreeMap<String, UnboundedSender<Program>>>,
}

impl World {
    /// A world with a server that listens.
    pub fn new(setting: Setting) -> World {
        World::with_limits(setting, Limits::default())
    }

    /// A world whose server has bounds of its own.
    pub fn with_limits(setting: Setting, limits: Limits) -> World {
        World::build(setting, limits, TCP_SEGMENTS_MAX, None)
    }

    fn build(setting: Setting, limits: Limits, segments_max: usize, plate: Option<Plate>) -> World {
        let mut sim = build(setting, segments_max);
        let disk = plate.clone();
        let (sheet, cuts) = (Sheet::default(), Cuts::default());
        let (paper, losses, starts) = (sheet.clone(), cuts.clone(), Cell::new(0));
        sim.host(server::NAME, move || {
            starts.set(starts.get() + 1);
            let door = Door::new(paper.clone(), losses.clone());
            let start = (setting.seed, starts.get());
            server::serve(start, limits.clone(), door, disk.clone())
        });
        let people = RefCell::default();
        let world = World(Rc::new(Inner {
            sim: RefCell::new(sim),
            sheet,
            cuts,
            seed: setting.seed,
            plate,
            people,
        }));
        world.step();
        world
    }

    /// The world of stories: 10 ms from anywhere to anywhere.
    pub fn for_story() -> World {
        World::for_story_with(Limits::default())
    }

    /// The world of a story in which the server has bounds of its own.
    pub fn for_story_with(limits: Limits) -> World {
        World::build(STORY, limits, TCP_SEGMENTS_MAX, None)
    }

    /// The world of a story whose server keeps its log on a disk.
    pub fn for_story_on_disk() -> World {
        World::for_story_on_disk_with(Limits::default())
    }

    /// The same with bounds of the server that are the story's own.
    pub fn for_story_on_disk_with(limits: Limits) -> World {
        let plate = Some(Plate::default());
        World::build(STORY, limits, TCP_SEGMENTS_MAX, plate)
    }

    /// The server's disk.
    ///
    /// # Panics
    /// It has none.
    pub fn plate(&self) -> Plate {
        let plate = self.0.plate.clone();
        plate.expect("the story was begun with a disk")
    }

    /// The world of a story in which a connection takes so many segments that nobody has read, and no more.
    pub fn for_story_narrow(segments_max: usize) -> World {
        World::build(STORY, Limits::default(), segments_max, None)
    }

    /// The host of that name; it appears when it is first asked for.
    pub fn person(&self, name: &str) -> Person {
        let mut people = self.0.people.borrow_mut();
        let programs = people.entry(name.to_owned()).or_insert_with(|| {
            let (programs, asked) = mpsc::unbounded_channel();
            self.host(name, live(asked));
            programs
        });
        Person::new(self.clone(), name, programs.clone())
    }

    /// Somebody of the session level who has been welcomed.
    pub fn session(&self, name: &str) -> Session {
        self.person(name).session(name)
    }

    /// Somebody of the classic level who is registered, with the seed's own ways.
    pub fn classic(&self, name: &str) -> Classic {
        self.person(name).classic(name)
    }

    /// The client that ships, on a screen of its own, welcomed.
    pub fn client(&self, name: &str) -> Client {
        let mut client = self.person(name).client(name);
        client.sees("online");
        client
    }

    /// Adds a host with software of its own.
    pub fn host(&self, name: &str, software: impl Future<Output = turmoil::Result> + 'static) {
        self.0.sim.borrow_mut().client(name, software);
    }

    pub(crate) fn sim<T>(&self, use_it: impl FnOnce(&mut Sim<'static>) -> T) -> T {
        use_it(&mut self.0.sim.borrow_mut())
    }

    pub(crate) fn cuts(&self) -> &Cuts {
        &self.0.cuts
    }

    pub(crate) fn sheet(&self) -> &Sheet {
        &self.0.sheet
    }

    pub(crate) fn seed(&self) -> u64 {
        self.0.seed
    }

    /// Lets the least time pass.
    ///
    /// # Panics
    /// When software of a host has failed, or any of its tasks has panicked.
    pub fn step(&self) {
        let stepped = self.0.sim.borrow_mut().step();
        if let Err(error) = stepped {
            self.fail(&format!("a host failed: {error}"));
        }
    }

    /// Lets time pass.
    pub fn wait(&self, span: Duration) {
        let end = self.elapsed() + span;
        while self.elapsed() < end {
            self.step();
        }
    }

    /// Lets time pass until something is there.
    ///
    /// # Panics
    /// With the transcript, when it is not there in time.
    pub fn until<T>(&self, what: &str, mut found: impl FnMut() -> Option<T>) -> T {
        let end = self.elapsed() + PATIENCE;
        loop {
            if let Some(found) = found() {
                return found;
            }
            if self.elapsed() >= end {
                self.fail(&format!("{PATIENCE:?} have passed without {what}"));
            }
            self.step();
        }
    }

    /// How long the simulation has run.
    pub fn elapsed(&self) -> Duration {
        self.0.sim.borrow().elapsed()
    }

    /// Writes what the network does into the transcript.
    pub fn tell_network(&self, what: &str) {
        let at = self.elapsed();
        let put = |sheet: &mut String| put_line(sheet, at, "--", Mark::Network, what);
        self.0.sheet.append(put);
    }

    /// What has gone through the server's door so far.
    pub fn transcript(&self) -> String {
        self.0.sheet.text()
    }

    /// Ends a script that did not go as it says.
    ///
    /// # Panics
    /// Always, with the transcript.
    #[track_caller]
    pub fn fail(&self, why: &str) -> ! {
        panic!("{why}\n{}", self.transcript())
    }
}

fn build(setting: Setting, segments_max: usize) -> Sim<'static> {
    let (shortest, longest) = match setting.latency {
        Latency::Fixed(span) => (span, span),
        Latency::UpTo(span) => (TICK, span),
    };
    Builder::new()
        .rng_seed(setting.seed)
        .epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH_SECONDS))
        .simulation_duration(Duration::MAX)
        .tick_duration(TICK)
        .tcp_capacity(segments_max)
        .min_message_latency(shortest)
        .max_message_latency(longest)
        .build()
}
