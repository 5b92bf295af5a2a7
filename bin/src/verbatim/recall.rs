//! What was said earlier: first what this device's store has, then what the server has of what is older.
//!
//! The two are put together here, so that nothing is shown twice: of what the server tells, only what lies before the
//! first thing that the store has of that conversation. Asked without a name, the store shows everything that it has,
//! and the server what was said to all.

use crate::device::{History, Until};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use verbatim_core::client::{LineState, Message, Recalled, WhyNoHistory};
use verbatim_core::code::Code;
use verbatim_core::id::{Number, Seq};
use verbatim_core::name::{Name, Recipient};
use verbatim_core::now::Wall;
use verbatim_core::wire::Ask;
use verbatim_net::Wanted;
use verbatim_net::store::{Past, Said, Store};

/// What stands for all conversations where there is no name.
const EVERY: &str = "*";

/// How far back everything was shown, and what the server is being asked.
#[derive(Debug)]
pub(crate) struct Recall {
    user: Name,
    /// By whom it is with.
    back: BTreeMap<String, Back>,
    /// In the order of the questions.
    waiting: VecDeque<(Wanted, History)>,
}

/// Where the next page of a history begins.
#[derive(Clone, Copy, Debug, Default)]
struct Back {
    /// Before this place of the store; `None`: at its end.
    place: Option<u64>,
    /// Before this number at the server, and the seq of what has it; `None`: where the store begins, or with the newest.
    number: Option<(Number, Option<Seq>)>,
}

impl Recall {
    pub(crate) fn new(user: Name) -> Recall {
        Recall {
            user,
            back: BTreeMap::new(),
            waiting: VecDeque::new(),
        }
    }

    /// What the store has of it; and what the server is to be asked, if that is not enough.
    pub(crate) fn ask(
        &mut self,
        wanted: Wanted,
        store: Option<&mut Store>,
    ) -> io::Result<Result<History, Ask>> {
        let mut history = History::default();
        let with = wanted.with.unwrap_or(Recipient::All);
        let mut before = self.back(wanted.with).number;
        if let Some(store) = store {
            history = self.page(wanted, store)?;
            if history.past.len() >= wanted.count {
                return Ok(Ok(history));
            }
            let first = store.first_of(with)?;
            before = before.or(first.map(|(seq, number)| (number, Some(seq))));
        }
        let missing = wanted.count - history.past.len();
        self.waiting.push_back((wanted, history));
        Ok(Err(Ask {
            with,
            before: before.map(|(number, _)| number),
            at: before.and_then(|(_, at)| at),
            count: Some(missing as u64),
        }))
    }

    /// The page of the store before what was shown of it last.
    pub(crate) fn page(&mut self, wanted: Wanted, store: &mut Store) -> io::Result<History> {
        let back = self.back(wanted.with);
        let before = back.place.unwrap_or(store.last() + 1);
        let page = store.page(wanted.with, before, wanted.count)?;
        back.place = Some(page.past.first().map_or(before, |past| past.place));
        let with_line = |past: Past| {
            let line = store.line_at(past.place);
            (past, line)
        };
        Ok(History {
            past: page.past.into_iter().map(with_line).collect(),
            until: Until::More,
        })
    }

    /// The server's answer to the first question, put before what the store had.
    pub(crate) fn on_recalled(
        &mut self,
        recalled: Recalled,
        store: Option<&mut Store>,
    ) -> io::Result<Option<(Wanted, History)>> {
        let Some((wanted, mut history)) = self.waiting.pop_front() else {
            return Ok(None);
        };
        self.back(wanted.with).number = recalled.first.map(|first| (first, recalled.at));
        let first = match store {
            Some(store) => store.first_of(recalled.with)?,
            None => None,
        };
        let is_older = |message: &Message| first.is_none_or(|(seq, _)| message.seq < seq);
        let older = recalled.messages.into_iter().filter(is_older);
        let older: Vec<_> = older.map(|message| (self.past(message), None)).collect();
        history.past.splice(0..0, older);
        history.until = match (recalled.more, recalled.removed) {
            (true, _) => Until::More,
            (false, Number(0)) => Until::Beginning,
            (false, removed) => Until::Removed(removed),
        };
        Ok(Some((wanted, history)))
    }

    /// The server does not answer the first question: what the store had is all, if there is one.
    pub(crate) fn on_none(
        &mut self,
        why: WhyNoHistory,
        has_store: bool,
    ) -> Option<(Wanted, History)> {
        let (wanted, history) = self.waiting.pop_front()?;
        if why == WhyNoHistory::Server(Code::UNABLE_TO_SEND) {
            // Who was meant holds that name no more; whoever does has a history that begins anew.
            self.back(wanted.with).number = None;
        }
        let until = match has_store {
            true => Until::NotAsked(why),
            false => Until::Nowhere(why),
        };
        Some((wanted, History { until, ..history }))
    }

    fn back(&mut self, with: Option<Recipient>) -> &mut Back {
        let name = with.map_or(EVERY.into(), |with| with.to_string());
        self.back.entry(name.to_ascii_lowercase()).or_default()
    }

    /// An own line is shown as one: what became of it beside that it is in the log, the server does not tell here.
    fn past(&self, message: Message) -> Past {
        let said = match message {
            Message {
                seq,
                from,
                to,
                number,
                time,
                body,
                ..
            } if from == self.user => Said::Line {
                taken: Wall(time),
                to,
                body,
                state: LineState::Accepted { seq, number },
            },
            message => Said::Message(message),
        };
        Past { place: 0, said }
    }
}
