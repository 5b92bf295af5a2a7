//! What must be there when a life begins.

use super::author::{NONE, ride};
use super::{DURABLE, LOG_RULES, NO_LOSS, ONE_ORDER, Run, broken, planted};
use crate::checker::Violation;
use std::collections::BTreeMap;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::record::{Record, Stream, What};
use verbatim_core::saved::{Beside, body_of, record_bytes};
use verbatim_core::space::Space;
use verbatim_net::engine::disk::Disk;
use verbatim_net::engine::{Engine, Loaded};

impl Run {
    /// What was committed is there; of what was under way, everything or nothing.
    pub(super) fn look(&mut self, loaded: &Loaded) -> Result<(), Violation> {
        let saved = &loaded.saved;
        let head = saved.space.head().0 as usize;
        let pending = self.pending.take().unwrap_or_default();
        let with = self.committed + pending.records.len();
        let mut beside = self.beside.clone();
        ride(&mut beside, &pending);
        let there = map(&saved.beside);
        if head != self.committed && head != with {
            let (committed, under_way) = (self.committed, pending.records.len());
            let what = format!(
                "{committed} records were committed and {under_way} under way, and {head} are there"
            );
            return Err(broken(DURABLE, what));
        }
        // Without records in it only what rides beside tells whether the batch is there.
        let whole = head == with && there == beside;
        if !whole && (head != self.committed || there != self.beside) {
            let what = "what rides beside the log is of another commit than its records";
            return Err(broken(LOG_RULES, what));
        }
        if whole {
            self.beside = beside;
            self.tally.durable_unsaid += u64::from(with > self.committed);
            self.records.extend(pending.records);
        } else {
            self.tally.gone_unsaid += u64::from(with > self.committed);
        }
        self.committed = head;
        self.tally.tails += u64::from(loaded.replayed > 0 && loaded.replayed < head as u64);
        self.compare_space(&saved.space)
    }

    fn compare_space(&mut self, space: &Space) -> Result<(), Violation> {
        let mut fold = Space::default();
        self.records.iter().for_each(|record| fold.apply(record));
        match fold.save() == space.save() {
            true => Ok(()),
            false => {
                let what = format!(
                    "the space at {} is not the fold of its records",
                    space.head()
                );
                Err(broken(DURABLE, what))
            }
        }
    }

    /// Every feed reads as it was written, in pages of any size.
    pub(super) fn read_all(&mut self, engine: &Disk) -> Result<(), Violation> {
        let users: Vec<UserId> = self
            .records
            .iter()
            .filter(|record| matches!(record.what, What::Claim { .. }))
            .map(|record| UserId(record.seq))
            .collect();
        for _ in 0..users.len().min(3) {
            let user = self.dice.pick(&users);
            self.read_feed(engine, user)?;
        }
        Ok(())
    }

    fn read_feed(&mut self, engine: &Disk, user: UserId) -> Result<(), Violation> {
        let mut after = Seq(self.dice.below(self.records.len() as u64 + 1));
        let belongs = |record: &&Record| match &record.what {
            What::Message(message) => message.to == Stream::All || message.to == Stream::User(user),
            _ => false,
        };
        let from = after.max(self.removed).0 as usize;
        let mut expected = self.records[from..].iter().filter(belongs);
        let end = Seq(self.records.len() as u64);
        while after < end {
            let (messages, bytes) = (self.dice.between(1, 9), self.dice.below(5_000));
            let mut page = engine
                .read(user, after, messages as usize, bytes as usize)
                .map_err(|failure| broken(DURABLE, failure.to_string()))?;
            planted::on_page(self.bug, &mut page);
            self.look_at_gone(&page)?;
            let more = || broken(ONE_ORDER, "a page holds more than there is");
            for message in &page.messages {
                let record = expected.next().ok_or_else(more)?;
                let found = Record {
                    seq: message.seq,
                    stamp: record.stamp,
                    what: What::Message(message.clone()),
                };
                if !is_same(&self.as_it_is(record), &found) || message.id == NONE {
                    let what = format!("record {} is read as another one", record.seq);
                    return Err(broken(DURABLE, what));
                }
            }
            if page.up_to <= after {
                return Err(broken(NO_LOSS, "a page that comes no further"));
            }
            after = page.up_to;
        }
        match expected.next() {
            None => Ok(()),
            Some(record) => {
                let what = format!("the pages left record {} out", record.seq);
                Err(broken(NO_LOSS, what))
            }
        }
    }
}

/// Whether two records say the same; a removed text is none of no bytes.
fn is_same(one: &Record, other: &Record) -> bool {
    let frame = |record: &Record| match &record.what {
        What::Message(message) => Some((message.frame().to_vec(), message.counted())),
        _ => None,
    };
    bytes_of(one) == bytes_of(other) && frame(one) == frame(other)
}

pub(super) fn bytes_of(record: &Record) -> Vec<u8> {
    let mut bytes = Vec::new();
    record_bytes(record, &mut bytes);
    bytes.extend_from_slice(body_of(record));
    bytes
}

fn map(beside: &[Beside]) -> BTreeMap<(u8, u64), Beside> {
    beside.iter().map(|one| (one.key(), *one)).collect()
}
