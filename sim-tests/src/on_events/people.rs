//! Drives those who take part: the core's client for a session user, the script of a classic one.

use super::OnEvents;
use super::pipe::{Near, Owner};
use super::queue::{Coming, PipeId, Way};
use super::seats::{DeviceSeat, Program, Scripted, Seat, WIRES};
use crate::cast::{Desk, Does, Effect, Heard, Order, Said, Script};
use crate::history::Who;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use verbatim_core::client::{Client, Config, Frames, Input, Notice, Output};
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_net::Request;

/// What a client says at once: for so many bytes there is room from the first one on.
const FRAMES_ROOM: usize = 1_024;

impl OnEvents {
    pub(super) fn on_order(&mut self, who: Who, order: Order) {
        match &mut self.people[who].seat {
            Seat::Classic(_) => self.tell_classic(who, Heard::Order(order)),
            Seat::Device(seat) => {
                let mut effects = std::mem::take(&mut self.effects);
                seat.device.on_order(order, &mut effects);
                self.carry_out_effects(who, &mut effects);
                self.effects = effects;
            }
        }
        self.arm_person(who);
    }

    fn arm_person(&mut self, who: Who) {
        let person = &mut self.people[who];
        let Some(due) = person.deadline() else {
            return;
        };
        let due = due.max(self.now);
        if person.armed.is_none_or(|armed| due < armed) {
            person.armed = Some(due);
            self.queue.push(due, Coming::Person(who));
        }
    }

    pub(super) fn on_person_time(&mut self, who: Who) {
        let now = self.now;
        let person = &mut self.people[who];
        if person.armed.is_none_or(|armed| armed > now) {
            return;
        }
        person.armed = None;
        match &person.seat {
            Seat::Classic(_) => self.tell_classic(who, Heard::Time),
            Seat::Device(_) => {
                self.write_desk(who);
                let due =
                    |program: &mut Program| program.client_due().is_some_and(|due| due <= now);
                if self.people[who].program().is_some_and(due) {
                    self.tell_client(who, Input::Timeout);
                }
                self.tell_usurper(who, Heard::Time);
            }
        }
        self.arm_person(who);
    }

    pub(super) fn near_opened(&mut self, id: PipeId) {
        match self.pipes[id].owner {
            Owner::Client(who) => self.tell_client(who, Input::Connected),
            Owner::Classic(who, wire) => self.tell_classic(who, Heard::Opened(wire)),
            Owner::Usurper(who) => self.tell_usurper(who, Heard::Opened(0)),
        }
        self.arm_person(self.pipes[id].owner.who());
    }

    pub(super) fn near_read(&mut self, id: PipeId, bytes: &[u8]) {
        match self.pipes[id].owner {
            Owner::Client(who) => self.tell_client(who, Input::Received(bytes)),
            Owner::Classic(who, wire) => {
                let Seat::Classic(classic) = &self.people[who].seat else {
                    return;
                };
                for piece in bytes.chunks(classic.script.read_max()) {
                    if self.pipes[id].near == Near::Open {
                        self.tell_classic(who, Heard::Read(wire, piece));
                    }
                }
            }
            Owner::Usurper(who) => self.tell_usurper(who, Heard::Read(0, bytes)),
        }
        self.arm_person(self.pipes[id].owner.who());
    }

    pub(super) fn near_ended(&mut self, id: PipeId) {
        match self.pipes[id].owner {
            Owner::Client(who) => {
                if let Some(program) = self.people[who].program() {
                    program.pipe = None;
                }
                self.tell_client(who, Input::Disconnected("the connection ended"));
            }
            Owner::Classic(who, wire) => {
                if let Seat::Classic(classic) = &mut self.people[who].seat {
                    classic.pipes[wire] = None;
                }
                self.tell_classic(who, Heard::Ended(wire));
            }
            Owner::Usurper(who) => {
                if let Some(usurper) = self.people[who].usurper() {
                    usurper.pipes[0] = None;
                }
                self.tell_usurper(who, Heard::Ended(0));
            }
        }
        self.arm_person(self.pipes[id].owner.who());
    }

    fn tell_classic(&mut self, who: Who, heard: Heard<'_>) {
        let mut out = Vec::new();
        let now = Duration::from_micros(self.now);
        let Seat::Classic(classic) = &mut self.people[who].seat else {
            return;
        };
        classic.script.handle(now, heard, &mut out);
        for does in out {
            self.do_it(who, does, false);
        }
    }

    fn tell_usurper(&mut self, who: Who, heard: Heard<'_>) {
        let mut out = Vec::new();
        let now = Duration::from_micros(self.now);
        let Some(usurper) = self.people[who].usurper() else {
            return;
        };
        usurper.script.handle(now, heard, &mut out);
        for does in out {
            self.do_it(who, does, true);
        }
    }

    fn do_it(&mut self, who: Who, does: Does, usurps: bool) {
        let (Does::Open(wire) | Does::Write(wire, _) | Does::Close(wire)) = does;
        let before = self.wire(who, wire, usurps).and_then(|pipe| *pipe);
        match does {
            Does::Open(_) => {
                let pipe = self.knock(match usurps {
                    true => Owner::Usurper(who),
                    false => Owner::Classic(who, wire),
                });
                if let Some(at) = self.wire(who, wire, usurps) {
                    *at = Some(pipe);
                }
            }
            Does::Write(_, bytes) => {
                if let Some(id) = before {
                    self.say(id, bytes);
                }
            }
            Does::Close(_) => {
                if let Some(at) = self.wire(who, wire, usurps) {
                    *at = None;
                }
                if let Some(id) = before {
                    self.close_near(id);
                }
            }
        }
    }

    fn wire(&mut self, who: Who, wire: usize, usurps: bool) -> Option<&mut Option<PipeId>> {
        match &mut self.people[who].seat {
            Seat::Classic(classic) => classic.pipes.get_mut(wire),
            Seat::Device(seat) if usurps => seat.usurper.as_mut()?.pipes.get_mut(wire),
            Seat::Device(_) => None,
        }
    }

    fn say(&mut self, id: PipeId, bytes: Vec<u8>) {
        let unsent = &mut self.pipes[id].up.unsent;
        match unsent.capacity() {
            0 => *unsent = bytes,
            _ => unsent.extend_from_slice(&bytes),
        }
        self.to_write.push((id, Way::Up));
    }

    fn carry_out_effects(&mut self, who: Who, effects: &mut Vec<Effect>) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Start(config, desk) => self.start_program(who, *config, desk),
                Effect::Ask(request) => self.ask(who, request),
                Effect::Say(said) => self.give_line(who, &said),
                Effect::Kill => {
                    let program = self.with_seat(who, |seat| seat.program.take());
                    if let Some(pipe) = program.and_then(|program| program.pipe) {
                        self.close_near(pipe);
                    }
                }
                Effect::Usurp(usurper) => {
                    self.free(who);
                    let scripted = Scripted {
                        script: *usurper,
                        pipes: [None; WIRES],
                    };
                    self.with_seat(who, |seat| seat.usurper.replace(scripted));
                    self.tell_usurper(who, Heard::Time);
                }
                Effect::Free => self.free(who),
            }
        }
    }

    fn with_seat<T>(
        &mut self,
        who: Who,
        change: impl FnOnce(&mut DeviceSeat) -> Option<T>,
    ) -> Option<T> {
        match &mut self.people[who].seat {
            Seat::Device(seat) => change(seat),
            Seat::Classic(_) => None,
        }
    }

    /// The other program with somebody's device dies.
    fn free(&mut self, who: Who) {
        let usurper = self.with_seat(who, |seat| seat.usurper.take());
        if let Some(pipe) = usurper.and_then(|usurper| usurper.pipes[0]) {
            self.close_near(pipe);
        }
    }

    fn start_program(&mut self, who: Who, config: Config, desk: Rc<RefCell<Desk>>) {
        let program = Program {
            client: Client::new(config),
            desk,
            started: self.now,
            pipe: None,
        };
        self.with_seat(who, |seat| seat.program.replace(program));
        self.tell_client(who, Input::Timeout);
    }

    fn give_line(&mut self, who: Who, said: &Said) {
        let input = Input::Submit {
            line: said.line,
            to: said.to,
            body: &said.body,
            age_max: said.age_max,
        };
        self.tell_client(who, input);
    }

    fn ask(&mut self, who: Who, request: Request) {
        match request {
            Request::Submit {
                line,
                to,
                body,
                age_max,
            } => self.tell_client(
                who,
                Input::Submit {
                    line,
                    to,
                    body: &body,
                    age_max,
                },
            ),
            Request::Withdraw(line) => self.tell_client(who, Input::Withdraw(line)),
            Request::Who => self.tell_client(who, Input::Who),
            Request::Kept(seq) => self.tell_client(who, Input::Kept(seq)),
            Request::History(wanted) => self.tell_client(who, Input::History(wanted.ask())),
            Request::Return => self.tell_client(who, Input::Return),
            Request::Leave { forget } => self.tell_client(who, Input::Leave { forget }),
        }
    }

    /// Tells somebody's client one thing and does all that follows from it.
    fn tell_client(&mut self, who: Who, input: Input<'_>) {
        let micros = self.now;
        let Some(program) = self.people[who].program() else {
            return;
        };
        let now = Now {
            mono: Mono::from_micros(micros - program.started),
            wall: Wall(0),
        };
        let mut outputs = std::mem::take(&mut self.client_outputs);
        match &mut self.planted {
            None => program.client.handle(now, input, &mut outputs),
            Some(planted) => planted.client(who, &mut program.client, (now, input), &mut outputs),
        }
        let desk = Rc::clone(&program.desk);
        desk.borrow_mut().look(&input, &outputs);
        let mut done = false;
        for output in outputs.drain(..) {
            match output {
                // They were noted when they came.
                Output::Show(Notice::Line { .. }) | Output::Recalled(_) => {}
                Output::Show(notice) => desk.borrow_mut().show(&notice),
                Output::Deliver(message) => desk.borrow_mut().deliver(message),
                Output::Send(frames) => self.send_frames(who, frames),
                Output::Keep(keep) => desk.borrow().keep(&keep),
                Output::Connect => {
                    let pipe = self.knock(Owner::Client(who));
                    if let Some(program) = self.people[who].program() {
                        program.pipe = Some(pipe);
                    }
                }
                Output::Disconnect => self.hang_up(who),
                Output::Done | Output::FallBack => done = true,
            }
        }
        self.client_outputs = outputs;
        if done {
            return self.end_program(who);
        }
        self.write_desk(who);
    }

    /// Hands a client's frames to its connection, if it has one.
    fn send_frames(&mut self, who: Who, frames: Frames) {
        let Some(program) = self.people[who].program() else {
            return;
        };
        if let Some(id) = program.pipe {
            let unsent = &mut self.pipes[id].up.unsent;
            if unsent.capacity() == 0 {
                unsent.reserve(FRAMES_ROOM);
            }
            unsent.extend_from_slice(&frames.0);
            self.to_write.push((id, Way::Up));
        }
        program.client.reuse(frames);
    }

    /// The client ends its connection: what it said is still written.
    fn hang_up(&mut self, who: Who) {
        let pipe = self.people[who].program();
        if let Some(id) = pipe.and_then(|program| program.pipe.take()) {
            let pipe = &mut self.pipes[id];
            if pipe.near == Near::Opening {
                pipe.up.unsent.clear();
            }
            pipe.near = Near::Closed;
            pipe.up.ends = true;
            self.to_write.push((id, Way::Up));
        }
    }

    fn end_program(&mut self, who: Who) {
        self.hang_up(who);
        self.with_seat(who, |seat| seat.program.take());
        let mut effects = Vec::new();
        if let Seat::Device(seat) = &mut self.people[who].seat {
            seat.device.on_ended(&mut effects);
        }
        self.carry_out_effects(who, &mut effects);
    }

    /// Writes what is due on somebody's desk.
    fn write_desk(&mut self, who: Who) {
        let Some(program) = self.people[who].program() else {
            return;
        };
        if !program.desk.borrow().is_due() {
            return;
        }
        let kept = program.desk.borrow_mut().write();
        for seq in kept {
            self.tell_client(who, Input::Kept(seq));
        }
    }
}
