//! Stands round the doors and hands what passes to the bug. What the bug adds to a connection, or takes from it, does
//! not show in what the router is told to be written: it is the bug that is to be found, not the counting of bytes.

use super::frames::{Frames, Heard};
use super::{Bug, BugId, Fact, Onward, Roll, Segment};
use crate::history::Who;
use crate::server_disk::ServerDisk;
use std::collections::BTreeMap;
use verbatim_core::client::{self, Client};
use verbatim_core::id::{ConnId, Seq, UserId};
use verbatim_core::now::{Mono, Now};
use verbatim_core::record::{Record, Stream};
use verbatim_core::router::{Input, Output, Past, Question, Router, Saved};
use verbatim_core::saved::Beside;
use verbatim_net::engine::{Engine, Failure};

/// More than this at once is a bug that feeds itself.
const FACTS_MAX: usize = 10_000;

/// The engine's room before its first commit told any.
const ROOM: u64 = 64 * 1024 * 1024;

/// See the module's words.
pub(crate) struct Wrapper {
    bug: Box<dyn Bug>,
    id: BugId,
    frames: Frames,
    roll: Roll,
    /// Bytes handed to each connection that the router does not know of; negative: the other way.
    debts: BTreeMap<ConnId, i64>,
    room: u64,
}

impl Wrapper {
    pub(crate) fn new(id: BugId) -> Wrapper {
        Wrapper {
            bug: id.plant().expect("only bugs of plans are planted here"),
            id,
            frames: Frames::default(),
            roll: Roll::default(),
            debts: BTreeMap::new(),
            room: ROOM,
        }
    }

    /// The server starts anew, and the bug with it.
    pub(crate) fn restart(&mut self) {
        *self = Wrapper::new(self.id);
    }

    /// The router's door.
    pub(crate) fn handle(
        &mut self,
        router: &mut Router,
        now: Now,
        input: &Input<'_>,
        out: &mut Vec<Output>,
    ) {
        let now = self.bug.now(now);
        let (mut on, mut raw) = (Onward::default(), Vec::new());
        self.roll.on_input(input);
        match input {
            Input::Received { conn, bytes } => {
                self.hear(*conn, bytes, &mut on);
                let bytes = &std::mem::take(&mut on.bytes);
                if !bytes.is_empty() {
                    let conn = *conn;
                    router.handle(now, Input::Received { conn, bytes }, &mut raw);
                }
            }
            Input::Written { conn, bytes } => {
                let (conn, bytes) = (*conn, self.repay(*conn, *bytes));
                router.handle(now, Input::Written { conn, bytes }, &mut raw);
            }
            input => {
                match input {
                    Input::Opened { conn, .. } => {
                        self.frames.forget(*conn);
                        self.debts.remove(conn);
                    }
                    Input::Committed { room, .. } => self.room = *room,
                    _ => {}
                }
                router.handle(now, input.clone(), &mut raw);
            }
        }
        self.pass_on(router, now, (on, raw), out);
    }

    fn hear(&mut self, conn: ConnId, bytes: &[u8], on: &mut Onward) {
        let Wrapper {
            bug, frames, roll, ..
        } = self;
        if !bug.reads_frames() {
            return bug.on_bytes(conn, bytes, on);
        }
        frames.hear(conn, bytes, |heard| match heard {
            Heard::Raw(bytes) => bug.on_bytes(conn, bytes, on),
            Heard::Frame(frame) => {
                roll.on_frame(conn, &frame);
                bug.on_frame(roll, conn, &frame, on);
            }
        });
        bug.on_read_end(conn, on);
    }

    fn pass_on(
        &mut self,
        router: &mut Router,
        now: Now,
        (mut on, mut raw): (Onward, Vec<Output>),
        out: &mut Vec<Output>,
    ) {
        for _ in 0..FACTS_MAX {
            for output in raw.drain(..) {
                self.owe(&output, -1);
                self.roll.on_output(&output);
                self.bug.on_output(&self.roll, output, &mut on);
            }
            let fact = on.facts.pop_front().or_else(|| {
                on.outputs.iter().for_each(|output| self.owe(output, 1));
                out.append(&mut on.outputs);
                self.excess()
            });
            let Some(fact) = fact else { return };
            let room = self.room;
            let input = match &fact {
                Fact::Came(conn, bytes) => Input::Received { conn: *conn, bytes },
                Fact::Committed(seq) => Input::Committed { seq: *seq, room },
                Fact::Wrote(conn, bytes) => Input::Written {
                    conn: *conn,
                    bytes: *bytes,
                },
            };
            router.handle(now, input, &mut raw);
        }
        panic!("the planted bug {:?} feeds itself", self.id);
    }

    fn owe(&mut self, output: &Output, sign: i64) {
        if let Output::Send { conn, frame } = output {
            let mut bytes = Vec::new();
            frame.encode(&mut bytes);
            let length = i64::try_from(bytes.len()).expect("frames are short");
            *self.debts.entry(*conn).or_default() += sign * length;
        }
    }

    /// Of the bytes that were written, those that the router handed out.
    fn repay(&mut self, conn: ConnId, bytes: usize) -> usize {
        let Some(debt) = self.debts.get_mut(&conn).filter(|debt| **debt > 0) else {
            return bytes;
        };
        let repaid = bytes.min(usize::try_from(*debt).unwrap_or(usize::MAX));
        *debt -= i64::try_from(repaid).expect("debts are small");
        bytes - repaid
    }

    /// Bytes that the router handed out and that go nowhere: they count as written.
    fn excess(&mut self) -> Option<Fact> {
        let (conn, debt) = self.debts.iter_mut().find(|(_, debt)| **debt < 0)?;
        let bytes = std::mem::take(debt).unsigned_abs();
        Some(Fact::Wrote(
            *conn,
            usize::try_from(bytes).unwrap_or(usize::MAX),
        ))
    }

    /// When the router is to be called that named that time.
    pub(crate) fn due(&self, due: Mono) -> Mono {
        self.bug.due(due)
    }

    /// The engine's door.
    pub(crate) fn append(&mut self, engine: &mut dyn Engine, record: Record) {
        let mut on = Vec::new();
        self.bug.on_append(record, &mut on);
        on.into_iter().for_each(|record| engine.append(record));
    }

    /// The same, for what it reads.
    pub(crate) fn read(
        &mut self,
        engine: &dyn Engine,
        (user, after): (UserId, Seq),
        (messages_max, bytes_max): (usize, usize),
    ) -> verbatim_core::router::Page {
        let page = engine
            .read(user, after, messages_max, bytes_max)
            .expect("the log can be read");
        self.bug.on_page(&self.roll, page)
    }

    /// The same, for what it reads of a conversation.
    pub(crate) fn recall(&mut self, engine: &dyn Engine, question: Question) -> Past {
        let asked = self.bug.on_question(question);
        engine.recall(&asked).expect("the log can be read")
    }

    /// The same, for what it forgets.
    pub(crate) fn forget(&mut self, engine: &mut dyn Engine, stream: Stream, up_to: Seq) {
        if let Some(up_to) = self.bug.on_forget(stream, up_to) {
            engine.forget(stream, up_to);
        }
    }

    /// The same, for what rides beside the log.
    pub(crate) fn save(&mut self, engine: &mut dyn Engine, beside: Beside) {
        if let Some(beside) = self.bug.on_save(beside) {
            engine.save(beside);
        }
    }

    /// The same, for its commits.
    pub(crate) fn commit(&mut self, engine: &mut dyn Engine) -> Result<Seq, Failure> {
        self.bug.on_commit(engine)
    }

    /// The same, for what it has loaded.
    pub(crate) fn load(&mut self, saved: &mut Saved) {
        self.roll.on_load(&saved.space);
        self.bug.on_load(saved);
    }

    /// The disk's door.
    pub(crate) fn disk(&self, disk: &ServerDisk) {
        if let Some(lie) = self.bug.lie() {
            disk.lie(lie);
        }
    }

    /// A link's door.
    pub(crate) fn segment(&mut self, segment: Segment<'_>) -> Vec<Vec<u8>> {
        let mut on = Vec::new();
        self.bug.on_segment(segment, &mut on);
        on.retain(|bytes| !bytes.is_empty());
        on
    }

    /// The client's door.
    pub(crate) fn client(
        &mut self,
        who: Who,
        client: &mut Client,
        (now, input): (Now, client::Input<'_>),
        out: &mut Vec<client::Output>,
    ) {
        self.bug.on_client(who, client, now, input, out);
    }
}
