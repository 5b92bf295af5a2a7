//! The server's restart on the stage, at the level `disk`: what is kept goes through its bytes and comes back.

use super::{Stage, Wall};
use std::mem;
use verbatim_core::classic::AckVerb;
use verbatim_core::id::Epoch;
use verbatim_core::limits::Limits;
use verbatim_core::now::{Mono, Now};
use verbatim_core::record::{Record, What};
use verbatim_core::router::{Router, Saved};
use verbatim_core::saved::{Beside, Text, body_of, record_bytes, record_from};
use verbatim_core::space::Space;
use verbatim_core::wire::Durability;

impl Stage {
    /// A server whose log outlives it.
    pub fn on_disk(limits: Limits) -> Stage {
        Stage::begin(limits, AckVerb::Auto, Durability::Disk)
    }

    /// The server's process ends without a word, and another one begins over what was committed and what rode beside it,
    /// `away` later by the wall clock. The space is a checkpoint of all but the last `behind` records, and those behind it.
    pub fn restart(&mut self, behind: usize, away: std::time::Duration) {
        self.records.retain(|record| record.seq <= self.committed);
        self.log.retain(|message| message.seq <= self.committed);
        let space = self.saved_space(behind);
        let beside = self.beside.values().map(through_bytes).collect();
        let wall = Wall(self.now.wall.0 + away.as_millis() as u64);
        self.now = Now {
            mono: Mono::ZERO,
            wall,
        };
        self.wall_at_start = wall.0;
        self.config.epoch = Epoch(self.config.epoch.0 + 1);
        self.appended = self.committed;
        self.wires.clear();
        self.pages.clear();
        self.questions.clear();
        self.outputs.clear();
        let saved = Saved { space, beside };
        let mut outputs = mem::take(&mut self.outputs);
        self.router = Router::restore(self.config.clone(), saved, self.now, &mut outputs);
        self.outputs = outputs;
        self.settle();
    }

    /// The log.
    pub fn records_kept(&self) -> &[Record] {
        &self.records
    }

    /// The fold of the log by way of a checkpoint, every part of it by way of its bytes.
    pub fn saved_space(&self, behind: usize) -> Space {
        let (early, late) = self.records.split_at(self.records.len() - behind);
        let mut space = Space::default();
        early.iter().for_each(|record| space.apply(record));
        let saved = space.save();
        let mut space = Space::load(&saved).expect("it was just saved");
        assert_eq!(space.save(), saved, "a checkpoint holds all of a space");
        for record in late {
            let mut head = Vec::new();
            record_bytes(record, &mut head);
            let again = record_from(&head, Text::There(body_of(record)), &mut Vec::new());
            let again = again.expect("it was just written");
            assert_same(record, &again);
            assert!(space.takes(&again), "the next record fits: {again:?}");
            space.apply(&again);
        }
        space
    }
}

fn assert_same(one: &Record, other: &Record) {
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    if let (What::Message(one), What::Message(other)) = (&one.what, &other.what) {
        assert_eq!(one.frame(), other.frame());
    }
}

fn through_bytes(beside: &Beside) -> Beside {
    let mut bytes = Vec::new();
    beside.encode(&mut bytes);
    match beside {
        Beside::Closed(_) => *beside,
        _ => {
            let again = Beside::decode(&bytes).expect("it was just written");
            assert_eq!(again, *beside);
            again
        }
    }
}
