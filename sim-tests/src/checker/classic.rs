//! The classic level: what comes is what such programs can read, one `FORWARD` until its `RECEIVED`, one answer for each
//! line; and when all is well again, no line waits for its answer as long as somebody waits.

use super::{Rule, Topic};
use crate::cast::{NO_ANSWER, PATIENCE};
use crate::history::{ClassicNews, Event, What};
use crate::ledger::Ledger;
use std::time::Duration;

#[derive(Default)]
pub(super) struct Classic {
    healed: Option<Duration>,
}

impl Rule for Classic {
    const NAME: &'static str = "The classic level";
    const TOPICS: &'static [Topic] = &[Topic::Classic, Topic::Plan];

    fn see(&mut self, _: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Healed => self.healed = Some(event.at),
            What::Classic(who, ClassicNews::Misread(what)) => {
                return Err(format!("u{who} cannot read {what:?}"));
            }
            What::Classic(who, ClassicNews::Parted(why))
                if *why == NO_ANSWER
                    && self
                        .healed
                        .is_some_and(|healed| event.at >= healed + PATIENCE) =>
            {
                return Err(format!(
                    "u{who} has waited for an answer for {} s",
                    PATIENCE.as_secs()
                ));
            }
            _ => {}
        }
        Ok(())
    }
}
