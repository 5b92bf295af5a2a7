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
    pub fn deliver(&mut self, message: Message) {
        let epoch = self.epoch;
        self.waiting.push(Delivered {
            epoch,
            message: Box::new(message),
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

    /// Writes what is due; gives the seqs of which the client wants to hear that they are kept.
    pub fn write(&mut self) -> Vec<Seq> {
        let now = self.history.now();
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        if let Some(until) = self.paused_until.filter(|until| *until > now) {
            self.due = Some(until.min(now + LOOK_TIME));
            return Vec::new();
        }
        self.due = None;
        let mut kept = Vec::with_capacity(self.waiting.len());
        let mut disk = self.disk.borrow_mut();
        for delivered in self.waiting.drain(..) {
            let (epoch, message) = (delivered.epoch, delivered.message);
            let seq = message.seq;
            let news = DeviceNews::Wrote { epoch, message };
            self.history.note(What::Device(self.who, news));
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
        for output in outputs {
            match output {
                Output::Connect => self.note(DeviceNews::Connects),
                Output::Send(frames) => self.say(&frames.0),
                // Here and not when it is shown: an ack behind it is no ack before it.
                Output::Show(notice) => self.note(news_of(notice)),
                Output::Recalled(recalled) => {
                    let (epoch, recalled) = (self.epoch, Box::new(recalled.clone()));
                    self.note(DeviceNews::Recalled { epoch, recalled });
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

    fn say(&self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let passes = length_of(b"SEND ", rest).or_else(|| bare_length_of(b"HELLO ", rest));
            let (ack, length) = if let Some(length) = passes {
                (None, length)
            } else if let Some((seq, length)) = ack_of(rest) {
                (Some(seq), length)
            } else {
                match client_frame(rest, &self.limits) {
                    Decoded::Frame(ClientFrame::Ack(Seq(seq)), length) => (Some(seq), length),
                    Decoded::Frame(_, length) => (None, length),
                    _ => return,
                }
            };
            if let Some(seq) = ack {
                self.note(DeviceNews::Acked { seq });
            }
            rest = &rest[length..];
        }
    }
}

fn news_of(notice: &Notice) -> DeviceNews {
    match notice {
        Notice::Line { line, state } => DeviceNews::Line {
            line: line.0,
            state: *state,
        },
        notice => DeviceNews::Told(notice.clone()),
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
        let mut at = 0;
        while let Some(ahead) = (SECRET_DIGITS - self.run).checked_sub(1) {
            // What would be the last digit is none: then no run that has begun before it is long enough.
            let last = bytes.get(at + ahead);
            if last.is_some_and(|byte| !byte.is_ascii_hexdigit()) {
                (at, self.run) = (at + ahead + 1, 0);
                continue;
            }
            let Some(byte) = bytes.get(at) else {
                return false;
            };
            self.run = if byte.is_ascii_hexdigit() {
                self.run + 1
            } else {
                0
            };
            at += 1;
        }
        self.run = 0;
        true
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
