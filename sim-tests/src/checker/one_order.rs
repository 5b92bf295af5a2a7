//! G4: everybody sees what the log has, as it has it and in its order; numbers of conversations have no gaps.

use super::{Rule, Topic};
use crate::dense::Dense;
use crate::history::{DeviceNews, Entry, Event, ServerNews, What, Who};
use crate::ledger::Ledger;
use std::collections::BTreeMap;
use verbatim_core::client::{Message, Notice};
use verbatim_core::name::Recipient;

/// Two users, or everybody.
type Conversation = Option<(u64, u64)>;

#[derive(Default)]
pub(super) struct OneOrder {
    numbers: BTreeMap<Conversation, u64>,
    /// What somebody's program wrote last, and of which start of the server.
    wrote: Dense<(u64, u64)>,
    /// What was handed to each connection last.
    handed: Dense<u64>,
}

impl Rule for OneOrder {
    const NAME: &'static str = "G4 One order";
    const TOPICS: &'static [Topic] = &[
        Topic::Log,
        Topic::Handed,
        Topic::Wire,
        Topic::Wrote,
        Topic::Device,
        Topic::Classic,
    ];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Server(ServerNews::Started { .. }) => self.on_started(ledger),
            What::Server(ServerNews::Appended {
                seq,
                entry: Entry::Message {
                    from, to, number, ..
                },
                ..
            }) => self.on_number(*seq, to.map(|to| (to.min(*from), to.max(*from))), *number)?,
            What::Server(ServerNews::Ended(conn)) => drop(self.handed.remove(*conn)),
            What::Server(ServerNews::Delivering { conn, seq, .. }) => {
                let before = self.handed.insert(*conn, *seq).unwrap_or(0);
                if *seq <= before {
                    return Err(format!("{seq} went to connection {conn} after {before}"));
                }
            }
            What::Device(who, DeviceNews::Began { .. }) => drop(self.wrote.remove(*who as u64)),
            What::Device(who, DeviceNews::Told(notice @ Notice::Gap { .. })) => {
                return Err(format!("u{who} was told: {notice}"));
            }
            What::Device(who, DeviceNews::Wrote { epoch, message }) => {
                self.on_wrote(*who, *epoch, message.seq.0)?;
                is_as_in_log(ledger, *who, *epoch, message)?;
            }
            What::Classic(who, _) => {
                if let Some(misheard) = &ledger.people[*who].misheard {
                    return Err(format!("u{who} heard out of order {misheard}"));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl OneOrder {
    /// The log goes on as far as it was kept.
    fn on_started(&mut self, ledger: &Ledger) {
        self.numbers.clear();
        if let Some(log) = ledger.logs.last() {
            for (from, to, number, _) in (1..=log.head()).filter_map(|seq| log.message(seq)) {
                let of = to.map(|to| (to.min(from), to.max(from)));
                self.numbers.insert(of, number);
            }
        }
    }

    fn on_number(&mut self, seq: u64, of: Conversation, number: u64) -> Result<(), String> {
        let before = self.numbers.insert(of, number).unwrap_or(0);
        if number != before + 1 {
            return Err(format!("record {seq} has number {number} after {before}"));
        }
        Ok(())
    }

    fn on_wrote(&mut self, who: Who, epoch: u64, seq: u64) -> Result<(), String> {
        let before = self.wrote.insert(who as u64, (epoch, seq));
        match before {
            Some((known, before)) if known == epoch && before >= seq => {
                Err(format!("u{who} wrote {seq} after {before}"))
            }
            _ => Ok(()),
        }
    }
}

fn is_as_in_log(ledger: &Ledger, who: Who, epoch: u64, wrote: &Message) -> Result<(), String> {
    let seq = wrote.seq.0;
    let log = ledger.log_of(epoch).map(|log| &ledger.logs[log]);
    let log = log.ok_or_else(|| format!("u{who} wrote {seq} of a start that was not"))?;
    let (_, to, number, body) = log
        .message(seq)
        .ok_or_else(|| format!("u{who} wrote {seq}, where no message is"))?;
    let to = to.map_or("ALL", |user| log.holders[&user].name.as_str());
    let same_to = match wrote.to {
        Recipient::All => to == "ALL",
        Recipient::User(name) => to.as_bytes() == name.as_bytes(),
    };
    if wrote.number.0 != number || !same_to || wrote.body != body {
        return Err(format!(
            "u{who} wrote {seq} as number {} to {}: {:?}, where the log has {number} to {to}: {body:?}",
            wrote.number, wrote.to, wrote.body
        ));
    }
    let holder = ledger.writer.and_then(|place| ledger.holder(place));
    if !holder.is_some_and(|holder| holder.may_see(seq)) {
        return Err(format!("u{who} wrote {seq}, which is not for it"));
    }
    Ok(())
}
