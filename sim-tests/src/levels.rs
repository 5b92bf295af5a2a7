//! How high what limits bound has come in a run.

use crate::history::{History, ServerNews, What};
use std::collections::BTreeMap;
use verbatim_core::router::Status;

/// The highest levels so far.
#[derive(Debug, Default)]
pub struct Levels(BTreeMap<&'static str, u64>);

impl Levels {
    /// Notes what is higher than ever before.
    pub fn look(&mut self, status: &Status, history: &History) {
        for level in &status.levels {
            let highest = self.0.entry(level.limit).or_default();
            if level.now > *highest {
                *highest = level.now;
                history.note(What::Server(ServerNews::Level {
                    limit: level.limit,
                    now: level.now,
                    max: level.max,
                }));
            }
        }
    }
}
