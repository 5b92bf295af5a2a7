//! Where a text, or what is passed over, ends: at the very bounds, and where only what follows tells.

use super::dialect::Counting;
use super::passing::Passing;
use super::tolerate::{ClassicIn, Scan, Wait, scan};
use super::tolerate_tests::{frame, read, refused, text};
use crate::code::Code;
use crate::limits::{HEAD_BYTES_MAX, Limits};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn line(length: usize, rest: &[u8]) -> Vec<u8> {
    let mut bytes = format!("SEND bob\nContent-length: {length}\n\n").into_bytes();
    bytes.extend_from_slice(rest);
    bytes
}

#[test]
fn what_may_still_become_a_text_is_waited_for() {
    // A character that is half there, and bytes behind a text that begin no frame.
    for (length, rest) in [(3, &b"\xc3\xa9\xc3"[..]), (2, b"\xc3\xa9\xff")] {
        let scan = read(&line(length, rest), Counting::Unknown, false) == Scan::Quiet(Wait::Moment);
        assert!(scan, "{rest:?}");
    }
    let half = line(3, b"\xc3\xa9\xc3");
    let (code, taken, _) = refused(read(&half, Counting::Unknown, true));
    assert_eq!((code, taken), (Code::HEADER_INCOMPLETE, half.len()));
    // A whole verb may be the beginning of a longer word.
    let verb = line(2, "éSEND".as_bytes());
    assert_eq!(read(&verb, Counting::Unknown, false), Scan::Partial);
    let verb = line(2, "éSEND ".as_bytes());
    let scan = read(&verb, Counting::Unknown, false);
    assert_eq!(text(scan), ("é", Counting::Bytes));
}

#[test]
fn a_space_behind_the_bytes_is_a_character_of_the_text() {
    let spaced = line(2, "é ".as_bytes());
    let scan = read(&spaced, Counting::Unknown, true);
    assert_eq!(text(scan), ("é ", Counting::Characters));
}

#[test]
fn in_characters_too_a_text_has_as_many_bytes_as_the_limit_says() {
    let max = Limits::default().body_bytes_max;
    let longest = "é".repeat(max / 2);
    let whole = line(max / 2, longest.as_bytes());
    let scan = read(&whole, Counting::Characters, false);
    assert_eq!(text(scan), (&*longest, Counting::Characters));
    let mut begun = line(max, longest.as_bytes());
    assert_eq!(read(&begun, Counting::Characters, false), Scan::Partial);
    begun.extend_from_slice("é".as_bytes());
    let (code, ..) = refused(read(&begun, Counting::Characters, false));
    assert_eq!(code, Code::UNABLE_TO_SEND);
}

/// As long as bytes of it are to come, nothing in it is taken for a frame.
#[test]
fn a_text_that_is_passed_over_may_hold_frames() {
    let text = b"SEND bob\n\n  RECEIVED bob\n\n";
    let mut passing = Some(Box::new(Passing::new(Counting::Unknown, 12)));
    assert_eq!(Passing::pass(&mut passing, text), 12);
    assert_eq!(passing, None);
}

#[test]
fn of_a_head_without_an_end_the_first_line_is_taken() {
    for (bytes, quiet, taken) in [
        ("RECEIVED bob\nSEND bo", false, "RECEIVED bob\n"),
        ("ERROR 100\nSEND bo", false, "ERROR 100\n"),
        (
            "REGISTER TOSEND bob\nSEND bo",
            true,
            "REGISTER TOSEND bob\n",
        ),
    ] {
        let frame = frame(read(bytes.as_bytes(), Counting::Unknown, quiet));
        assert_eq!(frame.length, taken.len(), "{bytes:?}");
    }
}

/// Behind a length, and without an end of the head, is a text or another header: which it is has to show in a head's bytes.
#[test]
fn a_head_that_does_not_end_in_its_bytes_is_given_up_or_its_long_text_is() {
    let of = |length: u64, bytes: usize| {
        let head = format!("SEND bob\nContent-length: {length}\n");
        let rest = "x".repeat(bytes - head.len());
        head + &rest
    };
    for length in [5, 70_000] {
        let short = of(length, HEAD_BYTES_MAX - 1);
        let scan = scan(
            short.as_bytes(),
            Counting::Unknown,
            false,
            &Limits::default(),
        );
        assert_eq!(scan, Scan::Partial, "{length}");
    }
    let lost = of(5, HEAD_BYTES_MAX);
    let frame = frame(read(lost.as_bytes(), Counting::Unknown, false));
    assert_eq!((frame.said, frame.length), (ClassicIn::Lost, lost.len()));
    let long: String = of(70_000, HEAD_BYTES_MAX);
    let (code, taken, passing) = refused(read(long.as_bytes(), Counting::Unknown, false));
    let rest = Passing::new(Counting::Unknown, 70_000);
    assert_eq!((code, taken), (Code::UNABLE_TO_SEND, 31));
    assert_eq!(passing, Some(rest));
}

#[test]
fn headers_may_stand_behind_the_length() {
    let bytes = b"SEND bob\nContent-length: 2\nAny: thing\nOther: one\n\nhiSEND eve\n";
    assert_eq!(text(read(bytes, Counting::Unknown, false)).0, "hi");
}
