//! The user's lines at the classic level: one under way at a time, in pieces that other people's servers read at once.

use super::ways::EVERYBODY;
use crate::classic::{Counting, End, piece_end};
use crate::client::outbox::Line;
use crate::client::{LineId, LineState};
use crate::name::Recipient;
use crate::now::Mono;
use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A line, and how far it has come.
#[derive(Debug)]
pub(super) struct Going {
    pub line: Line,
    /// Its text is acknowledged up to here.
    pub done: usize,
    /// The piece that is under way ends here.
    pub end: usize,
    /// What its length counts, if it was sent once more for that.
    pub recounted: Option<Counting>,
    /// Which word for everybody was used.
    pub everybody: usize,
    /// When to give up waiting for the answer.
    pub due: Mono,
}

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Lines {
    queue: VecDeque<Going>,
    pub under_way: Option<Going>,
}

impl Going {
    fn new(line: Line) -> Going {
        Going {
            line,
            done: 0,
            end: 0,
            recounted: None,
            everybody: 0,
            due: Mono::ZERO,
        }
    }

    /// The frame of the next piece, with at most so many bytes.
    pub fn frame(&mut self, counting: Counting, end: End, frame_bytes_max: usize) -> Vec<u8> {
        let to = match self.line.to {
            Recipient::All => EVERYBODY[self.everybody],
            Recipient::User(ref name) => name.as_str(),
        };
        let head = "SEND \nContent-length: 1234\n\n\n".len() + to.len();
        let room = frame_bytes_max.saturating_sub(head);
        self.end = piece_end(&self.line.body, self.done, room);
        let text = &self.line.body[self.done..self.end];
        let length = self.recounted.unwrap_or(counting).length(text);
        let end = end.text();
        format!("SEND {to}\nContent-length: {length}{end}{text}").into_bytes()
    }

    /// When it is too old to be sent; never, once a part of it was.
    fn expires(&self) -> Option<Mono> {
        self.line.expires.filter(|_| self.done == 0)
    }

    /// The text of the piece that is under way.
    pub fn piece(&self) -> &str {
        &self.line.body[self.done..self.end]
    }

    /// What a refusal makes of the line: of one that arrived in part nobody can say either.
    pub fn refused(&self, state: LineState) -> LineState {
        match self.done {
            0 => state,
            _ => LineState::Unknown,
        }
    }
}

impl Lines {
    pub fn queue(&mut self, line: Line) {
        self.queue.push_back(Going::new(line));
    }

    /// Puts the line that is under way in front of the queue.
    pub fn again(&mut self, going: Going) {
        self.queue.push_front(going);
    }

    pub fn next(&mut self) -> Option<Going> {
        self.queue.pop_front()
    }

    pub fn len(&self) -> usize {
        self.queue.len() + usize::from(self.under_way.is_some())
    }

    pub fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    pub fn withdraw(&mut self, line: LineId) -> bool {
        let found = self
            .queue
            .iter()
            .position(|going| going.line.line == line && going.done == 0);
        found.and_then(|at| self.queue.remove(at)).is_some()
    }

    /// Removes the lines whose age limit has passed while they were queued, and tells which.
    pub fn expire(&mut self, now: Mono, mut tell: impl FnMut(LineId)) {
        self.queue.retain(|going| {
            let old = going.expires().is_some_and(|due| due <= now);
            if old {
                tell(going.line.line);
            }
            !old
        });
    }

    /// When the next one expires.
    pub fn expiry(&self) -> Option<Mono> {
        self.queue.iter().filter_map(Going::expires).min()
    }

    /// Everything, for the end: the line under way and those in the queue.
    pub fn abandon(&mut self) -> (Option<Going>, VecDeque<Going>) {
        (self.under_way.take(), core::mem::take(&mut self.queue))
    }
}

/// The text that acknowledges a line.
pub(super) fn received(from: &str, end: End) -> Vec<u8> {
    let mut text = String::from("RECEIVED ");
    text.push_str(from);
    text.push_str(end.text());
    text.into_bytes()
}
