//! A client of the core on a store, driven as a program drives it, without sockets.

use crate::plate::Plate;
use crate::server::Server;
use std::io;
use verbatim_core::client::{Client, Config, Input, LineId, LineState, Output};
use verbatim_core::id::DeviceId;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_net::store::{NoStore, Said, Store};

/// A program that runs.
pub struct Program {
    pub store: Store,
    client: Client,
    millis: u64,
    /// What the client sent and the server has not heard.
    pub to_server: Vec<u8>,
    lines: u64,
    up: bool,
}

pub fn alice() -> Name {
    Name::parse(b"alice").unwrap()
}

pub fn bob() -> Recipient {
    Recipient::parse(b"bob").unwrap()
}

pub fn open(plate: &Plate) -> Result<Store, NoStore> {
    Store::open_on(plate.clone(), alice(), DeviceId::new([7; 16]))
}

impl Program {
    /// Starts as a program does: the store's word is the beginning.
    pub fn start(plate: &Plate) -> Result<Program, String> {
        let mut store = open(plate).map_err(|why| why.to_string())?;
        let mut config = Config::throw_away(alice(), store.device(), 1);
        config.keeps_store = true;
        config.keeps_messages = true;
        config.start = store.start();
        let restored = store.restore(LineId(1), LineId(1 << 32), Wall(0));
        config.restored = restored.map_err(|error| error.to_string())?;
        let lines = (config.restored.sent.len() + config.restored.queued.len()) as u64;
        Ok(Program {
            store,
            client: Client::new(config),
            millis: 0,
            to_server: Vec::new(),
            lines,
            up: false,
        })
    }

    /// One step of the client, its outputs made durable, and carried out.
    pub fn input(&mut self, input: Input<'_>) -> io::Result<()> {
        self.millis += 1;
        let mono = Mono::from_millis(self.millis);
        let wall = Wall(self.millis);
        let mut out = Vec::new();
        self.client.handle(Now { mono, wall }, input, &mut out);
        let kept = self.store.keep(&out)?;
        for output in out {
            if let Output::Send(frames) = output {
                self.to_server.extend(frames.0);
            }
        }
        kept.map_or(Ok(()), |seq| self.input(Input::Kept(seq)))
    }

    pub fn types(&mut self, body: &str) -> io::Result<()> {
        self.lines += 1;
        self.input(Input::Submit {
            line: LineId(self.lines),
            to: bob(),
            body,
            age_max: None,
        })
    }

    /// Connects, unless it is, to a server that hears and answers at once.
    pub fn connect(&mut self, server: &mut Server) -> io::Result<()> {
        if std::mem::replace(&mut self.up, true) {
            return self.talk(server);
        }
        self.input(Input::Return)?;
        self.input(Input::Connected)?;
        self.talk(server)
    }

    /// The link breaks, and what was on its way is lost.
    pub fn cut(&mut self) -> io::Result<()> {
        self.up = false;
        self.to_server.clear();
        self.input(Input::Disconnected("cut"))
    }

    /// Both say what they have to say.
    pub fn talk(&mut self, server: &mut Server) -> io::Result<()> {
        while !self.to_server.is_empty() {
            let mut answer = Vec::new();
            server.hears(&std::mem::take(&mut self.to_server), &mut answer);
            if !answer.is_empty() {
                self.input(Input::Received(&answer))?;
            }
        }
        Ok(())
    }
}

/// Messages, and own lines with their states.
pub type History = (Vec<String>, Vec<(String, LineState)>);

/// What the store says was said, from the first to the last.
pub fn history(store: &mut Store) -> io::Result<History> {
    let (mut messages, mut lines) = (Vec::new(), Vec::new());
    let mut pages = Vec::new();
    let mut before = u64::MAX;
    loop {
        let page = store.page(None, before, 5)?;
        before = page.past.first().map_or(0, |past| past.place);
        let more = page.more;
        pages.push(page);
        if !more {
            break;
        }
    }
    for past in pages.into_iter().rev().flat_map(|page| page.past) {
        match past.said {
            Said::Message(message) => messages.push(message.body),
            Said::Line { body, state, .. } => lines.push((body, state)),
        }
    }
    Ok((messages, lines))
}
