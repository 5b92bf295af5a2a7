//! What the bytes of one lane say, however they are cut.

use crate::history::Tag;
use verbatim_core::classic::{ClassicIn, Counting, Passing, Scan, scan};
use verbatim_core::limits::Limits;
use verbatim_core::wire::{ClientFrame, Decoded, ServerFrame, Skip, client_frame, server_frame};

/// Characters of a body that are told.
const BODY_CHARS_MAX: usize = 60;
/// What the head of a `FORWARD` ends with.
const EMPTY_LINE: &[u8] = b"\n\n";

/// See the module's words.
pub(super) struct Reading {
    session: bool,
    up: bool,
    limits: Limits,
    tail: Vec<u8>,
    /// What is still to be passed over.
    passing: Option<Box<Passing>>,
    /// Nobody knows where the next frame begins.
    lost: bool,
    counting: Counting,
}

/// What the beginning of some bytes is.
enum Piece {
    Frame(String, usize),
    /// No frame, for so many bytes.
    Passed(u64),
    Lost,
    Partial,
}

impl Reading {
    pub(super) fn new(session: bool, up: bool) -> Reading {
        Reading {
            session,
            up,
            limits: Limits::default(),
            tail: Vec::new(),
            passing: None,
            lost: false,
            counting: Counting::Unknown,
        }
    }

    /// What ends in these bytes, and what they leave open.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Vec<String> {
        if self.lost {
            return vec![format!("({} bytes that nobody can read)", bytes.len())];
        }
        let mut tail = std::mem::take(&mut self.tail);
        tail.extend_from_slice(bytes);
        let (mut words, mut at) = (Vec::new(), 0);
        loop {
            at += Passing::pass(&mut self.passing, &tail[at..]);
            if at == tail.len() {
                break;
            }
            match self.piece(&tail[at..]) {
                Piece::Frame(frame, length) => {
                    words.push(frame);
                    at += length;
                }
                Piece::Passed(length) => {
                    let end = tail.len().min(at.saturating_add(length as usize));
                    words.push(match tail[at..end].trim_ascii() {
                        [] => "(a line end between frames)".to_owned(),
                        _ => format!("({length} bytes that are no frame)"),
                    });
                    self.passing = Some(Box::new(Passing::new(Counting::Bytes, length)));
                }
                Piece::Lost => {
                    words.push(format!("({} bytes that are no frame)", tail.len() - at));
                    (self.lost, at) = (true, tail.len());
                }
                Piece::Partial => {
                    words.push(format!("({} bytes of a frame)", tail.len() - at));
                    break;
                }
            }
        }
        self.tail = tail.split_off(at);
        words
    }

    fn piece(&mut self, bytes: &[u8]) -> Piece {
        match (self.session, self.up) {
            (true, true) => piece(client_frame(bytes, &self.limits), client_words),
            (true, false) => piece(server_frame(bytes, &self.limits), server_words),
            (false, true) => self.classic_up(bytes),
            (false, false) => self.classic_down(bytes),
        }
    }

    fn classic_up(&mut self, bytes: &[u8]) -> Piece {
        let frame = match scan(bytes, self.counting, false, &self.limits) {
            // What only silence would end is told with what follows it; the programs of a run send nothing like it.
            Scan::Partial | Scan::Quiet(_) => return Piece::Partial,
            Scan::Frame(frame) => frame,
        };
        self.passing = frame.passing.map(Box::new);
        let text = match frame.said {
            ClassicIn::Blank => return Piece::Passed(frame.length as u64),
            ClassicIn::Lost => return Piece::Lost,
            ClassicIn::Send(line) => {
                self.counting.learn(line.counting);
                line.body.ok()
            }
            _ => None,
        };
        Piece::Frame(with_body(frame.to_string(), text), frame.length)
    }

    /// The server's frames are strict: a head, and a body behind a `FORWARD`, counted as this user counts.
    fn classic_down(&self, bytes: &[u8]) -> Piece {
        let windows = bytes.windows(EMPTY_LINE.len());
        let Some(end) = windows.clone().position(|window| window == EMPTY_LINE) else {
            return Piece::Partial;
        };
        let head = String::from_utf8_lossy(&bytes[..end]);
        let first = head.lines().next().unwrap_or_default();
        let start = end + EMPTY_LINE.len();
        let counted = head.lines().find_map(|line| {
            let length = line.strip_prefix("Content-length: ")?;
            length.parse::<usize>().ok()
        });
        let Some(counted) = counted else {
            return Piece::Frame(first.to_owned(), start);
        };
        match bytes.get(start..start + counted) {
            None => Piece::Partial,
            Some(body) => {
                let words = format!("{first} ({counted} bytes)");
                let body = String::from_utf8_lossy(body);
                Piece::Frame(with_body(words, Some(&body)), start + counted)
            }
        }
    }
}

fn piece<F>(decoded: Decoded<F>, words: impl Fn(&F) -> String) -> Piece {
    match decoded {
        Decoded::Partial => Piece::Partial,
        Decoded::Frame(frame, length) => Piece::Frame(words(&frame), length),
        Decoded::Refused(_, Skip::Bytes(length)) => Piece::Passed(length),
        Decoded::Refused(_, Skip::Lost) => Piece::Lost,
    }
}

fn client_words(frame: &ClientFrame<'_>) -> String {
    match frame {
        ClientFrame::Send { body, .. } => with_body(frame.to_string(), Some(body)),
        _ => frame.to_string(),
    }
}

fn server_words(frame: &ServerFrame<'_>) -> String {
    match frame {
        ServerFrame::Deliver(delivery) => with_body(frame.to_string(), Some(delivery.body)),
        ServerFrame::Users { names, .. } => with_body(frame.to_string(), Some(names)),
        _ => frame.to_string(),
    }
}

/// A body in quotes, and of the filler behind a line's tag nothing.
fn with_body(mut words: String, body: Option<&str>) -> String {
    let Some(body) = body else { return words };
    let told = match Tag::of(body) {
        Some(tag) => tag.to_string(),
        None => body.chars().take(BODY_CHARS_MAX).collect(),
    };
    words += &format!(" {told:?}");
    words
}
