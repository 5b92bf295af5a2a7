//! A run on turmoil: the server and the client driver that ship, over streams that the seed makes rough.

mod rough;
mod stand;
mod stream;
mod wire;

use crate::cast::{Order, Stage};
use crate::clock::Clock;
use crate::dice::mix;
use crate::ground::{DiskTrouble, End, Ground, Passage};
use crate::history::Who;
use crate::plan::{Part, Plan};
use crate::players::{Player, Way};
use crate::sheet::Sheet;
use rough::{Air, Origin, RoughTransport};
use stand::Stand;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc::{self, UnboundedSender};
use turmoil::{Builder, Sim};

/// See the module's words.
pub struct OnTurmoil {
    sim: Sim<'static>,
    air: Air,
    stand: Stand,
    orders: Vec<UnboundedSender<Order>>,
}

impl OnTurmoil {
    /// What tells the time of such a run.
    pub const CLOCK: Clock = Clock::Turmoil;

    /// A run at its beginning. Its transcript goes to the sheet.
    pub fn new(stage: &Stage, sheet: Option<Sheet>) -> OnTurmoil {
        stand::reset_clock();
        let plan = &stage.plan;
        let mut sim = build(plan);
        let air = Air::new(plan.seed, plan.chop);
        let stand = Stand::new(stage.clone(), air.clone(), sheet);
        let serving = stand.clone();
        sim.host(stand::NAME, move || serving.clone().serve());
        let orders = people(&mut sim, stage, &air);
        OnTurmoil {
            sim,
            air,
            stand,
            orders,
        }
    }
}

impl Ground for OnTurmoil {
    fn now(&self) -> Duration {
        self.sim.elapsed()
    }

    fn advance(&mut self, until: Duration) {
        while self.sim.elapsed() < until {
            let stepped = self.sim.step();
            stepped.expect("hosts of a run do not fail");
        }
    }

    fn tell(&mut self, who: Who, order: Order) {
        // Its task lives as long as the run.
        let _ = self.orders[who].send(order);
    }

    fn cut(&mut self, who: Who, end: End) {
        self.air.cut(who, end);
    }

    fn darken(&mut self, who: Who, until: Duration) {
        self.air.darken(who, until);
    }

    fn deafen(&mut self, who: Who, until: Duration) {
        self.air.deafen(who, until);
    }

    fn pass(&mut self, host: usize, passage: Passage) {
        set_passage(&self.sim, &host_name(host), passage);
        if let Passage::Blocked { .. } = passage {
            self.air.damage(host, self.sim.elapsed());
        }
    }

    fn delay(&mut self, host: usize, each: Duration) {
        self.sim
            .set_link_latency(host_name(host), stand::NAME, each);
    }

    fn crash(&mut self, power: bool) {
        // Before a power cut the nemesis has blocked every link.
        self.stand.on_dying();
        self.sim.crash(stand::NAME);
        self.stand.disk().on_dead(power, self.sim.elapsed());
    }

    fn stop(&mut self) {
        self.stand.stop();
    }

    fn start(&mut self) {
        let power = self.stand.disk().takes_illness();
        self.stand.on_dying();
        if self.sim.is_host_running(stand::NAME) {
            self.sim.crash(stand::NAME);
        }
        self.sim.bounce(stand::NAME);
        // Whatever was left of the server before is gone now, and the next one has not begun.
        self.stand.disk().on_dead(power, self.sim.elapsed());
    }

    fn jump(&mut self, by: i64) {
        stand::jump(by);
    }

    fn disk(&mut self, trouble: DiskTrouble) {
        self.stand.disk().befall(trouble);
    }

    fn calm(&mut self) {
        self.stand.disk().calm();
        self.air.heal();
    }
}

fn set_passage(sim: &Sim<'_>, host: &str, passage: Passage) {
    // What is held goes on its way before anything else; after that the link is free.
    sim.release(host, stand::NAME);
    match passage {
        Passage::Free => {}
        Passage::Held => sim.hold(host, stand::NAME),
        Passage::Blocked {
            up: true,
            down: true,
        } => sim.partition(host, stand::NAME),
        Passage::Blocked { up: true, .. } => sim.partition_oneway(host, stand::NAME),
        Passage::Blocked { .. } => sim.partition_oneway(stand::NAME, host),
    }
}

/// The name of a host of users.
fn host_name(host: usize) -> String {
    format!("host{host}")
}

/// Puts everybody on their hosts.
fn people(sim: &mut Sim<'static>, stage: &Stage, air: &Air) -> Vec<UnboundedSender<Order>> {
    let (mut orders, mut players) = (Vec::new(), Vec::new());
    for who in 0..stage.plan.users.len() {
        let (sender, receiver) = mpsc::unbounded_channel();
        orders.push(sender);
        players.push(Player {
            who,
            stage: stage.clone(),
            way: way_of(who, stage, air),
            orders: receiver,
        });
    }
    for (host, latency) in stage.plan.latencies.iter().enumerate() {
        let here = |player: &mut Player<RoughTransport>| stage.plan.users[player.who].host == host;
        let players: Vec<Player<RoughTransport>> = players.extract_if(.., here).collect();
        let air = air.clone();
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

fn way_of(who: Who, stage: &Stage, air: &Air) -> Way<RoughTransport> {
    let user = &stage.plan.users[who];
    let (classic, whole) = match user.part {
        Part::Device { .. } => (false, false),
        Part::Classic { reads_once, .. } => (true, reads_once),
    };
    Way {
        transport: air.client(Origin {
            who,
            host: user.host,
            classic,
            whole,
        }),
        server: crate::server::ADDRESS.into(),
        clock: Clock::Turmoil,
    }
}

fn build(plan: &Plan) -> Sim<'static> {
    let mut builder = Builder::new();
    builder
        .rng_seed(mix(plan.seed, 9))
        .epoch(SystemTime::UNIX_EPOCH + Duration::from_secs(crate::run::EPOCH_SECONDS))
        .simulation_duration(Duration::MAX)
        .tick_duration(plan.tick)
        .tcp_capacity(plan.segments_max);
    if plan.random_order {
        builder.enable_random_order();
    }
    builder.build()
}
