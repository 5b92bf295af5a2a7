//! A session user: the client that ships, in a program that starts, dies and starts again.

use super::desk::{Desk, Tray, write};
use super::disk::Disk;
use super::{Order, Player, usurper};
use crate::dice::Dice;
use crate::history::{DeviceNews, Tag, What};
use crate::plan::{Act, Keeping, Part};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use verbatim_core::client::{Config, LineId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::Credit;
use verbatim_net::{Request, run_client};

use crate::server::ADDRESS;

struct Device {
    player: Player,
    disk: Rc<RefCell<Disk>>,
    paused_until: Rc<Cell<Option<Instant>>>,
    /// Longest time that writing a delivery takes, in milliseconds.
    write_max: Rc<Cell<u64>>,
    /// Lines written so far, over all programs.
    lines: u64,
    programs: u64,
    program: Option<Program>,
    usurper: Option<JoinHandle<()>>,
}

struct Program {
    requests: UnboundedSender<Request>,
    tray: Rc<Tray>,
    client: JoinHandle<()>,
    writer: JoinHandle<()>,
    /// It was told to end, and whether it gives the name up.
    leaves: Option<bool>,
    /// It is to start again when it has ended.
    again: bool,
}

pub(super) async fn play(player: Player) {
    let Part::Device {
        keeping, write_max, ..
    } = player.stage.plan.users[player.who].part
    else {
        return;
    };
    let disk = Disk::new(keeping, player.stage.plan.seed, player.who);
    let mut device = Device {
        player,
        disk: Rc::new(RefCell::new(disk)),
        paused_until: Rc::default(),
        write_max: Rc::new(Cell::new(write_max)),
        lines: 0,
        programs: 0,
        program: None,
        usurper: None,
    };
    loop {
        let order = {
            let Device {
                player, program, ..
            } = &mut device;
            tokio::select! {
                biased;
                order = player.orders.recv() => order,
                () = ended(program) => None,
            }
        };
        match order {
            Some(order) => device.on_order(order).await,
            None => device.on_ended(),
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

impl Device {
    fn note(&self, news: DeviceNews) {
        let history = &self.player.stage.history;
        history.note(What::Device(self.player.who, news));
    }

    async fn on_order(&mut self, order: Order) {
        match order {
            Order::Calm => self.on_calm(),
            Order::Act(Act::Begin) => self.begin(),
            Order::Act(Act::Crash { .. }) => self.crash().await,
            Order::Act(Act::Pause(span)) => {
                let until = Instant::now() + Duration::from_millis(span);
                self.paused_until.set(Some(until));
            }
            Order::Act(Act::Usurp(span)) => self.usurp(span),
            Order::Act(act) => self.ask(act),
        }
    }

    fn on_calm(&mut self) {
        self.paused_until.set(None);
        self.write_max.set(0);
        if let Some(usurper) = self.usurper.take() {
            usurper.abort();
        }
    }

    /// Hands an act to the client.
    fn ask(&mut self, act: Act) {
        let last = LineId(self.lines);
        let Some(program) = self
            .program
            .as_mut()
            .filter(|program| program.leaves.is_none())
        else {
            return;
        };
        let request = match act {
            Act::Withdraw => Request::Withdraw(last),
            Act::Who => Request::Who,
            Act::Return => Request::Return,
            Act::Leave { forget } => {
                program.leaves = Some(forget);
                Request::Leave { forget }
            }
            Act::Say {
                to,
                lines,
                bytes,
                age,
            } => return self.say(to, lines, bytes, age),
            _ => return,
        };
        // One that has ended hears nothing.
        let _ = program.requests.send(request);
    }

    fn say(&mut self, to: crate::plan::To, lines: u64, bytes: u64, age: u64) {
        let to = self.player.stage.name_of(to);
        let recipient = Recipient::parse(to.as_bytes()).expect("plans name users");
        let age_max = (age > 0).then(|| Duration::from_millis(age));
        for _ in 0..lines {
            self.lines += 1;
            let line = self.lines;
            let who = self.player.who;
            let body = Tag { who, line }.body(bytes);
            self.note(DeviceNews::Submitted {
                line,
                to: to.clone(),
                body: body.clone(),
                age: age_max,
            });
            let program = self.program.as_ref().expect("looked at by the caller");
            let _ = program.requests.send(Request::Submit {
                line: LineId(line),
                to: recipient,
                body,
                age_max,
            });
        }
    }

    fn begin(&mut self) {
        if let Some(program) = &mut self.program {
            program.again = program.leaves.is_some();
            return;
        }
        self.programs += 1;
        let (requests, asked) = mpsc::unbounded_channel();
        let config = self.config();
        let Player { who, ref stage, .. } = self.player;
        let paused = Rc::clone(&self.paused_until);
        let write_max = Rc::clone(&self.write_max);
        let tray = Rc::new(Tray::new(requests.clone(), paused, write_max));
        let (disk, history) = (Rc::clone(&self.disk), stage.history.clone());
        let mut desk = Desk::new(who, history.clone(), Rc::clone(&disk), Rc::clone(&tray));
        let transport = self.player.transport();
        let client = tokio::task::spawn_local(async move {
            let ran = run_client(&transport, ADDRESS, config, asked, &mut desk).await;
            ran.expect("a simulated store can always be written");
        });
        let kept = Rc::clone(&tray);
        let dice = Dice::new(stage.plan.seed, &format!("writer {who} {}", self.programs));
        let writer = tokio::task::spawn_local(write(who, history, disk, tray, dice));
        self.program = Some(Program {
            requests,
            tray: kept,
            client,
            writer,
            leaves: None,
            again: false,
        });
    }

    /// What the program reads when it starts.
    fn config(&mut self) -> Config {
        let Player { who, ref stage, .. } = self.player;
        let Part::Device {
            keeping,
            deliveries,
            bytes,
            waits_for_name,
            ..
        } = stage.plan.users[who].part
        else {
            unreachable!("only session users run clients")
        };
        let start = self.disk.borrow_mut().open();
        let (device, secret) = (self.disk.borrow().device, self.disk.borrow().secret());
        stage.devices.borrow_mut().insert(secret, (who, device));
        self.note(DeviceNews::Began { device, keeping });
        let name = Name::parse(self.player.name().as_bytes()).expect("plans name users");
        Config {
            keeps_store: keeping != Keeping::Nothing,
            start,
            credit: Credit { deliveries, bytes },
            waits_for_name,
            limits: Limits::default(),
            ..Config::throw_away(
                name,
                secret,
                stage.plan.seed ^ self.programs ^ (who as u64) << 32,
            )
        }
    }

    async fn crash(&mut self) {
        let Some(program) = self.program.take() else {
            return;
        };
        for task in [program.client, program.writer] {
            task.abort();
            let _ = task.await;
        }
        self.note(DeviceNews::Ended {
            crashed: true,
            forgot: false,
        });
    }

    /// The program ended by itself.
    fn on_ended(&mut self) {
        let Some(program) = self.program.take() else {
            return;
        };
        program.writer.abort();
        let (forgets, online) = (program.leaves == Some(true), program.tray.online.get());
        let forgot = self.disk.borrow_mut().on_ended(forgets, online);
        self.note(DeviceNews::Ended {
            crashed: false,
            forgot,
        });
        if program.again {
            self.begin();
        }
    }

    fn usurp(&mut self, span: u64) {
        if self.program.is_none() {
            return;
        }
        let disk = self.disk.borrow();
        let attempt = disk.attempt.next();
        let usurper = usurper::Usurper {
            who: self.player.who,
            device: disk.device,
            secret: disk.secret(),
            attempt,
            stage: self.player.stage.clone(),
            transport: self.player.transport(),
            span: Duration::from_millis(span),
        };
        let task = tokio::task::spawn_local(usurper.run());
        if let Some(before) = self.usurper.replace(task) {
            before.abort();
        }
    }
}
