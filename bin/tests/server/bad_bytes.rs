//! Bytes that no program should send, and what each is answered before the connection closes.

use crate::common::raw::send;
use crate::common::session::hello;
use verbatim_core::wire::{ClientFrame, encode_client};

const BROKEN: &str = "ERROR 103 Header incomplete\n\n";
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

/// The first things that a connection of either level could say, and none of them good.
pub fn before_registration() -> Vec<Closing> {
    let hello_of = |change: &dyn Fn(String) -> String| {
        let mut bytes = Vec::new();
        encode_client(
            &ClientFrame::Hello(Box::new(hello("mallory", 1))),
            &mut bytes,
        );
        change(String::from_utf8(bytes).unwrap())
    };
    vec![
        closing("garbage", b"\x00\x01\x02\xff\xfe".as_slice(), BROKEN),
        closing(
            "a TLS greeting",
            b"\x16\x03\x01\x02\x00\x01".as_slice(),
            BROKEN,
        ),
        closing(
            "a header without end",
            "REGISTER TOSEND mallory\n".to_owned() + &"x: y\n".repeat(400),
            BROKEN,
        ),
        closing("a line without end", "A".repeat(70_000), BROKEN),
        closing(
            "a name of 10 KiB",
            format!("REGISTER TOSEND {}\n\n", "m".repeat(10_240)),
            BROKEN,
        ),
        closing(
            "a control character in a name",
            "REGISTER TOSEND mal\x07lory\n\n",
            BROKEN,
        ),
        closing(
            "a carriage return",
            "REGISTER TOSEND mallory\r\n\r\n",
            BROKEN,
        ),
        closing(
            "HELLO with a name of 10 KiB",
            hello_of(&|text| text.replace("mallory", &"m".repeat(10_240))),
            BROKEN,
        ),
        closing(
            "HELLO with a control character",
            hello_of(&|text| text.replace("mallory", "mal\x1blory")),
            BROKEN,
        ),
        closing(
            "HELLO without a device",
            hello_of(&|text| text.replace("Device", "Advice")),
            BROKEN,
        ),
        closing(
            "HELLO with a device of another length",
            hello_of(&|text| text.replace("a5", "a")),
            BROKEN,
        ),
        closing(
            "HELLO with a negative counter",
            hello_of(&|text| text.replace("Try: 1", "Try: -1")),
            BROKEN,
        ),
        closing(
            "HELLO with a body of 2^63 bytes",
            hello_of(&|text| text.replace("\n\n", "\nContent-length: 9223372036854775808\n\n")),
            TOO_LONG,
        ),
        closing(
            "HELLO in another version",
            hello_of(&|text| text.replace("HELLO 1", "HELLO 9")),
            "ERROR 106 Version not spoken\n\n",
        ),
        closing(
            "HELLO as everybody",
            hello_of(&|text| text.replace("mallory", "All")),
            MALFORMED,
        ),
        closing(
            "HELLO with a name of 33 letters",
            hello_of(&|text| text.replace("mallory", &"m".repeat(33))),
            MALFORMED,
        ),
        closing(
            "a message, then garbage",
            send("bob", "pssst") + "\x01",
            "ERROR 101 No user registered\n\nERROR 103 Header incomplete\n\n",
        ),
    ]
}

/// What a registered classic user may say and is cut off for.
pub fn classic_closing() -> Vec<Closing> {
    let length = |length: &str| format!("SEND bob\nContent-length: {length}\n\npssst");
    vec![
        closing("a length of 2^63", length("9223372036854775808"), BROKEN),
        closing("a length of 2^64", length("18446744073709551616"), BROKEN),
        closing("a negative length", length("-5"), BROKEN),
        closing("a length that is no number", length("five"), BROKEN),
        closing("an empty length", length(""), BROKEN),
        closing("a length over a MiB", length("1048577"), BROKEN),
        closing("no length", "SEND bob\n\npssst", BROKEN),
        closing(
            "a head without end",
            format!("SEND bob\nContent-length: 5\nx: {}", "y".repeat(2_000)),
            BROKEN,
        ),
        closing(
            "a recipient of 10 KiB",
            send(&"b".repeat(10_240), "pssst"),
            BROKEN,
        ),
        closing(
            "a control character in a head",
            send("bo\x1bb", "pssst"),
            BROKEN,
        ),
        closing("garbage", b"\xff\xfe\x00\x01\n\n".as_slice(), BROKEN),
        closing("an unknown verb", "DANCE\n\n", BROKEN),
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
        closing("garbage", b"\xff\xfe\x00\x01\n\n".as_slice(), BROKEN),
        closing("an empty line", "\n", BROKEN),
        closing("a second HELLO", "HELLO 1\n\n", BROKEN),
    ]
}
