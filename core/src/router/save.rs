//! What rides beside the log goes out: how far each user has come since the last time, a few times a second. Nobody waits
//! for it: a device that has come further than what is saved says so itself when it resumes.

use super::session::{Live, Session};
use super::timers::Timer;
use super::{Output, Router};
use crate::id::{Seq, UserId};
use crate::record::{Message, Stream};
use crate::saved::{Beside, Standing};
use crate::space::Amount;
use crate::wire::Durability;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::mem;

/// What has moved and is not with the engine yet.
#[derive(Debug, Default)]
pub(super) struct Unsaved {
    users: BTreeSet<UserId>,
    counts: BTreeSet<Seq>,
    timed: bool,
}

/// What was sent to `ALL` and is not committed: nobody is owed it yet.
#[derive(Default)]
struct Pending {
    all: Amount,
    by: BTreeMap<UserId, Amount>,
}

impl Router {
    pub(super) fn saves(&self) -> bool {
        self.level == Durability::Disk
    }

    /// A user has come further, went away or came back.
    pub(crate) fn save_user(&mut self, user: UserId) {
        if self.saves() {
            self.unsaved.users.insert(user);
            self.save_soon();
        }
    }

    /// One more has a message to `ALL`, or it is counted no more.
    pub(super) fn save_count(&mut self, seq: Seq) {
        if self.saves() {
            self.unsaved.counts.insert(seq);
            self.save_soon();
        }
    }

    fn save_soon(&mut self) {
        if !mem::replace(&mut self.unsaved.timed, true) {
            let at = self.now.mono + self.limits.cursor_interval;
            self.timers.set(Timer::Save, at);
        }
    }

    pub(super) fn on_save_due(&mut self, out: &mut Vec<Output>) {
        let Unsaved { users, counts, .. } = mem::take(&mut self.unsaved);
        let pending = self.pending();
        let standings = users
            .into_iter()
            .filter_map(|user| self.standing(user, &pending));
        out.extend(standings.map(|standing| Output::Save(Beside::Standing(standing))));
        for seq in counts {
            let count = self
                .broadcasts
                .get(&seq)
                .map(|broadcast| broadcast.count(seq));
            out.push(Output::Save(
                count.map_or(Beside::Closed(seq), Beside::Count),
            ));
        }
    }

    fn pending(&self) -> Pending {
        let mut pending = Pending::default();
        let to_all = |message: &&Message| message.to == Stream::All;
        for message in self.uncommitted.iter().filter(to_all) {
            let bytes = message.counted() as u64;
            pending.all.add(bytes);
            pending.by.entry(message.from).or_default().add(bytes);
        }
        pending
    }

    fn standing(&self, id: UserId, pending: &Pending) -> Option<Standing> {
        match self.live.find(&id)? {
            Live::Session(session) => self.standing_of(id, session, pending),
            Live::Classic(user) => Some(Standing {
                user: id,
                cursor: user.reached(),
                own: (0, 0),
                all: (0, 0),
                floor: (Seq(0), crate::id::Number(0)),
                half: None,
                away_at: None,
            }),
        }
    }

    fn standing_of(&self, id: UserId, session: &Session, pending: &Pending) -> Option<Standing> {
        let user = self.space.user(id)?;
        let sent = pending.by.get(&id).copied().unwrap_or_default();
        let all = self.space.all_mail().without(pending.all);
        let all = all
            .without(user.all_before)
            .without(user.own_all.without(sent));
        let overhead = self.limits.message_overhead_bytes;
        let (own, all) = session.owed.settled(user.mail, all, overhead);
        Some(Standing {
            user: id,
            cursor: session.settling.map_or(session.cursor, |(from, _)| from),
            own: (own.messages, own.bytes),
            all: (all.messages, all.bytes),
            floor: session.owed.floor(),
            half: session.owed.half(),
            away_at: session.bound.is_none().then_some(session.away_age),
        })
    }
}
