//! What came after the last checkpoint, by feed and by conversation: the part of the postings that is not in the file yet.

use std::collections::BTreeMap;
use verbatim_core::id::{Number, Seq};
use verbatim_core::record::{Conversation, Record, Stream, What};

/// Of which feed a posting is: a user, or 0 for `ALL`.
pub(super) type Feed = u64;
/// Of which conversation: two users, the lower first, or 0 and 0 for `ALL`.
pub(super) type Talk = (u64, u64);

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) records: usize,
    pub(super) bytes: u64,
    pub(super) feeds: BTreeMap<Feed, Vec<u64>>,
    /// The first number, and the seqs from there on: numbers have no gaps.
    pub(super) talks: BTreeMap<Talk, (Number, Vec<u64>)>,
}

impl Tail {
    pub(super) fn push(&mut self, record: &Record) {
        self.records += 1;
        if let What::Message(message) = &record.what {
            let feed = feed_of(message.to);
            self.feeds.entry(feed).or_default().push(record.seq.0);
            let talk = talk_of(message.conversation());
            let fresh = || (message.number, Vec::new());
            self.talks
                .entry(talk)
                .or_insert_with(fresh)
                .1
                .push(record.seq.0);
        }
    }

    /// Seqs of a feed after that one, in order.
    pub(super) fn after(&self, feed: Feed, after: Seq) -> &[u64] {
        let seqs = self.feeds.get(&feed).map_or(&[][..], Vec::as_slice);
        &seqs[seqs.partition_point(|seq| *seq <= after.0)..]
    }
}

pub(super) fn feed_of(to: Stream) -> Feed {
    match to {
        Stream::User(user) => user.0.0,
        Stream::All => 0,
    }
}

pub(super) fn talk_of(conversation: Conversation) -> Talk {
    match conversation {
        Conversation::Pair(one, other) => (one.0.0, other.0.0),
        Conversation::All => (0, 0),
    }
}
