//! The classic level: what comes is what such programs can read, one `FORWARD` until its `RECEIVED`, one answer for each
//! line; and when all is well again, no line waits for its answer as long as somebody waits.

use super::rule::{Rule, Verdict};
use crate::cast::{NO_ANSWER, PATIENCE};
use crate::history::{ClassicNews, What, Who};
use crate::ledger::Ledger;
use std::time::Duration;

#[derive(Default)]
pub(super) struct Classic {
    healed: Option<Duration>,
}

impl Rule for Classic {
    const NAME: &'static str = "The classic level";

    fn on_plan(&mut self, ledger: &Ledger, what: &What) -> Verdict {
        if *what == What::Healed {
            self.healed = Some(ledger.now);
        }
        Ok(())
    }

    fn on_classic(&mut self, ledger: &Ledger, (who, news): (Who, &ClassicNews)) -> Verdict {
        let waits = |healed| ledger.now >= healed + PATIENCE;
        match news {
            ClassicNews::Misread(what) => Err(format!("u{who} cannot read {what:?}")),
            ClassicNews::Parted(why) if *why == NO_ANSWER && self.healed.is_some_and(waits) => {
                let patience = PATIENCE.as_secs();
                Err(format!("u{who} has waited for an answer for {patience} s"))
            }
            _ => Ok(()),
        }
    }
}
