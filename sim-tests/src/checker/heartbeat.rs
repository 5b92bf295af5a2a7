//! G13, as far as heartbeats keep it: who speaks is not given up as silent, and who is silent is given up.

use super::rule::{Rule, Verdict};
use crate::dense::Marks;
use crate::history::ServerNews;
use crate::ledger::Ledger;
use verbatim_core::code::Code;
use verbatim_core::router::CloseReason;

#[derive(Default)]
pub(super) struct Heartbeat {
    bound: Marks,
}

impl Rule for Heartbeat {
    const NAME: &'static str = "G13 Liveness";

    fn on_door(&mut self, ledger: &Ledger, news: &ServerNews) -> Verdict {
        match news {
            ServerNews::Bound { conn, .. } => drop(self.bound.insert(*conn)),
            ServerNews::Closing {
                conn,
                reason,
                silent_for,
            } if self.bound.remove(*conn)
                && *silent_for < ledger.silence_max
                && says_silent(reason) =>
            {
                let millis = silent_for.as_millis();
                return Err(format!(
                    "connection {conn} was given up as silent, and spoke {millis} ms before"
                ));
            }
            ServerNews::Silent { conn, silent_for } => {
                let secs = silent_for.as_secs();
                return Err(format!(
                    "connection {conn} has been silent for {secs} s and is still open"
                ));
            }
            _ => {}
        }
        Ok(())
    }
}

fn says_silent(reason: &str) -> bool {
    reason == CloseReason::Refused(Code::SILENT).to_string()
}
