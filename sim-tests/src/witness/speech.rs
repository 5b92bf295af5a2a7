//! What the other end of a connection says, as far as the witness reads it: its `HELLO` and its acks.

use crate::passing::{ack_of, length_of};
use verbatim_core::id::Seq;
use verbatim_core::limits::Limits;
use verbatim_core::wire::{ClientFrame, Decoded, Hello, Skip, client_frame};

/// See the module's words.
#[derive(Default)]
pub(super) struct Speech {
    unread: Vec<u8>,
    /// No frame, or none of the session level, is looked for any more.
    lost: bool,
    skip: u64,
    pub(super) hello: Option<Hello>,
}

impl Speech {
    /// Hears what came; hands out the acks in it.
    pub(super) fn hear(&mut self, bytes: &[u8], limits: &Limits, on_ack: &mut dyn FnMut(Seq)) {
        if self.lost {
            return;
        }
        if self.unread.is_empty() {
            let read = self.read(bytes, limits, on_ack);
            return self.unread.extend_from_slice(&bytes[read..]);
        }
        let mut unread = std::mem::take(&mut self.unread);
        unread.extend_from_slice(bytes);
        let read = self.read(&unread, limits, on_ack);
        unread.drain(..read);
        self.unread = unread;
    }

    /// Reads the frames that are whole; gives how many bytes they took.
    fn read(&mut self, bytes: &[u8], limits: &Limits, on_ack: &mut dyn FnMut(Seq)) -> usize {
        let mut at = 0;
        while !self.lost {
            let skipped = self.skip.min((bytes.len() - at) as u64);
            self.skip -= skipped;
            at += skipped as usize;
            let rest = &bytes[at..];
            if rest.is_empty() {
                break;
            }
            if self.hello.is_some()
                && let Some(length) = length_of(b"SEND ", rest)
            {
                at += length;
                continue;
            }
            if self.hello.is_some()
                && let Some((seq, length)) = ack_of(rest)
            {
                at += length;
                on_ack(Seq(seq));
                continue;
            }
            let head = &rest[..rest.len().min(5)];
            if self.hello.is_none() && !b"HELLO".starts_with(head) {
                self.lost = true;
                break;
            }
            match client_frame(rest, limits) {
                Decoded::Partial => break,
                Decoded::Frame(frame, length) => {
                    at += length;
                    match frame {
                        ClientFrame::Hello(hello) => self.hello = Some(*hello),
                        ClientFrame::Ack(seq) => on_ack(seq),
                        _ => {}
                    }
                }
                Decoded::Refused(_, Skip::Bytes(length)) => self.skip = length,
                Decoded::Refused(_, Skip::Lost) => self.lost = true,
            }
        }
        at
    }
}
