//! Two connections that become one user: who may join whom, and when a registration is answered.

use super::dialect::{Reply, Signs};
use super::frame::{ClassicOut, Side};
use super::user::ClassicUser;
use crate::code::Code;
use crate::id::{ConnId, UserId};
use crate::name::{Name, NameKey};
use crate::record::{Holder, What};
use crate::router::{CloseReason, Held, Live, Outgoing, Output, Role, Router, Timer};
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

/// Which half of what a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// Of a registration that lacks the other one.
    Registering(NameKey, Side),
    /// Of a user.
    Registered(UserId, Side),
}

/// Registrations that are not complete, by name.
#[derive(Debug, Default)]
pub(crate) struct Registrations {
    by_name: BTreeMap<NameKey, Registration>,
}

#[derive(Debug)]
struct Registration {
    name: Name,
    from: IpAddr,
    send: Option<Waiting>,
    receive: Option<Waiting>,
    signs: Signs,
    /// How many connections had been accepted when the first half was answered.
    first_answer: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    conn: ConnId,
    opened: u64,
    answered: bool,
}

/// A `REGISTER` with a good name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Register {
    pub(super) side: Side,
    pub(super) name: Name,
    pub(super) spaced_end: bool,
    pub(super) trailing_space: bool,
}

impl Registrations {
    /// Whether half of a registration holds that name.
    pub(crate) fn holds(&self, name: &Name) -> bool {
        self.by_name.contains_key(&name.key())
    }
}

impl Registration {
    fn half(&mut self, side: Side) -> &mut Option<Waiting> {
        match side {
            Side::Send => &mut self.send,
            Side::Receive => &mut self.receive,
        }
    }

    fn has(&self, side: Side) -> bool {
        match side {
            Side::Send => self.send.is_some(),
            Side::Receive => self.receive.is_some(),
        }
    }

    fn note_signs(&mut self, register: &Register) {
        self.signs.spaced_end |= register.spaced_end;
        self.signs.trailing_space |= register.trailing_space && register.side == Side::Send;
    }

    fn note_answered(&mut self, side: Side, accepted: u64) {
        if self.first_answer.is_none() {
            self.first_answer = Some(accepted);
            self.signs.answered_early = true;
            self.signs.receive_first = side == Side::Receive;
        }
        if let Some(waiting) = self.half(side) {
            waiting.answered = true;
        }
    }
}

impl Router {
    pub(super) fn on_register(&mut self, conn: ConnId, register: Register, out: &mut Vec<Output>) {
        let (key, side) = (register.name.key(), register.side);
        let Some(found) = self.conn(conn) else { return };
        let (from, opened) = (found.from, found.opened);
        let full = self.space().users().len() >= self.limits().users_max;
        if self.space().holder_of(&register.name).is_some() {
            return self.refuse_half(conn, Code::NAME_TAKEN);
        }
        let registration = match self.registrations.by_name.get_mut(&key) {
            Some(registration) if registration.from != from || registration.has(side) => {
                return self.refuse_half(conn, Code::NAME_TAKEN);
            }
            Some(registration) => registration,
            None if full => return self.refuse_half(conn, Code::BUSY),
            None => self
                .registrations
                .by_name
                .entry(key)
                .or_insert(Registration {
                    name: register.name,
                    from,
                    send: None,
                    receive: None,
                    signs: Signs::default(),
                    first_answer: None,
                }),
        };
        registration.note_signs(&register);
        *registration.half(side) = Some(Waiting {
            conn,
            opened,
            answered: false,
        });
        let whole = registration.send.is_some() && registration.receive.is_some();
        self.conn_mut(conn)
            .expect("the connection was found above")
            .role = Role::Classic(Half::Registering(key, side));
        if whole {
            self.complete(key, out);
        } else {
            self.answer_or_wait(key, conn, side);
        }
    }

    fn refuse_half(&mut self, conn: ConnId, code: Code) {
        self.hold_send(conn, Outgoing::Classic(ClassicOut::Error(code)));
    }

    /// Answers the first half at once if nothing can be learnt by waiting for the other.
    fn answer_or_wait(&mut self, key: NameKey, conn: ConnId, side: Side) {
        let verb = self.classic_ack();
        let known = self
            .registrations
            .by_name
            .get(&key)
            .and_then(|found| found.signs.early(verb));
        if known.is_some() {
            self.answer_half(key, side);
        } else {
            let at = self.now().mono + self.limits().classic_pairing_time;
            self.set_timer(Timer::Pairing(conn), at);
        }
    }

    pub(crate) fn on_pairing_due(&mut self, conn: ConnId, _out: &mut Vec<Output>) {
        if let Some(Role::Classic(Half::Registering(key, side))) =
            self.conn(conn).map(|found| found.role)
        {
            self.answer_half(key, side);
        }
    }

    fn answer_half(&mut self, key: NameKey, side: Side) {
        let accepted = self.connections_opened();
        let Some(registration) = self.registrations.by_name.get_mut(&key) else {
            return;
        };
        let name = registration.name;
        let Some(waiting) = registration.half(side).filter(|waiting| !waiting.answered) else {
            return;
        };
        registration.note_answered(side, accepted);
        self.hold_send(
            waiting.conn,
            Outgoing::Classic(ClassicOut::Registered(side, name)),
        );
    }

    /// Both halves are in: the name is claimed, what was not answered is, and the user can speak.
    fn complete(&mut self, key: NameKey, out: &mut Vec<Output>) {
        let verb = self.classic_ack();
        let mut whole = self
            .registrations
            .by_name
            .remove(&key)
            .expect("its second half just came");
        let (send, receive) = whole.send.zip(whole.receive).expect("both halves are in");
        let second = send.opened.max(receive.opened);
        whole.signs.connected_late = whole.first_answer.is_some_and(|accepted| second > accepted);
        let reply: Reply = whole.signs.reply(verb);
        let user = UserId(self.append(
            What::Claim {
                name: whole.name,
                holder: Holder::Classic,
            },
            out,
        ));
        let ready_at = self.now().mono + self.limits().classic_settle_time;
        let live = ClassicUser::new((send.conn, receive.conn), reply, user.0, ready_at);
        self.insert_live(user, Box::new(Live::Classic(live)));
        for (half, side) in [(send, Side::Send), (receive, Side::Receive)] {
            self.settle_in(half.conn, Role::Classic(Half::Registered(user, side)));
            if !half.answered {
                self.hold_send(
                    half.conn,
                    Outgoing::Classic(ClassicOut::Registered(side, whole.name)),
                );
            }
        }
    }

    /// One of the two connections ended. The name lives as long as one of them.
    pub(crate) fn on_half_closed(&mut self, half: Half, conn: ConnId, out: &mut Vec<Output>) {
        match half {
            Half::Registering(key, side) => {
                let Some(registration) = self.registrations.by_name.get_mut(&key) else {
                    return;
                };
                *registration.half(side) = None;
                if registration.send.is_none() && registration.receive.is_none() {
                    self.registrations.by_name.remove(&key);
                }
            }
            Half::Registered(user, side) => {
                let Some(live) = self.classic_mut(user) else {
                    return;
                };
                if *live.half(side) != Some(conn) {
                    return;
                }
                *live.half(side) = None;
                let gone = live.send.is_none() && live.receive.is_none();
                if gone {
                    self.release(user, out);
                } else if side == Side::Receive {
                    self.fail_waiting(user, out);
                }
            }
        }
    }

    /// What is left to do when a classic user's name is free: its connections close, its senders hear.
    pub(crate) fn part_classic(&mut self, mut user: ClassicUser, out: &mut Vec<Output>) {
        for message in core::mem::take(&mut user.waiting) {
            self.did_not_arrive(&message, Code::UNABLE_TO_SEND, out);
        }
        for conn in [user.send, user.receive].into_iter().flatten() {
            self.close(conn, CloseReason::Gone, out);
        }
    }

    /// Tells that a classic sender's line is in the log, once it is.
    pub(super) fn hold_accepted(&mut self, user: UserId, seq: crate::id::Seq) {
        self.hold(Held::ClassicAccepted(user, seq));
    }
}
