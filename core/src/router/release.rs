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
        let reached = match &live {
            Live::Session(session) => session.reached(self.committed),
            Live::Classic(classic) => classic.reached(),
        };
        let senders = self.note_ends(user, reached);
        self.append(What::Release { user, reached }, out);
        for sender in senders {
            self.pump_when_committed(sender);
        }
        if !self.saves() {
            out.push(Output::Forget {
                stream: Stream::User(user),
                up_to: Seq(u64::MAX),
            });
        }
        match live {
            Live::Session(session) => {
                if let Some(conn) = session.conn() {
                    self.close(conn, CloseReason::Gone, out);
                }
                self.remember_attempt(&session);
            }
            Live::Classic(classic) => self.part_classic(*classic, out),
        }
    }

    /// Notes for each sender how far the user came with what it wrote; gives the senders.
    pub(super) fn note_ends(&mut self, user: UserId, reached: Seq) -> Vec<UserId> {
        let Some(to) = self.space.user(user).map(|user| user.name) else {
            return Vec::new();
        };
        let after = self.space.head().next();
        let wrote =
            |partner: &UserId| *partner != user && self.space.last_between(*partner, user) > Seq(0);
        let senders: Vec<UserId> = self.space.partners(user).filter(wrote).collect();
        for sender in &senders {
            let last = self.space.last_between(*sender, user);
            let up_to = reached.min(last);
            let told = false;
            self.note_left(
                *sender,
                Left {
                    to,
                    up_to,
                    last,
                    after,
                    told,
                },
            );
        }
        senders
    }
}
