//! G1: what is told to be accepted is in the log, there and as it was told and written; the log only grows; and nobody
//! is told of a record that is not committed. (At level `memory`
//! a log lives as long as its server; that its end is told belongs to G6.)

use super::rule::{Delivering, Rule, Verdict, wrong};
use crate::history::{ClassicNews, Entry, ServerNews, Tag, Who};
use crate::ledger::{Appended, Ledger, Record, Told};
use verbatim_core::client::LineState;

#[derive(Default)]
pub(super) struct Durable {
    head: u64,
    /// The last record that anybody was told of.
    told: u64,
}

impl Rule for Durable {
    const NAME: &'static str = "G1 Durable";

    fn on_started(&mut self, _: &Ledger, found: Option<u64>) -> Verdict {
        let kept = found.unwrap_or(0);
        self.head = kept + 1;
        let told = std::mem::take(&mut self.told);
        if found.is_some() && told > kept {
            return Err(format!(
                "record {told} was told to somebody, and the log that was kept ends at {kept}"
            ));
        }
        self.told = kept;
        Ok(())
    }

    #[inline]
    fn on_delivering(&mut self, _: &Ledger, it: Delivering) -> Verdict {
        self.told = self.told.max(it.seq);
        Ok(())
    }

    fn on_forwarding(&mut self, _: &Ledger, seq: u64) -> Verdict {
        self.told = self.told.max(seq);
        Ok(())
    }

    #[inline]
    fn on_appended(&mut self, ledger: &Ledger, it: &Appended<'_>) -> Verdict {
        let seq = it.seq;
        let before = std::mem::replace(&mut self.head, seq);
        if seq != before + 1 {
            return wrong(move || format!("record {seq} follows record {before}"));
        }
        match it.entry {
            Entry::Message { body, .. } => is_as_written(ledger, it, body),
            _ => Ok(()),
        }
    }

    fn on_door(&mut self, _: &Ledger, news: &ServerNews) -> Verdict {
        match news {
            ServerNews::Uncommitted { conn, seq } => Err(format!(
                "connection {conn} was told of record {seq}, which is not committed"
            )),
            _ => Ok(()),
        }
    }

    #[inline]
    fn on_line(&mut self, ledger: &Ledger, it: Told<'_>) -> Verdict {
        let LineState::Accepted { seq, number } = it.state else {
            return Ok(());
        };
        self.told = self.told.max(seq.0);
        is_in_log(ledger, it.tag, (seq.0, number.0))
    }

    fn on_classic(&mut self, ledger: &Ledger, (who, news): (Who, &ClassicNews)) -> Verdict {
        if let ClassicNews::Answered { line, code: None } = news {
            let line = *line;
            let tag = Tag { who, line };
            if ledger.find(tag).is_none() {
                return Err(format!("{tag} was acknowledged and is in no log"));
            }
        }
        Ok(())
    }
}

/// Whether a record says what its sender wrote, and is for whom the sender named.
fn is_as_written(ledger: &Ledger, it: &Appended<'_>, body: &str) -> Verdict {
    let Some(tag) = it.tag else {
        return wrong(|| format!("nobody wrote {body:?}"));
    };
    let person = ledger.people.get(tag.who);
    let line = person.and_then(|person| person.lines.get(tag.line));
    let Some(line) = line else {
        return Ok(()); // whose it is, and that it is there once, others judge
    };
    let meant = it.recipient.map_or("ALL", |holder| holder.name.as_str());
    if *line.body != *body || !is_name(&line.to, meant) {
        return wrong(move || {
            format!(
                "{tag} stands in the log for {meant} as {body:?}, and was written for {} as {:?}",
                line.to, line.body
            )
        });
    }
    Ok(())
}

/// Whether two spellings are of one name. Most are the same spelling, which is seen sooner.
#[inline]
fn is_name(one: &str, other: &str) -> bool {
    one == other || one.eq_ignore_ascii_case(other)
}

fn is_in_log(ledger: &Ledger, tag: Tag, (seq, number): (u64, u64)) -> Verdict {
    let Some(place) = ledger.people[tag.who].place else {
        return wrong(|| "accepted before a welcome".into());
    };
    let log = &ledger.logs[place.log];
    let Some(Record {
        entry:
            Some(Entry::Message {
                from,
                to,
                number: found,
                body,
                ..
            }),
        tag: line,
        ..
    }) = log.record(seq)
    else {
        return wrong(move || format!("{tag} was accepted as {seq}, where no message is"));
    };
    let to = to.map_or("ALL", |user| log.holders[user].name.as_str());
    let meant = &ledger.line(tag).to;
    let same = *line == Some(tag) && *from == place.user && *found == number;
    if !same || !is_name(to, meant) {
        return wrong(move || {
            format!(
                "{tag} to {meant} was accepted as {seq} number {number}, where the log has {found} to {to}: {body:?}"
            )
        });
    }
    Ok(())
}
