//! What stands round a client in its program: the store, the terminal, and somebody who writes everything down.

use super::disk::Disk;
use crate::dice::Dice;
use crate::history::{DeviceNews, History, What, Who};
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
    epoch: u64,
    limits: Limits,
}

/// A delivery that waits to be written.
struct Delivered {
    epoch: u64,
    message: Message,
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
            epoch: 0,
            limits: Limits {
                body_bytes_max: usize::MAX,
                ..Limits::default()
            },
        }
    }

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
        let mut kept = Vec::new();
        for Delivered {
            epoch,
            message,
            stale,
        } in std::mem::take(&mut self.waiting)
        {
            let seq = message.seq;
            self.note(DeviceNews::Wrote { epoch, message });
            self.disk.borrow_mut().on_written(epoch, seq);
            if !stale {
                kept.push(seq);
            }
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
            Input::Connected => self.unread.clear(),
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
                _ => {}
            }
        }
    }

    /// Reads what the client is about to read.
    fn hear(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        if has_secret(&self.unread) {
            self.note(DeviceNews::SecretSeen);
        }
        let unread = std::mem::take(&mut self.unread);
        let mut at = 0;
        while let Decoded::Frame(frame, length) = server_frame(&unread[at..], &self.limits) {
            self.on_frame(&frame);
            at += length;
        }
        self.unread = unread;
        self.unread.drain(..at);
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
        while let Decoded::Frame(frame, length) = client_frame(rest, &self.limits) {
            if let ClientFrame::Ack(seq) = frame {
                self.note(DeviceNews::Acked { seq: seq.0 });
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

/// Whether a device's secret stands in what a server said: nothing else there has so many hexadecimal digits.
fn has_secret(bytes: &[u8]) -> bool {
    let mut run = 0;
    bytes.iter().any(|byte| {
        run = if byte.is_ascii_hexdigit() { run + 1 } else { 0 };
        run >= 32
    })
}
