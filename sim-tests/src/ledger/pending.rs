//! What is still to happen before everything is kept that was promised (guarantee G13), told in words.

use super::{Ledger, Line, Person};
use crate::history::Who;
use crate::plan::Part;
use std::cell::OnceCell;
use std::fmt;
use std::time::Duration;
use verbatim_core::client::{LineState, WhyAway};

/// Within so long after its name was freed who waited for it has it.
const FREED_TIME: Duration = Duration::from_secs(30);

/// Something that is promised and has not happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack<'a> {
    who: Who,
    what: What<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What<'a> {
    Offline,
    Unsaid,
    Line(u64, &'a str, Fate),
    /// It has yet to hear that its session is lost.
    Lost,
    Unwritten(u64),
    /// Questions for what was said earlier.
    Unanswered(u64),
}

/// What is still to become of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Answer,
    Verdict,
    Receipt,
    Count { counted: u64, due: u64 },
}

impl Ledger {
    /// Everything that is promised to those who are online and has not happened. Who asks for the first only pays for no
    /// more.
    pub fn pending(&self) -> impl Iterator<Item = Lack<'_>> {
        let full = OnceCell::new();
        let people = self.people.iter().enumerate();
        let running = people.filter(|(_, person)| person.runs);
        running.flat_map(move |(who, person)| {
            let offline = !person.online && !self.is_barred(who);
            let offline = offline.then_some(What::Offline);
            let online = Some(person).filter(|person| person.online);
            let full = *full.get_or_init(|| self.is_full());
            let lines = online.map(|person| self.lines_pending(person, full));
            let feed = online.and_then(|person| self.feed_pending(person));
            let asks = online.map(|person| person.asks).filter(|asks| *asks > 0);
            let all = offline.into_iter().chain(lines.into_iter().flatten());
            let all = all.chain(asks.map(What::Unanswered));
            all.chain(feed).map(move |what| Lack { who, what })
        })
    }

    /// Those who stay away until they are asked to come back.
    pub fn away(&self) -> Vec<Who> {
        let away = |who: &Who| {
            let person = &self.people[*who];
            person.runs && person.away.is_some()
        };
        (0..self.people.len()).filter(away).collect()
    }

    /// Whether somebody else holds the name of somebody, or has just freed it.
    fn is_barred(&self, who: Who) -> bool {
        let person = &self.people[who];
        let is_device = matches!(person.part, Part::Device { .. });
        let taken = match &person.away {
            Some(WhyAway::NameTaken { .. }) => true,
            Some(_) => false,
            // One that waits for its name, or a classic one, says only that it tries again.
            None => true,
        };
        let Some(log) = self.logs.last() else {
            return false;
        };
        let Some(holder) = log.named(&person.name) else {
            let freed = log.freed(&person.name);
            return taken && freed.is_some_and(|at| self.now < at + FREED_TIME);
        };
        let device = if is_device { person.device } else { 0 };
        taken && holder.is != (who, device)
    }

    fn lines_pending<'a>(
        &'a self,
        person: &'a Person,
        full: bool,
    ) -> impl Iterator<Item = What<'a>> + 'a {
        let unsaid = (person.typed > 0).then_some(What::Unsaid);
        let pending = person.open_lines().filter_map(move |number| {
            let line = person.lines.get(number);
            let line = line.filter(|line| line.program == person.programs)?;
            let fate = self.line_pending(person, number, line, full)?;
            Some(What::Line(number, &line.to, fate))
        });
        unsaid.into_iter().chain(pending)
    }

    fn line_pending(&self, person: &Person, number: u64, line: &Line, full: bool) -> Option<Fate> {
        if let Part::Classic { .. } = person.part {
            return (!line.answered).then_some(Fate::Answer);
        }
        match *person.states.get(number)? {
            LineState::Queued | LineState::Sent => (!full).then_some(Fate::Verdict),
            LineState::Accepted { .. } if !line.lost => self.receipt_pending(line, 0),
            LineState::Counted { count, .. } if !line.lost => self.receipt_pending(line, count),
            _ => None,
        }
    }

    /// Which receipt is still to come for an accepted line of which `counted` recipients are known to have it.
    fn receipt_pending(&self, line: &Line, counted: u64) -> Option<Fate> {
        let (at, seq) = line.accepted?;
        let log = &self.logs[at];
        if at + 1 < self.logs.len() {
            return None; // its sender has yet to hear that all is lost
        }
        let (_, to, ..) = log.message(seq)?;
        if let Some(user) = to {
            let holder = &log.holders[user];
            let due = holder.released.is_some() || self.is_online(user);
            return due.then_some(Fate::Receipt);
        }
        if !log.is_latest_to_all(seq, self.counted_max) {
            return None;
        }
        if self.gives_up && seq <= log.found {
            return None; // what was given up around a crash is not counted (PROTOCOL.md, corner 39)
        }
        let has = |(user, holder): &(u64, &super::Holder)| {
            holder.wrote.contains(seq)
                && !holder.given_up.contains(seq)
                && holder.released.is_none()
                && self.is_online(*user)
        };
        let due = log.holders.iter().filter(has).count() as u64;
        (counted < due).then_some(Fate::Count { counted, due })
    }

    /// Whether a user of the current log is online, as that user.
    fn is_online(&self, user: u64) -> bool {
        let log = self.logs.len() - 1;
        let (who, _) = self.logs[log].holders[user].is;
        let person = &self.people[who];
        person.runs && person.online && person.place == Some(super::Place { log, user })
    }

    fn feed_pending(&self, person: &Person) -> Option<What<'_>> {
        let place = person.place?;
        let log = &self.logs[place.log];
        let holder = log.holders.get(place.user)?;
        if place.log + 1 < self.logs.len() || holder.released.is_some() {
            return Some(What::Lost);
        }
        holder.missing_before(u64::MAX, log).map(What::Unwritten)
    }
}

impl Person {
    /// The lines of which anything may still come: of a session user's lines few have such a state.
    fn open_lines(&self) -> impl Iterator<Item = u64> {
        let is_open = |state: &LineState| {
            matches!(
                state,
                LineState::Queued
                    | LineState::Sent
                    | LineState::Accepted { .. }
                    | LineState::Counted { .. }
            )
        };
        let is_classic = matches!(self.part, Part::Classic { .. });
        let told = self.states.iter().filter(move |(_, state)| is_open(state));
        let told = (!is_classic).then(|| told.map(|(number, _)| number));
        let said = is_classic.then(|| self.lines.iter().map(|(number, _)| number));
        told.into_iter().flatten().chain(said.into_iter().flatten())
    }
}

impl fmt::Display for Lack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "u{} ", self.who)?;
        match self.what {
            What::Offline => f.write_str("is not online"),
            What::Unsaid => f.write_str("has lines to say"),
            What::Line(number, to, fate) => write!(f, "line {number} to {to}: {fate}"),
            What::Lost => f.write_str("has yet to hear that its session is lost"),
            What::Unwritten(seq) => write!(f, "has not written {seq}"),
            What::Unanswered(asks) => write!(f, "has {asks} questions without an answer"),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fate::Answer => f.write_str("no answer"),
            Fate::Verdict => f.write_str("neither accepted nor rejected"),
            Fate::Receipt => f.write_str("neither delivered nor left"),
            Fate::Count { counted, due } => write!(f, "counted {counted} and {due} have it"),
        }
    }
}
