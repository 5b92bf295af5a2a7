//! Order (G3, G4): what comes or goes in another one.

use super::{Bug, Onward, Roll, rewrite};
use std::collections::BTreeMap;
use verbatim_core::id::{ConnId, MessageId, Number, UserId};
use verbatim_core::name::Recipient;
use verbatim_core::record::{Message, Stream};
use verbatim_core::router::{Outgoing, Output, Page};
use verbatim_core::wire::{ClientFrame, ServerFrame};

/// Two deliveries that leave together change places.
pub(super) struct FeedSwapped;

impl Bug for FeedSwapped {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        match output {
            Output::Send {
                conn,
                frame: frame @ Outgoing::Delivery(_),
            } => on.overtake(conn, frame, |frame| matches!(frame, Outgoing::Delivery(_))),
            output => on.outputs.push(output),
        }
    }
}

/// Two answers that leave together change places.
pub(super) struct AnswersSwapped;

impl Bug for AnswersSwapped {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        match output {
            Output::Send { conn, frame } if is_answer(&frame) => {
                on.overtake(conn, frame, is_answer);
            }
            output => on.outputs.push(output),
        }
    }
}

fn is_answer(frame: &Outgoing) -> bool {
    use ServerFrame::{Accepted, Rejected};
    matches!(
        frame,
        Outgoing::Session(Accepted { .. }) | Outgoing::Session(Rejected(_))
    )
}

/// A page has what is for one user alone first, and what is for all behind it.
pub(super) struct FeedsNotMerged;

impl Bug for FeedsNotMerged {
    fn on_page(&mut self, _: &Roll, mut page: Page) -> Page {
        page.messages
            .sort_by_key(|message| message.to == Stream::All);
        page
    }
}

/// A conversation counts the messages of each of its two members.
#[derive(Default)]
pub(super) struct NumbersPerSender {
    counts: BTreeMap<(UserId, Stream), u64>,
    numbers: BTreeMap<u64, Number>,
}

impl NumbersPerSender {
    fn renumber(&mut self, message: &Message) -> Message {
        let count = self.counts.entry((message.from, message.to)).or_default();
        let number = *self.numbers.entry(message.seq.0).or_insert_with(|| {
            *count += 1;
            Number(*count)
        });
        let mut again = rewrite::message(message, |delivery| delivery.number = number);
        again.number = number;
        again
    }
}

impl Bug for NumbersPerSender {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        let again = rewrite::messages(output, |message| self.renumber(message));
        on.outputs.push(again);
    }
}

/// Of two lines to different people that come together, the second is taken first.
#[derive(Default)]
pub(super) struct TakenByRecipient {
    held: Option<(Recipient, MessageId, String)>,
}

impl Bug for TakenByRecipient {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, conn: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        let ClientFrame::Send { to, id, body } = frame else {
            self.on_read_end(conn, on);
            return on.say(frame);
        };
        match self.held.take() {
            Some((first, before, text)) if first != *to => {
                on.say(&ClientFrame::Send {
                    to: *to,
                    id: before,
                    body,
                });
                on.say(&ClientFrame::Send {
                    to: first,
                    id: *id,
                    body: &text,
                });
            }
            held => {
                self.held = held;
                self.on_read_end(conn, on);
                self.held = Some((*to, *id, (*body).into()));
            }
        }
    }

    fn on_read_end(&mut self, _: ConnId, on: &mut Onward) {
        if let Some((to, id, body)) = self.held.take() {
            on.say(&ClientFrame::Send {
                to,
                id,
                body: &body,
            });
        }
    }
}
