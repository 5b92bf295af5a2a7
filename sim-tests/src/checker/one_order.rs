//! G4: everybody sees what the log has, as it has it and in its order; numbers of conversations have no gaps.

use super::rule::{Delivering, Rule, Verdict, wrong};
use crate::dense::Dense;
use crate::history::{ClassicNews, DeviceNews, Entry, ServerNews, Who};
use crate::ledger::{Appended, Ledger, Record, Wrote};
use verbatim_core::client::Notice;
use verbatim_core::name::Recipient;

#[derive(Default)]
pub(super) struct OneOrder {
    numbers: Numbers,
    /// What was handed to each connection last.
    handed: Dense<u64>,
}

/// The last number of each conversation.
#[derive(Default)]
struct Numbers {
    of_all: u64,
    /// By the claims of the two, the earlier one first.
    of_two: Dense<Dense<u64>>,
}

impl Numbers {
    /// A message of that number came to a conversation; gives the number before it.
    #[inline]
    fn put(&mut self, from: u64, to: Option<u64>, number: u64) -> u64 {
        let Some(to) = to else {
            return std::mem::replace(&mut self.of_all, number);
        };
        let of_two = self.of_two.get_or_default(from.min(to));
        of_two.insert(from.max(to), number).unwrap_or(0)
    }
}

impl Rule for OneOrder {
    const NAME: &'static str = "G4 One order";

    /// The log goes on as far as it was kept.
    fn on_started(&mut self, ledger: &Ledger, _: Option<u64>) -> Verdict {
        self.numbers = Numbers::default();
        if let Some(log) = ledger.logs.last() {
            for (from, to, number, _) in (1..=log.head()).filter_map(|seq| log.message(seq)) {
                self.numbers.put(from, to, number);
            }
        }
        Ok(())
    }

    #[inline]
    fn on_appended(&mut self, _: &Ledger, it: &Appended<'_>) -> Verdict {
        let Entry::Message {
            from, to, number, ..
        } = it.entry
        else {
            return Ok(());
        };
        let before = self.numbers.put(*from, *to, *number);
        if *number != before + 1 {
            let seq = it.seq;
            return wrong(move || format!("record {seq} has number {number} after {before}"));
        }
        Ok(())
    }

    fn on_door(&mut self, _: &Ledger, news: &ServerNews) -> Verdict {
        if let ServerNews::Ended(conn) = news {
            self.handed.remove(*conn);
        }
        Ok(())
    }

    #[inline]
    fn on_delivering(&mut self, _: &Ledger, it: Delivering) -> Verdict {
        let Delivering { conn, seq, .. } = it;
        let before = self.handed.insert(conn, seq).unwrap_or(0);
        match seq <= before {
            true => wrong(move || format!("{seq} went to connection {conn} after {before}")),
            false => Ok(()),
        }
    }

    fn on_device(&mut self, _: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        match news {
            DeviceNews::Told(notice @ Notice::Gap { .. }) => {
                Err(format!("u{who} was told: {notice}"))
            }
            _ => Ok(()),
        }
    }

    #[inline]
    fn on_wrote(&mut self, _: &Ledger, it: &Wrote<'_>) -> Verdict {
        let (who, seq) = (it.who, it.message.seq.0);
        match it.before {
            Some((epoch, before)) if epoch == it.epoch && before >= seq => {
                wrong(move || format!("u{who} wrote {seq} after {before}"))
            }
            _ => is_as_in_log(it),
        }
    }

    fn on_classic(&mut self, ledger: &Ledger, (who, _): (Who, &ClassicNews)) -> Verdict {
        match &ledger.people[who].misheard {
            Some(misheard) => Err(format!("u{who} heard out of order {misheard}")),
            None => Ok(()),
        }
    }
}

fn is_as_in_log(it: &Wrote<'_>) -> Verdict {
    let (who, wrote, seq) = (it.who, it.message, it.message.seq.0);
    let Some(log) = it.log else {
        return wrong(move || format!("u{who} wrote {seq} of a start that was not"));
    };
    let Some(Record {
        entry: Some(Entry::Message {
            to, number, body, ..
        }),
        ..
    }) = it.record
    else {
        return wrong(move || format!("u{who} wrote {seq}, where no message is"));
    };
    let to = to.map_or("ALL", |user| log.holders[user].name.as_str());
    let same_to = match &wrote.to {
        Recipient::All => to == "ALL",
        Recipient::User(name) => to.as_bytes() == name.as_bytes(),
    };
    if wrote.number.0 != *number || !same_to || !it.same_text {
        return wrong(move || {
            format!(
                "u{who} wrote {seq} as number {} to {}: {:?}, where the log has {number} to {to}: {body:?}",
                wrote.number, wrote.to, wrote.body
            )
        });
    }
    if !it.holder.is_some_and(|holder| holder.may_see(seq)) {
        return wrong(move || format!("u{who} wrote {seq}, which is not for it"));
    }
    Ok(())
}
