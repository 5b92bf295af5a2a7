//! Draws a run: one HTML file that needs nothing else, with a lane for everybody, an arrow for all that was on its
//! way, and what the checker complains of.

mod marks;
mod page;
mod scene;
#[cfg(test)]
mod tests;

use super::say::say;
use super::which::Which;
use super::{Trouble, Verdict};
use crate::planted::BugId;
use crate::run::{Options, Substrate, run};
use page::Page;
use std::fs;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Picture {
    #[command(flatten)]
    which: Which,
    /// Where the picture goes.
    #[arg(long, value_name = "FILE", default_value = "picture.html")]
    to: PathBuf,
    /// A bug is planted; `kill-matrix --list` tells their names.
    #[arg(long, value_name = "NAME")]
    bug: Option<BugId>,
}

impl Picture {
    pub(super) fn carry_out(&self) -> Result<Verdict, Trouble> {
        let plan = self.which.plan()?;
        let options = Options {
            flights: true,
            bug: self.bug,
            ..Options::default()
        };
        let outcome = run(&plan, Substrate::Events, options);
        let command = "cargo run --release -p sim-tests --";
        let bug = self
            .bug
            .map_or(String::new(), |bug| format!(" --bug {bug:?}"));
        let which = format!("{}{bug}", self.which.words());
        let again = format!("{command} replay {which}\n{command} picture {which}");
        let page = Page {
            plan: &plan,
            outcome: &outcome,
            again: &again,
        };
        let to = self.to.display();
        let written = fs::write(&self.to, page.to_string());
        written.map_err(|error| format!("{to}: the picture cannot be written: {error}"))?;
        for violation in &outcome.violations {
            say!("{violation}");
        }
        say!("{to}: open it in a browser");
        Ok(match outcome.violations.is_empty() {
            true => Verdict::Kept,
            false => Verdict::Broken,
        })
    }
}
