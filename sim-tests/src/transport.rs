//! turmoil's network behind the trait that production's TCP implements. Whatever chops or joins segments goes here.

use std::io;
use std::net::SocketAddr;
use turmoil::net::{TcpListener, TcpStream};
use verbatim_net::Transport;

/// The simulated network, for code that runs on a host of a simulation.
#[derive(Clone, Copy, Debug, Default)]
pub struct SimTransport;

impl Transport for SimTransport {
    type Stream = TcpStream;
    type Listener = TcpListener;

    async fn bind(&self, address: SocketAddr) -> io::Result<TcpListener> {
        TcpListener::bind(address).await
    }

    fn local_address(&self, listener: &TcpListener) -> io::Result<SocketAddr> {
        listener.local_addr()
    }

    async fn accept(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }

    async fn connect(&self, server: &str) -> io::Result<TcpStream> {
        // As the system says it: turmoil's own words are only the address.
        let connected = TcpStream::connect(server).await;
        connected.map_err(|error| error.kind().into())
    }
}
