//! A stretch of the log: some consecutive records in one value, and the chain's link at its end.
//!
//! For each record: the length of its head and of its text (32 bits each, little end first), the head, the text. Then the
//! link. The highest bit of a text's length says that the text was taken out: its hash stands there, and the other bits
//! tell how long it was.

use super::super::Failure;
use super::chain::{Link, body_hash};
use super::layout::damaged;
use verbatim_core::record::Record;
use verbatim_core::saved::{Text, body_of, record_bytes, record_from};

/// A stretch ends when it has this many bytes: what fits four pages of the file with what redb writes round it.
pub(super) const STRETCH_BYTES: usize = 16_000;
/// In a text's length: it was taken out.
const TAKEN_OUT: u32 = 1 << 31;
const LINK_BYTES: usize = 32;

/// One record as it lies in a stretch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) head: &'a [u8],
    text: Text<'a>,
    /// That of a text that was taken out.
    hash: Option<Link>,
}

impl Entry<'_> {
    pub(super) fn body_hash(&self) -> Link {
        match self.text {
            Text::There(body) => body_hash(body),
            Text::Removed(_) => self.hash.unwrap_or_default(),
        }
    }

    pub(super) fn is_taken_out(&self) -> bool {
        self.hash.is_some()
    }

    /// How long the text is, or was.
    pub(super) fn text_bytes(&self) -> usize {
        match self.text {
            Text::There(body) => body.len(),
            Text::Removed(bytes) => bytes,
        }
    }

    /// What stands before the text as long as that is there. No other record begins so.
    pub(super) fn with_text_begins(&self) -> Vec<u8> {
        beginning(self.head, self.text_bytes() as u32)
    }

    pub(super) fn record(&self, scratch: &mut Vec<u8>) -> Result<Record, Failure> {
        record_from(self.head, self.text, scratch).map_err(damaged)
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

/// How a record begins in a stretch: both lengths, and its head.
fn beginning(head: &[u8], length: u32) -> Vec<u8> {
    let lengths = [head.len() as u32, length].into_iter();
    let lengths = lengths.flat_map(u32::to_le_bytes);
    lengths.chain(head.iter().copied()).collect()
}

/// A stretch without the text of one of its records: its chain is the same.
pub(super) fn without_text(stretch: &[u8], index: usize) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::with_capacity(stretch.len() + LINK_BYTES);
    for (at, entry) in entries(stretch).enumerate() {
        let entry = entry?;
        let bytes = entry.text_bytes() as u32;
        match entry.text {
            Text::There(body) if at != index => {
                out.extend_from_slice(&beginning(entry.head, bytes));
                out.extend_from_slice(body);
            }
            _ => {
                out.extend_from_slice(&beginning(entry.head, bytes | TAKEN_OUT));
                out.extend_from_slice(&entry.body_hash());
            }
        }
    }
    close(&link_of(stretch)?, &mut out);
    Ok(out)
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
        let (text, hash, rest) = match body_bytes & TAKEN_OUT {
            0 => {
                let (body, rest) = rest.split_at_checked(body_bytes as usize)?;
                (Text::There(body), None, rest)
            }
            _ => {
                let (hash, rest) = rest.split_first_chunk()?;
                let bytes = (body_bytes & !TAKEN_OUT) as usize;
                (Text::Removed(bytes), Some(*hash), rest)
            }
        };
        self.rest = rest;
        Some(Entry { head, text, hash })
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
