//! The ledger: the history so far, folded into who is who, what is in which log, and what became of every line.
//! Rules and liveness look things up here.

mod classic;
mod device;
mod holders;
mod log;
mod pending;
mod room;
mod subject;

pub use classic::Hearing;
pub use holders::{Holder, Holders};
pub use log::{Log, Place, Record};
pub use pending::Lack;
pub use subject::{Appended, Told, Wrote};

use crate::dense::Dense;
use crate::history::{Conn, ServerNews, Tag, Who};
use crate::plan::{Keeping, Part, Plan};
use std::rc::Rc;
use std::time::Duration;
use verbatim_core::client::{LineState, WhyAway};

/// See the module's words.
pub struct Ledger {
    /// The time of the last event.
    pub now: Duration,
    /// A log for each start of the server.
    pub logs: Vec<Log>,
    /// Who takes part.
    pub people: Vec<Person>,
    /// Of messages to all, only the receipts of so many latest ones are counted.
    pub counted_max: usize,
    /// Of devices that gave up their names, the connection counters of so many latest ones are remembered.
    pub former_max: usize,
    /// For so long a connection may be silent.
    pub silence_max: Duration,
    /// So little may be owed that messages to all are given up.
    gives_up: bool,
    /// The server forgets nothing.
    pub keeps_all: bool,
    /// What a log takes, in bytes.
    log_bytes_max: u64,
    /// The user that each connection is for, by the seq of its claim.
    conns: Dense<u64>,
}

/// Somebody.
pub struct Person {
    /// Its name.
    pub name: String,
    /// Its level.
    pub part: Part,
    /// Its program runs.
    pub runs: bool,
    /// How often its program has started.
    pub programs: u64,
    /// Which of its devices it uses.
    pub device: u64,
    /// It has a bound connection, or is registered.
    pub online: bool,
    /// It stays away, and why.
    pub away: Option<WhyAway>,
    /// Whom the server knows it as, since its last welcome or registration.
    pub place: Option<Place>,
    /// What its program wrote last: of which start of the server, and its seq.
    pub wrote: Option<(u64, u64)>,
    /// Its lines.
    pub lines: Dense<Line>,
    /// What its client said of each of them last.
    pub states: Dense<LineState>,
    /// Questions for what was said earlier that have no answer.
    pub asks: u64,
    /// Of a classic user: lines that were typed and not said.
    pub typed: u64,
    /// Of a classic user: what it is hearing.
    pub hearing: Option<Hearing>,
    /// Of a classic user: what it heard was in no feed of its own.
    pub misheard: Option<String>,
}

/// A line that somebody wrote.
pub struct Line {
    /// To whom.
    pub to: Rc<str>,
    /// Its text.
    pub body: Rc<str>,
    /// When it was submitted, and its age limit.
    pub since: (Duration, Option<Duration>),
    /// In which run of the program.
    pub program: u64,
    /// Where it was told to be.
    pub accepted: Option<(usize, u64)>,
    /// The session in which a receipt could come is lost.
    pub lost: bool,
    /// Of a classic line: whether it has its answer.
    pub answered: bool,
}

impl Line {
    /// A line that was just written.
    fn new(
        (to, body): (Rc<str>, Rc<str>),
        since: (Duration, Option<Duration>),
        program: u64,
    ) -> Line {
        Line {
            to,
            body,
            since,
            program,
            accepted: None,
            lost: false,
            answered: false,
        }
    }
}

impl Ledger {
    /// An empty ledger.
    pub fn new(plan: &Plan) -> Ledger {
        let person = |user: &crate::plan::UserPlan| Person {
            name: user.name.clone(),
            part: user.part,
            runs: false,
            programs: 0,
            device: 0,
            online: false,
            away: None,
            place: None,
            wrote: None,
            lines: Dense::default(),
            states: Dense::default(),
            asks: 0,
            typed: 0,
            hearing: None,
            misheard: None,
        };
        Ledger {
            now: Duration::ZERO,
            logs: Vec::new(),
            people: plan.users.iter().map(person).collect(),
            counted_max: plan.limits().broadcasts_counted_max,
            former_max: plan.limits().former_devices_max,
            gives_up: plan.tightness.room,
            silence_max: plan.limits().silence_time_max,
            keeps_all: plan.disk,
            log_bytes_max: plan.limits().log_bytes_max,
            conns: Dense::default(),
        }
    }

    /// Folds in what happens at the server, other than what has a subject of its own.
    pub(crate) fn on_server(&mut self, news: &ServerNews) {
        match news {
            ServerNews::Started { epoch, kept } => self.on_started(*epoch, *kept),
            ServerNews::Bound {
                conn, who, device, ..
            } => self.on_bound(*conn, *who, *device),
            ServerNews::AckCame { conn, seq } => self.on_ack_came(*conn, *seq),
            ServerNews::Ended(conn) => drop(self.conns.remove(*conn)),
            _ => {}
        }
    }

    /// A log that was kept goes on; what it lost of its end was in no commit.
    fn on_started(&mut self, epoch: u64, kept: Option<u64>) {
        match (kept, self.logs.last_mut()) {
            (Some(head), Some(log)) => log.start_again(epoch, head),
            _ => self.logs.push(Log::new(epoch)),
        }
    }

    fn on_bound(&mut self, conn: Conn, who: Who, device: u64) {
        let log = self.logs.last();
        if let Some(user) = log.and_then(|log| log.user_before(who, device, u64::MAX)) {
            self.conns.insert(conn, user);
        }
    }

    fn on_ack_came(&mut self, conn: Conn, seq: u64) {
        let Some(user) = self.conns.get(conn).copied() else {
            return;
        };
        // An ack of what is in no log is none.
        let log = self.logs.last_mut().filter(|log| seq <= log.head());
        if let Some(holder) = log.and_then(|log| log.holders.get_mut(user)) {
            holder.acked = holder.acked.max(seq);
        }
    }

    /// The log of that start of the server.
    #[inline]
    pub fn log_of(&self, epoch: u64) -> Option<usize> {
        self.logs.iter().position(|log| log.epochs.contains(&epoch))
    }

    /// The user that somebody is, if that is still in the current log.
    pub fn holder(&self, place: Place) -> Option<&Holder> {
        self.logs.get(place.log)?.holders.get(place.user)
    }

    /// The user that a device of somebody was when it was given the record at `seq`.
    pub fn place_for(&self, who: Who, epoch: u64, seq: u64) -> Option<Place> {
        let log = self.log_of(epoch)?;
        let user = self.logs[log].user_before(who, self.people[who].device, seq)?;
        Some(Place { log, user })
    }

    /// Whose line was appended last, if that is what was.
    pub fn latest_tag(&self) -> Option<Tag> {
        self.logs.last()?.latest_tag()
    }

    /// Where the message with that tag is.
    pub fn find(&self, tag: Tag) -> Option<(usize, u64)> {
        let found = |(at, log): (usize, &Log)| log.lines.get(tag.key()).map(|seq| (at, *seq));
        self.logs.iter().enumerate().find_map(found)
    }

    /// A line that was submitted.
    ///
    /// # Panics
    /// It was not.
    #[inline]
    pub fn line(&self, tag: Tag) -> &Line {
        &self.people[tag.who].lines[tag.line]
    }

    /// Whether somebody keeps messages.
    pub fn keeps_messages(&self, who: Who) -> bool {
        matches!(
            self.people[who].part,
            Part::Device {
                keeping: Keeping::Messages,
                ..
            }
        )
    }
}
