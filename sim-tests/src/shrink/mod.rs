//! Makes a failing plan small: takes away and simplifies what the failure does not need, as long as it stays the same.
//!
//! The passes are tried one after the other until none of them helps: users, steps in chunks that become smaller, all
//! that makes a run rough, what each step says, and time. A plan that no longer fails is never kept.

mod fewer;
mod simpler;
mod sooner;

use crate::plan::Plan;
use std::time::{Duration, Instant};

/// A plan that was made small.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// It fails as the first one did.
    pub plan: Plan,
    /// How many plans were tried.
    pub tries: u64,
    /// How long that took.
    pub took: Duration,
}

/// Looks for a smaller plan of which `fails` says the same.
struct Search<F> {
    plan: Plan,
    fails: F,
    tries: u64,
    until: Instant,
}

/// Makes `plan` small, of which `fails` is true, for at most that time.
pub fn shrink(plan: &Plan, time_max: Duration, fails: impl FnMut(&Plan) -> bool) -> Shrunk {
    let began = Instant::now();
    let mut search = Search {
        plan: plan.clone(),
        fails,
        tries: 0,
        until: began + time_max,
    };
    loop {
        let before = search.plan.clone();
        search.users();
        search.steps();
        search.roughness();
        search.details();
        search.times();
        search.renumber();
        if search.plan == before || search.is_over() {
            return Shrunk {
                plan: search.plan,
                tries: search.tries,
                took: began.elapsed(),
            };
        }
    }
}

impl<F: FnMut(&Plan) -> bool> Search<F> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Keeps that plan if it is another one and fails.
    fn attempt(&mut self, plan: Plan) -> bool {
        if plan == self.plan || self.is_over() {
            return false;
        }
        self.tries += 1;
        let fails = (self.fails)(&plan);
        if fails {
            self.plan = plan;
        }
        fails
    }

    /// Keeps the plan changed so, if it fails.
    fn change(&mut self, change: impl FnOnce(&mut Plan)) -> bool {
        let mut plan = self.plan.clone();
        change(&mut plan);
        self.attempt(plan)
    }
}
