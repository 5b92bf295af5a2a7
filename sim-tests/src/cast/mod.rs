//! Those who take part in a run: session users with the client that ships, and scripted classic users. Nothing here
//! waits or knows a network: a ground drives them, and they do what the nemesis hands on from the plan.

mod classic;
mod desk;
mod device;
mod disk;
mod script;
mod usurper;

pub use classic::{Classic, NO_ANSWER, PATIENCE};
pub use desk::Desk;
pub use device::{Device, Effect, Said};
pub use script::{Does, Heard, Script};
pub use usurper::Usurper;

use crate::history::{History, Who};
use crate::plan::{Act, Plan, To};
use crate::witness::Devices;
use std::rc::Rc;

/// What somebody is told to do.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// What the plan says.
    Act(Act),
    /// All faults are over: nobody pauses, and nobody is slow.
    Calm,
}

/// What all of a run share. Cloning it clones a handle.
#[derive(Clone)]
pub struct Stage {
    /// The run.
    pub plan: Rc<Plan>,
    /// What happens is noted here.
    pub history: History,
    /// Whose devices are whose.
    pub devices: Devices,
}

impl Stage {
    /// The stage of a run of that plan.
    pub fn new(plan: Rc<Plan>, history: History) -> Stage {
        Stage {
            plan,
            history,
            devices: Devices::default(),
        }
    }

    /// Somebody's name.
    fn name(&self, who: Who) -> &str {
        &self.plan.users[who].name
    }

    /// The name that is meant.
    fn name_of(&self, to: To) -> &str {
        match to {
            To::User(who) => self.name(who),
            To::All => "ALL",
            To::Nobody => "nobody",
        }
    }
}
