//! What one connection's bytes say, read beside the router and by the same rules, with an own unfinished tail.

use super::line::quoted;
use std::time::Duration;
use verbatim_core::classic::{ClassicFrame, ClassicIn, Counting, Passing, Scan, scan};
use verbatim_core::limits::Limits;
use verbatim_core::name::Name;
use verbatim_core::wire::{ClientFrame, Decoded, Skip, client_frame};

/// How much of what is no frame is worth showing.
const BROKEN_BYTES_SHOWN: usize = 80;

/// One connection's incoming side.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    tail: Vec<u8>,
    /// What of something refused has not come yet.
    passing: Option<Box<Passing>>,
    level: Level,
    counting: Counting,
    /// The name that was asked for last, if it was one.
    pub(super) asked: Option<Name>,
    /// What is in the tail is whole if nothing more comes for that long.
    pub(super) ambiguous: Option<Duration>,
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
    /// So many bytes, and what stands behind them is no frame.
    Skip(usize, Passing),
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
        self.ambiguous = None;
        let mut at = 0;
        while self.level != Level::Lost {
            at += Passing::pass(&mut self.passing, &tail[at..]);
            if at == tail.len() {
                break;
            }
            match self.look(&tail[at..], quiet, (limits, bodies), said) {
                Look::Took(length) => at += length,
                Look::Skip(length, passing) => {
                    at += length;
                    self.passing = Some(Box::new(passing));
                }
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
                    Skip::Bytes(length) => Look::Skip(0, Passing::new(Counting::Bytes, length)),
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
        match scan(bytes, self.counting, quiet, limits) {
            Scan::Partial => Look::Stay,
            Scan::Quiet(wait) => {
                self.ambiguous = Some(wait.time(limits));
                Look::Stay
            }
            Scan::Frame(frame) => self.on_classic(&frame, bytes, bodies, said),
        }
    }

    fn on_classic(
        &mut self,
        frame: &ClassicFrame<'_>,
        bytes: &[u8],
        bodies: bool,
        said: &mut Vec<String>,
    ) -> Look {
        let mut text = None;
        match frame.said {
            ClassicIn::Blank => return Look::Took(frame.length),
            ClassicIn::Lost => {
                said.push(no_frame(bytes, bodies));
                return self.lose();
            }
            ClassicIn::Register(register) => {
                if let Ok(name) = Name::parse(register.name.as_bytes()) {
                    (self.level, self.asked) = (Level::Classic, Some(name));
                }
            }
            ClassicIn::Send(line) => {
                self.counting.learn(line.counting);
                text = line.body.ok();
            }
            _ => {}
        }
        said.push(with_body(
            frame.to_string(),
            text.unwrap_or(""),
            bodies && text.is_some(),
        ));
        match frame.passing {
            Some(passing) => Look::Skip(frame.length, passing),
            None => Look::Took(frame.length),
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

/// What broke the stream. Its bytes are shown like a body if they begin with a verb that never goes with a secret.
fn no_frame(bytes: &[u8], bodies: bool) -> String {
    let verb = verb(bytes);
    let line = format!("{verb} (no frame, {} bytes)", bytes.len());
    let harmless = bodies && matches!(verb, "SEND" | "REGISTER" | "RECEIVED" | "ERROR");
    let shown = &bytes[..bytes.len().min(BROKEN_BYTES_SHOWN)];
    with_body(line, &String::from_utf8_lossy(shown), harmless)
}

/// The first word, if it looks like a verb: anything else may be a secret that lost its frame.
fn verb(bytes: &[u8]) -> &str {
    let end = bytes
        .iter()
        .take(16)
        .take_while(|byte| byte.is_ascii_uppercase());
    std::str::from_utf8(&bytes[..end.count()]).expect("capital letters are UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "00112233445566778899aabbccddeeff";

    fn said(segments: &[&[u8]]) -> Vec<String> {
        let (mut hearing, mut said) = (Hearing::default(), Vec::new());
        let limits = Limits::default();
        for segment in segments {
            hearing.hear(segment, false, (&limits, true), &mut said);
        }
        if hearing.ambiguous.is_some() {
            hearing.hear(&[], true, (&limits, true), &mut said);
        }
        said
    }

    #[test]
    fn frames_are_read_wherever_they_are_cut() {
        let frames = b"SEND bob\nContent-length: 2\n\nhiSEND bob\nContent-length: 3\n\nyou";
        let whole = ["SEND bob (2 bytes) \"hi\"", "SEND bob (3 bytes) \"you\""];
        assert_eq!(said(&[frames]), whole);
        for cut in 1..frames.len() {
            let lines = said(&[&frames[..cut], &frames[cut..]]);
            let frames: Vec<&String> = lines.iter().filter(|line| !line.starts_with('(')).collect();
            assert_eq!(frames, whole, "cut at {cut}");
        }
    }

    #[test]
    fn what_is_whole_only_if_nothing_follows_is_said_after_the_quiet() {
        let lines = said(&["SEND bob\nContent-length: 2\n\né".as_bytes()]);
        assert_eq!(lines, ["(30 bytes of a frame)", "SEND bob (2 bytes) \"é\""]);
    }

    #[test]
    fn what_stands_behind_a_line_that_is_too_long_is_said() {
        for (unit, counted) in [("x", 70_000), ("\u{e9}", 70_000), ("\u{e9}", 140_000)] {
            let long = format!(
                "SEND bob\nContent-length: {counted}\n\n{}",
                unit.repeat(70_000)
            );
            let both = format!("{long}SEND bob\nContent-length: 2\n\nhi");
            let pieces: Vec<&[u8]> = both.as_bytes().chunks(4_097).collect();
            for segments in [&pieces[..], &[both.as_bytes()]] {
                let lines = said(segments);
                let frames: Vec<&String> =
                    lines.iter().filter(|line| !line.starts_with('(')).collect();
                let whole = ["SEND bob (passed over)", "SEND bob (2 bytes) \"hi\""];
                assert_eq!(frames, whole, "{unit} counted {counted}");
            }
        }
    }

    #[test]
    fn a_device_id_is_in_no_line() {
        let hello = |user: &str, keep: &str| {
            format!("HELLO 1\nUser: {user}\nDevice: {SECRET}\nTry: 1\nKeep: {keep}\n\n")
        };
        let broken = [
            hello("alice", "no"),
            hello("al ice", "no"),
            hello("alice", "perhaps"),
            format!("HELO\n\nDevice: {SECRET}\n\n"),
            format!("{SECRET}\n\n"),
            format!("HELLO 1\nDevice: {SECRET}\nUser: \u{e9}\n\n"),
            format!("HELLO 1\nDevice: {SECRET}\n{}", "x".repeat(1100)),
        ];
        for bytes in broken {
            let lines = said(&[bytes.as_bytes()]);
            assert!(!lines.is_empty());
            let shown = lines.iter().find(|line| line.contains(&SECRET[..6]));
            assert_eq!(shown, None, "{bytes:?}");
        }
    }

    #[test]
    fn without_bodies_only_lengths_are_told() {
        let (mut hearing, mut said) = (Hearing::default(), Vec::new());
        let bytes = b"SEND bob\nContent-length: 6\n\nsecret";
        hearing.hear(bytes, false, (&Limits::default(), false), &mut said);
        assert_eq!(said, ["SEND bob (6 bytes)"]);
    }
}
