//! G7: what is in flight to one connection without an ack is never more than its window, though one delivery is always
//! allowed.

use super::rule::{Delivering, Rule, Verdict, wrong};
use crate::dense::Dense;
use crate::history::{Conn, ServerNews};
use crate::ledger::Ledger;
use std::collections::VecDeque;

#[derive(Default)]
pub(super) struct Isolation {
    windows: Dense<Window>,
}

/// Deliveries for which a window has room at first.
const FLIGHT: usize = 32;

struct Window {
    credit: (u64, u64),
    flight: VecDeque<(u64, u64)>,
    bytes: u64,
}

impl Rule for Isolation {
    const NAME: &'static str = "G7 Isolation";

    fn on_door(&mut self, _: &Ledger, news: &ServerNews) -> Verdict {
        match news {
            ServerNews::Bound { conn, credit, .. } => {
                let window = Window {
                    credit: *credit,
                    flight: VecDeque::with_capacity(FLIGHT),
                    bytes: 0,
                };
                self.windows.insert(*conn, window);
            }
            ServerNews::Ended(conn) => drop(self.windows.remove(*conn)),
            _ => {}
        }
        Ok(())
    }

    fn on_ack_came(&mut self, _: &Ledger, (conn, seq): (Conn, u64)) -> Verdict {
        if let Some(window) = self.windows.get_mut(conn) {
            window.land(seq);
        }
        Ok(())
    }

    #[inline]
    fn on_delivering(&mut self, _: &Ledger, it: Delivering) -> Verdict {
        let Delivering { conn, seq, bytes } = it;
        let Some(window) = self.windows.get_mut(conn) else {
            return wrong(move || format!("{seq} went to connection {conn} before its welcome"));
        };
        window.flight.push_back((seq, bytes));
        window.bytes += bytes;
        let (count, most) = (window.flight.len() as u64, window.credit);
        let bytes = window.bytes;
        if count > 1 && (count > most.0 || bytes > most.1) {
            return wrong(move || {
                format!(
                    "{count} deliveries of {bytes} bytes fly to connection {conn}, whose window is {most:?}"
                )
            });
        }
        Ok(())
    }
}

impl Window {
    /// Everything up to there is acked. (That deliveries come in order, another rule judges.)
    fn land(&mut self, seq: u64) {
        let landed = |flight: &mut (u64, u64)| flight.0 <= seq;
        while let Some((_, bytes)) = self.flight.pop_front_if(landed) {
            self.bytes -= bytes;
        }
    }
}
