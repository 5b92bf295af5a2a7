//! What the wild connections say: whole frames, wrong ones, cut ones, changed ones, and bytes that mean nothing.

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt;
use verbatim_core::code::Code;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{Decoded, ServerFrame, server_frame};

/// Bytes that can be read when a test fails.
#[derive(Clone)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// One thing that a wild connection does, or that happens to it.
#[derive(Clone, Debug)]
pub enum Deed {
    Say {
        conn: u32,
        bytes: Bytes,
    },
    HangUp {
        conn: u32,
    },
    /// What it is sent is not written any more, or again.
    Stick {
        conn: u32,
        stuck: bool,
    },
    /// Commits do not return any more, or they do again.
    Commits {
        wait: bool,
    },
    Wait {
        ms: u64,
    },
}

pub fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let conn = || 0..6u32;
    let say = (conn(), anything()).prop_map(|(conn, bytes)| Deed::Say {
        conn,
        bytes: Bytes(bytes),
    });
    let deed = prop_oneof![
        20 => say,
        2 => conn().prop_map(|conn| Deed::HangUp { conn }),
        4 => (conn(), any::<bool>()).prop_map(|(conn, stuck)| Deed::Stick { conn, stuck }),
        2 => any::<bool>().prop_map(|wait| Deed::Commits { wait }),
        2 => prop_oneof![0..400u64, 0..20_000u64].prop_map(|ms| Deed::Wait { ms }),
    ];
    prop::collection::vec(deed, 1..40)
}

fn words(words: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(words)
}

fn hello() -> impl Strategy<Value = String> {
    let names = words(&[
        "carol", "dave", "Erin", "alice", "bob", "anna", "a_b", "ALL", "",
    ]);
    let more = words(&[
        "",
        "Cursor: server\n",
        "Store: 3901\nEpoch: 77\nCursor: 6\nAccepted: 0\n",
        "Store: 3901\nEpoch: 77\nCursor: 2\nAccepted: 9\nDelivered: 0\n",
        "Store: 1\nEpoch: 2\nCursor: 99999999999\n",
        "Window: 0 0\n",
        "Window: 4294967296 18446744073709551615\n",
    ]);
    (names, 0..4u32, 0..6u64, more).prop_map(|(name, device, attempt, more)| {
        format!("HELLO 1\nUser: {name}\nDevice: {device:032x}\nTry: {attempt}\nKeep: no\n{more}\n")
    })
}

fn body() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("hi".to_owned()),
        Just("é\nñ".to_owned()),
        Just("ü".repeat(700)),
        Just("x".repeat(5_000)),
    ]
}

fn recipient() -> impl Strategy<Value = &'static str> {
    words(&[
        "alice", "bob", "anna", "ben", "carol", "dave", "ALL", "nobody", "n_n", "",
    ])
}

fn send(ids: impl Strategy<Value = u64>) -> impl Strategy<Value = String> {
    (recipient(), ids, body()).prop_map(|(to, id, body)| {
        format!(
            "SEND {to}\nId: {id}\nContent-length: {}\n\n{body}",
            body.len()
        )
    })
}

fn short() -> impl Strategy<Value = String> {
    let frames = words(&[
        "PING\n\n",
        "PONG\n\n",
        "WHO\n\n",
        "WHO bob\n\n",
        "HISTORY ALL\n\n",
        "HISTORY bob\nCount: 3\n\n",
        "HISTORY b_b\n\n",
        "WHO b_b\n\n",
        "ACK 0\n\n",
        "ACK 5\n\n",
        "ACK 18446744073709551615\n\n",
        "BYE\n\n",
        "BYE forget\n\n",
        "FROB 1 2\n\n",
        "\n",
        "SEND bob\n\n",
        "SEND bob\nId: 1\nContent-length: 9223372036854775808\n\n",
        "SEND bob\nId: 1\nContent-length: 10000\n\n",
        "WHO\nContent-length: 3\n\nabc",
    ]);
    (frames, 1..4usize).prop_map(|(frame, times)| frame.repeat(times))
}

fn classic() -> impl Strategy<Value = String> {
    let names = words(&["frank", "grace", "alice", "ben", "c c", "é"]);
    let ends = words(&["\n\n", "\n \n", " \n\n", "\n"]);
    let register = (words(&["TOSEND", "TORECV", "TO"]), names, ends)
        .prop_map(|(word, name, end)| format!("REGISTER {word} {name}{end}"));
    let line = (recipient(), body(), any::<bool>()).prop_map(|(to, body, characters)| {
        let count = if characters {
            body.chars().count()
        } else {
            body.len()
        };
        format!("SEND {to}\ncontent-length : {count}\n\n{body}")
    });
    let answers = words(&[
        "RECEIVED alice\n\n",
        "ERROR 103 Header Incomplete\n\n",
        "RECEIVED x\n \n",
    ]);
    prop_oneof![3 => register, 2 => line, 2 => answers.prop_map(str::to_owned)]
}

/// One who asks and asks.
fn flood() -> impl Strategy<Value = String> {
    let frames = words(&[
        "WHO\n\n",
        "PING\n\n",
        "FROB\n\n",
        "SEND bob\nId: 1\nContent-length: 0\n\n",
    ]);
    let times = 100..1_500usize;
    (hello(), frames, times).prop_map(|(hello, frame, times)| hello + &frame.repeat(times))
}

/// One who does everything right, and a lot of it at once.
fn fluent() -> impl Strategy<Value = String> {
    let lines = prop::collection::vec((recipient(), body()), 1..8);
    (hello(), 1..4u64, lines).prop_map(|(hello, first, lines)| {
        let sends = lines.iter().zip(first..).map(|((to, body), id)| {
            format!(
                "SEND {to}\nId: {id}\nContent-length: {}\n\n{body}",
                body.len()
            )
        });
        hello + &sends.collect::<String>()
    })
}

/// Anything, whole or not.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        3 => hello(),
        4 => send(prop_oneof![0..12u64, any::<u64>()]),
        4 => short(),
        4 => classic(),
    ];
    let frames = prop::collection::vec(text, 1..5).prop_map(|texts| texts.concat().into_bytes());
    let place = (any::<prop::sample::Index>(), any::<u8>(), any::<bool>());
    let spoilt = (frames, place).prop_map(|(mut bytes, (at, byte, cut))| {
        if !bytes.is_empty() {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(if cut { at } else { bytes.len() });
        }
        bytes
    });
    let whole = prop_oneof![hello(), send(0..12u64), short(), classic()];
    prop_oneof![
        2 => flood().prop_map(String::into_bytes),
        3 => fluent().prop_map(String::into_bytes),
        6 => whole.prop_map(String::into_bytes),
        3 => spoilt,
        1 => prop::collection::vec(any::<u8>(), 0..2_000),
        1 => prop::collection::vec(prop::sample::select(b"AB: 1\n".to_vec()), 0..2_000),
    ]
}

/// The one who says a [`session_speech`].
pub const HELLO: &[u8] =
    b"HELLO 1\nUser: carol\nDevice: 00000000000000000000000000000ccc\nTry: 1\nKeep: no\n\n";

/// One session, once it is welcomed: anything that does not depend on what it hears.
pub fn session_speech() -> impl Strategy<Value = Bytes> {
    let frames = words(&[
        "PING\n\n",
        "PONG\n\n",
        "WHO\n\n",
        "WHO bob\n\n",
        "ACK 0\n\n",
        "ACK 99999999\n\n",
        "BYE\n\n",
        "FROB\n\n",
        "FROB 1\nContent-length: 4\n\nPING",
        "SEND bob\n\n",
        "PING\nX: y\nContent-length: 6\n\nPING\n\n",
        "SEND bob\nId: 3\nContent-length: 70000\n\n",
    ]);
    let frame = prop_oneof![
        4 => send(1..8u64),
        3 => frames.prop_map(str::to_owned),
    ];
    let end = prop_oneof![
        3 => Just(Vec::new()),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => (anything(), 0..60usize).prop_map(|(mut bytes, end)| { bytes.truncate(end); bytes }),
    ];
    (prop::collection::vec(frame, 0..12), end).prop_map(|(frames, end)| {
        let mut bytes = frames.concat().into_bytes();
        bytes.extend(end);
        Bytes(bytes)
    })
}

/// Where a stream is cut into pieces of that width.
pub fn chunks(length: usize, width: usize) -> Vec<usize> {
    (1..=length.div_ceil(width))
        .map(|n| (n * width).min(length))
        .collect()
}

/// A session's frames: the answers (those to messages id by id), and the others. Frames of one kind keep their order; those of different
/// kinds may pass each other, since some wait for a commit and some do not.
pub fn sorted(heard: &str) -> (BTreeSet<String>, Vec<String>) {
    let (mut answers, mut spoken, mut rest) = (BTreeSet::new(), Vec::new(), heard.as_bytes());
    while let Decoded::Frame(frame, length) = server_frame(rest, &Limits::default()) {
        match &frame {
            ServerFrame::Accepted {
                first,
                last,
                seq,
                number,
            } => {
                for more in 0..=last.0 - first.0 {
                    let (id, seq, number) = (first.0 + more, seq.0 + more, number.0 + more);
                    answers.insert(format!("{id} accepted {seq} {number}"));
                }
            }
            ServerFrame::Rejected(_) | ServerFrame::Users { .. } => {
                answers.insert(format!("{frame:?}"));
            }
            ServerFrame::Receipt(_) | ServerFrame::Deliver(_) => {}
            // Whether a question finds one before it without an answer depends on whether both come at once.
            ServerFrame::Past(_) | ServerFrame::History(_) => {}
            ServerFrame::Error { code, .. } if *code == Code::BUSY => {}
            _ => spoken.push(format!("{frame:?}")),
        }
        rest = &rest[length..];
    }
    assert!(
        rest.is_empty(),
        "the server speaks whole frames: {}",
        String::from_utf8_lossy(rest)
    );
    spoken.sort_by_key(|frame| frame.split(['(', ' ']).next().map(str::to_owned));
    (answers, spoken)
}
