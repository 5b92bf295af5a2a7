//! What a bug passes on.

use std::collections::VecDeque;
use verbatim_core::id::{ConnId, Seq};
use verbatim_core::router::{Outgoing, Output};
use verbatim_core::wire::{ClientFrame, ServerFrame, encode_client};

/// See the module's words.
#[derive(Default)]
pub(crate) struct Onward {
    /// To the router, on the connection that is being read.
    pub(crate) bytes: Vec<u8>,
    /// To the driver.
    pub(crate) outputs: Vec<Output>,
    /// To the router, behind what it is being told.
    pub(crate) facts: VecDeque<Fact>,
}

/// Something that the router is told and that never happened.
pub(crate) enum Fact {
    /// Bytes came.
    Came(ConnId, Vec<u8>),
    /// Everything up to there is committed.
    Committed(Seq),
    /// Bytes were written.
    Wrote(ConnId, usize),
}

impl Onward {
    /// Passes a frame on to the router.
    pub(crate) fn say(&mut self, frame: &ClientFrame<'_>) {
        encode_client(frame, &mut self.bytes);
    }

    /// Lets the router hear a frame on some connection.
    pub(crate) fn pretend(&mut self, conn: ConnId, frame: &ClientFrame<'_>) {
        let mut bytes = Vec::new();
        encode_client(frame, &mut bytes);
        self.facts.push_back(Fact::Came(conn, bytes));
    }

    /// Lets a connection hear a frame.
    pub(crate) fn tell(&mut self, conn: ConnId, frame: ServerFrame<'static>) {
        let frame = Outgoing::Session(frame);
        self.outputs.push(Output::Send { conn, frame });
    }

    /// Passes a frame on to a connection, before the last one if that is on the same connection and of the same kind.
    pub(crate) fn overtake(
        &mut self,
        conn: ConnId,
        frame: Outgoing,
        alike: impl Fn(&Outgoing) -> bool,
    ) {
        let overtaken = |output: &Output| matches!(output, Output::Send { conn: before, frame } if *before == conn && alike(frame));
        let last = self.outputs.iter().rposition(
            |output| matches!(output, Output::Send { conn: before, .. } if *before == conn),
        );
        let at = last.filter(|at| overtaken(&self.outputs[*at]));
        let at = at.unwrap_or(self.outputs.len());
        self.outputs.insert(at, Output::Send { conn, frame });
    }
}
