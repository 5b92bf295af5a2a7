//! Drives one client of the core over a transport: one task, no lock, the core decides everything.

mod classic;
mod wire;

pub use classic::run_classic_client;

use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};
use verbatim_core::client::{
    ClassicInput, ClassicOutput, Client, Config, Input, Keep, LineId, Message, Notice, Output,
};
use verbatim_core::id::Seq;
use verbatim_core::name::Recipient;
use verbatim_core::now::{Mono, Now, Wall};

use crate::Transport;
use wire::{Event, Wire};

/// Bytes read at once. What a server sends in a window fits in few of them.
const READ_BYTES: usize = 16 * 1024;

/// Requests taken between two looks at the connection.
const REQUESTS_AT_ONCE: usize = 64;

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
    /// Everything delivered up to here is written.
    Kept(Seq),
    /// Connect now.
    Return,
    /// End it; with `forget` give up the name.
    Leave {
        /// Release the name at once.
        forget: bool,
    },
}

/// The program around a client. None of its functions may block for long, but for `keep`.
pub trait Host {
    /// Makes it durable before it returns.
    ///
    /// # Errors
    /// The store cannot be written: the client ends rather than use what it may use twice.
    fn keep(&mut self, keep: Keep) -> io::Result<()>;

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
/// # Errors
/// Only what [`Host::keep`] said: troubles of the link are the client's to tell and to mend.
pub async fn run_client<T: Transport, H: Host>(
    transport: &T,
    server: &str,
    config: Config,
    mut requests: UnboundedReceiver<Request>,
    host: &mut H,
) -> io::Result<()> {
    let forgets = !config.keeps_store;
    let mut driver = Driver {
        client: Client::new(config),
        start: Instant::now(),
        outputs: Vec::new(),
        wire: Wire::new(transport, server),
        over: false,
        falls_back: false,
        host,
    };
    driver.run(&mut requests, forgets).await?;
    if driver.falls_back {
        // Its lines know when they expire, counted from the same moment.
        let begin = (driver.client.into_classic(), driver.start);
        classic::run(transport, server, begin, requests, driver.host).await;
    }
    Ok(())
}

struct Driver<'a, T: Transport, H> {
    client: Client,
    start: Instant,
    outputs: Vec<Output>,
    wire: Wire<'a, T>,
    over: bool,
    falls_back: bool,
    host: &'a mut H,
}

impl<T: Transport, H: Host> Driver<'_, T, H> {
    async fn run(
        &mut self,
        requests: &mut UnboundedReceiver<Request>,
        forgets: bool,
    ) -> io::Result<()> {
        let mut listening = true;
        let mut buffer = vec![0; READ_BYTES].into_boxed_slice();
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
                event = self.wire.next(&mut buffer) => self.on_event(event, &buffer)?,
                request = requests.recv(), if listening => {
                    listening = request.is_some();
                    self.on_request(request.unwrap_or(Request::Leave { forget: forgets }))?;
                }
                () = &mut sleep => self.handle(Input::Timeout)?,
            }
            for _ in 0..REQUESTS_AT_ONCE {
                match requests.try_recv() {
                    Ok(request) if !self.over => self.on_request(request)?,
                    _ => break,
                }
            }
        }
        self.wire.farewell().await;
        Ok(())
    }

    fn on_event(&mut self, event: Event, buffer: &[u8]) -> io::Result<()> {
        match event {
            Event::Opened => self.handle(Input::Connected),
            Event::Read(count) => self.handle(Input::Received(&buffer[..count])),
            Event::Ended(why) => self.handle(Input::Disconnected(&why)),
        }
    }

    fn on_request(&mut self, request: Request) -> io::Result<()> {
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
            Request::Kept(seq) => self.handle(Input::Kept(seq)),
            Request::Return => self.handle(Input::Return),
            Request::Leave { forget } => self.handle(Input::Leave { forget }),
        }
    }

    fn handle(&mut self, input: Input<'_>) -> io::Result<()> {
        let now = Now {
            mono: mono(self.start.elapsed()),
            wall: self.host.wall(),
        };
        let mut outputs = std::mem::take(&mut self.outputs);
        self.client.handle(now, input, &mut outputs);
        self.host.tap(now, &input, &outputs);
        for output in outputs.drain(..) {
            self.carry_out(output)?;
        }
        self.outputs = outputs;
        Ok(())
    }

    fn carry_out(&mut self, output: Output) -> io::Result<()> {
        match output {
            Output::Keep(keep) => self.host.keep(keep)?,
            Output::Connect => self.wire.open(),
            Output::Send(frames) => self.wire.send(frames.0),
            Output::Disconnect => self.wire.close(),
            Output::Deliver(message) => self.host.deliver(message),
            Output::Show(notice) => self.host.show(notice),
            Output::Done => self.over = true,
            Output::FallBack => (self.over, self.falls_back) = (true, true),
        }
        Ok(())
    }

    fn deadline(&self) -> Instant {
        instant(self.start, self.client.deadline())
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
