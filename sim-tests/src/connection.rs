//! A connection in a script's hands: bytes out, each write a segment; bytes in, kept until the script looks.

use crate::person::Opening;
use crate::server;
use crate::transport::SimTransport;
use crate::world::World;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedSender;
use verbatim_net::Transport;

/// What a script wants of a connection.
#[derive(Debug)]
pub(crate) enum Order {
    /// Write this in one segment.
    Write(Vec<u8>),
    /// Read nothing from now on.
    StopReading,
    /// Close it, without a word.
    Close,
}

/// What came on a connection.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Everything, from the beginning.
    bytes: Vec<u8>,
    /// Up to where the script has looked.
    seen: usize,
    /// Nothing more will come.
    ended: bool,
}

/// One connection to the server. It stays open until somebody closes it, though the script forgets it.
pub struct Connection {
    world: World,
    who: String,
    order: UnboundedSender<Order>,
    heard: Rc<RefCell<Heard>>,
}

impl Connection {
    pub(crate) fn new(
        world: World,
        who: &str,
        order: UnboundedSender<Order>,
        heard: Rc<RefCell<Heard>>,
    ) -> Connection {
        let who = who.to_owned();
        Connection {
            world,
            who,
            order,
            heard,
        }
    }

    /// The world that it is in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Sends bytes in one segment.
    pub fn write(&self, bytes: impl Into<Vec<u8>>) {
        if self.order.send(Order::Write(bytes.into())).is_err() {
            self.fail("writes on a connection that has ended");
        }
    }

    /// Closes it without a word.
    pub fn close(&self) {
        // One that has ended is closed.
        let _ = self.order.send(Order::Close);
    }

    /// Reads nothing from now on: what comes fills the buffers between.
    pub fn stop_reading(&self) {
        if self.order.send(Order::StopReading).is_err() {
            self.fail("stops reading on a connection that has ended");
        }
    }

    /// Waits for bytes and reads once, at most `most` of them, as a program does that believes one read is one message.
    pub fn read_once(&mut self, most: usize) -> Vec<u8> {
        let heard = Rc::clone(&self.heard);
        let what = format!("a byte for {}", self.who);
        self.world.until(&what, || heard.borrow_mut().take(most))
    }

    /// What has come and was not looked at; the function says how much of it is done with.
    pub(crate) fn look<T>(&mut self, look: impl FnOnce(&[u8]) -> Option<(T, usize)>) -> Option<T> {
        let mut heard = self.heard.borrow_mut();
        let (found, length) = look(&heard.bytes[heard.seen..])?;
        heard.seen += length;
        Some(found)
    }

    /// Waits until the server has closed it, with nothing left to read.
    pub fn expect_end(&mut self) {
        let heard = Rc::clone(&self.heard);
        let what = format!("the end of a connection of {}", self.who);
        self.world
            .until(&what, || heard.borrow().ended.then_some(()));
        let heard = heard.borrow();
        if heard.seen < heard.bytes.len() {
            let rest = String::from_utf8_lossy(&heard.bytes[heard.seen..]).into_owned();
            self.fail(&format!("was closed, but before that heard {rest:?}"));
        }
    }

    /// Whether nothing has come that was not looked at.
    pub fn is_silent(&self) -> bool {
        let heard = self.heard.borrow();
        heard.seen == heard.bytes.len() && !heard.ended
    }

    /// Everything that ever came.
    pub fn bytes(&self) -> Vec<u8> {
        self.heard.borrow().bytes.clone()
    }

    /// Ends a script in which this connection did not go as it says.
    ///
    /// # Panics
    /// Always, with the transcript.
    #[track_caller]
    pub fn fail(&self, why: &str) -> ! {
        self.world.fail(&format!("{} {why}", self.who))
    }
}

impl Heard {
    fn take(&mut self, most: usize) -> Option<Vec<u8>> {
        let rest = &self.bytes[self.seen..];
        let taken = rest[..rest.len().min(most)].to_vec();
        self.seen += taken.len();
        (!taken.is_empty()).then_some(taken)
    }
}

/// The connection's task on its host.
pub(crate) async fn converse(opening: Opening) {
    let heard = Rc::clone(&opening.heard);
    // However it ends, it has ended: who cares looks at what came before.
    let _ = exchange(opening).await;
    heard.borrow_mut().ended = true;
}

async fn exchange(mut opening: Opening) -> io::Result<()> {
    let mut stream = SimTransport.connect(server::ADDRESS).await?;
    let (mut buffer, mut reads) = (vec![0; 64 * 1024], true);
    loop {
        tokio::select! {
            biased;
            Some(order) = opening.orders.recv() => match order {
                Order::Write(bytes) => stream.write_all(&bytes).await?,
                Order::StopReading => reads = false,
                Order::Close => return Ok(()),
            },
            length = stream.read(&mut buffer), if reads => match length? {
                0 => return Ok(()),
                length => opening.heard.borrow_mut().bytes.extend_from_slice(&buffer[..length]),
            },
            // The script has forgotten it, and it reads nothing: it stays as it is.
            else => std::future::pending().await,
        }
    }
}
