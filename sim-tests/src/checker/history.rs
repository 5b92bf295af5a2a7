//! History: what the server tells of what was said earlier is what the log has, in its order and without gaps; of a
//! conversation of two only what the asker took part in as the user that it is, with the one who holds the name; nothing
//! that the asker knows is missing, and what lies before it is told to be there, or to be gone.

use super::rule::{Rule, Verdict};
use crate::dense::Dense;
use crate::history::{DeviceNews, Who};
use crate::ledger::{Holder, Ledger, Log, Place};
use std::collections::VecDeque;
use std::time::Duration;
use verbatim_core::client::{Message, Notice, Recalled};
use verbatim_core::name::Recipient;

/// The user at the other end, or everybody.
type Partner = Option<u64>;

#[derive(Default)]
pub(super) struct Histories {
    asked: Dense<VecDeque<Asked>>,
}

/// A question.
struct Asked {
    at: Duration,
    count: u64,
    /// Who asked, whom that name meant, and the last number of that conversation that the asker knew.
    known: Option<(Place, Partner, u64)>,
    /// What its program had written last.
    wrote: Option<(u64, u64)>,
}

impl Rule for Histories {
    const NAME: &'static str = "History";

    fn on_device(&mut self, ledger: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        let asked = self.asked.get_or_default(who as u64);
        match news {
            DeviceNews::Began { .. } => asked.clear(),
            DeviceNews::Asked { with, count } => asked.push_back(Asked {
                at: ledger.now,
                count: *count,
                known: known(ledger, who, with),
                wrote: ledger.people[who].wrote,
            }),
            DeviceNews::Told(Notice::NoHistory { .. }) => drop(asked.pop_front()),
            DeviceNews::Recalled { epoch, recalled } => {
                let asked = asked.pop_front();
                let asked = asked.ok_or_else(|| format!("u{who} was told what it did not ask"))?;
                let judged = judge(ledger, who, *epoch, &asked, recalled);
                return judged.map_err(|what| format!("u{who} was told {recalled}: {what}"));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What somebody knows of a conversation when it asks for it.
fn known(ledger: &Ledger, who: Who, with: &str) -> Option<(Place, Partner, u64)> {
    let place = ledger.people[who].place?;
    let log = ledger.logs.get(place.log)?;
    let partner = match with {
        "ALL" => None,
        name => Some(log.holder_named(name)?),
    };
    let wrote = log.holders.get(place.user)?.wrote.iter();
    let lines = ledger.people[who].lines.iter();
    let accepted = lines.filter_map(|(_, line)| line.accepted);
    let own = accepted.filter_map(|(at, seq)| (at == place.log).then_some(seq));
    let number = |seq| is_of(log, place.user, partner, seq);
    let last = wrote.chain(own).filter_map(number).max();
    Some((place, partner, last.unwrap_or(0)))
}

/// The number of the message at that seq, if it is one of that user's conversation with that partner.
fn is_of(log: &Log, user: u64, partner: Partner, seq: u64) -> Option<u64> {
    let (from, to, number, _) = log.message(seq)?;
    let fits = match (partner, to) {
        (None, to) => to.is_none(),
        (Some(_), None) => false,
        (Some(partner), Some(to)) => (from, to) == (user, partner) || (from, to) == (partner, user),
    };
    fits.then_some(number)
}

fn judge(ledger: &Ledger, who: Who, epoch: u64, asked: &Asked, told: &Recalled) -> Verdict {
    let at = ledger.log_of(epoch).ok_or("a start that was not")?;
    let log = &ledger.logs[at];
    // The user that its connection is for. A second program with its device may be another by now.
    let user = ledger.people[who].place.filter(|place| place.log == at);
    let user = user.ok_or("somebody who is nobody")?.user;
    if told.messages.len() as u64 > asked.count {
        return Err(format!("it asked for {}", asked.count));
    }
    let mut partner = None;
    for message in &told.messages {
        as_in_log(log, message)?;
        let other = partner_in(log, user, message)?;
        if *partner.get_or_insert(other) != other {
            return Err("two conversations".into());
        }
    }
    if let Some(partner) = partner.flatten() {
        is_meant(&log.holders[partner], asked.at, told.with)?;
    }
    if let Some(partner) = partner {
        let had = asked.wrote.filter(|(epoch, _)| log.epochs.contains(epoch));
        let had = had.map_or(0, |(_, seq)| seq);
        nothing_between(log, (user, had), partner, told)?;
    }
    nothing_before(ledger, told)?;
    let place = Place { log: at, user };
    let same = |(known, meant, _): &(Place, Partner, u64)| {
        // A log that was kept may have lost its end, and that user with it.
        let there = |partner| {
            let holder = log.holders.get(partner);
            holder.is_some_and(|holder| holder.released.is_none())
        };
        *known == place && meant.is_none_or(there)
    };
    let last = told.last.map_or(0, |last| last.0);
    match asked.known.filter(same) {
        Some((_, _, number)) if last.max(told.removed.0) < number => {
            Err(format!("it knew number {number} when it asked"))
        }
        _ => Ok(()),
    }
}

fn as_in_log(log: &Log, told: &Message) -> Verdict {
    let seq = told.seq.0;
    let (from, to, number, body) = log
        .message(seq)
        .ok_or_else(|| format!("{seq} is no message"))?;
    let name = |user: u64| log.holders[user].name.as_str();
    let same = told.from.as_str() == name(from)
        && told.to.as_str() == to.map_or("ALL", name)
        && told.number.0 == number
        && told.body == body;
    match same {
        true => Ok(()),
        false => Err(format!("{seq} is something else in the log")),
    }
}

/// With whom that user shares a message.
fn partner_in(log: &Log, user: u64, told: &Message) -> Result<Partner, String> {
    match log.message(told.seq.0) {
        Some((_, None, ..)) => Ok(None),
        Some((from, Some(to), ..)) if from == user => Ok(Some(to)),
        Some((from, Some(to), ..)) if to == user => Ok(Some(from)),
        _ => Err(format!("{} is none of its business", told.seq)),
    }
}

/// Whether that is who held the name when it was asked for, or came to hold it since.
fn is_meant(partner: &Holder, asked: Duration, with: Recipient) -> Verdict {
    let named = partner.name.eq_ignore_ascii_case(with.as_str());
    match named && partner.released.is_none_or(|(_, at)| at >= asked) {
        true => Ok(()),
        false => Err("that one does not hold the name any more".into()),
    }
}

/// What is left out came, or comes, as a delivery behind what its program had when it asked.
fn nothing_between(
    log: &Log,
    (user, had): (u64, u64),
    partner: Partner,
    told: &Recalled,
) -> Verdict {
    let first = told.first.map_or(1, |first| first.0);
    let last = told.messages.last().map_or(0, |last| last.number.0);
    let seqs = 1..=log.head();
    let numbers = seqs.filter_map(|seq| Some((is_of(log, user, partner, seq)?, seq)));
    let mut told = told.messages.iter().map(|message| message.seq.0).peekable();
    for (_, seq) in numbers.filter(|(number, _)| (first..=last).contains(number)) {
        if told.next_if_eq(&seq).is_some() {
            continue;
        }
        if seq <= had || !log.holders[user].may_see(seq) {
            return Err(format!("{seq} is missing"));
        }
    }
    match told.next() {
        None => Ok(()),
        Some(seq) => Err(format!("{seq} does not stand in its order")),
    }
}

/// What lies before the first number is there, or is told to be gone, which it is only where the log forgets.
fn nothing_before(ledger: &Ledger, told: &Recalled) -> Verdict {
    let before = told.first.map(|first| first.0 - 1);
    match (told.more, told.removed.0) {
        (_, removed) if removed > 0 && ledger.keeps_all => {
            Err(format!("nothing up to {removed} was ever removed"))
        }
        (true, 0) if before == Some(0) => Err("there is nothing before number 1".into()),
        (true, 0) => Ok(()),
        (false, removed) if before.is_none_or(|before| before == removed) => Ok(()),
        _ => Err("it does not say what lies before it".into()),
    }
}
