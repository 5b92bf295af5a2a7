//! Plays an exchange: what clients say goes into a router, and what comes out is compared with what is written.

use crate::stage::Stage;
use std::collections::BTreeMap;
use std::time::Duration;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{Decoded, client_frame, server_frame};

/// Which way a line goes, and whether it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    In,
    InLost,
    Out,
    OutLost,
}

/// What stands in the lines of an exchange.
#[derive(Debug)]
enum Part {
    Bytes {
        who: String,
        way: Way,
        bytes: Vec<u8>,
    },
    Happens(String),
}

/// Lines of one way and one connection that follow each other are one write.
fn parts(exchange: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for line in exchange.lines() {
        if let Some(what) = line.strip_prefix("* ") {
            parts.push(Part::Happens(what.to_owned()));
            continue;
        }
        let (label, way, text) = read_line(line);
        let mut text = text.as_bytes().to_vec();
        match text.last() {
            Some(b'\\') => drop(text.pop()),
            _ => text.push(b'\n'),
        }
        match parts.last_mut() {
            Some(Part::Bytes {
                who,
                way: last,
                bytes,
            }) if *last == way && (label.is_empty() || label == *who) => {
                bytes.extend(text);
            }
            _ => parts.push(Part::Bytes {
                who: label.to_owned(),
                way,
                bytes: text,
            }),
        }
    }
    parts
}

fn read_line(line: &str) -> (&str, Way, &str) {
    let at = line
        .find(['<', '>'])
        .unwrap_or_else(|| panic!("no way in line: {line}"));
    let (label, rest) = (line[..at].trim(), &line[at + 1..]);
    let (lost, rest) = rest
        .strip_prefix('|')
        .map_or((false, rest), |rest| (true, rest));
    let way = match (&line[at..=at], lost) {
        (">", false) => Way::In,
        (">", true) => Way::InLost,
        (_, false) => Way::Out,
        (_, true) => Way::OutLost,
    };
    (label, way, rest.strip_prefix(' ').unwrap_or(rest))
}

struct Play {
    line: usize,
    stage: Stage,
    conns: BTreeMap<String, ConnId>,
    closed: Vec<String>,
}

/// Replays one exchange that begins in that line of the document.
pub fn replay(line: usize, exchange: &str) {
    let stage = Stage::new(Limits::default());
    let mut play = Play {
        line,
        stage,
        conns: BTreeMap::new(),
        closed: Vec::new(),
    };
    for part in parts(exchange) {
        match part {
            Part::Bytes {
                who,
                way: Way::In,
                bytes,
            } => play.say(&who, &bytes),
            Part::Bytes {
                bytes,
                way: Way::InLost,
                ..
            } => assert_is_client(&bytes),
            Part::Bytes { who, bytes, .. } => play.hear(&who, &bytes),
            Part::Happens(what) => play.happen(&what),
        }
    }
    play.all_is_told();
}

impl Play {
    fn say(&mut self, who: &str, bytes: &[u8]) {
        self.all_is_told();
        let next = ConnId(self.conns.len() as u32);
        let conn = *self.conns.entry(who.to_owned()).or_insert(next);
        if conn == next {
            self.stage.open(conn);
        }
        if !bytes.starts_with(b"REGISTER") && !who.contains('.') {
            assert_is_client(bytes);
        }
        self.stage.say(conn, bytes);
    }

    fn hear(&mut self, who: &str, expected: &[u8]) {
        let conn = self.conns[who];
        let wire = self.stage.wires.get_mut(&conn).expect("it is connected");
        let length = expected.len().min(wire.sent.len());
        let heard: Vec<u8> = wire.sent.drain(..length).collect();
        let (heard, told) = (
            String::from_utf8_lossy(&heard),
            String::from_utf8_lossy(expected),
        );
        assert_eq!(
            heard, told,
            "{who} hears something else in the exchange at line {}",
            self.line
        );
        if !who.contains('.') {
            assert_is_server(expected);
        }
    }

    fn happen(&mut self, what: &str) {
        let words: Vec<&str> = what.split(' ').collect();
        if let ["the", "server", "closes", who] = words[..] {
            assert!(self.stage.is_closed(self.conns[who]), "{who} is closed");
            self.closed.push(who.to_owned());
            return;
        }
        self.all_is_told();
        match words[..] {
            ["the", "log", "is", "full"] => self.room(0),
            ["the", "log", "has", "room"] => self.room(1 << 26),
            ["commits", "wait"] => self.stage.commits_wait = true,
            ["commits", "return"] => {
                self.stage.commits_wait = false;
                self.stage.commit();
            }
            ["the", "operator", "removes", "the", "text", "at", seq] => {
                let seq = seq.parse().expect("a seq");
                self.stage.remove_text(verbatim_core::id::Seq(seq));
            }
            [whose, "link", "dies"] => {
                let who = whose.trim_end_matches("'s");
                self.stage.hang_up(self.conns[who]);
            }
            [count, unit, "pass"] => {
                let count = count.parse().expect("a number of ms or s");
                self.stage.wait(match unit {
                    "ms" => Duration::from_millis(count),
                    _ => Duration::from_secs(count),
                });
            }
            _ => panic!("nothing is known of: {what}"),
        }
    }

    fn room(&mut self, room: u64) {
        self.stage.room = room;
        self.stage.commit();
    }

    /// Whatever came out is in the document.
    fn all_is_told(&mut self) {
        for (who, conn) in &self.conns {
            let Some(wire) = self.stage.wires.get(conn) else {
                continue;
            };
            let rest = String::from_utf8_lossy(&wire.sent);
            assert_eq!(
                rest, "",
                "{who} hears more than the exchange at line {} tells",
                self.line
            );
            let told = wire.closed.is_none() || self.closed.contains(who);
            assert!(
                told,
                "{who} is closed, which the exchange at line {} does not tell",
                self.line
            );
        }
    }
}

fn assert_is_client(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match client_frame(bytes, &Limits::default()) {
            Decoded::Frame(_, length) => bytes = &bytes[length..],
            other => panic!("{other:?}: {}", String::from_utf8_lossy(bytes)),
        }
    }
}

fn assert_is_server(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match server_frame(bytes, &Limits::default()) {
            Decoded::Frame(_, length) => bytes = &bytes[length..],
            other => panic!("{other:?}: {}", String::from_utf8_lossy(bytes)),
        }
    }
}
