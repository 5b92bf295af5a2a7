//! One end of a connection over turmoil's network: it is chopped, broken, deafened and left in the dark.

use super::rough::{Air, Grave};
use super::wire::{KEEPALIVE, Wire, now};
use crate::dice::Dice;
use crate::ground::{DEAF_BYTES_MAX, End, goes_whole};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};
use turmoil::net::TcpStream;

/// What a client may say in the dark before it notices.
const DARK_BYTES_MAX: usize = 256 * 1024;

/// One end of a connection.
pub struct RoughStream {
    stream: Option<TcpStream>,
    wire: Rc<Wire>,
    end: End,
    dice: Dice,
    air: Air,
    /// Said in the dark.
    unsaid: Vec<u8>,
    /// No write before then.
    pause: Instant,
    timer: Pin<Box<Sleep>>,
}

impl RoughStream {
    pub(super) fn new(stream: TcpStream, wire: Rc<Wire>, end: End, air: &Air) -> RoughStream {
        let dice = air.dice(&wire, end);
        let pause = Instant::now();
        RoughStream {
            stream: Some(stream),
            wire,
            end,
            dice,
            air: air.clone(),
            unsaid: Vec::new(),
            pause,
            timer: Box::pin(sleep_until(pause)),
        }
    }

    fn stream(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(self.stream.as_mut().expect("it is taken by drop alone"))
    }

    /// Wakes the task after that time.
    fn wake_in(&mut self, context: &mut Context<'_>, span: Duration) {
        let at = Instant::now() + span;
        if self.timer.deadline() > at || self.timer.is_elapsed() {
            self.timer.as_mut().reset(at);
        }
        if self.timer.as_mut().poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
    }

    /// Whether this end is broken; wakes the task when the system will find out that it is.
    fn weather(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.wire.listen(self.end, context);
        if let Some(error) = self.wire.broken(self.end) {
            return Err(error);
        }
        if let Some(at) = self.wire.damaged.get() {
            self.wake_in(context, (at + KEEPALIVE).saturating_sub(now()));
        }
        Ok(())
    }

    fn darkness(&self) -> Option<Duration> {
        (self.end == End::Near)
            .then(|| self.wire.darkness())
            .flatten()
    }

    /// For how long the other end reads nothing, once the buffers between are full.
    fn stuffed(&self) -> Option<Duration> {
        let full = self.end == End::Far && self.wire.unheard.get() >= DEAF_BYTES_MAX;
        full.then(|| Wire::left(&self.wire.deaf_until)).flatten()
    }

    /// Says what was said in the dark.
    fn catch_up(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsaid.is_empty() {
            let unsaid = std::mem::take(&mut self.unsaid);
            let polled = self.stream().poll_write(context, &unsaid);
            self.unsaid = unsaid;
            let said = ready!(polled)?;
            self.unsaid.drain(..said);
        }
        Poll::Ready(Ok(()))
    }

    /// How many bytes of a write go now, and how long the next one waits.
    fn chop(&mut self, bytes: &[u8]) -> (usize, Duration) {
        let length = bytes.len();
        let whole = self.wire.whole.get() || (self.end == End::Near && goes_whole(bytes));
        let chop = self.air.chop().filter(|_| !whole);
        let Some(chop) = chop.filter(|chop| self.dice.chance(chop.permille)) else {
            return (length, Duration::ZERO);
        };
        let bytes = usize::try_from(self.dice.between(1, chop.bytes_max)).expect("small");
        let pause = Duration::from_millis(self.dice.between(0, chop.pause_max));
        (bytes.min(length), pause)
    }
}

impl AsyncRead for RoughStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.weather(context)?;
        if let Some(span) = this.darkness() {
            this.wake_in(context, span);
            return Poll::Pending;
        }
        if this.end == End::Near
            && let Some(span) = Wire::left(&this.wire.deaf_until)
        {
            this.wake_in(context, span);
            return Poll::Pending;
        }
        // Reading goes on though writing cannot.
        if let Poll::Ready(Err(error)) = this.catch_up(context) {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        let polled = this.stream().poll_read(context, buffer);
        if this.end == End::Far && buffer.filled().len() > before {
            this.air.heard(&this.wire);
        }
        polled
    }
}

impl AsyncWrite for RoughStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.weather(context)?;
        if let Some(span) = this.darkness() {
            this.wake_in(context, span);
            if this.unsaid.len() > DARK_BYTES_MAX {
                return Poll::Pending;
            }
            this.unsaid.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        ready!(this.catch_up(context))?;
        if let Some(span) = this.stuffed() {
            this.wake_in(context, span);
            return Poll::Pending;
        }
        let pause = this.pause.saturating_duration_since(Instant::now());
        if !pause.is_zero() {
            this.wake_in(context, pause);
            return Poll::Pending;
        }
        let (length, pause) = this.chop(bytes);
        let written = ready!(this.stream().poll_write(context, &bytes[..length]))?;
        this.pause = Instant::now() + pause;
        this.wire.unheard.set(this.wire.unheard.get() + written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.weather(context)?;
        if let Some(span) = this.darkness() {
            this.wake_in(context, span);
            return Poll::Pending;
        }
        ready!(this.catch_up(context))?;
        this.stream().poll_shutdown(context)
    }
}

impl Drop for RoughStream {
    fn drop(&mut self) {
        if self.end == End::Far {
            self.wire.gone.set(true);
        }
        let dark = turmoil::in_simulation() && self.darkness().is_some();
        let Some(stream) = self.stream.take().filter(|_| dark) else {
            return;
        };
        self.air.entomb(Grave {
            stream,
            unsaid: std::mem::take(&mut self.unsaid),
            wire: Rc::clone(&self.wire),
        });
    }
}
