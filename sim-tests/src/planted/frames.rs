//! Cuts what session users say into frames, as the router will.

use std::collections::BTreeMap;
use verbatim_core::id::ConnId;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{ClientFrame, Decoded, client_frame};

/// What has come on connections and is no whole frame yet.
#[derive(Default)]
pub(super) struct Frames {
    talks: BTreeMap<ConnId, Talk>,
    limits: Limits,
}

struct Talk {
    unread: Vec<u8>,
    /// No frame of the session level is looked for any more.
    is_raw: bool,
}

/// What came.
pub(super) enum Heard<'a> {
    /// A frame.
    Frame(ClientFrame<'a>),
    /// Bytes that are none.
    Raw(&'a [u8]),
}

impl Frames {
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.talks.remove(&conn);
    }

    /// Hands on what has come, whole frames and what can be none.
    pub(super) fn hear(&mut self, conn: ConnId, bytes: &[u8], mut on: impl FnMut(Heard<'_>)) {
        let talk = self.talks.entry(conn).or_insert_with(|| Talk {
            unread: Vec::new(),
            is_raw: !b"HELLO".starts_with(&bytes[..bytes.len().min(5)]),
        });
        talk.unread.extend_from_slice(bytes);
        let mut at = 0;
        while !talk.is_raw {
            match client_frame(&talk.unread[at..], &self.limits) {
                Decoded::Partial => break,
                Decoded::Frame(frame, length) => {
                    on(Heard::Frame(frame));
                    at += length;
                }
                Decoded::Refused(..) => talk.is_raw = true,
            }
        }
        if talk.is_raw {
            on(Heard::Raw(&talk.unread[at..]));
            at = talk.unread.len();
        }
        talk.unread.drain(..at);
    }
}
