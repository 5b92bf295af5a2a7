//! Duplicates (G2, G5): what is taken, stored or handed out twice.

use super::{Bug, Onward, Roll, rewrite};
use crate::planted::onward::Fact;
use std::collections::BTreeMap;
use verbatim_core::code::Code;
use verbatim_core::id::{ConnId, DeviceId, MessageId, Seq};
use verbatim_core::record::{Record, What};
use verbatim_core::router::{Outgoing, Output};
use verbatim_core::wire::{ClientFrame, Place, Rejection, ServerFrame};

/// Ids are remembered for as long as the connection lives: on the next one a message that comes again is a new one.
#[derive(Default)]
pub(super) struct IdsPerConnection {
    /// By how much the ids of a device are ahead of what it calls them.
    ahead: BTreeMap<DeviceId, u64>,
    /// Connections on which nothing was sent yet.
    fresh: BTreeMap<ConnId, ()>,
    /// The highest id rejected.
    rejected: BTreeMap<DeviceId, u64>,
}

impl IdsPerConnection {
    fn ahead_on(&mut self, roll: &Roll, conn: ConnId) -> u64 {
        let device = roll.device_on(conn);
        device
            .and_then(|device| self.ahead.get(&device).copied())
            .unwrap_or(0)
    }
}

impl Bug for IdsPerConnection {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        let ahead = self.ahead_on(roll, conn);
        match frame {
            ClientFrame::Hello(hello) => {
                self.fresh.insert(conn, ());
                on.say(&rewrite::hello(hello, |hello| {
                    hello.accepted = hello.accepted.map(|id| MessageId(id.0 + ahead));
                }));
            }
            ClientFrame::Send { to, id, body } => {
                let device = roll.device_on(conn).expect("it said HELLO");
                let rejected = self.rejected.get(&device).copied().unwrap_or(0);
                let last = roll.taken_on(conn).0.max(rejected);
                let mut id = id.0 + ahead;
                if self.fresh.remove(&conn).is_some() && id <= last {
                    self.ahead.insert(device, ahead + last + 1 - id);
                    id = last + 1;
                }
                let (to, id) = (*to, MessageId(id));
                on.say(&ClientFrame::Send { to, id, body });
            }
            frame => on.say(frame),
        }
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        let Output::Send {
            conn,
            frame: Outgoing::Session(mut frame),
        } = output
        else {
            return on.outputs.push(output);
        };
        let ahead = self.ahead_on(roll, conn);
        let back = |id: &mut MessageId| id.0 = id.0.saturating_sub(ahead);
        match &mut frame {
            ServerFrame::Accepted { first, last, .. } => {
                back(first);
                back(last);
            }
            ServerFrame::Rejected(rejection) => {
                if let Some(device) = roll.device_on(conn)
                    && rejection.retry_after.is_none()
                {
                    self.rejected.insert(device, rejection.id.0);
                }
                back(&mut rejection.id);
            }
            ServerFrame::Welcome(welcome) => back(&mut welcome.last),
            _ => {}
        }
        on.tell(conn, frame);
    }
}

/// A message that comes again is taken for another one under its id.
#[derive(Default)]
pub(super) struct AgainIsConflict;

impl Bug for AgainIsConflict {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Send { id, .. } if *id <= roll.taken_on(conn) => {
                let (id, code) = (*id, Code::CONFLICT);
                on.tell(
                    conn,
                    ServerFrame::Rejected(Rejection {
                        id,
                        code,
                        retry_after: None,
                    }),
                );
            }
            frame => on.say(frame),
        }
    }
}

/// An id that comes again gets its answer again, whatever text comes with it.
#[derive(Default)]
pub(super) struct ConflictUnnoticed {
    texts: BTreeMap<(DeviceId, MessageId), String>,
}

impl Bug for ConflictUnnoticed {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match (frame, roll.device_on(conn)) {
            (ClientFrame::Send { to, id, body }, Some(device)) => {
                let (to, id, taken) = (*to, *id, roll.taken_on(conn));
                if id > taken {
                    self.texts.remove(&(device, id));
                }
                let text = self.texts.entry((device, id));
                let body = text.or_insert_with(|| (*body).into());
                on.say(&ClientFrame::Send { to, id, body });
            }
            _ => on.say(frame),
        }
    }
}

/// An id beyond the next one is taken for the next one.
#[derive(Default)]
pub(super) struct GapTaken {
    last: BTreeMap<ConnId, u64>,
}

impl Bug for GapTaken {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Send { to, id, body } => {
                let last = self.last.entry(conn).or_default();
                let (to, id) = (*to, MessageId(id.0.min(*last + 1)));
                *last = id.0.max(*last);
                on.say(&ClientFrame::Send { to, id, body });
            }
            frame => on.say(frame),
        }
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            conn,
            frame: Outgoing::Session(ServerFrame::Welcome(welcome)),
        } = &output
        {
            self.last.insert(*conn, welcome.last.0);
        }
        on.outputs.push(output);
    }
}

/// Each fifth delivery leaves twice.
#[derive(Default)]
pub(super) struct FedTwice {
    count: u64,
}

impl Bug for FedTwice {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            frame: Outgoing::Delivery(_),
            ..
        } = &output
        {
            self.count += 1;
            if self.count.is_multiple_of(5) {
                on.outputs.push(output.clone());
            }
        }
        on.outputs.push(output);
    }
}

/// The cursor of a `HELLO` is read as one less.
pub(super) struct CursorOneBack;

impl Bug for CursorOneBack {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        let claim = roll.user_on(conn).map_or(Seq(u64::MAX), |user| user.0);
        match frame {
            ClientFrame::Hello(hello) => on.say(&rewrite::hello(hello, |hello| {
                if let Place::Cursor { seq, .. } = &mut hello.place
                    && *seq > claim
                {
                    seq.0 -= 1;
                }
            })),
            frame => on.say(frame),
        }
    }
}

/// The cursor of a `HELLO` counts for nothing: the feed goes on at the last ack.
pub(super) struct ResumeIsNoAck;

impl Bug for ResumeIsNoAck {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, _: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Hello(hello) => on.say(&rewrite::hello(hello, |hello| {
                if let Place::Cursor { .. } = hello.place {
                    hello.place = Place::Server;
                }
            })),
            frame => on.say(frame),
        }
    }
}

/// A commit that is tried again has its records twice.
pub(super) struct StoredTwice;

impl Bug for StoredTwice {
    fn on_append(&mut self, record: Record, on: &mut Vec<Record>) {
        if let What::Message(_) = record.what {
            on.push(record.clone());
        }
        on.push(record);
    }
}

/// A line whose answer is on its way when its connection ends is taken once more, as a line of the next connection.
#[derive(Default)]
pub(super) struct LineReplayed {
    last: BTreeMap<DeviceId, (verbatim_core::name::Recipient, String)>,
    replay: BTreeMap<ConnId, DeviceId>,
}

impl Bug for LineReplayed {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        let device = roll.device_on(conn);
        match (frame, device) {
            (ClientFrame::Send { to, body, .. }, Some(device)) => {
                self.last.insert(device, (*to, (*body).into()));
            }
            (ClientFrame::Hello(hello), Some(device)) if hello.accepted.is_some() => {
                self.replay.insert(conn, device);
            }
            _ => {}
        }
        on.say(frame);
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            conn,
            frame: Outgoing::Session(ServerFrame::Welcome(welcome)),
        } = &output
            && let Some(device) = self.replay.remove(conn)
            && let Some((to, body)) = self.last.remove(&device)
            && !welcome.lost
            && roll.taken_on(*conn) == welcome.last
        {
            let mut bytes = Vec::new();
            let id = welcome.last.next();
            let body = &body;
            let send = ClientFrame::Send { to, id, body };
            verbatim_core::wire::encode_client(&send, &mut bytes);
            on.facts.push_back(Fact::Came(*conn, bytes));
        }
        on.outputs.push(output);
    }
}
