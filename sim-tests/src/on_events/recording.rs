//! Tells the recorder of flights, if there is one, what is sent.

use super::OnEvents;
use super::pipe::Owner;
use super::queue::{Micros, PipeId, Way};
use crate::flights::{Load, Start, Whence};
use crate::ground::Passage;
use std::time::Duration;

impl OnEvents {
    /// Bytes are sent; none at all are the end.
    pub(super) fn record(&self, id: PipeId, way: Way, bytes: &[u8], start: Start) {
        if let Some(recorder) = &self.recorder {
            recorder.segment(self.whence(id, way), bytes, start);
        }
    }

    /// Something without bytes is sent.
    pub(super) fn record_signal(&self, id: PipeId, way: Way, load: Load) {
        let Some(recorder) = &self.recorder else {
            return;
        };
        let link = &self.links[self.pipes[id].host];
        let start = match link.passage {
            // Of these, only a request for a connection is made again.
            Passage::Held if load == Load::Knock => Start::Held,
            _ if self.passes(self.pipes[id].host, way) => {
                Start::Flies(Duration::from_micros(self.now + link.latency))
            }
            _ => Start::Lost,
        };
        recorder.signal(self.whence(id, way), load, start);
    }

    /// What was held goes on its way, and arrives then; without a time, nobody waits for it any more.
    pub(super) fn record_release(&self, id: PipeId, way: Way, knocks: bool, at: Option<Micros>) {
        if let Some(recorder) = &self.recorder {
            let at = at.map(Duration::from_micros);
            recorder.release(self.whence(id, way), knocks, at);
        }
    }

    fn whence(&self, id: PipeId, way: Way) -> Whence {
        let pipe = &self.pipes[id];
        Whence {
            who: pipe.owner.who(),
            usurps: matches!(pipe.owner, Owner::Usurper(_)),
            lane: (pipe.number, way == Way::Up),
            now: Duration::from_micros(self.now),
        }
    }
}
