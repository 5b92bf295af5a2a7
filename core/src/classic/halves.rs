//! Two connections that become one user: who may join whom, and when a registration is answered.

use super::Out;
use super::dialect::{End, Manner, Reply, Signs};
use super::frame::{ClassicOut, Side};
use super::tolerate::Register;
use super::user::ClassicUser;
use crate::code::Code;
use crate::id::{ConnId, UserId};
use crate::name::{Name, NameKey};
use crate::record::{Holder, What};
use crate::router::{CloseReason, Held, Live, Role, Router, Timer};
use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
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
    /// Whose half it is, once it is somebody's.
    pub(super) fn user(self) -> Option<UserId> {
        match self {
            Half::Registered(user, _) => Some(user),
            Half::Registering(..) => None,
        }
    }
}

/// Registrations that are not complete, by name.
pub(crate) type Registrations = BTreeMap<NameKey, Registration>;

/// One that lacks a half.
#[derive(Debug)]
pub(crate) struct Registration {
    name: Name,
    from: IpAddr,
    halves: [Option<Waiting>; 2],
    signs: Signs,
    /// It writes lines, and so it reads them.
    line_end: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    conn: ConnId,
    opened: u64,
    end: End,
    answered: bool,
}

impl Router {
    pub(super) fn on_register(&mut self, conn: ConnId, register: &Register<'_>, out: &mut Out) {
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
    fn join_halves(&mut self, conn: ConnId, said: &Register<'_>) -> Result<(NameKey, bool), Code> {
        let name = Name::parse(said.name.as_bytes()).map_err(|_| Code::MALFORMED_NAME)?;
        let (key, side, end) = (name.key(), said.side, said.end);
        let found = self.conn(conn).expect("the frame came on it");
        let (from, opened, answered) = (found.from, found.opened, false);
        let taken =
            |found: &Registration| found.from != from || found.halves[side as usize].is_some();
        let found = self.registrations.get(&key);
        if found.is_some_and(taken) || self.space().holder_of(&name).is_some() {
            return Err(Code::NAME_TAKEN);
        }
        // The second half is looked at too: others may have come in between.
        if self.space().users().len() >= self.limits().users_max {
            return Err(Code::BUSY);
        }
        self.conn_mut(conn).expect("the frame came on it").role =
            Role::Classic(Half::Registering(key, side));
        let fresh = Registration {
            name,
            from,
            halves: [None, None],
            signs: Signs::default(),
            line_end: false,
        };
        let registration = self.registrations.entry(key).or_insert(fresh);
        registration.line_end |= said.line_end;
        registration.signs.spaced_end |= end == End::Spaced;
        registration.signs.trailing_space |= said.trailing_space && side == Side::Send;
        registration.halves[side as usize] = Some(Waiting {
            conn,
            opened,
            end,
            answered,
        });
        Ok((key, registration.halves.iter().all(Option::is_some)))
    }

    /// Answers the first half at once if nothing can be learnt by waiting for the other.
    fn answer_or_wait(&mut self, key: NameKey, conn: ConnId, side: Side) {
        let verb = self.ack_option();
        let known = self.registrations[&key].signs.early(verb);
        if known.is_some() {
            return self.answer_half(key, side);
        }
        let at = self.now().mono + self.limits().classic_pairing_time;
        self.set_timer(Timer::Pairing(conn), at);
    }

    pub(crate) fn on_pairing_due(&mut self, conn: ConnId, _out: &mut Out) {
        let role = self.conn(conn).map(|found| found.role);
        if let Some(Role::Classic(Half::Registering(key, side))) = role {
            self.answer_half(key, side);
        }
    }

    fn answer_half(&mut self, key: NameKey, side: Side) {
        let accepted = self.connections_opened();
        let found = self.registrations.get_mut(&key);
        let found = found.expect("a connection registers under it");
        let waiting = found.halves[side as usize].as_mut().expect("this one does");
        if !core::mem::replace(&mut waiting.answered, true) {
            let (conn, end) = (waiting.conn, waiting.end);
            found.signs.answered.get_or_insert((side, accepted));
            let name = found.name;
            self.say_classic(conn, ClassicOut::Registered(side, name, end));
        }
    }

    /// Both halves are in: the name is claimed, what was not answered is, and the user can speak.
    fn complete(&mut self, key: NameKey, out: &mut Out) {
        let whole = self.registrations.remove(&key);
        let mut whole = whole.expect("its second half just came");
        let halves = whole.halves.map(|half| half.expect("both halves are in"));
        let [send, receive] = halves;
        whole.signs.second = send.opened.max(receive.opened);
        let (name, holder) = (whole.name, Holder::Classic);
        let user = UserId(self.append(What::Claim { name, holder }, out));
        let live = ClassicUser {
            send: Some(send.conn),
            receive: Some(receive.conn),
            reply: whole.signs.reply(self.ack_option()),
            line_end: whole.line_end,
            cursor: user.0,
            ..ClassicUser::default()
        };
        self.insert_live(user, Live::Classic(Box::new(live)));
        for (half, side) in halves.into_iter().zip([Side::Send, Side::Receive]) {
            self.settle_in(half.conn, Role::Classic(Half::Registered(user, side)));
            if !half.answered {
                self.say_classic(half.conn, ClassicOut::Registered(side, name, half.end));
            }
        }
        self.hold(Held::ClassicReady(user));
    }

    /// One of the two connections ended. The name lives as long as one of them.
    pub(crate) fn on_half_closed(&mut self, half: Half, conn: ConnId, out: &mut Out) {
        let (user, side) = match half {
            Half::Registering(key, side) => return self.forget_half(key, side),
            Half::Registered(user, side) => (user, side),
        };
        let Some(live) = self.classic_mut(user) else {
            return;
        };
        if *live.half(side) != Some(conn) {
            return;
        }
        *live.half(side) = None;
        if side == Side::Send {
            (live.held, live.held_bytes) = (VecDeque::new(), 0);
        }
        if live.send.is_none() && live.receive.is_none() {
            self.release(user, out);
        } else if side == Side::Receive {
            self.fail_waiting(user, out);
        }
    }

    fn forget_half(&mut self, key: NameKey, side: Side) {
        if let Some(found) = self.registrations.get_mut(&key) {
            found.halves[side as usize] = None;
            if found.halves.iter().all(Option::is_none) {
                self.registrations.remove(&key);
            }
        }
    }

    /// What is left to do when a classic user's name is free: its connections close, its senders hear.
    pub(crate) fn part_classic(&mut self, mut user: ClassicUser, out: &mut Out) {
        for message in core::mem::take(&mut user.waiting) {
            self.did_not_arrive(&message, Code::UNABLE_TO_SEND, out);
        }
        for conn in [user.send, user.receive].into_iter().flatten() {
            self.close(conn, CloseReason::Gone, out);
        }
    }
}
