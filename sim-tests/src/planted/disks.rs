//! The log on a disk, over restarts of the server and where it has no room (G1, G2, G6): what a server forgets that it
//! should have kept, and what it says of what it could not keep.

use super::{Bug, Onward, Roll, rewrite};
use crate::power::Lie;
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::code::Code;
use verbatim_core::id::{ConnId, DeviceId, MessageId, Seq};
use verbatim_core::record::{Holder, Record};
use verbatim_core::router::{Outgoing, Output, Saved};
use verbatim_core::saved::Beside;
use verbatim_core::wire::{ClientFrame, Rejection, ServerFrame};
use verbatim_net::engine::{Engine, Failure};

/// The ids taken are forgotten when the server ends: what comes again is a new message to the next one.
#[derive(Default)]
pub(super) struct IdsForgotten {
    /// The highest id of each device when this server began.
    last: BTreeMap<DeviceId, u64>,
    /// By how much what this server calls the ids of a device is ahead of what the device does.
    ahead: BTreeMap<DeviceId, u64>,
}

impl Bug for IdsForgotten {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_load(&mut self, saved: &mut Saved) {
        for (_, user) in saved.space.users() {
            if let Holder::Device { device, .. } = user.holder {
                self.last.insert(device, user.outcomes.last().0);
            }
        }
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match (frame, roll.device_on(conn)) {
            (ClientFrame::Send { to, id, body }, Some(device)) => {
                if let Some(last) = self.last.remove(&device)
                    && id.0 <= last
                {
                    self.ahead.insert(device, last + 1 - id.0);
                }
                let ahead = self.ahead.get(&device).copied().unwrap_or(0);
                let (to, id) = (*to, MessageId(id.0 + ahead));
                on.say(&ClientFrame::Send { to, id, body });
            }
            (ClientFrame::Hello(hello), Some(device)) => {
                let ahead = self.ahead.get(&device).copied().unwrap_or(0);
                on.say(&rewrite::hello(hello, |hello| {
                    hello.accepted = hello.accepted.map(|id| MessageId(id.0 + ahead));
                }));
            }
            (frame, _) => on.say(frame),
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
        let device = roll.device_on(conn);
        let ahead = device.and_then(|device| self.ahead.get(&device).copied());
        let back = |id: &mut MessageId| id.0 = id.0.saturating_sub(ahead.unwrap_or(0));
        match &mut frame {
            ServerFrame::Accepted { first, last, .. } => {
                back(first);
                back(last);
            }
            ServerFrame::Rejected(rejection) => back(&mut rejection.id),
            ServerFrame::Welcome(welcome) => back(&mut welcome.last),
            _ => {}
        }
        on.tell(conn, frame);
    }
}

/// How far devices have come is kept in memory only, and with it what receipts tell.
pub(super) struct CursorsInMemory;

impl Bug for CursorsInMemory {
    fn on_save(&mut self, beside: Beside) -> Option<Beside> {
        (!matches!(beside, Beside::Standing(_))).then_some(beside)
    }
}

/// How many have a message to all is kept in memory only.
pub(super) struct CountsInMemory;

impl Bug for CountsInMemory {
    fn on_save(&mut self, beside: Beside) -> Option<Beside> {
        (!matches!(beside, Beside::Count(_))).then_some(beside)
    }
}

/// The log's file is synced, and the directory is not that has its name.
pub(super) struct NameNotSynced;

impl Bug for NameNotSynced {
    fn lie(&self) -> Option<Lie> {
        Some(Lie::Directory)
    }
}

/// A commit that failed counts as one that has returned, and so do all that follow, of which nothing is written.
#[derive(Default)]
pub(super) struct FailedCommitGoesOn {
    head: Seq,
    failed: bool,
}

impl Bug for FailedCommitGoesOn {
    fn on_load(&mut self, saved: &mut Saved) {
        self.head = saved.space.head();
    }

    fn on_append(&mut self, record: Record, on: &mut Vec<Record>) {
        self.head = record.seq;
        if !self.failed {
            on.push(record);
        }
    }

    fn on_commit(&mut self, engine: &mut dyn Engine) -> Result<Seq, Failure> {
        if !self.failed && engine.commit().is_err() {
            self.failed = true;
            // What is there can still be read.
            engine.load()?;
        }
        Ok(self.head)
    }
}

/// A line that is refused because the disk is full is told to be accepted.
pub(super) struct FullIsAccepted;

impl Bug for FullIsAccepted {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        match refused_for_room(&output) {
            Some((conn, Rejection { id, .. })) => on.tell(
                conn,
                ServerFrame::Accepted {
                    first: *id,
                    last: *id,
                    seq: roll.head(),
                    number: verbatim_core::id::Number(1),
                },
            ),
            None => on.outputs.push(output),
        }
    }
}

/// The id of a line that is refused because the disk is full counts as used.
#[derive(Default)]
pub(super) struct FullUsesTheId {
    used: BTreeSet<(DeviceId, MessageId)>,
}

impl Bug for FullUsesTheId {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match (frame, roll.device_on(conn)) {
            (ClientFrame::Send { id, .. }, Some(device)) if self.used.contains(&(device, *id)) => {
                let (id, code) = (*id, Code::CONFLICT);
                let retry_after = None;
                on.tell(
                    conn,
                    ServerFrame::Rejected(Rejection {
                        id,
                        code,
                        retry_after,
                    }),
                );
            }
            (frame, _) => on.say(frame),
        }
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        if let Some((conn, Rejection { id, .. })) = refused_for_room(&output)
            && let Some(device) = roll.device_on(conn)
        {
            self.used.insert((device, *id));
        }
        on.outputs.push(output);
    }
}

fn refused_for_room(output: &Output) -> Option<(ConnId, &Rejection)> {
    match output {
        Output::Send {
            conn,
            frame: Outgoing::Session(ServerFrame::Rejected(rejection)),
        } if rejection.code == Code::STORAGE_FULL => Some((*conn, rejection)),
        _ => None,
    }
}
