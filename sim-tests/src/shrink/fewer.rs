//! Fewer users, hosts and steps.

use super::Search;
use crate::plan::{Act, Deed, Fault, Plan, Step, To};

impl<F: FnMut(&Plan) -> bool> Search<F> {
    /// Takes away all that a user does, one user after the other.
    pub(super) fn users(&mut self) {
        for who in 0..self.plan.users.len() {
            self.change(|plan| plan.steps.retain(|step| actor(step) != Some(who)));
        }
    }

    /// Takes steps away, in chunks that become smaller: the latest ones first.
    pub(super) fn steps(&mut self) {
        let mut size = self.plan.steps.len().div_ceil(2);
        while size > 0 && !self.is_over() {
            let mut end = self.plan.steps.len();
            while end > 0 {
                let first = end.saturating_sub(size);
                self.change(|plan| drop(plan.steps.drain(first..end.min(plan.steps.len()))));
                end = first;
            }
            size = match size {
                1 => 0,
                size => size.div_ceil(2),
            };
        }
    }

    /// Takes users and hosts away that have no part any more.
    pub(super) fn renumber(&mut self) {
        for who in (0..self.plan.users.len()).rev() {
            let idle = |step: &Step| actor(step) != Some(who) && named(step) != Some(who);
            if self.plan.users.len() > 1 && self.plan.steps.iter().all(idle) {
                self.change(|plan| drop_user(plan, who));
            }
        }
        for host in (0..self.plan.latencies.len()).rev() {
            let empty = self.plan.users.iter().all(|user| user.host != host);
            if empty && self.plan.latencies.len() > 1 {
                self.change(|plan| drop_host(plan, host));
            }
        }
    }
}

fn actor(step: &Step) -> Option<usize> {
    match step.deed {
        Deed::Do(who, _) => Some(who),
        Deed::Befall(_) => None,
    }
}

/// Whom it is about.
fn named(step: &Step) -> Option<usize> {
    let mut deed = step.deed;
    name_in(&mut deed).copied()
}

fn name_in(deed: &mut Deed) -> Option<&mut usize> {
    match deed {
        Deed::Do(
            _,
            Act::Say {
                to: To::User(who), ..
            }
            | Act::History {
                with: To::User(who),
                ..
            },
        ) => Some(who),
        _ => None,
    }
}

fn drop_user(plan: &mut Plan, gone: usize) {
    plan.users.remove(gone);
    let before = |who: &mut usize| *who -= usize::from(*who > gone);
    for step in &mut plan.steps {
        if let Deed::Do(who, _) = &mut step.deed {
            before(who);
        }
        if let Some(to) = name_in(&mut step.deed) {
            before(to);
        }
    }
}

fn drop_host(plan: &mut Plan, gone: usize) {
    plan.latencies.remove(gone);
    let before = |host: &mut usize| *host -= usize::from(*host > gone);
    plan.users
        .iter_mut()
        .for_each(|user| before(&mut user.host));
    plan.steps.retain(|step| host_of(step) != Some(gone));
    for step in &mut plan.steps {
        if let Deed::Befall(
            Fault::Partition { host, .. }
            | Fault::OneWay { host, .. }
            | Fault::Hold { host, .. }
            | Fault::Latency { host, .. },
        ) = &mut step.deed
        {
            before(host);
        }
    }
}

fn host_of(step: &Step) -> Option<usize> {
    match step.deed {
        Deed::Befall(
            Fault::Partition { host, .. }
            | Fault::OneWay { host, .. }
            | Fault::Hold { host, .. }
            | Fault::Latency { host, .. },
        ) => Some(host),
        _ => None,
    }
}
