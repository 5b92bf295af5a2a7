//! G12: a line ends accepted, rejected or unknown, on the ways that its states allow; what was told to be out of the
//! log is in none; and nothing is unknown without a session lost or a program ended.

use super::rule::{Rule, Verdict, wrong};
use crate::dense::{Dense, Owned};
use crate::history::{ClassicNews, DeviceNews, Tag, Who};
use crate::ledger::{Appended, Ledger, Told};
use verbatim_core::client::{LineState, Notice};

#[derive(Default)]
pub(super) struct Answered {
    /// Lines that were told to be in no log.
    out: Owned<()>,
    /// How many lines of somebody have become unknown, and the reason is still to be told.
    unknown: Dense<usize>,
}

impl Rule for Answered {
    const NAME: &'static str = "G12 Answered";

    #[inline]
    fn on_appended(&mut self, _: &Ledger, it: &Appended<'_>) -> Verdict {
        match it.tag.filter(|tag| self.out.get(tag.key()).is_some()) {
            Some(tag) => came(tag, it.seq),
            None => Ok(()),
        }
    }

    #[inline]
    fn on_line(&mut self, ledger: &Ledger, told: Told<'_>) -> Verdict {
        let Told { tag, state, before } = told;
        if !may_follow(before, *state) {
            return wrong(move || format!("{tag} was {before:?} and is {state:?}"));
        }
        match state {
            LineState::Sent => is_in_time(ledger, tag),
            LineState::Unknown => {
                *self.unknown.get_or_default(tag.who as u64) += 1;
                Ok(())
            }
            LineState::Rejected(_)
            | LineState::Expired
            | LineState::Withdrawn
            | LineState::NoRoom => self.is_out(ledger, tag),
            _ => Ok(()),
        }
    }

    #[inline]
    fn on_submitted(&mut self, _: &Ledger, who: Who) -> Verdict {
        has_reason(who, self.told_unknown(who))
    }

    #[inline]
    fn on_acked(&mut self, _: &Ledger, (who, _): (Who, u64)) -> Verdict {
        has_reason(who, self.told_unknown(who))
    }

    fn on_device(&mut self, _: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        if let DeviceNews::Repeated { .. } | DeviceNews::SecretSeen = news {
            return Ok(()); // the client does not do these, so they can come between its line and its reason
        }
        let unknown = self.told_unknown(who);
        match news {
            DeviceNews::Told(Notice::Lost { unanswered, .. }) if *unanswered != unknown => Err(
                format!("u{who} was told of {unanswered} unknown lines, and {unknown} are"),
            ),
            DeviceNews::Told(Notice::Lost { .. }) | DeviceNews::Ended { .. } => Ok(()),
            _ => has_reason(who, unknown),
        }
    }

    fn on_classic(&mut self, ledger: &Ledger, (who, news): (Who, &ClassicNews)) -> Verdict {
        let ClassicNews::Answered { line, code } = news else {
            return Ok(());
        };
        let line = *line;
        self.is_answered(ledger, Tag { who, line }, *code)
    }
}

impl Answered {
    /// How many lines of somebody became unknown since it was last told anything.
    #[inline]
    fn told_unknown(&mut self, who: Who) -> usize {
        self.unknown.remove(who as u64).unwrap_or(0)
    }

    /// A line was told to be in no log.
    #[inline(never)] // few lines come to this
    fn is_out(&mut self, ledger: &Ledger, tag: Tag) -> Verdict {
        self.out.insert(tag.key(), ());
        match ledger.find(tag) {
            Some((_, seq)) => came(tag, seq),
            None => Ok(()),
        }
    }

    fn is_answered(&mut self, ledger: &Ledger, tag: Tag, code: Option<u16>) -> Verdict {
        let Some((at, seq)) = ledger.find(tag) else {
            self.out.insert(tag.key(), ());
            return Ok(());
        };
        let log = &ledger.logs[at];
        let to = log.message(seq).and_then(|(_, to, ..)| to);
        let recipient = to.map(|user| &log.holders[user]);
        let classic = recipient.filter(|holder| holder.is_classic());
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

/// A line is in the log that was told to be out of it.
fn came(tag: Tag, seq: u64) -> Verdict {
    wrong(move || format!("{tag} was told not to come, and is record {seq}"))
}

/// Lines became unknown, and what happens next is no reason for it.
fn has_reason(who: Who, unknown: usize) -> Verdict {
    match unknown {
        0 => Ok(()),
        _ => wrong(move || format!("lines of u{who} became unknown without a reason")),
    }
}

#[inline]
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
#[inline]
fn is_in_time(ledger: &Ledger, tag: Tag) -> Verdict {
    let (since, age) = ledger.line(tag).since;
    match age.is_some_and(|age| ledger.now > since + age) {
        true => wrong(move || format!("{tag} went out too old")),
        false => Ok(()),
    }
}
