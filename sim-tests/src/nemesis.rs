//! Carries out a plan's steps: hands acts to those who act, and does to the network and the server what befalls them.
//! At the end it heals everything.

use crate::cast::{Order, Stage};
use crate::history::{ServerNews, What, Who};
use crate::plan::{Act, Deed, Fault, Step};
use crate::rough::End;
use crate::stand::{self, Stand};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use turmoil::Sim;

/// See the module's words.
pub struct Nemesis {
    stage: Stage,
    stand: Stand,
    orders: Vec<UnboundedSender<Order>>,
    next: usize,
    links: Vec<Link>,
    /// When the server starts again.
    down_until: Option<u64>,
    /// Users who have gone for good.
    gone: Vec<bool>,
}

/// What lies between a host and the server.
#[derive(Default)]
struct Link {
    /// What befell it, and until when.
    faults: Vec<(u64, Passage)>,
    applied: Passage,
}

/// What passes on a link. Of several the last one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Passage {
    #[default]
    Free,
    Held,
    /// Blocked to the server, from the server.
    Blocked(bool, bool),
}

impl Nemesis {
    /// One that hands orders to those who take part.
    pub fn new(stage: Stage, stand: Stand, orders: Vec<UnboundedSender<Order>>) -> Nemesis {
        let links = stage.plan.latencies.iter().map(|_| Link::default());
        Nemesis {
            links: links.collect(),
            gone: vec![false; orders.len()],
            stage,
            stand,
            orders,
            next: 0,
            down_until: None,
        }
    }

    /// Does all that is due.
    pub fn turn(&mut self, sim: &mut Sim<'_>) {
        let now = millis(sim.elapsed());
        let plan = self.stage.plan.clone();
        while let Some(step) = plan.steps.get(self.next).filter(|step| step.at <= now) {
            self.next += 1;
            self.carry_out(sim, now, step);
        }
        self.expire(sim, now);
    }

    fn carry_out(&mut self, sim: &mut Sim<'_>, now: u64, step: &Step) {
        self.note(sim, step.to_string());
        match step.deed {
            Deed::Do(who, act) => self.act(now, who, act),
            Deed::Befall(fault) => self.befall(sim, now, fault),
        }
    }

    fn note(&self, sim: &Sim<'_>, words: String) {
        self.stage.history.note_at(sim.elapsed(), What::Plan(words));
    }

    fn act(&mut self, now: u64, who: Who, act: Act) {
        let until = |span| Duration::from_millis(now + span);
        let air = &self.stage.air;
        match act {
            Act::Cut { far } => air.cut(who, if far { End::Far } else { End::Near }),
            Act::Dark(span) => air.darken(who, until(span)),
            Act::Deaf(span) => air.deafen(who, until(span)),
            Act::Crash { dark } => {
                if dark > 0 {
                    air.darken(who, until(dark));
                }
                self.tell(who, act);
            }
            _ => self.tell(who, act),
        }
        match act {
            Act::Begin => self.gone[who] = false,
            Act::Leave { .. } => self.gone[who] = true,
            _ => {}
        }
    }

    /// Tells somebody to do something.
    pub fn tell(&self, who: Who, act: Act) {
        // Its task lives as long as the run.
        let _ = self.orders[who].send(Order::Act(act));
    }

    fn befall(&mut self, sim: &mut Sim<'_>, now: u64, fault: Fault) {
        match fault {
            Fault::Partition { host, span } => {
                self.block(host, now + span, Passage::Blocked(true, true));
            }
            Fault::OneWay {
                host,
                to_server,
                span,
            } => self.block(host, now + span, Passage::Blocked(to_server, !to_server)),
            Fault::Hold { host, span } => self.block(host, now + span, Passage::Held),
            Fault::Latency { host, each } => {
                sim.set_link_latency(host_name(host), stand::NAME, Duration::from_millis(each));
            }
            Fault::ServerCrash { power, span } => self.crash(sim, now, power, span),
            Fault::ServerStop { span } => {
                if self.down_until.is_none() {
                    self.stand.stop();
                    self.down_until = Some(now + span + STOP_TIME);
                }
            }
            Fault::Clock { jump } => stand::jump(jump),
        }
    }

    fn block(&mut self, host: usize, until: u64, passage: Passage) {
        self.links[host].faults.push((until, passage));
    }

    fn crash(&mut self, sim: &mut Sim<'_>, now: u64, power: bool, span: u64) {
        if self.down_until.is_some() {
            return;
        }
        if power {
            for host in 0..self.links.len() {
                self.block(host, now + span, Passage::Blocked(true, true));
            }
            self.apply(sim, now);
        }
        sim.crash(stand::NAME);
        self.stage
            .history
            .note_at(sim.elapsed(), What::Server(ServerNews::Stopped));
        self.down_until = Some(now + span);
    }

    fn expire(&mut self, sim: &mut Sim<'_>, now: u64) {
        if self.down_until.is_some_and(|until| until <= now) {
            self.restart(sim);
        }
        self.apply(sim, now);
    }

    fn restart(&mut self, sim: &mut Sim<'_>) {
        self.down_until = None;
        if sim.is_host_running(stand::NAME) {
            // It was told to stop and has not got round to it.
            sim.crash(stand::NAME);
        }
        self.stage
            .history
            .note_at(sim.elapsed(), What::Server(ServerNews::Stopped));
        sim.bounce(stand::NAME);
    }

    /// Brings the links to the state that the faults ask for.
    fn apply(&mut self, sim: &mut Sim<'_>, now: u64) {
        let before = self.blocked();
        for (host, link) in self.links.iter_mut().enumerate() {
            link.faults.retain(|(until, _)| *until > now);
            let wanted = link.faults.iter().map(|(_, passage)| *passage).max();
            let wanted = wanted.unwrap_or_default();
            if wanted == link.applied {
                continue;
            }
            link.applied = wanted;
            set_passage(sim, &host_name(host), wanted);
            if let Passage::Blocked(..) = wanted {
                self.stage.air.damage(host, sim.elapsed());
            }
        }
        if self.blocked() != before {
            let what = What::Blocked(self.blocked());
            self.stage.history.note_at(sim.elapsed(), what);
        }
    }

    fn blocked(&self) -> usize {
        let cut = |link: &&Link| matches!(link.applied, Passage::Blocked(..));
        self.links.iter().filter(cut).count()
    }

    /// Ends all faults and brings everybody back who has not gone for good.
    pub fn heal(&mut self, sim: &mut Sim<'_>) {
        for link in &mut self.links {
            link.faults.clear();
        }
        self.apply(sim, millis(sim.elapsed()));
        for host in 0..self.links.len() {
            sim.set_link_latency(host_name(host), stand::NAME, HEALED_LATENCY);
        }
        if self.down_until.is_some() {
            self.restart(sim);
        }
        self.stage.air.heal();
        self.stage.history.note_at(sim.elapsed(), What::Healed);
        for (who, orders) in self.orders.iter().enumerate() {
            let _ = orders.send(Order::Calm);
            if !self.gone[who] {
                let _ = orders.send(Order::Act(Act::Begin));
            }
        }
    }
}

/// A slow network is a fault too: what one with a window of one delivery is owed comes within the time for it.
const HEALED_LATENCY: Duration = Duration::from_millis(1);
/// How long the server may take for its goodbyes.
const STOP_TIME: u64 = 500;

fn set_passage(sim: &Sim<'_>, host: &str, passage: Passage) {
    // What is held goes on its way before anything else; after that the link is free.
    sim.release(host, stand::NAME);
    match passage {
        Passage::Free => {}
        Passage::Held => sim.hold(host, stand::NAME),
        Passage::Blocked(true, true) => sim.partition(host, stand::NAME),
        Passage::Blocked(true, _) => sim.partition_oneway(host, stand::NAME),
        Passage::Blocked(..) => sim.partition_oneway(stand::NAME, host),
    }
}

/// The name of a host of users.
pub fn host_name(host: usize) -> String {
    format!("host{host}")
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).expect("runs are short")
}
