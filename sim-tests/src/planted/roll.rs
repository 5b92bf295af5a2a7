//! Who is on which connection, as whoever reads along at the router's door knows it.

use std::collections::BTreeMap;
use verbatim_core::id::{ConnId, DeviceId, MessageId, Seq, UserId};
use verbatim_core::record::{Holder, What};
use verbatim_core::router::{Input, Outgoing, Output};
use verbatim_core::space::Space;
use verbatim_core::wire::{ClientFrame, ServerFrame};

/// See the module's words. It is complete only for a bug that reads frames.
#[derive(Default)]
pub(crate) struct Roll {
    /// Whose `HELLO` came on which connection.
    devices: BTreeMap<ConnId, DeviceId>,
    /// Who each device is.
    users: BTreeMap<DeviceId, UserId>,
    /// The latest connection on which each was welcomed.
    bound: BTreeMap<UserId, ConnId>,
    /// The highest id of each that is in the log.
    taken: BTreeMap<UserId, MessageId>,
    head: Seq,
}

impl Roll {
    /// A server begins with what was kept.
    pub(super) fn on_load(&mut self, space: &Space) {
        self.head = space.head();
        for (id, user) in space.users() {
            if let Holder::Device { device, .. } = user.holder {
                self.users.insert(device, id);
                self.taken.insert(id, user.outcomes.last());
            }
        }
    }

    pub(super) fn on_input(&mut self, input: &Input<'_>) {
        if let Input::Opened { conn, .. } | Input::Closed { conn } = input {
            self.devices.remove(conn);
            self.bound.retain(|_, bound| bound != conn);
        }
    }

    pub(super) fn on_frame(&mut self, conn: ConnId, frame: &ClientFrame<'_>) {
        if let ClientFrame::Hello(hello) = frame {
            self.devices.insert(conn, hello.device);
        }
    }

    pub(super) fn on_output(&mut self, output: &Output) {
        match output {
            Output::Append(record) => {
                self.head = record.seq;
                match &record.what {
                    What::Claim {
                        holder: Holder::Device { device, .. },
                        ..
                    } => drop(self.users.insert(*device, UserId(record.seq))),
                    What::Message(message) => {
                        self.taken.insert(message.from, message.id);
                    }
                    _ => {}
                }
            }
            Output::Send {
                conn,
                frame: Outgoing::Session(ServerFrame::Welcome(_)),
            } => {
                if let Some(user) = self.user_on(*conn) {
                    self.bound.insert(user, *conn);
                }
            }
            _ => {}
        }
    }

    /// The last record appended.
    pub(crate) fn head(&self) -> Seq {
        self.head
    }

    /// Whose `HELLO` came on a connection.
    pub(crate) fn device_on(&self, conn: ConnId) -> Option<DeviceId> {
        self.devices.get(&conn).copied()
    }

    /// Who that device is, or was last.
    pub(crate) fn user_of(&self, device: &DeviceId) -> Option<UserId> {
        self.users.get(device).copied()
    }

    /// Who is on a connection.
    pub(crate) fn user_on(&self, conn: ConnId) -> Option<UserId> {
        self.user_of(&self.device_on(conn)?)
    }

    /// Connections on which somebody was welcomed.
    pub(crate) fn bound(&self) -> impl Iterator<Item = ConnId> + '_ {
        self.bound.values().copied()
    }

    /// The highest id in the log of whoever is on a connection.
    pub(crate) fn taken_on(&self, conn: ConnId) -> MessageId {
        let user = self.user_on(conn);
        user.and_then(|user| self.taken.get(&user).copied())
            .unwrap_or_default()
    }
}
