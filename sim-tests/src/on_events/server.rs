//! The server's host: the router, the engine in memory, and what the net layer does between them and connections.

use super::OnEvents;
use super::commits::Commits;
use super::pipe::Far;
use super::queue::{Coming, Micros, PipeId, Way};
use super::timing::{CLOSING, GOODBYE};
use crate::cast::Stage;
use crate::levels::Levels;
use crate::run::EPOCH_SECONDS;
use crate::server_disk::ServerDisk;
use crate::sheet::Sheet;
use crate::witness::Witness;
use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use verbatim_core::id::{ConnId, Seq};
use verbatim_core::now::{Mono, Now, Wall};
use verbatim_core::router::{Input, Output, Page, Past, Question, Router};
use verbatim_net::Tap;
use verbatim_net::engine::Engine;

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
    pub(super) sheet: Option<Sheet>,
    levels: Levels,
    pub(super) disk: ServerDisk,
    /// A commit failed for lack of room: the server begins anew by and by.
    pub(super) waits_for_room: bool,
}

/// One start of the server.
pub(super) struct Server {
    router: Router,
    pub(super) engine: Box<dyn Engine>,
    pub(super) witness: Witness,
    pub(super) pages: VecDeque<Page>,
    pub(super) pasts: VecDeque<(Question, Past)>,
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

impl Server {
    fn trim(&mut self, up_to: Seq, age: u64) {
        self.engine.trim(up_to, age);
        self.appended = true;
    }

    /// One that begins now.
    pub(super) fn new(
        (router, engine): (Router, Box<dyn Engine>),
        witness: Witness,
        commits: Commits,
        (started, unwritten_bytes_max): (Micros, u64),
    ) -> Server {
        Server {
            router,
            engine,
            witness,
            pages: VecDeque::new(),
            pasts: VecDeque::new(),
            appended: false,
            commits,
            outputs: Vec::new(),
            conns: Vec::new(),
            free: Vec::new(),
            started,
            armed: None,
            ends: None,
            inputs: 0,
            unwritten_bytes_max,
        }
    }
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
    pub(super) fn new(stage: &Stage, sheet: Option<Sheet>) -> Host {
        Host {
            server: None,
            over: false,
            starts: 0,
            skew: 0,
            sheet,
            levels: Levels::default(),
            disk: ServerDisk::new(stage),
            waits_for_room: false,
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

    pub(super) fn wall(&self, now: Micros) -> Wall {
        let since = EPOCH_SECONDS * 1_000 + now / 1_000;
        Wall(since.saturating_add_signed(self.skew))
    }
}

impl OnEvents {
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

    pub(super) fn carry_out(&mut self, outputs: &mut Vec<Output>) {
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
                        let levels = &mut self.host.levels;
                        levels.see_unwritten(now, max, &self.stage.history);
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
                Output::Recall(question) => server.recall(self.planted.as_mut(), question),
                Output::Save(beside) => {
                    server.appended |= self.host.disk.is_used();
                    match &mut self.planted {
                        None => server.engine.save(beside),
                        Some(planted) => planted.save(&mut *server.engine, beside),
                    }
                }
                Output::Forget { stream, up_to } => {
                    match &mut self.planted {
                        None => server.engine.forget(stream, up_to),
                        Some(planted) => planted.forget(&mut *server.engine, stream, up_to),
                    }
                    server.appended = true;
                }
                Output::Trim { up_to, age } => server.trim(up_to, age),
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
