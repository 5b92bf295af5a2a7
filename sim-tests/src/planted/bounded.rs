//! Bounded memory (G11): what grows without a bound.

use super::{Bug, Fact, Onward, Roll};
use verbatim_core::id::Seq;
use verbatim_core::record::Stream;
use verbatim_core::router::Output;

/// What is handed to a connection counts as written.
pub(super) struct UnwrittenUncounted;

impl Bug for UnwrittenUncounted {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send { conn, frame } = &output {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes);
            on.facts.push_back(Fact::Wrote(*conn, bytes.len()));
        }
        on.outputs.push(output);
    }
}

/// The log keeps what it was told to forget.
pub(super) struct ForgetsNothing;

impl Bug for ForgetsNothing {
    fn on_forget(&mut self, _: Stream, _: Seq) -> Option<Seq> {
        None
    }
}
