//! One number from all that passed, by which two runs of one seed are compared.

use crate::dice::mix;
use std::hash::{Hash, Hasher};
use verbatim_core::router::Outgoing;

/// The digest with one more frame. Which bytes a session's frame has is certain once it is known which frame it is.
pub(super) fn of_frame(so_far: u64, frame: &Outgoing, bytes: &mut Vec<u8>) -> u64 {
    match frame {
        Outgoing::Delivery(message) => digest(so_far, message.frame()),
        Outgoing::Session(frame) => {
            let mut digest = Digest(so_far);
            frame.hash(&mut digest);
            digest.finish()
        }
        frame => {
            bytes.clear();
            frame.encode(bytes);
            digest(so_far, bytes)
        }
    }
}

/// A digest as what values are hashed into.
struct Digest(u64);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = digest(self.0, bytes);
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0, word);
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_isize(&mut self, word: isize) {
        self.write_u64(word as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// One number from all bytes so far and these. Two runs of one seed are compared by it: that is asked of it, no more.
pub(super) fn digest(so_far: u64, bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let step = |sum: u64, word: u64| (sum ^ word).wrapping_mul(ODD).rotate_left(29);
    let words = bytes.as_chunks::<8>().0.iter();
    let bulk = words.fold(so_far, |sum, word| step(sum, u64::from_le_bytes(*word)));
    // What is behind the last whole word is in the last eight bytes, with some that were there before.
    let last = match bytes.last_chunk() {
        Some(last) => u64::from_le_bytes(*last),
        None => bytes
            .iter()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    mix(step(bulk, last), bytes.len() as u64)
}
