//! One run: chaos, healing, and the time until everything that was promised is kept. It is the same on every ground.

use crate::cast::{Order, Stage};
use crate::checker::{Checker, Violation};
use crate::clock::Clock;
use crate::flights::{Flight, Recorder};
use crate::ground::Ground;
use crate::history::{Event, History};
use crate::nemesis::Nemesis;
use crate::on_events::OnEvents;
use crate::on_loopback::OnLoopback;
use crate::on_turmoil::OnTurmoil;
use crate::plan::{Act, Plan};
use crate::planted::BugId;
use crate::probes::Reached;
use crate::sheet::Sheet;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Within so long after healing everything that was promised is kept (guarantee G13).
pub const LIVENESS: Duration = Duration::from_secs(60);
/// How often it is looked at whether that is so; and how long a run goes on when it is: what comes too often comes in
/// this time.
const ENDING: (Duration, Duration) = (Duration::from_millis(500), Duration::from_millis(1_500));
/// The same where heartbeats are quick, and with them all that is done again.
const QUICK_ENDING: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(200));
/// How often somebody who stays away is made to come back.
const RETURN_TIME: Duration = Duration::from_secs(5);
/// Simulated seconds since 1970 at a run's beginning.
pub(crate) const EPOCH_SECONDS: u64 = 1_616_000_000;

/// What carries a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Substrate {
    /// The cores alone, in a world of events.
    Events,
    /// The server and the client driver that ship, on turmoil.
    Turmoil,
    /// The same over real TCP on loopback, in real time. For plans without faults.
    Loopback,
}

/// What is wanted of a run beside its judgement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// What goes through the server's door, as text.
    pub transcript: bool,
    /// What was on its way between users and the server. The world of events alone records it.
    pub flights: bool,
    /// A bug is planted: in the world of events alone.
    pub bug: Option<BugId>,
}

/// What came of a run.
pub struct Outcome {
    /// All that happened.
    pub events: Vec<Event>,
    /// What should not have happened.
    pub violations: Vec<Violation>,
    /// Which rare states it came through, and how often.
    pub reached: Reached,
    /// What went through the server's door, if it was asked for.
    pub transcript: Option<String>,
    /// What was on its way, in the order of sending, if it was asked for.
    pub flights: Vec<Flight>,
    /// How long the run took in simulated time.
    pub elapsed: Duration,
}

struct Run<G> {
    ground: G,
    history: History,
    nemesis: Nemesis,
    checker: Checker,
    seen: usize,
    ending: (Duration, Duration),
}

/// Runs a plan and judges what happens.
///
/// # Panics
/// A task of the run panicked.
pub fn run(plan: &Plan, on: Substrate, options: Options) -> Outcome {
    let plan = Rc::new(plan.clone());
    let sheet = options.transcript.then(Sheet::default);
    match on {
        Substrate::Events => {
            let (clock, hand) = Clock::hand();
            let stage = Stage::new(plan, History::new(clock));
            let recorder = options.flights.then(|| Recorder::new(&stage.plan));
            let ground = OnEvents::new(&stage, hand, sheet.clone());
            let ground = ground.recorded_by(recorder.clone()).with(options.bug);
            let outcome = play(&stage, ground, sheet);
            Outcome {
                flights: recorder.map_or_else(Vec::new, |recorder| recorder.take()),
                ..outcome
            }
        }
        Substrate::Loopback => {
            let began = Instant::now();
            let stage = Stage::new(plan, History::new(Clock::Machine(began)));
            let ground = OnLoopback::new(&stage, began).expect("loopback has a free port");
            play(&stage, ground, sheet)
        }
        Substrate::Turmoil => {
            let stage = Stage::new(plan, History::new(OnTurmoil::CLOCK));
            let ground = OnTurmoil::new(&stage, sheet.clone());
            play(&stage, ground, sheet)
        }
    }
}

fn play(stage: &Stage, ground: impl Ground, sheet: Option<Sheet>) -> Outcome {
    let mut run = Run {
        ground,
        history: stage.history.clone(),
        nemesis: Nemesis::new(Rc::clone(&stage.plan), stage.history.clone()),
        checker: Checker::new(&stage.plan),
        seen: 0,
        ending: match stage.plan.tightness.beat {
            true => QUICK_ENDING,
            false => ENDING,
        },
    };
    run.pass(stage.plan.chaos);
    run.nemesis.heal(&mut run.ground);
    run.settle();
    run.look();
    let (violations, reached) = run.checker.end();
    Outcome {
        events: run.history.take(),
        elapsed: run.ground.now(),
        violations,
        reached,
        transcript: sheet.map(|sheet| sheet.text()),
        flights: Vec::new(),
    }
}

impl<G: Ground> Run<G> {
    fn pass(&mut self, until: Duration) {
        while self.ground.now() < until {
            self.nemesis.turn(&mut self.ground);
            let due = self.nemesis.deadline().unwrap_or(until);
            self.ground.advance(due.min(until));
        }
    }

    /// Lets the checker see what is new.
    fn look(&mut self) {
        let Run {
            checker,
            history,
            seen,
            ..
        } = self;
        history.look(*seen, |events| {
            events.iter().for_each(|event| checker.see(event));
            *seen += events.len();
        });
    }

    /// Lets time pass until everything is kept that was promised, or the time for it is over.
    fn settle(&mut self) {
        let (healed, (look, after)) = (self.ground.now(), self.ending);
        let mut returned = healed;
        loop {
            self.pass(self.ground.now() + look);
            self.look();
            let now = self.ground.now();
            if self.checker.is_settled() {
                break;
            }
            if now >= healed + LIVENESS {
                return self.checker.out_of_time();
            }
            if now >= returned + RETURN_TIME {
                returned = now;
                for who in self.checker.away() {
                    self.ground.tell(who, Order::Act(Act::Return));
                }
            }
        }
        self.pass(self.ground.now() + after);
    }
}
