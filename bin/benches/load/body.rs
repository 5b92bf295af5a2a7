//! What a message of the load program says: who wrote it, its place among that writer's messages, and when.

use std::ops::Range;

const SENDER: Range<usize> = 0..4;
const COUNTER: Range<usize> = 4..14;
const NANOS: Range<usize> = 14..26;

/// The shortest body that a stamp fits in, in bytes.
pub const BODY_BYTES_MIN: usize = 26;

/// What stands at the beginning of each body, in hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The writer's index, below 2^16.
    pub sender: usize,
    /// Counts the writer's messages to one recipient, from 0, below 2^40.
    pub counter: u64,
    /// When it was handed to its connection, on the round's clock.
    pub nanos: u64,
}

impl Stamp {
    /// Reads a body's stamp; `None` when this is no body of ours.
    pub fn read(body: &[u8]) -> Option<Stamp> {
        if body.len() < BODY_BYTES_MIN {
            return None;
        }
        Some(Stamp {
            sender: usize::try_from(hexadecimal(&body[SENDER])?).ok()?,
            counter: hexadecimal(&body[COUNTER])?,
            nanos: hexadecimal(&body[NANOS])?,
        })
    }
}

/// A body of fixed length that is stamped anew for each message.
#[derive(Clone, Debug)]
pub struct Blank(Vec<u8>);

impl Blank {
    /// A body of `bytes` bytes, at least [`BODY_BYTES_MIN`].
    pub fn new(bytes: usize) -> Blank {
        Blank(vec![b'x'; bytes.max(BODY_BYTES_MIN)])
    }

    /// The body with this stamp.
    pub fn stamped(&mut self, stamp: Stamp) -> &str {
        write_hexadecimal(&mut self.0[SENDER], stamp.sender as u64);
        write_hexadecimal(&mut self.0[COUNTER], stamp.counter);
        write_hexadecimal(&mut self.0[NANOS], stamp.nanos);
        std::str::from_utf8(&self.0).expect("digits and x are ASCII")
    }
}

fn write_hexadecimal(digits: &mut [u8], mut value: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(value & 15) as usize];
        value >>= 4;
    }
}

fn hexadecimal(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |sum, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(sum << 4 | u64::from(value))
    })
}
