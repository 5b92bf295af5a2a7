//! Fencing (G8): connections and names of which there is more than one.

use super::{Bug, Onward, Roll, rewrite};
use std::collections::BTreeMap;
use verbatim_core::id::{ConnId, DeviceId, Try};
use verbatim_core::name::Name;
use verbatim_core::record::{Record, What};
use verbatim_core::router::{CloseReason, Outgoing, Output};
use verbatim_core::wire::{ClientFrame, ServerFrame};

/// The older connection of a session stays open.
pub(super) struct OldNotFenced;

impl Bug for OldNotFenced {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        let is_bound = |conn: &ConnId| roll.bound().any(|bound| bound == *conn);
        match &output {
            Output::Send {
                conn,
                frame: Outgoing::Session(ServerFrame::Replaced { .. }),
            }
            | Output::Close {
                conn,
                reason: CloseReason::Replaced,
            } if is_bound(conn) => {}
            _ => on.outputs.push(output),
        }
    }
}

/// Nobody looks at a device's connection counter.
#[derive(Default)]
pub(super) struct TryNotChecked {
    counts: BTreeMap<DeviceId, u64>,
}

impl Bug for TryNotChecked {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, _: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Hello(hello) => {
                let count = self.counts.entry(hello.device).or_default();
                *count += 1;
                on.say(&rewrite::hello(hello, |hello| hello.attempt = Try(*count)));
            }
            frame => on.say(frame),
        }
    }
}

/// Names in capitals are other names.
pub(super) struct NamesWithCase;

/// What stands before a name in capitals where it would be another one's.
const CAPITALS: &str = "X";

impl Bug for NamesWithCase {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, _: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Hello(hello) => on.say(&rewrite::hello(hello, |hello| {
                let name = hello.user.as_str();
                if name.bytes().all(|byte| byte.is_ascii_uppercase()) {
                    let other = format!("{CAPITALS}{name}");
                    hello.user = Name::parse(other.as_bytes()).expect("one letter more");
                }
            })),
            frame => on.say(frame),
        }
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.push(match output {
            Output::Append(Record {
                seq,
                stamp,
                what: What::Claim { name, holder },
            }) => {
                let name = plain(name);
                let what = What::Claim { name, holder };
                Output::Append(Record { seq, stamp, what })
            }
            Output::Send {
                conn,
                frame: Outgoing::Session(ServerFrame::Welcome(mut welcome)),
            } => {
                welcome.user = plain(welcome.user);
                let frame = Outgoing::Session(ServerFrame::Welcome(welcome));
                Output::Send { conn, frame }
            }
            output => output,
        });
    }
}

fn plain(name: Name) -> Name {
    let other = name.as_str().strip_prefix(CAPITALS);
    other
        .and_then(|other| Name::parse(other.as_bytes()).ok())
        .unwrap_or(name)
}

/// What somebody has said on a connection that a newer one replaced is read, as if it came on the newer one.
#[derive(Default)]
pub(super) struct OldStillSpeaks {
    /// The newer connection, for each older one that is not closed.
    newer: BTreeMap<ConnId, ConnId>,
    unclosed: BTreeMap<ConnId, CloseReason>,
}

impl Bug for OldStillSpeaks {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        if let ClientFrame::Hello(hello) = frame
            && let Some(user) = roll.user_of(&hello.device)
        {
            let older = roll
                .bound()
                .find(|bound| roll.user_on(*bound) == Some(user));
            if let Some(older) = older.filter(|older| *older != conn) {
                self.newer.insert(older, conn);
            }
        }
        match (frame, self.newer.get(&conn)) {
            (ClientFrame::Send { to, body, .. }, Some(newer)) => {
                let id = roll.taken_on(*newer).next();
                on.pretend(*newer, &ClientFrame::Send { to: *to, id, body });
                if let Some(reason) = self.unclosed.remove(&conn) {
                    on.outputs.push(Output::Close { conn, reason });
                }
            }
            _ => on.say(frame),
        }
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        match output {
            Output::Close {
                conn,
                reason: reason @ CloseReason::Replaced,
            } if self.newer.contains_key(&conn) => drop(self.unclosed.insert(conn, reason)),
            output => on.outputs.push(output),
        }
    }
}
