//! What must hold of the codec for all frames and all bytes: a frame survives its encoding, and no bytes surprise it.

use proptest::prelude::*;
use std::borrow::Cow;
use std::time::Duration;
use verbatim_core::code::Code;
use verbatim_core::id::{DeviceId, Epoch, MessageId, Number, Seq, StoreId, Try};
use verbatim_core::limits::{HEAD_BYTES_MAX, Limits};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::{
    Ask, Bye, ClientFrame, Credit, Decoded, Delivery, Durability, Hello, PageEnd, Place, Receipt,
    Refusal, Rejection, ServerFrame, Skip, Welcome, client_frame, encode_client, encode_server,
    server_frame,
};

fn name() -> impl Strategy<Value = Name> {
    "[A-Za-z0-9]{1,32}".prop_filter_map("ALL is nobody's name", |text| {
        Name::parse(text.as_bytes()).ok()
    })
}

fn recipient() -> impl Strategy<Value = Recipient> {
    prop_oneof![Just(Recipient::All), name().prop_map(Recipient::User)]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..80).prop_map(String::from_iter)
}

/// Codes whose text stands in the table, so that it comes back.
fn code() -> impl Strategy<Value = Code> {
    prop::sample::select(Code::EVERY)
}

fn wait() -> impl Strategy<Value = Option<Duration>> {
    prop::option::of(any::<u32>().prop_map(|ms| Duration::from_millis(ms.into())))
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..100u64, any::<u64>()]
}

fn hello() -> impl Strategy<Value = Hello> {
    let place = prop_oneof![
        Just(Place::New),
        Just(Place::Server),
        (number(), number(), number()).prop_map(|(store, epoch, seq)| Place::Cursor {
            store: StoreId(store),
            epoch: Epoch(epoch),
            seq: Seq(seq)
        }),
    ];
    let who = (name(), any::<[u8; 16]>(), number(), any::<bool>());
    let known = (prop::option::of(number()), number(), any::<u32>(), number());
    (who, place, known).prop_map(|((user, device, attempt, keep), place, known)| {
        let (accepted, delivered, deliveries, bytes) = known;
        Hello {
            user,
            device: DeviceId::new(device),
            attempt: Try(attempt),
            keep,
            place,
            accepted: accepted.map(MessageId),
            delivered: Seq(delivered),
            credit: Credit { deliveries, bytes },
        }
    })
}

/// A client's frame, its body kept apart so that the frame can borrow it.
fn client() -> impl Strategy<Value = (ClientFrame<'static>, String)> {
    let send = (recipient(), 1..=u64::MAX).prop_map(|(to, id)| ClientFrame::Send {
        to,
        id: MessageId(id),
        body: "",
    });
    let frame = prop_oneof![
        hello().prop_map(|hello| ClientFrame::Hello(Box::new(hello))),
        send,
        number().prop_map(|seq| ClientFrame::Ack(Seq(seq))),
        prop::option::of(name()).prop_map(ClientFrame::Who),
        (
            recipient(),
            prop::option::of(number()),
            prop::option::of(number()),
            prop::option::of(number())
        )
            .prop_map(|(with, before, at, count)| ClientFrame::History(Ask {
                with,
                before: before.map(Number),
                at: at.map(Seq),
                count,
            })),
        Just(ClientFrame::Ping),
        Just(ClientFrame::Pong),
        any::<bool>().prop_map(|forget| ClientFrame::Bye { forget }),
    ];
    (frame, text())
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let who = (name(), number(), number(), any::<bool>(), number());
    let bounds = (any::<u32>(), any::<u32>(), number(), number());
    let place = (number(), number(), any::<bool>());
    (who, bounds, place).prop_map(|(who, bounds, (last, cursor, lost))| Welcome {
        user: who.0,
        store: StoreId(who.1),
        epoch: Epoch(who.2),
        level: if who.3 {
            Durability::Disk
        } else {
            Durability::Memory
        },
        head: Seq(who.4),
        heartbeat: Duration::from_millis(bounds.0.into()),
        silence: Duration::from_millis(bounds.1.into()),
        body_bytes_max: bounds.2,
        unanswered_max: bounds.3,
        last: MessageId(last),
        cursor: Seq(cursor),
        lost,
    })
}

fn receipt() -> impl Strategy<Value = Receipt> {
    prop_oneof![
        (name(), number()).prop_map(|(to, up_to)| Receipt::Delivered {
            to,
            up_to: Seq(up_to)
        }),
        (name(), number(), number()).prop_map(|(to, up_to, last)| Receipt::Left {
            to,
            up_to: Seq(up_to),
            last: Seq(last)
        }),
        (number(), number(), number()).prop_map(|(seq, count, of)| Receipt::All {
            seq: Seq(seq),
            count,
            of
        }),
    ]
}

fn answer() -> impl Strategy<Value = ServerFrame<'static>> {
    let accepted = (number(), number(), number(), number());
    let accepted = accepted.prop_map(|(a, b, seq, number)| ServerFrame::Accepted {
        first: MessageId(a.min(b)),
        last: MessageId(a.max(b)),
        seq: Seq(seq),
        number: Number(number),
    });
    let rejected = (number(), code(), wait()).prop_map(|(id, code, retry_after)| {
        ServerFrame::Rejected(Rejection {
            id: MessageId(id),
            code,
            retry_after,
        })
    });
    let error = (code(), "[ -~]{0,40}", prop::option::of(number()), wait()).prop_map(
        |(code, text, last, retry_after)| ServerFrame::Error {
            code,
            text: Cow::Owned(text),
            last: last.map(MessageId),
            retry_after,
        },
    );
    prop_oneof![accepted, rejected, error]
}

fn server() -> impl Strategy<Value = ServerFrame<'static>> {
    prop_oneof![
        welcome().prop_map(|welcome| ServerFrame::Welcome(Box::new(welcome))),
        answer(),
        receipt().prop_map(ServerFrame::Receipt),
        (recipient(), number()).prop_map(|(conversation, up_to)| ServerFrame::Removed {
            conversation,
            up_to: Number(up_to)
        }),
        (recipient(), number(), number(), any::<bool>(), number()).prop_map(
            |(with, a, b, more, removed)| ServerFrame::History(PageEnd {
                with,
                numbers: (Number(a.min(b)), Number(a.max(b))),
                more,
                removed: Number(removed),
            })
        ),
        (text(), prop::option::of(name())).prop_map(|(names, next)| ServerFrame::Users {
            names: Cow::Owned(names),
            next
        }),
        Just(ServerFrame::Ping),
        Just(ServerFrame::Pong),
        number().prop_map(|attempt| ServerFrame::Replaced {
            attempt: Try(attempt)
        }),
        (code(), wait())
            .prop_map(|(code, retry_after)| ServerFrame::Bye(Bye { code, retry_after })),
    ]
}

/// A whole frame is read whatever follows it, and no part of it is taken for one.
fn reads_back<'a, T: PartialEq + std::fmt::Debug>(
    bytes: &'a [u8],
    length: usize,
    frame: T,
    read: impl Fn(&'a [u8]) -> Decoded<T>,
) -> Result<(), TestCaseError> {
    prop_assert_eq!(read(bytes), Decoded::Frame(frame, length));
    for cut in 0..length {
        prop_assert_eq!(read(&bytes[..cut]), Decoded::Partial, "cut at {}", cut);
    }
    Ok(())
}

/// What matters of a result: not the sentence for people.
fn outcome<T: std::fmt::Debug>(decoded: Decoded<T>) -> Option<(String, Skip)> {
    match decoded {
        Decoded::Partial => None,
        Decoded::Frame(frame, length) => Some((format!("{frame:?}"), Skip::Bytes(length as u64))),
        Decoded::Refused(Refusal { code, id, .. }, skip) => {
            Some((format!("{code:?} {id:?}"), skip))
        }
    }
}

/// Once the beginning of some bytes has told what they are, more bytes change nothing.
fn decides_once(
    bytes: &[u8],
    read: impl Fn(&[u8]) -> Option<(String, Skip)>,
) -> Result<(), TestCaseError> {
    let whole = read(bytes);
    let mut decided = None;
    for cut in 0..bytes.len() {
        let part = read(&bytes[..cut]);
        match (&decided, part) {
            (None, part) => decided = part,
            (Some(before), part) => prop_assert_eq!(Some(before), part.as_ref()),
        }
    }
    if decided.is_some() {
        prop_assert_eq!(decided, whole);
    } else if bytes.len() > HEAD_BYTES_MAX + Limits::default().body_bytes_max {
        prop_assert!(whole.is_some(), "no frame is longer");
    }
    Ok(())
}

/// Bytes that have something of a frame: heads with wrong parts, cut frames, garbage.
fn nearly_frames() -> impl Strategy<Value = Vec<u8>> {
    let encoded = client().prop_map(|(frame, body)| encoded_client(&frame, &body));
    let served = server().prop_map(|frame| {
        let mut bytes = Vec::new();
        encode_server(&frame, &mut bytes);
        bytes
    });
    let changed = (
        prop_oneof![encoded, served],
        any::<prop::sample::Index>(),
        any::<u8>(),
    );
    let changed = changed.prop_map(|(mut bytes, at, byte)| {
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    let lines = "([A-Z]{1,8}|[a-z ]{0,3})( [A-Za-z0-9 ]{0,12})?\n([A-Za-z-]{0,14}:? ?[ -~]{0,20}\n){0,4}\n?.{0,8}";
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        changed,
        lines.prop_map(String::into_bytes),
        (0..3000usize).prop_map(|count| vec![b'A'; count]),
    ]
}

fn encoded_client(frame: &ClientFrame<'static>, body: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    match frame {
        ClientFrame::Send { to, id, .. } => encode_client(
            &ClientFrame::Send {
                to: *to,
                id: *id,
                body,
            },
            &mut bytes,
        ),
        frame => encode_client(frame, &mut bytes),
    }
    bytes
}

proptest! {
    #[test]
    fn a_clients_frame_survives((frame, body) in client(), more in prop::collection::vec(any::<u8>(), 0..20)) {
        let frame = match frame {
            ClientFrame::Send { to, id, .. } => ClientFrame::Send { to, id, body: &body },
            frame => frame,
        };
        let mut bytes = Vec::new();
        encode_client(&frame, &mut bytes);
        let length = bytes.len();
        bytes.extend(more);
        reads_back(&bytes, length, frame, |bytes| client_frame(bytes, &Limits::default()))?;
    }

    #[test]
    fn a_servers_frame_survives(frame in server(), more in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut bytes = Vec::new();
        encode_server(&frame, &mut bytes);
        let length = bytes.len();
        bytes.extend(more);
        reads_back(&bytes, length, frame, |bytes| server_frame(bytes, &Limits::default()))?;
    }

    #[test]
    fn a_delivery_survives(
        (seq, from, to, number, time) in (number(), name(), recipient(), number(), number()),
        (body, removed) in (text(), proptest::bool::ANY),
    ) {
        let delivery = Delivery {
            seq: Seq(seq), from, to, number: Number(number), time, body: &body, removed,
        };
        for frame in [ServerFrame::Deliver(delivery), ServerFrame::Past(delivery)] {
            let mut bytes = Vec::new();
            encode_server(&frame, &mut bytes);
            reads_back(&bytes, bytes.len(), frame, |bytes| server_frame(bytes, &Limits::default()))?;
        }
    }

    #[test]
    fn any_bytes_are_decided_once(bytes in nearly_frames()) {
        let limits = Limits::default();
        decides_once(&bytes, |bytes| outcome(client_frame(bytes, &limits)))?;
        decides_once(&bytes, |bytes| outcome(server_frame(bytes, &limits)))?;
    }

    /// Refused before it is read: no announced length makes the reader wait for more than a frame can hold.
    #[test]
    fn an_announced_length_is_judged_at_once(length in "-?[0-9]{1,25}", verb in "SEND bob|WHO|HELLO 1") {
        let head = format!("{verb}\nId: 1\nContent-length: {length}\n\n");
        let limits = Limits::default();
        let waits = matches!(client_frame(head.as_bytes(), &limits), Decoded::Partial);
        let fits = length.parse::<u64>().is_ok_and(|length| length <= limits.body_bytes_max as u64);
        prop_assert!(!waits || fits, "{}", length);
    }
}
