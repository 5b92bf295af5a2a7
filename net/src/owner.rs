//! The router's one owner: it carries out what the router says. It runs on one thread, beside the connection tasks,
//! which call it directly; nothing here waits.

mod closings;
mod trouble;

use crate::engine::disk::{Proof, View};
use crate::engine::{Failure, Identity};
use crate::log::{Ask, Done, Log, Removed};
use crate::tap::Tap;
use closings::Closings;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::Waker;
use tokio::sync::Notify;
use tokio::time::Instant;
use verbatim_core::id::{ConnId, Epoch, Seq};
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::router::{Config, Input, Output, Router, Status};
use verbatim_core::saved::Beside;

/// Buffers kept for reuse between connections.
const SPARE_BUFFERS_MAX: usize = 64;
/// A larger buffer than this is not kept.
const SPARE_BYTES_MAX: usize = 64 * 1024;
/// The shared read buffer.
const READ_BYTES: usize = 64 * 1024;

/// One connection as its task and the owner share it.
#[derive(Default)]
pub(crate) struct Slot {
    /// What is to be written.
    pub(crate) outgoing: Vec<u8>,
    /// Wakes the connection's task.
    pub(crate) waker: Option<Waker>,
    /// Something was handed out for it, ever.
    pub(crate) said: bool,
    pub(crate) paused: bool,
    pub(crate) closing: bool,
}

impl Slot {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// What a router is begun with anew: its start's number, and a seed.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// The start's number.
    pub epoch: Epoch,
    /// Seeds jitter.
    pub seed: u64,
}

/// The router, its engine, and the buffers between it and the connections.
pub(crate) struct Owner {
    router: Router,
    log: Log,
    config: Config,
    lives: Box<dyn FnMut() -> Life>,
    /// The log cannot be used any more.
    failure: Option<Failure>,
    /// Told when it cannot, and when room begins to be short.
    trouble: Rc<Notify>,
    /// A commit failed for lack of room: everybody was sent away, and the log is loaded again by and by.
    waits_for_room: bool,
    /// There is so little room that it is looked at again without anybody writing.
    short: bool,
    /// Where the log's chain ends, if it has one.
    proof: Option<Proof>,
    /// Up to where its beginning is forgotten.
    removed: Seq,
    slots: Vec<Option<Slot>>,
    free: Vec<ConnId>,
    outputs: Vec<Output>,
    appended: bool,
    started: Instant,
    wall: fn() -> Wall,
    tap: Option<Box<dyn Tap>>,
    /// The time for which the timer task sleeps.
    armed: Option<Mono>,
    sooner: Rc<Notify>,
    spare: Vec<Vec<u8>>,
    read_buffer: Vec<u8>,
    addresses: Vec<Option<SocketAddr>>,
    closings: Closings,
}

impl Owner {
    /// An owner of a router over that log. `lives` draws what is new at each start of the router.
    ///
    /// # Errors
    /// The log cannot be loaded.
    pub(crate) fn new(
        config: Config,
        mut log: Log,
        lives: Box<dyn FnMut() -> Life>,
        wall: fn() -> Wall,
        tap: Option<Box<dyn Tap>>,
    ) -> Result<Owner, Failure> {
        let now = Now {
            mono: Mono::ZERO,
            wall: wall(),
        };
        let (mut config, mut outputs) = (config, Vec::new());
        let router = begin(&mut config, &mut log, now, &mut outputs)?;
        let mut owner = Owner {
            router,
            log,
            config,
            lives,
            failure: None,
            trouble: Rc::new(Notify::new()),
            waits_for_room: false,
            short: false,
            proof: None,
            removed: Seq(0),
            slots: Vec::new(),
            free: Vec::new(),
            outputs: Vec::new(),
            appended: false,
            started: Instant::now(),
            wall,
            tap,
            armed: None,
            sooner: Rc::new(Notify::new()),
            spare: Vec::new(),
            read_buffer: vec![0; READ_BYTES],
            addresses: Vec::new(),
            closings: Closings::default(),
        };
        owner.show_beginning(now, &outputs);
        owner.carry_out(&mut outputs);
        owner.settle(now);
        Ok(owner)
    }

    /// What a router does first, before it was told anything.
    fn show_beginning(&mut self, now: Now, outputs: &[Output]) {
        if let Some(tap) = &mut self.tap {
            tap.router(now, &Input::Timeout, outputs);
        }
    }

    fn now(&self) -> Now {
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        Now {
            mono: Mono::from_micros(micros),
            wall: (self.wall)(),
        }
    }

    /// Tells the router one thing and does all that follows from it.
    pub(crate) fn handle(&mut self, input: Input<'_>) {
        if self.waits_for_room {
            return; // there is nobody to tell it to
        }
        let now = self.now();
        self.step(now, input);
        self.settle(now);
        self.arm();
    }

    fn step(&mut self, now: Now, input: Input<'_>) {
        let mut outputs = std::mem::take(&mut self.outputs);
        match &mut self.tap {
            None => self.router.handle(now, input, &mut outputs),
            Some(tap) => {
                self.router.handle(now, input.clone(), &mut outputs);
                tap.router(now, &input, &outputs);
            }
        }
        self.carry_out(&mut outputs);
        self.outputs = outputs;
    }

    /// Commits, and hands on what the log has done, until neither side wants anything of the other.
    fn settle(&mut self, now: Now) {
        while self.failure.is_none() && !self.waits_for_room {
            if std::mem::take(&mut self.appended) {
                self.log.commit();
            }
            match self.log.poll() {
                None => return,
                Some(Done::Committed {
                    seq,
                    room,
                    proof,
                    removed: (removed, more),
                }) => {
                    (self.proof, self.removed) = (proof, removed);
                    self.appended |= more; // the next commit goes on with it
                    self.note_room(room);
                    self.step(now, Input::Committed { seq, room });
                }
                Some(Done::Page(page)) => self.step(now, Input::Page(page)),
                Some(Done::Past(question, past)) => self.step(now, Input::Past(question, past)),
                Some(Done::Failed(failure)) => self.on_failed(failure),
                Some(Done::Loaded(_)) => {} // loading waits for its own answer
            }
        }
    }

    /// The log has done something, on its own thread.
    pub(crate) fn on_log_news(&mut self) {
        let now = self.now();
        self.settle(now);
        self.arm();
    }

    /// Told when the log has done something on its own thread.
    pub(crate) fn news(&self) -> Option<std::sync::Arc<Notify>> {
        self.log.news()
    }

    fn carry_out(&mut self, outputs: &mut Vec<Output>) {
        for output in outputs.drain(..) {
            match output {
                Output::Send { conn, frame } => {
                    if let Some(slot) = slot(&mut self.slots, conn) {
                        if slot.outgoing.capacity() == 0 {
                            slot.outgoing = self.spare.pop().unwrap_or_default();
                        }
                        frame.encode(&mut slot.outgoing);
                        slot.said = true;
                        slot.wake();
                    }
                }
                Output::Pause(conn) => self.change(conn, |slot| slot.paused = true),
                Output::Resume(conn) => self.change(conn, |slot| slot.paused = false),
                Output::Close { conn, reason } => {
                    self.note_closing(conn, reason);
                    self.change(conn, |slot| slot.closing = true);
                }
                // There is no log to read.
                Output::Read { .. } | Output::Recall(_) if self.failure.is_some() => {}
                Output::Append(record) => {
                    self.appended = true;
                    self.log.append(record);
                }
                Output::Read {
                    user,
                    after,
                    messages_max,
                    bytes_max,
                } => {
                    self.log.read(Ask {
                        user,
                        after,
                        messages_max,
                        bytes_max,
                    });
                }
                Output::Recall(question) => self.log.recall(question),
                Output::Save(beside) => self.save(beside),
                Output::Forget { stream, up_to } => {
                    self.log.forget(stream, up_to);
                    self.appended = true; // the room that there is now is told with the next commit
                }
                Output::Trim { up_to, age } => self.trim(up_to, age),
            }
        }
    }

    fn save(&mut self, beside: Beside) {
        self.appended = true;
        self.log.save(beside);
    }

    fn trim(&mut self, up_to: Seq, age: u64) {
        self.appended = true;
        self.log.trim(up_to, age);
    }

    fn change(&mut self, conn: ConnId, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = slot(&mut self.slots, conn) {
            change(slot);
            slot.wake();
        }
    }

    /// Wakes the timer task if the router wants to be called sooner than it sleeps for.
    fn arm(&mut self) {
        let wanted = self.router.deadline();
        if wanted.is_some_and(|at| self.armed.is_none_or(|armed| at < armed)) {
            self.armed = wanted;
            self.sooner.notify_one();
        }
    }

    /// The moment to sleep for, and what cuts that sleep short.
    pub(crate) fn next_deadline(&mut self) -> (Option<Instant>, Rc<Notify>) {
        let router = (!self.waits_for_room).then_some(&self.router);
        self.armed = router.and_then(Router::deadline);
        let at = self
            .armed
            .map(|at| self.started + std::time::Duration::from_micros(at.micros()));
        (at, Rc::clone(&self.sooner))
    }

    /// A place for a new connection.
    pub(crate) fn open(&mut self, from: SocketAddr) -> ConnId {
        let conn = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.addresses.push(None);
            ConnId(
                u32::try_from(self.slots.len() - 1).expect("limits stop connections long before"),
            )
        });
        self.slots[conn.0 as usize] = Some(Slot {
            closing: self.waits_for_room,
            ..Slot::default()
        });
        self.addresses[conn.0 as usize] = Some(from);
        self.handle(Input::Opened {
            conn,
            from: from.ip(),
        });
        conn
    }

    /// A connection's task has ended.
    pub(crate) fn closed(&mut self, conn: ConnId) {
        self.slots[conn.0 as usize] = None;
        self.addresses[conn.0 as usize] = None;
        self.handle(Input::Closed { conn });
        self.free.push(conn);
    }

    pub(crate) fn slot(&mut self, conn: ConnId) -> &mut Slot {
        slot(&mut self.slots, conn)
            .expect("a connection's task holds its slot until it tells closed")
    }

    /// How many connections there are.
    pub(crate) fn connections(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Where the log's chain ends, if it has one.
    pub(crate) fn proof(&self) -> Option<Proof> {
        self.proof
    }

    /// Up to where the log's beginning is forgotten.
    pub(crate) fn removed(&self) -> Seq {
        self.removed
    }

    /// What is committed, to be copied elsewhere.
    pub(crate) fn view(&mut self) -> tokio::sync::oneshot::Receiver<Result<View, Failure>> {
        self.log.view()
    }

    /// Removes a text of what is committed.
    pub(crate) fn remove_text(&mut self, seq: Seq) -> tokio::sync::oneshot::Receiver<Removed> {
        self.log.remove_text(seq)
    }

    /// A text was removed: nothing that was read before still has it after this.
    pub(crate) fn on_text_removed(&mut self, seq: Seq) {
        self.on_log_news();
        self.handle(Input::TextRemoved(seq));
    }

    pub(crate) fn status(&self) -> Status {
        self.router.status()
    }

    /// Takes back a buffer that was written out.
    pub(crate) fn reuse(&mut self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= SPARE_BYTES_MAX && self.spare.len() < SPARE_BUFFERS_MAX {
            buffer.clear();
            self.spare.push(buffer);
        }
    }

    /// Lends the thread's one read buffer; it must come back before anybody else asks.
    pub(crate) fn lend_read_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.read_buffer)
    }

    pub(crate) fn return_read_buffer(&mut self, buffer: Vec<u8>) {
        self.read_buffer = buffer;
    }
}

/// Loads the log and begins a router over it.
fn begin(
    config: &mut Config,
    log: &mut Log,
    now: Now,
    outputs: &mut Vec<Output>,
) -> Result<Router, Failure> {
    let loaded = log.load()?;
    if let Some(Identity { store, hash_key }) = loaded.identity {
        (config.store, config.hash_key) = (store, hash_key);
    }
    config.room = loaded.room;
    Ok(Router::restore(config.clone(), loaded.saved, now, outputs))
}

fn slot(slots: &mut [Option<Slot>], conn: ConnId) -> Option<&mut Slot> {
    slots.get_mut(conn.0 as usize)?.as_mut()
}
