//! One task per connection: bytes in, bytes out, nothing of what they mean. An idle one holds no buffer.

use crate::owner::Owner;
use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::timeout;
use verbatim_core::id::ConnId;
use verbatim_core::router::Input;

/// How long a closing connection may take to write what was sent to it.
const CLOSING_TIME_MAX: Duration = Duration::from_secs(15);
/// How long, after our last byte, the other end's are still read and thrown away: closing a socket with unread bytes
/// resets it, and then the other end may lose the very error that tells it why.
const LINGER_TIME_MAX: Duration = Duration::from_secs(1);
/// How many of them: enough for whatever a client had on its way, and no free ride for one that pours.
const LINGER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Serves a connection until it ends, and tells the router.
///
/// Written out and not as an `async` function: that would keep room for its end from its beginning, and most
/// connections are idle for most of their lives.
pub(crate) struct Serve<S> {
    owner: Rc<RefCell<Owner>>,
    gone: Rc<Notify>,
    conn: ConnId,
    stream: Option<S>,
    farewell: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl<S> Serve<S> {
    /// `gone` is notified when the router has been told.
    pub(crate) fn new(
        owner: Rc<RefCell<Owner>>,
        conn: ConnId,
        stream: S,
        gone: Rc<Notify>,
    ) -> Serve<S> {
        Serve {
            owner,
            gone,
            conn,
            stream: Some(stream),
            farewell: None,
        }
    }
}

impl<S> Future for Serve<S>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if let Some(stream) = &mut this.stream {
            let ending = ready!(exchange(cx, stream, &this.owner, this.conn));
            let farewell = this.stream.take().map(|stream| {
                let farewell = farewell(Rc::clone(&this.owner), this.conn, stream, ending);
                Box::pin(farewell) as Pin<Box<dyn Future<Output = ()>>>
            });
            this.farewell = farewell;
        }
        if let Some(farewell) = &mut this.farewell {
            ready!(farewell.as_mut().poll(cx));
        }
        this.gone.notify_one();
        Poll::Ready(())
    }
}

/// Writes what is left, hears the other end out, and tells the router.
async fn farewell<S>(
    owner: Rc<RefCell<Owner>>,
    conn: ConnId,
    mut stream: S,
    ending: io::Result<Ending>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let Ok(Ending::Ours) = ending {
        let mut drained = 0;
        let flush = poll_fn(|cx| flush(cx, &mut stream, &owner, conn));
        let flushed = timeout(CLOSING_TIME_MAX, flush).await;
        // One that was never told anything has nothing to lose, and its place is wanted.
        let told = owner.borrow_mut().slot(conn).said;
        if let (Ok(Ok(())), true) = (flushed, told) {
            let drain = poll_fn(|cx| drain(cx, &mut stream, &owner, &mut drained));
            let _ = timeout(LINGER_TIME_MAX, drain).await;
        }
    }
    if let Err(error) = ending {
        tracing::debug!(%conn, %error, "connection lost");
    }
    owner.borrow_mut().closed(conn);
}

enum Ending {
    /// The other end closed.
    Theirs,
    /// The router said so.
    Ours,
}

/// Reads and writes until neither goes on.
///
/// What a read leads to is written in a later turn, this connection's own answers included: whoever else was woken by
/// it comes first, since a delivery is awaited by somebody and an answer hardly ever is.
fn exchange<S>(
    cx: &mut Context<'_>,
    stream: &mut S,
    owner: &RefCell<Owner>,
    conn: ConnId,
) -> Poll<io::Result<Ending>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if owner.borrow_mut().slot(conn).closing {
        return Poll::Ready(Ok(Ending::Ours));
    }
    while write(cx, stream, owner, conn)?.is_ready() {}
    let paused = owner.borrow_mut().slot(conn).paused;
    let read = if paused {
        Poll::Pending
    } else {
        read(cx, stream, owner, conn)?
    };
    match read {
        Poll::Ready(0) => return Poll::Ready(Ok(Ending::Theirs)),
        Poll::Ready(_) => cx.waker().wake_by_ref(),
        Poll::Pending => {}
    }
    let mut owner = owner.borrow_mut();
    let slot = owner.slot(conn);
    if slot.closing || slot.paused != paused {
        cx.waker().wake_by_ref(); // our own call of the router changed it
    }
    if slot
        .waker
        .as_ref()
        .is_none_or(|waker| !waker.will_wake(cx.waker()))
    {
        slot.waker = Some(cx.waker().clone());
    }
    Poll::Pending
}

fn read<S>(
    cx: &mut Context<'_>,
    stream: &mut S,
    owner: &RefCell<Owner>,
    conn: ConnId,
) -> io::Result<Poll<usize>>
where
    S: AsyncRead + Unpin,
{
    let mut lent = owner.borrow_mut().lend_read_buffer();
    let mut buffer = ReadBuf::new(&mut lent);
    let polled = Pin::new(stream).poll_read(cx, &mut buffer);
    let length = buffer.filled().len();
    let mut owner = owner.borrow_mut();
    if let Poll::Ready(Ok(())) = polled
        && length > 0
    {
        owner.handle(Input::Received {
            conn,
            bytes: &lent[..length],
        });
    }
    owner.return_read_buffer(lent);
    match polled {
        Poll::Pending => Ok(Poll::Pending),
        Poll::Ready(Ok(())) => Ok(Poll::Ready(length)),
        Poll::Ready(Err(error)) => Err(error),
    }
}

/// Writes what is there; `Pending` if nothing is, or nothing could be written.
fn write<S>(
    cx: &mut Context<'_>,
    stream: &mut S,
    owner: &RefCell<Owner>,
    conn: ConnId,
) -> io::Result<Poll<()>>
where
    S: AsyncWrite + Unpin,
{
    let mut outgoing = std::mem::take(&mut owner.borrow_mut().slot(conn).outgoing);
    if outgoing.is_empty() {
        return Ok(Poll::Pending);
    }
    let polled = Pin::new(stream).poll_write(cx, &outgoing);
    let mut owner = owner.borrow_mut();
    let length = match polled {
        Poll::Ready(Ok(length)) => length,
        Poll::Ready(Err(error)) => return Err(error),
        Poll::Pending => 0,
    };
    if length == outgoing.len() {
        owner.reuse(outgoing);
    } else {
        outgoing.drain(..length);
        owner.slot(conn).outgoing = outgoing;
    }
    if length == 0 {
        return if polled.is_pending() {
            Ok(Poll::Pending)
        } else {
            Err(io::ErrorKind::WriteZero.into())
        };
    }
    owner.handle(Input::Written {
        conn,
        bytes: length,
    });
    Ok(Poll::Ready(()))
}

/// Writes all that is left and ends our side.
fn flush<S>(
    cx: &mut Context<'_>,
    stream: &mut S,
    owner: &RefCell<Owner>,
    conn: ConnId,
) -> Poll<io::Result<()>>
where
    S: AsyncWrite + Unpin,
{
    while !owner.borrow_mut().slot(conn).outgoing.is_empty() {
        if write(cx, stream, owner, conn)?.is_pending() {
            return Poll::Pending;
        }
    }
    Pin::new(stream).poll_shutdown(cx)
}

/// Throws away what the other end still says, until it has closed too or has said too much.
fn drain<S>(
    cx: &mut Context<'_>,
    stream: &mut S,
    owner: &RefCell<Owner>,
    drained: &mut usize,
) -> Poll<io::Result<()>>
where
    S: AsyncRead + Unpin,
{
    loop {
        let mut lent = owner.borrow_mut().lend_read_buffer();
        let mut buffer = ReadBuf::new(&mut lent);
        let polled = Pin::new(&mut *stream).poll_read(cx, &mut buffer);
        let length = buffer.filled().len();
        owner.borrow_mut().return_read_buffer(lent);
        ready!(polled)?;
        *drained += length;
        if length == 0 || *drained > LINGER_BYTES_MAX {
            return Poll::Ready(Ok(()));
        }
    }
}
