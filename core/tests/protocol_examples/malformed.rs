//! Tries one row of the table of malformed frames.

use crate::stage::Stage;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;

const SPEAKER: ConnId = ConnId(0);

/// What differs from what a row tells, if anything.
pub fn wrong(row: &[String]) -> Option<String> {
    let [place, bytes, answer, then] = row else {
        return Some(format!("four cells are expected: {row:?}"));
    };
    let mut stage = prepared(place);
    stage.say(SPEAKER, &unescaped(bytes.trim_matches('`')));
    let heard = stage.take(SPEAKER);
    let closed = stage.is_closed(SPEAKER);
    let first = heard.split(|b| *b == b'\n').next().unwrap_or_default();
    let first = String::from_utf8_lossy(first);
    let then_is = if closed { "closes" } else { "goes on" };
    if first != answer.trim_matches('`') || then_is != then {
        return Some(format!("{place} {bytes}: {first:?} and it {then_is}"));
    }
    (!closed && !goes_on(&mut stage, place))
        .then(|| format!("{place} {bytes}: what follows is not read"))
}

fn prepared(place: &str) -> Stage {
    let mut stage = Stage::new(Limits::default());
    for (conn, name) in [(1, "alice"), (2, "bob")] {
        stage.open(ConnId(conn));
        stage.say(ConnId(conn), hello(name, conn).as_bytes());
    }
    stage.open(SPEAKER);
    match place {
        "first" | "classic" => {}
        "session" => {
            let hello = hello("alice", 1).replace("Try: 1", "Try: 2");
            stage.say(SPEAKER, hello.as_bytes());
        }
        "line" => {
            stage.open(ConnId(3));
            stage.say(SPEAKER, b"REGISTER TOSEND carol\n\n");
            stage.say(ConnId(3), b"REGISTER TORECV carol\n\n");
        }
        _ => panic!("no such place: {place}"),
    }
    stage.take(SPEAKER);
    stage
}

fn hello(name: &str, device: u32) -> String {
    format!("HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: 1\nKeep: no\n\n")
}

/// Whether the next frame is understood.
fn goes_on(stage: &mut Stage, place: &str) -> bool {
    let (frame, answer) = match place {
        "session" => ("PING\n\n", "PONG\n\n"),
        "line" => ("SEND bob\nContent-length: 2\n\nhi", "SENT bob\n\n"),
        _ => ("FROB\n\n", "ERROR 101 No user registered\n\n"),
    };
    stage.say(SPEAKER, frame.as_bytes());
    stage.take(SPEAKER) == answer.as_bytes()
}

/// `\n`, `\r`, `\xff` and `{a*9}` as the document writes them.
fn unescaped(text: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '\\' => escape(rest, &mut bytes),
            '{' => repeat(rest, &mut bytes),
            _ => {
                bytes.extend(rest[..c.len_utf8()].bytes());
                c.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    bytes
}

fn escape(rest: &str, bytes: &mut Vec<u8>) -> usize {
    match rest.as_bytes()[1] {
        b'n' => bytes.push(b'\n'),
        b'r' => bytes.push(b'\r'),
        _ => {
            bytes.push(u8::from_str_radix(&rest[2..4], 16).expect("two hexadecimal digits"));
            return 4;
        }
    }
    2
}

fn repeat(rest: &str, bytes: &mut Vec<u8>) -> usize {
    let end = rest.find('}').expect("a repetition is closed");
    let (what, count) = rest[1..end].split_once('*').expect("what and how often");
    let count: usize = count.parse().expect("how often");
    bytes.extend(what.repeat(count).bytes());
    end + 1
}
