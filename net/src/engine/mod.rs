//! Where the log is kept. The router never learns which engine it has.

mod memory;

pub use memory::Memory;

use verbatim_core::id::{Seq, UserId};
use verbatim_core::record::{Record, Stream};
use verbatim_core::router::Page;

/// A log. Records are handed over in order and count from the moment in which `commit` returns.
pub trait Engine {
    /// Takes a record into the next commit.
    fn append(&mut self, record: Record);

    /// Makes everything appended as durable as this engine can, and tells up to where that is.
    fn commit(&mut self) -> Seq;

    /// Bytes that can still be taken.
    fn room(&self) -> u64;

    /// Reads messages of a user's feed after a seq: at most so many messages and bytes of frames, at least one message
    /// if there is one.
    fn read(&self, user: UserId, after: Seq, messages_max: usize, bytes_max: usize) -> Page;

    /// Nobody is owed that stream's messages up to this seq any more.
    fn forget(&mut self, stream: Stream, up_to: Seq);
}
