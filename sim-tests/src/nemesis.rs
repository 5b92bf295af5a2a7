//! Carries out a plan's steps: hands acts to those who act, and does to the network and the server what befalls them.
//! At the end it heals everything. It is the same on every ground.

use crate::cast::Order;
use crate::ground::{DiskTrouble, End, Ground, Passage};
use crate::history::{History, ServerNews, What, Who};
use crate::plan::{Act, Deed, Fault, Plan, Step};
use std::rc::Rc;
use std::time::Duration;

/// A slow network is a fault too: what one with a window of one delivery is owed comes within the time for it.
const HEALED_LATENCY: Duration = Duration::from_millis(1);
/// How long the server may take for its goodbyes, in milliseconds.
const STOP_TIME: u64 = 500;

/// See the module's words.
pub struct Nemesis {
    plan: Rc<Plan>,
    history: History,
    next: usize,
    links: Vec<Link>,
    /// When the server starts again.
    down_until: Option<u64>,
    /// When the server's disk has room again.
    full_until: Option<u64>,
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

impl Nemesis {
    /// One that carries out that plan.
    pub fn new(plan: Rc<Plan>, history: History) -> Nemesis {
        let links = plan.latencies.iter().map(|_| Link::default());
        Nemesis {
            links: links.collect(),
            gone: vec![false; plan.users.len()],
            history,
            next: 0,
            down_until: None,
            full_until: None,
            plan,
        }
    }

    /// When something is due next.
    pub fn deadline(&self) -> Option<Duration> {
        let step = self.plan.steps.get(self.next).map(|step| step.at);
        let faults = self.links.iter().flat_map(|link| &link.faults);
        let faults = faults.map(|(until, _)| *until).min();
        let due = [step, faults, self.down_until, self.full_until];
        let due = due.into_iter().flatten().min();
        due.map(Duration::from_millis)
    }

    /// Does all that is due.
    pub fn turn(&mut self, ground: &mut impl Ground) {
        let now = millis(ground.now());
        let plan = Rc::clone(&self.plan);
        while let Some(step) = plan.steps.get(self.next).filter(|step| step.at <= now) {
            self.next += 1;
            self.carry_out(ground, now, step);
        }
        self.expire(ground, now);
    }

    fn carry_out(&mut self, ground: &mut impl Ground, now: u64, step: &Step) {
        self.note(ground, What::Plan(*step));
        match step.deed {
            Deed::Do(who, act) => self.act(ground, now, who, act),
            Deed::Befall(fault) => self.befall(ground, now, fault),
        }
    }

    fn note(&self, ground: &impl Ground, what: What) {
        self.history.note_at(ground.now(), what);
    }

    fn act(&mut self, ground: &mut impl Ground, now: u64, who: Who, act: Act) {
        let until = |span| Duration::from_millis(now + span);
        match act {
            Act::Cut { far } => ground.cut(who, if far { End::Far } else { End::Near }),
            Act::Dark(span) => ground.darken(who, until(span)),
            Act::Deaf(span) => ground.deafen(who, until(span)),
            Act::Crash { dark } if dark > 0 => {
                ground.darken(who, until(dark));
                ground.tell(who, Order::Act(act));
            }
            _ => ground.tell(who, Order::Act(act)),
        }
        match act {
            Act::Begin => self.gone[who] = false,
            Act::Leave { .. } => self.gone[who] = true,
            _ => {}
        }
    }

    fn befall(&mut self, ground: &mut impl Ground, now: u64, fault: Fault) {
        match fault {
            Fault::Partition { host, span } => self.block(host, now + span, NOTHING),
            Fault::OneWay {
                host,
                to_server: up,
                span,
            } => self.block(host, now + span, Passage::Blocked { up, down: !up }),
            Fault::Hold { host, span } => self.block(host, now + span, Passage::Held),
            Fault::Latency { host, each } => ground.delay(host, Duration::from_millis(each)),
            Fault::ServerCrash { power, span } => self.crash(ground, now, power, span),
            Fault::ServerStop { span } => {
                if self.down_until.is_none() {
                    ground.stop();
                    self.down_until = Some(now + span + STOP_TIME);
                }
            }
            Fault::Clock { jump } => ground.jump(jump),
            Fault::DiskFull { room, unseen, span } => {
                ground.disk(DiskTrouble::Full { room, unseen });
                self.full_until = Some(now + span);
            }
            Fault::DiskCut { after, again, span } => {
                self.fail_disk(ground, now + span, DiskTrouble::Cut { after, again });
            }
            Fault::DiskError { after, span } => {
                self.fail_disk(ground, now + span, DiskTrouble::Error { after });
            }
        }
    }

    /// The disk fails when the server comes to it. Then its machine is started anew.
    fn fail_disk(&mut self, ground: &mut impl Ground, until: u64, trouble: DiskTrouble) {
        if self.down_until.is_none() {
            ground.disk(trouble);
            self.down_until = Some(until);
        }
    }

    fn block(&mut self, host: usize, until: u64, passage: Passage) {
        self.links[host].faults.push((until, passage));
    }

    fn crash(&mut self, ground: &mut impl Ground, now: u64, power: bool, span: u64) {
        if self.down_until.is_some() {
            return;
        }
        if power {
            for host in 0..self.links.len() {
                self.block(host, now + span, NOTHING);
            }
            self.apply(ground, now);
        }
        ground.crash(power);
        self.note(ground, What::Server(ServerNews::Stopped));
        self.down_until = Some(now + span);
    }

    fn expire(&mut self, ground: &mut impl Ground, now: u64) {
        if self.full_until.take_if(|until| *until <= now).is_some() {
            ground.disk(DiskTrouble::Room);
        }
        if self.down_until.is_some_and(|until| until <= now) {
            self.restart(ground);
        }
        self.apply(ground, now);
    }

    fn restart(&mut self, ground: &mut impl Ground) {
        self.down_until = None;
        self.note(ground, What::Server(ServerNews::Stopped));
        ground.start();
    }

    /// Brings the links to the state that the faults ask for.
    fn apply(&mut self, ground: &mut impl Ground, now: u64) {
        let before = self.blocked();
        for (host, link) in self.links.iter_mut().enumerate() {
            link.faults.retain(|(until, _)| *until > now);
            let wanted = link.faults.iter().map(|(_, passage)| *passage).max();
            let wanted = wanted.unwrap_or_default();
            if wanted != link.applied {
                link.applied = wanted;
                ground.pass(host, wanted);
            }
        }
        if self.blocked() != before {
            self.note(ground, What::Blocked(self.blocked()));
        }
    }

    fn blocked(&self) -> usize {
        let cut = |link: &&Link| matches!(link.applied, Passage::Blocked { .. });
        self.links.iter().filter(cut).count()
    }

    /// Ends all faults and brings everybody back who has not gone for good.
    pub fn heal(&mut self, ground: &mut impl Ground) {
        for link in &mut self.links {
            link.faults.clear();
        }
        self.apply(ground, millis(ground.now()));
        for host in 0..self.links.len() {
            ground.delay(host, HEALED_LATENCY);
        }
        self.full_until = None;
        ground.disk(DiskTrouble::Room);
        if self.down_until.is_some() {
            self.restart(ground);
        }
        ground.calm();
        self.note(ground, What::Healed);
        for (who, gone) in self.gone.iter().enumerate() {
            ground.tell(who, Order::Calm);
            if !gone {
                ground.tell(who, Order::Act(Act::Begin));
            }
        }
    }
}

const NOTHING: Passage = Passage::Blocked {
    up: true,
    down: true,
};

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).expect("runs are short")
}
