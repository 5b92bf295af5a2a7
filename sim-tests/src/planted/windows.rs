//! Windows (G7): how much flies to one reader.

use super::{Bug, Onward, Roll, rewrite};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use verbatim_core::id::{ConnId, DeviceId, Seq, UserId};
use verbatim_core::router::{Outgoing, Output};
use verbatim_core::wire::{ClientFrame, Credit, Place};

/// Nobody looks at what a device can take.
pub(super) struct WindowIgnored;

impl Bug for WindowIgnored {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, _: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Hello(hello) => on.say(&rewrite::hello(hello, |hello| {
                hello.credit = Credit {
                    deliveries: u32::MAX,
                    bytes: u64::MAX,
                };
            })),
            frame => on.say(frame),
        }
    }
}

/// The window takes one delivery more than it should.
pub(super) struct WindowOneMore;

impl Bug for WindowOneMore {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, _: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Hello(hello) => on.say(&rewrite::hello(hello, |hello| {
                hello.credit.deliveries += 1;
            })),
            frame => on.say(frame),
        }
    }
}

/// An ack is one for everything that flies.
#[derive(Default)]
pub(super) struct AckOpensAll {
    fed: BTreeMap<ConnId, Seq>,
}

impl Bug for AckOpensAll {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match (frame, self.fed.get(&conn)) {
            (ClientFrame::Hello(_), _) => drop(self.fed.remove(&conn)),
            (ClientFrame::Ack(_), Some(fed)) => return on.say(&ClientFrame::Ack(*fed)),
            _ => {}
        }
        on.say(frame);
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            conn,
            frame: Outgoing::Delivery(message),
        } = &output
        {
            self.fed.insert(*conn, message.seq);
        }
        on.outputs.push(output);
    }
}

/// An ack of what never came is one of all that did.
#[derive(Default)]
pub(super) struct FutureAckTaken {
    fed: BTreeMap<ConnId, Seq>,
}

impl Bug for FutureAckTaken {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match (frame, self.fed.get(&conn)) {
            (ClientFrame::Hello(_), _) => drop(self.fed.remove(&conn)),
            (ClientFrame::Ack(seq), fed) if *seq > roll.head() => {
                return fed.map_or((), |fed| on.say(&ClientFrame::Ack(*fed)));
            }
            _ => {}
        }
        on.say(frame);
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            conn,
            frame: Outgoing::Delivery(message),
        } = &output
        {
            self.fed.insert(*conn, message.seq);
        }
        on.outputs.push(output);
    }
}

/// A delivery counts as acked when it has left.
pub(super) struct AckedWhenSent;

impl Bug for AckedWhenSent {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Send {
            conn,
            frame: Outgoing::Delivery(message),
        } = &output
        {
            on.pretend(*conn, &ClientFrame::Ack(message.seq));
        }
        on.outputs.push(output);
    }
}

/// What flew to the connection before still counts in the window: one that was full stays so.
#[derive(Default)]
pub(super) struct OldFlightCounts {
    flights: BTreeMap<DeviceId, VecDeque<Seq>>,
    stuck: BTreeSet<UserId>,
}

impl Bug for OldFlightCounts {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        let device = roll.device_on(conn).unwrap_or(DeviceId::new([0; 16]));
        let flight = self.flights.entry(device).or_default();
        match frame {
            ClientFrame::Hello(hello) => {
                if let Place::Cursor { seq, .. } = hello.place {
                    flight.retain(|flying| *flying > seq);
                }
                if let Some(user) = roll.user_of(&device) {
                    match flight.len() >= hello.credit.deliveries as usize {
                        true => self.stuck.insert(user),
                        false => self.stuck.remove(&user),
                    };
                }
            }
            ClientFrame::Ack(seq) => flight.retain(|flying| flying > seq),
            _ => {}
        }
        on.say(frame);
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        match &output {
            Output::Read { user, .. } if self.stuck.contains(user) => return,
            Output::Send {
                conn,
                frame: Outgoing::Delivery(message),
            } => {
                if let Some(device) = roll.device_on(*conn) {
                    self.flights
                        .entry(device)
                        .or_default()
                        .push_back(message.seq);
                }
            }
            _ => {}
        }
        on.outputs.push(output);
    }
}
