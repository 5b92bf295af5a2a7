//! Pairs of which one reader stops reading for a while: what that costs the others, and the server's memory.

use super::contest::Scenario;
use super::pairs;
use super::relay::Wiring;
use super::report::{Outcome, named};
use super::speech::{Level, Speech};
use super::stage::Stage;
use super::subject::Target;
use std::io;
use std::time::{Duration, Instant};

/// How long a writer waits after it was refused.
const PATIENCE: Duration = Duration::from_millis(20);

/// How much of what: pairs, the last of which has the reader that stops. `seconds` counts twice: all read, one does not.
#[derive(Clone, Copy, Debug)]
pub struct Plan(pub pairs::Plan);

impl Scenario for Plan {
    const NAME: &'static str = "stopped-reader";
    const WIRING: Wiring = Wiring::Pairs;
    const RATIOS: &'static [&'static str] = &["others_rate_kept"];

    fn parameters(&self) -> Vec<(&'static str, f64)> {
        self.0.parameters()
    }

    fn body_bytes(&self) -> usize {
        self.0.bytes
    }

    fn play<L: Level>(&self, level: &L, target: Target) -> io::Result<Outcome> {
        let plan = &self.0;
        let mut stage = pairs::open(plan, level, target)?;
        plan.keep_going(&mut stage, plan.warm_up)?;
        let rate = self.rate_of_others(&mut stage, |stage| plan.keep_going(stage, plan.seconds))?;
        let resident = target.resident_kib()?;
        let deaf = stage.seats[2 * plan.pairs - 1].reads;
        stage.deaf = Some(deaf);
        let mut resident_most = resident;
        let rate_beside = self.rate_of_others(&mut stage, |stage| {
            self.go_on_beside(stage, || {
                resident_most = resident_most.max(target.resident_kib()?);
                Ok(())
            })
        })?;
        stage.deaf = None;
        stage.wake(deaf);
        stage.settle(plan.settling, pairs::all_arrived)?;
        stage.leave();
        let mut findings = stage.findings(pairs::readers);
        // A definite refusal of what a full recipient cannot take is as promised, also while it catches up: what was under
        // way when it began to read again is refused behind that. Nobody else may be refused anything.
        let writer = stage.seats[2 * plan.pairs - 2].writes;
        let refused = stage.ends[writer].writing.refused.len() as u64;
        findings.refused -= refused;
        Ok(Outcome {
            figures: named([
                ("others_per_second_before", rate),
                ("others_per_second_beside", rate_beside),
                ("others_rate_kept", rate_beside / rate),
                ("refused_to_stopped", refused as f64),
                ("resident_kib", resident as f64),
                ("resident_grown_kib", (resident_most - resident) as f64),
            ]),
            findings,
            faults: stage.round.faults,
        })
    }
}

impl Plan {
    /// Messages a second that the pairs whose reader reads get answered while `play` runs.
    fn rate_of_others<S: Speech>(
        &self,
        stage: &mut Stage<S>,
        play: impl FnOnce(&mut Stage<S>) -> io::Result<()>,
    ) -> io::Result<f64> {
        let answered = |stage: &Stage<S>| -> u64 {
            let others = 0..self.0.pairs - 1;
            let ends = others.map(|pair| &stage.ends[stage.seats[2 * pair].writes]);
            ends.map(|end| end.writing.answered).sum()
        };
        let (begun, before) = (Instant::now(), answered(stage));
        play(stage)?;
        Ok((answered(stage) - before) as f64 / begun.elapsed().as_secs_f64())
    }

    /// As in pairs, but the writer whose reader does not read waits a little whenever it is refused.
    fn go_on_beside<S: Speech>(
        &self,
        stage: &mut Stage<S>,
        mut look: impl FnMut() -> io::Result<()>,
    ) -> io::Result<()> {
        let (begun, time) = (Instant::now(), Duration::from_secs_f64(self.0.seconds));
        let stopped = stage.seats[2 * self.0.pairs - 2].writes;
        let mut due = None;
        while begun.elapsed() < time && !stage.broken {
            stage.turn(|stage, at, turn| {
                if at == stopped && turn.refused > 0 {
                    due = Some(Instant::now() + PATIENCE);
                } else if turn.answered > 0 {
                    self.0.fill(stage, at);
                }
            })?;
            if due.is_some_and(|due| due <= Instant::now()) {
                due = None;
                look()?;
                self.0.fill(stage, stopped);
                stage.flush(stopped);
            }
        }
        look()
    }
}
