//! From bytes to frames. Total: any bytes give a frame, a refusal, or the wish for more.

use super::frame::{
    Ask, Bye, ClientFrame, Credit, Delivery, Durability, Hello, PageEnd, Place, Receipt, Rejection,
    ServerFrame, Welcome,
};
use super::head::{Head, HeadScan, decimal, scan_head};
use super::quick;
use crate::code::Code;
use crate::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, Try};
use crate::limits::Limits;
use crate::name::{BadName, Name, Recipient};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::time::Duration;

/// What the beginning of some bytes gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded<T> {
    /// Not a whole frame yet.
    Partial,
    /// A frame, and how many bytes it took.
    Frame(T, usize),
    /// No frame.
    Refused(Refusal, Skip),
}

/// Why some bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the answer carries.
    pub code: Code,
    /// The message that is meant, where that could be read.
    pub id: Option<MessageId>,
    /// One line for people.
    pub detail: &'static str,
}

/// Where the next frame begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// After so many bytes, which may not have come yet.
    Bytes(u64),
    /// Nobody knows: the connection must close.
    Lost,
}

type Outcome<T> = Result<T, Refusal>;

const fn refusal(code: Code, detail: &'static str) -> Refusal {
    Refusal {
        code,
        id: None,
        detail,
    }
}

fn incomplete(detail: &'static str) -> Refusal {
    refusal(Code::HEADER_INCOMPLETE, detail)
}

/// Reads one frame of a client from the beginning of `bytes`.
#[inline]
pub fn client_frame<'a>(bytes: &'a [u8], limits: &Limits) -> Decoded<ClientFrame<'a>> {
    match quick::client(bytes, limits) {
        Some((frame, taken)) => Decoded::Frame(frame, taken),
        None => client_by_grammar(bytes, limits),
    }
}

/// Reads one frame of a server from the beginning of `bytes`.
pub fn server_frame<'a>(bytes: &'a [u8], limits: &Limits) -> Decoded<ServerFrame<'a>> {
    // Apart, for it is the longest of the frequent ones: so it is made where it stays.
    if let Some((delivery, taken)) = quick::delivery(bytes, limits) {
        return Decoded::Frame(ServerFrame::Deliver(delivery), taken);
    }
    match quick::server(bytes) {
        Some((frame, taken)) => Decoded::Frame(frame, taken),
        None => server_by_grammar(bytes, limits),
    }
}

/// The same, however it is written.
pub(super) fn client_by_grammar<'a>(bytes: &'a [u8], limits: &Limits) -> Decoded<ClientFrame<'a>> {
    frame(bytes, limits, client)
}

/// The same, however it is written.
pub(super) fn server_by_grammar<'a>(bytes: &'a [u8], limits: &Limits) -> Decoded<ServerFrame<'a>> {
    frame(bytes, limits, server)
}

fn frame<'a, T>(
    bytes: &'a [u8],
    limits: &Limits,
    parse: impl FnOnce(&Head<'a>, &Body<'a>) -> Outcome<T>,
) -> Decoded<T> {
    let head = match scan_head(bytes) {
        HeadScan::Partial => return Decoded::Partial,
        HeadScan::Broken(detail) => return Decoded::Refused(incomplete(detail), Skip::Lost),
        HeadScan::Whole(head) => head,
    };
    let announced = head.header("Content-length");
    let length = match announced.map(decimal) {
        None => 0,
        Some(Some(length)) => length,
        Some(None) => {
            let refusal = incomplete("Content-length is a decimal number of bytes");
            return Decoded::Refused(refusal, Skip::Lost);
        }
    };
    if length > limits.body_bytes_max as u64 {
        let mut refusal = refusal(Code::TOO_LONG, "the body is longer than Body-max");
        refusal.id = message_id(&head);
        let end = (head.bytes as u64).saturating_add(length);
        let skip = if end <= limits.skipped_bytes_max {
            Skip::Bytes(end)
        } else {
            Skip::Lost
        };
        return Decoded::Refused(refusal, skip);
    }
    let length = length as usize;
    let Some(body) = bytes.get(head.bytes..head.bytes + length) else {
        return Decoded::Partial;
    };
    let end = head.bytes + length;
    match parse(
        &head,
        &Body {
            bytes: body,
            announced: announced.is_some(),
        },
    ) {
        Ok(frame) => Decoded::Frame(frame, end),
        Err(refusal) => Decoded::Refused(refusal, Skip::Bytes(end as u64)),
    }
}

/// The message that a head is about, where it is about one.
fn message_id(head: &Head<'_>) -> Option<MessageId> {
    let id = head.header("Id").and_then(decimal)?;
    (head.verb == "SEND" && id > 0).then_some(MessageId(id))
}

struct Body<'a> {
    bytes: &'a [u8],
    announced: bool,
}

impl<'a> Body<'a> {
    fn text(&self) -> Outcome<&'a str> {
        if !self.announced {
            return Err(incomplete("this frame needs Content-length"));
        }
        core::str::from_utf8(self.bytes)
            .map_err(|_| refusal(Code::NOT_UTF8, "the body is not UTF-8"))
    }
}

fn client<'a>(head: &Head<'a>, body: &Body<'a>) -> Outcome<ClientFrame<'a>> {
    match head.verb {
        "SEND" => send(head, body),
        "ACK" => Ok(ClientFrame::Ack(Seq(number_word(head.arguments)?))),
        "PING" => Ok(ClientFrame::Ping),
        "PONG" => Ok(ClientFrame::Pong),
        "WHO" if head.arguments.is_empty() => Ok(ClientFrame::Who(None)),
        "WHO" => Ok(ClientFrame::Who(Some(name(head.arguments)?))),
        "HISTORY" => Ok(ClientFrame::History(Ask {
            with: recipient(head.arguments)?,
            before: optional_number(head, "Before")?.map(Number),
            at: optional_number(head, "At")?.map(Seq),
            count: optional_number(head, "Count")?,
        })),
        "HELLO" => Ok(ClientFrame::Hello(Box::new(hello(head)?))),
        "BYE" => Ok(ClientFrame::Bye {
            forget: head.arguments == "forget",
        }),
        _ => Err(refusal(Code::UNKNOWN_VERB, "this verb is not known here")),
    }
}

fn send<'a>(head: &Head<'a>, body: &Body<'a>) -> Outcome<ClientFrame<'a>> {
    let id = MessageId(number_header(head, "Id")?);
    if id == MessageId(0) {
        return Err(incomplete("ids begin at 1"));
    }
    let about = |refusal: Refusal| Refusal {
        id: Some(id),
        ..refusal
    };
    let to = Recipient::parse(head.arguments.as_bytes())
        .map_err(|_| about(refusal(Code::UNABLE_TO_SEND, "nobody can have that name")))?;
    let body = body.text().map_err(|refusal| match refusal.code {
        Code::NOT_UTF8 => about(refusal),
        _ => refusal,
    })?;
    Ok(ClientFrame::Send { to, id, body })
}

fn hello(head: &Head<'_>) -> Outcome<Hello> {
    if !head.words().any(|version| version == "1") {
        return Err(refusal(Code::VERSION, "this server speaks version 1"));
    }
    let user = header(head, "User")?;
    let device = header(head, "Device").map(DeviceId::parse_hex)?;
    let keep = match header(head, "Keep")? {
        "yes" => true,
        "no" => false,
        _ => return Err(incomplete("Keep is yes or no")),
    };
    let (deliveries, bytes) = match head.header("Window") {
        None => (1, 0),
        Some(window) => {
            let (count, bytes) = window
                .split_once(' ')
                .ok_or(incomplete("Window is two numbers"))?;
            (number_word(count)?, number_word(bytes)?)
        }
    };
    Ok(Hello {
        user: name(user)?,
        device: device.ok_or(incomplete("Device is 32 hexadecimal digits"))?,
        attempt: Try(number_header(head, "Try")?),
        keep,
        place: place(head)?,
        accepted: optional_number(head, "Accepted")?.map(MessageId),
        delivered: Seq(optional_number(head, "Delivered")?.unwrap_or(0)),
        credit: Credit {
            deliveries: u32::try_from(deliveries).unwrap_or(u32::MAX),
            bytes,
        },
    })
}

fn place(head: &Head<'_>) -> Outcome<Place> {
    match head.header("Cursor") {
        None => Ok(Place::New),
        Some("server") => Ok(Place::Server),
        Some(seq) => Ok(Place::Cursor {
            store: StoreId(number_header(head, "Store")?),
            epoch: Epoch(number_header(head, "Epoch")?),
            seq: Seq(number_word(seq)?),
        }),
    }
}

fn server<'a>(head: &Head<'a>, body: &Body<'a>) -> Outcome<ServerFrame<'a>> {
    match head.verb {
        "DELIVER" => Ok(ServerFrame::Deliver(delivery(head, body)?)),
        "PAST" => Ok(ServerFrame::Past(delivery(head, body)?)),
        "HISTORY" => Ok(ServerFrame::History(page_end(head)?)),
        "ACCEPTED" => accepted(head),
        "RECEIPT" => Ok(ServerFrame::Receipt(receipt(head)?)),
        "REJECTED" => rejected(head),
        "ERROR" => error(head),
        "WELCOME" => Ok(ServerFrame::Welcome(Box::new(welcome(head)?))),
        "REMOVED" => {
            let [conversation, up_to] = exactly(head)?;
            Ok(ServerFrame::Removed {
                conversation: recipient(conversation)?,
                up_to: Number(number_word(up_to)?),
            })
        }
        "USERS" => {
            let next = head.header("Next").map(name).transpose()?;
            Ok(ServerFrame::Users {
                names: Cow::Borrowed(body.text()?),
                next,
            })
        }
        "PING" => Ok(ServerFrame::Ping),
        "PONG" => Ok(ServerFrame::Pong),
        "REPLACED" => Ok(ServerFrame::Replaced {
            attempt: Try(number_header(head, "Try")?),
        }),
        "BYE" => {
            let (code, _) = code_and_text(head.arguments)?;
            Ok(ServerFrame::Bye(Bye {
                code,
                retry_after: retry_after(head)?,
            }))
        }
        _ => Err(refusal(Code::UNKNOWN_VERB, "this verb is not known here")),
    }
}

fn delivery<'a>(head: &Head<'a>, body: &Body<'a>) -> Outcome<Delivery<'a>> {
    Ok(Delivery {
        seq: Seq(number_word(head.arguments)?),
        from: name(header(head, "From")?)?,
        to: recipient(header(head, "To")?)?,
        number: Number(number_header(head, "Number")?),
        time: number_header(head, "Time")?,
        body: body.text()?,
        removed: head.header("Removed") == Some("yes"),
    })
}

fn page_end(head: &Head<'_>) -> Outcome<PageEnd> {
    let [with, first, last] = exactly(head)?;
    let (first, last) = (number_word(first)?, number_word(last)?);
    if last < first {
        return Err(incomplete("a page ends where it begins or later"));
    }
    Ok(PageEnd {
        with: recipient(with)?,
        numbers: (Number(first), Number(last)),
        more: head.header("More") == Some("yes"),
        removed: Number(optional_number(head, "Removed")?.unwrap_or(0)),
    })
}

fn accepted<'a>(head: &Head<'a>) -> Outcome<ServerFrame<'a>> {
    let [first, last, seq, number] = exactly(head)?;
    let (first, last) = (number_word(first)?, number_word(last)?);
    if last < first {
        return Err(incomplete("a run ends where it begins or later"));
    }
    Ok(ServerFrame::Accepted {
        first: MessageId(first),
        last: MessageId(last),
        seq: Seq(number_word(seq)?),
        number: Number(number_word(number)?),
    })
}

fn rejected<'a>(head: &Head<'a>) -> Outcome<ServerFrame<'a>> {
    let (id, rest) = head
        .arguments
        .split_once(' ')
        .ok_or(incomplete("REJECTED needs an id and a code"))?;
    let (code, _) = code_and_text(rest)?;
    Ok(ServerFrame::Rejected(Rejection {
        id: MessageId(number_word(id)?),
        code,
        retry_after: retry_after(head)?,
    }))
}

fn error<'a>(head: &Head<'a>) -> Outcome<ServerFrame<'a>> {
    let (code, text) = code_and_text(head.arguments)?;
    Ok(ServerFrame::Error {
        code,
        text: Cow::Borrowed(text),
        last: optional_number(head, "Last")?.map(MessageId),
        retry_after: retry_after(head)?,
    })
}

fn receipt(head: &Head<'_>) -> Outcome<Receipt> {
    let mut words = head.words();
    let mut word = || words.next().ok_or(incomplete("RECEIPT lacks a word"));
    let whose = recipient(word()?)?;
    let seq = Seq(number_word(word()?)?);
    match whose {
        Recipient::All => Ok(Receipt::All {
            seq,
            count: number_word(word()?)?,
            of: number_word(word()?)?,
        }),
        Recipient::User(to) => match words.next() {
            None => Ok(Receipt::Delivered { to, up_to: seq }),
            Some("left") => {
                let last = words.next().ok_or(incomplete("RECEIPT left needs a seq"))?;
                Ok(Receipt::Left {
                    to,
                    up_to: seq,
                    last: Seq(number_word(last)?),
                })
            }
            Some(_) => Err(incomplete("after a RECEIPT's seq stands nothing, or left")),
        },
    }
}

fn welcome(head: &Head<'_>) -> Outcome<Welcome> {
    let (heartbeat, silence) = header(head, "Heartbeat")?
        .split_once(' ')
        .ok_or(incomplete("Heartbeat is two numbers"))?;
    Ok(Welcome {
        user: name(header(head, "User")?)?,
        store: StoreId(number_header(head, "Store")?),
        epoch: Epoch(number_header(head, "Epoch")?),
        level: match header(head, "Level")? {
            "memory" => Durability::Memory,
            "disk" => Durability::Disk,
            _ => return Err(incomplete("Level is memory or disk")),
        },
        head: Seq(number_header(head, "Head")?),
        heartbeat: Duration::from_millis(number_word(heartbeat)?),
        silence: Duration::from_millis(number_word(silence)?),
        body_bytes_max: number_header(head, "Body-max")?,
        unanswered_max: number_header(head, "Send-window")?,
        last: MessageId(number_header(head, "Last")?),
        cursor: Seq(number_header(head, "Cursor")?),
        lost: head.header("Lost") == Some("yes"),
    })
}

fn header<'a>(head: &Head<'a>, name: &'static str) -> Outcome<&'a str> {
    head.header(name)
        .ok_or(incomplete("a header that this verb needs is missing"))
}

fn number_header(head: &Head<'_>, name: &'static str) -> Outcome<u64> {
    number_word(header(head, name)?)
}

fn optional_number(head: &Head<'_>, name: &str) -> Outcome<Option<u64>> {
    head.header(name).map(number_word).transpose()
}

fn number_word(text: &str) -> Outcome<u64> {
    decimal(text).ok_or(incomplete("a decimal number is expected"))
}

fn retry_after(head: &Head<'_>) -> Outcome<Option<Duration>> {
    Ok(optional_number(head, "Retry-after")?.map(Duration::from_millis))
}

fn name(text: &str) -> Outcome<Name> {
    Name::parse(text.as_bytes()).map_err(|bad| refusal(Code::MALFORMED_NAME, bad.text()))
}

fn recipient(text: &str) -> Outcome<Recipient> {
    Recipient::parse(text.as_bytes())
        .map_err(|bad: BadName| refusal(Code::MALFORMED_NAME, bad.text()))
}

fn code_and_text(text: &str) -> Outcome<(Code, &str)> {
    let (digits, text) = text.split_once(' ').unwrap_or((text, ""));
    let code = number_word(digits)?;
    let code = u16::try_from(code).map_err(|_| incomplete("a code has three digits"))?;
    Ok((Code(code), text))
}

fn exactly<'a, const N: usize>(head: &Head<'a>) -> Outcome<[&'a str; N]> {
    let mut words = head.words();
    let mut found = [""; N];
    for slot in &mut found {
        *slot = words
            .next()
            .ok_or(incomplete("this verb needs more arguments"))?;
    }
    match words.next() {
        None => Ok(found),
        Some(_) => Err(incomplete("this verb takes fewer arguments")),
    }
}
