//! How the checker takes one event in: the ledger first, then the probes, then the rules that look at such events.
//!
//! Kinds of which there are many events have a function of their own, and it is not to be inlined: so the way from
//! [`Checker::see`] to each is short.

use super::Checker;
use super::rule::{Delivering, Level};
use crate::history::{ClassicNews, Conn, DeviceNews, Event, ServerNews, Tag, What, Who};
use crate::ledger::{Appended, Told};
use verbatim_core::client::{LineState, Message};

impl Checker {
    /// Judges one more event.
    pub fn see(&mut self, event: &Event) {
        self.ledger.now = event.at;
        match &event.what {
            What::Device(who, news) => match news {
                DeviceNews::Line { line, state } => self.see_line(*who, *line, state),
                DeviceNews::Wrote { epoch, message } => self.see_wrote(*who, *epoch, message),
                DeviceNews::Submitted { .. } => self.see_submitted(*who, news),
                news => self.see_device(*who, news),
            },
            What::Server(news) => match news {
                ServerNews::Appended { .. } => self.see_appended(news),
                ServerNews::Delivering { conn, seq, bytes } => {
                    self.see_delivering(*conn, *seq, *bytes);
                }
                // Two runs are compared by it, and no rule looks at it.
                ServerNews::Bytes(_) => {}
                news => self.see_server(news),
            },
            What::Classic(who, news) => self.see_classic(*who, news),
            what @ (What::Plan(_) | What::Blocked(_) | What::Healed) => self.see_plan(what),
        }
    }

    #[inline(never)]
    fn see_line(&mut self, who: Who, line: u64, state: &LineState) {
        let tag = Tag { who, line };
        let before = self.ledger.on_line(tag, state);
        let told = Told { tag, state, before };
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

    #[inline(never)]
    fn see_submitted(&mut self, who: Who, news: &DeviceNews) {
        self.ledger.on_submitted(who, news);
        let out = &mut self.violations;
        self.rules.on_submitted(&self.ledger, out, who);
    }

    #[inline(never)]
    fn see_device(&mut self, who: Who, news: &DeviceNews) {
        let out = &mut self.violations;
        if let DeviceNews::Acked { seq } = news {
            self.probes.on_acked(who, *seq);
            return self.rules.on_acked(&self.ledger, out, (who, *seq));
        }
        self.ledger.on_device(who, news);
        self.probes.on_device(&self.ledger, who, news);
        self.rules.on_device(&self.ledger, out, (who, news));
    }

    #[inline(never)]
    fn see_delivering(&mut self, conn: Conn, seq: u64, bytes: u64) {
        self.probes.on_delivering(conn, seq);
        let delivering = Delivering { conn, seq, bytes };
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
    fn see_server(&mut self, news: &ServerNews) {
        self.ledger.on_server(news);
        self.probes.on_server(&self.ledger, news);
        let (ledger, out) = (&self.ledger, &mut self.violations);
        match news {
            ServerNews::Started { kept, .. } => self.rules.on_started(ledger, out, *kept),
            ServerNews::AckCame { conn, seq } => {
                self.rules.on_ack_came(ledger, out, (*conn, *seq));
            }
            ServerNews::Forwarding { seq, .. } => self.rules.on_forwarding(ledger, out, *seq),
            ServerNews::Level { limit, now, max } => {
                let (now, max) = (*now, *max);
                self.rules.on_level(ledger, out, Level { limit, now, max });
            }
            news => self.rules.on_door(ledger, out, news),
        }
    }

    #[inline(never)]
    fn see_classic(&mut self, who: Who, news: &ClassicNews) {
        self.ledger.on_classic(who, news);
        self.probes.on_classic(news);
        let out = &mut self.violations;
        self.rules.on_classic(&self.ledger, out, (who, news));
    }

    #[inline(never)]
    fn see_plan(&mut self, what: &What) {
        self.probes.on_plan(what);
        let out = &mut self.violations;
        self.rules.on_plan(&self.ledger, out, what);
    }
}
