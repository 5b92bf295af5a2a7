//! A shorter run.

use super::Search;
use crate::plan::Plan;
use std::time::Duration;

impl<F: FnMut(&Plan) -> bool> Search<F> {
    /// Takes time away: behind the last step, then between any two.
    pub(super) fn times(&mut self) {
        let last = self.plan.steps.last().map_or(0, |step| step.at);
        for chaos in [last + 1, last + 1_000, last + 16_000] {
            let chaos = Duration::from_millis(chaos);
            if chaos < self.plan.chaos && self.change(|plan| plan.chaos = chaos) {
                break;
            }
        }
        for at in 0..self.plan.steps.len() {
            let before = match at {
                0 => 0,
                at => self.plan.steps[at - 1].at,
            };
            let gap = self.plan.steps[at].at - before;
            for shorter in [0, 1, 10, 100, 1_000, gap / 2] {
                if shorter < gap && self.change(|plan| advance(plan, at, gap - shorter)) {
                    break;
                }
            }
        }
    }
}

/// Lets a step and all behind it happen sooner.
fn advance(plan: &mut Plan, first: usize, by: u64) {
    for step in &mut plan.steps[first..] {
        step.at -= by;
    }
    plan.chaos = plan.chaos.saturating_sub(Duration::from_millis(by));
}
