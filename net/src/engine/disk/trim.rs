//! Forgetting from the beginning, where the operator asks for it: whole stretches go, in pieces that hold up no commit for
//! long, each in one transaction with what a reader must know of it. The pages that they took are used again.

use super::super::Failure;
use super::super::gone::Gone;
use super::anchor::{Anchor, put_gone};
use super::layout::{ANCHOR_KEY, FEEDS, LOG, META, ROLL, TALKS, failed_to_read};
use super::stretch::entries;
use super::tail::{Feed, Talk, feed_of, talk_of};
use super::{Open, anchor, postings};
use redb::{ReadableDatabase, ReadableTable, WriteTransaction};
use std::collections::BTreeSet;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::name::Name;
use verbatim_core::record::{Message, Record, What};

/// What one commit forgets at most, in bytes of stretches: some milliseconds.
const PIECE_BYTES: usize = 1 << 20;

/// What the operator asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    /// How old a record may become, in milliseconds.
    time: Option<u64>,
    /// What messages may count.
    bytes: Option<u64>,
}

/// How far forgetting is allowed, and how old the log was when that was said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) up_to: Seq,
    pub(super) age: u64,
}

/// What goes with one commit.
#[derive(Default)]
pub(super) struct Piece {
    /// Where the log begins then.
    pub(super) anchor: Anchor,
    /// There is more to forget.
    pub(super) more: bool,
    /// Everything that the store has is in it, and the store may not have everything.
    pub(super) ran_out: bool,
    /// What its messages counted.
    bytes: u64,
    /// The keys of its stretches, and how long these are.
    stretches: Vec<u64>,
    length: usize,
    gone: Gone,
    feeds: BTreeSet<Feed>,
    talks: BTreeSet<Talk>,
    claims: Vec<(UserId, Name)>,
    releases: Vec<UserId>,
}

impl Bounds {
    pub(super) fn of(limits: &Limits) -> Bounds {
        let time = limits.kept_time_max;
        Bounds {
            time: time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            bytes: limits.kept_bytes_max,
        }
    }

    /// Whether something has to go. Not for every stretch alone: before any goes, the oldest must be a thirtieth of the time
    /// over it, or an hour.
    fn begins(&self, oldest: u64, bytes: u64, age: u64) -> bool {
        let slack = |time: u64| (time / 30).min(60 * 60 * 1000);
        let old = |time: u64| oldest.saturating_add(time + slack(time)) < age;
        self.time.is_some_and(old) || self.bytes.is_some_and(|max| bytes > max)
    }

    /// Whether more has to go, once something went: then some of the room is made that the next messages need.
    fn goes_on(&self, oldest: u64, bytes: u64, age: u64) -> bool {
        let old = |time: u64| oldest.saturating_add(time) < age;
        self.time.is_some_and(old) || self.bytes.is_some_and(|max| bytes > max - max / 32)
    }
}

impl Open {
    /// What goes with the next commit, if anything has to and may. `overhead`: what a message counts beside its
    /// frame.
    pub(super) fn piece(&self, ask: Ask, bounds: Bounds, overhead: u64) -> Result<Piece, Failure> {
        let txn = self.db.begin_read().map_err(failed_to_read)?;
        let log = txn.open_table(LOG).map_err(failed_to_read)?;
        let mut piece = Piece {
            anchor: self.anchor,
            ran_out: !self.fresh.stretches.is_empty(),
            ..Piece::default()
        };
        piece.gone.public = anchor::public(&txn)?;
        for row in log.iter().map_err(failed_to_read)? {
            let (first, stretch) = row.map_err(failed_to_read)?;
            let (records, end) = read(piece.anchor, stretch.value())?;
            let kept = self.bytes.saturating_sub(piece.bytes);
            let due = match self.trimming || !piece.stretches.is_empty() {
                true => bounds.goes_on(end.age, kept, ask.age),
                false => bounds.begins(end.age, kept, ask.age),
            };
            let stays = !due || end.proof.head > ask.up_to;
            if stays || piece.length >= PIECE_BYTES {
                (piece.ran_out, piece.more) = (false, !stays);
                break;
            }
            piece.stretches.push(first.value());
            piece.length += stretch.value().len();
            piece.anchor = end;
            records.iter().for_each(|one| piece.take(one, overhead));
        }
        piece
            .gone
            .parts
            .retain(|(to, _), _| self.space.user(*to).is_some());
        Ok(piece)
    }

    /// Forgets it. What it leaves behind is durable with the same commit, or nothing of it is.
    pub(super) fn forget(
        &mut self,
        txn: &WriteTransaction,
        piece: &Piece,
    ) -> Result<(), redb::Error> {
        let up_to = piece.anchor.proof.head.0;
        let mut log = txn.open_table(LOG)?;
        for first in &piece.stretches {
            log.remove(first)?;
        }
        postings::cut_feeds(&piece.feeds, up_to, &mut txn.open_table(FEEDS)?)?;
        postings::cut_talks(&piece.talks, up_to, &mut txn.open_table(TALKS)?)?;
        put_gone(txn, &piece.gone)?;
        let mut roll = txn.open_table(ROLL)?;
        for (user, name) in &piece.claims {
            roll.insert(user.0.0, name.as_bytes())?;
        }
        for user in &piece.releases {
            roll.remove(user.0.0)?;
        }
        let mut meta = txn.open_table(META)?;
        meta.insert(ANCHOR_KEY, piece.anchor.bytes().as_slice())?;
        self.bytes = self.bytes.saturating_sub(piece.bytes);
        (self.anchor, self.trimming) = (piece.anchor, piece.more);
        Ok(())
    }
}

/// The records of a stretch, and where the log would begin behind it.
fn read(mut anchor: Anchor, stretch: &[u8]) -> Result<(Vec<Record>, Anchor), Failure> {
    let (mut records, mut scratch) = (Vec::new(), Vec::new());
    for entry in entries(stretch) {
        let entry = entry?;
        let record = entry.record(&mut scratch)?;
        let proof = anchor.proof.next(entry.head, &entry.body_hash());
        anchor = anchor.next(proof, record.stamp);
        records.push(record);
    }
    Ok((records, anchor))
}

impl Piece {
    /// Whether anything goes.
    pub(super) fn forgets(&self) -> bool {
        !self.stretches.is_empty()
    }

    fn take(&mut self, record: &Record, overhead: u64) {
        match &record.what {
            What::Message(message) => self.take_message(message, overhead),
            What::Claim { name, .. } => self.claims.push((UserId(record.seq), *name)),
            What::Release { user, .. } => self.releases.push(*user),
            What::Start { .. } => {}
        }
    }

    fn take_message(&mut self, message: &Message, overhead: u64) {
        self.bytes += message.counted() as u64 + overhead;
        self.gone.take(message);
        self.feeds.insert(feed_of(message.to));
        self.talks.insert(talk_of(message.conversation()));
    }
}
