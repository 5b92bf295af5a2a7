//! Which plan is meant: that of a seed, or one in a file.

use super::{On, Trouble};
use crate::plan::{Deed, Plan, Profile, TICK_MAX};
use std::fs;
use std::time::Duration;

/// See the module's words.
#[derive(clap::Args)]
pub(super) struct Which {
    /// A seed, or a file with a plan.
    #[arg(value_name = "SEED-or-PLAN")]
    which: String,
    /// From what kind of runs a seed draws.
    #[arg(long, value_enum, default_value_t = Profile::Swarm)]
    pub(super) profile: Profile,
    /// How finely time passes on turmoil, in milliseconds, whatever the plan says.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=TICK_MAX))]
    tick: Option<u64>,
}

impl Which {
    /// The plan.
    pub(super) fn plan(&self) -> Result<Plan, Trouble> {
        let mut plan = self.as_it_stands()?;
        if let Some(tick) = self.tick {
            plan.tick = Duration::from_millis(tick);
        }
        Ok(plan)
    }

    fn as_it_stands(&self) -> Result<Plan, Trouble> {
        let which = &self.which;
        if let Ok(seed) = which.parse() {
            return Ok(Plan::draw_from(self.profile, seed));
        }
        let text = fs::read_to_string(which).map_err(|error| {
            format!("{which:?} is no seed (a number), and no file with a plan: {error}")
        })?;
        let plan: Result<Plan, _> = text.parse();
        Ok(plan.map_err(|mistake| format!("{which}: {mistake}"))?)
    }

    /// The same for what is to carry it.
    pub(super) fn plan_for(&self, on: On, bug: bool) -> Result<Plan, Trouble> {
        if bug && !matches!(on, On::Events) {
            let words = "--bug: bugs are planted in the world of events only; leave out --on";
            return Err(Trouble::Words(words.into()));
        }
        let plan = self.plan()?;
        let befalls = |deed: &Deed| matches!(deed, Deed::Befall(_));
        loopback_is_calm(on, !plan.steps.iter().any(|step| befalls(&step.deed)))?;
        Ok(plan)
    }

    /// How it is called on a command line.
    pub(super) fn words(&self) -> String {
        let mut words = self.which.clone();
        if self.profile != Profile::Swarm {
            words += &format!(" --profile {}", self.profile);
        }
        if let Some(tick) = self.tick {
            words += &format!(" --tick {tick}");
        }
        words
    }
}

/// Over real TCP nothing befalls links or the server, so plans in which something does would pass for nothing.
pub(super) fn loopback_is_calm(on: On, calm: bool) -> Result<(), Trouble> {
    let words = "--on loopback: nothing can befall a run there; take plans without faults, such as --profile calm";
    match matches!(on, On::Loopback) && !calm {
        true => Err(Trouble::Words(words.into())),
        false => Ok(()),
    }
}
