//! The classic level: one answer for each line, one `FORWARD` at a time.

use super::{Bug, Fact, Onward, Roll};
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::classic::{ClassicOut, Piece};
use verbatim_core::code::Code;
use verbatim_core::id::ConnId;
use verbatim_core::router::{Outgoing, Output};

/// A `FORWARD` counts as received when it has left: the next one does not wait.
#[derive(Default)]
pub(super) struct ReceivedWhenSent {
    receivers: BTreeSet<ConnId>,
}

impl Bug for ReceivedWhenSent {
    fn on_bytes(&mut self, conn: ConnId, bytes: &[u8], on: &mut Onward) {
        if !self.receivers.contains(&conn) || !bytes.starts_with(b"RECEIVED") {
            self.receivers.remove(&conn);
            on.bytes.extend_from_slice(bytes);
        }
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            conn,
            frame: Outgoing::Classic(ClassicOut::Forward(piece)),
        } = &output
        {
            self.receivers.insert(*conn);
            let words = format!("RECEIVED {}\n\n", piece.message.delivery().from);
            on.facts.push_back(Fact::Came(*conn, words.into_bytes()));
        }
        on.outputs.push(output);
    }
}

/// Between two pieces of a long line a letter is lost.
pub(super) struct LetterBetweenPieces;

impl Bug for LetterBetweenPieces {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.push(match output {
            Output::Send {
                conn,
                frame: Outgoing::Classic(ClassicOut::Forward(piece)),
            } if piece.start > 0 => {
                let start = piece.message.body().ceil_char_boundary(piece.start + 1);
                let piece = Box::new(Piece { start, ..*piece });
                let frame = Outgoing::Classic(ClassicOut::Forward(piece));
                Output::Send { conn, frame }
            }
            output => output,
        });
    }
}

/// Each fourth line that arrived is told to be undeliverable.
#[derive(Default)]
pub(super) struct RefusedThoughReceived {
    count: u64,
}

impl Bug for RefusedThoughReceived {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.push(match output {
            Output::Send {
                conn,
                frame: Outgoing::Classic(ClassicOut::Acknowledged(to, manner)),
            } => {
                self.count += 1;
                let frame = Outgoing::Classic(match self.count.is_multiple_of(4) {
                    true => ClassicOut::Error(Code::UNABLE_TO_SEND, manner),
                    false => ClassicOut::Acknowledged(to, manner),
                });
                Output::Send { conn, frame }
            }
            output => output,
        });
    }
}

/// A line that cannot be delivered is answered as one that was.
pub(super) struct SentThoughRefused;

impl Bug for SentThoughRefused {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.push(match output {
            Output::Send {
                conn,
                frame: Outgoing::Classic(ClassicOut::Error(Code::UNABLE_TO_SEND, manner)),
            } => {
                let to = verbatim_core::name::Recipient::All;
                let frame = Outgoing::Classic(ClassicOut::Acknowledged(to, manner));
                Output::Send { conn, frame }
            }
            output => output,
        });
    }
}

/// Of lines sent one behind the other, an error is answered to the next one.
#[derive(Default)]
pub(super) struct AnswersOfAPipelineSwapped {
    /// Lines without an answer, by connection.
    open: BTreeMap<ConnId, u64>,
    held: BTreeMap<ConnId, Outgoing>,
}

impl Bug for AnswersOfAPipelineSwapped {
    fn on_bytes(&mut self, conn: ConnId, bytes: &[u8], on: &mut Onward) {
        if bytes.starts_with(b"REGISTER") {
            self.open.insert(conn, 0);
            self.held.remove(&conn);
        }
        let said = bytes.windows(5).filter(|words| words == b"SEND ").count();
        if let Some(open) = self.open.get_mut(&conn) {
            *open += said as u64;
        }
        on.bytes.extend_from_slice(bytes);
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        let Output::Send {
            conn,
            frame: frame @ Outgoing::Classic(ClassicOut::Acknowledged(..) | ClassicOut::Error(..)),
        } = output
        else {
            return on.outputs.push(output);
        };
        let open = self.open.entry(conn).or_default();
        let follows = *open > 1;
        *open = open.saturating_sub(1);
        let is_error = matches!(frame, Outgoing::Classic(ClassicOut::Error(..)));
        if is_error && follows && !self.held.contains_key(&conn) {
            self.held.insert(conn, frame);
            return;
        }
        on.outputs.push(Output::Send { conn, frame });
        if let Some(frame) = self.held.remove(&conn) {
            on.outputs.push(Output::Send { conn, frame });
        }
    }
}
