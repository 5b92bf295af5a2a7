//! G1: what is told to be accepted is in the log, there and as it was told and written; the log only grows; and nobody
//! is told of a record that is not committed. (At level `memory`
//! a log lives as long as its server; that its end is told belongs to G6.)

use super::{Rule, Topic};
use crate::history::{ClassicNews, DeviceNews, Entry, Event, ServerNews, Tag, What, Who};
use crate::ledger::Ledger;
use verbatim_core::client::LineState;

#[derive(Default)]
pub(super) struct Durable {
    head: u64,
    /// The last record that anybody was told of.
    told: u64,
}

impl Rule for Durable {
    const NAME: &'static str = "G1 Durable";
    const TOPICS: &'static [Topic] = &[
        Topic::Log,
        Topic::Handed,
        Topic::Wire,
        Topic::Accepted,
        Topic::Classic,
    ];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Server(ServerNews::Started { kept, .. }) => {
                let outlives = kept.is_some();
                let kept = kept.unwrap_or(0);
                self.head = kept + 1;
                let told = std::mem::take(&mut self.told);
                if outlives && told > kept {
                    return Err(format!(
                        "record {told} was told to somebody, and the log that was kept ends at {kept}"
                    ));
                }
                self.told = kept;
            }
            What::Server(
                ServerNews::Delivering { seq, .. } | ServerNews::Forwarding { seq, .. },
            ) => {
                self.told = self.told.max(*seq);
            }
            What::Server(ServerNews::Appended { seq, entry, .. }) => {
                let before = std::mem::replace(&mut self.head, *seq);
                if *seq != before + 1 {
                    return Err(format!("record {seq} follows record {before}"));
                }
                if let Entry::Message { to, body, .. } = entry {
                    return is_as_written(ledger, *to, body);
                }
            }
            What::Server(ServerNews::Uncommitted { conn, seq }) => {
                return Err(format!(
                    "connection {conn} was told of record {seq}, which is not committed"
                ));
            }
            What::Device(
                who,
                DeviceNews::Line {
                    line,
                    state: LineState::Accepted { seq, number },
                },
            ) => {
                self.told = self.told.max(seq.0);
                return is_in_log(ledger, *who, *line, (seq.0, number.0));
            }
            What::Classic(who, ClassicNews::Answered { line, code: None }) => {
                let tag = Tag {
                    who: *who,
                    line: *line,
                };
                if ledger.find(tag).is_none() {
                    return Err(format!("{tag} was acknowledged and is in no log"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// Whether a record says what its sender wrote, and is for whom the sender named.
fn is_as_written(ledger: &Ledger, to: Option<u64>, body: &str) -> Result<(), String> {
    let tag = ledger.latest_tag();
    let tag = tag.ok_or_else(|| format!("nobody wrote {body:?}"))?;
    let person = ledger.people.get(tag.who);
    let line = person.and_then(|person| person.lines.get(tag.line));
    let Some(line) = line else {
        return Ok(()); // whose it is, and that it is there once, others judge
    };
    let log = ledger.logs.last().ok_or("a record without a log")?;
    let holder = to.and_then(|user| log.holders.get(&user));
    let meant = holder.map_or("ALL", |holder| holder.name.as_str());
    if *line.body != *body || !is_name(&line.to, meant) {
        return Err(format!(
            "{tag} stands in the log for {meant} as {body:?}, and was written for {} as {:?}",
            line.to, line.body
        ));
    }
    Ok(())
}

/// Whether two spellings are of one name. Most are the same spelling, which is seen sooner.
fn is_name(one: &str, other: &str) -> bool {
    one == other || one.eq_ignore_ascii_case(other)
}

fn is_in_log(ledger: &Ledger, who: Who, line: u64, told: (u64, u64)) -> Result<(), String> {
    let tag = Tag { who, line };
    let (seq, number) = told;
    let place = ledger.people[who]
        .place
        .ok_or("accepted before a welcome")?;
    let log = &ledger.logs[place.log];
    let Some((from, to, found, body)) = log.message(seq) else {
        return Err(format!("{tag} was accepted as {seq}, where no message is"));
    };
    let to = to.map_or("ALL", |user| log.holders[&user].name.as_str());
    let meant = &ledger.people[who].lines[line].to;
    let same = log.tag(seq) == Some(tag) && from == place.user && found == number;
    if !same || !is_name(to, meant) {
        return Err(format!(
            "{tag} to {meant} was accepted as {seq} number {number}, where the log has {found} to {to}: {body:?}"
        ));
    }
    Ok(())
}
