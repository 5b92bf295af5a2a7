//! Bugs planted on purpose, to see whether the checker finds them: each stands between a core and its driver and passes
//! everything on but what it spoils.
//!
//! A [`Bug`] sees what goes in and out at the router's door, at the engine's, at the client's, and on the links. The
//! checker looks on from outside: it judges what came and went on the wire, and the records as the engine gets them, so
//! no bug can hide itself. These bugs are planted in the world of events alone. Those of a disk engine and of a client's
//! store are planted where the power is cut at every operation (`crate::power`). Nothing of them is in what ships.
//!
//! A file for each idea; `table` names them all, `of_disks` those of the power.

mod bounded;
mod classic;
mod clients;
mod disks;
mod duplicates;
mod fencing;
mod frames;
mod history;
mod identity;
mod liveness;
mod loss;
mod of_disks;
mod onward;
mod order;
mod receipts;
mod rewrite;
mod roll;
mod table;
mod time;
mod transport;
mod windows;
mod wrapper;

pub use of_disks::ON_DISKS;
pub(crate) use onward::{Fact, Onward};
pub(crate) use roll::Roll;
pub use table::{BugId, PLANTED, Plant, Planting};
pub(crate) use wrapper::Wrapper;

use crate::history::Who;
use crate::power::Lie;
use verbatim_core::client::{self, Client};
use verbatim_core::id::{ConnId, Seq};
use verbatim_core::now::{Mono, Now};
use verbatim_core::record::{Record, Stream};
use verbatim_core::router::{Output, Page, Question, Saved};
use verbatim_core::saved::Beside;
use verbatim_core::wire::ClientFrame;
use verbatim_net::engine::{Engine, Failure};

/// A segment on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    /// Of which connection, counted over the run.
    pub(crate) number: u64,
    /// To the server, or from it.
    pub(crate) to_server: bool,
    /// A client that ships is at its other end.
    pub(crate) session: bool,
    /// What is in it.
    pub(crate) bytes: &'a [u8],
}

/// Something that is wrong. What it does not spoil it leaves as it is.
pub(crate) trait Bug {
    /// Whether it wants what session users say frame by frame; otherwise as the bytes come.
    fn reads_frames(&self) -> bool {
        false
    }

    /// The time that the router is told.
    fn now(&mut self, now: Now) -> Now {
        now
    }

    /// When the driver is to call the router that named that time.
    fn due(&self, due: Mono) -> Mono {
        due
    }

    /// Bytes come to the router.
    fn on_bytes(&mut self, _conn: ConnId, bytes: &[u8], on: &mut Onward) {
        on.bytes.extend_from_slice(bytes);
    }

    /// A session user's frame comes to the router.
    fn on_frame(&mut self, _roll: &Roll, _conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        on.say(frame);
    }

    /// Nothing more is in this read.
    fn on_read_end(&mut self, _conn: ConnId, _on: &mut Onward) {}

    /// The router commands something.
    fn on_output(&mut self, _roll: &Roll, output: Output, on: &mut Onward) {
        on.outputs.push(output);
    }

    /// The engine gets a record.
    fn on_append(&mut self, record: Record, on: &mut Vec<Record>) {
        on.push(record);
    }

    /// The engine has read a page.
    fn on_page(&mut self, _roll: &Roll, page: Page) -> Page {
        page
    }

    /// The engine is to read what was said earlier.
    fn on_question(&mut self, question: Question) -> Question {
        question
    }

    /// The engine may forget a stream up to there.
    fn on_forget(&mut self, _stream: Stream, up_to: Seq) -> Option<Seq> {
        Some(up_to)
    }

    /// What the server's disk does not do, though it says so.
    fn lie(&self) -> Option<Lie> {
        None
    }

    /// A server has loaded its log.
    fn on_load(&mut self, _saved: &mut Saved) {}

    /// The engine gets what rides beside the log.
    fn on_save(&mut self, beside: Beside) -> Option<Beside> {
        Some(beside)
    }

    /// The engine is told to commit.
    fn on_commit(&mut self, engine: &mut dyn Engine) -> Result<Seq, Failure> {
        engine.commit()
    }

    /// A segment that is not an end goes on its way.
    fn on_segment(&mut self, segment: Segment<'_>, on: &mut Vec<Vec<u8>>) {
        on.push(segment.bytes.to_vec());
    }

    /// Somebody's client is told something.
    fn on_client(
        &mut self,
        _who: Who,
        client: &mut Client,
        now: Now,
        input: client::Input<'_>,
        out: &mut Vec<client::Output>,
    ) {
        client.handle(now, input, out);
    }
}
