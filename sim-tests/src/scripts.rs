//! Drives a scripted program: opens, writes and reads its connections, and wakes it when it wants that.

use crate::cast::{Does, Heard, Order, Script};
use crate::clock::Clock;
use crate::players::Way;
use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;
use verbatim_net::Transport;

/// Read at once, unless the program reads less.
const READ_BYTES: usize = 16 * 1024;
/// No program has more connections than that.
const CONNECTIONS: usize = 2;

/// Runs a program until its orders end; without any, until it wants no more time.
pub(crate) async fn play_script<T: Transport + Clone>(
    script: &mut impl Script,
    way: &Way<T>,
    mut orders: Option<UnboundedReceiver<Order>>,
) {
    let mut wires: [Wire<T::Stream>; CONNECTIONS] = [const { Wire::None }; CONNECTIONS];
    let clock = &way.clock;
    let mut out = Vec::new();
    let mut buffer = vec![0; READ_BYTES.min(script.read_max())];
    script.handle(clock.now(), Heard::Time, &mut out);
    loop {
        for does in out.drain(..) {
            carry_out(&mut wires, way, does);
        }
        let deadline = script.deadline();
        if deadline.is_none() && orders.is_none() {
            return;
        }
        tokio::select! {
            biased;
            order = next(&mut orders) => {
                let Some(order) = order else { return };
                script.handle(clock.now(), Heard::Order(order), &mut out);
            }
            (number, event) = happening(&mut wires, &mut buffer) => {
                let heard = match event {
                    Event::Opened => Heard::Opened(number),
                    Event::Read(count) => Heard::Read(number, &buffer[..count]),
                    Event::Ended => Heard::Ended(number),
                };
                script.handle(clock.now(), heard, &mut out);
            }
            () = until(clock, deadline) => script.handle(clock.now(), Heard::Time, &mut out),
        }
    }
}

async fn next(orders: &mut Option<UnboundedReceiver<Order>>) -> Option<Order> {
    match orders {
        Some(orders) => orders.recv().await,
        None => pending().await,
    }
}

async fn until(clock: &Clock, deadline: Option<Duration>) {
    match deadline {
        Some(at) => sleep(at.saturating_sub(clock.now())).await,
        None => pending().await,
    }
}

enum Event {
    Opened,
    Read(usize),
    Ended,
}

type Opening<S> = Pin<Box<dyn Future<Output = io::Result<S>>>>;

/// A connection of the program.
enum Wire<S> {
    None,
    Opening(Opening<S>),
    Open(S, Vec<u8>),
}

fn carry_out<T: Transport + Clone>(wires: &mut [Wire<T::Stream>], way: &Way<T>, does: Does) {
    match does {
        Does::Open(number) => {
            let (transport, server) = (way.transport.clone(), way.server.clone());
            wires[number] =
                Wire::Opening(Box::pin(async move { transport.connect(&server).await }));
        }
        Does::Write(number, bytes) => {
            if let Wire::Open(_, unwritten) = &mut wires[number] {
                unwritten.extend(bytes);
            }
        }
        Does::Close(number) => wires[number] = Wire::None,
    }
}

async fn happening<S: AsyncRead + AsyncWrite + Unpin>(
    wires: &mut [Wire<S>],
    buffer: &mut [u8],
) -> (usize, Event) {
    poll_fn(|context| {
        for (number, wire) in wires.iter_mut().enumerate() {
            if let Poll::Ready(event) = wire.poll(context, buffer) {
                if let Event::Ended = event {
                    *wire = Wire::None;
                }
                return Poll::Ready((number, event));
            }
        }
        Poll::Pending
    })
    .await
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    fn poll(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Event> {
        match self {
            Wire::None => Poll::Pending,
            Wire::Opening(opening) => match ready!(opening.as_mut().poll(context)) {
                Ok(stream) => {
                    *self = Wire::Open(stream, Vec::new());
                    Poll::Ready(Event::Opened)
                }
                Err(_) => Poll::Ready(Event::Ended),
            },
            Wire::Open(stream, unwritten) => {
                while !unwritten.is_empty() {
                    match Pin::new(&mut *stream).poll_write(context, unwritten) {
                        Poll::Ready(Ok(written)) => drop(unwritten.drain(..written)),
                        Poll::Ready(Err(_)) => return Poll::Ready(Event::Ended),
                        Poll::Pending => break,
                    }
                }
                let mut read = ReadBuf::new(buffer);
                match ready!(Pin::new(stream).poll_read(context, &mut read)) {
                    Ok(()) if !read.filled().is_empty() => {
                        Poll::Ready(Event::Read(read.filled().len()))
                    }
                    _ => Poll::Ready(Event::Ended),
                }
            }
        }
    }
}
