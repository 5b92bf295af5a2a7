//! How real bytes are read: endings, counts, misspellings.

use super::dialect::{Counting, End};
use super::frame::Side;
use super::passing::Passing;
use super::tolerate::{ClassicFrame, ClassicIn, Register, Scan, Wait, scan};
use crate::code::Code;
use crate::limits::Limits;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};

pub(super) fn read(bytes: &[u8], counting: Counting, quiet: bool) -> Scan<'_> {
    scan(bytes, counting, quiet, &Limits::default())
}

pub(super) fn frame(scan: Scan<'_>) -> ClassicFrame<'_> {
    match scan {
        Scan::Frame(frame) => frame,
        other => panic!("a frame is expected, not {other:?}"),
    }
}

/// What is wrong with a line, how many bytes are done with, and what is passed over behind them.
pub(super) fn refused(scan: Scan<'_>) -> (Code, usize, Option<Passing>) {
    let frame = frame(scan);
    match frame.said {
        ClassicIn::Send(line) => (line.body.unwrap_err(), frame.length, frame.passing),
        other => panic!("a line is expected, not {other:?}"),
    }
}

fn too_long(counting: Counting, length: u64) -> (Code, usize, Option<Passing>) {
    let passing = Passing::new(counting, length);
    (Code::UNABLE_TO_SEND, 32, Some(passing))
}

fn told(bytes: &[u8]) -> String {
    frame(read(bytes, Counting::Unknown, false)).to_string()
}

pub(super) fn text(scan: Scan<'_>) -> (&str, Counting) {
    match frame(scan).said {
        ClassicIn::Send(line) => (line.body.unwrap(), line.counting),
        other => panic!("a line is expected, not {other:?}"),
    }
}

#[test]
fn characters_and_bytes_are_told_apart_by_the_text() {
    // Counted in characters: two bytes would cut the second one.
    let seed = "SEND bob\nContent-length: 2\n\naé".as_bytes();
    assert_eq!(
        text(read(seed, Counting::Unknown, false)),
        ("aé", Counting::Characters)
    );
    // Counted in bytes, with the next frame behind it.
    let other = "SEND bob\nContent-length: 3\n\naéSEND ".as_bytes();
    assert_eq!(
        text(read(other, Counting::Unknown, false)),
        ("aé", Counting::Bytes)
    );
    // Either, until it is known that nothing follows.
    let either = "SEND bob\nContent-length: 2\n\né".as_bytes();
    assert_eq!(
        read(either, Counting::Unknown, false),
        Scan::Quiet(Wait::Moment)
    );
    assert_eq!(
        text(read(either, Counting::Unknown, true)),
        ("é", Counting::Bytes)
    );
    assert_eq!(read(either, Counting::Characters, false), Scan::Partial);
    // Characters whose bytes would end between two of them.
    let seed = "SEND bob\nContent-length: 2\n\néa".as_bytes();
    assert_eq!(
        text(read(seed, Counting::Unknown, false)),
        ("éa", Counting::Characters)
    );
}

#[test]
fn characters_may_come_slowly_and_may_be_too_many_bytes() {
    // The second "é" is on its way, and the bytes before it leave no frame behind: no quiet makes them a line.
    let split = "SEND bob\nContent-length: 4\n\néaé".as_bytes();
    assert_eq!(read(split, Counting::Unknown, true), Scan::Partial);
    let body = "é".repeat(40_000);
    let long = format!("SEND bob\nContent-length: 40000\n\n{body}");
    for counting in [Counting::Unknown, Counting::Characters] {
        let line = read(long.as_bytes(), counting, false);
        assert_eq!(refused(line), too_long(counting, 40_000));
    }
}

#[test]
fn a_text_that_comes_byte_by_byte_is_not_cut_short() {
    for text in [
        "gr\u{fc}\u{df}e \u{1f980}",
        "\u{e9}l\u{e8}ve",
        "\u{e9} s",
        "\u{df}\n\u{df}",
    ] {
        let frame = format!(
            "SEND bob\nContent-length: {}\n\n{text}",
            text.chars().count()
        );
        for cut in 0..frame.len() {
            let scan = read(&frame.as_bytes()[..cut], Counting::Unknown, false);
            assert!(
                matches!(scan, Scan::Partial | Scan::Quiet(_)),
                "{text:?} {cut}: {scan:?}"
            );
        }
        let all = match read(frame.as_bytes(), Counting::Unknown, false) {
            Scan::Quiet(_) => read(frame.as_bytes(), Counting::Unknown, true),
            scan => scan,
        };
        assert_eq!(self::text(all), (text, Counting::Characters));
    }
}

#[test]
fn a_head_that_is_not_ascii_may_come_in_parts() {
    let whole = "SEND é\nContent-length: 2\n\nhi".as_bytes();
    for cut in 0..whole.len() {
        assert_eq!(read(&whole[..cut], Counting::Unknown, false), Scan::Partial);
    }
    for bad in [&b"SEND \xff"[..], b"SEND \xc2\x9b", b"SEND \x1b"] {
        assert_eq!(said(bad, false), ClassicIn::Lost);
    }
}

#[test]
fn a_last_letter_that_might_begin_a_verb_belongs_to_the_text() {
    let seed = "SEND bob\nContent-length: 4\n\nF\u{ca}TE".as_bytes();
    assert_eq!(
        read(seed, Counting::Unknown, false),
        Scan::Quiet(Wait::Moment)
    );
    let told = text(read(seed, Counting::Unknown, true));
    assert_eq!(told, ("F\u{ca}TE", Counting::Characters));
    let other = "SEND bob\nContent-length: 4\n\nF\u{ca}TERROR 103\n\n".as_bytes();
    let told = text(read(other, Counting::Unknown, false));
    assert_eq!(told, ("F\u{ca}T", Counting::Bytes));
}

#[test]
fn what_is_not_utf8_is_refused_and_the_connection_goes_on() {
    let bad = b"SEND bob\nContent-length: 2\n\n\xff\xfe";
    let line = read(bad, Counting::Unknown, false);
    assert_eq!(refused(line), (Code::HEADER_INCOMPLETE, 30, None));
}

fn said(bytes: &[u8], quiet: bool) -> ClassicIn<'_> {
    frame(read(bytes, Counting::Unknown, quiet)).said
}

fn registration(bytes: &[u8], quiet: bool) -> Option<(Register<'_>, usize)> {
    let frame = frame(read(bytes, Counting::Unknown, quiet));
    match frame.said {
        ClassicIn::Register(register) => Some((register, frame.length)),
        _ => None,
    }
}

#[test]
fn registrations_show_their_endings() {
    let whole = registration(b"REGISTER TOSEND some one \n \n", false);
    let register = Register {
        side: Side::Send,
        name: "some one",
        end: End::Spaced,
        trailing_space: true,
        line_end: false,
    };
    assert_eq!(whole, Some((register, 28)));
    let (register, length) = registration(b"register TORECV bob\n\n\n", false).unwrap();
    assert!(register.line_end && register.end == End::Plain);
    assert_eq!((register.side, length), (Side::Receive, 21));
}

#[test]
fn one_line_end_or_none_is_enough_after_a_while() {
    for (bytes, wait) in [
        (&b"REGISTER TOSEND bob\n"[..], Wait::Moment),
        (b"REGISTER TOSEND bob", Wait::Longer),
    ] {
        assert_eq!(read(bytes, Counting::Unknown, false), Scan::Quiet(wait));
        let (register, length) = registration(bytes, true).unwrap();
        assert_eq!((register.name, length), ("bob", bytes.len()));
    }
    for bytes in [
        &b"REGISTER"[..],
        b"REGISTER TOSEND",
        b"REGISTER TOSEND ",
        b"REGI",
    ] {
        assert_eq!(read(bytes, Counting::Unknown, true), Scan::Partial);
    }
    let line = b"SEND bob\nContent-length: 2\nhi";
    assert_eq!(
        read(line, Counting::Unknown, false),
        Scan::Quiet(Wait::Moment)
    );
    assert_eq!(text(read(line, Counting::Unknown, true)).0, "hi");
    let long = format!("SEND bob\nContent-length: 5000\n{}", "\t".repeat(5_000));
    assert_eq!(
        text(read(long.as_bytes(), Counting::Unknown, true)).0.len(),
        5_000
    );
    for body in ["a\n\nb", "a\n \nb"] {
        let line = format!("SEND bob\nContent-length: {}\n{body}", body.len());
        assert_eq!(text(read(line.as_bytes(), Counting::Unknown, true)).0, body);
    }
    let empty = b"SEND bob\nContent-length: 0\n";
    assert_eq!(text(read(empty, Counting::Unknown, true)).0, "");
    // Typed by hand, or cut by the network: nothing yet shows that the head ends here.
    for bytes in [
        &b"SEND bob\n"[..],
        b"SEND bob\nContent-length: 1",
        b"SEND bob\nContent-length: 1\n",
        b"SEND bob\nContent-length: 1\n ",
        b"SEND bob\nContent-length: 1\nX-Colour: r",
    ] {
        assert_eq!(read(bytes, Counting::Unknown, true), Scan::Partial);
    }
}

#[test]
fn an_acknowledgement_comes_in_many_forms() {
    for bytes in [
        "RECEIVED bob\n\n",
        "RECEIVED bob\n \n",
        "RECEIVED bob\n",
        "RECIEVED bob\n\n",
        "received bob\n",
    ] {
        let frame = frame(read(bytes.as_bytes(), Counting::Unknown, false));
        let all = (ClassicIn::Received, bytes.len());
        assert_eq!((frame.said, frame.length), all, "{bytes:?}");
    }
    let bare = b"RECIEVED bob";
    assert_eq!(
        read(bare, Counting::Unknown, false),
        Scan::Quiet(Wait::Longer)
    );
    assert_eq!(said(bare, true), ClassicIn::Received);
    let complaint = said(b"ERROR 103 Header Incomplete\n", false);
    assert_eq!(complaint, ClassicIn::Complaint);
}

#[test]
fn the_length_has_many_names_and_the_text_a_space_before_it() {
    for head in [
        "Content-length: 5\n\n",
        "CONTENT-LENGTH:5\n\n",
        " Content-length: 5 \n \n",
        "X-Colour: red\nContent-Length: 5\n\n",
        " Content Length:5\n\n",
        "Content-length 5\n\n",
    ] {
        let frame = format!("SEND bob\n{head}hello");
        let scan = read(frame.as_bytes(), Counting::Unknown, false);
        assert_eq!(text(scan).0, "hello", "{head:?}");
    }
    let spaced = b"SEND bob\nContent-length: 5\n\n hello";
    assert_eq!(text(read(spaced, Counting::Unknown, false)).0, "hello");
    let counted = b"SEND bob\nContent-length: 6\n\n hello";
    assert_eq!(
        read(counted, Counting::Unknown, false),
        Scan::Quiet(Wait::Moment)
    );
    assert_eq!(text(read(counted, Counting::Unknown, true)).0, " hello");
}

#[test]
fn what_is_too_long_goes_past_in_either_count() {
    for (counting, unit, units, counted) in [
        (Counting::Unknown, "x", 70_000, 70_000),
        (Counting::Unknown, "\u{e9}", 70_000, 70_000),
        (Counting::Unknown, "\u{e9}", 70_000, 140_000),
        (Counting::Characters, "\u{1f980}", 66_000, 66_000),
        (Counting::Bytes, "\u{e9}", 70_000, 140_000),
    ] {
        let text = format!("{}SEND bob", unit.repeat(units));
        for chunk in [1_000, 4_097, 1 << 20] {
            let mut passing = Some(Box::new(Passing::new(counting, counted)));
            let mut passed = 0;
            for part in text.as_bytes().chunks(chunk) {
                passed += Passing::pass(&mut passing, part);
            }
            assert_eq!(passing, None);
            assert_eq!(passed, unit.len() * units, "{counting:?} {unit} in {chunk}");
        }
    }
}

#[test]
fn lengths_that_are_none() {
    for length in ["", "-1", "x", "99999999999999999999999"] {
        let frame = format!("SEND bob\nContent-length: {length}\n\n");
        assert_eq!(said(frame.as_bytes(), false), ClassicIn::Lost);
    }
    let huge = b"SEND bob\nContent-length: 9223372036854775808\n\n";
    assert_eq!(said(huge, false), ClassicIn::Lost);
    let long = b"SEND bob\nContent-length: 70000\n\n";
    let line = read(long, Counting::Unknown, false);
    assert_eq!(refused(line), too_long(Counting::Unknown, 70_000));
}

#[test]
fn a_line_tells_its_length_and_how_it_was_counted() {
    let line = told(b"SEND bob\nContent-length: 2\n\nhi");
    assert_eq!(line, "SEND bob (2 bytes)");
    let seed = "SEND bob\nContent-length: 2\n\na\u{e9}";
    assert_eq!(told(seed.as_bytes()), "SEND bob (3 bytes) counted 2");
    assert_eq!(told(b"REGISTER TOSEND al!ce \n\n"), "REGISTER TOSEND al!ce");
}

#[test]
fn what_is_no_frame_of_this_level_is_not_repeated() {
    assert!(!told(b"Device: 00112233445566778899aabbccddeeff\n\n").contains("0011"));
}

#[test]
fn a_space_before_a_text_is_not_counted_if_the_text_shows_it() {
    let line = |length: usize, text: &str| format!("SEND bob\nContent-length: {length}\n\n{text}");
    // The last letter may begin the next frame, or end a text whose space was not counted: what follows tells.
    let either = line(5, " hellS");
    let scan = read(either.as_bytes(), Counting::Unknown, false);
    assert_eq!(scan, Scan::Quiet(Wait::Moment));
    let scan = read(either.as_bytes(), Counting::Unknown, true);
    assert_eq!(frame(scan).length, either.len());
    assert_eq!(text(scan).0, "hellS");
    let counted = line(5, " hellSEND bob\n");
    let scan = read(counted.as_bytes(), Counting::Unknown, false);
    assert_eq!(frame(scan).length, either.len() - 1);
    assert_eq!(text(scan).0, " hell");
    // Where neither leaves a frame behind, what was said holds.
    for (length, rest, taken) in [(5, " hellREG", " hell"), (3, " hello", " he")] {
        let frame = line(length, rest);
        let scan = read(frame.as_bytes(), Counting::Unknown, false);
        assert_eq!(text(scan).0, taken, "{rest:?}");
    }
}

#[test]
fn a_sender_who_counts_characters_is_waited_for_as_long_as_they_may_come() {
    let whole = "SEND bob\nContent-length: 2\n\naé".as_bytes();
    let scan = read(whole, Counting::Characters, false);
    assert_eq!(text(scan), ("aé", Counting::Characters));
    let short = "SEND bob\nContent-length: 5\n\nééé".as_bytes();
    assert_eq!(read(short, Counting::Characters, false), Scan::Partial);
    let (code, taken, _) = refused(read(short, Counting::Characters, true));
    assert_eq!((code, taken), (Code::HEADER_INCOMPLETE, short.len()));
    // What may be the next frame behind the bytes, and too few characters: only more of it tells.
    let begun = "SEND bob\nContent-length: 4\n\nééS".as_bytes();
    for quiet in [false, true] {
        assert_eq!(read(begun, Counting::Unknown, quiet), Scan::Partial);
    }
}
