//! What happens at a classic user's end, folded. What it hears has no seqs: it is found in its feed, in order.

use super::{Ledger, Line, Place};
use crate::history::{ClassicNews, Who};

/// A message that a classic user is hearing, in one piece or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearing {
    /// Which.
    pub seq: u64,
    /// Bytes heard.
    pub bytes: usize,
    /// It has heard all.
    pub whole: bool,
}

impl Ledger {
    /// Folds in what happens at a classic user's end.
    pub(crate) fn on_classic(&mut self, who: Who, news: &ClassicNews) {
        let now = self.now;
        let person = &mut self.people[who];
        match news {
            ClassicNews::Began => {
                person.runs = true;
                person.programs += 1;
            }
            ClassicNews::Ended => {
                person.runs = false;
                person.typed = 0;
                self.part(who);
            }
            ClassicNews::Parted(_) => self.part(who),
            ClassicNews::Registered => self.on_registered(who),
            ClassicNews::Typed { .. } => person.typed += 1,
            ClassicNews::Said { line, to, body } => {
                person.typed -= 1;
                let text = (to.as_str().into(), body.as_str().into());
                let said = Line::new(text, (now, None), person.programs);
                person.lines.insert(*line, said);
            }
            ClassicNews::Answered { line, .. } => {
                if let Some(line) = person.lines.get_mut(*line) {
                    line.answered = true;
                }
            }
            ClassicNews::Heard { from, text } => self.on_heard(who, from, text),
            ClassicNews::Received => self.on_received(who),
            ClassicNews::Taken | ClassicNews::Complained | ClassicNews::Misread(_) => {}
        }
    }

    fn part(&mut self, who: Who) {
        let person = &mut self.people[who];
        person.online = false;
        person.hearing = None;
        // Nobody waits for these answers any more.
        person
            .lines
            .values_mut()
            .for_each(|line| line.answered = true);
    }

    fn on_registered(&mut self, who: Who) {
        let log = self.logs.len() - 1;
        let user = self.logs[log].user_before(who, 0, u64::MAX);
        let person = &mut self.people[who];
        person.online = true;
        person.place = user.map(|user| Place { log, user });
    }

    fn on_heard(&mut self, who: Who, from: &str, text: &str) {
        let Some(place) = self.people[who].place else {
            return;
        };
        let (log, before) = (&self.logs[place.log], self.people[who].hearing);
        let holder = &log.holders[place.user];
        let heard = match before {
            Some(hearing) if !hearing.whole => Some((hearing.seq, hearing.bytes)),
            _ => {
                let after = before.map_or(0, |hearing| hearing.seq);
                let next = holder.visible.iter().find(|seq| **seq > after);
                next.map(|seq| (*seq, 0))
            }
        };
        let fits = |(seq, at): &(u64, usize)| {
            log.message(*seq).is_some_and(|(sender, _, _, body)| {
                log.holders[sender].name == from
                    && body.get(*at..).is_some_and(|rest| rest.starts_with(text))
            })
        };
        match heard.filter(fits) {
            None => self.people[who].misheard = Some(format!("{from}: {text:?}")),
            Some((seq, at)) => {
                let bytes = at + text.len();
                let whole = log
                    .message(seq)
                    .is_some_and(|(.., body)| body.len() == bytes);
                self.people[who].hearing = Some(Hearing { seq, bytes, whole });
            }
        }
    }

    fn on_received(&mut self, who: Who) {
        let person = &self.people[who];
        let Some((place, hearing)) = person.place.zip(person.hearing) else {
            return;
        };
        if let Some(holder) = self.holder_mut(place).filter(|_| hearing.whole) {
            holder.wrote.insert(hearing.seq);
        }
    }
}
