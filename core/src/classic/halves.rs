//! Two connections that become one user: who may join whom, and when a registration is answered.

use super::dialect::{End, Manner, Reply, Signs};
use super::frame::{ClassicOut, Side};
use super::tolerate::Register;
use super::user::ClassicUser;
use crate::code::Code;
use crate::id::{ConnId, UserId};
use crate::name::{Name, NameKey};
use crate::record::{Holder, What};
use crate::router::{CloseReason, Live, Output, Role, Router, Timer};
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

impl Half {
    /// The user that it is of.
    pub(super) fn user(self) -> Option<UserId> {
        match self {
            Half::Registered(user, _) => Some(user),
            Half::Registering(..) => None,
        }
    }

    /// The user who speaks on it.
    pub(super) fn speaker(self) -> Option<UserId> {
        match self {
            Half::Registered(user, Side::Send) => Some(user),
            _ => None,
        }
    }
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
    end: End,
    answered: bool,
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

    fn note_signs(&mut self, register: &Register<'_>) {
        self.signs.spaced_end |= register.end == End::Spaced;
        self.signs.line_end |= register.line_end;
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
    pub(super) fn on_register(
        &mut self,
        conn: ConnId,
        register: &Register<'_>,
        out: &mut Vec<Output>,
    ) {
        match self.join_halves(conn, register) {
            Ok((key, true)) => self.complete(key, out),
            Ok((key, false)) => self.answer_or_wait(key, conn, register.side),
            Err(code) => {
                let (reply, end) = (Reply::Sent, register.end);
                self.say_classic(conn, ClassicOut::Error(code, Manner { reply, end }));
            }
        }
    }

    /// Puts a half to the other one, if that is there; whether both are in.
    fn join_halves(
        &mut self,
        conn: ConnId,
        register: &Register<'_>,
    ) -> Result<(NameKey, bool), Code> {
        let name = Name::parse(register.name.as_bytes()).map_err(|_| Code::MALFORMED_NAME)?;
        let (key, side) = (name.key(), register.side);
        let found = self.conn(conn).expect("the frame came on it");
        let (from, opened) = (found.from, found.opened);
        if self.space().holder_of(&name).is_some() {
            return Err(Code::NAME_TAKEN);
        }
        // The second half is looked at too: others may have come in between.
        let full = self.space().users().len() >= self.limits().users_max;
        let fresh = Registration {
            name,
            from,
            send: None,
            receive: None,
            signs: Signs::default(),
            first_answer: None,
        };
        let found = self.registrations.by_name.get_mut(&key);
        if found.is_some_and(|found| found.from != from || found.half(side).is_some()) {
            return Err(Code::NAME_TAKEN);
        }
        if full {
            return Err(Code::BUSY);
        }
        let registration = self.registrations.by_name.entry(key).or_insert(fresh);
        registration.note_signs(register);
        *registration.half(side) = Some(Waiting {
            conn,
            opened,
            end: register.end,
            answered: false,
        });
        let whole = registration.send.is_some() && registration.receive.is_some();
        self.conn_mut(conn).expect("the frame came on it").role =
            Role::Classic(Half::Registering(key, side));
        Ok((key, whole))
    }

    /// Answers the first half at once if nothing can be learnt by waiting for the other.
    fn answer_or_wait(&mut self, key: NameKey, conn: ConnId, side: Side) {
        let verb = self.ack_option();
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
        let (conn, end) = (waiting.conn, waiting.end);
        registration.note_answered(side, accepted);
        self.say_classic(conn, ClassicOut::Registered(side, name, end));
    }

    /// Both halves are in: the name is claimed, what was not answered is, and the user can speak.
    fn complete(&mut self, key: NameKey, out: &mut Vec<Output>) {
        let verb = self.ack_option();
        let mut whole = self
            .registrations
            .by_name
            .remove(&key)
            .expect("its second half just came");
        let (send, receive) = whole.send.zip(whole.receive).expect("both halves are in");
        let second = send.opened.max(receive.opened);
        whole.signs.connected_late = whole.first_answer.is_some_and(|accepted| second > accepted);
        let style = (whole.signs.reply(verb), whole.signs.line_end);
        let user = UserId(self.append(
            What::Claim {
                name: whole.name,
                holder: Holder::Classic,
            },
            out,
        ));
        let ready_at = self.now().mono + self.limits().classic_settle_time;
        let live = ClassicUser::new((send.conn, receive.conn), style, user.0, ready_at);
        self.insert_live(user, Box::new(Live::Classic(live)));
        for (half, side) in [(send, Side::Send), (receive, Side::Receive)] {
            self.settle_in(half.conn, Role::Classic(Half::Registered(user, side)));
            if !half.answered {
                self.say_classic(
                    half.conn,
                    ClassicOut::Registered(side, whole.name, half.end),
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
                if side == Side::Send {
                    live.held.clear();
                    live.held_bytes = 0;
                }
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
}
