//! How high what limits bound has come in a run.

use crate::history::{History, ServerNews, What};
use verbatim_core::router::Status;

/// The highest levels so far.
#[derive(Debug, Default)]
pub struct Levels {
    highest: Vec<(&'static str, u64)>,
    /// The most bytes that ever waited to be written to one connection.
    unwritten: u64,
}

impl Levels {
    /// Notes what is higher than ever before.
    pub fn look(&mut self, status: &Status, history: &History) {
        for level in &status.levels {
            self.see((level.limit, level.now, level.max), history);
        }
    }

    /// Notes one of them.
    fn see(&mut self, (limit, now, max): (&'static str, u64, u64), history: &History) {
        let found = self.highest.iter_mut().find(|(known, _)| *known == limit);
        let before = found.as_ref().map_or(0, |(_, highest)| *highest);
        if now > before {
            match found {
                Some((_, highest)) => *highest = now,
                None => self.highest.push((limit, now)),
            }
            history.note(What::Server(ServerNews::Level { limit, now, max }));
        }
    }

    /// Notes what waits to be written to a connection, as it is seen from outside of the router, with every frame.
    pub fn see_unwritten(&mut self, now: u64, max: u64, history: &History) {
        if now > self.unwritten {
            self.unwritten = now;
            self.see(("unwritten_bytes_max", now, max), history);
        }
    }
}
