//! How the checker takes one event in: the ledger first, then the probes, then the rules that look at such events.

use super::Checker;
use super::rule::{Delivering, Level};
use crate::history::{DeviceNews, Event, ServerNews, Tag, What, Who};
use crate::ledger::{Appended, Told};
use verbatim_core::client::Message;

impl Checker {
    /// Judges one more event.
    pub fn see(&mut self, event: &Event) {
        self.ledger.now = event.at;
        match &event.what {
            What::Device(who, news) => self.see_device(*who, news),
            What::Server(news) => self.see_server(news),
            What::Classic(who, news) => {
                self.ledger.on_classic(*who, news);
                self.probes.on_classic(news);
                let out = &mut self.violations;
                self.rules.on_classic(&self.ledger, out, (*who, news));
            }
            what @ (What::Plan(_) | What::Blocked(_) | What::Healed) => {
                self.probes.on_plan(what);
                let out = &mut self.violations;
                self.rules.on_plan(&self.ledger, out, what);
            }
        }
    }

    fn see_device(&mut self, who: Who, news: &DeviceNews) {
        match news {
            DeviceNews::Line { line, state } => {
                let (line, state) = (*line, *state);
                let tag = Tag { who, line };
                self.see_line(Told { tag, state });
            }
            DeviceNews::Wrote { epoch, message } => self.see_wrote(who, *epoch, message),
            DeviceNews::Submitted { .. } => self.see_submitted(who, news),
            DeviceNews::Acked { seq } => {
                self.probes.on_acked(who, *seq);
                let out = &mut self.violations;
                self.rules.on_acked(&self.ledger, out, (who, *seq));
            }
            news => {
                self.ledger.on_device(who, news);
                self.probes.on_device(&self.ledger, who, news);
                let out = &mut self.violations;
                self.rules.on_device(&self.ledger, out, (who, news));
            }
        }
    }

    // Of these kinds there are most events, and each has a function of its own, which the processor enters at once.

    #[inline(never)]
    fn see_submitted(&mut self, who: Who, news: &DeviceNews) {
        self.ledger.on_submitted(who, news);
        let out = &mut self.violations;
        self.rules.on_submitted(&self.ledger, out, who);
    }

    #[inline(never)]
    fn see_line(&mut self, told: Told) {
        self.ledger.on_line(told);
        self.probes.on_line(&self.ledger, told);
        let out = &mut self.violations;
        self.rules.on_line(&self.ledger, out, told);
    }

    #[inline(never)]
    fn see_wrote(&mut self, who: Who, epoch: u64, message: &Message) {
        let writer = self.ledger.on_wrote(who, epoch, message.seq.0);
        let wrote = self.ledger.wrote((who, epoch), message, writer);
        self.probes.on_wrote(message);
        let out = &mut self.violations;
        self.rules.on_wrote(&self.ledger, out, &wrote);
    }

    fn see_server(&mut self, news: &ServerNews) {
        match news {
            ServerNews::Appended { .. } => self.see_appended(news),
            ServerNews::Delivering { conn, seq, bytes } => {
                let (conn, seq, bytes) = (*conn, *seq, *bytes);
                self.see_delivering(Delivering { conn, seq, bytes });
            }
            // Two runs are compared by it, and no rule looks at it.
            ServerNews::Bytes(_) => {}
            ServerNews::Level { limit, now, max } => {
                let (now, max) = (*now, *max);
                let level = Level { limit, now, max };
                let out = &mut self.violations;
                self.rules.on_level(&self.ledger, out, level);
            }
            news => self.see_rest_of_server(news),
        }
    }

    #[inline(never)]
    fn see_delivering(&mut self, delivering: Delivering) {
        self.probes.on_delivering(delivering.conn, delivering.seq);
        let out = &mut self.violations;
        self.rules.on_delivering(&self.ledger, out, delivering);
    }

    #[inline(never)]
    fn see_appended(&mut self, news: &ServerNews) {
        let ServerNews::Appended {
            seq,
            stamp,
            wall,
            by,
            entry,
        } = news
        else {
            return;
        };
        let again = self.ledger.on_appended(*seq, *stamp, entry);
        let (sender, recipient) = self.ledger.ends_of(entry);
        let appended = Appended {
            seq: *seq,
            stamp: *stamp,
            wall: *wall,
            by: *by,
            entry,
            tag: self.ledger.latest_tag(),
            again,
            sender,
            recipient,
        };
        self.probes.on_appended(&self.ledger, &appended);
        let out = &mut self.violations;
        self.rules.on_appended(&self.ledger, out, &appended);
    }

    #[inline(never)]
    fn see_rest_of_server(&mut self, news: &ServerNews) {
        self.ledger.on_server(news);
        self.probes.on_server(&self.ledger, news);
        let out = &mut self.violations;
        match news {
            ServerNews::Started { kept, .. } => self.rules.on_started(&self.ledger, out, *kept),
            ServerNews::AckCame { conn, seq } => {
                self.rules.on_ack_came(&self.ledger, out, (*conn, *seq));
            }
            ServerNews::Forwarding { seq, .. } => {
                self.rules.on_forwarding(&self.ledger, out, *seq);
            }
            news => self.rules.on_door(&self.ledger, out, news),
        }
    }
}
