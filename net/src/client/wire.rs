//! A client's one connection: being opened, open, or none; and those that are still saying goodbye.

use super::{Running, poll_all};
use crate::Transport;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;

/// Unwritten bytes beyond which nothing is read: more than a full window of the longest messages, so that only a
/// server that floods and does not read can bring it about.
const UNWRITTEN_MAX: usize = 8 * 1024 * 1024;

/// The longest buffer that is kept when all in it is written.
const ROOM_KEPT: usize = 16 * 1024;

/// How long the last frames of a connection and its end may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// What happened on the connection.
pub(super) enum Event {
    Opened,
    /// So many bytes are in the buffer.
    Read(usize),
    /// It is gone, or could not be opened, and why.
    Ended(String),
}

enum State<'a, S> {
    None,
    Opening(Running<'a, io::Result<S>>),
    Open { stream: S, unwritten: Unwritten },
}

/// Bytes to write, and how many of them are written.
#[derive(Default)]
struct Unwritten {
    bytes: Vec<u8>,
    done: usize,
}

/// See the module's words.
pub(super) struct Wire<'a, T: Transport> {
    transport: &'a T,
    server: &'a str,
    state: State<'a, T::Stream>,
    farewells: Vec<Running<'a, ()>>,
}

impl<'a, T: Transport> Wire<'a, T> {
    pub fn new(transport: &'a T, server: &'a str) -> Wire<'a, T> {
        Wire {
            transport,
            server,
            state: State::None,
            farewells: Vec::new(),
        }
    }

    pub fn open(&mut self) {
        self.state = State::Opening(Box::pin(self.transport.connect(self.server)));
    }

    pub fn send(&mut self, bytes: &[u8]) {
        if let State::Open { unwritten, .. } = &mut self.state {
            unwritten.push(bytes);
        }
    }

    /// Ends the connection once everything is written; it goes on beside the next one.
    pub fn close(&mut self) {
        if let State::Open { stream, unwritten } = std::mem::replace(&mut self.state, State::None) {
            self.farewells.push(Box::pin(goodbye(stream, unwritten)));
        }
    }

    /// Waits until all goodbyes are said.
    pub async fn farewell(&mut self) {
        poll_fn(|context| {
            poll_all(&mut self.farewells, context);
            match self.farewells.is_empty() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// Writes and reads until there is an event. Dropped and called again, it goes on where it was.
    pub async fn next(&mut self, buffer: &mut [u8]) -> Event {
        let event = poll_fn(|context| self.poll(context, buffer)).await;
        if let Event::Ended(_) = event {
            self.state = State::None;
        }
        event
    }

    fn poll(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Event> {
        poll_all(&mut self.farewells, context);
        match &mut self.state {
            State::None => Poll::Pending,
            State::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                Ok(stream) => {
                    let unwritten = Unwritten::default();
                    self.state = State::Open { stream, unwritten };
                    Poll::Ready(Event::Opened)
                }
                Err(error) => Poll::Ready(ended(&error)),
            },
            State::Open { stream, unwritten } => {
                if let Poll::Ready(Err(error)) = unwritten.poll_write(stream, context) {
                    return Poll::Ready(ended(&error));
                }
                if unwritten.bytes.len() > UNWRITTEN_MAX {
                    return Poll::Pending;
                }
                let mut read = ReadBuf::new(buffer);
                match ready!(Pin::new(stream).poll_read(context, &mut read)) {
                    Ok(()) if read.filled().is_empty() => {
                        Poll::Ready(Event::Ended("the server closed the connection".into()))
                    }
                    Ok(()) => Poll::Ready(Event::Read(read.filled().len())),
                    Err(error) => Poll::Ready(ended(&error)),
                }
            }
        }
    }
}

impl Unwritten {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.done);
        self.done = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Ready when all is written and flushed.
    fn poll_write(
        &mut self,
        stream: &mut (impl AsyncWrite + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.done < self.bytes.len() {
            let rest = &self.bytes[self.done..];
            match ready!(Pin::new(&mut *stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.done += count,
            }
        }
        self.bytes.clear();
        self.bytes.shrink_to(ROOM_KEPT);
        self.done = 0;
        Pin::new(stream).poll_flush(context)
    }
}

/// Writes the rest, says that nothing follows, and listens until the server has closed: closing with unread bytes
/// would take back what is still on its way.
async fn goodbye<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, unwritten: Unwritten) {
    let said = async {
        stream.write_all(&unwritten.bytes[unwritten.done..]).await?;
        stream.shutdown().await?;
        let mut ignored = [0; 1024];
        while stream.read(&mut ignored).await? > 0 {}
        io::Result::Ok(())
    };
    // Either it is said, or the server does not want to hear it; nothing waits for the outcome.
    drop(timeout(FAREWELL, said).await);
}

fn ended(error: &io::Error) -> Event {
    Event::Ended(match error.raw_os_error() {
        Some(_) => error.kind().to_string(),
        None => error.to_string(),
    })
}
