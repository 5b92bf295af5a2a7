//! A tap sees every input and output of the router: transcripts are recorded here, in tests and in production.

use verbatim_core::now::Now;
use verbatim_core::router::{Input, Output};

/// Whoever looks on.
pub trait Tap {
    /// Called after each `handle`, with what went in and what came out.
    fn router(&mut self, now: Now, input: &Input<'_>, outputs: &[Output]);
}
