//! Many runs of the disk engine, on all processors.

use super::{Tally, run};
use crate::checker::Violation;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Seeds of the ordinary test: twice as many cuts as it is to have.
pub const ORDINARY_SEEDS: u64 = 3_000;

/// What came of them.
#[derive(Debug, Default)]
pub struct Swept {
    /// What was reached in all.
    pub tally: Tally,
    /// Seeds that broke something.
    pub broken: Vec<(u64, Violation)>,
}

/// Runs them all; none begins after `until`.
///
/// # Panics
/// A run panicked.
pub fn sweep(seeds: Range<u64>, until: Option<Instant>) -> Swept {
    let (next, swept) = (AtomicU64::new(seeds.start), Mutex::new(Swept::default()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while until.is_none_or(|until| Instant::now() < until) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let ran = run(seed, None);
                    let mut swept = swept.lock().unwrap_or_else(|lock| lock.into_inner());
                    match ran {
                        Ok(tally) => swept.tally.add(&tally),
                        Err(violation) => swept.broken.push((seed, violation)),
                    }
                }
            });
        }
    });
    swept.into_inner().unwrap_or_else(|lock| lock.into_inner())
}
