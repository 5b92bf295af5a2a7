//! A run in a world of events: the cores of server and client alone, a clock that jumps from one event to the next, and
//! seeded links. No runtime, no task: one loop takes what comes next. It is made for volume.
//!
//! It is as rough as the streams on turmoil, with the same rules: a segment that is lost silences its lane for ever.

mod commits;
mod disk;
mod links;
mod people;
mod pipe;
mod queue;
mod recording;
mod seats;
mod server;
mod start;
mod timing;

use crate::arrivals::Arrivals;
use crate::cast::{Effect, Order, Stage};
use crate::flights::Recorder;
use crate::ground::{DiskTrouble, End, Ground, Passage};
use crate::history::Who;
use crate::planted::{BugId, Wrapper};
use crate::sheet::Sheet;
use pipe::{Near, Pipe};
use queue::{Coming, Micros, PipeId, Queue, Way};
use seats::Person;
use server::Host;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// See the module's words.
pub struct OnEvents {
    stage: Stage,
    now: Micros,
    /// The run's clock.
    hand: Rc<Cell<Duration>>,
    queue: Queue,
    links: Vec<Link>,
    pipes: Vec<Pipe>,
    /// Buffers of segments that were read.
    spare: Vec<Vec<u8>>,
    /// Lanes with something to be written, in the order of asking.
    to_write: Vec<(PipeId, Way)>,
    host: Host,
    people: Vec<Person>,
    /// What a client tells its program, while that is carried out.
    client_outputs: Vec<verbatim_core::client::Output>,
    /// What is to be done with somebody's program, while it is done.
    effects: Vec<Effect>,
    arrivals: Arrivals,
    /// Flights, if they are wanted.
    recorder: Option<Recorder>,
    /// Nothing befalls connections any more.
    calm: bool,
    /// A bug that was planted on purpose.
    planted: Option<Wrapper>,
}

/// What lies between a host and the server.
struct Link {
    latency: Micros,
    passage: Passage,
}

impl OnEvents {
    /// A run at its beginning, with the clock's hand. Its transcript goes to the sheet.
    pub fn new(stage: &Stage, hand: Rc<Cell<Duration>>, sheet: Option<Sheet>) -> OnEvents {
        let plan = &stage.plan;
        let link = |latency: &Duration| Link {
            latency: micros(*latency),
            passage: Passage::Free,
        };
        let people = 0..plan.users.len();
        let mut world = OnEvents {
            now: 0,
            hand,
            queue: Queue::new(plan.random_order.then_some(plan.seed)),
            links: plan.latencies.iter().map(link).collect(),
            pipes: Vec::new(),
            spare: Vec::new(),
            to_write: Vec::new(),
            host: Host::new(stage, sheet),
            people: people.map(|who| Person::new(who, stage)).collect(),
            client_outputs: Vec::new(),
            effects: Vec::new(),
            arrivals: Arrivals::default(),
            recorder: None,
            calm: false,
            planted: None,
            stage: stage.clone(),
        };
        world.start_server();
        world
    }

    /// Lets what is sent be recorded.
    #[must_use]
    pub(crate) fn recorded_by(mut self, recorder: Option<Recorder>) -> OnEvents {
        self.recorder = recorder;
        self
    }

    /// The same with a bug.
    pub fn with(mut self, bug: Option<BugId>) -> OnEvents {
        self.planted = bug.map(Wrapper::new);
        self
    }

    fn step(&mut self, coming: Coming) {
        match coming {
            Coming::Knock(pipe) => self.on_knock(pipe),
            Coming::Answer(pipe, open) => self.on_answer(pipe, open),
            Coming::Arrival(pipe, way) => self.on_arrival(pipe, way),
            Coming::Reset(pipe, way) => self.on_reset(pipe, way),
            Coming::Write(pipe, way) => self.to_write.push((pipe, way)),
            Coming::Wake(pipe) => self.on_wake(pipe),
            Coming::Death(pipe) => self.on_death(pipe),
            Coming::Patience(pipe) => self.on_patience(pipe),
            Coming::Commit => self.on_commit(),
            Coming::Room => self.on_room_time(),
            Coming::Router => self.on_router_time(),
            Coming::Person(who) => self.on_person_time(who),
        }
        self.write_all();
    }

    fn set_time(&mut self, at: Micros) {
        self.now = at;
        self.hand.set(Duration::from_micros(at));
    }

    /// The connections of somebody that are open at the client's end.
    fn pipes_of(&self, who: Who) -> Vec<PipeId> {
        let own = |pipe: &Pipe| pipe.owner.who() == who && pipe.near == Near::Open;
        let pipes = self.pipes.iter().enumerate();
        pipes
            .filter(|(_, pipe)| own(pipe))
            .map(|(id, _)| id)
            .collect()
    }
}

impl Ground for OnEvents {
    fn now(&self) -> Duration {
        Duration::from_micros(self.now)
    }

    fn advance(&mut self, until: Duration) {
        let until = micros(until);
        while let Some((at, coming)) = self.queue.pop(until) {
            self.set_time(at);
            self.step(coming);
        }
        self.set_time(until.max(self.now));
    }

    fn tell(&mut self, who: Who, order: Order) {
        self.on_order(who, order);
        self.write_all();
    }

    fn cut(&mut self, who: Who, end: End) {
        for pipe in self.pipes_of(who) {
            match end {
                End::Near => self.break_near(pipe),
                End::Far => self.break_far(pipe),
            }
        }
        self.write_all();
    }

    fn darken(&mut self, who: Who, until: Duration) {
        let until = micros(until);
        for pipe in self.pipes_of(who) {
            self.pipes[pipe].dark_until = until;
            self.queue.push(until, Coming::Wake(pipe));
        }
    }

    fn deafen(&mut self, who: Who, until: Duration) {
        let until = micros(until);
        for pipe in self.pipes_of(who) {
            self.pipes[pipe].deaf_until = until;
            self.pipes[pipe].unheard = 0;
            self.queue.push(until, Coming::Wake(pipe));
        }
    }

    fn pass(&mut self, host: usize, passage: Passage) {
        self.release(host);
        self.links[host].passage = passage;
        if let Passage::Blocked { .. } = passage {
            self.damage(host);
        }
    }

    fn delay(&mut self, host: usize, each: Duration) {
        self.links[host].latency = micros(each);
    }

    fn crash(&mut self, power: bool) {
        // Before a power cut the nemesis has blocked every link.
        self.crash_server(power);
    }

    fn stop(&mut self) {
        self.stop_server();
        self.write_all();
    }

    fn start(&mut self) {
        let power = self.host.disk.takes_illness();
        self.crash_server(power);
        self.start_server();
    }

    fn jump(&mut self, by: i64) {
        self.host.jump(by);
    }

    fn disk(&mut self, trouble: DiskTrouble) {
        self.host.disk.befall(trouble);
    }

    fn calm(&mut self) {
        self.calm = true;
        for id in 0..self.pipes.len() {
            let pipe = &mut self.pipes[id];
            if pipe.dark_until.max(pipe.deaf_until) > self.now {
                (pipe.dark_until, pipe.deaf_until) = (0, 0);
                self.on_wake(id);
            }
        }
        self.write_all();
    }
}

fn micros(span: Duration) -> Micros {
    u64::try_from(span.as_micros()).expect("runs are short")
}
