//! What carries bytes: TCP here; a simulated network implements the same trait outside.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// Silence after which the system asks whether the other end is still there.
const KEEPALIVE_TIME: Duration = Duration::from_secs(10);
/// How long it waits for an answer before it asks again.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// How often it asks before it gives the connection up.
const KEEPALIVE_RETRIES: u32 = 2;

/// A way to open byte streams. Everything above it is the same in production and in simulation.
pub trait Transport: 'static {
    /// One connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + 'static;
    /// Where connections arrive.
    type Listener: 'static;

    /// Listens at `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// What the system says, for instance that the address is in use.
    fn bind(&self, address: SocketAddr) -> impl Future<Output = io::Result<Self::Listener>>;

    /// The address that was bound.
    ///
    /// # Errors
    /// What the system says.
    fn local_address(&self, listener: &Self::Listener) -> io::Result<SocketAddr>;

    /// Waits for the next connection.
    ///
    /// # Errors
    /// What the system says; the caller decides whether that is passing (no descriptors) or final.
    fn accept(
        &self,
        listener: &Self::Listener,
    ) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>>;

    /// Opens a connection to `server`, a `host:port`.
    ///
    /// # Errors
    /// What the system says: unknown host, refused, unreachable.
    fn connect(&self, server: &str) -> impl Future<Output = io::Result<Self::Stream>>;
}

/// Real TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tcp;

impl Transport for Tcp {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn bind(&self, address: SocketAddr) -> io::Result<TcpListener> {
        // The standard library sets SO_REUSEADDR on Unix, so that a restarted server gets its port back at once;
        // socket2 is here for the backlog, which a class that arrives together needs longer than 128.
        let socket = socket2::Socket::new(
            socket2::Domain::for_address(address),
            socket2::Type::STREAM.nonblocking().cloexec(),
            Some(socket2::Protocol::TCP),
        )?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(4096)?;
        TcpListener::from_std(socket.into())
    }

    fn local_address(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, from) = listener.accept().await?;
        // Lines are small and awaited: Nagle's algorithm would hold them back.
        stream.set_nodelay(true)?;
        // A classic client says nothing while it waits: only this tells a dead one from a quiet one, in 20 s.
        keep_alive(&stream)?;
        Ok((stream, from))
    }

    async fn connect(&self, server: &str) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(server).await?;
        stream.set_nodelay(true)?;
        // A classic server says nothing either, unless somebody writes.
        keep_alive(&stream)?;
        Ok(stream)
    }
}

fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(KEEPALIVE_TIME)
        .with_interval(KEEPALIVE_INTERVAL)
        .with_retries(KEEPALIVE_RETRIES);
    socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)
}
