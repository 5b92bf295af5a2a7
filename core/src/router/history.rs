//! What was said earlier, a page for each question: who may read it, when it is read, and what the answer tells.
//!
//! A page is no delivery: it moves no cursor, wants no ack and counts in no window. So that a slow reader holds no more
//! than one, a session has one question at a time, and the log is read for it only when its connection takes more. And
//! so that nobody hears of what a crash could still take back, it is read only when everything that was appended before
//! the question is committed.

use super::session::Session;
use super::{Outgoing, Output, Router};
use crate::code::Code;
use crate::id::{ConnId, Number, Seq, UserId};
use crate::name::Recipient;
use crate::record::{Conversation, Message};
use crate::wire::{Ask, PageEnd, ServerFrame};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What is to be read of one conversation: the messages with the highest numbers below `before`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// For whom.
    pub user: UserId,
    /// Which opening of a connection it was asked on, counted over the router's life.
    pub opened: u64,
    /// Of what.
    pub conversation: Conversation,
    /// Only what has a lower number.
    pub before: Number,
    /// At most so many messages.
    pub messages_max: usize,
    /// At most so many bytes of frames, but at least one message.
    pub bytes_max: usize,
}

/// What an engine has of a conversation.
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// In the order of their numbers, which have no gap and end right before the question's `before`; none if that one
    /// is gone.
    pub messages: Vec<Message>,
    /// The message before the first of them is there too.
    pub more: bool,
}

/// A session's question that has no answer yet.
#[derive(Debug)]
pub(super) struct Asked {
    /// As the answer names it.
    with: Recipient,
    question: Question,
    /// Read only when everything up to here is committed.
    after: Seq,
    reading: bool,
}

impl Router {
    pub(super) fn on_history(&mut self, user: UserId, conn: ConnId, ask: &Ask) {
        let Some(opened) = self.conn_key(conn).map(|key| key.opened) else {
            return;
        };
        if self.asked(user).is_some() {
            return self.refuse_question(conn, Code::BUSY);
        }
        let meant = self.conversation_with(user, ask.with);
        let Some((with, conversation)) = meant.filter(|(_, of)| is_still(*of, ask.at)) else {
            return self.refuse_question(conn, Code::UNABLE_TO_SEND);
        };
        let next = self.space.next_of(conversation);
        let most = self.limits.past_messages_max;
        let count = ask.count.and_then(|count| usize::try_from(count).ok());
        let asked = Asked {
            with,
            question: Question {
                user,
                opened,
                conversation,
                before: ask.before.map_or(next, |before| before.min(next)),
                messages_max: count.unwrap_or(most).clamp(1, most),
                bytes_max: self.limits.past_bytes_max,
            },
            after: self.space.head(),
            reading: false,
        };
        if let Some(bound) = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut())
        {
            bound.asked = Some(Box::new(asked));
            self.pump_when_committed(user);
        }
    }

    /// What everybody may read, or what that user shares with who holds the name now. Who held it before is another one.
    fn conversation_with(
        &self,
        user: UserId,
        with: Recipient,
    ) -> Option<(Recipient, Conversation)> {
        let Recipient::User(name) = with else {
            return Some((Recipient::All, Conversation::All));
        };
        let partner = self.space.holder_of(&name)?;
        let name = self.space.user(partner)?.name;
        let conversation = Conversation::Pair(user.min(partner), user.max(partner));
        Some((Recipient::User(name), conversation))
    }

    /// Says why a question gets no page, once the state that the refusal rests on is committed.
    fn refuse_question(&mut self, conn: ConnId, code: Code) {
        let retry_after = (code == Code::BUSY).then_some(self.limits.retry_time);
        let frame = ServerFrame::Error {
            code,
            text: code.text().into(),
            last: None,
            retry_after,
        };
        self.hold_send(conn, Outgoing::Session(frame));
    }

    fn asked(&self, user: UserId) -> Option<&Asked> {
        self.session(user)?.bound.as_ref()?.asked.as_deref()
    }

    /// Asks the log for the page that a session waits for, if its time has come.
    pub(super) fn pump_history(&mut self, user: UserId, out: &mut Vec<Output>) {
        let committed = self.committed;
        let ready = |asked: &&Asked| !asked.reading && asked.after <= committed;
        let Some(question) = self.asked(user).filter(ready).map(|asked| asked.question) else {
            return;
        };
        if !self.may_read(user) {
            return; // when it takes again, its session is looked at again
        }
        match question.before {
            Number(0 | 1) => self.on_past(&question, Past::default(), out),
            _ => out.push(Output::Recall(question)),
        }
    }

    pub(super) fn on_past(&mut self, question: &Question, past: Past, out: &mut Vec<Output>) {
        let is_it = |asked: &&Asked| asked.reading && asked.question == *question;
        if self.asked(question.user).filter(is_it).is_none() {
            return; // asked for on a connection that is no more
        }
        if !self.may_read(question.user) {
            return; // its connection has become full since: read again when it takes more
        }
        // What it wrote itself it knows as accepted before it reads it here.
        self.answer_first(question.user, out);
        self.tell_past(question.user, past, out);
    }

    /// Whether a session's connection takes a page; if not, its question waits for that.
    fn may_read(&mut self, user: UserId) -> bool {
        let conn = self.session(user).and_then(Session::conn);
        let takes = conn.is_some_and(|conn| self.takes(conn));
        let bound = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut());
        if let Some(asked) = bound.and_then(|bound| bound.asked.as_mut()) {
            asked.reading = takes;
        }
        takes
    }

    fn tell_past(&mut self, user: UserId, past: Past, out: &mut Vec<Output>) {
        let bound = self
            .session_mut(user)
            .and_then(|session| session.bound.as_mut());
        let Some((conn, asked)) =
            bound.and_then(|bound| Some((bound.key.conn, bound.asked.take()?)))
        else {
            return;
        };
        let number = |message: Option<&Message>| message.map(|message| message.number);
        let first = number(past.messages.first());
        let last = number(past.messages.last()).unwrap_or_default();
        let lowest = first.unwrap_or(asked.question.before);
        let removed = if past.more {
            0
        } else {
            lowest.0.saturating_sub(1)
        };
        let end = PageEnd {
            with: asked.with,
            numbers: (first.unwrap_or_default(), last),
            more: past.more,
            removed: Number(removed),
        };
        for message in past.messages {
            self.send(conn, Outgoing::Past(message), out);
        }
        self.say(conn, ServerFrame::History(end), out);
    }
}

/// Whether what was said at that seq belongs to this conversation. The names of two mean the two who held them then if both
/// have held them since: a user is known by the seq of its claim.
fn is_still(conversation: Conversation, at: Option<Seq>) -> bool {
    match (conversation, at) {
        (Conversation::Pair(one, other), Some(at)) => one.0.max(other.0) < at,
        _ => true,
    }
}
