//! What is told of a frame without writing it, and written of it in one stretch, beside what is encoded.

use super::{
    Bye, Delivery, Durability, PageEnd, Receipt, Rejection, ServerFrame, Welcome, delivery_bytes,
    encode_server, server_length,
};
use crate::code::Code;
use crate::id::{Epoch, MessageId, Number, Seq, StoreId, Try};
use crate::name::{Name, Recipient};
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

/// Frames of each kind whose numbers are all this one.
fn frames(number: u64) -> Vec<ServerFrame<'static>> {
    let user = Name::parse(b"bob").unwrap();
    let mut frames = Vec::from([
        ServerFrame::Accepted {
            first: MessageId(number),
            last: MessageId(number),
            seq: Seq(number),
            number: Number(number),
        },
        ServerFrame::Removed {
            conversation: Recipient::All,
            up_to: Number(number),
        },
        ServerFrame::Users {
            names: "al\nbob\n".into(),
            next: Some(user),
        },
        ServerFrame::Ping,
        ServerFrame::Pong,
        ServerFrame::Replaced {
            attempt: Try(number),
        },
        ServerFrame::Welcome(Box::new(welcome(user, number))),
        ServerFrame::History(PageEnd {
            with: Recipient::User(user),
            numbers: (Number(number), Number(number)),
            more: true,
            removed: Number(number),
        }),
    ]);
    frames.extend(refusals(number));
    frames.extend(receipts(user, number).map(ServerFrame::Receipt));
    frames
}

fn refusals(number: u64) -> [ServerFrame<'static>; 4] {
    let (id, code) = (MessageId(number), Code::BUSY);
    let wait = Some(Duration::from_millis(number));
    let rejected = |retry_after| {
        ServerFrame::Rejected(Rejection {
            id,
            code,
            retry_after,
        })
    };
    [
        rejected(None),
        rejected(wait),
        ServerFrame::Error {
            code,
            text: "why".into(),
            last: Some(id),
            retry_after: wait,
        },
        ServerFrame::Bye(Bye {
            code,
            retry_after: wait,
        }),
    ]
}

fn receipts(to: Name, number: u64) -> [Receipt; 3] {
    let seq = Seq(number);
    [
        Receipt::Delivered { to, up_to: seq },
        Receipt::Left {
            to,
            up_to: seq,
            last: seq,
        },
        Receipt::All {
            seq,
            count: number,
            of: number,
        },
    ]
}

fn welcome(user: Name, number: u64) -> Welcome {
    Welcome {
        user,
        store: StoreId(number),
        epoch: Epoch(number),
        level: Durability::Disk,
        head: Seq(number),
        heartbeat: Duration::from_millis(number),
        silence: Duration::from_millis(number),
        body_bytes_max: number,
        unanswered_max: number,
        last: MessageId(number),
        cursor: Seq(number),
        lost: number > 9,
    }
}

#[test]
fn a_frame_is_as_long_as_its_bytes() {
    let tens = (0..20).map(|zeros| 10u64.pow(zeros));
    for number in tens.flat_map(|ten| [ten - 1, ten, u64::MAX]) {
        for frame in frames(number) {
            let mut bytes = Vec::new();
            encode_server(&frame, &mut bytes);
            assert_eq!(server_length(&frame), bytes.len(), "{frame:?}");
        }
    }
}

#[test]
fn the_longest_delivery_has_room_and_is_what_is_encoded() {
    let name = Name::parse(&[b'x'; 32]).unwrap();
    let text: String = (0..3_000).map(|_| 'x').collect();
    let mut scratch = Vec::new();
    for (body, removed) in [("", true), (text.as_str(), true), ("short", false)] {
        let delivery = Delivery {
            seq: Seq(u64::MAX),
            from: name,
            to: Recipient::User(name),
            number: Number(u64::MAX),
            time: u64::MAX,
            body,
            removed,
        };
        let (bytes, at) = delivery_bytes(&delivery, &mut scratch);
        let mut encoded = Vec::new();
        encode_server(&ServerFrame::Deliver(delivery), &mut encoded);
        assert_eq!((&*bytes, &bytes[at..]), (&*encoded, body.as_bytes()));
    }
}
