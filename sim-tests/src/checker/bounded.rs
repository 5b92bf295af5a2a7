//! G11: nothing that a limit bounds is ever more than the limit says. (What waits unwritten for one connection may pass
//! its limit by the last thing that was handed to it: at the limit nothing more is handed out. What a user is owed may pass
//! its limit after a crash, which forgets the latest acks; it lies on the disk.)

use super::rule::{Level, Rule, Verdict};
use crate::ledger::{Ledger, Log};

/// What may be handed to a connection at once: a delivery, or a round of receipts.
const AT_ONCE_MAX: u64 = 8 * 1024;

#[derive(Default)]
pub(super) struct Bounded;

impl Rule for Bounded {
    const NAME: &'static str = "G11 Bounded";

    fn on_level(&mut self, ledger: &Ledger, level: Level) -> Verdict {
        let Level { limit, now, max } = level;
        let beyond = match limit {
            "unwritten_bytes_max" => AT_ONCE_MAX,
            "owed_bytes_max" if ledger.logs.last().is_some_and(has_restarted) => u64::MAX / 2,
            _ => 0,
        };
        match now > max.saturating_add(beyond) {
            true => Err(format!("{limit} is {now} of {max}")),
            false => Ok(()),
        }
    }
}

fn has_restarted(log: &Log) -> bool {
    log.epochs.len() > 1
}
