//! Those who take part in a run: session users with the client that ships, and scripted classic users. Each has a task
//! on its host that does what the nemesis hands on from the plan.

mod classic;
mod desk;
mod device;
mod disk;
mod usurper;

use crate::history::{History, Who};
use crate::plan::{Act, Part, Plan, To};
use crate::rough::{Air, Origin, RoughTransport};
use crate::witness::Devices;
use std::rc::Rc;
use tokio::sync::mpsc::UnboundedReceiver;

/// What somebody is told to do.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// What the plan says.
    Act(Act),
    /// All faults are over: nobody pauses, and nobody is slow.
    Calm,
}

/// What all of a run share.
#[derive(Clone)]
pub struct Stage {
    /// The run.
    pub plan: Rc<Plan>,
    /// What happens is noted here.
    pub history: History,
    /// The network.
    pub air: Air,
    /// Whose devices are whose.
    pub devices: Devices,
}

/// One who takes part.
pub struct Player {
    /// Which user of the plan.
    pub who: Who,
    /// What it shares with the others.
    pub stage: Stage,
    /// What it is told to do.
    pub orders: UnboundedReceiver<Order>,
}

impl Player {
    /// Takes part until the run ends. To be run on its host.
    pub async fn play(self) {
        match self.stage.plan.users[self.who].part {
            Part::Device { .. } => device::play(self).await,
            Part::Classic { .. } => classic::play(self).await,
        }
    }

    fn transport(&self) -> RoughTransport {
        let user = &self.stage.plan.users[self.who];
        let (classic, whole) = match user.part {
            Part::Device { .. } => (false, false),
            Part::Classic { reads_once, .. } => (true, reads_once),
        };
        self.stage.air.client(Origin {
            who: self.who,
            host: user.host,
            classic,
            whole,
        })
    }

    fn name(&self) -> &str {
        &self.stage.plan.users[self.who].name
    }
}

impl Stage {
    /// The name that is meant.
    fn name_of(&self, to: To) -> String {
        match to {
            To::User(who) => self.plan.users[who].name.clone(),
            To::All => "ALL".into(),
            To::Nobody => "nobody".into(),
        }
    }
}
