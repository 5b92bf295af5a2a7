//! A stretch of the log: some consecutive records in one value, and the chain's link at its end.
//!
//! For each record: the length of its head and of its text (32 bits each, little end first; the text's highest bit says
//! that the text was taken out and its hash stands there), the head, the text. Then the link.

use super::super::Failure;
use super::chain::{Link, body_hash};
use super::layout::damaged;
use verbatim_core::record::Record;
use verbatim_core::saved::{body_of, record_bytes, record_from};

/// A stretch ends when it has this many bytes: what fits four pages of the file with what redb writes round it.
pub(super) const STRETCH_BYTES: usize = 16_000;
/// In a text's length: it was taken out.
const TAKEN_OUT: u32 = 1 << 31;
const LINK_BYTES: usize = 32;

/// One record as it lies in a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) head: &'a [u8],
    /// The text; empty if it was taken out.
    pub(super) body: &'a [u8],
    taken_out: Option<Link>,
}

impl Entry<'_> {
    pub(super) fn body_hash(&self) -> Link {
        self.taken_out.unwrap_or_else(|| body_hash(self.body))
    }

    pub(super) fn record(&self, scratch: &mut Vec<u8>) -> Result<Record, Failure> {
        record_from(self.head, self.body, scratch).map_err(damaged)
    }
}

/// Appends a record to a stretch; gives its head and its text's hash, for the chain.
pub(super) fn push<'a>(record: &Record, out: &'a mut Vec<u8>) -> (&'a [u8], Link) {
    let (at, body) = (out.len(), body_of(record));
    out.extend_from_slice(&[0; 8]);
    record_bytes(record, out);
    let end = out.len();
    let lengths = [(end - at - 8) as u32, body.len() as u32];
    for (index, length) in lengths.into_iter().enumerate() {
        out[at + index * 4..at + index * 4 + 4].copy_from_slice(&length.to_le_bytes());
    }
    out.extend_from_slice(body);
    (&out[at + 8..end], body_hash(body))
}

/// Ends a stretch.
pub(super) fn close(link: &Link, out: &mut Vec<u8>) {
    out.extend_from_slice(link);
}

/// The link at a stretch's end.
pub(super) fn link_of(stretch: &[u8]) -> Result<Link, Failure> {
    let link = stretch.last_chunk().ok_or_else(|| damaged("a stretch"))?;
    Ok(*link)
}

/// Walks the records of a stretch.
pub(super) struct Entries<'a> {
    rest: &'a [u8],
}

/// The records of a stretch, in order.
pub(super) fn entries(stretch: &[u8]) -> Entries<'_> {
    let end = stretch.len().saturating_sub(LINK_BYTES);
    Entries {
        rest: &stretch[..end],
    }
}

impl<'a> Entries<'a> {
    fn next_entry(&mut self) -> Option<Entry<'a>> {
        let (head_bytes, rest) = split_length(self.rest)?;
        let (body_bytes, rest) = split_length(rest)?;
        let (head, rest) = rest.split_at_checked(head_bytes as usize)?;
        let (body, taken_out, rest) = match body_bytes & TAKEN_OUT {
            0 => {
                let (body, rest) = rest.split_at_checked(body_bytes as usize)?;
                (body, None, rest)
            }
            _ => {
                let (hash, rest) = rest.split_first_chunk()?;
                (&[][..], Some(*hash), rest)
            }
        };
        self.rest = rest;
        Some(Entry {
            head,
            body,
            taken_out,
        })
    }
}

fn split_length(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*length), rest))
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.next_entry().ok_or_else(|| damaged("a stretch"));
        if entry.is_err() {
            self.rest = &[];
        }
        Some(entry)
    }
}
