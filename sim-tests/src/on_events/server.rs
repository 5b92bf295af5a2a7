//! The server's host: the router, the engine in memory, and what the net layer does between them and connections.

use super::OnEvents;
use super::commits::Commits;
use super::pipe::Far;
use super::queue::{Coming, Micros, PipeId, Way};
use super::timing::{CLOSING, GOODBYE};
use crate::dice::{Dice, mix};
use crate::history::{ServerNews, What};
use crate::levels::Levels;
use crate::power::Plate;
use crate::run::EPOCH_SECONDS;
use crate::server::router_config;
use crate::sheet::Sheet;
use crate::witness::Witness;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use verbatim_core::id::{ConnId, Seq};
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::router::{Input, Output, Page, Router};
use verbatim_core::wire::Durability;
use verbatim_net::Tap;
use verbatim_net::engine::{Engine, Identity};
use verbatim_net::transcript::Transcript;

/// The levels are read after so many inputs.
const LEVELS_INPUTS: u64 = 64;

/// See the module's words.
pub(super) struct Host {
    pub(super) server: Option<Server>,
    /// The program ended, in good order; the host itself is there.
    pub(super) over: bool,
    pub(super) starts: u64,
    /// How far the wall clock is off, in milliseconds.
    skew: i64,
    sheet: Option<Sheet>,
    levels: Levels,
    /// The disk, where the plan gives the server one.
    pub(super) plate: Plate,
}

/// One start of the server.
pub(super) struct Server {
    router: Router,
    pub(super) engine: Box<dyn Engine>,
    witness: Witness,
    pub(super) pages: VecDeque<Page>,
    pub(super) appended: bool,
    pub(super) commits: Commits,
    outputs: Vec<Output>,
    /// The pipe of each connection.
    pub(super) conns: Vec<Option<PipeId>>,
    free: Vec<ConnId>,
    started: Micros,
    armed: Option<Micros>,
    /// It is ending, until then at the latest.
    ends: Option<Micros>,
    inputs: u64,
    unwritten_bytes_max: u64,
}

/// What the host does.
pub(super) enum Life {
    Runs,
    /// It takes no new connections.
    Ends,
    Over,
    Dead,
}

impl Host {
    pub(super) fn new(sheet: Option<Sheet>) -> Host {
        Host {
            server: None,
            over: false,
            starts: 0,
            skew: 0,
            sheet,
            levels: Levels::default(),
            plate: Plate::default(),
        }
    }

    pub(super) fn life(&self) -> Life {
        match &self.server {
            Some(server) if server.ends.is_some() => Life::Ends,
            Some(_) => Life::Runs,
            None if self.over => Life::Over,
            None => Life::Dead,
        }
    }

    pub(super) fn jump(&mut self, by: i64) {
        self.skew += by;
    }

    fn wall(&self, now: Micros) -> Wall {
        let since = EPOCH_SECONDS * 1_000 + now / 1_000;
        Wall(since.saturating_add_signed(self.skew))
    }
}

impl OnEvents {
    pub(super) fn start_server(&mut self) {
        self.host.starts += 1;
        self.host.over = false;
        let seed = mix(self.stage.plan.seed, self.host.starts);
        let limits = self.stage.plan.limits();
        let mut engine = self.engine(&limits);
        let unwritten_bytes_max = limits.unwritten_bytes_max as u64;
        let loaded = engine.load().expect("what is on the disk is whole");
        let mut config = router_config(limits.clone(), seed, loaded.room);
        if let Some(Identity { store, hash_key }) = loaded.identity {
            (config.store, config.hash_key) = (store, hash_key);
            config.level = Durability::Disk;
        }
        let (epoch, head) = (config.epoch.0, loaded.saved.space.head().0);
        let kept = self.stage.plan.disk.then_some(head);
        let history = self.stage.history.clone();
        history.note(What::Server(ServerNews::Started { epoch, kept }));
        let started = Duration::from_micros(self.now);
        let transcript = self.host.sheet.clone();
        let transcript = transcript
            .map(|sheet| Transcript::new(sheet, limits.clone(), true).started_at(started));
        let devices = self.stage.devices.clone();
        let witness = Witness::new(self.arrivals.clone(), history, devices, limits, transcript);
        let now = Now {
            mono: Mono::ZERO,
            wall: self.host.wall(self.now),
        };
        let mut outputs = Vec::new();
        if let Some(planted) = &mut self.planted {
            planted.restart();
        }
        let router = Router::restore(config, loaded.saved, now, &mut outputs);
        self.host.server = Some(Server {
            router,
            engine,
            witness,
            pages: VecDeque::new(),
            appended: false,
            commits: Commits::new(Dice::new(seed, "commits"), Seq(head)),
            outputs: Vec::new(),
            conns: Vec::new(),
            free: Vec::new(),
            started: self.now,
            armed: None,
            ends: None,
            inputs: 0,
            unwritten_bytes_max,
        });
        if let Some(server) = &mut self.host.server {
            server.witness.router(now, &Input::Timeout, &outputs);
        }
        self.carry_out(&mut outputs);
        self.settle(now);
        self.arm_router();
    }

    pub(super) fn stop_server(&mut self) {
        let Some(server) = &mut self.host.server else {
            return;
        };
        server.ends = Some(self.now + GOODBYE);
        self.queue.push(self.now + GOODBYE, Coming::Router);
        self.tell_router(&Input::Shutdown);
        self.end_if_done();
    }

    /// A server that ends is over when its connections are, or its time is.
    fn end_if_done(&mut self) {
        let Some(server) = &self.host.server else {
            return;
        };
        let alone = server.conns.iter().all(Option::is_none);
        if server.ends.is_some_and(|until| alone || until <= self.now) {
            self.crash_server(false);
            self.host.over = true;
        }
    }

    pub(super) fn now_of(&self, server: &Server) -> Now {
        Now {
            mono: Mono::from_micros(self.now - server.started),
            wall: self.host.wall(self.now),
        }
    }

    /// Tells the router one thing and does all that follows from it.
    fn tell_router(&mut self, input: &Input<'_>) {
        let Some(server) = &self.host.server else {
            return;
        };
        let now = self.now_of(server);
        self.step_router(now, input);
        self.settle(now);
        self.arm_router();
    }

    pub(super) fn step_router(&mut self, now: Now, input: &Input<'_>) {
        let Some(server) = &mut self.host.server else {
            return;
        };
        let mut outputs = std::mem::take(&mut server.outputs);
        match &mut self.planted {
            None => server.router.handle(now, input.clone(), &mut outputs),
            Some(planted) => planted.handle(&mut server.router, now, input, &mut outputs),
        }
        server.witness.router(now, input, &outputs);
        server.inputs += 1;
        if server.inputs.is_multiple_of(LEVELS_INPUTS) {
            let status = server.router.status();
            self.host.levels.look(&status, &self.stage.history);
        }
        self.carry_out(&mut outputs);
        if let Some(server) = &mut self.host.server {
            server.outputs = outputs;
        }
    }

    fn carry_out(&mut self, outputs: &mut Vec<Output>) {
        let Some(server) = &mut self.host.server else {
            return outputs.clear();
        };
        for output in outputs.drain(..) {
            let pipe_of = |conn: ConnId| server.conns.get(conn.0 as usize).copied().flatten();
            match output {
                Output::Send { conn, frame } => {
                    if let Some(id) = pipe_of(conn) {
                        let lane = &mut self.pipes[id].down;
                        if lane.unsent.is_empty() {
                            self.to_write.push((id, Way::Down));
                        }
                        lane.used = true;
                        frame.encode(&mut lane.unsent);
                        // The router counts these too; here they are counted where they lie.
                        let (now, max) = (lane.unsent.len() as u64, server.unwritten_bytes_max);
                        let level = ("unwritten_bytes_max", now, max);
                        self.host.levels.see(level, &self.stage.history);
                    }
                }
                Output::Pause(conn) | Output::Resume(conn) => {
                    let pauses = matches!(output, Output::Pause(_));
                    if let Some(id) = pipe_of(conn)
                        && let Far::Open { paused, .. } = &mut self.pipes[id].far
                    {
                        *paused = pauses;
                        // Read again what waits; never from within the router's own call.
                        self.queue.push(self.now, Coming::Arrival(id, Way::Up));
                    }
                }
                Output::Close { conn, .. } => {
                    if let Some(id) = pipe_of(conn) {
                        let until = self.now + CLOSING;
                        let pipe = &mut self.pipes[id];
                        pipe.far = Far::Closing { conn, until };
                        pipe.down.ends = true;
                        self.to_write.push((id, Way::Down));
                        self.queue.push(until, Coming::Patience(id));
                        // One that was never told anything has nothing to lose.
                        let at = if pipe.down.used { until } else { self.now };
                        self.queue.push(at, Coming::Arrival(id, Way::Up));
                    }
                }
                Output::Append(record) => {
                    server.appended = true;
                    match &mut self.planted {
                        None => server.engine.append(record),
                        Some(planted) => planted.append(&mut *server.engine, record),
                    }
                }
                Output::Read {
                    user,
                    after,
                    messages_max,
                    bytes_max,
                } => {
                    let request = ((user, after), (messages_max, bytes_max));
                    server.read(self.planted.as_mut(), request);
                }
                Output::Save(beside) => server.engine.save(beside),
                Output::Forget { stream, up_to } => {
                    match &mut self.planted {
                        None => server.engine.forget(stream, up_to),
                        Some(planted) => planted.forget(&mut *server.engine, stream, up_to),
                    }
                    server.appended = true;
                }
                Output::Trim { up_to, age } => {
                    server.engine.trim(up_to, age);
                    server.appended = true;
                }
            }
        }
    }

    pub(super) fn arm_router(&mut self) {
        let Some(server) = &mut self.host.server else {
            return;
        };
        let due = |due| match &self.planted {
            None => due,
            Some(planted) => planted.due(due),
        };
        let wanted = server.router.deadline().map(due);
        let wanted = wanted.map(|at| server.started + at.micros());
        if wanted.is_some_and(|at| server.armed.is_none_or(|armed| at < armed)) {
            server.armed = wanted;
            self.queue.push(wanted.unwrap_or(self.now), Coming::Router);
        }
    }

    pub(super) fn on_router_time(&mut self) {
        let now = self.now;
        let Some(server) = &mut self.host.server else {
            return;
        };
        server.armed = server.armed.filter(|armed| *armed > now);
        let planted = self.planted.as_ref();
        let due = server.router.deadline();
        let due = due.map(|due| planted.map_or(due, |planted| planted.due(due)));
        if due.is_some_and(|due| server.started + due.micros() <= now) {
            self.tell_router(&Input::Timeout);
        } else {
            self.arm_router();
        }
        self.end_if_done();
    }

    /// A connection comes to the server.
    pub(super) fn accept(&mut self, id: PipeId) {
        let Some(server) = &mut self.host.server else {
            return;
        };
        let conn = server.free.pop().unwrap_or_else(|| {
            server.conns.push(None);
            ConnId(u32::try_from(server.conns.len() - 1).expect("runs are small"))
        });
        server.conns[conn.0 as usize] = Some(id);
        let pipe = &mut self.pipes[id];
        pipe.far = Far::Open {
            conn,
            paused: false,
        };
        self.arrivals.accept(pipe.number);
        let host = u8::try_from(pipe.host).expect("few hosts");
        let from = IpAddr::V4(Ipv4Addr::new(192, 168, 0, host + 1));
        self.tell_router(&Input::Opened { conn, from });
    }

    /// Reads what has come to the server's end.
    pub(super) fn read_far(&mut self, id: PipeId) {
        loop {
            let pipe = &mut self.pipes[id];
            let (conn, closing) = match pipe.far {
                Far::Unborn => return,
                Far::Gone => {
                    if !matches!(self.host.life(), Life::Dead) {
                        self.refuse(id, Way::Up);
                    }
                    return;
                }
                Far::Open { paused: true, .. } => return,
                Far::Open { conn, .. } => (conn, false),
                Far::Closing { conn, .. } => (conn, true),
            };
            let silent = closing && !pipe.down.used;
            let Some(bytes) = pipe.up.unread.pop_front() else {
                if silent {
                    self.break_far(id);
                }
                return;
            };
            self.to_write.push((id, Way::Up));
            if bytes.is_empty() {
                return self.break_far(id);
            }
            if closing {
                self.arrivals.speak(self.pipes[id].number);
            } else {
                let bytes = &bytes;
                self.tell_router(&Input::Received { conn, bytes });
            }
            self.spare(bytes);
        }
    }

    /// The system took bytes for a connection.
    pub(super) fn on_written(&mut self, id: PipeId, bytes: usize) {
        if let Some(conn) = self.pipes[id].conn() {
            self.tell_router(&Input::Written { conn, bytes });
        }
    }

    pub(super) fn on_patience(&mut self, id: PipeId) {
        if let Far::Closing { until, .. } = self.pipes[id].far
            && until <= self.now
        {
            self.break_far(id);
        }
    }

    /// The connection ends at the server's end, and the router hears it.
    pub(super) fn break_far(&mut self, id: PipeId) {
        let Some(conn) = self.pipes[id].conn() else {
            return;
        };
        self.leave(id);
        if let Some(server) = &mut self.host.server {
            server.conns[conn.0 as usize] = None;
            self.tell_router(&Input::Closed { conn });
        }
        if let Some(server) = &mut self.host.server {
            server.free.push(conn);
        }
        self.end_if_done();
    }

    /// The server's end is no more.
    pub(super) fn leave(&mut self, id: PipeId) {
        let pipe = &mut self.pipes[id];
        pipe.far = Far::Gone;
        pipe.down.cut_off();
        pipe.up.unread.clear();
        self.to_write.push((id, Way::Down));
    }
}
