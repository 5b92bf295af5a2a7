//! A quick hash for states: the search spends most of its time on it, and nobody attacks it.

use std::hash::{BuildHasherDefault, Hasher};

/// Makes one for each state.
pub type BuildMix = BuildHasherDefault<Mix>;

/// Multiplies and rotates what it is given.
#[derive(Default)]
pub struct Mix(u64);

impl Mix {
    fn add(&mut self, value: u64) {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15; // 2^64 by the golden ratio: its bits show no pattern
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(ODD);
    }
}

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.add(u64::from(byte));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.add(u64::from(value));
    }

    fn write_usize(&mut self, value: usize) {
        self.add(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.add(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32) // the map looks at the low bits and at the top ones
    }
}
