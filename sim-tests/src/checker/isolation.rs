//! G7: what is in flight to one connection without an ack is never more than its window, though one delivery is always
//! allowed.

use super::{Rule, Topic};
use crate::dense::Dense;
use crate::history::{Event, ServerNews, What};
use crate::ledger::Ledger;
use std::collections::VecDeque;

#[derive(Default)]
pub(super) struct Isolation {
    windows: Dense<Window>,
}

struct Window {
    credit: (u64, u64),
    flight: VecDeque<(u64, u64)>,
    bytes: u64,
}

impl Rule for Isolation {
    const NAME: &'static str = "G7 Isolation";
    const TOPICS: &'static [Topic] = &[Topic::Wire, Topic::Handed, Topic::AckCame];

    fn see(&mut self, _: &Ledger, event: &Event) -> Result<(), String> {
        let What::Server(news) = &event.what else {
            return Ok(());
        };
        match news {
            ServerNews::Bound { conn, credit, .. } => {
                let window = Window {
                    credit: *credit,
                    flight: VecDeque::new(),
                    bytes: 0,
                };
                self.windows.insert(*conn, window);
            }
            ServerNews::Ended(conn) => drop(self.windows.remove(*conn)),
            ServerNews::AckCame { conn, seq } => {
                if let Some(window) = self.windows.get_mut(*conn) {
                    window.land(*seq);
                }
            }
            ServerNews::Delivering { conn, seq, bytes } => {
                let window = self.windows.get_mut(*conn);
                let window = window
                    .ok_or_else(|| format!("{seq} went to connection {conn} before its welcome"))?;
                window.flight.push_back((*seq, *bytes));
                window.bytes += bytes;
                let (count, most) = (window.flight.len() as u64, window.credit);
                let bytes = window.bytes;
                if count > 1 && (count > most.0 || bytes > most.1) {
                    return Err(format!(
                        "{count} deliveries of {bytes} bytes fly to connection {conn}, whose window is {most:?}"
                    ));
                }
            }
            _ => {}
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
