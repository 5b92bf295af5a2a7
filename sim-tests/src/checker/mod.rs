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

/// A rule, or the guarantee that it stands for.
pub trait Rule {
    /// The guarantee's number and name.
    const NAME: &'static str;
    /// What it looks at: it sees no other events.
    const TOPICS: &'static [Topic];

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
        let out = &mut self.violations;
        self.rules.see(&self.ledger, topic, event, out);
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

/// One rule, as long as nothing has broken it.
struct Judge<R>(Option<R>);

impl<R: Rule + Default> Default for Judge<R> {
    fn default() -> Judge<R> {
        Judge(Some(R::default()))
    }
}

impl<R: Rule> Judge<R> {
    const TOPICS: u32 = topic::set(R::TOPICS);

    #[inline(always)] // whether it looks at that topic is known where this is compiled
    fn see<const TOPIC: u32>(&mut self, ledger: &Ledger, event: &Event, out: &mut Vec<Violation>) {
        if Self::TOPICS & TOPIC != 0
            && let Some(rule) = &mut self.0
            && let Err(what) = rule.see(ledger, event)
        {
            self.0 = None;
            let (rule, at) = (R::NAME, event.at);
            out.push(Violation { rule, at, what });
        }
    }
}

macro_rules! rules {
    ($($name:ident: $rule:ty,)*) => {
        /// All rules, in the order in which they judge an event.
        #[derive(Default)]
        struct Rules {
            $($name: Judge<$rule>,)*
        }

        impl Rules {
            /// Lets those judge an event that look at its topic.
            fn about<const TOPIC: u32>(
                &mut self,
                ledger: &Ledger,
                event: &Event,
                out: &mut Vec<Violation>,
            ) {
                $(self.$name.see::<TOPIC>(ledger, event, out);)*
            }
        }
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

macro_rules! by_topic {
    ($($topic:ident)*) => {
        impl Rules {
            fn see(
                &mut self,
                ledger: &Ledger,
                topic: Topic,
                event: &Event,
                out: &mut Vec<Violation>,
            ) {
                match topic {
                    $(Topic::$topic => self.about::<{ Topic::$topic.bit() }>(ledger, event, out),)*
                }
            }
        }
    };
}

by_topic! {
    Line Accepted Receipt Typed Wrote Acked Device Classic Log Handed AckCame Wire Level Plan Bytes
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
