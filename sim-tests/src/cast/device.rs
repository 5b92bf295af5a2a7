//! A session user: the client that ships, in a program that starts, dies and starts again.

use super::desk::Desk;
use super::disk::Disk;
use super::usurper::{Talk, Usurper, Vice};
use super::{Order, Stage};
use crate::dice::Dice;
use crate::history::{DeviceNews, Tag, What, Who};
use crate::plan::{Act, Keeping, Part, To};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use verbatim_core::client::{Config, LineId};
use verbatim_core::limits::Limits;
use verbatim_core::name::{Name, Recipient};
use verbatim_core::wire::Credit;
use verbatim_net::{Request, Wanted};

/// See the module's words.
pub struct Device {
    who: Who,
    stage: Stage,
    part: Session,
    disk: Rc<RefCell<Disk>>,
    paused_until: Option<Duration>,
    /// Lines written so far, over all programs.
    lines: u64,
    programs: u64,
    program: Option<Program>,
    /// The text that is being written.
    text: String,
}

/// Its ways, as the plan has them.
#[derive(Clone, Copy)]
struct Session {
    keeping: Keeping,
    credit: Credit,
    waits_for_name: bool,
    write_max: u64,
}

struct Program {
    desk: Rc<RefCell<Desk>>,
    /// It was told to end, and whether it gives the name up.
    leaves: Option<bool>,
    /// It is to start again when it has ended.
    again: bool,
}

/// What is to be done with its program.
pub enum Effect {
    /// Run a client of the core, and that round it.
    Start(Box<Config>, Rc<RefCell<Desk>>),
    /// Ask the client.
    Ask(Request),
    /// Give the client a line.
    Say(Said),
    /// The program dies.
    Kill,
    /// Another program takes its device, in place of any that did before.
    Usurp(Box<Usurper>),
    /// That other program dies.
    Free,
}

/// A line for the client.
pub struct Said {
    /// Which.
    pub line: LineId,
    /// To whom.
    pub to: Recipient,
    /// Its text.
    pub body: Rc<str>,
    /// Its age limit.
    pub age_max: Option<Duration>,
}

impl From<Said> for Request {
    fn from(said: Said) -> Request {
        Request::Submit {
            line: said.line,
            to: said.to,
            body: said.body.as_ref().into(),
            age_max: said.age_max,
        }
    }
}

impl Device {
    /// That user of the plan, whose program does not run yet.
    pub fn new(who: Who, stage: Stage) -> Device {
        let part = match stage.plan.users[who].part {
            Part::Device {
                keeping,
                deliveries,
                bytes,
                waits_for_name,
                write_max,
            } => Session {
                keeping,
                credit: Credit { deliveries, bytes },
                waits_for_name,
                write_max,
            },
            Part::Classic { .. } => unreachable!("only session users run clients"),
        };
        Device {
            disk: Rc::new(RefCell::new(Disk::new(part.keeping, stage.plan.seed, who))),
            who,
            stage,
            part,
            paused_until: None,
            lines: 0,
            programs: 0,
            program: None,
            text: String::new(),
        }
    }

    #[inline(always)]
    fn note(&self, news: DeviceNews) {
        self.stage.history.note(What::Device(self.who, news));
    }

    /// Does what it is told.
    pub fn on_order(&mut self, order: Order, out: &mut Vec<Effect>) {
        match order {
            Order::Calm => {
                self.part.write_max = 0;
                self.pause(None);
                out.push(Effect::Free);
            }
            Order::Act(Act::Begin) => self.begin(out),
            Order::Act(Act::Crash { .. }) => self.crash(out),
            Order::Act(Act::Pause(span)) => {
                let until = self.stage.history.now() + Duration::from_millis(span);
                self.pause(Some(until));
            }
            Order::Act(Act::Usurp(span)) => self.usurp(span, out),
            Order::Act(act) => self.ask(act, out),
        }
    }

    fn pause(&mut self, until: Option<Duration>) {
        self.paused_until = until;
        if let Some(program) = &self.program {
            let mut desk = program.desk.borrow_mut();
            desk.paused_until = until;
            desk.write_max = self.part.write_max;
        }
    }

    /// Hands an act to the client.
    fn ask(&mut self, act: Act, out: &mut Vec<Effect>) {
        let stays = |program: &&mut Program| program.leaves.is_none();
        let Some(program) = self.program.as_mut().filter(stays) else {
            return;
        };
        let request = match act {
            Act::Withdraw => Request::Withdraw(LineId(self.lines)),
            Act::Who => Request::Who,
            Act::History { with, count } => {
                let name = self.stage.name_of(with).to_string();
                let with = Recipient::parse(name.as_bytes()).expect("plans name users");
                self.note(DeviceNews::Asked { with: name, count });
                let with = Some(with);
                let count = usize::try_from(count).expect("plans ask for few");
                Request::History(Wanted { with, count })
            }
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
            } => return self.say((to, lines, bytes, age), out),
            _ => return,
        };
        out.push(Effect::Ask(request));
    }

    fn say(&mut self, (to, lines, bytes, age): (To, u64, u64, u64), out: &mut Vec<Effect>) {
        let to: Rc<str> = self.stage.name_of(to).into();
        let recipient = Recipient::parse(to.as_bytes()).expect("plans name users");
        let age_max = (age > 0).then(|| Duration::from_millis(age));
        out.reserve(lines as usize);
        for _ in 0..lines {
            self.lines += 1;
            let (who, line) = (self.who, self.lines);
            Tag { who, line }.write(bytes, &mut self.text);
            let body: Rc<str> = self.text.as_str().into();
            let (to, text) = (Rc::clone(&to), Rc::clone(&body));
            self.stage.history.note_made(|| {
                let (body, age) = (text, age_max);
                What::Device(
                    who,
                    DeviceNews::Submitted {
                        line,
                        to,
                        body,
                        age,
                    },
                )
            });
            out.push(Effect::Say(Said {
                line: LineId(line),
                to: recipient,
                body,
                age_max,
            }));
        }
    }

    fn begin(&mut self, out: &mut Vec<Effect>) {
        if let Some(program) = &mut self.program {
            program.again = program.leaves.is_some();
            return;
        }
        self.programs += 1;
        let config = self.config();
        let Device { who, stage, .. } = self;
        let dice = Dice::new(stage.plan.seed, &format!("writer {who} {}", self.programs));
        let (history, disk) = (stage.history.clone(), Rc::clone(&self.disk));
        let mut desk = Desk::new(*who, history, disk, dice, self.part.write_max);
        desk.paused_until = self.paused_until;
        let desk = Rc::new(RefCell::new(desk));
        out.push(Effect::Start(Box::new(config), Rc::clone(&desk)));
        self.program = Some(Program {
            desk,
            leaves: None,
            again: false,
        });
    }

    /// What the program reads when it starts.
    fn config(&mut self) -> Config {
        let (who, part) = (self.who, self.part);
        let start = self.disk.borrow_mut().open();
        let (device, secret) = (self.disk.borrow().device, self.disk.borrow().secret());
        let mut devices = self.stage.devices.borrow_mut();
        devices.insert(secret, (who, device));
        drop(devices);
        let keeping = part.keeping;
        self.note(DeviceNews::Began { device, keeping });
        let name = Name::parse(self.stage.name(who).as_bytes()).expect("plans name users");
        let seed = self.stage.plan.seed ^ self.programs ^ (who as u64) << 32;
        Config {
            keeps_store: keeping != Keeping::Nothing,
            start,
            credit: part.credit,
            waits_for_name: part.waits_for_name,
            limits: Limits::default(),
            ..Config::throw_away(name, secret, seed)
        }
    }

    fn crash(&mut self, out: &mut Vec<Effect>) {
        if self.program.take().is_some() {
            out.push(Effect::Kill);
            self.note(DeviceNews::Ended {
                crashed: true,
                forgot: false,
            });
        }
    }

    /// The program has ended by itself.
    pub fn on_ended(&mut self, out: &mut Vec<Effect>) {
        let Some(program) = self.program.take() else {
            return;
        };
        let (forgets, online) = (program.leaves == Some(true), program.desk.borrow().online);
        let forgot = self.disk.borrow_mut().on_ended(forgets, online);
        self.note(DeviceNews::Ended {
            crashed: false,
            forgot,
        });
        if program.again {
            self.begin(out);
        }
    }

    fn usurp(&mut self, span: u64, out: &mut Vec<Effect>) {
        if self.program.is_none() {
            return;
        }
        let disk = self.disk.borrow();
        let which = format!("usurper {} {}", self.who, disk.attempt);
        let vice = Vice::draw(&mut Dice::new(self.stage.plan.seed, &which));
        let attempt = match vice {
            Vice::Stale => disk.attempt,
            _ => disk.attempt.next(),
        };
        out.push(Effect::Usurp(Box::new(Usurper {
            who: self.who,
            device: disk.device,
            secret: disk.secret(),
            attempt,
            stage: self.stage.clone(),
            until: self.stage.history.now() + Duration::from_millis(span),
            talk: Talk::default(),
            vice,
        })));
    }
}
