//! Questions for what was said earlier: one at a time goes out, and its pages are put together.
//!
//! Each is answered once: by what the server has, or by why there is nothing. A message that will come as a delivery is
//! left out here, so that none comes twice. Where the name means somebody else before the last page has come, the pages
//! that came are the answer.

use super::port::{Message, Recalled};
use crate::id::{Number, Seq};
use crate::name::{Name, Recipient};
use crate::wire::{Ask, Delivery, PageEnd};
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::mem;

/// See the module's words.
#[derive(Debug, Default)]
pub(super) struct Recall {
    asked: VecDeque<Ask>,
    /// What of the first of them is still wanted; `None`: it has not gone out.
    wanted: Option<Ask>,
    /// The question for the next page is on its way.
    under_way: bool,
    /// The page that is coming: the numbers of its first message and of its last, and what is shown of it.
    numbers: Option<(Number, Number)>,
    /// The seq of that first message.
    at: Option<Seq>,
    page: Vec<Message>,
    /// The pages that have come, the latest messages first.
    pages: Vec<Vec<Message>>,
    /// The number of the last message that came, shown or not, and how many came.
    last: Option<Number>,
    came: u64,
}

impl Recall {
    pub fn ask(&mut self, ask: Ask) {
        self.asked.push_back(ask);
    }

    /// The question that is to go out now, if any. At most `most` messages are wanted in all.
    pub fn question(&mut self, most: u64) -> Option<Ask> {
        if self.under_way || self.asked.is_empty() {
            return None;
        }
        if self.wanted.is_none() {
            self.wanted = self.asked.front().map(|first| Ask {
                count: Some(first.count.unwrap_or(most).clamp(1, most)),
                ..*first
            });
        }
        self.under_way = self.wanted.is_some();
        self.wanted
    }

    /// A message of the page; `shown`: it will not come as a delivery.
    ///
    /// # Errors
    /// It belongs to no page that was asked for.
    pub fn on_past(
        &mut self,
        user: Name,
        past: &Delivery<'_>,
        shown: bool,
    ) -> Result<(), &'static str> {
        let wanted = self.wanted.filter(|_| self.under_way);
        let wanted = wanted.ok_or("a history that nobody asked for")?;
        let count = self.numbers.map_or(0, |(first, last)| last.0 - first.0 + 1);
        let before_it = past.number.0.checked_sub(1).map(Number);
        let follows = self.numbers.is_none_or(|(_, last)| before_it == Some(last));
        let fits = wanted.before.is_none_or(|before| past.number < before)
            && wanted.count.is_none_or(|most| count < most);
        if !is_of(wanted.with, user, past) || !follows || !fits {
            return Err("a history of something else than was asked for");
        }
        let first = self.numbers.map_or(past.number, |(first, _)| first);
        self.numbers = Some((first, past.number));
        self.at = self.at.or(Some(past.seq));
        if shown {
            self.page.push(Message {
                seq: past.seq,
                from: past.from,
                to: past.to,
                number: past.number,
                time: past.time,
                body: past.shown().into(),
                may_repeat: false,
            });
        }
        Ok(())
    }

    /// A page is over; gives all of them if it was the last. With `most` messages it is, though some may be left out.
    ///
    /// # Errors
    /// It is not what came.
    pub fn on_end(&mut self, end: &PageEnd, most: u64) -> Result<Option<Recalled>, &'static str> {
        let wanted = self.wanted.filter(|_| self.under_way);
        let wanted = wanted.ok_or("a history that nobody asked for")?;
        let numbers = self.numbers.take();
        if end.with != wanted.with || numbers.unwrap_or_default() != end.numbers {
            return Err("the end of another history's page");
        }
        if self.last.is_some() && !leads_up_to(wanted.before, end) {
            return Ok(self.stop());
        }
        let at = self.at.take().or(wanted.at);
        self.came += numbers.map_or(0, |(first, last)| last.0 - first.0 + 1);
        self.last = self.last.or(numbers.map(|(_, last)| last));
        let shown = self.page.len() as u64;
        let left = wanted.count.map_or(0, |count| count.saturating_sub(shown));
        self.pages.push(mem::take(&mut self.page));
        self.under_way = false;
        let more = end.more && numbers.is_some();
        if more && left > 0 && self.came < most {
            self.wanted = Some(Ask {
                with: end.with,
                before: Some(end.numbers.0),
                at,
                count: Some(left),
            });
            return Ok(None);
        }
        let pages = mem::take(&mut self.pages).into_iter().rev();
        let recalled = Recalled {
            with: end.with,
            messages: pages.flatten().collect(),
            // An empty page tells nothing of what is before it.
            first: numbers.map_or(wanted.before, |(first, _)| Some(first)),
            at,
            last: self.last,
            more,
            removed: end.removed,
        };
        self.give_up();
        Ok(Some(recalled))
    }

    /// The page that is awaited will not come, or is of another conversation: gives those that came before it, if any did.
    /// What lies before them is still there, and nobody can ask for it.
    pub fn stop(&mut self) -> Option<Recalled> {
        let wanted = self.wanted.filter(|_| self.under_way)?;
        let last = self.last?;
        let pages = mem::take(&mut self.pages).into_iter().rev();
        let recalled = Recalled {
            with: wanted.with,
            messages: pages.flatten().collect(),
            first: wanted.before,
            at: wanted.at,
            last: Some(last),
            more: true,
            removed: Number(0),
        };
        self.give_up();
        Some(recalled)
    }

    /// There will be no answer to the one that went out; gives what it was about.
    pub fn cancel(&mut self) -> Option<Recipient> {
        if !self.under_way {
            return None;
        }
        self.give_up()
    }

    /// The same for the first one, whether or not it went out.
    pub fn give_up(&mut self) -> Option<Recipient> {
        self.forget();
        self.asked.pop_front().map(|ask| ask.with)
    }

    fn forget(&mut self) {
        *self = Recall {
            asked: mem::take(&mut self.asked),
            ..Recall::default()
        };
    }
}

/// Whether a page ends right before that number, or says that what stood there is gone.
fn leads_up_to(before: Option<Number>, end: &PageEnd) -> bool {
    let last = end.numbers.1.max(end.removed);
    before.is_none_or(|before| last.0.checked_add(1) == Some(before.0))
}

/// Whether a message belongs to that user's conversation.
fn is_of(with: Recipient, user: Name, past: &Delivery<'_>) -> bool {
    match (with, past.to) {
        (Recipient::All, to) => to == Recipient::All,
        (Recipient::User(_), Recipient::All) => false,
        (Recipient::User(with), Recipient::User(to)) => {
            (past.from == with && to == user) || (past.from == user && to == with)
        }
    }
}
