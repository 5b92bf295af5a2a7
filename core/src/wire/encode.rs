//! From frames to bytes, appended to a buffer that the caller reuses.

use super::frame::{
    Ask, ClientFrame, Delivery, Durability, Hello, PageEnd, Place, Receipt, Rejection, ServerFrame,
    Welcome,
};
use super::sink::{Length, Sink, Stretch, digits};
use crate::code::Code;
use crate::id::{MessageId, Number};
use crate::name::{ALL, Name, Recipient};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

/// Room for the head of a `SEND`, so that its buffer grows once.
const SEND_HEAD_BYTES: usize = 96;
/// The same for a `HELLO`, whole.
const HELLO_BYTES: usize = 384;
/// The same for an `ACK`.
const ACK_BYTES: usize = 32;
/// Longer than the longest head of a `DELIVER`, and what is put there beyond a name's end.
const DELIVERY_HEAD_BYTES: usize = 256;
/// Room for what a server says most often, so that its buffer grows once.
const SERVER_BYTES: usize = 64;
/// The same for a `WELCOME`.
const WELCOME_BYTES: usize = 320;
/// Says that a message's text was removed.
const REMOVED_HEADER: &[u8] = b"\nRemoved: yes";

/// Appends a client's frame.
pub fn encode_client(frame: &ClientFrame<'_>, out: &mut Vec<u8>) {
    match frame {
        ClientFrame::Hello(hello) => put_hello(hello, out),
        ClientFrame::Send { to, id, body } => {
            out.reserve(SEND_HEAD_BYTES + body.len());
            out.extend_from_slice(b"SEND ");
            out.extend_from_slice(to.as_bytes());
            out.extend_from_slice(b"\nId: ");
            put_decimal(out, id.0);
            put_length(out, body);
            out.extend_from_slice(body.as_bytes());
        }
        ClientFrame::Ack(seq) => {
            out.reserve(ACK_BYTES);
            out.extend_from_slice(b"ACK ");
            put_decimal(out, seq.0);
            out.extend_from_slice(b"\n\n");
        }
        ClientFrame::Who(None) => put(out, &["WHO\n\n"]),
        ClientFrame::Who(Some(name)) => put(out, &["WHO ", name.as_str(), "\n\n"]),
        ClientFrame::History(ask) => put_ask(ask, out),
        ClientFrame::Ping => put(out, &["PING\n\n"]),
        ClientFrame::Pong => put(out, &["PONG\n\n"]),
        ClientFrame::Bye { forget: false } => put(out, &["BYE\n\n"]),
        ClientFrame::Bye { forget: true } => put(out, &["BYE forget\n\n"]),
    }
}

/// Appends a server's frame.
pub fn encode_server(frame: &ServerFrame<'_>, out: &mut Vec<u8>) {
    out.reserve(match frame {
        ServerFrame::Welcome(_) => WELCOME_BYTES,
        _ => SERVER_BYTES,
    });
    put_server(frame, out);
}

/// How many bytes a server's frame takes.
#[inline(never)]
pub(crate) fn server_length(frame: &ServerFrame<'_>) -> usize {
    let mut length = Length(0);
    put_server(frame, &mut length);
    length.0
}

fn put_server(frame: &ServerFrame<'_>, out: &mut impl Sink) {
    match frame {
        ServerFrame::Welcome(welcome) => put_welcome(welcome, out),
        ServerFrame::Accepted {
            first,
            last,
            seq,
            number,
        } => {
            put_numbers(out, "ACCEPTED", &[first.0, last.0, seq.0, number.0]);
            put(out, &["\n\n"]);
        }
        ServerFrame::Rejected(rejection) => put_rejected(rejection, out),
        ServerFrame::Error {
            code,
            text,
            last,
            retry_after,
        } => {
            put_error((*code, text), *last, *retry_after, out);
        }
        ServerFrame::Deliver(delivery) => put_delivery("DELIVER", delivery, out),
        ServerFrame::Past(delivery) => put_delivery("PAST", delivery, out),
        ServerFrame::History(end) => put_page_end(end, out),
        ServerFrame::Receipt(receipt) => put_receipt(receipt, out),
        ServerFrame::Removed {
            conversation,
            up_to,
        } => {
            put(out, &["REMOVED ", conversation.as_str()]);
            put_numbers(out, "", &[up_to.0]);
            put(out, &["\n\n"]);
        }
        ServerFrame::Users { names, next } => put_users(names, next.as_ref(), out),
        ServerFrame::Ping => put(out, &["PING\n\n"]),
        ServerFrame::Pong => put(out, &["PONG\n\n"]),
        ServerFrame::Replaced { attempt } => {
            put(out, &["REPLACED\n"]);
            put_number_header(out, "Try", attempt.0);
            put(out, &["\n"]);
        }
        ServerFrame::Bye(bye) => {
            put_code(out, "BYE", bye.code, bye.code.text());
            put_retry(out, bye.retry_after);
        }
    }
}

fn put_error(
    (code, text): (Code, &str),
    last: Option<MessageId>,
    retry_after: Option<Duration>,
    out: &mut impl Sink,
) {
    put_code(out, "ERROR", code, text);
    if let Some(last) = last {
        put_number_header(out, "Last", last.0);
    }
    put_retry(out, retry_after);
}

fn put_users(names: &str, next: Option<&Name>, out: &mut impl Sink) {
    put(out, &["USERS\n"]);
    if let Some(next) = next {
        put(out, &["Next: ", next.as_str(), "\n"]);
    }
    put_body(out, names);
}

/// A `DELIVER` frame in bytes that can be shared between recipients, and where in them the body begins.
/// `scratch` is a buffer to reuse, as long as the longest frame that was made in it; one allocation is made.
pub fn delivery_bytes(delivery: &Delivery<'_>, scratch: &mut Vec<u8>) -> (Arc<[u8]>, usize) {
    let body = delivery.body.as_bytes();
    let room = DELIVERY_HEAD_BYTES + body.len();
    if scratch.len() < room {
        scratch.resize(room, 0);
    }
    let mut frame = Stretch { rest: scratch };
    put_delivery_head("DELIVER", delivery, &mut frame);
    let left = frame.rest.len();
    frame.put(body);
    let at = scratch.len() - left;
    (Arc::from(&scratch[..at + body.len()]), at)
}

/// Appends a message's `DELIVER` frame as one of a history.
pub(crate) fn past_bytes(frame: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"PAST");
    out.extend_from_slice(&frame["DELIVER".len()..]);
}

/// How long a `DELIVER` frame was before its text of so many bytes was removed.
pub(crate) fn length_with_text(frame: &[u8], text_bytes: usize) -> usize {
    frame.len() - REMOVED_HEADER.len() - digits(0) + digits(text_bytes as u64) + text_bytes
}

/// How many bytes that takes.
pub(crate) fn past_length(frame: &[u8]) -> usize {
    frame.len() - "DELIVER".len() + "PAST".len()
}

fn put_ask(ask: &Ask, out: &mut Vec<u8>) {
    put(out, &["HISTORY ", ask.with.as_str(), "\n"]);
    if let Some(before) = ask.before {
        put_number_header(out, "Before", before.0);
    }
    if let Some(at) = ask.at {
        put_number_header(out, "At", at.0);
    }
    if let Some(count) = ask.count {
        put_number_header(out, "Count", count);
    }
    put(out, &["\n"]);
}

fn put_page_end(end: &PageEnd, out: &mut impl Sink) {
    let (first, last) = end.numbers;
    put(out, &["HISTORY ", end.with.as_str()]);
    put_numbers(out, "", &[first.0, last.0]);
    put(out, &[if end.more { "\nMore: yes\n" } else { "\n" }]);
    if end.removed > Number(0) {
        put_number_header(out, "Removed", end.removed.0);
    }
    put(out, &["\n"]);
}

fn put_delivery(verb: &str, delivery: &Delivery<'_>, out: &mut impl Sink) {
    put_delivery_head(verb, delivery, out);
    put(out, &[delivery.body]);
}

fn put_delivery_head(verb: &str, delivery: &Delivery<'_>, out: &mut impl Sink) {
    put_numbers(out, verb, &[delivery.seq.0]);
    out.put(b"\nFrom: ");
    out.put_name(&delivery.from);
    out.put(b"\nTo: ");
    match &delivery.to {
        Recipient::User(name) => out.put_name(name),
        Recipient::All => out.put(ALL.as_bytes()),
    }
    out.put(b"\nNumber: ");
    out.put_decimal(delivery.number.0);
    out.put(b"\nTime: ");
    out.put_decimal(delivery.time);
    if delivery.removed {
        out.put(REMOVED_HEADER);
    }
    put_length(out, delivery.body);
}

/// The last header of a frame with a body, from the end of the line before it on, and the empty line behind it.
#[inline]
fn put_length(out: &mut impl Sink, body: &str) {
    out.put(b"\nContent-length: ");
    out.put_decimal(body.len() as u64);
    out.put(b"\n\n");
}

fn put_hello(hello: &Hello, out: &mut Vec<u8>) {
    out.reserve(HELLO_BYTES);
    put(out, &["HELLO 1\nUser: ", hello.user.as_str(), "\nDevice: "]);
    hello.device.write_hex(&mut |digit| out.push(digit));
    put(out, &["\n"]);
    put_number_header(out, "Try", hello.attempt.0);
    put(out, &["Keep: ", if hello.keep { "yes\n" } else { "no\n" }]);
    match hello.place {
        Place::New => {}
        Place::Server => put(out, &["Cursor: server\n"]),
        Place::Cursor { store, epoch, seq } => {
            put_number_header(out, "Store", store.0);
            put_number_header(out, "Epoch", epoch.0);
            put_number_header(out, "Cursor", seq.0);
        }
    }
    if let Some(accepted) = hello.accepted {
        put_number_header(out, "Accepted", accepted.0);
    }
    put_number_header(out, "Delivered", hello.delivered.0);
    put_numbers(
        out,
        "Window:",
        &[u64::from(hello.credit.deliveries), hello.credit.bytes],
    );
    put(out, &["\n\n"]);
}

fn put_welcome(welcome: &Welcome, out: &mut impl Sink) {
    out.put(b"WELCOME 1\nUser: ");
    out.put_name(&welcome.user);
    out.put(b"\n");
    put_number_header(out, "Store", welcome.store.0);
    put_number_header(out, "Epoch", welcome.epoch.0);
    let level = match welcome.level {
        Durability::Memory => "memory",
        Durability::Disk => "disk",
    };
    put(out, &["Level: ", level, "\n"]);
    put_number_header(out, "Head", welcome.head.0);
    put_numbers(
        out,
        "Heartbeat:",
        &[millis(welcome.heartbeat), millis(welcome.silence)],
    );
    put(out, &["\n"]);
    put_number_header(out, "Body-max", welcome.body_bytes_max);
    put_number_header(out, "Send-window", welcome.unanswered_max);
    put_number_header(out, "Last", welcome.last.0);
    put_number_header(out, "Cursor", welcome.cursor.0);
    put(out, &[if welcome.lost { "Lost: yes\n\n" } else { "\n" }]);
}

fn put_rejected(rejection: &Rejection, out: &mut impl Sink) {
    put_numbers(out, "REJECTED", &[rejection.id.0]);
    put_code(out, "", rejection.code, rejection.code.text());
    put_retry(out, rejection.retry_after);
}

fn put_receipt(receipt: &Receipt, out: &mut impl Sink) {
    match receipt {
        Receipt::Delivered { to, up_to } => put_numbers_of(out, to.as_bytes(), &[up_to.0]),
        Receipt::Left { to, up_to, last } => {
            put_numbers_of(out, to.as_bytes(), &[up_to.0]);
            put_numbers(out, " left", &[last.0]);
        }
        Receipt::All { seq, count, of } => {
            put_numbers_of(out, ALL.as_bytes(), &[seq.0, *count, *of]);
        }
    }
    put(out, &["\n\n"]);
}

fn put_numbers_of(out: &mut impl Sink, whose: &[u8], numbers: &[u64]) {
    out.put(b"RECEIPT ");
    out.put(whose);
    put_numbers(out, "", numbers);
}

fn put_code(out: &mut impl Sink, verb: &str, code: Code, text: &str) {
    put_numbers(out, verb, &[u64::from(code.0)]);
    put(out, &[" ", text, "\n"]);
}

fn put_retry(out: &mut impl Sink, retry_after: Option<Duration>) {
    if let Some(wait) = retry_after {
        put_number_header(out, "Retry-after", millis(wait));
    }
    put(out, &["\n"]);
}

fn put_body(out: &mut impl Sink, body: &str) {
    put_number_header(out, "Content-length", body.len() as u64);
    put(out, &["\n", body]);
}

fn put(out: &mut impl Sink, parts: &[&str]) {
    for part in parts {
        out.put(part.as_bytes());
    }
}

fn put_number_header(out: &mut impl Sink, name: &str, value: u64) {
    put(out, &[name, ": "]);
    out.put_decimal(value);
    out.put(b"\n");
}

fn put_numbers(out: &mut impl Sink, verb: &str, numbers: &[u64]) {
    put(out, &[verb]);
    for number in numbers {
        out.put(b" ");
        out.put_decimal(*number);
    }
}

/// Appends a decimal number.
pub fn put_decimal(out: &mut Vec<u8>, value: u64) {
    out.put_decimal(value);
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
