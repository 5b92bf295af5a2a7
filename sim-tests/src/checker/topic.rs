//! What an event is about, roughly: rules name what they look at, and see nothing else.

use crate::history::{DeviceNews, Event, ServerNews, What};
use verbatim_core::client::LineState;

/// See the module's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// What became of a line of a session user, other than the next two.
    Line,
    /// It was accepted.
    Accepted,
    /// It came to its recipients, or to some of them, or they left.
    Receipt,
    /// A line was written by a session user.
    Typed,
    /// A delivery was written.
    Wrote,
    /// A client acked deliveries.
    Acked,
    /// Whatever else happens at a session user's end.
    Device,
    /// What happens at a classic user's end.
    Classic,
    /// A server started, or a record was appended.
    Log,
    /// A message was handed to a connection.
    Handed,
    /// An ack came to the server.
    AckCame,
    /// Whatever else passes through the server's door.
    Wire,
    /// How high what a limit bounds has come.
    Level,
    /// What befalls a run, and its end.
    Plan,
    /// Which bytes passed: two runs are compared by them, and no rule looks at them.
    Bytes,
}

/// A set of topics, one bit for each.
pub(super) const fn set(topics: &[Topic]) -> u32 {
    let (mut set, mut at) = (0, 0);
    while at < topics.len() {
        set |= topics[at].bit();
        at += 1;
    }
    set
}

impl Topic {
    /// The bit that stands for it in a set.
    pub(super) const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// What that event is about.
    pub(super) fn of(event: &Event) -> Topic {
        match &event.what {
            What::Device(_, DeviceNews::Line { state, .. }) => of_line(*state),
            What::Device(_, DeviceNews::Submitted { .. }) => Topic::Typed,
            What::Device(_, DeviceNews::Wrote { .. }) => Topic::Wrote,
            What::Device(_, DeviceNews::Acked { .. }) => Topic::Acked,
            What::Device(..) => Topic::Device,
            What::Classic(..) => Topic::Classic,
            What::Server(ServerNews::Started { .. } | ServerNews::Appended { .. }) => Topic::Log,
            What::Server(ServerNews::Level { .. }) => Topic::Level,
            What::Server(ServerNews::Bytes(_)) => Topic::Bytes,
            What::Server(ServerNews::Delivering { .. } | ServerNews::Forwarding { .. }) => {
                Topic::Handed
            }
            What::Server(ServerNews::AckCame { .. }) => Topic::AckCame,
            What::Server(_) => Topic::Wire,
            What::Plan(_) | What::Blocked(_) | What::Healed => Topic::Plan,
        }
    }
}

fn of_line(state: LineState) -> Topic {
    match state {
        LineState::Accepted { .. } => Topic::Accepted,
        LineState::Delivered | LineState::Left | LineState::Counted { .. } => Topic::Receipt,
        _ => Topic::Line,
    }
}
