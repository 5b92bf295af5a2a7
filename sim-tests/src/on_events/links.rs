//! What happens to connections on their way: knocking, writing, arriving, being lost, held, cut and given up.

use super::pipe::{Far, Lane, Near, Owner, Pipe};
use super::queue::{Coming, Micros, PipeId, Way};
use super::timing::{KEEPALIVE, LINGER};
use super::{OnEvents, server::Life};
use crate::dice::Dice;
use crate::flights::{Load, Start};
use crate::ground::{DEAF_BYTES_MAX, Passage, goes_whole};
use crate::plan::Part;
use crate::planted::Segment;
use std::time::Duration;

/// Buffers that are kept.
const SPARE_MAX: usize = 32;

impl OnEvents {
    /// Somebody asks for a connection.
    pub(super) fn knock(&mut self, owner: Owner) -> PipeId {
        let (seed, number) = (self.stage.plan.seed, self.arrivals.number());
        self.arrivals.own(number, owner.who());
        let lane = |end: &str| Lane::new(Dice::new(seed, &format!("wire {number} {end}")));
        let user = &self.stage.plan.users[owner.who()];
        let whole = matches!(
            user.part,
            Part::Classic {
                reads_once: true,
                ..
            }
        );
        let host = user.host;
        let pipe = self.pipes.len();
        self.pipes.push(Pipe {
            number,
            host,
            owner,
            near: Near::Opening,
            far: Far::Unborn,
            up: lane("Near"),
            down: lane("Far"),
            knocked: false,
            whole,
            dark_until: 0,
            deaf_until: 0,
            unheard: 0,
            damaged: false,
        });
        self.record_signal(pipe, Way::Up, Load::Knock);
        if self.passes(host, Way::Up) {
            self.pipes[pipe].knocked = true;
            self.queue
                .push(self.now + self.links[host].latency, Coming::Knock(pipe));
        }
        pipe
    }

    /// The server's end hears that somebody knocks.
    pub(super) fn on_knock(&mut self, id: PipeId) {
        let host = self.pipes[id].host;
        let open = match self.host.life() {
            Life::Dead => return,
            Life::Runs => {
                self.accept(id);
                true
            }
            Life::Ends | Life::Over => false,
        };
        self.record_signal(id, Way::Down, Load::Answer(open));
        if self.passes(host, Way::Down) {
            let at = self.now + self.links[host].latency;
            self.queue.push(at, Coming::Answer(id, open));
        }
        // What was said behind it may have come at the same time, and first.
        self.read_far(id);
    }

    pub(super) fn on_answer(&mut self, id: PipeId, open: bool) {
        if self.pipes[id].near != Near::Opening {
            return;
        }
        if !open {
            return self.break_near(id);
        }
        self.pipes[id].near = Near::Open;
        self.near_opened(id);
        self.read_near(id);
    }

    /// Whether anything passes on a link; what is held does, later, but nobody can knock meanwhile.
    pub(super) fn passes(&self, host: usize, way: Way) -> bool {
        match self.links[host].passage {
            Passage::Free => true,
            Passage::Held => false,
            Passage::Blocked { up, down } => match way {
                Way::Up => !up,
                Way::Down => !down,
            },
        }
    }

    /// Writes all that can be written.
    pub(super) fn write_all(&mut self) {
        let mut at = 0;
        while at < self.to_write.len() {
            let (pipe, way) = self.to_write[at];
            at += 1;
            self.write(pipe, way);
        }
        self.to_write.clear();
    }

    fn write(&mut self, id: PipeId, way: Way) {
        if self.pipes[id].lane(way).has_said_all() {
            return;
        }
        let segments_max = self.stage.plan.segments_max;
        let mut written = 0;
        loop {
            let (now, calm, chop) = (self.now, self.calm, self.stage.plan.chop);
            let pipe = &mut self.pipes[id];
            let muted = way == Way::Up && (pipe.dark_until > now || pipe.near == Near::Opening);
            let stuffed =
                way == Way::Down && pipe.deaf_until > now && pipe.unheard >= DEAF_BYTES_MAX;
            let may_chop = !calm && chop.permille > 0;
            let whole = !may_chop || pipe.whole || (way == Way::Up && goes_whole(&pipe.up.unsent));
            let lane = pipe.lane(way);
            if muted || stuffed || lane.segments() >= segments_max {
                break;
            }
            if lane.unsent.is_empty() {
                if lane.ends && !lane.ended {
                    lane.ended = true;
                    self.send(id, way, Vec::new());
                    self.on_said_all(id, way);
                }
                break;
            }
            if lane.pause > now {
                let at = lane.pause;
                self.queue.push(at, Coming::Write(id, way));
                break;
            }
            let chops = !whole && lane.dice.chance(chop.permille);
            let bytes = if chops {
                let most = lane.dice.between(1, chop.bytes_max) as usize;
                lane.pause = now + lane.dice.between(0, chop.pause_max) * 1_000;
                let most = most.min(lane.unsent.len());
                lane.unsent.drain(..most).collect()
            } else {
                std::mem::replace(&mut lane.unsent, self.spare.pop().unwrap_or_default())
            };
            written += bytes.len();
            self.pipes[id].unheard += bytes.len();
            self.send(id, way, bytes);
        }
        if way == Way::Down && written > 0 {
            self.on_written(id, written);
        }
    }

    /// The last byte is on its way.
    fn on_said_all(&mut self, id: PipeId, way: Way) {
        if way == Way::Down
            && let Far::Closing { until, .. } = &mut self.pipes[id].far
        {
            *until = (*until).min(self.now + LINGER);
            let until = *until;
            self.queue.push(until, Coming::Patience(id));
        }
    }

    /// Puts a segment on the link, or what a planted bug makes of it.
    fn send(&mut self, id: PipeId, way: Way, bytes: Vec<u8>) {
        let Some(planted) = self.planted.as_mut().filter(|_| !bytes.is_empty()) else {
            return self.send_whole(id, way, bytes);
        };
        let segment = Segment {
            number: self.pipes[id].number,
            to_server: way == Way::Up,
            session: matches!(self.pipes[id].owner, Owner::Client(_)),
            bytes: &bytes,
        };
        for bytes in planted.segment(segment) {
            self.send_whole(id, way, bytes);
        }
    }

    fn send_whole(&mut self, id: PipeId, way: Way, bytes: Vec<u8>) {
        let link = &self.links[self.pipes[id].host];
        let (at, passage) = (self.now + link.latency, link.passage);
        let lane = self.pipes[id].lane(way);
        let blocked = match passage {
            Passage::Blocked { up, down } => match way {
                Way::Up => up,
                Way::Down => down,
            },
            Passage::Free | Passage::Held => false,
        };
        let lost = blocked || lane.lost > 0;
        let start = match passage {
            _ if lost => Start::Lost,
            Passage::Held => Start::Held,
            _ => Start::Flies(Duration::from_micros(at.max(lane.latest))),
        };
        self.record(id, way, &bytes, start);
        let lane = self.pipes[id].lane(way);
        match start {
            Start::Lost => lane.lost += 1,
            Start::Held => lane.held.push_back(bytes),
            Start::Flies(_) => self.fly(id, way, at, bytes),
        }
    }

    fn fly(&mut self, id: PipeId, way: Way, at: Micros, bytes: Vec<u8>) {
        let lane = self.pipes[id].lane(way);
        lane.latest = lane.latest.max(at);
        let at = lane.latest;
        lane.flying.push_back((at, bytes));
        self.queue.push(at, Coming::Arrival(id, way));
    }

    /// What was held on the links of a host goes on its way.
    pub(super) fn release(&mut self, host: usize) {
        if self.links[host].passage != Passage::Held {
            return;
        }
        let at = self.now + self.links[host].latency;
        for id in 0..self.pipes.len() {
            if self.pipes[id].host != host {
                continue;
            }
            let waits = self.pipes[id].near == Near::Opening && !self.pipes[id].knocked;
            self.record_release(id, Way::Up, true, waits.then_some(at));
            if waits {
                self.pipes[id].knocked = true;
                self.queue.push(at, Coming::Knock(id));
            }
            for way in [Way::Up, Way::Down] {
                for bytes in std::mem::take(&mut self.pipes[id].lane(way).held) {
                    self.record_release(id, way, false, Some(at));
                    self.fly(id, way, at, bytes);
                }
            }
        }
    }

    pub(super) fn on_arrival(&mut self, id: PipeId, way: Way) {
        let now = self.now;
        let lane = self.pipes[id].lane(way);
        while lane.flying.front().is_some_and(|(at, _)| *at <= now) {
            let arrived = lane.flying.pop_front();
            lane.unread.extend(arrived.map(|(_, bytes)| bytes));
        }
        match way {
            Way::Up => self.read_far(id),
            Way::Down => self.read_near(id),
        }
    }

    /// What was written for nobody comes back as a reset.
    pub(super) fn refuse(&mut self, id: PipeId, way: Way) {
        let bytes = std::mem::take(&mut self.pipes[id].lane(way).unread);
        let back = match way {
            Way::Up => Way::Down,
            Way::Down => Way::Up,
        };
        let host = self.pipes[id].host;
        if bytes.iter().any(|bytes| !bytes.is_empty()) {
            self.record_signal(id, back, Load::Reset);
            if self.passes(host, back) {
                let at = self.now + self.links[host].latency;
                self.queue.push(at, Coming::Reset(id, back));
            }
        }
    }

    /// Reads what has come to the client's end.
    pub(super) fn read_near(&mut self, id: PipeId) {
        loop {
            let pipe = &mut self.pipes[id];
            match pipe.near {
                Near::Opening => return,
                Near::Closed => return self.refuse(id, Way::Down),
                Near::Open if pipe.dark_until.max(pipe.deaf_until) > self.now => return,
                Near::Open => {}
            }
            let Some(bytes) = pipe.down.unread.pop_front() else {
                return;
            };
            self.to_write.push((id, Way::Down));
            if bytes.is_empty() {
                return self.break_near(id);
            }
            self.near_read(id, &bytes);
            self.spare(bytes);
        }
    }

    /// The buffer of a segment that was read takes another one.
    pub(super) fn spare(&mut self, mut bytes: Vec<u8>) {
        if self.spare.len() < SPARE_MAX {
            bytes.clear();
            self.spare.push(bytes);
        }
    }

    pub(super) fn on_reset(&mut self, id: PipeId, way: Way) {
        match way {
            Way::Up => self.break_far(id),
            Way::Down if self.pipes[id].near == Near::Open => self.break_near(id),
            Way::Down => {}
        }
    }

    /// The connection ends at the client's end, and its program hears it.
    pub(super) fn break_near(&mut self, id: PipeId) {
        if self.close_near(id) {
            self.near_ended(id);
        }
    }

    /// The connection ends at the client's end; in the dark, what was said is still said. Whether it did just now.
    pub(super) fn close_near(&mut self, id: PipeId) -> bool {
        let now = self.now;
        let pipe = &mut self.pipes[id];
        if pipe.near == Near::Closed {
            return false;
        }
        pipe.near = Near::Closed;
        if pipe.dark_until <= now {
            pipe.up.unsent.clear();
        }
        pipe.up.ends = true;
        self.to_write.push((id, Way::Up));
        true
    }

    /// A darkness or a deafness may be over.
    pub(super) fn on_wake(&mut self, id: PipeId) {
        let pipe = &self.pipes[id];
        if pipe.dark_until <= self.now {
            self.to_write.push((id, Way::Up));
        }
        self.to_write.push((id, Way::Down));
        self.read_near(id);
    }

    /// Segments of a host's connections were lost. Those that have no heartbeats die as if a system that asks in vain
    /// gave them up.
    pub(super) fn damage(&mut self, host: usize) {
        let classic = |pipe: &Pipe| matches!(pipe.owner, Owner::Classic(..));
        for (id, pipe) in self.pipes.iter_mut().enumerate() {
            let lives = pipe.near != Near::Closed || pipe.conn().is_some();
            if pipe.host == host && classic(pipe) && lives && !pipe.damaged {
                pipe.damaged = true;
                self.queue.push(self.now + KEEPALIVE, Coming::Death(id));
            }
        }
    }

    pub(super) fn on_death(&mut self, id: PipeId) {
        self.break_near(id);
        self.break_far(id);
    }
}
