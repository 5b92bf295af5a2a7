//! What is still to happen before everything is kept that was promised (guarantee G13), told in words.

use super::{Ledger, Line, Person};
use crate::history::Who;
use crate::plan::Part;
use std::time::Duration;
use verbatim_core::client::{LineState, WhyAway};

/// Within so long after its name was freed who waited for it has it.
const FREED_TIME: Duration = Duration::from_secs(30);

impl Ledger {
    /// Everything that is promised to those who are online and has not happened.
    pub fn pending(&self) -> Vec<String> {
        let mut pending = Vec::new();
        for (who, person) in self.people.iter().enumerate() {
            if !person.runs {
                continue;
            }
            if !person.online {
                if !self.is_barred(who) {
                    pending.push(format!("u{who} is not online"));
                }
                continue;
            }
            self.lines_pending(who, person, &mut pending);
            self.feed_pending(who, person, &mut pending);
        }
        pending
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

    fn lines_pending(&self, who: Who, person: &Person, pending: &mut Vec<String>) {
        if person.typed > 0 {
            pending.push(format!("u{who} has lines to say"));
        }
        let current = |line: &&Line| line.program == person.programs;
        for (number, line) in &person.lines {
            if let Some(what) = Some(line)
                .filter(current)
                .and_then(|line| self.line_pending(person, line))
            {
                pending.push(format!("u{who} line {number} to {}: {what}", line.to));
            }
        }
    }

    /// What is still to become of a line.
    fn line_pending(&self, person: &Person, line: &Line) -> Option<String> {
        if let Part::Classic { .. } = person.part {
            return (!line.answered).then(|| "no answer".into());
        }
        match line.state? {
            LineState::Queued | LineState::Sent if self.is_full() => None,
            LineState::Queued | LineState::Sent => Some("neither accepted nor rejected".into()),
            LineState::Accepted { .. } if !line.lost => self.receipt_pending(line, 0),
            LineState::Counted { count, .. } if !line.lost => self.receipt_pending(line, count),
            _ => None,
        }
    }

    /// Which receipt is still to come for an accepted line of which `counted` recipients are known to have it.
    fn receipt_pending(&self, line: &Line, counted: u64) -> Option<String> {
        let (at, seq) = line.accepted?;
        let log = &self.logs[at];
        if at + 1 < self.logs.len() {
            return None; // its sender has yet to hear that all is lost
        }
        let (_, to, ..) = log.message(seq)?;
        let online = |user: &u64| self.is_online(*user);
        if let Some(user) = to {
            let holder = &log.holders[&user];
            let due = holder.released.is_some() || online(&user);
            return due.then(|| "neither delivered nor left".into());
        }
        if !log.is_latest_to_all(seq, self.counted_max) {
            return None;
        }
        let has = |(user, holder): &(&u64, &super::Holder)| {
            holder.wrote.contains(&seq)
                && !holder.given_up.contains(&seq)
                && holder.released.is_none()
                && online(user)
        };
        let due = log.holders.iter().filter(has).count() as u64;
        (counted < due).then(|| format!("counted {counted} and {due} have it"))
    }

    /// Whether a user of the current log is online, as that user.
    fn is_online(&self, user: u64) -> bool {
        let log = self.logs.len() - 1;
        let (who, _) = self.logs[log].holders[&user].is;
        let person = &self.people[who];
        person.runs && person.online && person.place == Some(super::Place { log, user })
    }

    fn feed_pending(&self, who: Who, person: &Person, pending: &mut Vec<String>) {
        let Some(place) = person.place else { return };
        let log = &self.logs[place.log];
        let Some(holder) = log.holders.get(&place.user) else {
            return;
        };
        if place.log + 1 < self.logs.len() || holder.released.is_some() {
            pending.push(format!("u{who} has yet to hear that its session is lost"));
            return;
        }
        if let Some(seq) = holder.missing(log).next() {
            pending.push(format!("u{who} has not written {seq}"));
        }
    }
}
