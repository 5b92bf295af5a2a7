//! G8: a session has one connection; what an older one says has no effect; connection counters only grow; who was
//! replaced does not come back by itself; and nobody speaks for a name that somebody else holds.

use super::rule::{Rule, Verdict, wrong};
use crate::dense::{Marks, Owned};
use crate::history::{Conn, DeviceNews, Entry, ServerNews, What, Who};
use crate::ledger::{Appended, Holder, Ledger};
use crate::plan::{Act, Deed, Step};
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::client::{Notice, WhyAway};

#[derive(Default)]
pub(super) struct Fencing {
    /// The connection of each device's session, and its counter.
    bound: Owned<(Conn, u64)>,
    closed: Marks,
    /// Devices that gave up their names, the latest one last.
    former: Vec<(Who, u64)>,
    /// Names, and the claims that they are held by.
    names: BTreeMap<String, u64>,
    /// Those claims.
    named: Marks,
    /// Who was told to stay away.
    away: BTreeSet<Who>,
    /// Whose device another program has used.
    usurped: BTreeSet<Who>,
}

impl Rule for Fencing {
    const NAME: &'static str = "G8 Fencing";

    fn on_started(&mut self, ledger: &Ledger, _: Option<u64>) -> Verdict {
        self.bound = Owned::default();
        self.former.clear();
        let holders = ledger.logs.last().into_iter();
        let holders = holders.flat_map(|log| log.holders.iter());
        let held = holders.filter(|(_, holder)| holder.released.is_none());
        let name = |(user, holder): (u64, &Holder)| (holder.name.to_ascii_lowercase(), user);
        self.names = held.map(name).collect();
        self.named = self.names.values().copied().collect();
        Ok(())
    }

    fn on_door(&mut self, ledger: &Ledger, news: &ServerNews) -> Verdict {
        match news {
            ServerNews::Closing { conn, .. } | ServerNews::Ended(conn) => {
                self.closed.insert(*conn);
                Ok(())
            }
            ServerNews::Bound {
                conn,
                who,
                device,
                attempt,
                ..
            } => self.on_bound(ledger, (*who, *device), *conn, *attempt),
            _ => Ok(()),
        }
    }

    #[inline]
    fn on_appended(&mut self, ledger: &Ledger, it: &Appended<'_>) -> Verdict {
        match it.entry {
            Entry::Claim { name, .. } => self.on_claim(name, it.seq),
            Entry::Release { user } => {
                self.on_release(ledger, *user);
                Ok(())
            }
            Entry::Message { from, .. } => {
                if it.by.is_some_and(|by| self.closed.contains(by)) {
                    let seq = it.seq;
                    return wrong(move || format!("a closed connection wrote record {seq}"));
                }
                self.speaks(it.sender, it.seq, *from)
            }
        }
    }

    fn on_plan(&mut self, _: &Ledger, what: &What) -> Verdict {
        if let What::Plan(Step {
            deed: Deed::Do(who, Act::Usurp(_)),
            ..
        }) = what
        {
            self.usurped.insert(*who);
        }
        Ok(())
    }

    fn on_device(&mut self, _: &Ledger, (who, news): (Who, &DeviceNews)) -> Verdict {
        match news {
            DeviceNews::Told(Notice::Away(WhyAway::Replaced)) if !self.usurped.contains(&who) => {
                return Err(format!("u{who} was told that it is replaced, and by whom?"));
            }
            DeviceNews::Told(Notice::Away(_)) => drop(self.away.insert(who)),
            DeviceNews::Returned | DeviceNews::Began { .. } => drop(self.away.remove(&who)),
            DeviceNews::Connects if self.away.contains(&who) => {
                return Err(format!("u{who} came back by itself"));
            }
            _ => {}
        }
        Ok(())
    }
}

impl Fencing {
    fn on_bound(
        &mut self,
        ledger: &Ledger,
        device: (Who, u64),
        conn: Conn,
        attempt: u64,
    ) -> Verdict {
        let who = device.0;
        let Some((older, before)) = self.bound.insert(device, (conn, attempt)) else {
            return Ok(());
        };
        if !self.closed.contains(older) {
            return Err(format!("u{who} has connections {older} and {conn}"));
        }
        if attempt <= before && !self.is_forgotten(ledger, device) {
            return Err(format!("u{who}'s try {attempt} was taken after {before}"));
        }
        Ok(())
    }

    /// Whether so many devices have given up their names since that one did that it is remembered no more.
    fn is_forgotten(&self, ledger: &Ledger, device: (Who, u64)) -> bool {
        let since = self
            .former
            .iter()
            .rev()
            .position(|former| *former == device);
        since.is_some_and(|since| since >= ledger.former_max)
    }

    fn on_claim(&mut self, name: &str, seq: u64) -> Verdict {
        self.named.insert(seq);
        match self.names.insert(name.to_ascii_lowercase(), seq) {
            Some(held) => Err(format!("{name} was claimed at {seq}, held since {held}")),
            None => Ok(()),
        }
    }

    fn on_release(&mut self, ledger: &Ledger, user: u64) {
        self.names.retain(|_, held| *held != user);
        self.named.remove(user);
        let log = ledger.logs.last();
        let holder = log.and_then(|log| log.holders.get(user));
        if let Some(device) = holder.map(|holder| holder.is).filter(|is| is.1 > 0) {
            self.former.retain(|former| *former != device);
            self.former.push(device);
        }
    }

    /// Whether the sender of a message has a connection that is its own.
    #[inline]
    fn speaks(&self, sender: Option<&Holder>, seq: u64, from: u64) -> Verdict {
        let Some(holder) = sender else {
            return wrong(move || format!("nobody wrote record {seq}"));
        };
        if !self.named.contains(from) {
            let name = &holder.name;
            return wrong(move || format!("{name} has no name any more and wrote record {seq}"));
        }
        let bound = self.bound.get(holder.is);
        let open = bound.is_some_and(|(conn, _)| !self.closed.contains(*conn));
        match !holder.is_classic() && !open {
            true => {
                let (who, _) = holder.is;
                wrong(move || format!("u{who} wrote record {seq} without a connection"))
            }
            false => Ok(()),
        }
    }
}
