//! Makes a failing plan small, and tells it as a plan, as a transcript, and as a command.

use super::lines::cut;
use super::say::say;
use super::which::Which;
use super::{On, Trouble, Verdict};
use crate::plan::Plan;
use crate::planted::BugId;
use crate::run::{Options, Substrate, run};
use crate::shrink::{Shrunk, shrink};
use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::time::Duration;

#[derive(clap::Args)]
pub(super) struct Shrink {
    #[command(flatten)]
    which: Which,
    /// What carries the runs.
    #[arg(long, value_enum, default_value_t = On::Events)]
    on: On,
    /// A bug is planted; `kill-matrix --list` tells their names.
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
        let plan = self.which.plan_for(self.on, self.bug.is_some())?;
        let on: Substrate = self.on.into();
        let options = Options {
            bug: self.bug,
            ..Options::default()
        };
        let outcome = run(&plan, on, options);
        let Some(violation) = outcome.violations.first() else {
            let which = self.which.words();
            say!("{which} breaks nothing: there is nothing to shrink");
            return Ok(Verdict::Kept);
        };
        say!("{violation}");
        // Before the work, of which nothing would be left.
        let exists = self.to.exists();
        let may_be_written = OpenOptions::new().append(true).create(true).open(&self.to);
        may_be_written.map_err(|error| self.refused(&error))?;
        let rule = violation.rule;
        let time_max = Duration::from_secs(self.secs);
        let shrunk = shrink(&plan, time_max, |plan| breaks(plan, (on, options), rule));
        let written = fs::write(&self.to, shrunk.plan.to_string());
        self.tell(&plan, &shrunk, on)?;
        written.map_err(|error| self.refused(&error))?;
        let (to, before) = (self.to.display(), "; what was there before is gone");
        say!("{to}: the small plan{}", if exists { before } else { "" });
        Ok(Verdict::Broken)
    }

    fn refused(&self, error: &std::io::Error) -> Trouble {
        let to = self.to.display();
        Trouble::Words(format!("{to}: the small plan cannot be written: {error}"))
    }

    fn tell(&self, before: &Plan, shrunk: &Shrunk, on: Substrate) -> Result<(), Trouble> {
        let Shrunk { plan, tries, took } = shrunk;
        let to = self.to.display();
        say!(
            "{} events of {} users became {} of {}, in {tries} tries and {:.1} s\n",
            before.steps.len(),
            before.users.len(),
            plan.steps.len(),
            plan.users.len(),
            took.as_secs_f64()
        );
        say!("{plan}");
        let options = Options {
            transcript: true,
            bug: self.bug,
            ..Options::default()
        };
        let outcome = run(plan, on, options);
        say!("{}", cut(&outcome.transcript.unwrap_or_default()));
        for violation in &outcome.violations {
            say!("{violation}");
        }
        let bug = self
            .bug
            .map_or(String::new(), |bug| format!(" --bug {bug:?}"));
        let on = self.on.option();
        say!("again: cargo run --release -p sim-tests -- replay {to}{on}{bug}");
        say!("drawn: cargo run --release -p sim-tests -- picture {to}{bug}");
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
