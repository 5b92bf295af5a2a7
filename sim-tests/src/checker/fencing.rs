//! G8: a session has one connection; what an older one says has no effect; connection counters only grow; who was
//! replaced does not come back by itself; and nobody speaks for a name that somebody else holds.

use super::{Rule, Topic};
use crate::dense::Marks;
use crate::history::{Conn, DeviceNews, Entry, Event, ServerNews, What, Who};
use crate::ledger::Ledger;
use crate::plan::{Act, Deed, Step};
use std::collections::{BTreeMap, BTreeSet};
use verbatim_core::client::{Notice, WhyAway};

#[derive(Default)]
pub(super) struct Fencing {
    /// The connection of each device's session, and its counter.
    bound: BTreeMap<(Who, u64), (Conn, u64)>,
    closed: Marks,
    /// Devices that gave up their names, the latest one last.
    former: Vec<(Who, u64)>,
    /// Names, and the claims that they are held by.
    names: BTreeMap<String, u64>,
    /// Who was told to stay away.
    away: BTreeSet<Who>,
    /// Whose device another program has used.
    usurped: BTreeSet<Who>,
}

impl Rule for Fencing {
    const NAME: &'static str = "G8 Fencing";
    const TOPICS: &'static [Topic] = &[Topic::Log, Topic::Wire, Topic::Device, Topic::Plan];

    fn see(&mut self, ledger: &Ledger, event: &Event) -> Result<(), String> {
        match &event.what {
            What::Server(ServerNews::Started { .. }) => {
                self.bound.clear();
                self.former.clear();
                let holders = ledger.logs.last().into_iter().flat_map(|log| &log.holders);
                let held = holders.filter(|(_, holder)| holder.released.is_none());
                let name = |(user, holder): (&u64, &crate::ledger::Holder)| {
                    (holder.name.to_ascii_lowercase(), *user)
                };
                self.names = held.map(name).collect();
                Ok(())
            }
            What::Server(ServerNews::Closing { conn, .. } | ServerNews::Ended(conn)) => {
                self.closed.insert(*conn);
                Ok(())
            }
            What::Server(ServerNews::Bound {
                conn,
                who,
                device,
                attempt,
                ..
            }) => self.on_bound(ledger, (*who, *device), *conn, *attempt),
            What::Server(ServerNews::Appended { seq, entry, by, .. }) => {
                self.on_appended(ledger, *seq, entry, *by)
            }
            What::Plan(Step {
                deed: Deed::Do(who, Act::Usurp(_)),
                ..
            }) => {
                self.usurped.insert(*who);
                Ok(())
            }
            What::Device(who, news) => self.on_device(*who, news),
            _ => Ok(()),
        }
    }
}

impl Fencing {
    fn on_bound(
        &mut self,
        ledger: &Ledger,
        device: (Who, u64),
        conn: Conn,
        attempt: u64,
    ) -> Result<(), String> {
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

    fn on_appended(
        &mut self,
        ledger: &Ledger,
        seq: u64,
        entry: &Entry,
        by: Option<Conn>,
    ) -> Result<(), String> {
        match entry {
            Entry::Claim { name, .. } => {
                let held = self.names.insert(name.to_ascii_lowercase(), seq);
                if let Some(held) = held {
                    return Err(format!("{name} was claimed at {seq}, held since {held}"));
                }
            }
            Entry::Release { user } => {
                self.names.retain(|_, held| held != user);
                let log = ledger.logs.last();
                let holder = log.and_then(|log| log.holders.get(user));
                if let Some(device) = holder.map(|holder| holder.is).filter(|is| is.1 > 0) {
                    self.former.retain(|former| *former != device);
                    self.former.push(device);
                }
            }
            Entry::Message { from, .. } => {
                if by.is_some_and(|by| self.closed.contains(by)) {
                    return Err(format!("a closed connection wrote record {seq}"));
                }
                return self.speaks(ledger, seq, *from);
            }
        }
        Ok(())
    }

    /// Whether the sender of a message has a connection that is its own.
    fn speaks(&self, ledger: &Ledger, seq: u64, from: u64) -> Result<(), String> {
        let holder = ledger.logs.last().and_then(|log| log.holders.get(&from));
        let holder = holder.ok_or_else(|| format!("nobody wrote record {seq}"))?;
        if !self.names.values().any(|held| *held == from) {
            return Err(format!(
                "{} has no name any more and wrote record {seq}",
                holder.name
            ));
        }
        let (who, device) = holder.is;
        let open = self
            .bound
            .get(&(who, device))
            .is_some_and(|(conn, _)| !self.closed.contains(*conn));
        match device > 0 && !open {
            true => Err(format!("u{who} wrote record {seq} without a connection")),
            false => Ok(()),
        }
    }

    fn on_device(&mut self, who: Who, news: &DeviceNews) -> Result<(), String> {
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
