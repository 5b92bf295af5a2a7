//! Texts that the operator takes out of the log between two batches: a text that was removed stays removed, whatever befalls
//! the disk, and is nowhere in the file; everything else stays, and the chain holds.

use super::{DURABLE, LOG_RULES, Run, broken, planted};
use crate::checker::Violation;
use crate::power::End;
use verbatim_core::id::Seq;
use verbatim_core::record::{Message, Record, What};
use verbatim_core::saved::{body_of, record_bytes};
use verbatim_net::engine::disk::{Disk, Found, NotRemoved, Removal, body_hash, check};
use verbatim_net::engine::{Engine, Failure, Fault};

impl Run {
    /// Takes a text out, now and then; whether life goes on.
    pub(super) fn remove_text(&mut self, engine: &mut Disk, end: End) -> Result<bool, Violation> {
        if self.committed == 0 || !self.operator.chance(250) {
            return Ok(true);
        }
        let seq = Seq(1 + self.operator.below(self.committed as u64));
        let wanted = self.wanted(engine, seq);
        let asked = (&self.records[seq.0 as usize - 1], wanted.is_ok());
        match (planted::remove_text(self.bug, engine, asked), wanted) {
            (Err(NotRemoved::Failed(failure)), Ok(_)) => {
                self.removing = Some(seq);
                self.expected(end, &failure)
            }
            // The journal is folded in before anything is looked at, and what is left of a text is looked for after it.
            (Err(NotRemoved::Failed(failure)), Err(_)) => self.expected(end, &failure),
            (Ok(removal), Ok(hash)) if (removal.seq, removal.hash) == (seq, hash) => {
                self.emptied.insert(seq);
                self.tally.emptied += 1;
                self.is_nowhere(seq)?;
                Ok(true)
            }
            (Err(NotRemoved::Already(_)), Err(NotRemoved::Already(_))) => {
                self.is_nowhere(seq)?;
                Ok(true)
            }
            // Without room nothing is tried, and nothing changes.
            (Err(NotRemoved::Unreadable(failure)), _)
                if end == End::NoRoom && failure.fault == Fault::Full =>
            {
                Ok(true)
            }
            (Err(told), Err(why)) if told == why => Ok(true),
            (told, _) => {
                let what = format!("a removal of the text of record {seq} says {told:?}");
                Err(broken(LOG_RULES, what))
            }
        }
    }

    /// What a removal has to say.
    fn wanted(&self, engine: &Disk, seq: Seq) -> Result<[u8; 32], NotRemoved> {
        let record = &self.records[seq.0 as usize - 1];
        match &record.what {
            _ if seq <= engine.removed() => Err(NotRemoved::Forgotten(engine.removed())),
            What::Message(_) if self.emptied.contains(&seq) => Err(NotRemoved::Already(0)),
            What::Message(message) => Ok(body_hash(message.body().as_bytes())),
            _ => Err(NotRemoved::NoMessage),
        }
    }

    /// The record with its text is in no page, used or given up, as a whole.
    fn is_nowhere(&self, seq: Seq) -> Result<(), Violation> {
        let record = &self.records[seq.0 as usize - 1];
        let (mut head, body) = (Vec::new(), body_of(record));
        record_bytes(record, &mut head);
        let lengths = [head.len() as u32, body.len() as u32];
        let lengths = lengths.into_iter().flat_map(u32::to_le_bytes);
        let whole: Vec<u8> = lengths.chain(head).chain(body.iter().copied()).collect();
        let files = self.plate.copy();
        let find = |file| memchr::memmem::find(file, &whole);
        match find(&files.store)
            .or_else(|| find(&files.journal))
            .filter(|_| !body.is_empty())
        {
            None => Ok(()),
            Some(at) => {
                let what = format!("the text of record {seq} was removed, and stands at {at}");
                Err(broken(LOG_RULES, what))
            }
        }
    }

    /// After a removal of which nothing was said the log itself says whether its text is there; and now and then it is looked
    /// at whole: each record that is left has the hash that it was written with, and the text or not.
    pub(super) fn look_at_texts(&mut self) -> Result<(), Violation> {
        let removing = self.removing.take();
        if removing.is_none() && !self.operator.chance(60) {
            return Ok(());
        }
        let (records, emptied) = (&self.records, &self.emptied);
        let mut gone = None;
        let checked = check(&mut self.plate.clone_of_now(), &mut |found| {
            let Found::Record(record, _, hash) = found else {
                return Ok(());
            };
            // What was under way when the power went is looked at when it is known whether it is there.
            let Some(written) = records.get(record.seq.0 as usize - 1) else {
                return Ok(());
            };
            let bare = is_bare(record);
            let unsaid = removing == Some(record.seq);
            if unsaid && bare {
                gone = Some(record.seq);
            }
            let as_it_should = unsaid || bare == emptied.contains(&record.seq);
            match as_it_should && *hash == body_hash(body_of(written)) {
                true => Ok(()),
                false => Err(Failure::new(
                    Fault::Io,
                    format!("record {} has another text, or none", record.seq),
                )),
            }
        });
        checked.map_err(|why| broken(DURABLE, why.to_string()))?;
        self.emptied.extend(gone);
        Ok(())
    }

    /// A record as it is to be read.
    pub(super) fn as_it_is(&self, record: &Record) -> Record {
        let mut record = record.clone();
        if let What::Message(message) = &mut record.what
            && self.emptied.contains(&record.seq)
        {
            *message = bare(message);
        }
        record
    }
}

fn bare(message: &Message) -> Message {
    let bytes = message.body().len();
    message.clone().without_text(bytes)
}

fn is_bare(record: &Record) -> bool {
    matches!(&record.what, What::Message(message) if message.delivery().removed)
}

/// What an engine says that removed nothing.
pub(super) fn as_if_removed(record: &Record) -> Option<Removal> {
    let What::Message(message) = &record.what else {
        return None;
    };
    let delivery = message.delivery();
    Some(Removal {
        seq: record.seq,
        from: delivery.from,
        to: delivery.to,
        time: delivery.time,
        bytes: delivery.body.len(),
        hash: body_hash(delivery.body.as_bytes()),
        copies: 0,
    })
}
