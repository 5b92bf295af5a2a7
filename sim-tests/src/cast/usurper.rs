//! Another program with somebody's device: it takes the session over, sends the last message once more, acks nothing,
//! and goes after a while. The guarantees hold all the same.

use super::Stage;
use crate::history::{DeviceNews, Entry, Event, ServerNews, What, Who};
use crate::rough::RoughTransport;
use crate::server::ADDRESS;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use verbatim_core::id::{DeviceId, MessageId, Seq, Try};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::{
    ClientFrame, Credit, Decoded, Hello, Place, ServerFrame, encode_client, server_frame,
};
use verbatim_net::Transport;

pub(super) struct Usurper {
    pub(super) who: Who,
    pub(super) device: u64,
    pub(super) secret: DeviceId,
    pub(super) attempt: Try,
    pub(super) stage: Stage,
    pub(super) transport: RoughTransport,
    pub(super) span: Duration,
}

/// A message that is in the log.
struct Sent {
    seq: u64,
    id: u64,
    to: String,
    body: String,
}

impl Usurper {
    pub(super) async fn run(self) {
        // However it ends: what matters is what the others notice.
        let _ = timeout(self.span, self.talk()).await;
    }

    async fn talk(&self) -> io::Result<()> {
        let mut stream = self.transport.connect(ADDRESS).await?;
        stream.write_all(&self.hello()).await?;
        let (mut unread, mut epoch, mut repeated) = (Vec::new(), 0, None);
        while stream.read_buf(&mut unread).await? > 0 {
            let mut replies = Vec::new();
            while let Decoded::Frame(frame, length) = server_frame(&unread, &Limits::default()) {
                match frame {
                    ServerFrame::Welcome(welcome) => {
                        epoch = welcome.epoch.0;
                        repeated = self.last_sent(epoch, welcome.last.0);
                        let again = repeated.as_ref().map(say_again);
                        replies.extend(again.unwrap_or_default());
                    }
                    ServerFrame::Ping => encode_client(&ClientFrame::Pong, &mut replies),
                    ServerFrame::Accepted {
                        first, seq, number, ..
                    } => {
                        self.on_answer(epoch, repeated.as_ref(), first.0, Ok((seq.0, number.0)));
                    }
                    ServerFrame::Rejected(rejected) => {
                        let (id, code) = (rejected.id.0, rejected.code.0);
                        self.on_answer(epoch, repeated.as_ref(), id, Err(code));
                    }
                    _ => {}
                }
                unread.drain(..length);
            }
            stream.write_all(&replies).await?;
        }
        Ok(())
    }

    fn hello(&self) -> Vec<u8> {
        let name = &self.stage.plan.users[self.who].name;
        let hello = Hello {
            user: Name::parse(name.as_bytes()).expect("plans name users"),
            device: self.secret,
            attempt: self.attempt,
            keep: true,
            place: Place::Server,
            accepted: None,
            delivered: Seq(0),
            credit: Credit {
                deliveries: 3,
                bytes: 2_000,
            },
        };
        let mut bytes = Vec::new();
        encode_client(&ClientFrame::Hello(Box::new(hello)), &mut bytes);
        bytes
    }

    fn on_answer(&self, epoch: u64, sent: Option<&Sent>, id: u64, answer: Result<(u64, u64), u16>) {
        let Some(sent) = sent.filter(|sent| sent.id == id) else {
            return;
        };
        let news = DeviceNews::Repeated {
            epoch,
            id,
            seq: sent.seq,
            answer,
        };
        self.stage.history.note(What::Device(self.who, news));
    }

    /// The message of this device with that id, if it was accepted.
    fn last_sent(&self, epoch: u64, last: u64) -> Option<Sent> {
        let mut found = None;
        self.stage.history.look(0, |events| {
            let started = |event: &Event| event.what == What::Server(ServerNews::Started { epoch });
            let from = events.iter().position(started).unwrap_or(events.len());
            found = find_sent(&events[from..], (self.who, self.device), last);
        });
        found
    }
}

fn find_sent(events: &[Event], holder: (Who, u64), last: u64) -> Option<Sent> {
    let records = || {
        events.iter().filter_map(|event| match &event.what {
            What::Server(ServerNews::Appended { seq, entry, .. }) => Some((*seq, entry)),
            _ => None,
        })
    };
    let claim =
        |entry: &Entry| matches!(entry, Entry::Claim { holder: found, .. } if *found == holder);
    let user = records().rfind(|(_, entry)| claim(entry))?.0;
    let name_of = |user: u64| {
        records().find_map(|(seq, entry)| match entry {
            Entry::Claim { name, .. } if seq == user => Some(name.clone()),
            _ => None,
        })
    };
    records().find_map(|(seq, entry)| match entry {
        Entry::Message {
            from, to, id, body, ..
        } if *from == user && *id == last => Some(Sent {
            seq,
            id: last,
            to: to.map_or(Some("ALL".into()), name_of)?,
            body: body.clone(),
        }),
        _ => None,
    })
}

fn say_again(sent: &Sent) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frame = ClientFrame::Send {
        to: Recipient::parse(sent.to.as_bytes()).expect("it was a name before"),
        id: MessageId(sent.id),
        body: &sent.body,
    };
    encode_client(&frame, &mut bytes);
    bytes
}
