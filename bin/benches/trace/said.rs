//! What the server said on its connections, each frame with the line of the trace on which its first byte leaves.

use super::calls::Call;
use std::collections::BTreeMap;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{Decoded, ServerFrame, server_frame};

/// A message as the traffic marks it: who wrote it, and under which id.
pub type Mark = (String, u64);

/// Something that may leave only after its record is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// Whether it is an answer to the writer, and no delivery.
    pub answer: bool,
    /// Which message it is about.
    pub mark: Mark,
    /// The line on which it leaves.
    pub leaves: usize,
}

/// One connection: what left on it and is not read yet, and whose it is.
#[derive(Default)]
struct Stream {
    bytes: Vec<u8>,
    /// Where the bytes of each write begin, and on which line they left.
    writes: Vec<(usize, usize)>,
    read: usize,
    user: String,
}

/// Everything of that kind in a trace.
pub fn said(calls: &[Call]) -> Vec<Said> {
    let (mut streams, mut all) = (BTreeMap::<i64, Stream>::new(), Vec::new());
    for call in calls {
        match (call.name.as_str(), call.numbers.first()) {
            ("accept4", _) => _ = streams.insert(call.gave, Stream::default()),
            ("sendto" | "write" | "writev" | "sendmsg", Some(fd)) => {
                if let Some(stream) = streams.get_mut(fd) {
                    stream.take(call, &mut all);
                }
            }
            _ => {}
        }
    }
    all
}

impl Stream {
    fn take(&mut self, call: &Call, all: &mut Vec<Said>) {
        self.writes.push((self.bytes.len(), call.begins));
        let count = usize::try_from(call.gave).unwrap_or(0);
        self.bytes
            .extend_from_slice(&call.bytes[..count.min(call.bytes.len())]);
        let limits = Limits::default();
        let bytes = std::mem::take(&mut self.bytes);
        while let Decoded::Frame(frame, length) = server_frame(&bytes[self.read..], &limits) {
            self.on_frame(&frame, all);
            self.read += length;
        }
        self.bytes = bytes;
    }

    fn on_frame(&mut self, frame: &ServerFrame<'_>, all: &mut Vec<Said>) {
        let before = self
            .writes
            .partition_point(|(begin, _)| *begin <= self.read);
        let leaves = self.writes[before - 1].1;
        match frame {
            ServerFrame::Welcome(welcome) => self.user = welcome.user.as_str().to_owned(),
            ServerFrame::Accepted { first, last, .. } => {
                all.extend((first.0..=last.0).map(|id| Said {
                    answer: true,
                    mark: (self.user.clone(), id),
                    leaves,
                }));
            }
            ServerFrame::Deliver(delivery) => {
                all.extend(marks(delivery.body.as_bytes()).map(|mark| Said {
                    answer: false,
                    mark,
                    leaves,
                }));
            }
            _ => {}
        }
    }
}

/// A message's mark, as it stands in its body.
pub fn marked(user: &str, id: u64) -> String {
    format!("<<{user} {id}>>")
}

/// All marks in some bytes.
pub fn marks(bytes: &[u8]) -> impl Iterator<Item = Mark> + '_ {
    let begins = bytes.windows(2).enumerate().filter(|(_, two)| two == b"<<");
    begins.filter_map(|(at, _)| {
        let rest = &bytes[at + 2..bytes.len().min(at + 64)];
        let end = rest.windows(2).position(|two| two == b">>")?;
        let (user, id) = std::str::from_utf8(&rest[..end]).ok()?.split_once(' ')?;
        // The byte before a mark may look like its beginning.
        let is_name = user.bytes().all(|byte| byte.is_ascii_lowercase());
        is_name.then_some((user.to_owned(), id.parse().ok()?))
    })
}
