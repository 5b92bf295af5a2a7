//! What each thing that a classic server says does to a client.

use super::heard::{Forward, Heard};
use super::lines::Going;
use super::ways::{EVERYBODY, WAYS};
use super::{ClassicClient, ClassicOutput, Link, Owed, show, told};
use crate::classic::{Counting, End, Side};
use crate::client::{LineState, Message, Notice, WhyAway, WhyOffline};
use crate::code::Code;
use crate::id::{Number, Seq};
use crate::name::{Name, Recipient};
use alloc::vec::Vec;

impl ClassicClient {
    pub(super) fn on_heard(&mut self, heard: Heard<'_>, out: &mut Vec<ClassicOutput>) {
        match (heard, self.link) {
            (Heard::Forward(line), _) => self.on_forward(&line, out),
            (Heard::Garbled(end), _) => self.complain(end, out),
            (Heard::Registered, Link::Registering { side, .. }) => self.on_registered(side, out),
            (Heard::Error(code, text), Link::Registering { .. }) => {
                self.on_refused(code, &text, out);
            }
            (Heard::Acknowledged, Link::Up) => self.on_acknowledged(out),
            (Heard::Error(code, _), Link::Up) => self.on_error(code, out),
            // Answers that nobody waits for, and words of no meaning.
            _ => {}
        }
    }

    fn on_registered(&mut self, side: Side, out: &mut Vec<ClassicOutput>) {
        let first = WAYS[self.way].first;
        if side == first {
            let other = match side {
                Side::Send => Side::Receive,
                Side::Receive => Side::Send,
            };
            return self.register(other, out);
        }
        self.link = Link::Up;
        self.tried = 0;
        self.backoff.on_welcome();
        // One that reads once reads the first line apart from the registration.
        self.ready_at = self.now + self.limits.classic_settle_time;
        out.push(show(Notice::OnlineClassic {
            user: self.user,
            resumed: core::mem::replace(&mut self.was_online, true),
        }));
    }

    /// The server does not register this name in this way.
    fn on_refused(&mut self, code: Code, text: &str, out: &mut Vec<ClassicOutput>) {
        if code == Code::NAME_TAKEN || text.to_ascii_lowercase().contains("taken") {
            return match self.waits_for_name {
                true => self.fall(WhyOffline::NameTaken, None, out),
                false => self.stay_away(WhyAway::NameTaken { left: None }, out),
            };
        }
        self.tried += 1;
        if self.tried == WAYS.len() {
            let text = text.into();
            return self.stay_away(WhyAway::Refused { code, text }, out);
        }
        // The name is good, so it is something else that this server does not like.
        self.way = (self.way + 1) % WAYS.len();
        self.part(out);
        self.open(out);
    }

    fn on_forward(&mut self, line: &Forward<'_>, out: &mut Vec<ClassicOutput>) {
        let Ok(from) = Name::parse(line.from.as_bytes()) else {
            return self.complain(line.end, out);
        };
        self.counting.learn(line.counting);
        self.seq = Seq(self.seq.0 + 1);
        let seq = self.seq;
        self.owed.push_back(Owed {
            seq,
            from: line.from.into(),
            end: line.end,
        });
        out.push(ClassicOutput::Deliver(Message {
            seq,
            from,
            to: Recipient::User(self.user),
            number: Number(seq.0),
            time: self.wall.0,
            body: line.body.into(),
            may_repeat: false,
        }));
    }

    fn complain(&mut self, end: End, out: &mut Vec<ClassicOutput>) {
        let mut frame = Vec::from(b"ERROR 103 Header Incomplete");
        frame.extend_from_slice(end.text().as_bytes());
        out.push(ClassicOutput::Send(Side::Receive, frame));
    }

    fn on_acknowledged(&mut self, out: &mut Vec<ClassicOutput>) {
        let Some(mut going) = self.lines.under_way.take() else {
            // Some servers answer a line to all once for each who has it: the next line must not take that for its own.
            self.ready_at = self.now + self.limits.classic_settle_time;
            return;
        };
        if let Some(counting) = going.recounted.filter(|_| !going.piece().is_ascii()) {
            self.counting = counting;
        }
        going.done = going.end;
        if going.done < going.line.body.len() {
            return self.send(going, out);
        }
        if going.line.to == Recipient::All {
            self.everybody = going.everybody;
            self.ready_at = self.now + self.limits.classic_settle_time;
        }
        out.push(told(going.line.line, LineState::Acknowledged));
    }

    /// The last line was refused: for good, or only in the way in which it was sent.
    fn on_error(&mut self, code: Code, out: &mut Vec<ClassicOutput>) {
        let Some(mut going) = self.lines.under_way.take() else {
            return;
        };
        if self.differs(&mut going, code) {
            // Servers close after this error; if this one does, the line waits for the next connection.
            self.ready_at = self.now + self.limits.classic_settle_time;
            out.push(told(going.line.line, LineState::Queued));
            return self.lines.again(going);
        }
        let state = going.refused(LineState::Rejected(code));
        out.push(told(going.line.line, state));
    }

    /// Whether the line may arrive if it is sent in another way, which is tried once.
    fn differs(&mut self, going: &mut Going, code: Code) -> bool {
        let to_all = going.line.to == Recipient::All;
        if code == Code::HEADER_INCOMPLETE && !going.piece().is_ascii() {
            let counted = going.recounted.unwrap_or(self.counting);
            let other = match counted {
                Counting::Characters => Counting::Bytes,
                Counting::Unknown | Counting::Bytes => Counting::Characters,
            };
            if going.recounted.is_some() {
                self.counting = Counting::Unknown; // neither was it
                return false;
            }
            // To all it may have arrived at some: only what follows is counted in the other way.
            (going.recounted, self.counting) =
                (Some(other), if to_all { other } else { self.counting });
            return !to_all;
        }
        let nobody = code == Code::UNABLE_TO_SEND && to_all && self.everybody == 0;
        going.everybody += usize::from(nobody);
        nobody && going.everybody < EVERYBODY.len()
    }
}
