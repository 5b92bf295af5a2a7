//! What each frame of a server does to a client.

use super::link::{Link, Pulse};
use super::notice::{LineState, Notice, WhyAway, WhyNoHistory, WhyOffline};
use super::numbering::Gap;
use super::outbox::{Allowance, Standing, told};
use super::port::Output;
use super::roll::Page;
use super::{Client, bounded};
use crate::code::{Class, Code};
use crate::id::{MessageId, Number, Seq, Try};
use crate::limits::UNANSWERED_MAX;
use crate::name::{Name, Recipient};
use crate::wire::{
    ClientFrame, Decoded, Delivery, PageEnd, Place, Rejection, ServerFrame, Skip, Welcome,
    server_frame,
};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

/// The highest `Last` that any server can mean.
const ID_MAX: u64 = u64::MAX / 2;

/// What a server may not do ends the connection with these words.
type Checked = Result<(), &'static str>;

impl Client {
    /// Bytes came: any byte is life, whole frames are handled, the rest waits for more.
    pub(super) fn on_received(&mut self, bytes: &[u8], out: &mut Vec<Output>) {
        if !self.link.is_open() {
            return;
        }
        if let Some(pulse) = &mut self.pulse {
            pulse.received = self.now;
        }
        let joined = self.reader.take(bytes);
        let all = joined.as_deref().unwrap_or(bytes);
        let greets = matches!(self.link, Link::Greeting { .. }) && !self.was_online;
        if greets && self.config.falls_back && is_classic_refusal(all) {
            return self.fall_back(out);
        }
        match self.on_bytes(all, out) {
            Ok(done) if self.link.is_open() => match joined {
                Some(all) => self.reader.put_back(all, done, self.now),
                None => self.reader.keep(&bytes[done..], self.now),
            },
            Ok(_) => {}
            Err(why) => self.fall(WhyOffline::Garbage(why), None, out),
        }
    }

    /// Handles the frames of `all` as long as the connection lives; returns how many bytes they took.
    fn on_bytes(&mut self, all: &[u8], out: &mut Vec<Output>) -> Result<usize, &'static str> {
        let mut done = 0;
        while done < all.len() && self.link.is_open() {
            let decoded = server_frame(&all[done..], &self.config.limits);
            match &decoded {
                Decoded::Partial => break,
                Decoded::Frame(frame, taken) => {
                    self.on_frame(frame, out)?;
                    done += taken;
                }
                // A later version may say more than this one understands.
                Decoded::Refused(refusal, Skip::Bytes(taken))
                    if refusal.code == Code::UNKNOWN_VERB =>
                {
                    done += *taken as usize;
                }
                Decoded::Refused(refusal, _) => return Err(refusal.detail),
            }
        }
        Ok(done)
    }

    fn on_frame(&mut self, frame: &ServerFrame<'_>, out: &mut Vec<Output>) -> Checked {
        match frame {
            ServerFrame::Ping => self.say(&ClientFrame::Pong),
            ServerFrame::Pong => {}
            ServerFrame::Replaced { attempt } => {
                // Should the user come back all the same, it is by a newer connection than any.
                self.attempt = self.attempt.max(Try(attempt.0.min(ID_MAX)));
                self.stay_away(WhyAway::Replaced, out);
            }
            ServerFrame::Bye(bye) => {
                self.fall(WhyOffline::Server(bye.code), bye.retry_after, out);
            }
            ServerFrame::Error {
                code,
                text,
                retry_after,
                ..
            } => self.on_error(*code, text, *retry_after, out),
            ServerFrame::Welcome(welcome) => return self.on_welcome(welcome, out),
            _ if self.link != Link::Up => return Err("a frame before WELCOME"),
            ServerFrame::Accepted {
                first,
                last,
                seq,
                number,
            } => return self.on_accepted(*first, *last, *seq, *number, out),
            ServerFrame::Rejected(rejection) => return self.on_rejected(rejection, out),
            ServerFrame::Deliver(delivery) => return self.on_deliver(delivery, out),
            ServerFrame::Receipt(receipt) => {
                let unanswered = self.outbox.has_unanswered();
                self.receipts.on_receipt(receipt, unanswered, out);
            }
            ServerFrame::Removed {
                conversation,
                up_to,
            } => self.on_removed(*conversation, *up_to, out),
            ServerFrame::Past(past) => return self.on_past(past),
            ServerFrame::History(end) => return self.on_page_end(end, out),
            ServerFrame::Users { names, next } => return self.on_users(names, *next, out),
        }
        Ok(())
    }

    fn on_welcome(&mut self, welcome: &Welcome, out: &mut Vec<Output>) -> Checked {
        if !matches!(self.link, Link::Greeting { .. }) {
            return Err("a second WELCOME");
        }
        if welcome.last.0 > ID_MAX {
            return Err("an id beyond reason");
        }
        let lost = self.is_lost(welcome);
        if !lost && self.outbox.standing(welcome.last) == Standing::Cloned {
            if self.config.keeps_messages {
                self.outbox.disown(out);
            }
            self.stay_away(WhyAway::Cloned, out);
            return Ok(());
        }
        self.link = Link::Up;
        self.pulse = Some(Pulse::begin(self.now, welcome));
        self.allow(welcome);
        self.backoff.on_welcome();
        out.push(Output::Show(Notice::Online {
            user: welcome.user,
            level: welcome.level,
            resumed: self.was_online && !lost,
        }));
        self.was_online = true;
        if lost {
            let unanswered = self.outbox.lose(welcome.last, out);
            let unreceipted = self.receipts.lose();
            out.push(Output::Show(Notice::Lost {
                unanswered,
                unreceipted,
            }));
        } else {
            self.outbox.resume(welcome.last, out);
            self.on_answered(out);
        }
        self.inbox.on_welcome(welcome, lost);
        if self.roll.restart() {
            self.say(&ClientFrame::Who(None));
        }
        if let Some(forget) = self.leaving {
            self.on_leave(forget, out);
        }
        Ok(())
    }

    /// Whether what came before is gone there. To a device that was nowhere before, nothing can be lost.
    fn is_lost(&self, welcome: &Welcome) -> bool {
        let told = welcome.lost && self.inbox.place() != Place::New;
        let forgotten = self.outbox.standing(welcome.last) == Standing::Forgotten;
        told || forgotten || self.inbox.is_other_log(welcome.store)
    }

    /// Takes over the server's bounds where they are narrower than the client's, and reads what it may send.
    fn allow(&mut self, welcome: &Welcome) {
        let window = usize::try_from(welcome.unanswered_max).unwrap_or(UNANSWERED_MAX);
        self.allowed = Allowance {
            unanswered_max: window.clamp(1, UNANSWERED_MAX),
            body_bytes_max: welcome.body_bytes_max,
        };
        let limits = &mut self.config.limits;
        let longest = welcome.body_bytes_max.min(limits.skipped_bytes_max);
        let longest = usize::try_from(longest).unwrap_or(usize::MAX);
        limits.body_bytes_max = limits.body_bytes_max.max(longest);
    }

    fn on_accepted(
        &mut self,
        first: MessageId,
        last: MessageId,
        seq: Seq,
        number: Number,
        out: &mut Vec<Output>,
    ) -> Checked {
        for line in self.outbox.settle(first, last)? {
            let offset = line.id.0 - first.0;
            let seq = Seq(seq.0.saturating_add(offset));
            let number = Number(number.0.saturating_add(offset));
            out.push(told(line.line, LineState::Accepted { seq, number }));
            let is_to_self = matches!(line.to, Recipient::User(to) if to == self.config.user);
            if !is_to_self {
                self.inbox.numbers.on_own(line.to, seq, number);
            }
            self.receipts.on_accepted(line.to, seq, line.line, out);
        }
        self.outbox.on_accepted(last);
        self.on_answered(out);
        Ok(())
    }

    fn on_rejected(&mut self, rejection: &Rejection, out: &mut Vec<Output>) -> Checked {
        match rejection.code.class() {
            Class::Permanent => {
                for line in self.outbox.settle(rejection.id, rejection.id)? {
                    out.push(told(line.line, LineState::Rejected(rejection.code)));
                }
            }
            Class::Passing => {
                let asked = rejection.retry_after;
                let retry_in = bounded(asked.unwrap_or(self.config.limits.retry_time));
                if self.outbox.hold(rejection.id, self.now + retry_in, out)? {
                    let code = rejection.code;
                    out.push(Output::Show(Notice::Held { code, retry_in }));
                }
            }
            Class::Fatal => return Err("a rejection with a code that is none"),
        }
        self.on_answered(out);
        Ok(())
    }

    /// Fewer messages are without an answer than before.
    fn on_answered(&mut self, out: &mut Vec<Output>) {
        self.check_numbers(out);
        if !self.outbox.has_unanswered() {
            self.receipts.forget_early();
        }
    }

    fn on_deliver(&mut self, delivery: &Delivery<'_>, out: &mut Vec<Output>) -> Checked {
        let under_way = self
            .outbox
            .unanswered()
            .map_or(MessageId(0), |(_, last)| last);
        if let Some(message) = self.inbox.on_deliver(delivery, under_way)? {
            out.push(Output::Deliver(message));
        }
        self.check_numbers(out);
        Ok(())
    }

    /// Tells the gaps that have become certain.
    fn check_numbers(&mut self, out: &mut Vec<Output>) {
        let unanswered = self.outbox.unanswered().map(|(first, _)| first);
        self.inbox.numbers.check(unanswered, &mut |gap: Gap| {
            out.push(Output::Show(Notice::Gap {
                conversation: gap.conversation,
                expected: gap.expected,
                found: gap.found,
            }));
        });
    }

    fn on_removed(&mut self, conversation: Recipient, up_to: Number, out: &mut Vec<Output>) {
        self.inbox.numbers.on_removed(conversation, up_to);
        out.push(Output::Show(Notice::Removed {
            conversation,
            up_to,
        }));
    }

    fn on_users(&mut self, lines: &str, next: Option<Name>, out: &mut Vec<Output>) -> Checked {
        let names_max = self.config.limits.users_max;
        match self.roll.on_users(lines, next, names_max)? {
            Page::Ask(name) => self.say(&ClientFrame::Who(Some(name))),
            Page::Complete(names) => out.push(Output::Show(Notice::Users(names))),
            Page::Unasked => {}
        }
        Ok(())
    }

    /// A message of a history. What is behind the cursor comes as a delivery, unless it is an own one.
    fn on_past(&mut self, past: &Delivery<'_>) -> Checked {
        let user = self.config.user;
        let is_own = past.from == user && past.to != Recipient::User(user);
        let shown = is_own || self.inbox.has_seen(past.seq);
        self.recall.on_past(user, past, shown)
    }

    fn on_page_end(&mut self, end: &PageEnd, out: &mut Vec<Output>) -> Checked {
        let most = self.config.limits.recalled_messages_max as u64;
        let recalled = self.recall.on_end(end, most)?;
        out.extend(recalled.map(|recalled| Output::Recalled(Box::new(recalled))));
        // At once: what comes behind this in the same bytes finds the same question out as what comes later.
        self.pump_history(out);
        Ok(())
    }

    /// Asks for what was said earlier while there is a session, and waits for one while a connection is opened.
    pub(super) fn pump_history(&mut self, out: &mut Vec<Output>) {
        match self.link {
            Link::Up => {
                let most = self.config.limits.recalled_messages_max as u64;
                if let Some(ask) = self.recall.question(most) {
                    self.say(&ClientFrame::History(ask));
                }
            }
            Link::Waiting { .. } | Link::Away => {
                self.leave_unanswered(WhyNoHistory::Offline, out);
            }
            Link::Connecting { .. } | Link::Greeting { .. } | Link::Gone => {}
        }
    }

    /// No question for what was said earlier will be answered.
    pub(super) fn leave_unanswered(&mut self, why: WhyNoHistory, out: &mut Vec<Output>) {
        while let Some(with) = self.recall.give_up() {
            out.push(Output::Show(Notice::NoHistory { with, why }));
        }
    }

    /// Before `WELCOME` an error answers `HELLO`; after it, one that is not fatal answers a question: for what was said
    /// earlier, if there is one (a server that knows none of these says so; one whose name is somebody else's by now goes on
    /// no further), else who is there.
    fn on_error(
        &mut self,
        code: Code,
        text: &str,
        retry_after: Option<Duration>,
        out: &mut Vec<Output>,
    ) {
        match (self.link, code.class()) {
            (Link::Up, Class::Permanent | Class::Passing) => {
                if let Some(recalled) = self.recall.stop() {
                    out.push(Output::Recalled(Box::new(recalled)));
                } else if let Some(with) = self.recall.cancel() {
                    let why = WhyNoHistory::Server(code);
                    out.push(Output::Show(Notice::NoHistory { with, why }));
                } else if self.roll.cancel() {
                    out.push(Output::Show(Notice::NoUsers(code)));
                }
            }
            (Link::Up, Class::Fatal) | (_, Class::Passing | Class::Fatal) => {
                self.backoff.on_fault();
                self.fall(WhyOffline::Server(code), retry_after, out);
            }
            (_, Class::Permanent) if code != Code::NAME_TAKEN => {
                let text = text.into();
                self.stay_away(WhyAway::Refused { code, text }, out);
            }
            _ if self.config.waits_for_name => {
                // It may be freed long before the time that is left: the back-off asks again now and then.
                self.fall(WhyOffline::NameTaken, None, out);
            }
            _ => self.stay_away(WhyAway::NameTaken { left: retry_after }, out),
        }
    }
}

/// Whether a server's first words are an error that only one of the classic level answers to `HELLO`.
fn is_classic_refusal(bytes: &[u8]) -> bool {
    let code = bytes.strip_prefix(b"ERROR ").and_then(|rest| rest.get(..3));
    matches!(code, Some(b"100" | b"101" | b"102" | b"103"))
}
