//! The classic level: what comes is what such programs can read, one `FORWARD` until its `RECEIVED`, one answer for each
//! line.

use super::Rule;
use crate::history::{ClassicNews, Event, What};
use crate::ledger::Ledger;

pub(super) struct Classic;

impl Rule for Classic {
    fn name(&self) -> &'static str {
        "The classic level"
    }

    fn see(&mut self, _: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Classic(who, ClassicNews::Misread(what)) => {
                Err(format!("u{who} cannot read {what:?}"))
            }
            _ => Ok(()),
        }
    }
}
