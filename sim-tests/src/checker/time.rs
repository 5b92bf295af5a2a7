//! G10: stamps never go back, whatever the wall clock does, and are no other than the wall clock's where it goes on. (That
//! nothing else depends on it is shown by running a plan with and without its jumps.)

use super::{Rule, Topic};
use crate::history::{DeviceNews, Event, ServerNews, What};
use crate::ledger::Ledger;

#[derive(Default)]
pub(super) struct Time {
    stamp: u64,
}

impl Rule for Time {
    const NAME: &'static str = "G10 Time";
    const TOPICS: &'static [Topic] = &[Topic::Log, Topic::Wrote];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Server(ServerNews::Started { .. }) => self.stamp = 0,
            What::Server(ServerNews::Appended {
                seq, stamp, wall, ..
            }) => {
                // The start's own stamp is the first one's bound, and is not known here.
                let before = std::mem::replace(&mut self.stamp, *stamp);
                let wrong = *stamp < before || (before > 0 && *stamp != before.max(*wall));
                if wrong {
                    return Err(format!(
                        "record {seq} is stamped {stamp}, after {before}, while the clock says {wall}"
                    ));
                }
            }
            What::Device(who, DeviceNews::Wrote { epoch, message }) => {
                let log = ledger.log_of(*epoch).map(|log| &ledger.logs[log]);
                let record = log.and_then(|log| log.record(message.seq.0));
                if record.is_some_and(|record| record.stamp != message.time) {
                    let (seq, time) = (message.seq, message.time);
                    return Err(format!("u{who} heard {seq} stamped {time}"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}
