//! What an operator hears of connections that the server ends: some lines a second, and how many were left out. Whoever
//! makes the server refuse connection after connection fills no disk with that.

use super::Owner;
use std::time::Duration;
use tokio::time::Instant;
use verbatim_core::id::ConnId;
use verbatim_core::router::CloseReason;

/// Lines told within one interval.
const LINES_MAX: u32 = 20;
/// How long that is.
const INTERVAL: Duration = Duration::from_secs(1);

/// How much was told lately.
#[derive(Debug, Default)]
pub(super) struct Closings {
    /// When the interval began, and the lines told in it.
    since: Option<Instant>,
    told: u32,
    left_out: u64,
}

impl Closings {
    /// Whether one more may be told now, and then how many were left out before it.
    fn tell(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now >= since + INTERVAL) {
            (self.since, self.told) = (Some(now), 0);
        }
        if self.told == LINES_MAX {
            self.left_out += 1;
            return None;
        }
        self.told += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

impl Owner {
    /// An operator hears of connections that we end because of what they did; of goodbyes only who asks for more.
    pub(super) fn note_closing(&mut self, conn: ConnId, reason: CloseReason) {
        let Some(from) = self.addresses.get(conn.0 as usize).copied().flatten() else {
            return;
        };
        match reason {
            CloseReason::Refused(_) | CloseReason::Blocked | CloseReason::Crowded => {
                match self.closings.tell(Instant::now()) {
                    None => {}
                    Some(0) => tracing::info!(%conn, %from, "closing: {reason}"),
                    Some(left_out) => tracing::info!(
                        %conn, %from,
                        "closing: {reason} (and {left_out} more were closed before it that are not told here)"
                    ),
                }
            }
            _ => tracing::debug!(%conn, %from, "closing: {reason}"),
        }
    }
}

impl Drop for Closings {
    fn drop(&mut self) {
        if self.left_out > 0 {
            tracing::info!("{} more were closed that are not told here", self.left_out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_are_told_and_the_rest_is_counted() {
        let (mut closings, begin) = (Closings::default(), Instant::now());
        for _ in 0..LINES_MAX {
            assert_eq!(closings.tell(begin), Some(0));
        }
        for _ in 0..1_000 {
            assert_eq!(closings.tell(begin + INTERVAL / 2), None);
        }
        assert_eq!(closings.tell(begin + INTERVAL), Some(1_000));
        assert_eq!(closings.tell(begin + INTERVAL), Some(0));
    }
}
