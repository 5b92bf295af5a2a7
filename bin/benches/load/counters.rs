//! What was done and what it cost between two moments.

use super::process::cpu_nanos;
use super::report::named;
use super::stage::Stage;
use super::subject::Target;
use std::io;
use std::time::Instant;

/// The counters at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Counters {
    at: Instant,
    answered: u64,
    delivered: u64,
    target_cpu: u64,
    own_cpu: u64,
}

/// What a cost is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// Messages that got their answer.
    Answered,
    /// Messages that arrived, once for each that they arrived at.
    Delivered,
}

impl Counters {
    /// Reads them now.
    ///
    /// # Errors
    /// When the target has ended.
    pub fn read<S>(stage: &Stage<S>, target: Target) -> io::Result<Counters> {
        Ok(Counters {
            at: Instant::now(),
            answered: stage.ends.iter().map(|end| end.writing.answered).sum(),
            delivered: stage.ends.iter().map(|end| end.reading.arrived).sum(),
            target_cpu: target.cpu_nanos()?,
            own_cpu: cpu_nanos(std::process::id())?,
        })
    }

    /// Counts, rates and costs since an earlier moment.
    pub fn since(&self, before: &Counters, per: Per) -> Vec<(String, f64)> {
        let seconds = (self.at - before.at).as_secs_f64();
        let target_cpu = self.target_cpu.saturating_sub(before.target_cpu) as f64;
        let own_cpu = self.own_cpu.saturating_sub(before.own_cpu) as f64;
        let (unit, count) = match per {
            Per::Answered => ("answered", (self.answered - before.answered) as f64),
            Per::Delivered => ("delivered", (self.delivered - before.delivered) as f64),
        };
        let mut figures = vec![
            (unit.to_owned(), count),
            (format!("{unit}_per_second"), count / seconds),
            (format!("cpu_ns_per_{unit}"), target_cpu / count),
            (format!("load_cpu_ns_per_{unit}"), own_cpu / count),
        ];
        figures.extend(named([
            ("cpu_share", target_cpu / seconds / 1e9),
            ("load_cpu_share", own_cpu / seconds / 1e9),
        ]));
        figures
    }
}
