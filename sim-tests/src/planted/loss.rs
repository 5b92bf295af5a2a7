//! Loss (G1, G6, G12): what was promised and is not there, or was told too early.

use super::{Bug, Fact, Onward, Roll, rewrite};
use std::collections::BTreeMap;
use verbatim_core::code::Code;
use verbatim_core::id::{ConnId, Seq, UserId};
use verbatim_core::record::{Stream, What};
use verbatim_core::router::{Outgoing, Output, Page};
use verbatim_core::wire::{ClientFrame, Place, Rejection, ServerFrame};

/// What is appended counts as committed.
pub(super) struct AcceptedBeforeCommit;

impl Bug for AcceptedBeforeCommit {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Append(record) = &output {
            on.facts.push_back(Fact::Committed(record.seq));
        }
        on.outputs.push(output);
    }
}

/// Of four messages and more that wait for one user, the oldest is dropped.
pub(super) struct OldestDropped;

impl Bug for OldestDropped {
    fn on_page(&mut self, _: &Roll, mut page: Page) -> Page {
        if page.messages.len() >= 4 {
            page.messages.remove(0);
        }
        page
    }
}

/// A page says that it goes further than it does.
pub(super) struct PageCutShort;

impl Bug for PageCutShort {
    fn on_page(&mut self, _: &Roll, mut page: Page) -> Page {
        if page.messages.len() >= 2 {
            page.messages.pop();
        }
        page
    }
}

/// The cursor of a `HELLO` is read as one more.
pub(super) struct CursorOneAhead;

impl Bug for CursorOneAhead {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, roll: &Roll, _: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Hello(hello) => on.say(&rewrite::hello(hello, |hello| {
                if let Place::Cursor { seq, .. } = &mut hello.place
                    && *seq < roll.head()
                {
                    seq.0 += 1;
                }
            })),
            frame => on.say(frame),
        }
    }
}

/// A message for all goes to those who were there when the one before it came.
#[derive(Default)]
pub(super) struct AudienceTakenEarly {
    latest: Seq,
    /// Of each message for all, the one before it.
    before: BTreeMap<Seq, Seq>,
}

impl AudienceTakenEarly {
    fn is_missed(&self, user: Option<UserId>, seq: Seq) -> bool {
        let before = self.before.get(&seq);
        user.zip(before)
            .is_some_and(|(user, before)| user.0 > *before && before.0 > 0)
    }
}

impl Bug for AudienceTakenEarly {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_output(&mut self, roll: &Roll, output: Output, on: &mut Onward) {
        match &output {
            Output::Append(record) => {
                if let What::Message(message) = &record.what
                    && message.to == Stream::All
                {
                    let before = std::mem::replace(&mut self.latest, record.seq);
                    self.before.insert(record.seq, before);
                }
            }
            Output::Send {
                conn,
                frame: Outgoing::Delivery(message),
            } if self.is_missed(roll.user_on(*conn), message.seq) => return,
            _ => {}
        }
        on.outputs.push(output);
    }
}

/// More is forgotten than what nobody is owed.
pub(super) struct ForgetsTooMuch;

impl Bug for ForgetsTooMuch {
    fn on_forget(&mut self, _: Stream, up_to: Seq) -> Option<Seq> {
        Some(Seq(up_to.0.saturating_add(10)))
    }
}

/// A text is stored up to its hundredth byte.
pub(super) struct TextCut;

impl Bug for TextCut {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        let short = rewrite::messages(output, |message| {
            rewrite::message(message, |delivery| {
                delivery.body = rewrite::cut(delivery.body, 100);
            })
        });
        on.outputs.push(short);
    }
}

/// Each tenth message that is accepted is told to be rejected.
#[derive(Default)]
pub(super) struct RefusedThoughKept {
    count: u64,
}

impl Bug for RefusedThoughKept {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        match output {
            Output::Send {
                conn,
                frame: Outgoing::Session(ServerFrame::Accepted { first, last, .. }),
            } if first == last && self.is_tenth() => {
                let (id, code) = (first, Code::RECIPIENT_FULL);
                let rejection = Rejection {
                    id,
                    code,
                    retry_after: None,
                };
                on.tell(conn, ServerFrame::Rejected(rejection));
            }
            output => on.outputs.push(output),
        }
    }
}

impl RefusedThoughKept {
    fn is_tenth(&mut self) -> bool {
        self.count += 1;
        self.count.is_multiple_of(10)
    }
}

/// A message that is refused because its recipient is full is told to be accepted, as the one before it was.
#[derive(Default)]
pub(super) struct AcceptedThoughRefused {
    latest: BTreeMap<ConnId, ServerFrame<'static>>,
}

impl Bug for AcceptedThoughRefused {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        let Output::Send {
            conn,
            frame: Outgoing::Session(frame),
        } = &output
        else {
            return on.outputs.push(output);
        };
        match (frame, self.latest.get(conn)) {
            (ServerFrame::Accepted { .. }, _) => drop(self.latest.insert(*conn, frame.clone())),
            (ServerFrame::Rejected(rejection), Some(ServerFrame::Accepted { seq, number, .. }))
                if rejection.retry_after.is_none() =>
            {
                let (first, last) = (rejection.id, rejection.id);
                let (seq, number) = (*seq, *number);
                let frame = ServerFrame::Accepted {
                    first,
                    last,
                    seq,
                    number,
                };
                return on.tell(*conn, frame);
            }
            _ => {}
        }
        on.outputs.push(output);
    }
}
