//! One number from all that passed, by which two runs of one seed are compared.

use crate::dice::mix;
use verbatim_core::router::Outgoing;
use verbatim_core::wire::ServerFrame;

/// The digest with one more frame. Of one that has nothing but numbers in it these will do: its bytes follow from them.
pub(super) fn of_frame(so_far: u64, frame: &Outgoing, bytes: &mut Vec<u8>) -> u64 {
    match frame {
        Outgoing::Delivery(message) => digest(so_far, message.frame()),
        Outgoing::Session(ServerFrame::Accepted {
            first,
            last,
            seq,
            number,
        }) => [first.0, last.0, seq.0, number.0]
            .into_iter()
            .fold(so_far, mix),
        Outgoing::Session(ServerFrame::Ping) => mix(so_far, PING),
        Outgoing::Session(ServerFrame::Pong) => mix(so_far, PONG),
        frame => {
            bytes.clear();
            frame.encode(bytes);
            digest(so_far, bytes)
        }
    }
}

/// What stands for heartbeats.
const PING: u64 = u64::from_be_bytes(*b"PING\n\n\0\0");
const PONG: u64 = u64::from_be_bytes(*b"PONG\n\n\0\0");

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
