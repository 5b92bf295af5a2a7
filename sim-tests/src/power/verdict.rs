//! What must be there when a life begins.

use super::author::{NONE, ride};
use super::{Run, planted};
use std::collections::BTreeMap;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::record::{Record, Stream, What};
use verbatim_core::router::Saved;
use verbatim_core::saved::{Beside, body_of, record_bytes};
use verbatim_core::space::Space;
use verbatim_net::engine::Engine;
use verbatim_net::engine::disk::Disk;

impl Run {
    /// What was committed is there; of what was under way, everything or nothing.
    pub(super) fn look(&mut self, saved: &Saved) -> Result<(), String> {
        let head = saved.space.head().0 as usize;
        let pending = self.pending.take().unwrap_or_default();
        let with = self.committed + pending.records.len();
        let mut beside = self.beside.clone();
        ride(&mut beside, &pending);
        let there = map(&saved.beside);
        if head != self.committed && head != with {
            return Err(format!(
                "{} records were committed and {} under way, and {head} are there",
                self.committed,
                pending.records.len()
            ));
        }
        // Without records in it only what rides beside tells whether the batch is there.
        let whole = head == with && there == beside;
        if !whole && (head != self.committed || there != self.beside) {
            return Err("what rides beside the log is of another commit than its records".into());
        }
        if whole {
            self.beside = beside;
            self.tally.durable_unsaid += u64::from(with > self.committed);
            self.records.extend(pending.records);
        } else {
            self.tally.gone_unsaid += u64::from(with > self.committed);
        }
        self.committed = head;
        self.compare_space(&saved.space)
    }

    fn compare_space(&mut self, space: &Space) -> Result<(), String> {
        let mut fold = Space::default();
        self.records.iter().for_each(|record| fold.apply(record));
        match fold.save() == space.save() {
            true => Ok(()),
            false => Err(format!(
                "the space at {} is not the fold of its records",
                space.head()
            )),
        }
    }

    /// Every feed reads as it was written, in pages of any size.
    pub(super) fn read_all(&mut self, engine: &Disk) -> Result<(), String> {
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

    fn read_feed(&mut self, engine: &Disk, user: UserId) -> Result<(), String> {
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
                .map_err(|failure| failure.to_string())?;
            planted::on_page(self.bug, &mut page);
            let gone = match after < self.removed {
                true => self.gone_for(user, after),
                false => Vec::new(),
            };
            if page.removed != gone {
                return Err(format!(
                    "after {after} are gone {gone:?}, and {:?} is told",
                    page.removed
                ));
            }
            for message in &page.messages {
                let record = expected.next().ok_or("a page holds more than there is")?;
                let found = Record {
                    seq: message.seq,
                    stamp: record.stamp,
                    what: What::Message(message.clone()),
                };
                if bytes_of(record) != bytes_of(&found) || message.id == NONE {
                    return Err(format!(
                        "record {} is read as another one than was written",
                        record.seq
                    ));
                }
            }
            if page.up_to <= after {
                return Err("a page that comes no further".into());
            }
            after = page.up_to;
        }
        match expected.next() {
            None => Ok(()),
            Some(record) => Err(format!("the pages left record {} out", record.seq)),
        }
    }
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
