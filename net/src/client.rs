//! Drives one client of the core over a transport: one task, no lock, the core decides everything.

mod classic;
mod wire;

pub use classic::run_classic_client;

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};
use verbatim_core::client::{
    ClassicInput, ClassicOutput, Client, Config, Input, LineId, Message, Notice, Output, Recalled,
};
use verbatim_core::id::Seq;
use verbatim_core::name::Recipient;
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::wire::Ask;

use crate::Transport;
use wire::{Event, Wire};

/// Bytes read at once. What a server sends in a window fits in few of them.
const READ_BYTES: usize = 16 * 1024;

/// The same where each read is a transaction of a store, which costs as much for one message as for a window of them.
const STORED_READ_BYTES: usize = 64 * 1024;

/// Requests taken between two looks at the connection.
const REQUESTS_AT_ONCE: usize = 64;

/// After how long without anything else what waits to be written is.
const SETTLE_TIME: Duration = Duration::from_millis(200);

/// How often a store that could not be written is tried again beside that.
const RETRY_TIME: Duration = Duration::from_secs(2);

/// Longest sleep: a deadline beyond it is looked at again then.
const SLEEP_MAX: Duration = Duration::from_secs(86_400);

/// What a program asks of its client; the owned half of [`Input`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Send a line.
    Submit {
        /// Its name in every notice about it, never used again.
        line: LineId,
        /// For whom.
        to: Recipient,
        /// Its text.
        body: String,
        /// How long it may wait unsent; `None`: for ever.
        age_max: Option<Duration>,
    },
    /// Take a queued line back.
    Withdraw(LineId),
    /// Ask who is there.
    Who,
    /// Everything delivered up to here is written where the person or the next program reads it. To a device without a store
    /// that is where it is kept; a store is told, and has kept it before.
    Kept(Seq),
    /// Show what was said earlier.
    History(Wanted),
    /// Connect now.
    Return,
    /// End it; with `forget` give up the name.
    Leave {
        /// Release the name at once.
        forget: bool,
    },
}

/// A part of what was said earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// With whom; `None`: with anybody.
    pub with: Option<Recipient>,
    /// How much at most.
    pub count: usize,
}

impl Wanted {
    /// The question to a server that has all of it. One for no conversation is for what was said to all.
    pub fn ask(self) -> Ask {
        Ask {
            with: self.with.unwrap_or(Recipient::All),
            before: None,
            at: None,
            count: Some(self.count as u64),
        }
    }
}

/// The program around a client. None of its functions may block for long, but for `keep` and `settle`.
pub trait Host {
    /// Makes durable what these outputs say, as the core's module document asks, before any of them is carried out. Tells up
    /// to where messages are kept by that, if any are.
    ///
    /// # Errors
    /// The store cannot be written. Whatever of the outputs would have gone out does not, the connection ends, and the
    /// client goes on as after any lost one; what could not be written is the host's to keep until it can be.
    fn keep(&mut self, outputs: &[Output]) -> io::Result<Option<Seq>>;

    /// Nothing has happened for a while: what need not be durable at once can be written now. As `keep`.
    ///
    /// # Errors
    /// As for `keep`; the connection stays.
    fn settle(&mut self) -> io::Result<Option<Seq>> {
        Ok(None)
    }

    /// Whether `settle` would have something to do.
    fn is_behind(&self) -> bool {
        false
    }

    /// Everything delivered up to here was shown. Whether a store has kept it before, so that the client knows.
    fn on_shown(&mut self, _up_to: Seq) -> bool {
        false
    }

    /// Shows what was said earlier, as far as this device has kept it; what the server is to be asked for beside that is
    /// given back, and answered by `recalled`, or by [`Notice::NoHistory`].
    fn history(&mut self, _wanted: Wanted) -> Option<Ask> {
        None
    }

    /// What the server has of what `history` gave back.
    fn recalled(&mut self, _recalled: Recalled) {}

    /// Takes a message. Once it is written, the program sends [`Request::Kept`].
    fn deliver(&mut self, message: Message);

    /// Tells the user.
    fn show(&mut self, notice: Notice);

    /// The wall clock, for stamps.
    fn wall(&self) -> Wall;

    /// Sees every step of the core before its outputs are carried out: a transcript is the list of them.
    fn tap(&mut self, _now: Now, _input: &Input<'_>, _outputs: &[Output]) {}

    /// The same of a client of the classic level.
    fn tap_classic(&mut self, _now: Now, _input: &ClassicInput<'_>, _outputs: &[ClassicOutput]) {}
}

/// Runs a client until it leaves. When every sender of `requests` is gone, it leaves too, and gives the name up
/// if its device keeps nothing. A server that shows that it knows only the classic level is spoken to in that, if
/// `config` says so.
///
/// Troubles of the link, and of a store, are the client's to tell and to mend.
pub async fn run_client<T: Transport, H: Host>(
    transport: &T,
    server: &str,
    config: Config,
    mut requests: UnboundedReceiver<Request>,
    host: &mut H,
) {
    let forgets = !config.keeps_store;
    let read_bytes = match config.keeps_messages {
        true => STORED_READ_BYTES,
        false => READ_BYTES,
    };
    let mut driver = Driver {
        client: Client::new(config),
        start: Instant::now(),
        outputs: Vec::new(),
        wire: Wire::new(transport, server),
        settles: None,
        over: false,
        falls_back: false,
        wanted: VecDeque::new(),
        asks: false,
        host,
    };
    driver.run(&mut requests, forgets, read_bytes).await;
    if driver.falls_back {
        // Its lines know when they expire, counted from the same moment.
        let begin = (driver.client.into_classic(), driver.start);
        for wanted in driver.wanted {
            classic::look_back(driver.host, wanted);
        }
        classic::run(transport, server, begin, requests, driver.host).await;
    }
}

struct Driver<'a, T: Transport, H> {
    client: Client,
    start: Instant,
    outputs: Vec<Output>,
    wire: Wire<'a, T>,
    /// When what waits to be written is.
    settles: Option<Instant>,
    over: bool,
    falls_back: bool,
    /// Parts of what was said earlier that are still to be shown.
    wanted: VecDeque<Wanted>,
    /// The server is asked for one.
    asks: bool,
    host: &'a mut H,
}

impl<T: Transport, H: Host> Driver<'_, T, H> {
    async fn run(
        &mut self,
        requests: &mut UnboundedReceiver<Request>,
        forgets: bool,
        read_bytes: usize,
    ) {
        let mut listening = true;
        let mut buffer = vec![0; read_bytes].into_boxed_slice();
        let sleep = sleep_until(self.start);
        tokio::pin!(sleep);
        while !self.over {
            let deadline = self.deadline();
            if sleep.deadline() != deadline {
                sleep.as_mut().reset(deadline);
            }
            // In this order: bytes that have come are heard before a deadline says that none came.
            tokio::select! {
                biased;
                event = self.wire.next(&mut buffer) => self.on_event(event, &buffer),
                request = requests.recv(), if listening => {
                    listening = request.is_some();
                    self.on_request(request.unwrap_or(Request::Leave { forget: forgets }));
                }
                () = &mut sleep => self.on_wake(),
            }
            self.on_more_requests(requests);
        }
        self.wire.farewell().await;
    }

    /// A burst of lines is one step for the store.
    fn on_more_requests(&mut self, requests: &mut UnboundedReceiver<Request>) {
        for _ in 0..REQUESTS_AT_ONCE {
            // One that is taken after the end is lost to whoever goes on.
            match (!self.over).then(|| requests.try_recv()) {
                Some(Ok(request)) => self.on_request(request),
                _ => break,
            }
        }
        self.carry_out();
        if self.settles.is_none() && self.host.is_behind() {
            self.settles = Some(Instant::now() + SETTLE_TIME);
        }
    }

    fn on_wake(&mut self) {
        self.handle(Input::Timeout);
        if self.settles.is_some_and(|due| due <= Instant::now()) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.settles = None;
        match self.host.settle() {
            Ok(kept) => self.on_kept(kept),
            Err(_) => self.settles = Some(Instant::now() + RETRY_TIME),
        }
    }

    fn on_event(&mut self, event: Event, buffer: &[u8]) {
        match event {
            Event::Opened => self.handle(Input::Connected),
            Event::Read(count) => self.handle(Input::Received(&buffer[..count])),
            Event::Ended(why) => self.handle(Input::Disconnected(&why)),
        }
        self.carry_out();
    }

    fn on_request(&mut self, request: Request) {
        match request {
            Request::Submit {
                line,
                to,
                body,
                age_max,
            } => self.handle(Input::Submit {
                line,
                to,
                body: &body,
                age_max,
            }),
            Request::Withdraw(line) => self.handle(Input::Withdraw(line)),
            Request::Who => self.handle(Input::Who),
            Request::Kept(seq) => {
                if !self.host.on_shown(seq) {
                    self.handle(Input::Kept(seq));
                }
            }
            Request::History(wanted) => {
                self.carry_out();
                self.wanted.push_back(wanted);
                self.look_back();
            }
            Request::Return => self.handle(Input::Return),
            Request::Leave { forget } => self.handle(Input::Leave { forget }),
        }
    }

    /// Shows the next part of what was said earlier. Where one ends says where the next one begins, so it waits for the
    /// server's answer to the one before.
    fn look_back(&mut self) {
        while !self.asks
            && let Some(wanted) = self.wanted.pop_front()
        {
            if let Some(ask) = self.host.history(wanted) {
                self.asks = true;
                self.handle(Input::History(ask));
            }
        }
    }

    /// One step of the core; what it asks for waits for `carry_out`.
    fn handle(&mut self, input: Input<'_>) {
        let now = Now {
            mono: mono(self.start.elapsed()),
            wall: self.host.wall(),
        };
        let before = self.outputs.len();
        self.client.handle(now, input, &mut self.outputs);
        let outputs = &self.outputs[before..];
        self.host.tap(now, &input, outputs);
        self.falls_back |= outputs.contains(&Output::FallBack);
        self.over |= self.falls_back || outputs.contains(&Output::Done);
    }

    /// Makes durable what must be, and then does what the core asked for.
    fn carry_out(&mut self) {
        while !self.outputs.is_empty() {
            let answers = |output: &Output| {
                matches!(
                    output,
                    Output::Recalled(_) | Output::Show(Notice::NoHistory { .. })
                )
            };
            let answered = self.outputs.iter().any(answers);
            let mut outputs = std::mem::take(&mut self.outputs);
            let kept = self.host.keep(&outputs);
            let may_leave = kept.is_ok();
            let leaves = |output: &Output| matches!(output, Output::Connect | Output::Send(_));
            let cuts = !may_leave && outputs.iter().any(leaves);
            for output in outputs.drain(..) {
                self.carry_out_one(output, may_leave);
            }
            // What comes of the next step is put into the same room.
            self.outputs = outputs;
            if answered {
                self.asks = false;
                self.look_back();
            }
            match kept {
                Ok(kept) => self.on_kept(kept),
                Err(error) => {
                    self.settles = Some(Instant::now() + RETRY_TIME);
                    if cuts {
                        self.on_trouble(&error);
                    }
                }
            }
        }
    }

    fn on_kept(&mut self, kept: Option<Seq>) {
        if let Some(seq) = kept {
            self.handle(Input::Kept(seq));
            self.carry_out();
        }
    }

    /// The store could not be written: what was to go out has not, so this connection is no use any more.
    fn on_trouble(&mut self, error: &io::Error) {
        self.wire.close();
        self.handle(Input::Disconnected(&error.to_string()));
    }

    fn carry_out_one(&mut self, output: Output, may_leave: bool) {
        match output {
            Output::Connect if may_leave => self.wire.open(),
            Output::Send(frames) if may_leave => {
                self.wire.send(&frames.0);
                self.client.reuse(frames);
            }
            Output::Disconnect => self.wire.close(),
            Output::Deliver(message) => self.host.deliver(*message),
            Output::Recalled(recalled) => self.host.recalled(*recalled),
            Output::Show(notice) => self.host.show(notice),
            _ => {}
        }
    }

    fn deadline(&self) -> Instant {
        let core = instant(self.start, self.client.deadline());
        self.settles.map_or(core, |due| core.min(due))
    }
}

/// When to wake for a deadline that counts from `start`.
fn instant(start: Instant, deadline: Option<Mono>) -> Instant {
    let latest = Instant::now() + SLEEP_MAX;
    deadline.map_or(latest, |due| {
        latest.min(start + Duration::from_micros(due.micros()))
    })
}

fn mono(elapsed: Duration) -> Mono {
    Mono::from_micros(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX))
}

/// A future that a driver keeps beside others of its kind.
type Running<'a, O> = Pin<Box<dyn Future<Output = O> + 'a>>;

/// Drives `all` on and keeps those that are not done.
fn poll_all(all: &mut Vec<Running<'_, ()>>, context: &mut std::task::Context<'_>) {
    all.retain_mut(|one| one.as_mut().poll(context) == Poll::Pending);
}
