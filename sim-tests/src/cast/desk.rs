//! What stands round a client in its program: the store, the terminal, and somebody who writes everything down.

use super::disk::Disk;
use crate::dice::Dice;
use crate::history::{DeviceNews, History, What, Who};
use crate::passing::{ack_of, bare_length_of, length_of};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use verbatim_core::client::{Input, Keep, Message, Notice, Output};
use verbatim_core::id::Seq;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{ClientFrame, Decoded, ServerFrame, client_frame, server_frame};

/// How often it is looked at whether a pause is over.
const LOOK_TIME: Duration = Duration::from_millis(100);

/// See the module's words.
pub struct Desk {
    who: Who,
    history: History,
    disk: Rc<RefCell<Disk>>,
    dice: Dice,
    /// Longest time that writing takes, in milliseconds.
    pub(super) write_max: u64,
    /// Nothing is written before then.
    pub(super) paused_until: Option<Duration>,
    waiting: Vec<Delivered>,
    /// When what waits is written.
    due: Option<Duration>,
    /// The client is.
    pub(super) online: bool,
    unread: Vec<u8>,
    secrets: Secrets,
    epoch: u64,
    limits: Limits,
}

/// A delivery that waits to be written.
struct Delivered {
    epoch: u64,
    message: Box<Message>,
    /// Its session was lost since: nobody waits for its ack.
    stale: bool,
}

impl Desk {
    pub(super) fn new(
        who: Who,
        history: History,
        disk: Rc<RefCell<Disk>>,
        dice: Dice,
        write_max: u64,
    ) -> Desk {
        Desk {
            who,
            history,
            disk,
            dice,
            write_max,
            paused_until: None,
            waiting: Vec::new(),
            due: None,
            online: false,
            unread: Vec::new(),
            secrets: Secrets::default(),
            epoch: 0,
            limits: Limits {
                body_bytes_max: usize::MAX,
                ..Limits::default()
            },
        }
    }

    #[inline(always)]
    fn note(&self, news: DeviceNews) {
        self.history.note(What::Device(self.who, news));
    }

    /// Makes it durable.
    pub fn keep(&self, keep: &Keep) {
        self.disk.borrow_mut().keep(keep);
    }

    /// Takes a message. It is written when that is due.
    pub fn deliver(&mut self, message: Box<Message>) {
        let epoch = self.epoch;
        self.waiting.push(Delivered {
            epoch,
            message,
            stale: false,
        });
        if self.due.is_none() {
            let span = match self.write_max {
                0 => 0,
                longest => self.dice.between(0, longest),
            };
            self.due = Some(self.history.now() + Duration::from_millis(span));
        }
    }

    /// When what waits is to be written.
    pub fn due(&self) -> Option<Duration> {
        self.due
    }

    /// Whether that time has come.
    #[inline]
    pub fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= self.history.now())
    }

    /// Writes what is due; gives the seqs of which the client wants to hear that they are kept.
    pub fn write(&mut self) -> Vec<Seq> {
        if !self.is_due() {
            return Vec::new();
        }
        let now = self.history.now();
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            self.due = Some(until.min(now + LOOK_TIME));
            return Vec::new();
        }
        self.due = None;
        let mut kept = Vec::with_capacity(self.waiting.len());
        let (mut disk, mut history) = (self.disk.borrow_mut(), self.history.open());
        for delivered in self.waiting.drain(..) {
            let (epoch, message) = (delivered.epoch, delivered.message);
            let seq = message.seq;
            history.note_made(|| What::Device(self.who, DeviceNews::Wrote { epoch, message }));
            if !delivered.stale {
                disk.on_written(seq);
                kept.push(seq);
            }
        }
        if disk.stores_messages() {
            // One transaction has them all.
            kept.drain(..kept.len().saturating_sub(1));
        }
        kept
    }

    /// Tells the user.
    pub fn show(&mut self, notice: &Notice) {
        match notice {
            Notice::Lost { .. } => self
                .waiting
                .iter_mut()
                .for_each(|delivered| delivered.stale = true),
            Notice::Online { .. } => self.online = true,
            Notice::Offline { .. } | Notice::Away(_) => self.online = false,
            _ => {}
        }
    }

    /// Sees a step of the client before its outputs are carried out.
    pub fn look(&mut self, input: &Input<'_>, outputs: &[Output]) {
        match input {
            Input::Connected => {
                self.unread.clear();
                self.secrets = Secrets::default();
            }
            Input::Received(bytes) => self.hear(bytes),
            Input::Return => self.note(DeviceNews::Returned),
            _ => {}
        }
        let mut history = self.history.open();
        let who = self.who;
        for output in outputs {
            match output {
                // Here and not when it is shown: an ack behind it is no ack before it.
                Output::Show(Notice::Line { line, state }) => {
                    let (line, state) = (line.0, *state);
                    history.note_made(|| What::Device(who, DeviceNews::Line { line, state }));
                }
                Output::Show(notice) => {
                    history.note(What::Device(who, DeviceNews::Told(notice.clone())));
                }
                Output::Send(frames) => {
                    let acks = self.acks(&frames.0);
                    acks.for_each(|seq| history.note(What::Device(who, DeviceNews::Acked { seq })));
                }
                Output::Connect => history.note(What::Device(who, DeviceNews::Connects)),
                Output::Recalled(recalled) => {
                    let (epoch, recalled) = (self.epoch, recalled.clone());
                    history.note(What::Device(who, DeviceNews::Recalled { epoch, recalled }));
                }
                _ => {}
            }
        }
    }

    /// Reads what the client is about to read.
    fn hear(&mut self, bytes: &[u8]) {
        if self.secrets.is_in(bytes) {
            self.note(DeviceNews::SecretSeen);
        }
        if self.unread.is_empty() {
            let read = self.read(bytes);
            return self.unread.extend_from_slice(&bytes[read..]);
        }
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let read = self.read(&unread);
        unread.drain(..read);
        self.unread = unread;
    }

    /// Reads the frames that are whole; gives how many bytes they took.
    fn read(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            if let Some(length) = length_of(b"DELIVER ", rest) {
                at += length;
                continue;
            }
            let Decoded::Frame(frame, length) = server_frame(rest, &self.limits) else {
                break;
            };
            self.on_frame(&frame);
            at += length;
        }
        at
    }

    fn on_frame(&mut self, frame: &ServerFrame<'_>) {
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.epoch = welcome.epoch.0;
                self.disk.borrow_mut().on_welcome(welcome);
                self.note(DeviceNews::Welcomed {
                    epoch: welcome.epoch.0,
                    head: welcome.head.0,
                    last: welcome.last.0,
                    cursor: welcome.cursor.0,
                });
            }
            ServerFrame::Accepted { last, .. } => self.disk.borrow_mut().on_accepted(*last),
            _ => {}
        }
    }

    /// What the client acks in these frames.
    fn acks(&self, mut rest: &[u8]) -> impl Iterator<Item = u64> {
        std::iter::from_fn(move || {
            while !rest.is_empty() {
                let (ack, length) = self.ack(rest)?;
                rest = &rest[length..];
                if ack.is_some() {
                    return ack;
                }
            }
            None
        })
    }

    /// What the first of these frames acks, if it does, and its length.
    fn ack(&self, bytes: &[u8]) -> Option<(Option<u64>, usize)> {
        if let Some(length) = length_of(b"SEND ", bytes) {
            return Some((None, length));
        }
        if let Some((seq, length)) = ack_of(bytes) {
            return Some((Some(seq), length));
        }
        if let Some(length) = bare_length_of(b"HELLO ", bytes) {
            return Some((None, length));
        }
        match client_frame(bytes, &self.limits) {
            Decoded::Frame(ClientFrame::Ack(Seq(seq)), length) => Some((Some(seq), length)),
            Decoded::Frame(_, length) => Some((None, length)),
            _ => None,
        }
    }
}

/// Looks for a device's secret in what a server says: nothing else there has so many hexadecimal digits.
#[derive(Default)]
struct Secrets {
    /// How many of them what was said last ended with.
    run: usize,
}

/// The digits of a secret.
const SECRET_DIGITS: usize = 32;

impl Secrets {
    fn is_in(&mut self, bytes: &[u8]) -> bool {
        let other = |bytes: &[u8]| bytes.iter().rposition(|byte| !byte.is_ascii_hexdigit());
        let mut rest = bytes;
        while let Some(secret) = rest.get(..SECRET_DIGITS - self.run) {
            let Some(at) = other(secret) else {
                self.run = 0;
                return true;
            };
            // No run that has begun before it is long enough.
            (rest, self.run) = (&rest[at + 1..], 0);
        }
        match other(rest) {
            Some(at) => self.run = rest.len() - at - 1,
            None => self.run += rest.len(),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::Secrets;

    #[test]
    fn a_secret_is_found_however_it_comes() {
        let said = format!("Store: 12ab\n{}f\n", "0123456789abcde".repeat(3));
        for cut in 0..said.len() {
            let mut secrets = Secrets::default();
            let (one, other) = said.as_bytes().split_at(cut);
            assert!(secrets.is_in(one) | secrets.is_in(other), "cut at {cut}");
        }
        assert!(!Secrets::default().is_in("0123456789abcdef0123456789abcde, x".as_bytes()));
    }
}
