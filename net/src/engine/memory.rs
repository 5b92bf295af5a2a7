//! The log in memory: what is accepted survives the death of connections, and nothing else.

use super::gone::Gone;
use super::{Engine, Failure, Loaded};
use std::collections::{BTreeMap, VecDeque, vec_deque};
use verbatim_core::id::{Seq, UserId};
use verbatim_core::limits::Limits;
use verbatim_core::now::Wall;
use verbatim_core::record::{Conversation, Message, Record, Stream, What};
use verbatim_core::router::{Page, Past, Question, Saved};
use verbatim_core::saved::Beside;

/// How finely it is known when something was written: in so many parts of the time for which it is kept.
const AGES_MAX: u64 = 1_000;

/// Messages by feed, up to a number of bytes.
#[derive(Debug)]
pub struct Memory {
    streams: BTreeMap<Stream, VecDeque<Message>>,
    gone: Gone,
    /// When what is there was written, by the age of the log: some seqs, each with the age up to it.
    ages: VecDeque<(Seq, u64)>,
    /// Of the last record.
    age: u64,
    stamp: Wall,
    kept_time_max: Option<u64>,
    bytes: u64,
    bytes_max: u64,
    overhead: u64,
    appended: Seq,
}

impl Memory {
    /// An empty log of that size.
    pub fn new(limits: &Limits) -> Memory {
        Memory {
            streams: BTreeMap::new(),
            gone: Gone::default(),
            ages: VecDeque::new(),
            age: 0,
            stamp: Wall(0),
            kept_time_max: limits.kept_time_max.map(|time| time.as_millis() as u64),
            bytes: 0,
            bytes_max: limits.log_bytes_max,
            overhead: limits.message_overhead_bytes,
            appended: Seq(0),
        }
    }

    fn size_of(&self, message: &Message) -> u64 {
        message.frame().len() as u64 + self.overhead
    }

    /// Notes the age of the log, where that is ever asked for.
    fn note_age(&mut self, record: &Record) {
        if self.kept_time_max.is_none() {
            return;
        }
        let stamp = std::mem::replace(&mut self.stamp, record.stamp);
        let gap = match self.ages.is_empty() && record.seq == Seq(1) {
            true => 0,
            false => record.stamp.gap_since(stamp),
        };
        self.age += gap;
        let grain = (self.kept_time_max.unwrap_or(0) / AGES_MAX).max(1);
        match self
            .ages
            .back_mut()
            .filter(|last| self.age / grain == last.1 / grain)
        {
            Some(last) => *last = (record.seq, self.age),
            None => self.ages.push_back((record.seq, self.age)),
        }
    }

    fn after(&self, stream: Stream, after: Seq) -> vec_deque::Iter<'_, Message> {
        self.streams
            .get(&stream)
            .map_or_else(vec_deque::Iter::default, |messages| {
                let at = messages.partition_point(|message| message.seq <= after);
                messages.range(at..)
            })
    }
}

impl Memory {
    /// What is kept of a conversation, the latest first.
    fn latest(&self, conversation: Conversation) -> impl Iterator<Item = &Message> {
        let (one, other) = match conversation {
            Conversation::All => (Stream::All, None),
            Conversation::Pair(one, other) if one == other => (Stream::User(one), None),
            Conversation::Pair(one, other) => (Stream::User(one), Some(Stream::User(other))),
        };
        let feed = move |stream: Option<Stream>| {
            let messages = stream.and_then(|stream| self.streams.get(&stream));
            let all = messages.into_iter().flat_map(|all| all.iter().rev());
            all.filter(move |message| message.conversation() == conversation)
                .peekable()
        };
        let (mut one, mut other) = (feed(Some(one)), feed(other));
        std::iter::from_fn(move || match (one.peek(), other.peek()) {
            (Some(a), Some(b)) if a.seq < b.seq => other.next(),
            (None, _) => other.next(),
            _ => one.next(),
        })
    }
}

impl Engine for Memory {
    fn load(&mut self) -> Result<Loaded, Failure> {
        Ok(Loaded {
            identity: None,
            saved: Saved::default(),
            room: self.room(),
            replayed: 0,
        })
    }

    fn save(&mut self, _beside: Beside) {
        // It would be gone with everything else.
    }

    fn append(&mut self, record: Record) {
        self.appended = record.seq;
        self.note_age(&record);
        if let What::Release { user, .. } = record.what {
            self.gone.release(user);
        }
        if let What::Message(message) = record.what {
            self.bytes += self.size_of(&message);
            self.streams
                .entry(message.to)
                .or_default()
                .push_back(message);
        }
    }

    fn commit(&mut self) -> Result<Seq, Failure> {
        Ok(self.appended)
    }

    fn room(&self) -> u64 {
        self.bytes_max.saturating_sub(self.bytes)
    }

    fn read(
        &self,
        user: UserId,
        after: Seq,
        messages_max: usize,
        bytes_max: usize,
    ) -> Result<Page, Failure> {
        let mut own = self.after(Stream::User(user), after).peekable();
        let mut all = self.after(Stream::All, after).peekable();
        let messages_there = own.len() + all.len();
        let mut page = Page {
            user,
            after,
            messages: Vec::with_capacity(messages_max.min(messages_there)),
            up_to: self.appended,
            removed: self.gone.after(user, after),
        };
        let mut bytes = 0;
        loop {
            let own_first = match (own.peek(), all.peek()) {
                (None, None) => return Ok(page),
                (Some(own), Some(all)) => own.seq < all.seq,
                (own, _) => own.is_some(),
            };
            let next =
                if own_first { own.next() } else { all.next() }.expect("the peek above saw it");
            bytes += next.frame().len();
            if page.messages.len() == messages_max
                || (bytes > bytes_max && !page.messages.is_empty())
            {
                page.up_to = page.messages.last().map_or(after, |last| last.seq);
                return Ok(page);
            }
            page.messages.push(next.clone());
        }
    }

    fn recall(&self, question: &Question) -> Result<Past, Failure> {
        let (mut past, mut bytes, mut expected) = (Past::default(), 0, None);
        for message in self.latest(question.conversation) {
            // Two feeds make a conversation, and one of them may have been forgotten further than the other.
            if expected.is_some_and(|expected| message.number.next() != expected) {
                break;
            }
            expected = Some(message.number);
            if message.number >= question.before {
                continue;
            }
            let is_next = message.number.next() == question.before || !past.messages.is_empty();
            bytes += message.frame().len();
            let full = bytes > question.bytes_max && !past.messages.is_empty();
            if !is_next || full || past.messages.len() == question.messages_max {
                past.more = is_next;
                break;
            }
            past.messages.push(message.clone());
        }
        past.messages.reverse();
        Ok(past)
    }

    fn forget(&mut self, stream: Stream, up_to: Seq) {
        let Some(messages) = self.streams.get_mut(&stream) else {
            return;
        };
        // A user who is gone reads nothing any more.
        let is_read = up_to < Seq(u64::MAX);
        while let Some(message) = messages.pop_front_if(|message| message.seq <= up_to) {
            self.bytes -= message.frame().len() as u64 + self.overhead;
            if is_read {
                self.gone.take(&message);
            }
        }
        if messages.is_empty() {
            self.streams.remove(&stream);
        }
    }

    fn trim(&mut self, up_to: Seq, age: u64) {
        let Some(kept) = self.kept_time_max else {
            return; // what there is too much of, the router has forgotten
        };
        let mut old = Seq(0);
        while let Some((seq, _)) = self
            .ages
            .pop_front_if(|(seq, then)| *seq <= up_to && *then + kept < age)
        {
            old = seq;
        }
        let streams: Vec<Stream> = self.streams.keys().copied().collect();
        for stream in streams.into_iter().filter(|_| old > Seq(0)) {
            self.forget(stream, old);
        }
    }
}
