//! Where the log is kept. The router never learns which engine it has.

pub mod disk;
mod failure;
mod gone;
mod memory;

pub use failure::{Failure, Fault};
pub use memory::Memory;

use verbatim_core::id::{Seq, StoreId, UserId};
use verbatim_core::record::{Record, Stream};
use verbatim_core::router::{Page, Past, Question, Saved};
use verbatim_core::saved::Beside;

/// What a log is known by; drawn at random by whoever makes it.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// Tells this log from others.
    pub store: StoreId,
    /// The key of the hashes in it.
    pub hash_key: [u64; 2],
}

/// What an engine knows of its log when it begins, or begins again.
#[derive(Debug)]
pub struct Loaded {
    /// Who it is; `None`: a new one each time, and whoever starts it says who.
    pub identity: Option<Identity>,
    /// What the router begins with.
    pub saved: Saved,
    /// Bytes that can be taken.
    pub room: u64,
    /// Records that came after the last checkpoint and were folded in one by one.
    pub replayed: u64,
}

/// A log. Records are handed over in order and count from the moment in which `commit` returns.
pub trait Engine {
    /// Reads what is committed; anything appended since the last commit is forgotten. Called before anything else, and
    /// again after a commit that failed.
    ///
    /// # Errors
    /// The log cannot be read.
    fn load(&mut self) -> Result<Loaded, Failure>;

    /// Takes a record into the next commit.
    fn append(&mut self, record: Record);

    /// Takes something that rides beside the log into the next commit; the latest under its key counts.
    fn save(&mut self, beside: Beside);

    /// Makes everything taken as durable as this engine can, and tells up to where the log is that.
    ///
    /// # Errors
    /// Nothing of it is durable, or nobody knows; the engine must be loaded again before it is used.
    fn commit(&mut self) -> Result<Seq, Failure>;

    /// Bytes that can still be taken.
    fn room(&self) -> u64;

    /// Reads messages of a user's feed after a seq: at most so many messages and bytes of frames, at least one message
    /// if there is one.
    ///
    /// # Errors
    /// The log cannot be read.
    fn read(
        &self,
        user: UserId,
        after: Seq,
        messages_max: usize,
        bytes_max: usize,
    ) -> Result<Page, Failure>;

    /// Reads what was said in one conversation right before a number: of what is committed, at most so many messages and
    /// bytes of frames, at least one message if there is one. What lies before a number that is gone counts as gone.
    ///
    /// # Errors
    /// The log cannot be read.
    fn recall(&self, question: &Question) -> Result<Past, Failure>;

    /// Nobody is owed that stream's messages up to this seq any more.
    fn forget(&mut self, stream: Stream, up_to: Seq);

    /// Nobody is owed anything up to this seq, and the log is that old, in milliseconds: with the next commits its beginning
    /// goes, as far as the bounds of age and of bytes ask for it.
    fn trim(&mut self, up_to: Seq, age: u64);

    /// Whether the last commit left something to the next one that is to be forgotten.
    fn is_trimming(&self) -> bool {
        false
    }

    /// Everything up to here is forgotten, as far as this engine forgets from the beginning on.
    fn removed(&self) -> Seq {
        Seq(0)
    }

    /// The last committed record's place in the chain, if this engine has one.
    fn proof(&self) -> Option<disk::Proof> {
        None
    }

    /// Removes the text of a committed message, and leaves its hash. What was taken into the next commit waits.
    ///
    /// # Errors
    /// There is nothing to remove; or it failed, and the engine must be loaded again before it is used.
    fn remove_text(&mut self, _seq: Seq) -> Result<disk::Removal, disk::NotRemoved> {
        Err(disk::NotRemoved::InMemory)
    }

    /// Whether there is room for [`Engine::fold`].
    ///
    /// # Errors
    /// There is not; nothing was tried.
    fn has_room_to_fold(&self) -> Result<(), Failure> {
        Ok(())
    }

    /// Brings everything that is committed to where [`Engine::view`] finds it.
    ///
    /// # Errors
    /// As those of a commit.
    fn fold(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Closes the log in good order. It may be loaded again.
    ///
    /// # Errors
    /// It could not be; what was committed is safe all the same.
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// What was folded so far, to be copied elsewhere while this engine goes on.
    ///
    /// # Errors
    /// The log cannot be read, or this engine keeps nothing that outlives it.
    fn view(&self) -> Result<disk::View, Failure> {
        let text = "this server keeps its log in memory: there is nothing to make a backup of";
        Err(Failure::new(Fault::Io, text))
    }
}
