//! Where the bytes of a frame go: behind those of a buffer, into a stretch that is long enough, or nowhere, where only
//! their number is asked for. Each frame is written down once, for all three.

use crate::name::{NAME_BYTES_MAX, Name};
use alloc::vec::Vec;
use core::mem;

/// See the module's words.
pub(super) trait Sink {
    /// Takes bytes as they are.
    fn put(&mut self, bytes: &[u8]);

    /// Takes a decimal number.
    fn put_decimal(&mut self, value: u64);

    /// Takes a name as it was spelt.
    #[inline]
    fn put_name(&mut self, name: &Name) {
        self.put(name.as_bytes());
    }
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    #[inline]
    fn put_decimal(&mut self, value: u64) {
        self.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
    }
}

/// Only counts.
pub(super) struct Length(pub(super) usize);

impl Sink for Length {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }

    #[inline]
    fn put_decimal(&mut self, value: u64) {
        self.0 += digits(value);
    }
}

/// So many digits a decimal number has.
pub(super) fn digits(number: u64) -> usize {
    number.checked_ilog10().unwrap_or(0) as usize + 1
}

/// What is left of a stretch. Whoever makes one knows that it is long enough, with [`NAME_BYTES_MAX`] bytes to spare.
pub(super) struct Stretch<'a> {
    pub(super) rest: &'a mut [u8],
}

impl Stretch<'_> {
    #[inline]
    fn pass(&mut self, bytes: usize) {
        self.rest = &mut mem::take(&mut self.rest)[bytes..];
    }
}

impl Sink for Stretch<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let (here, rest) = mem::take(&mut self.rest).split_at_mut(bytes.len());
        here.copy_from_slice(bytes);
        self.rest = rest;
    }

    #[inline]
    fn put_decimal(&mut self, value: u64) {
        self.put(itoa::Buffer::new().format(value).as_bytes());
    }

    #[inline]
    fn put_name(&mut self, name: &Name) {
        // A copy of a length that is known is a few moves; what is too much of it is written over.
        self.rest[..NAME_BYTES_MAX].copy_from_slice(name.padded());
        self.pass(name.as_bytes().len());
    }
}
