//! Runs one plan and tells all that happens.

use super::lines::cut;
use super::say::{put, say};
use super::which::Which;
use super::{On, Trouble, Verdict};
use crate::planted::BugId;
use crate::run::{Options, run};

#[derive(clap::Args)]
pub(super) struct Replay {
    #[command(flatten)]
    which: Which,
    /// What carries the run.
    #[arg(long, value_enum, default_value_t = On::Events)]
    on: On,
    /// What went through the server's door, frame by frame, and not what happened to everybody.
    #[arg(long)]
    transcript: bool,
    /// A bug is planted; `kill-matrix --list` tells their names.
    #[arg(long)]
    bug: Option<BugId>,
}

impl Replay {
    pub(super) fn carry_out(&self) -> Result<Verdict, Trouble> {
        let plan = self.which.plan_for(self.on, self.bug.is_some())?;
        let options = Options {
            transcript: self.transcript,
            bug: self.bug,
            ..Options::default()
        };
        let outcome = run(&plan, self.on.into(), options);
        match &outcome.transcript {
            Some(transcript) => put(format_args!("{}", cut(transcript)))?,
            None => {
                for event in &outcome.events {
                    say!("{event}");
                }
            }
        }
        say!("\n{} ms simulated", outcome.elapsed.as_millis());
        for violation in &outcome.violations {
            say!("{violation}");
        }
        Ok(match outcome.violations.is_empty() {
            true => Verdict::Kept,
            false => Verdict::Broken,
        })
    }
}
