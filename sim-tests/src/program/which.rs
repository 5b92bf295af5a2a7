//! Which plan is meant: that of a seed, or one in a file.

use super::Trouble;
use crate::plan::{Plan, Profile};
use std::fs;

/// See the module's words.
#[derive(clap::Args)]
pub(super) struct Which {
    /// A seed, or a file with a plan.
    #[arg(value_name = "SEED-or-PLAN")]
    which: String,
    /// From what kind of runs a seed draws.
    #[arg(long, value_enum, default_value_t = Profile::Swarm)]
    pub(super) profile: Profile,
}

impl Which {
    /// The plan.
    pub(super) fn plan(&self) -> Result<Plan, Trouble> {
        let which = &self.which;
        if let Ok(seed) = which.parse() {
            return Ok(Plan::draw_from(self.profile, seed));
        }
        let text = fs::read_to_string(which).map_err(|error| {
            format!("{which:?} is no seed (a number), and no file with a plan: {error}")
        })?;
        text.parse()
            .map_err(|mistake| format!("{which}: {mistake}"))
    }

    /// How it is called on a command line.
    pub(super) fn words(&self) -> String {
        match self.profile {
            Profile::Swarm => self.which.clone(),
            profile => format!("{} --profile {profile}", self.which),
        }
    }
}
