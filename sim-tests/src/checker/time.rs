//! G10: stamps never go back, whatever the wall clock does, and are no other than the wall clock's where it goes on. (That
//! nothing else depends on it is shown by running a plan with and without its jumps.)

use super::rule::{Rule, Verdict, wrong};
use crate::ledger::{Appended, Ledger, Wrote};

#[derive(Default)]
pub(super) struct Time {
    stamp: u64,
}

impl Rule for Time {
    const NAME: &'static str = "G10 Time";

    fn on_started(&mut self, _: &Ledger, _: Option<u64>) -> Verdict {
        self.stamp = 0;
        Ok(())
    }

    #[inline]
    fn on_appended(&mut self, _: &Ledger, it: &Appended<'_>) -> Verdict {
        let Appended {
            seq, stamp, wall, ..
        } = *it;
        // The start's own stamp is the first one's bound, and is not known here.
        let before = std::mem::replace(&mut self.stamp, stamp);
        let differs = stamp < before || (before > 0 && stamp != before.max(wall));
        match differs {
            true => wrong(move || {
                format!(
                    "record {seq} is stamped {stamp}, after {before}, while the clock says {wall}"
                )
            }),
            false => Ok(()),
        }
    }

    #[inline]
    fn on_wrote(&mut self, _: &Ledger, it: &Wrote<'_>) -> Verdict {
        let (who, seq, time) = (it.who, it.message.seq, it.message.time);
        match it.record.is_some_and(|record| record.stamp != time) {
            true => wrong(move || format!("u{who} heard {seq} stamped {time}")),
            false => Ok(()),
        }
    }
}
