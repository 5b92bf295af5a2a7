//! Histories that show too little, too much, or what is somebody else's.

use super::{Bug, Onward, Roll};
use std::collections::BTreeMap;
use verbatim_core::id::{Number, UserId};
use verbatim_core::name::NameKey;
use verbatim_core::record::{Conversation, Record, What};
use verbatim_core::router::{Outgoing, Output, Question};
use verbatim_core::wire::ServerFrame;

/// A page ends one message too early.
pub(super) struct PageOneShort;

impl Bug for PageOneShort {
    fn on_question(&mut self, question: Question) -> Question {
        let before = Number(question.before.0 - 1);
        Question { before, ..question }
    }
}

/// Who asks for its history with somebody is shown what it said to the one who held that name first.
#[derive(Default)]
pub(super) struct OfTheFirstHolder {
    first: BTreeMap<NameKey, UserId>,
    names: BTreeMap<UserId, NameKey>,
}

impl Bug for OfTheFirstHolder {
    fn on_append(&mut self, record: Record, on: &mut Vec<Record>) {
        if let What::Claim { name, .. } = &record.what {
            let user = UserId(record.seq);
            self.first.entry(name.key()).or_insert(user);
            self.names.insert(user, name.key());
        }
        on.push(record);
    }

    fn on_question(&mut self, question: Question) -> Question {
        let Conversation::Pair(one, other) = question.conversation else {
            return question;
        };
        let partner = if one == question.user { other } else { one };
        let name = self.names.get(&partner);
        let first = name.and_then(|name| self.first.get(name)).copied();
        let first = first.unwrap_or(partner);
        let conversation = Conversation::Pair(first.min(question.user), first.max(question.user));
        Question {
            conversation,
            ..question
        }
    }
}

/// A page does not say that there is more before it.
pub(super) struct MoreUntold;

impl Bug for MoreUntold {
    fn on_output(&mut self, _: &Roll, mut output: Output, on: &mut Onward) {
        if let Output::Send {
            frame: Outgoing::Session(ServerFrame::History(end)),
            ..
        } = &mut output
        {
            end.more = false;
        }
        on.outputs.push(output);
    }
}

/// What is read of a conversation begins with its first message, whatever was asked for.
pub(super) struct OldestFirst;

impl Bug for OldestFirst {
    fn on_question(&mut self, question: Question) -> Question {
        let most = Number(question.messages_max as u64 + 1);
        let before = question.before.min(most);
        Question { before, ..question }
    }
}

/// A history is sent as deliveries.
pub(super) struct PastDelivered;

impl Bug for PastDelivered {
    fn on_output(&mut self, _: &Roll, output: Output, on: &mut Onward) {
        on.outputs.push(match output {
            Output::Send {
                conn,
                frame: Outgoing::Past(message),
            } => Output::Send {
                conn,
                frame: Outgoing::Delivery(message),
            },
            output => output,
        });
    }
}
