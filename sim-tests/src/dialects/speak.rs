//! Drives a stand-in over any transport: real TCP, or the simulated network.

use super::client::{Act, ForeignClient, News};
use super::server::{Deed, ForeignServer, Wire};
use super::{ClientRow, ServerRow};
use crate::dice::Dice;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::sleep;
use verbatim_core::classic::Side;
use verbatim_net::Transport;

/// What one read gives at most, as in most of these programs.
const READ_BYTES: usize = 2048;

/// How frames are cut into segments.
#[derive(Clone, Debug)]
pub enum Cut {
    /// Not at all: a frame is a segment.
    Whole,
    /// Every byte is one.
    Bytes,
    /// Anywhere, with pauses of a few milliseconds.
    Chopped(Dice),
}

impl Cut {
    async fn write(
        &mut self,
        out: &mut (impl AsyncWriteExt + Unpin),
        bytes: &[u8],
    ) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = match self {
                Cut::Whole => rest.len(),
                Cut::Bytes => 1,
                Cut::Chopped(dice) => dice.between(1, 24) as usize,
            };
            let (part, behind) = rest.split_at(length.min(rest.len()));
            out.write_all(part).await?;
            out.flush().await?;
            if let Cut::Chopped(dice) = self {
                sleep(Duration::from_millis(dice.between(0, 6))).await;
            }
            rest = behind;
        }
        Ok(())
    }
}

/// Lets somebody use a foreign client until `orders` end: lines to say go in by them, what is seen comes out by `news`.
///
/// # Errors
/// A connection could not be opened, or was closed by the server.
pub async fn play_client<T: Transport>(
    transport: &T,
    server: &str,
    (row, user): (ClientRow, &str),
    mut cut: Cut,
    mut orders: UnboundedReceiver<(String, String)>,
    news: UnboundedSender<News>,
) -> io::Result<()> {
    if row.reads_lines {
        cut = Cut::Whole; // such programs write a line at a time
    }
    let mut client = ForeignClient::new(row, user);
    let (tell, mut heard) = unbounded_channel();
    let mut out: BTreeMap<Side, WriteHalf<T::Stream>> = BTreeMap::new();
    let mut acts = client.start();
    loop {
        let mut next = Vec::new();
        for act in acts {
            match act {
                Act::Connect(side) => {
                    let (read, write) = split(transport.connect(server).await?);
                    out.insert(side, write);
                    tokio::task::spawn_local(listen(side, read, tell.clone()));
                    next.extend(client.on_connected(side));
                }
                Act::Write(side, bytes) => {
                    let out = out.get_mut(&side).expect("it writes on open connections");
                    cut.write(out, &bytes).await?;
                }
                Act::Tell(what) => {
                    // Nobody may want to know any more.
                    let _ = news.send(what);
                }
            }
        }
        acts = next;
        if !acts.is_empty() {
            continue;
        }
        tokio::select! {
            biased;
            read = heard.recv() => match read.expect("a sender is kept here") {
                (_, bytes) if bytes.is_empty() => return Ok(()),
                (side, bytes) => acts = client.on_read(side, &bytes),
            },
            order = orders.recv() => match order {
                Some((to, text)) => acts = client.say(&to, &text),
                None => break,
            },
        }
    }
    // The other half of each stream is with its listener, who hears the end when the server has.
    for mut stream in out.into_values() {
        stream.shutdown().await?;
    }
    Ok(())
}

/// Tells each read; an empty one is the end.
async fn listen<K: Copy>(
    which: K,
    mut stream: ReadHalf<impl AsyncRead>,
    tell: UnboundedSender<(K, Vec<u8>)>,
) {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let length = stream.read(&mut buffer).await.unwrap_or(0);
        let told = tell.send((which, buffer[..length].to_vec()));
        if length == 0 || told.is_err() {
            return;
        }
    }
}

/// Runs a foreign server on a listener, for ever.
pub async fn play_server<T: Transport>(
    transport: T,
    listener: T::Listener,
    row: ServerRow,
    cut: Cut,
) {
    let (tell, mut heard) = unbounded_channel::<(Wire, Vec<u8>)>();
    let streams = Rc::new(RefCell::new(BTreeMap::new()));
    let accepted = Rc::clone(&streams);
    tokio::task::spawn_local(async move {
        for wire in 0.. {
            let Ok((stream, _)) = transport.accept(&listener).await else {
                return;
            };
            let (read, write) = split(stream);
            accepted.borrow_mut().insert(wire, write);
            tokio::task::spawn_local(listen(wire, read, tell.clone()));
        }
    });
    let (mut server, mut cut) = (ForeignServer::new(row), cut);
    while let Some((wire, bytes)) = heard.recv().await {
        let deeds = match bytes.is_empty() {
            true => server.on_closed(wire),
            false => server.on_read(wire, &bytes),
        };
        for deed in deeds {
            let (Deed::Write(wire, _) | Deed::Close(wire)) = &deed;
            let Some(mut out) = streams.borrow_mut().remove(wire) else {
                continue;
            };
            if let Deed::Write(wire, bytes) = deed {
                // Whoever is gone does not hear it.
                let _ = cut.write(&mut out, &bytes).await;
                streams.borrow_mut().insert(wire, out);
            } else {
                let _ = out.shutdown().await;
            }
        }
        if bytes.is_empty() {
            streams.borrow_mut().remove(&wire);
        }
    }
}
