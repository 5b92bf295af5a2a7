//! What can be read from the running router: everything that is bounded, beside its bound.

use super::session::Live;
use super::{Outgoing, Router};
use crate::id::{ConnId, Seq};
use crate::name::Name;
use crate::wire::ServerFrame;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) accepted: u64,
    pub(super) rejected: u64,
    pub(super) delivered: u64,
    pub(super) refused: u64,
}

/// One bounded thing: how much there is, and how much there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The limit's name in `Limits`.
    pub limit: &'static str,
    /// How much there is now.
    pub now: u64,
    /// How much there may be.
    pub max: u64,
}

impl Level {
    fn new(limit: &'static str, now: u64, max: u64) -> Level {
        Level { limit, now, max }
    }
}

/// The router at one moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// Users of the session level with a connection, and without.
    pub sessions: (usize, usize),
    /// Users of the classic level.
    pub classic: usize,
    /// Last record appended, last committed.
    pub log: (Seq, Seq),
    /// Messages accepted, rejected; deliveries; frames refused.
    pub counts: [u64; 4],
    /// Each limit's level.
    pub levels: Vec<Level>,
}

impl Router {
    /// What the operator may want to know.
    pub fn status(&self) -> Status {
        let sessions = || self.live.values().filter_map(|live| live.session());
        let online = sessions().filter(|session| session.bound.is_some()).count();
        let away = sessions().count() - online;
        let counts = &self.counts;
        Status {
            sessions: (online, away),
            classic: self.live.len() - online - away,
            log: (self.space.head(), self.committed),
            counts: [
                counts.accepted,
                counts.rejected,
                counts.delivered,
                counts.refused,
            ],
            levels: self.levels(),
        }
    }

    fn levels(&self) -> Vec<Level> {
        let mut levels = Vec::from(self.levels_of_connections());
        levels.extend(self.levels_of_state());
        levels
    }

    fn levels_of_connections(&self) -> [Level; 4] {
        let limits = &self.limits;
        let (waiting, waiting_max) = (self.unregistered.len(), limits.unregistered_connections_max);
        let conns = || self.conns.iter().flatten();
        let held = self.live.values().map(|live| live.held_bytes());
        let unread = conns().map(|conn| conn.tail.len()).chain(held).max();
        let unwritten = conns().map(|conn| conn.unwritten + conn.held).max();
        let level = |limit, now: usize, max: usize| Level::new(limit, now as u64, max as u64);
        [
            level("connections_max", self.connections, limits.connections_max),
            level("unregistered_connections_max", waiting, waiting_max),
            level(
                "unread_bytes_max",
                unread.unwrap_or(0),
                limits.unread_bytes_max,
            ),
            level(
                "unwritten_bytes_max",
                unwritten.unwrap_or(0),
                limits.unwritten_bytes_max,
            ),
        ]
    }

    fn levels_of_state(&self) -> [Level; 6] {
        let limits = &self.limits;
        let sessions = self.live.values().filter_map(|live| live.session());
        let owed = sessions.map(|session| session.owed.bytes()).max();
        let logged = limits.log_bytes_max.saturating_sub(self.room);
        let uncommitted = self.uncommitted_bytes;
        let count = |limit, now: usize, max: usize| Level::new(limit, now as u64, max as u64);
        [
            count("users_max", self.space.users().len(), limits.users_max),
            Level::new("log_bytes_max", logged, limits.log_bytes_max),
            Level::new(
                "uncommitted_bytes_max",
                uncommitted,
                limits.uncommitted_bytes_max,
            ),
            Level::new("owed_bytes_max", owed.unwrap_or(0), limits.owed_bytes_max),
            count(
                "broadcasts_counted_max",
                self.broadcasts.len(),
                limits.broadcasts_counted_max,
            ),
            count(
                "former_devices_max",
                self.former.len(),
                limits.former_devices_max,
            ),
        ]
    }

    pub(super) fn on_who(&mut self, conn: ConnId, after: Option<&Name>) {
        let page_max = self.limits.users_page_max;
        let mut names = String::new();
        let mut last = None;
        let mut more = false;
        for (count, (name, id)) in self.space.names_after(after).enumerate() {
            if count == page_max {
                more = true;
                break;
            }
            let away = self
                .session(id)
                .is_some_and(|session| session.bound.is_none());
            names.push_str(name.as_str());
            names.push_str(if away { " away\n" } else { "\n" });
            last = Some(name);
        }
        let frame = ServerFrame::Users {
            names: names.into(),
            next: last.filter(|_| more),
        };
        self.hold_send(conn, Outgoing::Session(frame));
    }
}

impl Live {
    fn session(&self) -> Option<&super::session::Session> {
        match self {
            Live::Session(session) => Some(session),
            Live::Classic(_) => None,
        }
    }

    fn held_bytes(&self) -> usize {
        match self {
            Live::Session(_) => 0,
            Live::Classic(user) => user.held_bytes(),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((online, away), [accepted, rejected, delivered, refused]) =
            (self.sessions, self.counts);
        write!(
            f,
            "users online={online} away={away} classic={}",
            self.classic
        )?;
        write!(f, " log head={} committed={}", self.log.0, self.log.1)?;
        write!(
            f,
            " accepted={accepted} rejected={rejected} delivered={delivered} refused={refused}"
        )?;
        for Level { limit, now, max } in &self.levels {
            write!(f, " {limit}={now}/{max}")?;
        }
        Ok(())
    }
}
