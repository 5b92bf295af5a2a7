//! G13: after all faults have healed, everything that was promised happens within 60 simulated seconds. What that is,
//! the ledger knows.

use super::Violation;
use crate::ledger::{Lack, Ledger};

/// How much of what is missing is told.
const TOLD_MAX: usize = 6;

pub(super) fn violation(ledger: &Ledger) -> Violation {
    let pending: Vec<Lack<'_>> = ledger.pending().collect();
    let told: Vec<String> = pending
        .iter()
        .take(TOLD_MAX)
        .map(ToString::to_string)
        .collect();
    let more = match pending.len().saturating_sub(TOLD_MAX) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    let what = format!("still {}{more}", told.join("; "));
    let (rule, at) = ("G13 Liveness", ledger.now);
    Violation { rule, at, what }
}
