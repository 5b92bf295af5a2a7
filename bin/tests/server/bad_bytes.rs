//! Bytes that no program should send, and what each is answered before the connection closes.

use crate::common::raw::send;
use crate::common::session::hello;
use verbatim_core::wire::{ClientFrame, encode_client};

const BROKEN: &str = "ERROR 103 Header incomplete\n\n";
/// What is told to those who registered like the seed.
const AS_THE_SEED: &str = "ERROR 103 Header Incomplete\n\n";
const TOO_LONG: &str = "ERROR 112 Too long\n\n";
const MALFORMED: &str = "ERROR 100 Malformed username\n\n";

/// Something bad to say to a newcomer's connection, and all that is answered before the close.
pub struct Closing {
    pub what: &'static str,
    pub says: Vec<u8>,
    pub answer: &'static str,
}

fn closing(what: &'static str, says: impl Into<Vec<u8>>, answer: &'static str) -> Closing {
    Closing {
        what,
        says: says.into(),
        answer,
    }
}

/// The first things that a connection could say, and none of them good: what is no greeting at all.
pub fn no_greeting() -> Vec<Closing> {
    let endless = String::from("REGISTER TOSEND mallory\n") + &"x: y\n".repeat(400);
    let register = |name: &str| format!("REGISTER TOSEND {name}\n\n");
    let both = "ERROR 101 No user registered\n\nERROR 103 Header incomplete\n\n";
    vec![
        closing("garbage", b"\x00\x01\x02\xff\xfe", BROKEN),
        closing("a TLS greeting", b"\x16\x03\x01\x02\x00\x01", BROKEN),
        closing("a head without end", endless, BROKEN),
        closing("a line without end", "A".repeat(70_000), BROKEN),
        closing("a name of 10 KiB", register(&"m".repeat(10_240)), BROKEN),
        closing("a control character", register("mal\x07lory"), BROKEN),
        closing("a carriage return", register("mallory\r"), BROKEN),
        closing("a line, then garbage", send("bob", "pssst") + "\x01", both),
    ]
}

/// A `HELLO` with something wrong in it.
pub fn bad_hellos() -> Vec<Closing> {
    let mut bytes = Vec::new();
    let good = ClientFrame::Hello(Box::new(hello("mallory", 1)));
    encode_client(&good, &mut bytes);
    let good = String::from_utf8(bytes).expect("heads are ASCII");
    let with = |this: &str, instead: &str| {
        assert!(good.contains(this), "{this} is not in {good}");
        good.replace(this, instead)
    };
    let (long, longer) = ("m".repeat(33), "m".repeat(10_240));
    let huge = "\nContent-length: 9223372036854775808\n\n";
    let version = "ERROR 106 Version not spoken\n\n";
    vec![
        closing("a name of 10 KiB", with("mallory", &longer), BROKEN),
        closing("a name of 33", with("mallory", &long), MALFORMED),
        closing("the name of all", with("mallory", "All"), MALFORMED),
        closing(
            "a control character",
            with("mallory", "mal\x1blory"),
            BROKEN,
        ),
        closing("no device", with("Device", "Advice"), BROKEN),
        closing("a short device", with("a5", "a"), BROKEN),
        closing("a negative counter", with("Try: 1", "Try: -1"), BROKEN),
        closing("a body of 2^63 bytes", with("\n\n", huge), TOO_LONG),
        closing("another version", with("HELLO 1", "HELLO 9"), version),
    ]
}

/// What a registered classic user may say and is cut off for.
pub fn classic_closing() -> Vec<Closing> {
    let length = |length: &str| format!("SEND bob\nContent-length: {length}\n\npssst");
    vec![
        closing(
            "a length of 2^63",
            length("9223372036854775808"),
            AS_THE_SEED,
        ),
        closing(
            "a length of 2^64",
            length("18446744073709551616"),
            AS_THE_SEED,
        ),
        closing("a negative length", length("-5"), AS_THE_SEED),
        closing("a length that is no number", length("five"), AS_THE_SEED),
        closing("an empty length", length(""), AS_THE_SEED),
        closing("a length over a MiB", length("1048577"), AS_THE_SEED),
        closing("no length", "SEND bob\n\npssst", AS_THE_SEED),
        closing(
            "a head without end",
            format!("SEND bob\nContent-length: 5\nx: {}", "y".repeat(2_000)),
            AS_THE_SEED,
        ),
        closing(
            "a recipient of 10 KiB",
            send(&"b".repeat(10_240), "pssst"),
            AS_THE_SEED,
        ),
        closing(
            "a control character in a head",
            send("bo\x1bb", "pssst"),
            AS_THE_SEED,
        ),
        closing("garbage", b"\xff\xfe\x00\x01\n\n", AS_THE_SEED),
        closing("an unknown verb", "DANCE\n\n", AS_THE_SEED),
    ]
}

/// What a welcomed session may say and is cut off for.
pub fn session_closing() -> Vec<Closing> {
    let length = |length: &str| format!("SEND bob\nId: 1\nContent-length: {length}\n\npssst");
    vec![
        closing("a length of 2^63", length("9223372036854775808"), TOO_LONG),
        closing("a length of 2^64", length("18446744073709551616"), BROKEN),
        closing("a negative length", length("-5"), BROKEN),
        closing("a length that is no number", length("five"), BROKEN),
        closing("a length over a MiB", length("1048577"), TOO_LONG),
        closing("no length", "SEND bob\nId: 1\n\npssst", BROKEN),
        closing("no id", "SEND bob\nContent-length: 5\n\npssst", BROKEN),
        closing(
            "id 0",
            "SEND bob\nId: 0\nContent-length: 5\n\npssst",
            BROKEN,
        ),
        closing(
            "a gap",
            "SEND bob\nId: 3\nContent-length: 5\n\npssst",
            "ERROR 170 Gap\nLast: 0\n\n",
        ),
        closing(
            "an ack of nothing",
            "ACK 1000000\n\n",
            "ERROR 171 Future ack\n\n",
        ),
        closing(
            "a head without end",
            format!("SEND bob\nId: 1\nx: {}", "y".repeat(2_000)),
            BROKEN,
        ),
        closing(
            "a recipient of 10 KiB",
            format!("SEND {}\n\n", "b".repeat(10_240)),
            BROKEN,
        ),
        closing("a control character in a head", "WHO bo\x1bb\n\n", BROKEN),
        closing("garbage", b"\xff\xfe\x00\x01\n\n", BROKEN),
        closing("an empty line", "\n", BROKEN),
        closing("a second HELLO", "HELLO 1\n\n", BROKEN),
    ]
}
