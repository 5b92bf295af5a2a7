//! One random run on turmoil: chaos, healing, and the time until everything that was promised is kept.

use crate::cast::{Player, Stage};
use crate::checker::{Checker, Violation};
use crate::dice::mix;
use crate::history::{Event, History};
use crate::nemesis::{Nemesis, host_name};
use crate::plan::{Act, Plan};
use crate::probes::Reached;
use crate::rough::Air;
use crate::sheet::Sheet;
use crate::stand::{self, Stand};
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use turmoil::{Builder, Sim};

/// Within so long after healing everything that was promised is kept (guarantee G13).
pub const LIVENESS: Duration = Duration::from_secs(60);
/// How often it is looked at whether that is so.
const LOOK_TIME: Duration = Duration::from_millis(500);
/// How long a run goes on when it is: what comes too often comes in this time.
const AFTER_TIME: Duration = Duration::from_millis(1_500);
/// How often somebody who stays away is made to come back.
const RETURN_TIME: Duration = Duration::from_secs(5);
/// Simulated seconds since 1970 at a run's beginning.
const EPOCH_SECONDS: u64 = 1_616_000_000;

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
    /// How long the run took in simulated time.
    pub elapsed: Duration,
}

struct Run {
    sim: Sim<'static>,
    stage: Stage,
    nemesis: Nemesis,
    checker: Checker,
    seen: usize,
}

/// Runs a plan and judges what happens.
///
/// # Panics
/// A task of the run panicked.
pub fn run(plan: &Plan, with_transcript: bool) -> Outcome {
    stand::reset_clock();
    let sheet = with_transcript.then(Sheet::default);
    let mut run = Run::new(plan.clone(), sheet.clone());
    run.pass(plan.chaos);
    run.nemesis.heal(&mut run.sim);
    run.settle();
    run.look();
    let (violations, reached) = run.checker.end();
    Outcome {
        events: run.stage.history.events(),
        elapsed: run.sim.elapsed(),
        violations,
        reached,
        transcript: sheet.map(|sheet| sheet.text()),
    }
}

impl Run {
    fn new(plan: Plan, sheet: Option<Sheet>) -> Run {
        let plan = Rc::new(plan);
        let mut sim = build(&plan);
        let stage = Stage {
            history: History::default(),
            air: Air::new(plan.seed, plan.chop),
            devices: Rc::default(),
            plan: Rc::clone(&plan),
        };
        let stand = Stand::new(stage.clone(), sheet);
        let serving = stand.clone();
        sim.host(stand::NAME, move || serving.clone().serve());
        let orders = people(&mut sim, &stage);
        let nemesis = Nemesis::new(stage.clone(), stand, orders);
        Run {
            sim,
            nemesis,
            checker: Checker::new(&plan),
            stage,
            seen: 0,
        }
    }

    fn step(&mut self) {
        self.nemesis.turn(&mut self.sim);
        let stepped = self.sim.step();
        stepped.expect("hosts of a run do not fail");
    }

    fn pass(&mut self, until: Duration) {
        while self.sim.elapsed() < until {
            self.step();
        }
    }

    /// Lets the checker see what is new.
    fn look(&mut self) {
        let Run {
            checker,
            stage,
            seen,
            ..
        } = self;
        stage.history.look(*seen, |events| {
            events.iter().for_each(|event| checker.see(event));
            *seen += events.len();
        });
    }

    /// Lets time pass until everything is kept that was promised, or the time for it is over.
    fn settle(&mut self) {
        let healed = self.sim.elapsed();
        let mut returned = healed;
        loop {
            self.pass(self.sim.elapsed() + LOOK_TIME);
            self.look();
            let now = self.sim.elapsed();
            let pending = self.checker.pending();
            if pending.is_empty() {
                break;
            }
            if now >= healed + LIVENESS {
                return self.checker.out_of_time(&pending);
            }
            if now >= returned + RETURN_TIME {
                returned = now;
                for who in self.checker.away() {
                    self.nemesis.tell(who, Act::Return);
                }
            }
        }
        self.pass(self.sim.elapsed() + AFTER_TIME);
    }
}

fn people(sim: &mut Sim<'static>, stage: &Stage) -> Vec<mpsc::UnboundedSender<crate::cast::Order>> {
    let (mut orders, mut players) = (Vec::new(), Vec::new());
    for who in 0..stage.plan.users.len() {
        let (sender, receiver) = mpsc::unbounded_channel();
        orders.push(sender);
        players.push(Player {
            who,
            stage: stage.clone(),
            orders: receiver,
        });
    }
    for (host, latency) in stage.plan.latencies.iter().enumerate() {
        let here = |player: &mut Player| stage.plan.users[player.who].host == host;
        let players: Vec<Player> = players.extract_if(.., here).collect();
        let air = stage.air.clone();
        sim.client(host_name(host), async move {
            for player in players {
                tokio::task::spawn_local(player.play());
            }
            air.bury(host).await;
            Ok(())
        });
        sim.set_link_latency(host_name(host), stand::NAME, *latency);
    }
    orders
}

fn build(plan: &Plan) -> Sim<'static> {
    let mut builder = Builder::new();
    builder
        .rng_seed(mix(plan.seed, 9))
        .epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(EPOCH_SECONDS))
        .simulation_duration(Duration::MAX)
        .tick_duration(plan.tick)
        .tcp_capacity(plan.segments_max);
    if plan.random_order {
        builder.enable_random_order();
    }
    builder.build()
}
