//! What a connection is sent.

use crate::classic::ClassicOut;
use crate::record::Message;
use crate::wire::ServerFrame;
use alloc::vec::Vec;

/// A frame on its way out, of either level.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// Session level, all but deliveries.
    Session(ServerFrame<'static>),
    /// Session level: a delivery, in bytes that its recipients share.
    Delivery(Message),
    /// Session level: a message of a history, from the same bytes.
    Past(Message),
    /// Classic level.
    Classic(ClassicOut),
}

impl Outgoing {
    /// Appends the frame's bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Outgoing::Session(frame) => crate::wire::encode_server(frame, out),
            Outgoing::Delivery(message) => out.extend_from_slice(message.frame()),
            Outgoing::Past(message) => crate::wire::past_bytes(message.frame(), out),
            Outgoing::Classic(frame) => frame.encode(out),
        }
    }

    /// How many bytes it takes on the wire.
    #[inline]
    pub(super) fn bytes(&self) -> usize {
        match self {
            Outgoing::Session(frame) => crate::wire::server_length(frame),
            Outgoing::Delivery(message) => message.frame().len(),
            Outgoing::Past(message) => crate::wire::past_length(message.frame()),
            Outgoing::Classic(frame) => {
                let mut bytes = Vec::new();
                frame.encode(&mut bytes);
                bytes.len()
            }
        }
    }
}
