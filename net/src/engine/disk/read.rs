//! Reading: a page of a user's feed, or of a conversation.

use super::super::Failure;
use super::fresh::{Fresh, Stretch};
use super::layout::{LOG, damaged, failed_to_read};
use super::{Open, anchor, postings, stretch, tail};
use redb::{AccessGuard, ReadOnlyTable, ReadableDatabase};
use verbatim_core::id::{Seq, UserId};
use verbatim_core::record::{Message, Stream, What};
use verbatim_core::router::{Page, Past, Question};

/// Finds messages by their seqs; neighbours come from the stretch that it has in its hand.
pub(super) struct Finder<'a> {
    fresh: &'a Fresh,
    log: ReadOnlyTable<u64, &'static [u8]>,
    stretch: Option<(u64, AccessGuard<'static, &'static [u8]>)>,
    scratch: Vec<u8>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(
        txn: &redb::ReadTransaction,
        fresh: &'a Fresh,
    ) -> Result<Finder<'a>, Failure> {
        let log = txn.open_table(LOG).map_err(failed_to_read)?;
        Ok(Finder {
            fresh,
            log,
            stretch: None,
            scratch: Vec::new(),
        })
    }

    /// The message at that seq.
    pub(super) fn message(&mut self, seq: u64) -> Result<Message, Failure> {
        if let Some(Stretch { first, bytes }) = self.fresh.stretch_of(seq) {
            let found = nth(bytes, seq - first, &mut self.scratch)?;
            return found.ok_or_else(|| damaged("a posting that leads nowhere"));
        }
        if let Some(message) = self.look(seq)? {
            return Ok(message);
        }
        let row = self.log.range(..=seq).map_err(failed_to_read)?.next_back();
        let (key, value) = row
            .ok_or_else(|| damaged("a posting that leads nowhere"))?
            .map_err(failed_to_read)?;
        self.stretch = Some((key.value(), value));
        self.look(seq)?
            .ok_or_else(|| damaged("a posting that leads nowhere"))
    }

    fn look(&mut self, seq: u64) -> Result<Option<Message>, Failure> {
        let Some((first, stretch)) = &self.stretch else {
            return Ok(None);
        };
        match seq.checked_sub(*first) {
            Some(index) => nth(stretch.value(), index, &mut self.scratch),
            None => Ok(None),
        }
    }
}

/// The message at that place of a stretch, if the stretch is long enough.
fn nth(stretch: &[u8], index: u64, scratch: &mut Vec<u8>) -> Result<Option<Message>, Failure> {
    let Some(entry) = stretch::entries(stretch).nth(index as usize) else {
        return Ok(None);
    };
    match entry?.record(scratch)?.what {
        What::Message(message) => Ok(Some(message)),
        _ => Err(damaged("a posting that leads to no message")),
    }
}

/// Messages of a user's feed after a seq.
pub(super) fn page(
    open: &Open,
    user: UserId,
    after: Seq,
    (messages_max, bytes_max): (usize, usize),
) -> Result<Page, Failure> {
    let txn = open.db.begin_read().map_err(failed_to_read)?;
    let feeds = [Stream::User(user), Stream::All].map(tail::feed_of);
    let mut seqs = Vec::new();
    for feed in feeds {
        seqs.extend(postings::after(
            &txn,
            &open.tail,
            (feed, after, messages_max + 1),
        )?);
    }
    seqs.sort_unstable();
    let mut page = Page {
        user,
        after,
        messages: Vec::new(),
        up_to: open.space.head(),
        removed: match after < open.anchor.proof.head {
            true => {
                let released = open.fresh.released.contains(&user);
                anchor::gone_after(&txn, (user, released), after)?
            }
            false => Vec::new(),
        },
    };
    let (mut finder, mut bytes) = (Finder::new(&txn, &open.fresh)?, 0);
    for seq in seqs {
        let message = finder.message(seq)?;
        bytes += message.frame().len();
        let full = page.messages.len() == messages_max || bytes > bytes_max;
        if full && !page.messages.is_empty() {
            page.up_to = page.messages.last().map_or(after, |last| last.seq);
            return Ok(page);
        }
        page.messages.push(message);
    }
    Ok(page)
}

/// Messages of a conversation right before a number.
pub(super) fn past(open: &Open, question: &Question) -> Result<Past, Failure> {
    let txn = open.db.begin_read().map_err(failed_to_read)?;
    let talk = tail::talk_of(question.conversation);
    let most = question.messages_max + 1;
    let seqs = postings::below(&txn, &open.tail, (talk, question.before, most))?;
    let (mut finder, mut bytes, mut past) = (Finder::new(&txn, &open.fresh)?, 0, Past::default());
    for seq in seqs {
        let message = finder.message(seq)?;
        bytes += message.frame().len();
        let full = past.messages.len() == question.messages_max || bytes > question.bytes_max;
        past.more = full && !past.messages.is_empty();
        if past.more {
            break;
        }
        past.messages.push(message);
    }
    past.messages.reverse();
    Ok(past)
}
