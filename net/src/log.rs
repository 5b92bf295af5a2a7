//! Where the engine runs: in place, where its work is done at once, or on a thread of its own, where batches form by
//! themselves while a commit is under way (see [`crate::batches`]).

use crate::batches::run;
use crate::engine::disk::{NotRemoved, Proof, Removal, View};
use crate::engine::{Engine, Failure, Loaded};
use crate::later::{Delay, Later};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use tokio::sync::{Notify, oneshot};
use verbatim_core::id::{Seq, UserId};
use verbatim_core::record::{Record, Stream};
use verbatim_core::router::{Page, Past, Question};
use verbatim_core::saved::Beside;

/// What is to be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) user: UserId,
    pub(crate) after: Seq,
    pub(crate) messages_max: usize,
    pub(crate) bytes_max: usize,
}

/// What the engine has done.
pub(crate) enum Done {
    /// A commit has returned.
    Committed {
        seq: Seq,
        room: u64,
        proof: Option<Proof>,
        /// The log's beginning is forgotten up to here, and whether there is more to forget.
        removed: (Seq, bool),
    },
    /// What was asked for.
    Page(Page),
    /// The same, of a conversation.
    Past(Question, Past),
    /// The engine must be loaded again, or given up.
    Failed(Failure),
    /// It was.
    Loaded(Box<Result<Loaded, Failure>>),
}

/// What the engine's thread is told.
pub(crate) enum Order {
    Load,
    Commit(Batch),
    Read(Ask),
    Recall(Question),
    Forget(Stream, Seq),
    /// Somebody wants to copy what is committed, on a thread of their own.
    View(oneshot::Sender<Result<View, Failure>>),
    /// The operator wants a text removed.
    RemoveText(Seq, oneshot::Sender<Removed>),
}

/// What came of that.
pub(crate) type Removed = Result<Removal, NotRemoved>;

#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) records: Vec<Record>,
    pub(crate) beside: Vec<Beside>,
    /// Up to where the log's beginning may go with it, and how old the log is: no sooner than what is saved here.
    pub(crate) trim: Option<(Seq, u64)>,
}

/// An engine, wherever it runs.
pub enum Log {
    /// In the router's own thread: for engines that never wait, and for simulations.
    Here(Here),
    /// On a thread of its own.
    Beside(Thread),
    /// In the router's own thread, and it takes its time: for simulations.
    Later(Later),
}

/// See [`Log::Here`].
pub struct Here {
    engine: Box<dyn Engine>,
    done: VecDeque<Done>,
}

/// See [`Log::Beside`].
pub struct Thread {
    orders: Option<Sender<Order>>,
    done: Receiver<Done>,
    news: Arc<Notify>,
    batch: Batch,
    thread: Option<JoinHandle<()>>,
}

impl Log {
    /// Runs an engine in place.
    pub fn here(engine: Box<dyn Engine>) -> Log {
        let done = VecDeque::new();
        Log::Here(Here { engine, done })
    }

    /// Runs an engine in place, each commit of which takes as long as `delay` says. Must be used inside a `LocalSet`.
    pub fn later(engine: Box<dyn Engine>, delay: Box<dyn FnMut() -> Delay>) -> Log {
        Log::Later(Later::new(engine, delay))
    }

    /// Runs an engine on a thread of its own, which ends with this value.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn on_thread(engine: Box<dyn Engine + Send>) -> std::io::Result<Log> {
        let (orders, inbox) = channel();
        let (outbox, done) = channel();
        let news = Arc::new(Notify::new());
        let told = Arc::clone(&news);
        let thread = std::thread::Builder::new()
            .name("log".into())
            .spawn(move || run(engine, &inbox, &outbox, &told))?;
        Ok(Log::Beside(Thread {
            orders: Some(orders),
            done,
            news,
            batch: Batch::default(),
            thread: Some(thread),
        }))
    }

    /// Reads what is committed; waits for it. Everything under way is forgotten.
    pub(crate) fn load(&mut self) -> Result<Loaded, Failure> {
        match self {
            Log::Here(here) => {
                here.done.clear();
                here.engine.load()
            }
            Log::Beside(thread) => thread.load(),
            Log::Later(later) => later.load(),
        }
    }

    pub(crate) fn append(&mut self, record: Record) {
        match self {
            Log::Here(here) => here.engine.append(record),
            Log::Beside(thread) => thread.batch.records.push(record),
            Log::Later(later) => later.append(record),
        }
    }

    pub(crate) fn save(&mut self, beside: Beside) {
        match self {
            Log::Here(here) => here.engine.save(beside),
            Log::Beside(thread) => thread.batch.beside.push(beside),
            Log::Later(later) => later.save(beside),
        }
    }

    /// Commits what was taken: now, or with others as soon as the commit that is under way has returned. One answer may
    /// be for several calls, and covers what all of them took.
    pub(crate) fn commit(&mut self) {
        match self {
            Log::Here(here) => {
                let done = here.engine.commit();
                // Before any page: what is in one must be known as committed.
                here.done.push_front(committed(done, &*here.engine));
            }
            Log::Beside(thread) => {
                let batch = std::mem::take(&mut thread.batch);
                thread.order(Order::Commit(batch));
            }
            Log::Later(later) => later.commit(),
        }
    }

    pub(crate) fn read(&mut self, ask: Ask) {
        match self {
            Log::Here(here) => here.done.push_back(read(&*here.engine, ask)),
            Log::Beside(thread) => thread.order(Order::Read(ask)),
            Log::Later(later) => later.read(ask),
        }
    }

    pub(crate) fn recall(&mut self, question: Question) {
        match self {
            Log::Here(here) => here.done.push_back(recall(&*here.engine, question)),
            Log::Beside(thread) => thread.order(Order::Recall(question)),
            Log::Later(later) => later.recall(question),
        }
    }

    pub(crate) fn forget(&mut self, stream: Stream, up_to: Seq) {
        match self {
            Log::Here(here) => here.engine.forget(stream, up_to),
            Log::Beside(thread) => thread.order(Order::Forget(stream, up_to)),
            Log::Later(later) => later.forget(stream, up_to),
        }
    }

    pub(crate) fn trim(&mut self, up_to: Seq, age: u64) {
        match self {
            Log::Here(here) => here.engine.trim(up_to, age),
            Log::Beside(thread) => thread.batch.trim = Some((up_to, age)),
            Log::Later(later) => later.trim(up_to, age),
        }
    }

    /// What is committed, to be copied elsewhere; the answer comes by and by.
    pub(crate) fn view(&mut self) -> oneshot::Receiver<Result<View, Failure>> {
        let (tell, told) = oneshot::channel();
        match self {
            Log::Here(here) => {
                let (view, failed) = view(&mut *here.engine);
                drop(tell.send(view));
                here.done.extend(failed.map(Done::Failed));
            }
            Log::Beside(thread) => thread.order(Order::View(tell)),
            Log::Later(later) => drop(tell.send(later.view())),
        }
        told
    }

    /// Removes a text of what is committed; the answer comes by and by.
    pub(crate) fn remove_text(&mut self, seq: Seq) -> oneshot::Receiver<Removed> {
        let (tell, told) = oneshot::channel();
        match self {
            Log::Here(here) => {
                let failed = remove_text(&mut *here.engine, seq, tell);
                here.done.extend(failed.map(Done::Failed));
            }
            Log::Beside(thread) => thread.order(Order::RemoveText(seq, tell)),
            Log::Later(later) => later.remove_text(seq, tell),
        }
        told
    }

    /// What has been done since.
    pub(crate) fn poll(&mut self) -> Option<Done> {
        match self {
            Log::Here(here) => here.done.pop_front(),
            Log::Beside(thread) => thread.done.try_recv().ok(),
            Log::Later(later) => later.poll(),
        }
    }

    /// Told whenever there may be something to `poll`; `None` where all is done in place.
    pub(crate) fn news(&self) -> Option<Arc<Notify>> {
        match self {
            Log::Here(_) => None,
            Log::Beside(thread) => Some(Arc::clone(&thread.news)),
            Log::Later(later) => Some(later.news()),
        }
    }
}

impl Thread {
    fn order(&mut self, order: Order) {
        if let Some(orders) = &self.orders {
            // It does not listen only if it panicked, and then its end is noticed at the next load.
            drop(orders.send(order));
        }
    }

    fn load(&mut self) -> Result<Loaded, Failure> {
        self.batch = Batch::default();
        self.order(Order::Load);
        while let Ok(done) = self.done.recv() {
            if let Done::Loaded(loaded) = done {
                return *loaded;
            }
        }
        let text =
            "the log's thread ended by itself, which is a fault of this program: start it again";
        Err(Failure::new(crate::engine::Fault::Io, text))
    }
}

impl Drop for Thread {
    /// What was handed over is committed before this returns.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Here {
    fn drop(&mut self) {
        close(&mut *self.engine);
    }
}

/// What is committed, to be copied; and if the engine failed over it, why. Without room nothing is tried.
pub(crate) fn view(engine: &mut dyn Engine) -> (Result<View, Failure>, Option<Failure>) {
    if let Err(failure) = engine.has_room_to_fold() {
        return (Err(failure), None);
    }
    match engine.fold() {
        Ok(()) => (engine.view(), None),
        Err(failure) => (Err(failure.clone()), Some(failure)),
    }
}

/// Closes a log that nobody asks any more.
pub(crate) fn close(engine: &mut dyn Engine) {
    if let Err(failure) = engine.close() {
        tracing::warn!(
            "the log was not closed in good order, and the next start has more to do: {failure}"
        );
    }
}

pub(crate) fn committed(done: Result<Seq, Failure>, engine: &dyn Engine) -> Done {
    match done {
        Ok(seq) => Done::Committed {
            seq,
            room: engine.room(),
            proof: engine.proof(),
            removed: (engine.removed(), engine.is_trimming()),
        },
        Err(failure) => Done::Failed(failure),
    }
}

pub(crate) fn read(engine: &dyn Engine, ask: Ask) -> Done {
    let Ask {
        user,
        after,
        messages_max,
        bytes_max,
    } = ask;
    match engine.read(user, after, messages_max, bytes_max) {
        Ok(page) => Done::Page(page),
        Err(failure) => Done::Failed(failure),
    }
}

pub(crate) fn recall(engine: &dyn Engine, question: Question) -> Done {
    match engine.recall(&question) {
        Ok(past) => Done::Past(question, past),
        Err(failure) => Done::Failed(failure),
    }
}

/// Removes a text and tells what came of it; the failure after which the engine must be loaded again.
pub(crate) fn remove_text(
    engine: &mut dyn Engine,
    seq: Seq,
    tell: oneshot::Sender<Removed>,
) -> Option<Failure> {
    let removed = engine.remove_text(seq);
    let failure = match &removed {
        Err(NotRemoved::Failed(failure)) => Some(failure.clone()),
        _ => None,
    };
    // Whoever asked may have gone.
    drop(tell.send(removed));
    failure
}
