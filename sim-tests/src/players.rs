//! Drives those who take part: a task each on its host. The client of a session user is driven by what ships.

use crate::cast::{Classic, Desk, Device, Effect, Order, Stage};
use crate::clock::Clock;
use crate::history::Who;
use crate::plan::Part;
use crate::scripts::play_script;
use std::cell::RefCell;
use std::future::pending;
use std::io;
use std::rc::Rc;
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use verbatim_core::client::{Config, Input, Message, Notice, Output};
use verbatim_core::id::Seq;
use verbatim_core::now::{Now, Wall};
use verbatim_core::wire::Ask;
use verbatim_net::{Host, Request, Transport, Wanted, run_client};

/// How somebody comes to the server.
#[derive(Clone)]
pub(crate) struct Way<T> {
    /// What carries bytes.
    pub(crate) transport: T,
    /// The server's address.
    pub(crate) server: String,
    /// The time of the run.
    pub(crate) clock: Clock,
}

/// One who takes part.
pub(crate) struct Player<T> {
    /// Which user of the plan.
    pub(crate) who: Who,
    pub(crate) stage: Stage,
    pub(crate) way: Way<T>,
    /// What it is told to do.
    pub(crate) orders: UnboundedReceiver<Order>,
}

impl<T: Transport + Clone> Player<T> {
    /// Takes part until the run ends. To be run on its host.
    pub(crate) async fn play(self) {
        let (who, stage) = (self.who, self.stage.clone());
        match stage.plan.users[who].part {
            Part::Device { .. } => self.play_device().await,
            Part::Classic { .. } => {
                let mut classic = Classic::new(who, stage);
                play_script(&mut classic, &self.way, Some(self.orders)).await;
            }
        }
    }

    async fn play_device(mut self) {
        let mut device = Device::new(self.who, self.stage.clone());
        let mut machine = Machine {
            way: self.way.clone(),
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
struct Machine<T> {
    way: Way<T>,
    program: Option<Program>,
    usurper: Option<JoinHandle<()>>,
}

struct Program {
    requests: UnboundedSender<Request>,
    client: JoinHandle<()>,
    writer: JoinHandle<()>,
}

impl<T: Transport + Clone> Machine<T> {
    async fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Start(config, desk) => self.start(*config, desk),
            Effect::Ask(request) => self.ask(request),
            Effect::Say(said) => self.ask(said.into()),
            Effect::Kill => self.end().await,
            Effect::Usurp(mut usurper) => {
                let way = self.way.clone();
                let task = tokio::task::spawn_local(async move {
                    play_script(&mut *usurper, &way, None).await;
                });
                self.replace_usurper(Some(task));
            }
            Effect::Free => self.replace_usurper(None),
        }
    }

    fn ask(&self, request: Request) {
        if let Some(program) = &self.program {
            // One that has ended hears nothing.
            let _ = program.requests.send(request);
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
        let way = self.way.clone();
        let client = tokio::task::spawn_local(async move {
            run_client(&way.transport, &way.server, config, asked, &mut terminal).await;
        });
        let writer =
            tokio::task::spawn_local(write(self.way.clock.clone(), desk, more, requests.clone()));
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
    fn keep(&mut self, outputs: &[Output]) -> io::Result<Option<Seq>> {
        for output in outputs {
            if let Output::Keep(keep) = output {
                self.desk.borrow().keep(keep);
            }
        }
        Ok(None)
    }

    fn deliver(&mut self, message: Message) {
        let mut desk = self.desk.borrow_mut();
        desk.deliver(Box::new(message));
        for seq in desk.write() {
            // The client itself is running, and so is its receiver.
            let _ = self.requests.send(Request::Kept(seq));
        }
        if desk.due().is_some() {
            self.more.notify_one();
        }
    }

    fn history(&mut self, wanted: Wanted) -> Option<Ask> {
        Some(wanted.ask())
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
async fn write(
    clock: Clock,
    desk: Rc<RefCell<Desk>>,
    more: Rc<Notify>,
    requests: UnboundedSender<Request>,
) {
    loop {
        let due = desk.borrow().due();
        match due {
            None => more.notified().await,
            Some(due) => sleep(due.saturating_sub(clock.now())).await,
        }
        for seq in desk.borrow_mut().write() {
            // When the client has gone, nobody wants to know.
            let _ = requests.send(Request::Kept(seq));
        }
    }
}
