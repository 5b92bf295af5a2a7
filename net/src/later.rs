//! An engine in the router's own task whose commits take their time, as a disk's do: what simulations put in place of the
//! log's thread. What comes while a commit is under way goes into the next one, and what is read waits for it.
//!
//! The work of a commit is done at its beginning or at its end, as whoever simulates says. So a crash that comes between
//! the two finds a batch of which nobody was told, or does not find it.

use crate::engine::disk::View;
use crate::engine::{Engine, Failure, Fault, Loaded};
use crate::log::{Ask, Batch, Done, Removed, close, committed, read, recall, remove_text, view};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use verbatim_core::id::Seq;
use verbatim_core::record::{Record, Stream};
use verbatim_core::router::Question;
use verbatim_core::saved::Beside;

/// How a commit takes its time.
#[derive(Clone, Copy, Debug)]
pub struct Delay {
    /// How long.
    pub span: Duration,
    /// The engine does its work when the time is over, and not when it begins.
    pub at_the_end: bool,
}

/// See [`crate::Log::later`].
pub struct Later {
    batch: Batch,
    work: Rc<RefCell<Work>>,
    news: Arc<Notify>,
}

/// What is shared with the task of the commit under way.
struct Work {
    engine: Box<dyn Engine>,
    delay: Box<dyn FnMut() -> Delay>,
    waiting: VecDeque<Wish>,
    done: VecDeque<Done>,
    /// How many commits have begun, of which the last is under way.
    begun: u64,
    under_way: bool,
    /// A commit failed: nothing is taken until the log is loaded again.
    failed: bool,
}

enum Wish {
    Commit(Batch),
    Read(Ask),
    Recall(Question),
    Forget(Stream, Seq),
}

impl Later {
    pub(crate) fn new(engine: Box<dyn Engine>, delay: Box<dyn FnMut() -> Delay>) -> Later {
        Later {
            batch: Batch::default(),
            news: Arc::new(Notify::new()),
            work: Rc::new(RefCell::new(Work {
                engine,
                delay,
                waiting: VecDeque::new(),
                done: VecDeque::new(),
                begun: 0,
                under_way: false,
                failed: false,
            })),
        }
    }

    pub(crate) fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.news)
    }

    /// Loads the log. Everything under way is forgotten.
    pub(crate) fn load(&mut self) -> Result<Loaded, Failure> {
        self.batch = Batch::default();
        let mut work = self.work.borrow_mut();
        work.waiting.clear();
        work.done.clear();
        work.begun += 1;
        let loaded = work.engine.load();
        (work.under_way, work.failed) = (false, loaded.is_err());
        loaded
    }

    pub(crate) fn append(&mut self, record: Record) {
        self.batch.records.push(record);
    }

    pub(crate) fn save(&mut self, beside: Beside) {
        self.batch.beside.push(beside);
    }

    pub(crate) fn trim(&mut self, up_to: Seq, age: u64) {
        self.batch.trim = Some((up_to, age));
    }

    pub(crate) fn commit(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.wish(Wish::Commit(batch));
    }

    pub(crate) fn read(&mut self, ask: Ask) {
        self.wish(Wish::Read(ask));
    }

    pub(crate) fn recall(&mut self, question: Question) {
        self.wish(Wish::Recall(question));
    }

    pub(crate) fn forget(&mut self, stream: Stream, up_to: Seq) {
        self.wish(Wish::Forget(stream, up_to));
    }

    pub(crate) fn poll(&mut self) -> Option<Done> {
        self.work.borrow_mut().done.pop_front()
    }

    pub(crate) fn view(&self) -> Result<View, Failure> {
        let mut work = self.work.borrow_mut();
        if work.failed {
            let text = "the log cannot be used now: try again later";
            return Err(Failure::new(Fault::Io, text));
        }
        let (view, failed) = view(&mut *work.engine);
        if let Some(failure) = failed {
            work.failed = true;
            work.done.push_back(Done::Failed(failure));
            self.news.notify_one();
        }
        view
    }

    pub(crate) fn remove_text(&self, seq: Seq, tell: oneshot::Sender<Removed>) {
        let work = &mut *self.work.borrow_mut();
        if !work.failed
            && let Some(failure) = remove_text(&mut *work.engine, seq, tell)
        {
            work.failed = true;
            work.done.push_back(Done::Failed(failure));
        }
    }

    fn wish(&mut self, wish: Wish) {
        self.work.borrow_mut().waiting.push_back(wish);
        go_on(&self.work, &self.news);
    }
}

/// Does what waits, until a commit takes its time.
fn go_on(work: &Rc<RefCell<Work>>, news: &Arc<Notify>) {
    let begun = work.borrow_mut().go_on();
    if let Some((number, span, done)) = begun {
        let (work, news) = (Rc::clone(work), Arc::clone(news));
        tokio::task::spawn_local(async move {
            tokio::time::sleep(span).await;
            if work.borrow_mut().end(number, done) {
                go_on(&work, &news);
                news.notify_one();
            }
        });
    }
}

impl Work {
    /// The commit that begins and takes its time, if one does: its number, how long, and what came of it already.
    fn go_on(&mut self) -> Option<(u64, Duration, Option<Done>)> {
        while !self.under_way && !self.failed {
            match self.waiting.pop_front()? {
                Wish::Read(ask) => {
                    let page = read(&*self.engine, ask);
                    self.done.push_back(page);
                }
                Wish::Recall(question) => {
                    let past = recall(&*self.engine, question);
                    self.done.push_back(past);
                }
                Wish::Forget(stream, up_to) => self.engine.forget(stream, up_to),
                Wish::Commit(batch) => {
                    self.take(batch);
                    self.gather();
                    let Delay { span, at_the_end } = (self.delay)();
                    let late = at_the_end && span > Duration::ZERO;
                    let done = (!late).then(|| self.commit());
                    if span > Duration::ZERO {
                        (self.under_way, self.begun) = (true, self.begun + 1);
                        return Some((self.begun, span, done));
                    }
                    self.done.extend(done);
                }
            }
        }
        None
    }

    fn take(&mut self, batch: Batch) {
        let Batch {
            records,
            beside,
            trim,
        } = batch;
        records.into_iter().for_each(|one| self.engine.append(one));
        beside.into_iter().for_each(|one| self.engine.save(one));
        if let Some((up_to, age)) = trim {
            self.engine.trim(up_to, age);
        }
    }

    /// Takes in the batches that wait, up to the first other wish.
    fn gather(&mut self) {
        let is_batch = |wish: &mut Wish| matches!(wish, Wish::Commit(_));
        while let Some(Wish::Commit(batch)) = self.waiting.pop_front_if(is_batch) {
            self.take(batch);
        }
    }

    fn commit(&mut self) -> Done {
        let done = committed(self.engine.commit(), &*self.engine);
        self.failed = matches!(done, Done::Failed(_));
        done
    }

    /// The commit of that number returns, unless the log was loaded since. Whether it does.
    fn end(&mut self, number: u64, done: Option<Done>) -> bool {
        if self.begun != number || !self.under_way {
            return false;
        }
        let done = done.unwrap_or_else(|| self.commit());
        self.under_way = false;
        self.done.push_back(done);
        true
    }
}

impl Drop for Later {
    /// What was handed over is committed, as by the thread.
    fn drop(&mut self) {
        let mut work = self.work.borrow_mut();
        (work.under_way, work.begun) = (false, work.begun + 1);
        while let Some(wish) = work.waiting.pop_front() {
            if let Wish::Commit(batch) = wish {
                work.take(batch);
            }
        }
        // Whoever would hear of it is gone.
        if !work.failed && !matches!(work.commit(), Done::Failed(_)) {
            close(&mut *work.engine);
        }
    }
}
