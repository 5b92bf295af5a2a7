//! A client on the bench: time by hand, frames by hand, and every rule of the door checked at each call.

use std::time::Duration;
use verbatim_core::client::{Client, Config, Frames, Input, LineId, Output};
use verbatim_core::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::wire::{
    Delivery, Durability, Receipt, Rejection, ServerFrame, Welcome, encode_server,
};

pub struct Bench {
    pub client: Client,
    pub millis: u64,
}

pub fn name(text: &str) -> Name {
    Name::parse(text.as_bytes()).unwrap()
}

pub fn to(text: &str) -> Recipient {
    Recipient::parse(text.as_bytes()).unwrap()
}

pub fn config() -> Config {
    Config::throw_away(name("alice"), DeviceId::new([7; 16]), 1)
}

pub fn welcome(last: u64, cursor: u64) -> Welcome {
    Welcome {
        user: name("alice"),
        store: StoreId(9),
        epoch: Epoch(5),
        level: Durability::Memory,
        head: Seq(cursor),
        heartbeat: Duration::from_secs(5),
        silence: Duration::from_secs(15),
        body_bytes_max: 65_536,
        unanswered_max: 64,
        last: MessageId(last),
        cursor: Seq(cursor),
        lost: false,
    }
}

pub fn accepted(first: u64, last: u64, seq: u64, number: u64) -> ServerFrame<'static> {
    ServerFrame::Accepted {
        first: MessageId(first),
        last: MessageId(last),
        seq: Seq(seq),
        number: Number(number),
    }
}

pub fn rejected(id: u64, code: u16, retry_after: Option<u64>) -> ServerFrame<'static> {
    ServerFrame::Rejected(Rejection {
        id: MessageId(id),
        code: verbatim_core::code::Code(code),
        retry_after: retry_after.map(Duration::from_millis),
    })
}

pub fn error(code: u16, retry_after: Option<u64>) -> ServerFrame<'static> {
    ServerFrame::Error {
        code: verbatim_core::code::Code(code),
        text: "words".into(),
        last: None,
        retry_after: retry_after.map(Duration::from_millis),
    }
}

pub fn deliver(seq: u64, from: &str, whom: &str, number: u64) -> ServerFrame<'static> {
    ServerFrame::Deliver(Delivery {
        seq: Seq(seq),
        from: name(from),
        to: to(whom),
        number: Number(number),
        time: 1_000,
        body: "hi",
        removed: false,
    })
}

pub fn delivered(whom: &str, up_to: u64) -> ServerFrame<'static> {
    ServerFrame::Receipt(Receipt::Delivered {
        to: name(whom),
        up_to: Seq(up_to),
    })
}

pub fn bytes(frames: &[ServerFrame<'_>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for frame in frames {
        encode_server(frame, &mut bytes);
    }
    bytes
}

/// The outputs in words, without those that say only that a line is under way.
pub fn words(out: &[Output]) -> Vec<String> {
    let words = out.iter().map(ToString::to_string);
    let under_way = |word: &String| word.starts_with('#') && word.ends_with(" sent");
    words.filter(|word| !under_way(word)).collect()
}

/// What went to the wire.
pub fn wire(out: &[Output]) -> String {
    let sent = out.iter().filter_map(|output| match output {
        Output::Send(Frames(bytes)) => Some(Frames(bytes.clone()).to_string()),
        _ => None,
    });
    sent.collect::<Vec<_>>().join(", ")
}

impl Bench {
    pub fn new(config: Config) -> Bench {
        Bench {
            client: Client::new(config),
            millis: 0,
        }
    }

    /// A client whose session is bound.
    pub fn online(config: Config, welcome: &Welcome) -> Bench {
        let mut bench = Bench::new(config);
        bench.input(Input::Timeout);
        bench.connect(welcome);
        bench
    }

    /// From the opening of a connection to `WELCOME`.
    pub fn connect(&mut self, welcome: &Welcome) -> Vec<Output> {
        let mut out = self.input(Input::Connected);
        out.extend(self.server(&[ServerFrame::Welcome(Box::new(welcome.clone()))]));
        out
    }

    pub fn input(&mut self, input: Input<'_>) -> Vec<Output> {
        let mono = Mono::from_millis(self.millis);
        let now = Now {
            mono,
            wall: Wall(self.millis),
        };
        let mut out = Vec::new();
        self.client.handle(now, input, &mut out);
        assert!(self.client.deadline().is_none_or(|due| due > mono));
        out
    }

    pub fn server(&mut self, frames: &[ServerFrame<'_>]) -> Vec<Output> {
        self.input(Input::Received(&bytes(frames)))
    }

    pub fn submit(&mut self, line: u64, whom: &str, body: &str) -> Vec<Output> {
        self.input(Input::Submit {
            line: LineId(line),
            to: to(whom),
            body,
            age_max: None,
        })
    }

    /// Lets time pass, with a timeout at every deadline on the way, and tells what came of it.
    pub fn pass(&mut self, millis: u64) -> Vec<Output> {
        let end = self.millis + millis;
        let mut out = Vec::new();
        while let Some(due) = self.client.deadline()
            && due.micros().div_ceil(1000) <= end
        {
            self.millis = self.millis.max(due.micros().div_ceil(1000));
            out.extend(self.input(Input::Timeout));
        }
        self.millis = end;
        out
    }

    /// Lets time pass until the next connection is tried.
    pub fn wait(&mut self) {
        let due = self
            .client
            .deadline()
            .expect("a client that waits has a deadline");
        self.millis = due.micros().div_ceil(1000);
        assert!(self.input(Input::Timeout).contains(&Output::Connect));
    }

    /// The link breaks and the client opens the next connection.
    pub fn cut(&mut self) -> Vec<Output> {
        let out = self.input(Input::Disconnected("reset"));
        self.wait();
        out
    }
}
