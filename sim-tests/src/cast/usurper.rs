//! Another program with somebody's device: it takes the session over, does one thing that it should not, and goes after
//! a while. The guarantees hold all the same.

use super::Stage;
use super::script::{Does, Heard, Script};
use crate::dice::Dice;
use crate::history::{DeviceNews, Entry, Event, Repeat, ServerNews, What, Who};
use std::time::Duration;
use verbatim_core::id::{DeviceId, MessageId, Seq, Try};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::{
    ClientFrame, Credit, Decoded, Hello, Place, ServerFrame, encode_client, server_frame,
};

/// So far beyond what is next is what should not be.
const BEYOND: u64 = 5;
/// No run's log comes so far while the ack is on its way.
const FAR_BEYOND: u64 = 1_000_000;
/// It has one connection.
const ONLY: usize = 0;

/// See the module's words.
pub struct Usurper {
    pub(super) who: Who,
    pub(super) device: u64,
    pub(super) secret: DeviceId,
    pub(super) attempt: Try,
    pub(super) stage: Stage,
    /// When it goes.
    pub(super) until: Duration,
    pub(super) talk: Talk,
    pub(super) vice: Vice,
}

/// What it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Vice {
    /// It sends a message once more: not the last one, but so many before it.
    Repeats(Repeat, u64),
    /// Its connection counter is not higher than the one before.
    Stale,
    /// It acks what never came.
    AcksTooMuch,
}

impl Vice {
    pub(super) fn draw(dice: &mut Dice) -> Vice {
        match dice.below(10) {
            0..=3 => Vice::Repeats(Repeat::Same, 0),
            4..=5 => Vice::Repeats(Repeat::Same, dice.between(1, 6)),
            6 => Vice::Repeats(Repeat::OtherText, 0),
            7 => Vice::Repeats(Repeat::Beyond, 0),
            8 => Vice::Stale,
            _ => Vice::AcksTooMuch,
        }
    }
}

/// What it has said and heard.
#[derive(Default)]
pub(super) struct Talk {
    state: State,
    unread: Vec<u8>,
    epoch: u64,
    repeated: Option<(Repeat, Sent)>,
}

#[derive(Default, PartialEq)]
enum State {
    #[default]
    New,
    Open,
    Over,
}

/// A message that is in the log.
struct Sent {
    seq: u64,
    id: u64,
    to: String,
    body: String,
}

impl Script for Usurper {
    fn handle(&mut self, now: Duration, heard: Heard<'_>, out: &mut Vec<Does>) {
        match heard {
            Heard::Opened(_) => out.push(Does::Write(ONLY, self.hello())),
            Heard::Read(_, bytes) => self.on_read(bytes, out),
            Heard::Ended(_) => self.talk.state = State::Over,
            Heard::Order(_) | Heard::Time => {}
        }
        if self.talk.state == State::New {
            self.talk.state = State::Open;
            out.push(Does::Open(ONLY));
        }
        if self.talk.state == State::Open && self.until <= now {
            self.talk.state = State::Over;
            out.push(Does::Close(ONLY));
        }
    }

    fn deadline(&self) -> Option<Duration> {
        (self.talk.state == State::Open).then_some(self.until)
    }

    fn read_max(&self) -> usize {
        usize::MAX
    }
}

impl Usurper {
    fn on_read(&mut self, bytes: &[u8], out: &mut Vec<Does>) {
        let mut unread = std::mem::take(&mut self.talk.unread);
        unread.extend_from_slice(bytes);
        let mut replies = Vec::new();
        let mut at = 0;
        while let Decoded::Frame(frame, length) = server_frame(&unread[at..], &Limits::default()) {
            self.on_frame(&frame, &mut replies);
            at += length;
        }
        unread.drain(..at);
        self.talk.unread = unread;
        if !replies.is_empty() {
            out.push(Does::Write(ONLY, replies));
        }
    }

    fn on_frame(&mut self, frame: &ServerFrame<'_>, replies: &mut Vec<u8>) {
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.talk.epoch = welcome.epoch.0;
                match self.vice {
                    Vice::Repeats(how, before) => {
                        let id = welcome.last.0.saturating_sub(before);
                        self.repeat((welcome.epoch.0, id), how, replies);
                    }
                    Vice::Stale => {}
                    Vice::AcksTooMuch => {
                        let beyond = Seq(welcome.head.0 + FAR_BEYOND);
                        encode_client(&ClientFrame::Ack(beyond), replies);
                    }
                }
            }
            ServerFrame::Ping => encode_client(&ClientFrame::Pong, replies),
            ServerFrame::Accepted {
                first, seq, number, ..
            } => self.on_answer(first.0, Ok((seq.0, number.0))),
            ServerFrame::Rejected(rejected) => {
                self.on_answer(rejected.id.0, Err(rejected.code.0));
            }
            _ => {}
        }
    }

    fn repeat(&mut self, (epoch, id): (u64, u64), how: Repeat, replies: &mut Vec<u8>) {
        let Some(mut sent) = self.sent(epoch, id) else {
            return;
        };
        match how {
            Repeat::Same => {}
            Repeat::OtherText => sent.body.push('!'),
            Repeat::Beyond => sent.id += BEYOND,
        }
        replies.extend(say_again(&sent));
        self.talk.repeated = Some((how, sent));
    }

    fn hello(&self) -> Vec<u8> {
        let hello = Hello {
            user: Name::parse(self.stage.name(self.who).as_bytes()).expect("plans name users"),
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

    fn on_answer(&self, id: u64, answer: Result<(u64, u64), u16>) {
        let repeated = self.talk.repeated.as_ref();
        let Some((how, sent)) = repeated.filter(|(_, sent)| sent.id == id) else {
            return;
        };
        let news = DeviceNews::Repeated {
            how: *how,
            epoch: self.talk.epoch,
            id,
            seq: sent.seq,
            answer,
        };
        self.stage.history.note(What::Device(self.who, news));
    }

    /// The message of this device with that id, if it was accepted; perhaps by an earlier server that kept its log.
    fn sent(&self, epoch: u64, id: u64) -> Option<Sent> {
        let mut found = None;
        self.stage.history.look(0, |events| {
            let end = events
                .iter()
                .position(|event| start_of(event).is_some_and(|(one, _)| one == epoch));
            let is_first = |event| start_of(event).is_some_and(|(_, kept)| kept.unwrap_or(0) == 0);
            let first = end.and_then(|end| events[..=end].iter().rposition(is_first));
            let log = &events[first.unwrap_or(events.len())..];
            found = find_sent(log, (self.who, self.device), id);
        });
        found
    }
}

/// Which start of the server an event is, and where the log ended that it found.
fn start_of(event: &Event) -> Option<(u64, Option<u64>)> {
    match event.what {
        What::Server(ServerNews::Started { epoch, kept }) => Some((epoch, kept)),
        _ => None,
    }
}

/// What a start did not find any more was in no commit.
fn find_sent(events: &[Event], holder: (Who, u64), last: u64) -> Option<Sent> {
    let records = || {
        let mut end = u64::MAX;
        events.iter().rev().filter_map(move |event| {
            if let Some((_, kept)) = start_of(event) {
                end = end.min(kept.unwrap_or(0));
            }
            match &event.what {
                What::Server(ServerNews::Appended { seq, entry, .. }) => {
                    (*seq <= end).then_some((*seq, entry))
                }
                _ => None,
            }
        })
    };
    let claim =
        |entry: &Entry| matches!(entry, Entry::Claim { holder: found, .. } if *found == holder);
    let user = records().find(|(_, entry)| claim(entry))?.0;
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
            body: body.to_string(),
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
