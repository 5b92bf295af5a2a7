//! Drives those who take part: a task each on its host. The client of a session user is driven by what ships.

use super::rough::{Air, Origin, RoughTransport};
use super::scripts::play_script;
use crate::cast::{Classic, Desk, Device, Effect, Order, Stage};
use crate::history::Who;
use crate::plan::Part;
use crate::server::ADDRESS;
use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::rc::Rc;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use verbatim_core::client::{Config, Input, Keep, Message, Notice, Output};
use verbatim_core::now::{Now, Wall};
use verbatim_net::{Host, Request, run_client};

/// One who takes part.
pub(super) struct Player {
    /// Which user of the plan.
    pub(super) who: Who,
    pub(super) stage: Stage,
    pub(super) air: Air,
    /// What it is told to do.
    pub(super) orders: UnboundedReceiver<Order>,
}

impl Player {
    /// Takes part until the run ends. To be run on its host.
    pub(super) async fn play(self) {
        let (who, stage) = (self.who, self.stage.clone());
        match stage.plan.users[who].part {
            Part::Device { .. } => self.play_device().await,
            Part::Classic { .. } => {
                let transport = self.transport();
                let mut classic = Classic::new(who, stage);
                play_script(&mut classic, &transport, Some(self.orders)).await;
            }
        }
    }

    fn transport(&self) -> RoughTransport {
        let user = &self.stage.plan.users[self.who];
        let (classic, whole) = match user.part {
            Part::Device { .. } => (false, false),
            Part::Classic { reads_once, .. } => (true, reads_once),
        };
        self.air.client(Origin {
            who: self.who,
            host: user.host,
            classic,
            whole,
        })
    }

    async fn play_device(mut self) {
        let mut device = Device::new(self.who, self.stage.clone());
        let mut machine = Machine {
            transport: self.transport(),
            program: None,
            usurper: None,
        };
        loop {
            let mut effects = Vec::new();
            tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    Some(order) => device.on_order(order, &mut effects),
                    None => return,
                },
                () = ended(&mut machine.program) => {
                    machine.end().await;
                    device.on_ended(&mut effects);
                }
            }
            for effect in effects {
                machine.carry_out(effect).await;
            }
        }
    }
}

/// Waits for the program to end by itself.
async fn ended(program: &mut Option<Program>) {
    match program {
        Some(program) => {
            // A panic in it has ended the run.
            let _ = (&mut program.client).await;
        }
        None => pending().await,
    }
}

/// What runs a device's programs.
struct Machine {
    transport: RoughTransport,
    program: Option<Program>,
    usurper: Option<JoinHandle<()>>,
}

struct Program {
    requests: UnboundedSender<Request>,
    client: JoinHandle<()>,
    writer: JoinHandle<()>,
}

impl Machine {
    async fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Start(config, desk) => self.start(*config, desk),
            Effect::Ask(request) => {
                if let Some(program) = &self.program {
                    // One that has ended hears nothing.
                    let _ = program.requests.send(request);
                }
            }
            Effect::Kill => self.end().await,
            Effect::Usurp(mut usurper) => {
                let transport = self.transport.clone();
                let task = tokio::task::spawn_local(async move {
                    play_script(&mut *usurper, &transport, None).await;
                });
                self.replace_usurper(Some(task));
            }
            Effect::Free => self.replace_usurper(None),
        }
    }

    fn replace_usurper(&mut self, task: Option<JoinHandle<()>>) {
        if let Some(before) = std::mem::replace(&mut self.usurper, task) {
            before.abort();
        }
    }

    fn start(&mut self, config: Config, desk: Rc<RefCell<Desk>>) {
        let (requests, asked) = mpsc::unbounded_channel();
        let more = Rc::new(Notify::new());
        let mut terminal = Terminal {
            desk: Rc::clone(&desk),
            more: Rc::clone(&more),
            requests: requests.clone(),
        };
        let transport = self.transport.clone();
        let client = tokio::task::spawn_local(async move {
            let ran = run_client(&transport, ADDRESS, config, asked, &mut terminal).await;
            ran.expect("a simulated store can always be written");
        });
        let writer = tokio::task::spawn_local(write(desk, more, requests.clone()));
        self.program = Some(Program {
            requests,
            client,
            writer,
        });
    }

    async fn end(&mut self) {
        let Some(program) = self.program.take() else {
            return;
        };
        program.writer.abort();
        program.client.abort();
        if !program.client.is_finished() {
            let _ = program.client.await;
        }
    }
}

/// The desk, as the driver that ships wants it.
struct Terminal {
    desk: Rc<RefCell<Desk>>,
    /// Something waits to be written.
    more: Rc<Notify>,
    requests: UnboundedSender<Request>,
}

impl Host for Terminal {
    fn keep(&mut self, keep: Keep) -> io::Result<()> {
        self.desk.borrow().keep(keep);
        Ok(())
    }

    fn deliver(&mut self, message: Message) {
        let mut desk = self.desk.borrow_mut();
        desk.deliver(message);
        for seq in desk.write() {
            // The client itself is running, and so is its receiver.
            let _ = self.requests.send(Request::Kept(seq));
        }
        if desk.due().is_some() {
            self.more.notify_one();
        }
    }

    fn show(&mut self, notice: Notice) {
        self.desk.borrow_mut().show(&notice);
    }

    fn wall(&self) -> Wall {
        Wall(0)
    }

    fn tap(&mut self, _: Now, input: &Input<'_>, outputs: &[Output]) {
        self.desk.borrow_mut().look(input, outputs);
    }
}

/// Writes what waits on a desk, when it is due, until the program ends.
async fn write(desk: Rc<RefCell<Desk>>, more: Rc<Notify>, requests: UnboundedSender<Request>) {
    loop {
        let due = desk.borrow().due();
        match due {
            None => more.notified().await,
            Some(due) => sleep(due.saturating_sub(crate::clock::Clock::Turmoil.now())).await,
        }
        for seq in desk.borrow_mut().write() {
            // When the client has gone, nobody wants to know.
            let _ = requests.send(Request::Kept(seq));
        }
    }
}
