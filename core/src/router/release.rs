//! The end of a user: its name is free, its session is over, and its senders hear what did not arrive.

use super::conn::CloseReason;
use super::session::{Left, Live};
use super::{Output, Router};
use crate::id::{ConnId, Seq, UserId};
use crate::record::{Stream, What};
use alloc::vec::Vec;

impl Router {
    pub(super) fn on_bye(
        &mut self,
        user: UserId,
        conn: ConnId,
        forget: bool,
        out: &mut Vec<Output>,
    ) {
        self.close(conn, CloseReason::Bye, out);
        if forget {
            self.release(user, out);
        }
    }

    /// Frees a user's name. What waited for it will not be delivered; its senders are told once that is committed.
    pub(crate) fn release(&mut self, user: UserId, out: &mut Vec<Output>) {
        let Some(live) = self.live.remove(&user) else {
            return;
        };
        let reached = match &*live {
            Live::Session(session) => session.reached(self.committed),
            Live::Classic(classic) => classic.reached(),
        };
        self.note_ends(user, reached);
        self.append(What::Release { user }, out);
        out.push(Output::Forget {
            stream: Stream::User(user),
            up_to: Seq(u64::MAX),
        });
        match *live {
            Live::Session(session) => {
                if let Some(conn) = session.conn() {
                    self.close(conn, CloseReason::Gone, out);
                }
                self.remember_attempt(&session);
            }
            Live::Classic(classic) => self.part_classic(classic, out),
        }
    }

    fn note_ends(&mut self, user: UserId, reached: Seq) {
        let Some(to) = self.space.user(user).map(|user| user.name) else {
            return;
        };
        let after = self.space.head().next();
        for partner in self.space.partners(user).collect::<Vec<_>>() {
            let last = self.space.last_between(partner, user);
            if partner != user && last > Seq(0) {
                self.note_left(
                    partner,
                    Left {
                        to,
                        up_to: reached.min(last),
                        last,
                        after,
                        told: false,
                    },
                );
                self.hold_news(partner);
            }
        }
    }
}
