//! What stands round a client in its program: the store, the terminal, and somebody who writes everything down.

use super::disk::Disk;
use crate::dice::Dice;
use crate::history::{DeviceNews, History, What, Who};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep};
use verbatim_core::client::{Input, Keep, Message, Notice, Output};
use verbatim_core::limits::Limits;
use verbatim_core::now::{Now, Wall};
use verbatim_core::wire::{ClientFrame, Decoded, ServerFrame, client_frame, server_frame};
use verbatim_net::{Host, Request};

/// See the module's words.
pub(super) struct Desk {
    pub(super) who: Who,
    pub(super) history: History,
    pub(super) disk: Rc<RefCell<Disk>>,
    pub(super) tray: Rc<Tray>,
    unread: Vec<u8>,
    epoch: u64,
}

/// Deliveries that wait to be written.
pub(super) struct Tray {
    waiting: RefCell<Vec<Delivered>>,
    more: Notify,
    pub(super) requests: UnboundedSender<Request>,
    /// Nothing is written before then.
    pub(super) paused_until: Rc<Cell<Option<Instant>>>,
    pub(super) write_max: Rc<Cell<u64>>,
    /// The client is.
    pub(super) online: Cell<bool>,
}

struct Delivered {
    epoch: u64,
    message: Message,
    /// Its session was lost since: nobody waits for its ack.
    stale: bool,
}

impl Tray {
    pub(super) fn new(
        requests: UnboundedSender<Request>,
        paused_until: Rc<Cell<Option<Instant>>>,
        write_max: Rc<Cell<u64>>,
    ) -> Tray {
        Tray {
            waiting: RefCell::default(),
            more: Notify::new(),
            requests,
            paused_until,
            write_max,
            online: Cell::new(false),
        }
    }

    fn is_paused(&self) -> bool {
        self.paused_until
            .get()
            .is_some_and(|until| until > Instant::now())
    }

    fn lose(&self) {
        for delivered in self.waiting.borrow_mut().iter_mut() {
            delivered.stale = true;
        }
    }
}

impl Desk {
    pub(super) fn new(who: Who, history: History, disk: Rc<RefCell<Disk>>, tray: Rc<Tray>) -> Desk {
        Desk {
            who,
            history,
            disk,
            tray,
            unread: Vec::new(),
            epoch: 0,
        }
    }

    fn note(&self, news: DeviceNews) {
        self.history.note(What::Device(self.who, news));
    }

    /// Reads what the client is about to read.
    fn hear(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
        if has_secret(&self.unread) {
            self.note(DeviceNews::SecretSeen);
        }
        let limits = Limits {
            body_bytes_max: usize::MAX,
            ..Limits::default()
        };
        let unread = std::mem::take(&mut self.unread);
        let mut at = 0;
        while let Decoded::Frame(frame, length) = server_frame(&unread[at..], &limits) {
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
        let limits = Limits {
            body_bytes_max: usize::MAX,
            ..Limits::default()
        };
        let mut rest = bytes;
        while let Decoded::Frame(frame, length) = client_frame(rest, &limits) {
            if let ClientFrame::Ack(seq) = frame {
                self.note(DeviceNews::Acked { seq: seq.0 });
            }
            rest = &rest[length..];
        }
    }
}

impl Host for Desk {
    fn keep(&mut self, keep: Keep) -> io::Result<()> {
        self.disk.borrow_mut().keep(keep);
        Ok(())
    }

    fn deliver(&mut self, message: Message) {
        let epoch = self.epoch;
        self.tray.waiting.borrow_mut().push(Delivered {
            epoch,
            message,
            stale: false,
        });
        if self.tray.write_max.get() == 0 && !self.tray.is_paused() {
            write_all(self.who, &self.history, &self.disk, &self.tray);
        } else {
            self.tray.more.notify_one();
        }
    }

    fn show(&mut self, notice: Notice) {
        match notice {
            Notice::Lost { .. } => self.tray.lose(),
            Notice::Online { .. } => self.tray.online.set(true),
            Notice::Offline { .. } | Notice::Away(_) => self.tray.online.set(false),
            _ => {}
        }
    }

    fn wall(&self) -> Wall {
        Wall(0)
    }

    fn tap(&mut self, _: Now, input: &Input<'_>, outputs: &[Output]) {
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

/// Writes deliveries, each after some time, until the program ends.
pub(super) async fn write(
    who: Who,
    history: History,
    disk: Rc<RefCell<Disk>>,
    tray: Rc<Tray>,
    mut dice: Dice,
) {
    loop {
        tray.more.notified().await;
        let span = dice.between(0, tray.write_max.get());
        sleep(Duration::from_millis(span)).await;
        while tray.is_paused() {
            sleep(Duration::from_millis(100)).await;
        }
        write_all(who, &history, &disk, &tray);
    }
}

fn write_all(who: Who, history: &History, disk: &RefCell<Disk>, tray: &Tray) {
    for delivered in tray.waiting.take() {
        let Delivered {
            epoch,
            message,
            stale,
        } = delivered;
        let seq = message.seq;
        history.note(What::Device(who, DeviceNews::Wrote { epoch, message }));
        disk.borrow_mut().on_written(epoch, seq);
        if !stale {
            // When the client has gone, nobody wants to know.
            let _ = tray.requests.send(Request::Kept(seq));
        }
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
