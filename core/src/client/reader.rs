//! The unfinished tail of what came, from one read to the next.

use crate::now::Mono;
use alloc::vec::Vec;
use core::mem;

/// Keeps at most one unfinished frame; what is whole is decoded where it lies.
#[derive(Debug, Default)]
pub(super) struct Reader {
    tail: Vec<u8>,
    since: Option<Mono>,
}

impl Reader {
    /// When the frame that is not whole was begun.
    pub fn begun(&self) -> Option<Mono> {
        self.since
    }

    pub fn clear(&mut self) {
        *self = Reader::default();
    }

    /// The tail with `bytes` after it, if there is one; `put_back` must follow. Else the bytes alone are all there is, and
    /// `keep` must follow.
    pub fn take(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.tail.is_empty() {
            return None;
        }
        self.tail.extend_from_slice(bytes);
        Some(mem::take(&mut self.tail))
    }

    /// Keeps `all` from `done` on.
    pub fn put_back(&mut self, mut all: Vec<u8>, done: usize, now: Mono) {
        all.drain(..done);
        self.since = match (all.is_empty(), done, self.since) {
            (true, ..) => None,
            (false, 0, Some(since)) => Some(since),
            _ => Some(now),
        };
        self.tail = all;
    }

    /// Keeps what is not whole of bytes that came on nothing.
    pub fn keep(&mut self, rest: &[u8], now: Mono) {
        self.tail.extend_from_slice(rest);
        self.since = (!rest.is_empty()).then_some(now);
    }
}
