//! How the log's thread works, and how batches form there: what comes while a commit is under way goes into the next one.
//!
//! Whoever was answered by a commit speaks again a moment later, one a little before the other. If the next commit began
//! with the first of them, two halves would take turns, and each would wait for the other's commit. So it waits until as
//! much has come as the last one answered, but never longer than a quarter of the time that the last one took. A message
//! alone waits for nobody.

use crate::engine::disk::View;
use crate::engine::{Engine, Failure};
use crate::log::{Batch, Done, Order, close, committed, read, recall, remove_text, view};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// A commit never waits longer than this for others, however long the last one took.
const GATHERING_MAX: Duration = Duration::from_millis(5);

/// The thread and what it knows of its last commit.
struct Worker<'a> {
    engine: Box<dyn Engine + Send>,
    orders: &'a Receiver<Order>,
    done: &'a Sender<Done>,
    news: &'a Notify,
    /// A commit failed: nothing is taken until the log is loaded again.
    failed: bool,
    /// Records in the batch that is being gathered.
    gathered: usize,
    /// Records in the last commit.
    expected: usize,
    /// How long the next one may wait for as many.
    patience: Duration,
}

/// Nobody listens any more, or nobody asks.
struct Over;

/// Works until nobody asks any more; all that was handed over is committed then.
pub(crate) fn run(
    engine: Box<dyn Engine + Send>,
    orders: &Receiver<Order>,
    done: &Sender<Done>,
    news: &Notify,
) {
    let mut worker = Worker {
        engine,
        orders,
        done,
        news,
        failed: false,
        gathered: 0,
        expected: 0,
        patience: Duration::ZERO,
    };
    while let Ok(order) = orders.recv() {
        if worker.carry_out(order).is_err() {
            break;
        }
    }
    if !worker.failed {
        close(&mut *worker.engine);
    }
}

impl Worker<'_> {
    fn carry_out(&mut self, order: Order) -> Result<(), Over> {
        match order {
            Order::Load => self.load(),
            Order::Commit(batch) => self.commit(batch),
            Order::Read(_) | Order::Recall(_) | Order::View(_) | Order::RemoveText(..)
                if self.failed =>
            {
                Ok(())
            }
            Order::Read(ask) => self.say(read(&*self.engine, ask)),
            Order::Recall(question) => self.say(recall(&*self.engine, question)),
            Order::View(tell) => self.view(tell),
            Order::RemoveText(seq, tell) => match remove_text(&mut *self.engine, seq, tell) {
                Some(failure) => {
                    self.failed = true;
                    self.say(Done::Failed(failure))
                }
                None => Ok(()),
            },
            Order::Forget(stream, up_to) => {
                self.engine.forget(stream, up_to);
                Ok(())
            }
        }
    }

    fn say(&self, done: Done) -> Result<(), Over> {
        self.done.send(done).map_err(|_| Over)?;
        self.news.notify_one();
        Ok(())
    }

    fn load(&mut self) -> Result<(), Over> {
        let loaded = self.engine.load();
        (self.failed, self.gathered, self.expected) = (loaded.is_err(), 0, 0);
        self.say(Done::Loaded(Box::new(loaded)))
    }

    fn commit(&mut self, batch: Batch) -> Result<(), Over> {
        if self.failed {
            return Ok(());
        }
        self.take(batch);
        if let Some(load) = self.gather()? {
            return self.carry_out(load);
        }
        if self.failed {
            return Ok(()); // what came meanwhile was no commit, and failed
        }
        let begun = Instant::now();
        let done = committed(self.engine.commit(), &*self.engine);
        self.patience = (begun.elapsed() / 4).min(GATHERING_MAX);
        (self.expected, self.gathered) = (std::mem::take(&mut self.gathered), 0);
        self.failed = matches!(done, Done::Failed(_));
        self.say(done)
    }

    fn view(&mut self, tell: oneshot::Sender<Result<View, Failure>>) -> Result<(), Over> {
        let (view, failed) = view(&mut *self.engine);
        // Whoever asked may have gone.
        drop(tell.send(view));
        match failed {
            None => Ok(()),
            Some(failure) => {
                self.failed = true;
                self.say(Done::Failed(failure))
            }
        }
    }

    fn take(&mut self, batch: Batch) {
        self.gathered += batch.records.len();
        batch
            .records
            .into_iter()
            .for_each(|one| self.engine.append(one));
        batch
            .beside
            .into_iter()
            .for_each(|one| self.engine.save(one));
        if let Some((up_to, age)) = batch.trim {
            self.engine.trim(up_to, age);
        }
    }

    /// Takes in what is there already, and what comes soon. Gives the order to load, which ends all that went before it.
    fn gather(&mut self) -> Result<Option<Order>, Over> {
        let deadline = Instant::now() + self.patience;
        loop {
            let left = match self.gathered < self.expected {
                true => deadline.saturating_duration_since(Instant::now()),
                false => Duration::ZERO,
            };
            match self.orders.recv_timeout(left) {
                Ok(Order::Commit(batch)) => self.take(batch),
                Ok(load @ Order::Load) => return Ok(Some(load)),
                Ok(other) => self.carry_out(other)?,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(None),
            }
        }
    }
}
