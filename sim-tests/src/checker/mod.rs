//! The checker: one rule for each guarantee of the delivery contract, named after it. Rules see the history while the
//! run goes on; each tells what is wrong in words, and that ends its judgement of the run.

mod answered;
mod bounded;
mod classic;
mod durable;
mod fencing;
mod heartbeat;
mod identity;
mod isolation;
mod liveness;
mod no_duplicates;
mod no_silent_loss;
mod once_stored;
mod one_order;
mod reproducible;
mod sender_order;
mod session;
mod time;

pub use reproducible::first_difference;

use crate::history::{Event, Who};
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::probes::{Probes, Reached};
use std::fmt;
use std::time::Duration;

/// A rule, or the guarantee that it stands for.
pub trait Rule {
    /// The guarantee's number and name.
    fn name(&self) -> &'static str;

    /// Judges one more event, which the ledger knows already.
    ///
    /// # Errors
    /// What is wrong.
    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String>;
}

/// Something that should not have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule that it breaks.
    pub rule: &'static str,
    /// When.
    pub at: Duration,
    /// What.
    pub what: String,
}

/// All rules over one run.
pub struct Checker {
    ledger: Ledger,
    rules: Vec<Box<dyn Rule>>,
    probes: Probes,
    violations: Vec<Violation>,
}

impl Checker {
    /// A checker for a run of that plan.
    pub fn new(plan: &Plan) -> Checker {
        Checker {
            ledger: Ledger::new(plan),
            rules: rules(),
            probes: Probes::default(),
            violations: Vec::new(),
        }
    }

    /// Judges one more event.
    pub fn see(&mut self, event: &Event) {
        self.ledger.fold(event);
        self.probes.see(&self.ledger, event);
        let (ledger, violations) = (&self.ledger, &mut self.violations);
        self.rules.retain_mut(|rule| match rule.see(ledger, event) {
            Ok(()) => true,
            Err(what) => {
                let (rule, at) = (rule.name(), event.at);
                violations.push(Violation { rule, at, what });
                false
            }
        });
    }

    /// What is still to happen.
    pub fn pending(&self) -> Vec<String> {
        self.ledger.pending()
    }

    /// Those who stay away until they are asked to come back.
    pub fn away(&self) -> Vec<Who> {
        self.ledger.away()
    }

    /// The time for what is still to happen is over.
    pub fn out_of_time(&mut self, pending: &[String]) {
        let at = self.ledger.now;
        self.violations.push(liveness::violation(at, pending));
    }

    /// What was wrong, in the order in which it was found; and which rare states were reached.
    pub fn end(self) -> (Vec<Violation>, Reached) {
        (self.violations, self.probes.end())
    }
}

/// Judges a whole history; of liveness only what is pending at its end.
pub fn judge(plan: &Plan, events: &[Event]) -> Vec<Violation> {
    let mut checker = Checker::new(plan);
    events.iter().for_each(|event| checker.see(event));
    let pending = checker.pending();
    if !pending.is_empty() {
        checker.out_of_time(&pending);
    }
    checker.end().0
}

fn rules() -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(durable::Durable::default()),
        Box::new(no_duplicates::NoDuplicates::default()),
        Box::new(sender_order::SenderOrder::default()),
        Box::new(one_order::OneOrder::default()),
        Box::new(once_stored::OnceStored::default()),
        Box::new(no_silent_loss::NoSilentLoss::default()),
        Box::new(isolation::Isolation::default()),
        Box::new(fencing::Fencing::default()),
        Box::new(identity::Identity),
        Box::new(time::Time::default()),
        Box::new(bounded::Bounded),
        Box::new(answered::Answered::default()),
        Box::new(heartbeat::Heartbeat::default()),
        Box::new(session::Session),
        Box::new(classic::Classic::default()),
    ]
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {}ms: {}",
            self.rule,
            self.at.as_millis(),
            self.what
        )
    }
}
