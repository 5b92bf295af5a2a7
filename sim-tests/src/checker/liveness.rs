//! G13: after all faults have healed, everything that was promised happens within 60 simulated seconds. What that is,
//! the ledger knows.

use super::Violation;
use std::time::Duration;

/// How much of what is missing is told.
const TOLD_MAX: usize = 6;

pub(super) fn violation(at: Duration, pending: &[String]) -> Violation {
    let told: Vec<&str> = pending.iter().take(TOLD_MAX).map(String::as_str).collect();
    let more = pending.len().saturating_sub(TOLD_MAX);
    let what = format!("still {}, and {more} more", told.join("; "));
    let rule = "G13 Liveness";
    Violation { rule, at, what }
}
