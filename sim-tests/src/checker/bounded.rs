//! G11: nothing that a limit bounds is ever more than the limit says.

use super::Rule;
use crate::history::{Event, ServerNews, What};
use crate::ledger::Ledger;

pub(super) struct Bounded;

impl Rule for Bounded {
    fn name(&self) -> &'static str {
        "G11 Bounded"
    }

    fn see(&mut self, _: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Server(ServerNews::Level { limit, now, max }) if now > max => {
                Err(format!("{limit} is {now} of {max}"))
            }
            _ => Ok(()),
        }
    }
}
