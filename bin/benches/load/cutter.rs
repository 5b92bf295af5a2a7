//! A link that can be cut: a proxy on loopback that carries one user's bytes to the server until it is told to stop.

use rand::RngExt;
use rand::rngs::SmallRng;
use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::spawn_local;
use tokio::time::sleep;

/// How long the server's end of a link that was cut in silence stays open.
const SILENCE: Duration = Duration::from_secs(2);

/// How a link is cut. Either way what it holds is lost, wherever in a frame that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Both ends notice.
    Loud,
    /// The client notices; to the server the connection looks alive, and nothing goes through it.
    HalfOpen,
}

impl Cut {
    /// One of both.
    pub fn draw(random: &mut SmallRng) -> Cut {
        match random.random() {
            true => Cut::Loud,
            false => Cut::HalfOpen,
        }
    }
}

/// One user's way to the server. It ends with the `LocalSet` in which it was opened.
#[derive(Debug)]
pub struct Cutter {
    /// Where the user finds it.
    pub address: SocketAddr,
    /// Cuts the connection that is carried now.
    carried: Rc<RefCell<Option<oneshot::Sender<Cut>>>>,
}

impl Cutter {
    /// Opens a way to that server.
    ///
    /// # Errors
    /// What the system says.
    pub async fn open(server: SocketAddr) -> io::Result<Cutter> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let carried = Rc::default();
        spawn_local(accept(listener, server, Rc::clone(&carried)));
        Ok(Cutter { address, carried })
    }

    /// Cuts the link; `false` if nothing goes through it at the moment.
    pub fn cut(&self, how: Cut) -> bool {
        let carried = self.carried.borrow_mut().take();
        carried.is_some_and(|carried| carried.send(how).is_ok())
    }
}

async fn accept(
    listener: TcpListener,
    server: SocketAddr,
    carried: Rc<RefCell<Option<oneshot::Sender<Cut>>>>,
) {
    while let Ok((near, _)) = listener.accept().await {
        let (cutter, cut) = oneshot::channel();
        *carried.borrow_mut() = Some(cutter);
        spawn_local(async move {
            // A connection that fails or ends by itself shows at its ends, which is where the audit looks.
            let _ = carry(near, server, cut).await;
        });
    }
}

async fn carry(
    mut near: TcpStream,
    server: SocketAddr,
    mut cut: oneshot::Receiver<Cut>,
) -> io::Result<()> {
    let mut far = TcpStream::connect(server).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let how = tokio::select! {
        biased;
        how = &mut cut => how,
        ended = copy_bidirectional(&mut near, &mut far) => return ended.map(drop),
    };
    near.set_zero_linger()?;
    far.set_zero_linger()?;
    drop(near);
    if how == Ok(Cut::HalfOpen) {
        sleep(SILENCE).await;
    }
    Ok(())
}
