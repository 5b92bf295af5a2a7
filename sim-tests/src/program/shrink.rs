//! Makes a failing plan small, and tells it as a plan, as a transcript, and as a command.

use super::lines::cut;
use super::which::Which;
use super::{On, Trouble, Verdict};
use crate::plan::Plan;
use crate::planted::BugId;
use crate::run::{Options, Substrate, run};
use crate::shrink::{Shrunk, shrink};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

#[derive(clap::Args)]
pub(super) struct Shrink {
    #[command(flatten)]
    which: Which,
    /// What carries the runs.
    #[arg(long, value_enum, default_value_t = On::Events)]
    on: On,
    /// A bug is planted; `kill-matrix` prints their names.
    #[arg(long)]
    bug: Option<BugId>,
    /// For how long at most.
    #[arg(long, default_value_t = 10)]
    secs: u64,
    /// Where the small plan goes.
    #[arg(long, value_name = "FILE", default_value = "small.plan")]
    to: PathBuf,
}

impl Shrink {
    pub(super) fn carry_out(&self) -> Result<Verdict, Trouble> {
        let plan = self.which.plan()?;
        let on: Substrate = self.on.into();
        let options = Options {
            bug: self.bug,
            ..Options::default()
        };
        let outcome = run(&plan, on, options);
        let Some(violation) = outcome.violations.first() else {
            println!(
                "{} breaks nothing: there is nothing to shrink",
                self.which.words()
            );
            return Ok(Verdict::Kept);
        };
        println!("{violation}");
        let rule = violation.rule;
        let time_max = Duration::from_secs(self.secs);
        let shrunk = shrink(&plan, time_max, |plan| breaks(plan, (on, options), rule));
        self.tell(&plan, &shrunk, on)?;
        Ok(Verdict::Broken)
    }

    fn tell(&self, before: &Plan, shrunk: &Shrunk, on: Substrate) -> Result<(), Trouble> {
        let Shrunk { plan, tries, took } = shrunk;
        let to = self.to.display();
        fs::write(&self.to, plan.to_string())
            .map_err(|error| format!("{to}: the small plan cannot be written: {error}"))?;
        println!(
            "{} events of {} users became {} of {}, in {tries} tries and {:.1} s\n",
            before.steps.len(),
            before.users.len(),
            plan.steps.len(),
            plan.users.len(),
            took.as_secs_f64()
        );
        println!("{plan}");
        let options = Options {
            transcript: true,
            bug: self.bug,
            ..Options::default()
        };
        let outcome = run(plan, on, options);
        println!("{}", cut(&outcome.transcript.unwrap_or_default()));
        outcome
            .violations
            .iter()
            .for_each(|violation| println!("{violation}"));
        let bug = self
            .bug
            .map_or(String::new(), |bug| format!(" --bug {bug:?}"));
        println!("again: cargo run --release -p sim-tests -- replay {to}{bug}");
        println!("drawn: cargo run --release -p sim-tests -- picture {to}{bug}");
        Ok(())
    }
}

/// Whether a plan breaks that rule; a panic is no answer to that.
fn breaks(plan: &Plan, (on, options): (Substrate, Options), rule: &str) -> bool {
    let outcome = run(plan, on, options);
    outcome
        .violations
        .iter()
        .any(|violation| violation.rule == rule)
}
