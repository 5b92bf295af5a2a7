//! The checker: one rule for each guarantee of the delivery contract, named after it. Rules see the history while the
//! run goes on; each tells what is wrong in words, and that ends its judgement of the run.

mod answered;
mod bounded;
mod classic;
mod durable;
mod fencing;
mod heartbeat;
mod history;
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
mod topic;

pub use reproducible::first_difference;
pub use topic::Topic;

use crate::history::{Event, Who};
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::probes::{Probes, Reached};
use std::fmt;
use std::time::Duration;
use topic::TOPICS;

/// A rule, or the guarantee that it stands for.
pub trait Rule {
    /// The guarantee's number and name.
    fn name(&self) -> &'static str;

    /// What it looks at: it sees no other events.
    fn topics(&self) -> &'static [Topic];

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
    /// A rule that was broken is there no more.
    rules: Vec<Option<Box<dyn Rule>>>,
    /// For each topic, which rules look at it.
    looking: [Vec<usize>; TOPICS],
    probes: Probes,
    violations: Vec<Violation>,
}

impl Checker {
    /// A checker for a run of that plan.
    pub fn new(plan: &Plan) -> Checker {
        let rules = rules();
        let mut looking: [Vec<usize>; TOPICS] = Default::default();
        for (at, rule) in rules.iter().enumerate() {
            for topic in rule.topics() {
                looking[*topic as usize].push(at);
            }
        }
        Checker {
            ledger: Ledger::new(plan),
            rules: rules.into_iter().map(Some).collect(),
            looking,
            probes: Probes::default(),
            violations: Vec::new(),
        }
    }

    /// Judges one more event.
    pub fn see(&mut self, event: &Event) {
        let topic = Topic::of(event);
        self.ledger.fold(event);
        if topic == Topic::Bytes {
            return;
        }
        self.probes.see(&self.ledger, event);
        for at in &self.looking[topic as usize] {
            let slot = &mut self.rules[*at];
            let Some(rule) = slot else {
                continue;
            };
            if let Err(what) = rule.see(&self.ledger, event) {
                let (rule, at) = (rule.name(), event.at);
                *slot = None;
                self.violations.push(Violation { rule, at, what });
            }
        }
    }

    /// Whether everything has happened that was promised.
    pub fn is_settled(&self) -> bool {
        self.ledger.pending().next().is_none()
    }

    /// Those who stay away until they are asked to come back.
    pub fn away(&self) -> Vec<Who> {
        self.ledger.away()
    }

    /// The time for what is still to happen is over.
    pub fn out_of_time(&mut self) {
        let violation = liveness::violation(&self.ledger);
        self.violations.push(violation);
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
    if !checker.is_settled() {
        checker.out_of_time();
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
        Box::new(history::Histories::default()),
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
