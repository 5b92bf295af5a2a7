//! Messages and frames that say something else than they did.

use verbatim_core::record::{Message, Record, What};
use verbatim_core::router::{Outgoing, Output};
use verbatim_core::wire::{Delivery, Hello};

/// A message with another `DELIVER` frame.
pub(super) fn message(message: &Message, change: impl FnOnce(&mut Delivery<'_>)) -> Message {
    let mut delivery = message.delivery();
    change(&mut delivery);
    let Message {
        from, to, id, hash, ..
    } = *message;
    Message::new((from, to), (id, hash), &delivery, &mut Vec::new())
}

/// An output in which every message, appended or delivered, is another one.
pub(super) fn messages(output: Output, change: impl FnOnce(&Message) -> Message) -> Output {
    match output {
        Output::Append(Record {
            seq,
            stamp,
            what: What::Message(message),
        }) => Output::Append(Record {
            seq,
            stamp,
            what: What::Message(change(&message)),
        }),
        Output::Send {
            conn,
            frame: Outgoing::Delivery(message),
        } => Output::Send {
            conn,
            frame: Outgoing::Delivery(change(&message)),
        },
        output => output,
    }
}

/// Another `HELLO`.
pub(super) fn hello(
    hello: &Hello,
    change: impl FnOnce(&mut Hello),
) -> verbatim_core::wire::ClientFrame<'static> {
    let mut hello = hello.clone();
    change(&mut hello);
    verbatim_core::wire::ClientFrame::Hello(Box::new(hello))
}

/// The beginning of a text, at most so many bytes.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(text.len().min(bytes_max))]
}
