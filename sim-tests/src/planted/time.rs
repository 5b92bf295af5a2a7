//! Time (G10): decisions that rest on the wall clock.

use super::{Bug, Onward, Roll, rewrite};
use std::collections::BTreeMap;
use std::time::Duration;
use verbatim_core::id::Seq;
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::record::Record;
use verbatim_core::router::{Outgoing, Output};

/// A record is stamped with the wall clock, whatever the record before it says.
#[derive(Default)]
pub(super) struct StampedByWall {
    wall: Wall,
    stamps: BTreeMap<Seq, Wall>,
}

impl Bug for StampedByWall {
    fn now(&mut self, now: Now) -> Now {
        self.wall = now.wall;
        now
    }

    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        let seq = match &output {
            Output::Append(record) => record.seq,
            Output::Send {
                frame: Outgoing::Delivery(message),
                ..
            } => message.seq,
            _ => return on.outputs.push(output),
        };
        let wall = *self.stamps.entry(seq).or_insert(self.wall);
        let output = rewrite::messages(output, |message| {
            rewrite::message(message, |delivery| delivery.time = wall.0)
        });
        on.outputs.push(match output {
            Output::Append(Record { seq, what, .. }) => {
                let stamp = wall;
                Output::Append(Record { seq, stamp, what })
            }
            output => output,
        });
    }
}

/// Deadlines are kept on the wall clock: where it leaps ahead, they pass.
#[derive(Default)]
pub(super) struct DeadlinesByWall {
    last: Option<Now>,
    ahead: Duration,
}

impl Bug for DeadlinesByWall {
    fn now(&mut self, now: Now) -> Now {
        if let Some(last) = self.last.replace(now) {
            let passed = now.mono.since(last.mono);
            let told = Duration::from_millis(now.wall.0.saturating_sub(last.wall.0));
            if told > passed + Duration::from_secs(1) {
                self.ahead += told - passed;
            }
        }
        Now {
            mono: now.mono + self.ahead,
            wall: now.wall,
        }
    }

    fn due(&self, due: Mono) -> Mono {
        Mono::ZERO + due.since(Mono::ZERO).saturating_sub(self.ahead)
    }
}
