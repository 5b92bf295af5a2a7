//! Where those who take part sit: their programs, as the world of events runs them.

use super::micros;
use super::queue::{Micros, PipeId};
use crate::cast::{Classic, Desk, Device, Script, Stage, Usurper};
use crate::history::Who;
use crate::plan::Part;
use std::cell::RefCell;
use std::rc::Rc;
use verbatim_core::client::Client;

/// The most connections that a script has.
pub(super) const WIRES: usize = 2;

/// Somebody at a desk.
pub(super) struct Person {
    pub(super) seat: Seat,
    /// The time for which it is to be woken.
    pub(super) armed: Option<Micros>,
}

/// What stands there.
pub(super) enum Seat {
    Device(Box<DeviceSeat>),
    Classic(Box<Scripted<Classic>>),
}

/// A session user's: the device, its program while one runs, and another program that has it.
pub(super) struct DeviceSeat {
    pub(super) device: Device,
    pub(super) program: Option<Program>,
    pub(super) usurper: Option<Scripted<Usurper>>,
}

/// A client of the core in its program.
pub(super) struct Program {
    pub(super) client: Client,
    pub(super) desk: Rc<RefCell<Desk>>,
    pub(super) started: Micros,
    pub(super) pipe: Option<PipeId>,
}

/// A script and its connections.
pub(super) struct Scripted<S> {
    pub(super) script: S,
    pub(super) pipes: [Option<PipeId>; WIRES],
}

impl Person {
    pub(super) fn new(who: Who, stage: &Stage) -> Person {
        let seat = match stage.plan.users[who].part {
            Part::Device { .. } => Seat::Device(Box::new(DeviceSeat {
                device: Device::new(who, stage.clone()),
                program: None,
                usurper: None,
            })),
            Part::Classic { .. } => Seat::Classic(Box::new(Scripted {
                script: Classic::new(who, stage.clone()),
                pipes: [None; WIRES],
            })),
        };
        Person { seat, armed: None }
    }

    pub(super) fn program(&mut self) -> Option<&mut Program> {
        match &mut self.seat {
            Seat::Device(seat) => seat.program.as_mut(),
            Seat::Classic(_) => None,
        }
    }

    pub(super) fn usurper(&mut self) -> Option<&mut Scripted<Usurper>> {
        match &mut self.seat {
            Seat::Device(seat) => seat.usurper.as_mut(),
            Seat::Classic(_) => None,
        }
    }

    /// When anything of it wants to be called.
    pub(super) fn deadline(&self) -> Option<Micros> {
        match &self.seat {
            Seat::Classic(classic) => classic.script.deadline().map(micros),
            Seat::Device(seat) => seat.deadline(),
        }
    }
}

impl DeviceSeat {
    fn deadline(&self) -> Option<Micros> {
        let (mut client, mut desk) = (None, None);
        if let Some(program) = &self.program {
            client = program.client_due();
            desk = program.desk.borrow().due().map(micros);
        }
        let usurper = self.usurper.as_ref();
        let usurper = usurper.and_then(|usurper| usurper.script.deadline());
        let others = desk.into_iter().chain(usurper.map(micros));
        client.into_iter().chain(others).min()
    }
}

impl Program {
    /// When the client wants to be called.
    pub(super) fn client_due(&self) -> Option<Micros> {
        let due = self.client.deadline()?;
        Some(self.started + due.micros())
    }
}
