//! How often runs came through rare states, the rarest first.

use super::say::say;
use super::sweep::read_seeds;
use super::which::loopback_is_calm;
use super::{On, Trouble, Verdict};
use crate::plan::Profile;
use crate::sweep::{Scope, sweep};

#[derive(clap::Args)]
pub(super) struct Probes {
    /// Which seeds: `1000`, or `5000..6000`.
    #[arg(long, default_value = "1000")]
    seeds: String,
    /// What carries the runs.
    #[arg(long, value_enum, default_value_t = On::Events)]
    on: On,
    /// From what kind of runs the seeds draw.
    #[arg(long, value_enum, default_value_t = Profile::Swarm)]
    profile: Profile,
}

impl Probes {
    pub(super) fn carry_out(&self) -> Result<Verdict, Trouble> {
        loopback_is_calm(self.on, self.profile == Profile::Calm)?;
        let scope = Scope {
            seeds: read_seeds(&self.seeds)?,
            until: None,
            on: self.on.into(),
            profile: self.profile,
            tick: None,
            twice: 0,
        };
        let tally = sweep(&scope, |_| ());
        say!("    seeds      times  of {} seeds", tally.seeds);
        for (seeds, times, probe) in tally.rarest_first() {
            say!("{seeds:>9} {times:>10}  {probe:?}");
        }
        let missed = tally
            .rarest_first()
            .first()
            .is_some_and(|(seeds, ..)| *seeds == 0);
        Ok(match missed {
            true => Verdict::Broken,
            false => Verdict::Kept,
        })
    }
}
