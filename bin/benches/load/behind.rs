//! A device that was away for long and now reads as fast as it is given, on a thread of its own.

use super::audit::{Findings, Stream};
use super::body::Stamp;
use super::session::Session;
use super::speech::{Level, User};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{ClientFrame, Decoded, ServerFrame, encode_client, server_frame};

/// See the module's words.
pub struct Behind {
    arrived: Arc<AtomicU64>,
    over: Arc<AtomicU64>,
    thread: JoinHandle<io::Result<Findings>>,
}

impl Behind {
    /// Comes back and begins to read.
    pub fn start(server: SocketAddr, who: User) -> Behind {
        let (arrived, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (ours, end) = (Arc::clone(&arrived), Arc::clone(&over));
        let thread = std::thread::spawn(move || read(server, who, &ours, &end));
        Behind {
            arrived,
            over,
            thread,
        }
    }

    /// Messages so far; all that there are if it cannot go on.
    pub fn arrived(&self) -> u64 {
        match self.thread.is_finished() {
            true => u64::MAX,
            false => self.arrived.load(Ordering::Relaxed),
        }
    }

    /// Ends it; gives what it found.
    pub fn end(self) -> Findings {
        self.over.store(1, Ordering::Relaxed);
        match self.thread.join() {
            Ok(Ok(findings)) => findings,
            _ => Findings {
                faults: 1,
                ..Findings::default()
            },
        }
    }
}

fn read(
    server: SocketAddr,
    who: User,
    arrived: &AtomicU64,
    over: &AtomicU64,
) -> io::Result<Findings> {
    let mut opened = Session::default().join(server, &who)?;
    let connection = opened
        .pop()
        .ok_or_else(|| io::Error::other("one connection"))?;
    let (mut stream, mut unread) = (connection.stream, connection.rest);
    stream.set_read_timeout(Some(std::time::Duration::from_millis(100)))?;
    let (limits, mut bytes) = (Limits::default(), vec![0; 256 * 1024]);
    let (mut streams, mut last, mut disordered) = (BTreeMap::<usize, Stream>::new(), 0, 0);
    while over.load(Ordering::Relaxed) == 0 {
        let (mut at, mut out, mut acked) = (0, Vec::new(), None);
        while let Decoded::Frame(frame, length) = server_frame(&unread[at..], &limits) {
            at += length;
            match frame {
                ServerFrame::Deliver(delivery) => {
                    disordered += u64::from(delivery.seq.0 <= last);
                    last = delivery.seq.0;
                    acked = Some(delivery.seq);
                    let stamp = Stamp::read(delivery.body.as_bytes());
                    let stamp = stamp.ok_or_else(|| io::Error::other("a body of others"))?;
                    streams.entry(stamp.sender).or_default().see(stamp.counter);
                    arrived.fetch_add(1, Ordering::Relaxed);
                }
                ServerFrame::Ping => encode_client(&ClientFrame::Pong, &mut out),
                _ => {}
            }
        }
        unread.drain(..at);
        if let Some(seq) = acked {
            encode_client(&ClientFrame::Ack(seq), &mut out);
        }
        stream.write_all(&out)?;
        match stream.read(&mut bytes) {
            Ok(0) => return Err(io::Error::other("the server ended the connection")),
            Ok(count) => unread.extend_from_slice(&bytes[..count]),
            Err(why) if why.kind() == io::ErrorKind::WouldBlock => {}
            Err(why) => return Err(why),
        }
    }
    Ok(Findings {
        lost: streams.values().map(Stream::holes).sum(),
        duplicates: streams.values().map(|stream| stream.duplicates).sum(),
        reordered: disordered + streams.values().map(|stream| stream.reordered).sum::<u64>(),
        ..Findings::default()
    })
}
