//! The client's own: what it tells the server, and what it does by itself.

use super::Bug;
use crate::history::Who;
use verbatim_core::client::{Client, Frames, Input, Keep, Notice, Output, WhyAway};
use verbatim_core::limits::Limits;
use verbatim_core::now::Now;
use verbatim_core::wire::{ClientFrame, Decoded, client_frame, encode_client};

/// A message is acked before it is written.
pub(super) struct AckedBeforeWritten;

impl Bug for AckedBeforeWritten {
    fn on_client(
        &mut self,
        _: Who,
        client: &mut Client,
        now: Now,
        input: Input<'_>,
        out: &mut Vec<Output>,
    ) {
        let first = out.len();
        client.handle(now, input, out);
        let delivered = out[first..].iter().filter_map(|output| match output {
            Output::Deliver(message) => Some(message.seq),
            _ => None,
        });
        if let Some(seq) = delivered.max() {
            client.handle(now, Input::Kept(seq), out);
        }
    }
}

/// Who was replaced comes back by itself.
pub(super) struct ReturnsUnasked;

impl Bug for ReturnsUnasked {
    fn on_client(
        &mut self,
        _: Who,
        client: &mut Client,
        now: Now,
        input: Input<'_>,
        out: &mut Vec<Output>,
    ) {
        let first = out.len();
        client.handle(now, input, out);
        let away = |output: &Output| *output == Output::Show(Notice::Away(WhyAway::Replaced));
        if out[first..].iter().any(away) {
            client.handle(now, Input::Return, out);
        }
    }
}

/// The store keeps no connection counter: a program that starts counts from its beginning again.
pub(super) struct TryNotKept;

impl Bug for TryNotKept {
    fn on_client(
        &mut self,
        _: Who,
        client: &mut Client,
        now: Now,
        input: Input<'_>,
        out: &mut Vec<Output>,
    ) {
        client.handle(now, input, out);
        out.retain(|output| !matches!(output, Output::Keep(Keep::Attempt(_))));
    }
}

/// An ack tells one message more than is written.
pub(super) struct AckOneMore;

impl Bug for AckOneMore {
    fn on_client(
        &mut self,
        _: Who,
        client: &mut Client,
        now: Now,
        input: Input<'_>,
        out: &mut Vec<Output>,
    ) {
        let first = out.len();
        client.handle(now, input, out);
        for output in &mut out[first..] {
            if let Output::Send(frames) = output {
                *frames = Frames(one_more(&frames.0));
            }
        }
    }
}

fn one_more(bytes: &[u8]) -> Vec<u8> {
    let (mut rest, mut out, limits) = (bytes, Vec::new(), Limits::default());
    while let Decoded::Frame(frame, length) = client_frame(rest, &limits) {
        match frame {
            ClientFrame::Ack(seq) => encode_client(&ClientFrame::Ack(seq.next()), &mut out),
            frame => encode_client(&frame, &mut out),
        }
        rest = &rest[length..];
    }
    out.extend_from_slice(rest);
    out
}
