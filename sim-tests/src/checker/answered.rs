//! G12: a line ends accepted, rejected or unknown, on the ways that its states allow; what was told to be out of the
//! log is in none; and nothing is unknown without a session lost or a program ended.

use super::{Rule, Topic};
use crate::dense::ByTag;
use crate::history::{ClassicNews, DeviceNews, Entry, Event, ServerNews, Tag, What, Who};
use crate::ledger::Ledger;
use std::collections::BTreeMap;
use verbatim_core::client::{LineState, Notice};

#[derive(Default)]
pub(super) struct Answered {
    states: ByTag<LineState>,
    /// Lines that were told to be in no log.
    out: ByTag<()>,
    /// How many lines of somebody have become unknown, and the reason is still to be told.
    unknown: BTreeMap<Who, usize>,
}

impl Rule for Answered {
    const NAME: &'static str = "G12 Answered";
    const TOPICS: &'static [Topic] = &[
        Topic::Log,
        Topic::Line,
        Topic::Accepted,
        Topic::Receipt,
        Topic::Acked,
        Topic::Typed,
        Topic::Device,
        Topic::Classic,
    ];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Server(ServerNews::Appended {
                entry: Entry::Message { .. },
                seq,
                ..
            }) => match ledger
                .latest_tag()
                .filter(|tag| self.out.get(*tag).is_some())
            {
                Some(tag) => Err(format!("{tag} was told not to come, and is record {seq}")),
                None => Ok(()),
            },
            What::Device(who, DeviceNews::Line { line, state }) => {
                let tag = Tag {
                    who: *who,
                    line: *line,
                };
                self.on_state(ledger, tag, *state)
            }
            What::Device(who, news) => self.on_news(*who, news),
            What::Classic(who, ClassicNews::Answered { line, code }) => {
                let tag = Tag {
                    who: *who,
                    line: *line,
                };
                self.on_classic(ledger, tag, *code)
            }
            _ => Ok(()),
        }
    }
}

impl Answered {
    fn on_state(&mut self, ledger: &Ledger, tag: Tag, state: LineState) -> Result<(), String> {
        let before = self.states.insert(tag, state);
        if !may_follow(before, state) {
            return Err(format!("{tag} was {before:?} and is {state:?}"));
        }
        match state {
            LineState::Sent => is_in_time(ledger, tag),
            LineState::Unknown => {
                *self.unknown.entry(tag.who).or_default() += 1;
                Ok(())
            }
            LineState::Rejected(_)
            | LineState::Expired
            | LineState::Withdrawn
            | LineState::NoRoom => self.is_out(ledger, tag),
            _ => Ok(()),
        }
    }

    /// A line was told to be in no log.
    fn is_out(&mut self, ledger: &Ledger, tag: Tag) -> Result<(), String> {
        self.out.insert(tag, ());
        match ledger.find(tag) {
            Some((_, seq)) => Err(format!("{tag} was told not to come, and is record {seq}")),
            None => Ok(()),
        }
    }

    fn on_news(&mut self, who: Who, news: &DeviceNews) -> Result<(), String> {
        if let DeviceNews::Wrote { .. } | DeviceNews::Repeated { .. } | DeviceNews::SecretSeen =
            news
        {
            return Ok(()); // the client does not do these, so they can come between its line and its reason
        }
        let unknown = self.unknown.remove(&who).unwrap_or(0);
        match news {
            DeviceNews::Told(Notice::Lost { unanswered, .. }) if *unanswered != unknown => Err(
                format!("u{who} was told of {unanswered} unknown lines, and {unknown} are"),
            ),
            DeviceNews::Told(Notice::Lost { .. }) | DeviceNews::Ended { .. } => Ok(()),
            _ if unknown > 0 => Err(format!("lines of u{who} became unknown without a reason")),
            _ => Ok(()),
        }
    }

    fn on_classic(&mut self, ledger: &Ledger, tag: Tag, code: Option<u16>) -> Result<(), String> {
        let Some((at, seq)) = ledger.find(tag) else {
            self.out.insert(tag, ());
            return Ok(());
        };
        let log = &ledger.logs[at];
        let to = log.message(seq).and_then(|(_, to, ..)| to);
        let recipient = to.map(|user| &log.holders[&user]);
        let classic = recipient.filter(|holder| holder.is.1 == 0);
        let has = classic.is_some_and(|holder| holder.wrote.contains(seq));
        // One who goes before the commit did not receive (PROTOCOL.md, corner 31).
        let went = recipient.is_some_and(|holder| holder.released.is_some());
        match code {
            None if classic.is_some() && !has => Err(format!(
                "{tag} was acknowledged before its recipient received it"
            )),
            Some(code) if classic.is_some_and(|holder| holder.released.is_none()) && has => Err(
                format!("{tag} was answered {code}, and its recipient has it and is still there"),
            ),
            Some(_) if classic.is_none() && !went => {
                Err(format!("{tag} was refused, and is record {seq}"))
            }
            _ => Ok(()),
        }
    }
}

fn may_follow(before: Option<LineState>, state: LineState) -> bool {
    use LineState::{
        Accepted, Counted, Delivered, Expired, Left, NoRoom, Queued, Rejected, Sent, Unknown,
        Withdrawn,
    };
    match (before, state) {
        (None, Queued | NoRoom)
        | (Some(Queued), Sent | Withdrawn | Expired | Rejected(_))
        | (Some(Sent), Queued | Accepted { .. } | Rejected(_) | Unknown)
        | (Some(Accepted { .. }), Delivered | Left | Counted { .. }) => true,
        (Some(Counted { count: before, .. }), Counted { count, .. }) => before < count,
        _ => false,
    }
}

/// A line goes out before it is too old for it.
fn is_in_time(ledger: &Ledger, tag: Tag) -> Result<(), String> {
    let line = &ledger.people[tag.who].lines[tag.line];
    let (since, age) = line.since;
    let late = age.is_some_and(|age| ledger.now > since + age);
    late.then_some(())
        .map_or(Ok(()), |()| Err(format!("{tag} went out too old")))
}
