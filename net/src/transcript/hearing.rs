//! What one connection's bytes say, read beside the router and by the same rules, with an own unfinished tail.

use super::line::quoted;
use verbatim_core::classic::{Counting, Seen, seen};
use verbatim_core::limits::Limits;
use verbatim_core::name::Name;
use verbatim_core::wire::{ClientFrame, Decoded, Skip, client_frame};

/// One connection's incoming side.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    tail: Vec<u8>,
    /// Bytes of what was refused that have not come yet.
    skip: u64,
    level: Level,
    counting: Counting,
    /// The name that was asked for last, if it was one.
    pub(super) asked: Option<Name>,
    /// What is in the tail is whole if nothing more comes for a moment.
    pub(super) ambiguous: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Level {
    #[default]
    Unknown,
    Session,
    Classic,
    /// Nothing more can be read.
    Lost,
}

/// One look at the tail.
enum Look {
    Took(usize),
    Skip(u64),
    Stay,
}

impl Hearing {
    /// Takes bytes in, or with none and `quiet` looks again; appends what they said.
    pub(super) fn hear(
        &mut self,
        bytes: &[u8],
        quiet: bool,
        (limits, bodies): (&Limits, bool),
        said: &mut Vec<String>,
    ) {
        let mut tail = std::mem::take(&mut self.tail);
        tail.extend_from_slice(bytes);
        self.ambiguous = false;
        let mut at = 0;
        while self.level != Level::Lost {
            let skipped = self.skip.min((tail.len() - at) as u64);
            self.skip -= skipped;
            at += usize::try_from(skipped).expect("no longer than the tail");
            if at == tail.len() {
                break;
            }
            match self.look(&tail[at..], quiet, (limits, bodies), said) {
                Look::Took(length) => at += length,
                Look::Skip(length) => self.skip = length,
                Look::Stay => break,
            }
        }
        let lost = self.level == Level::Lost;
        tail.drain(..if lost { tail.len() } else { at });
        if !tail.is_empty() && !bytes.is_empty() {
            said.push(format!("({} bytes of a frame)", tail.len()));
        }
        self.tail = tail;
    }

    fn look(
        &mut self,
        bytes: &[u8],
        quiet: bool,
        how: (&Limits, bool),
        said: &mut Vec<String>,
    ) -> Look {
        match self.level {
            Level::Session => self.look_session(bytes, how, said),
            Level::Unknown if bytes.starts_with(b"HELLO") => self.look_session(bytes, how, said),
            Level::Unknown if b"HELLO".starts_with(bytes) => Look::Stay,
            Level::Unknown | Level::Classic => self.look_classic(bytes, quiet, how, said),
            Level::Lost => Look::Took(bytes.len()),
        }
    }

    fn look_session(
        &mut self,
        bytes: &[u8],
        (limits, bodies): (&Limits, bool),
        said: &mut Vec<String>,
    ) -> Look {
        match client_frame(bytes, limits) {
            Decoded::Partial => Look::Stay,
            Decoded::Frame(frame, length) => {
                if let ClientFrame::Hello(hello) = &frame {
                    self.level = Level::Session;
                    self.asked = Some(hello.user);
                }
                said.push(match &frame {
                    ClientFrame::Send { body, .. } => with_body(frame.to_string(), body, bodies),
                    _ => frame.to_string(),
                });
                Look::Took(length)
            }
            Decoded::Refused(refusal, skip) => {
                said.push(format!("{} ({})", verb(bytes), refusal.detail));
                match skip {
                    Skip::Bytes(length) => Look::Skip(length),
                    Skip::Lost => self.lose(),
                }
            }
        }
    }

    fn look_classic(
        &mut self,
        bytes: &[u8],
        quiet: bool,
        (limits, bodies): (&Limits, bool),
        said: &mut Vec<String>,
    ) -> Look {
        match seen(bytes, self.counting, quiet, limits) {
            Seen::Partial => Look::Stay,
            Seen::Quiet => {
                self.ambiguous = true;
                Look::Stay
            }
            Seen::Frame(frame, length) => {
                if let Some(name) = frame
                    .registers
                    .and_then(|name| Name::parse(name.as_bytes()).ok())
                {
                    self.level = Level::Classic;
                    self.asked = Some(name);
                }
                if frame.counting != Counting::Unknown {
                    self.counting = frame.counting;
                }
                said.push(match frame.body {
                    Some(body) => with_body(frame.to_string(), body, bodies),
                    None => frame.to_string(),
                });
                Look::Took(length)
            }
            Seen::Passed(length) => {
                if bytes[0] != b'\n' {
                    said.push(format!("{} (passed over, {length} bytes)", verb(bytes)));
                }
                Look::Skip(length)
            }
            Seen::Lost => {
                said.push(format!("{} (no frame, {} bytes)", verb(bytes), bytes.len()));
                self.lose()
            }
        }
    }

    fn lose(&mut self) -> Look {
        self.level = Level::Lost;
        Look::Stay
    }
}

/// A frame's line with its body, if bodies are wanted.
pub(super) fn with_body(mut line: String, body: &str, bodies: bool) -> String {
    if bodies {
        line.push(' ');
        line.push_str(&quoted(body));
    }
    line
}

/// The first word, if it looks like a verb: anything else may be a secret that lost its frame.
fn verb(bytes: &[u8]) -> &str {
    let end = bytes
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_uppercase());
    std::str::from_utf8(&bytes[..end.count()]).expect("capital letters are UTF-8")
}
