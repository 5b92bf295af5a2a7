//! Receipts (G6, G13): what senders are told of recipients.

use super::{Bug, Onward, Roll, rewrite};
use std::collections::BTreeMap;
use verbatim_core::id::{ConnId, Seq, UserId};
use verbatim_core::name::Name;
use verbatim_core::record::{Stream, What};
use verbatim_core::router::{Outgoing, Output};
use verbatim_core::wire::{ClientFrame, Receipt, ServerFrame};

/// An output in which a receipt is another one, or gone.
fn change(output: Output, change: impl FnOnce(Receipt) -> Option<Receipt>) -> Option<Output> {
    match output {
        Output::Send {
            conn,
            frame: Outgoing::Session(ServerFrame::Receipt(receipt)),
        } => change(receipt).map(|receipt| Output::Send {
            conn,
            frame: Outgoing::Session(ServerFrame::Receipt(receipt)),
        }),
        output => Some(output),
    }
}

/// Receipts are for those who are there when they come.
pub(super) struct NotToldLater;

impl Bug for NotToldLater {
    fn reads_frames(&self) -> bool {
        true
    }

    fn on_frame(&mut self, _: &Roll, _: ConnId, frame: &ClientFrame<'_>, on: &mut Onward) {
        match frame {
            ClientFrame::Hello(hello) => on.say(&rewrite::hello(hello, |hello| {
                hello.delivered = Seq(u64::MAX);
            })),
            frame => on.say(frame),
        }
    }
}

/// Nobody hears that a recipient left.
pub(super) struct LeftUntold;

impl Bug for LeftUntold {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.extend(change(output, |receipt| {
            (!matches!(receipt, Receipt::Left { .. })).then_some(receipt)
        }));
    }
}

/// What a recipient left behind counts as delivered.
pub(super) struct LeftAsDelivered;

impl Bug for LeftAsDelivered {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.extend(change(output, |receipt| {
            Some(match receipt {
                Receipt::Left { to, last, .. } => Receipt::Delivered { to, up_to: last },
                receipt => receipt,
            })
        }));
    }
}

/// The sender of a message to all counts as one who has it.
pub(super) struct CountedWithSender;

impl Bug for CountedWithSender {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.extend(change(output, |receipt| {
            Some(match receipt {
                Receipt::All { seq, count, of } => Receipt::All {
                    seq,
                    count: (count + 1).min(of),
                    of,
                },
                receipt => receipt,
            })
        }));
    }
}

/// A receipt tells the last message that was sent, not the last one that is delivered.
#[derive(Default)]
pub(super) struct LatestIsDelivered {
    names: BTreeMap<Name, UserId>,
    latest: BTreeMap<UserId, Seq>,
}

impl Bug for LatestIsDelivered {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        if let Output::Append(record) = &output {
            match &record.what {
                What::Claim { name, .. } => {
                    self.names.insert(*name, UserId(record.seq));
                }
                What::Message(message) => {
                    if let Stream::User(user) = message.to {
                        self.latest.insert(user, record.seq);
                    }
                }
                _ => {}
            }
        }
        on.outputs.extend(change(output, |receipt| {
            Some(match receipt {
                Receipt::Delivered { to, up_to } => {
                    let user = self.names.get(&to);
                    let latest = user.and_then(|user| self.latest.get(user));
                    let up_to = latest.copied().unwrap_or(up_to).max(up_to);
                    Receipt::Delivered { to, up_to }
                }
                receipt => receipt,
            })
        }));
    }
}

/// A receipt is followed by the one before it: news are told from a list, and not from how things stand.
#[derive(Default)]
pub(super) struct OlderToldLast {
    told: BTreeMap<(ConnId, Name), Seq>,
}

impl Bug for OlderToldLast {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        let mut again = None;
        if let Output::Send {
            conn,
            frame: Outgoing::Session(ServerFrame::Receipt(Receipt::Delivered { to, up_to })),
        } = &output
        {
            let before = self.told.insert((*conn, *to), *up_to);
            again = before.filter(|before| before < up_to).map(|before| {
                let (conn, to, up_to) = (*conn, *to, before);
                let receipt = Receipt::Delivered { to, up_to };
                let frame = Outgoing::Session(ServerFrame::Receipt(receipt));
                Output::Send { conn, frame }
            });
        }
        on.outputs.push(output);
        on.outputs.extend(again);
    }
}

/// Each fourth receipt is dropped.
#[derive(Default)]
pub(super) struct OneInFourLost {
    count: u64,
}

impl Bug for OneInFourLost {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.extend(change(output, |receipt| {
            self.count += 1;
            (!self.count.is_multiple_of(4)).then_some(receipt)
        }));
    }
}
