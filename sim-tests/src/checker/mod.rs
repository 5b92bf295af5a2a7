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
mod rule;
mod see;
mod sender_order;
mod session;
mod time;

pub use reproducible::first_difference;

use crate::history::{Event, Who};
use crate::ledger::Ledger;
use crate::plan::Plan;
use crate::probes::{Probes, Reached};
use rule::Judge;
use std::fmt;
use std::time::Duration;

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
    rules: Rules,
    probes: Probes,
    violations: Vec<Violation>,
}

impl Checker {
    /// A checker for a run of that plan.
    pub fn new(plan: &Plan) -> Checker {
        Checker {
            ledger: Ledger::new(plan),
            rules: Rules::default(),
            probes: Probes::new(plan.users.len()),
            violations: Vec::new(),
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

macro_rules! rules {
    ($($name:ident: $rule:ty,)*) => {
        /// All rules, in the order in which they judge an event.
        #[derive(Default)]
        struct Rules {
            $($name: Judge<$rule>,)*
        }

        /// Asks each rule, in that order, about an event of one kind.
        macro_rules! ask_each {
            ($rules:ident, $ledger:ident, $out:ident, $kind:ident, $news:ident) => {
                $($rules.$name.ask($ledger, $out, |rule| rule.$kind($ledger, $news));)*
            };
        }
        use ask_each;
    };
}

rules! {
    durable: durable::Durable,
    no_duplicates: no_duplicates::NoDuplicates,
    sender_order: sender_order::SenderOrder,
    one_order: one_order::OneOrder,
    once_stored: once_stored::OnceStored,
    no_silent_loss: no_silent_loss::NoSilentLoss,
    isolation: isolation::Isolation,
    fencing: fencing::Fencing,
    identity: identity::Identity,
    time: time::Time,
    bounded: bounded::Bounded,
    answered: answered::Answered,
    heartbeat: heartbeat::Heartbeat,
    session: session::Session,
    histories: history::Histories,
    classic: classic::Classic,
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
