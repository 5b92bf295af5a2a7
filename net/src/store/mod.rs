//! A client's store: what makes a restarted client the same device, with its outbox, its place in the log, and all that
//! was said.
//!
//! One file of an embedded database (redb) per server and user. What the core tells its driver is written here as the
//! core's module document asks: the outputs of a call, or of several, are one transaction; it is durable before any of
//! them is carried out if one of them needs that, else it waits for the next one that does, or for [`Store::settle`].
//! So messages and cursor agree after any crash, no id is used for two lines, and a burst costs one sync of the disk.
//!
//! Ids are not given out in blocks here: a line and the id under which it leaves are written in one transaction, which
//! a queued line needs anyway, so that a restarted client knows which lines the server may have.
//!
//! *Two-phase commits.* redb's plain commits tell a whole transaction from a torn one by a checksum that is no
//! cryptographic one. Its own advice is two-phase commits where somebody else decides what is written and could make it
//! look whole, and the bodies of messages are such text. A second sync for each burst of messages is little beside that.
//! *No quick repair*, which would save at each commit what the start after a crash else finds out by reading all: every
//! start reads all, and checks it (half a second for a million messages), since redb trusts a file that was closed in good
//! order, and one that was damaged since is to be said and left alone, not believed.
//!
//! A write that fails leaves everything in memory and is tried again with the next; see [`Store::keep`].

mod change;
mod file;
mod layout;
mod lines;
mod open;
mod pages;
mod restore;
mod takeover;
mod trouble;

pub use file::{Disk, directory_name};
pub use pages::{Page, Past, Said};
pub use trouble::NoStore;

use change::{Change, apply};
use file::AnyDisk;
use layout::{
    ACCEPTED, ALLOTTED, ATTEMPT, CURSOR, DELIVERED, DEVICE, EPOCH, Entry, GONE, KNOWN, LOG, SHOWN,
};
use lines::{Known, Lines};
use redb::{Builder, Database, Error, ReadableDatabase};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use trouble::{is_passing, not_written};
use verbatim_core::client::{Keep, LineId, LineState, Message, Notice, Output};
use verbatim_core::id::{DeviceId, Number, Seq};
use verbatim_core::name::{Name, Recipient};

/// What of the file is kept in memory, at most.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// Changes that need not be durable at once, beyond which they are written all the same.
const WAITING_MAX: usize = 4_096;

/// See the module's words.
#[derive(Debug)]
pub struct Store {
    disk: Box<dyn AnyDisk>,
    /// `None` after a failed write: it is opened again for the next.
    database: Option<Database>,
    path: PathBuf,
    _lock: Option<File>,
    user: Name,
    numbers: BTreeMap<&'static str, u128>,
    /// The last place that is taken.
    last: u64,
    lines: Lines,
    waiting: Vec<Change>,
    /// The last message among `waiting`.
    unkept: Option<Seq>,
    /// Where the messages of the last outputs were put.
    places: Vec<u64>,
    /// The last write failed, and how.
    trouble: Option<String>,
    /// No write is tried any more.
    broken: bool,
}

impl Store {
    /// The device's secret.
    pub fn device(&self) -> DeviceId {
        DeviceId::new(self.number(DEVICE).to_be_bytes())
    }

    /// Writes what these outputs of the core say, if any of it must be durable before they are carried out. Tells up to
    /// where messages are kept by that, if any are.
    ///
    /// # Errors
    /// It could not be written. Nothing that the outputs send may leave then; all stays in memory and is tried again at the
    /// next call that has something urgent, and by [`Store::settle`]. Where the disk is not just full but failed, nothing is
    /// tried any more: what it holds then nobody knows.
    pub fn keep(&mut self, outputs: &[Output]) -> io::Result<Option<Seq>> {
        let mut urgent = false;
        for output in outputs {
            urgent |= self.note(output);
        }
        match urgent || self.waiting.len() > WAITING_MAX {
            true => self.write(),
            false => Ok(None),
        }
    }

    /// Writes what waits, if anything does.
    ///
    /// # Errors
    /// As for `keep`.
    pub fn settle(&mut self) -> io::Result<Option<Seq>> {
        self.write()
    }

    /// Whether anything is not written yet.
    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether messages are among that.
    pub fn has_unkept(&self) -> bool {
        self.unkept.is_some()
    }

    /// Where the messages of the outputs were put that were kept since this was last asked.
    pub fn take_places(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.places)
    }

    /// What stands in the store of an own line whose story goes on.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn past_of(&mut self, line: LineId) -> io::Result<Option<Past>> {
        let Some(place) = self.lines.place(line) else {
            return Ok(None);
        };
        let past = self.read(|read| pages::at(read, place))?;
        Ok(past.into_iter().next())
    }

    /// The name in this run of the own line at that place, if its story goes on.
    pub fn line_at(&self, place: u64) -> Option<LineId> {
        self.lines.at(place)
    }

    /// Everything up to this place was shown. It is written with what is written next.
    pub fn on_shown(&mut self, place: u64) {
        if u128::from(place) > self.number(SHOWN) {
            self.set(SHOWN, place);
        }
    }

    /// Up to which place everything was shown.
    pub fn shown(&self) -> u64 {
        self.number(SHOWN) as u64
    }

    /// The last place that is taken.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The last `count` entries before that place, with somebody, with all, or (`None`) of all conversations.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn page(&mut self, with: Option<Recipient>, before: u64, count: usize) -> io::Result<Page> {
        // What is not written yet would be missing; if it cannot be, that is told where it matters.
        drop(self.write());
        self.read(|read| pages::before(read, with, before, count))
    }

    /// The first of what was said with somebody, or to all, that is a message of the log as the server has it now: its
    /// place there and its number. What the server has of that conversation before it, this store has not.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn first_of(&mut self, with: Recipient) -> io::Result<Option<(Seq, Number)>> {
        drop(self.write());
        let gone = self.number(GONE) as u64;
        self.read(|read| pages::first_of(read, with, gone))
    }

    /// The first `count` messages of others after that place, with their places, as far as they are written.
    ///
    /// # Errors
    /// The file could not be read.
    pub fn messages_after(&mut self, after: u64, count: usize) -> io::Result<Vec<(u64, Message)>> {
        self.read(|read| pages::messages_after(read, after, count))
    }

    /// A line has a new state at a server that knows no ids: one that was sent there is never sent again.
    pub fn on_state_without_ids(&mut self, line: LineId, state: LineState) {
        match state {
            LineState::Sent => self.lines.on_sent(line, None, &mut self.waiting),
            state => self.lines.on_state(line, state, &mut self.waiting),
        }
    }

    /// This device gave its name up, or was a copy of another: from the next run on it is a new one. What was said stays.
    ///
    /// # Errors
    /// As for `keep`.
    pub fn renew(&mut self, device: DeviceId) -> io::Result<()> {
        self.lines.on_lost(&mut self.waiting);
        self.set(GONE, self.last);
        for name in [LOG, EPOCH, CURSOR, KNOWN] {
            self.numbers.remove(name);
            self.waiting.push(Change::Number(name, None));
        }
        for name in [ATTEMPT, ALLOTTED, ACCEPTED, DELIVERED] {
            self.set(name, 0u64);
        }
        self.set(DEVICE, u128::from_be_bytes(device.secret()));
        self.write().map(drop)
    }

    /// Writes what waits and closes the file.
    ///
    /// # Errors
    /// As for `keep`; what waits is lost then.
    pub fn close(mut self) -> io::Result<()> {
        self.write().map(drop)
    }

    fn number(&self, name: &'static str) -> u128 {
        self.numbers.get(name).copied().unwrap_or_default()
    }

    fn set(&mut self, name: &'static str, number: impl Into<u128>) {
        let number = number.into();
        if self.numbers.insert(name, number) != Some(number) {
            self.waiting.push(Change::Number(name, Some(number)));
        }
    }

    /// Takes one output; whether it must be durable before anything is carried out.
    fn note(&mut self, output: &Output) -> bool {
        match output {
            Output::Keep(keep) => return self.note_keep(keep),
            Output::Deliver(message) => {
                let with = self.conversation(message);
                self.unkept = Some(message.seq);
                let place = self.put(with, Entry::Message(Message::clone(message)));
                self.places.push(place);
                return true;
            }
            Output::Show(Notice::Line { line, state }) => {
                self.lines.on_state(*line, *state, &mut self.waiting);
            }
            Output::Show(Notice::Lost { .. }) => {
                self.lines.on_lost(&mut self.waiting);
                self.set(GONE, self.last);
            }
            _ => {}
        }
        false
    }

    fn note_keep(&mut self, keep: &Keep) -> bool {
        match keep {
            Keep::Attempt(attempt) => self.set(ATTEMPT, attempt.0),
            Keep::Queued {
                line,
                to,
                body,
                taken,
                expires,
            } => {
                let (taken, to, body) = (*taken, *to, body.clone());
                let place = self.put(to, Entry::Line { taken, to, body });
                let expires = expires.map_or(0, |wall| wall.0.max(1));
                self.waiting.push(Change::Outbox(place, Some((0, expires))));
                let known = Known {
                    place,
                    expires,
                    accepted: None,
                };
                self.lines.add(*line, known, &mut self.waiting);
            }
            Keep::Sent { line, id } => {
                self.lines.on_sent(*line, Some(*id), &mut self.waiting);
                self.set(ALLOTTED, id.0);
            }
            Keep::Cursor { store, epoch, seq } => {
                self.set(LOG, store.0);
                self.set(EPOCH, epoch.0);
                self.set(CURSOR, seq.0);
            }
            Keep::Allotted(id) => {
                self.set(ALLOTTED, id.0);
                return false;
            }
            Keep::Accepted(id) => {
                self.set(ACCEPTED, id.0);
                return false;
            }
            Keep::Delivered(seq) => {
                self.set(DELIVERED, seq.0);
                return false;
            }
        }
        true
    }

    fn put(&mut self, with: Recipient, entry: Entry) -> u64 {
        self.last += 1;
        self.waiting.push(Change::Entry(self.last, with, entry));
        self.last
    }

    fn conversation(&self, message: &Message) -> Recipient {
        match message.to {
            Recipient::User(_) if message.from != self.user => Recipient::User(message.from),
            to => to,
        }
    }

    fn write(&mut self) -> io::Result<Option<Seq>> {
        if self.waiting.is_empty() {
            return Ok(None);
        }
        if let Some(trouble) = self.trouble.as_ref().filter(|_| self.broken) {
            return Err(io::Error::other(trouble.clone()));
        }
        let waiting = std::mem::take(&mut self.waiting);
        let written = self
            .open_again()
            .and_then(|database| write(database, &waiting));
        self.waiting = waiting;
        match written.map_err(not_written) {
            Ok(()) => {
                self.waiting.clear();
                self.trouble = None;
                Ok(self.unkept.take())
            }
            Err(error) => {
                self.database = None;
                self.broken = !is_passing(&error);
                let trouble = format!("{}: {error}", self.path.display());
                self.trouble = Some(trouble.clone());
                Err(io::Error::new(error.kind(), trouble))
            }
        }
    }

    fn read<T>(
        &mut self,
        with: impl FnOnce(&redb::ReadTransaction) -> Result<T, Error>,
    ) -> io::Result<T> {
        let read = self
            .open_again()
            .and_then(|database| Ok(database.begin_read()?));
        read.and_then(|read| with(&read)).map_err(not_written)
    }

    /// The database, also after a write that failed.
    fn open_again(&mut self) -> Result<&Database, Error> {
        match &mut self.database {
            Some(database) => Ok(database),
            none => Ok(none.insert(self.disk.database(&builder())?)),
        }
    }
}

/// One transaction: durable when this returns.
fn write(database: &Database, changes: &[Change]) -> Result<(), Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    apply(&transaction, changes)?;
    Ok(transaction.commit()?)
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_check_integrity_on_open(true);
    builder
}
