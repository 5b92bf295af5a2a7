//! How a router begins over a log that is there already: the space is loaded, its sessions are away, its classic users
//! are gone, and what rode beside the log says how far each had come.

use super::owed::Owed;
use super::receipts::Broadcast;
use super::session::{Left, Live, Session};
use super::timers::Timer;
use super::{Output, Router};
use crate::id::{Number, Seq, UserId};
use crate::record::{Holder, Stream, What};
use crate::saved::{Beside, Count, Standing};
use crate::space::Space;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

/// What an engine has kept.
#[derive(Debug, Default)]
pub struct Saved {
    /// The fold of all that is committed.
    pub space: Space,
    /// What rode beside it.
    pub beside: Vec<Beside>,
}

impl Router {
    /// Takes in what was saved. Nothing is told to anybody yet: nobody is connected.
    pub(super) fn load(&mut self, beside: Vec<Beside>) {
        self.committed = self.space.head();
        let mut standings = BTreeMap::new();
        for one in beside {
            match one {
                Beside::Standing(standing) => _ = standings.insert(standing.user, standing),
                Beside::Count(count) => self.load_count(count),
                Beside::Closed(_) => {}
            }
        }
        let users = self.space.users();
        let users: Vec<_> = users.map(|(id, user)| (id, user.holder)).collect();
        for (id, holder) in users {
            if let Holder::Device { keep, .. } = holder {
                self.load_session(id, keep, standings.get(&id));
            }
        }
        self.came = standings
            .into_iter()
            .filter(|(user, _)| !self.live.contains_key(user))
            .map(|(user, standing)| (user, standing.cursor))
            .collect();
        self.load_broadcasts();
    }

    fn load_count(&mut self, count: Count) {
        let broadcast = Broadcast::counted(&count);
        self.broadcasts.insert(count.seq, broadcast);
    }

    fn load_broadcasts(&mut self) {
        let senders: Vec<(Seq, UserId)> = self
            .broadcasts
            .iter()
            .map(|(seq, broadcast)| (*seq, broadcast.from()))
            .collect();
        for (seq, from) in senders {
            // The last ones that were closed may have stayed, since that rides on later commits than their own.
            let counted_max = self.limits.broadcasts_counted_max;
            let kept = self.broadcasts.len() <= counted_max;
            match self.session_mut(from) {
                Some(session) if kept => session.rare_mut().broadcasts.push_back(seq),
                _ => {
                    self.broadcasts.remove(&seq);
                    self.save_count(seq);
                }
            }
        }
    }

    fn load_session(&mut self, id: UserId, keep: bool, standing: Option<&Standing>) {
        let user = self.space.user(id).expect("it is one of the space's");
        let Holder::Device { device, .. } = user.holder else {
            return;
        };
        let cursor = standing.map_or(id.0, |standing| standing.cursor);
        let mut session = Session::new(device, cursor, self.now.mono);
        let all = self.space.all_mail().without(user.all_before);
        let all = all.without(user.own_all);
        let overhead = self.limits.message_overhead_bytes;
        session.owed = Owed::restored(user.mail, all, standing, overhead);
        let next = self.space.next_number(id, Stream::All);
        let last = (self.space.head(), Number(next.0 - 1));
        session.owed.bound_again(last, self.limits.owed_bytes_max);
        let left = self.space.left_of(id).map(|left| Left {
            to: left.to,
            up_to: left.up_to,
            last: left.last,
            after: left.at,
            told: false,
        });
        for left in left {
            session.rare_mut().left.push_back(left);
        }
        let age = self.space.age_at(self.now.wall);
        let away_at = standing
            .and_then(|standing| standing.away_at)
            .unwrap_or_else(|| self.space.age());
        if keep {
            session.away_before = Duration::from_millis(age.saturating_sub(away_at));
        }
        session.away_age = away_at;
        self.live.insert(id, Live::Session(Box::new(session)));
        let due = self.away_due(id);
        self.timers.set(Timer::Away(id), due);
    }

    /// The classic users of the life before are gone, and what they had not taken did not arrive.
    pub(super) fn end_classic_users(&mut self, out: &mut Vec<Output>) {
        let came = core::mem::take(&mut self.came);
        let classic = self
            .space
            .users()
            .filter(|(_, user)| user.holder == Holder::Classic);
        for user in classic.map(|(id, _)| id).collect::<Vec<_>>() {
            let reached = came.get(&user).copied().unwrap_or(user.0);
            self.note_ends(user, reached);
            self.append(What::Release { user, reached }, out);
        }
    }
}
