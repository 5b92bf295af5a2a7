//! A client of the core on a store, driven as a program drives it, without sockets.

use super::super::Plate;
use super::{Bug, Server};
use std::io;
use verbatim_core::client::{Client, Config, Input, Keep, LineId, LineState, Output};
use verbatim_core::id::{DeviceId, Seq};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_net::store::{NoStore, Said, Store};

/// A program that runs.
pub struct Program {
    /// Its store.
    pub store: Store,
    bug: Option<Bug>,
    client: Client,
    millis: u64,
    /// What the client sent and the server has not heard.
    pub to_server: Vec<u8>,
    lines: u64,
    up: bool,
}

/// Whose store it is.
pub fn alice() -> Name {
    Name::parse(b"alice").expect("a name")
}

/// To whom everything goes.
pub fn bob() -> Recipient {
    Recipient::parse(b"bob").expect("a name")
}

/// Opens the store that lies there.
///
/// # Errors
/// It cannot be used.
pub fn open(plate: &Plate) -> Result<Store, NoStore> {
    Store::open_on(plate.clone(), alice(), DeviceId::new([7; 16]))
}

impl Program {
    /// Starts as a program does: the store's word is the beginning.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn start(plate: &Plate, bug: Option<Bug>) -> Result<Program, String> {
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
            bug,
            client: Client::new(config),
            millis: 0,
            to_server: Vec::new(),
            lines,
            up: false,
        })
    }

    /// One step of the client, its outputs made durable, and carried out.
    ///
    /// # Errors
    /// They could not be made durable.
    pub fn input(&mut self, input: Input<'_>) -> io::Result<()> {
        self.millis += 1;
        let mono = Mono::from_millis(self.millis);
        let wall = Wall(self.millis);
        let mut out = Vec::new();
        self.client.handle(Now { mono, wall }, input, &mut out);
        let gives_ids = |output: &Output| matches!(output, Output::Keep(Keep::Sent { .. }));
        let early = self.bug == Some(Bug::SentBeforeKept) && out.iter().any(gives_ids);
        if early {
            self.send(&out);
        }
        let kept = self.keep(&out)?;
        if !early {
            self.send(&out);
        }
        kept.map_or(Ok(()), |seq| self.input(Input::Kept(seq)))
    }

    fn send(&mut self, out: &[Output]) {
        for output in out {
            if let Output::Send(frames) = output {
                self.to_server.extend_from_slice(&frames.0);
            }
        }
    }

    fn keep(&mut self, out: &[Output]) -> io::Result<Option<Seq>> {
        let cursors = |output: &&Output| matches!(output, Output::Keep(Keep::Cursor { .. }));
        let (cursor, rest): (Vec<&Output>, Vec<&Output>) = out.iter().partition(cursors);
        let owned = |outputs: Vec<&Output>| outputs.into_iter().cloned().collect::<Vec<_>>();
        match self.bug {
            Some(Bug::CursorFirst) => {
                self.store.keep(&owned(cursor))?;
                self.store.keep(&owned(rest))
            }
            Some(Bug::CursorLast) => {
                let kept = self.store.keep(&owned(rest))?;
                Ok(self.store.keep(&owned(cursor))?.max(kept))
            }
            Some(Bug::FailureIgnored) => {
                Ok(self.store.keep(out).unwrap_or_else(|_| delivered(out)))
            }
            _ => self.store.keep(out),
        }
    }

    /// The person writes a line to bob.
    ///
    /// # Errors
    /// As for `input`.
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
    ///
    /// # Errors
    /// As for `input`.
    pub fn connect(&mut self, server: &mut Server) -> io::Result<()> {
        if std::mem::replace(&mut self.up, true) {
            return self.talk(server);
        }
        self.input(Input::Return)?;
        self.input(Input::Connected)?;
        self.talk(server)
    }

    /// The link breaks, and what was on its way is lost.
    ///
    /// # Errors
    /// As for `input`.
    pub fn cut(&mut self) -> io::Result<()> {
        self.up = false;
        self.to_server.clear();
        self.input(Input::Disconnected("cut"))
    }

    /// Both say what they have to say.
    ///
    /// # Errors
    /// As for `input`.
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

/// The last message among outputs.
fn delivered(out: &[Output]) -> Option<Seq> {
    out.iter().rev().find_map(|output| match output {
        Output::Deliver(message) => Some(message.seq),
        _ => None,
    })
}

/// Messages, and own lines with their states.
pub type History = (Vec<String>, Vec<(String, LineState)>);

/// What the store says was said, from the first to the last.
///
/// # Errors
/// It cannot be read.
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
