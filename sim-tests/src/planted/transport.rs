//! The transport: bytes that come twice, not at all, or in another order, and reads that are taken for frames.

use super::{Bug, Onward, Segment};
use std::collections::BTreeMap;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{Decoded, client_frame};

/// Each thirtieth segment from the server arrives twice.
#[derive(Default)]
pub(super) struct SegmentTwice {
    count: u64,
}

impl Bug for SegmentTwice {
    fn on_segment(&mut self, segment: Segment<'_>, on: &mut Vec<Vec<u8>>) {
        on.push(segment.bytes.to_vec());
        if segment.session && !segment.to_server {
            self.count += 1;
            if self.count.is_multiple_of(30) {
                on.push(segment.bytes.to_vec());
            }
        }
    }
}

/// Each thirtieth segment is overtaken by the next one.
#[derive(Default)]
pub(super) struct SegmentsSwapped {
    count: u64,
    held: BTreeMap<(u64, bool), Vec<u8>>,
}

impl Bug for SegmentsSwapped {
    fn on_segment(&mut self, segment: Segment<'_>, on: &mut Vec<Vec<u8>>) {
        let lane = (segment.number, segment.to_server);
        self.count += 1;
        if self.count.is_multiple_of(30) && !self.held.contains_key(&lane) {
            self.held.insert(lane, segment.bytes.to_vec());
            return;
        }
        on.push(segment.bytes.to_vec());
        on.extend(self.held.remove(&lane));
    }
}

/// Each fortieth segment to the server lacks its last byte.
#[derive(Default)]
pub(super) struct ByteLost {
    count: u64,
}

impl Bug for ByteLost {
    fn on_segment(&mut self, segment: Segment<'_>, on: &mut Vec<Vec<u8>>) {
        let mut bytes = segment.bytes.to_vec();
        if segment.session && segment.to_server {
            self.count += 1;
            if self.count.is_multiple_of(40) {
                bytes.pop();
            }
        }
        on.push(bytes);
    }
}

/// A letter in the middle of a long segment to the server becomes another one.
#[derive(Default)]
pub(super) struct LetterChanged {
    count: u64,
}

impl Bug for LetterChanged {
    fn on_segment(&mut self, segment: Segment<'_>, on: &mut Vec<Vec<u8>>) {
        let mut bytes = segment.bytes.to_vec();
        if segment.session && segment.to_server && bytes.starts_with(b"SEND") {
            self.count += 1;
            if let Some(last) = bytes.last_mut()
                && self.count.is_multiple_of(10)
            {
                *last = b'_';
            }
        }
        on.push(bytes);
    }
}

/// A frame that one read does not hold whole is thrown away.
#[derive(Default)]
pub(super) struct HeadInOneRead {
    limits: Limits,
}

impl Bug for HeadInOneRead {
    fn on_bytes(&mut self, _: ConnId, bytes: &[u8], on: &mut Onward) {
        let mut at = 0;
        loop {
            match client_frame(&bytes[at..], &self.limits) {
                Decoded::Frame(_, length) => at += length,
                Decoded::Partial => break,
                Decoded::Refused(..) => {
                    at = bytes.len();
                    break;
                }
            }
        }
        on.bytes.extend_from_slice(&bytes[..at]);
    }
}

/// Of what one read holds, the first frame counts.
#[derive(Default)]
pub(super) struct OneFrameARead {
    limits: Limits,
}

impl Bug for OneFrameARead {
    fn on_bytes(&mut self, _: ConnId, bytes: &[u8], on: &mut Onward) {
        let end = match client_frame(bytes, &self.limits) {
            Decoded::Frame(_, length) => length,
            _ => bytes.len(),
        };
        on.bytes.extend_from_slice(&bytes[..end]);
    }
}
