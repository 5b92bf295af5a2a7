//! The server: an accept loop, a timer, and a graceful end, round the router's owner.

use crate::connection::Serve;
use crate::engine::disk::{NotRemoved, Proof, Removal, View};
use crate::engine::{Failure, Fault};
use crate::log::Log;
use crate::owner::{Life, Owner};
use crate::tap::Tap;
use crate::transport::Transport;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use verbatim_core::id::Seq;
use verbatim_core::now::Wall;
use verbatim_core::router::{Config, Input, Status};

/// How long the accept loop rests when the system has no descriptor or memory for one more connection.
const ACCEPT_REST: Duration = Duration::from_millis(100);
/// How long until room is looked for again while there is little.
const ROOM_REST: Duration = Duration::from_millis(500);
/// How long the goodbyes at the end may take in all.
const GOODBYE_TIME_MAX: Duration = Duration::from_secs(5);

/// What a server needs to begin.
pub struct ServerConfig {
    /// The router's part.
    pub router: Config,
    /// Where the log is kept.
    pub log: Log,
    /// Draws what is new whenever the router begins anew, because a commit failed.
    pub lives: Box<dyn FnMut() -> Life>,
    /// Reads the wall clock.
    pub wall: fn() -> Wall,
    /// Who looks on.
    pub tap: Option<Box<dyn Tap>>,
}

/// A server that runs in the current `LocalSet`. Cloning it clones a handle.
#[derive(Clone)]
pub struct Server {
    owner: Rc<RefCell<Owner>>,
    stop: Rc<Notify>,
    gone: Rc<Notify>,
}

impl Server {
    /// Makes a server over its log; it serves nobody before [`Server::run`].
    ///
    /// # Errors
    /// The log cannot be used.
    pub fn new(config: ServerConfig) -> Result<Server, Failure> {
        let ServerConfig {
            router,
            log,
            lives,
            wall,
            tap,
        } = config;
        let owner = Owner::new(router, log, lives, wall, tap)?;
        Ok(Server {
            owner: Rc::new(RefCell::new(owner)),
            stop: Rc::new(Notify::new()),
            gone: Rc::new(Notify::new()),
        })
    }

    /// Asks for the graceful end: no new connections, goodbyes, everything written, everything closed.
    pub fn stop(&self) {
        self.stop.notify_one();
    }

    /// What the operator may want to know.
    pub fn status(&self) -> Status {
        self.owner.borrow().status()
    }

    /// The last committed record's place in the log's chain, if it has one: noted down, it shows later whether the log
    /// was cut or changed.
    pub fn proof(&self) -> Option<Proof> {
        self.owner.borrow().proof()
    }

    /// Up to where the log's beginning was removed, as the operator asked; 0 if nothing was.
    pub fn removed(&self) -> Seq {
        self.owner.borrow().removed()
    }

    /// What is committed now, to be copied elsewhere while the server goes on.
    ///
    /// # Errors
    /// The log cannot be read, or keeps nothing that outlives the server.
    pub async fn view(&self) -> Result<View, Failure> {
        let told = self.owner.borrow_mut().view();
        told.await.unwrap_or_else(|_| Err(loading()))
    }

    /// Removes the text of a message that is committed, wherever this server has it: whoever is still to be given it is told
    /// that it was removed.
    ///
    /// # Errors
    /// There is no such text, or the log cannot do it.
    pub async fn remove_text(&self, seq: Seq) -> Result<Removal, NotRemoved> {
        let told = self.owner.borrow_mut().remove_text(seq);
        let removed = told.await;
        let removed = removed.unwrap_or_else(|_| Err(NotRemoved::Unreadable(loading())));
        let mut owner = self.owner.borrow_mut();
        match &removed {
            Ok(_) => owner.on_text_removed(seq),
            Err(_) => owner.on_log_news(),
        }
        removed
    }

    /// Accepts and serves connections until [`Server::stop`]. Must run inside a `LocalSet`.
    ///
    /// # Errors
    /// The log cannot be used any more: everybody was sent away.
    pub async fn run<T: Transport>(
        &self,
        transport: T,
        listener: T::Listener,
    ) -> Result<(), Failure> {
        let timer = tokio::task::spawn_local(run_timer(Rc::clone(&self.owner)));
        let log = tokio::task::spawn_local(run_log(Rc::clone(&self.owner), self.clone()));
        tokio::select! {
            biased;
            () = self.stop.notified() => {}
            () = self.accept(&transport, &listener) => {}
        }
        drop(listener);
        self.owner.borrow_mut().handle(Input::Shutdown);
        let _ = timeout(GOODBYE_TIME_MAX, self.all_gone()).await;
        timer.abort();
        log.abort();
        match self.owner.borrow().failure() {
            None => Ok(()),
            Some(failure) => Err(failure.clone()),
        }
    }

    async fn accept<T: Transport>(&self, transport: &T, listener: &T::Listener) {
        let mut resting = false;
        loop {
            match transport.accept(listener).await {
                Ok((stream, from)) => {
                    resting = false;
                    let conn = self.owner.borrow_mut().open(from);
                    tracing::debug!(%conn, %from, "opened");
                    let (owner, gone) = (Rc::clone(&self.owner), Rc::clone(&self.gone));
                    tokio::task::spawn_local(Serve::new(owner, conn, stream, gone));
                }
                Err(error) if is_about_the_peer(&error) => {}
                Err(error) => {
                    if !resting {
                        tracing::warn!(%error, "cannot accept connections for now; those that exist go on");
                    }
                    resting = true;
                    sleep(ACCEPT_REST).await;
                }
            }
        }
    }

    async fn all_gone(&self) {
        while self.owner.borrow().connections() > 0 {
            self.gone.notified().await;
        }
    }
}

fn loading() -> Failure {
    let text = "the log is being loaded again: try it once more";
    Failure::new(Fault::Io, text)
}

/// Whether an error of `accept` was the fault of the connection that was to be accepted.
fn is_about_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Calls the router when its deadline passes.
async fn run_timer(owner: Rc<RefCell<Owner>>) {
    loop {
        let (deadline, sooner) = owner.borrow_mut().next_deadline();
        tokio::select! {
            biased;
            () = sooner.notified() => {}
            () = sleep_until(deadline.unwrap_or_else(far_future)) => owner.borrow_mut().handle(Input::Timeout),
        }
    }
}

/// Hands on what the log has done on its own thread, and looks for room while there is little.
async fn run_log(owner: Rc<RefCell<Owner>>, server: Server) {
    let (news, trouble) = (owner.borrow().news(), owner.borrow().trouble());
    loop {
        let short = owner.borrow().is_short_of_room();
        tokio::select! {
            biased;
            () = trouble.notified() => {}
            () = heard(news.as_deref()) => owner.borrow_mut().on_log_news(),
            () = sleep(ROOM_REST), if short => owner.borrow_mut().look_for_room(),
        }
        if owner.borrow().failure().is_some() {
            return server.stop();
        }
    }
}

async fn heard(news: Option<&Notify>) {
    match news {
        Some(news) => news.notified().await,
        None => std::future::pending().await,
    }
}

fn far_future() -> Instant {
    Instant::now() + Duration::from_secs(24 * 60 * 60)
}
