//! The client's driver against a scripted server on loopback: real bytes, frames written by hand.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::timeout;
use verbatim_core::client::{
    Config, Input, LineId, LineState, Message, Notice, Output, WhyOffline,
};
use verbatim_core::id::{DeviceId, Seq};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::{Now, Wall};
use verbatim_core::wire::{Decoded, client_frame};
use verbatim_net::{Host, Request, Tcp, run_client};

const WELCOME: &str = "WELCOME 1\nUser: alice\nStore: 9\nEpoch: 5\nLevel: memory\nHead: 0\nHeartbeat: 5000 15000\n\
                       Body-max: 65536\nSend-window: 64\nCursor: 0\nLast: ";

/// A program that hands everything on.
struct Program {
    news: UnboundedSender<News>,
    keep: io::Result<()>,
    steps: usize,
}

#[derive(Debug)]
enum News {
    Message(Message),
    Notice(Notice),
}

impl Host for Program {
    fn keep(&mut self, outputs: &[Output]) -> io::Result<Option<Seq>> {
        let keeps = |output: &Output| matches!(output, Output::Keep(_));
        match outputs.iter().any(keeps) {
            true => std::mem::replace(&mut self.keep, Ok(())).map(|()| None),
            false => Ok(None),
        }
    }
    fn deliver(&mut self, message: Message) {
        drop(self.news.send(News::Message(message)));
    }
    fn show(&mut self, notice: Notice) {
        drop(self.news.send(News::Notice(notice)));
    }
    fn wall(&self) -> Wall {
        Wall(0)
    }
    fn tap(&mut self, _now: Now, _input: &Input<'_>, _outputs: &[Output]) {
        self.steps += 1;
    }
}

/// The server's end of one connection.
struct Peer {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Peer {
    async fn accept(listener: &TcpListener) -> Peer {
        let accepted = timeout(Duration::from_secs(10), listener.accept()).await;
        Peer {
            stream: accepted.expect("in time").unwrap().0,
            unread: Vec::new(),
        }
    }

    /// The next frame in words; empty at the end of the stream.
    async fn frame(&mut self) -> String {
        loop {
            match client_frame(&self.unread, &Limits::default()) {
                Decoded::Frame(frame, taken) => {
                    let words = frame.to_string();
                    self.unread.drain(..taken);
                    return words;
                }
                Decoded::Partial => {}
                Decoded::Refused(refusal, _) => panic!("{refusal:?}"),
            }
            let read = self.stream.read_buf(&mut self.unread);
            if timeout(Duration::from_secs(10), read)
                .await
                .expect("in time")
                .unwrap()
                == 0
            {
                return String::new();
            }
        }
    }

    async fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    async fn welcome(&mut self, last: u64) {
        self.say(&format!("{WELCOME}{last}\n\n")).await;
    }
}

struct Stage {
    listener: TcpListener,
    requests: UnboundedSender<Request>,
    news: UnboundedReceiver<News>,
    run: tokio::task::JoinHandle<usize>,
}

impl Stage {
    async fn new(keep: io::Result<()>) -> Stage {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap().to_string();
        let (requests, asked) = mpsc::unbounded_channel();
        let (news, told) = mpsc::unbounded_channel();
        let run = tokio::task::spawn_local(async move {
            let name = Name::parse(b"alice").unwrap();
            let config = Config::throw_away(name, DeviceId::new([1; 16]), 1);
            let mut host = Program {
                news,
                keep,
                steps: 0,
            };
            run_client(&Tcp, &server, config, asked, &mut host).await;
            host.steps
        });
        Stage {
            listener,
            requests,
            news: told,
            run,
        }
    }

    fn submit(&self, line: u64, body: &str) {
        let request = Request::Submit {
            line: LineId(line),
            to: Recipient::User(Name::parse(b"bob").unwrap()),
            body: body.into(),
            age_max: None,
        };
        self.requests.send(request).unwrap();
    }

    /// Waits for news that `pick` likes.
    async fn news<R>(&mut self, mut pick: impl FnMut(&News) -> Option<R>) -> R {
        let wanted = async {
            loop {
                let news = self.news.recv().await.expect("the client runs");
                if let Some(picked) = pick(&news) {
                    return picked;
                }
            }
        };
        timeout(Duration::from_secs(10), wanted)
            .await
            .expect("in time")
    }

    async fn state(&mut self, line: u64, wanted: fn(&LineState) -> bool) {
        self.news(|news| match news {
            News::Notice(Notice::Line {
                line: LineId(id),
                state,
            }) => (*id == line && wanted(state)).then_some(()),
            _ => None,
        })
        .await;
    }
}

async fn staged(test: impl Future<Output = ()>) {
    tokio::task::LocalSet::new().run_until(test).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_line_goes_out_a_message_comes_in_and_goodbye_is_said() {
    staged(async {
        let mut stage = Stage::new(Ok(())).await;
        stage.submit(1, "hi");
        let mut peer = Peer::accept(&stage.listener).await;
        assert_eq!(
            peer.frame().await,
            "HELLO alice try=1 new accepted=0 keep=no"
        );
        peer.welcome(0).await;
        assert_eq!(peer.frame().await, "SEND bob id=1 (2 bytes)");
        peer.say("ACCEPTED 1 1 7 1\n\nDELIVER 8\nFrom: bob\nTo: alice\nNumber: 2\n")
            .await;
        stage
            .state(1, |state| matches!(state, LineState::Accepted { .. }))
            .await;
        peer.say("Time: 5\nContent-length: 3\n\nyes").await;
        let message = stage.news(|news| match news {
            News::Message(message) => Some(message.clone()),
            News::Notice(_) => None,
        });
        let message = message.await;
        assert_eq!((message.seq.0, message.body.as_str()), (8, "yes"));
        stage.requests.send(Request::Kept(message.seq)).unwrap();
        assert_eq!(peer.frame().await, "ACK 8");
        stage
            .requests
            .send(Request::Leave { forget: true })
            .unwrap();
        assert_eq!(peer.frame().await, "BYE forget");
        assert_eq!(peer.frame().await, "");
        drop(peer);
        let steps = stage.run.await.unwrap();
        assert!(steps >= 6, "{steps}");
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_cut_link_is_resumed_and_nothing_goes_twice() {
    staged(async {
        let mut stage = Stage::new(Ok(())).await;
        for line in 1..=3 {
            stage.submit(line, "x");
        }
        let mut peer = Peer::accept(&stage.listener).await;
        peer.frame().await;
        peer.welcome(0).await;
        assert_eq!(peer.frame().await, "SEND bob id=1 (1 bytes)");
        drop(peer);
        let mut peer = Peer::accept(&stage.listener).await;
        assert_eq!(
            peer.frame().await,
            "HELLO alice try=2 cursor=0 accepted=0 keep=no"
        );
        peer.welcome(2).await;
        assert_eq!(peer.frame().await, "SEND bob id=3 (1 bytes)");
        peer.say("ACCEPTED 1 3 7 1\n\n").await;
        for line in 1..=3 {
            stage
                .state(line, |state| matches!(state, LineState::Accepted { .. }))
                .await;
        }
        stage.run.abort();
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn both_ends_read_while_they_write() {
    staged(async {
        let mut stage = Stage::new(Ok(())).await;
        let body = "x".repeat(65_000);
        for line in 1..=128 {
            stage.submit(line, &body);
        }
        let mut peer = Peer::accept(&stage.listener).await;
        peer.frame().await;
        peer.welcome(0).await;
        // The server reads nothing until it has said more than any pipe holds.
        for seq in 1..=64 {
            let head = format!("DELIVER {seq}\nFrom: bob\nTo: alice\nNumber: {seq}\nTime: 5\n");
            peer.say(&format!("{head}Content-length: {}\n\n{body}", body.len()))
                .await;
        }
        for line in 1..=128 {
            assert_eq!(
                peer.frame().await,
                format!("SEND bob id={line} (65000 bytes)")
            );
            peer.say(&format!(
                "ACCEPTED {line} {line} {} {}\n\n",
                100 + line,
                64 + line
            ))
            .await;
        }
        stage
            .state(128, |state| matches!(state, LineState::Accepted { .. }))
            .await;
        stage.run.abort();
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_server_that_is_not_there_is_told_and_awaited() {
    staged(async {
        let mut stage = Stage::new(Ok(())).await;
        let address = stage.listener.local_addr().unwrap();
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        drop(std::mem::replace(&mut stage.listener, free));
        let why = stage.news(|news| match news {
            News::Notice(Notice::Offline { why, .. }) => Some(why.clone()),
            _ => None,
        });
        assert!(matches!(why.await, WhyOffline::Link(_)));
        stage.listener = TcpListener::bind(address).await.unwrap();
        let mut peer = Peer::accept(&stage.listener).await;
        assert!(peer.frame().await.starts_with("HELLO alice"));
        stage.run.abort();
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_program_that_goes_away_leaves() {
    staged(async {
        let stage = Stage::new(Ok(())).await;
        let mut peer = Peer::accept(&stage.listener).await;
        peer.frame().await;
        drop(stage.requests);
        peer.welcome(0).await;
        assert_eq!(peer.frame().await, "BYE forget");
        stage.run.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_store_that_cannot_be_written_lets_nothing_leave_until_it_can() {
    staged(async {
        let mut stage = Stage::new(Err(io::ErrorKind::StorageFull.into())).await;
        let why = stage.news(|news| match news {
            News::Notice(Notice::Offline { why, .. }) => Some(why.clone()),
            _ => None,
        });
        let full = io::Error::from(io::ErrorKind::StorageFull).to_string();
        assert_eq!(why.await, WhyOffline::Link(full));
        // The first connection counter was never kept, and so never used.
        let mut peer = Peer::accept(&stage.listener).await;
        let hello = peer.frame().await;
        assert_eq!(hello, "HELLO alice try=2 new accepted=0 keep=no");
        stage.run.abort();
    })
    .await;
}
