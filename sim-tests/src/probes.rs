//! Probes: which rare states a run has come through. Runs that never meet trouble prove little, however many they are.

mod plain;

use crate::dense::{Dense, Marks, Owned};
use crate::history::{ClassicNews, Conn, DeviceNews, DiskNews, Entry, ServerNews, Tag, What, Who};
use crate::ledger::{Appended, Holder, Ledger, Log, Told};
use std::collections::BTreeMap;
use verbatim_core::client::{LineState, Message, Notice, Recalled};
use verbatim_core::code::Code;

macro_rules! probes {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A state that is worth having come through.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Probe {
            $($(#[$doc])* $name,)*
        }

        /// All of them.
        pub const PROBES: &[Probe] = &[$(Probe::$name),*];
    };
}

probes! {
    /// An id came again and got its first answer.
    DuplicateSuppressed,
    /// Of the messages under way at a resume some had been taken and some had not.
    ResumedMidPipeline,
    /// What was under way to a device at the end of a connection came again on the next one.
    ResumedMidFeed,
    /// A device came to another start of the server than the one it knew.
    ResumedAfterRestart,
    /// A session was lost, and its device was told.
    LostTold,
    /// A message was in the log and its sender heard so only after a resume.
    AnswerLostThenTold,
    /// The recipient had the message before its sender knew that it was accepted.
    DeliveredBeforeAnswered,
    /// A sender died with a message in the log of which it never heard.
    DurableUnanswered,
    /// An ack was said, never came, and the cursor of the next `HELLO` stood for it.
    AckLostThenTold,
    /// A device with no cursor of its own marked a line that may have been shown before.
    RepeatMarked,
    /// A newer connection of a session came while the server held the older one for alive.
    OldAndNewAlive,
    /// A `HELLO` came whose connection counter was too low.
    HelloVoid,
    /// What came on a connection that the server had closed had no effect.
    OldConnectionWokeLate,
    /// A client stays away since another connection has its session.
    ReplacedTold,
    /// A connection died in silence, and the server noticed.
    SilenceNoticedByServer,
    /// A connection did not become anybody's in its time.
    NeverRegistered,
    /// A connection died in silence, and the client noticed.
    SilenceNoticedByClient,
    /// One that did not read was cut off.
    SlowReaderCut,
    /// A device that was behind was fed from the log.
    FedFromLog,
    /// A recipient was owed too much: 114.
    RecipientFull,
    /// The log was full: a passing rejection, 151.
    StorageFull,
    /// Lines to all were given up, and the device was told which.
    RemovedTold,
    /// A recipient gave its name up first.
    LeftTold,
    /// A line was taken back while it was queued.
    Withdrawn,
    /// A line's age passed while it was queued.
    Expired,
    /// A name was somebody else's: 104, to a session user.
    NameTaken,
    /// The same, to a classic user.
    NameTakenClassic,
    /// A name found its next holder.
    NameClaimedAgain,
    /// The server said goodbye.
    GoodbyeHeard,
    /// A classic and a session user wrote to each other.
    LevelsTalked,
    /// A line was cut into pieces for a classic user.
    ForwardedInPieces,
    /// A classic user counts otherwise and said so.
    MiscountTold,
    /// Somebody was told of a history.
    HistoryRead,
    /// In it was what was said to all before that one came.
    HistoryBeforeClaim,
    /// It says that what was before is gone.
    HistoryGone,
    /// It was refused, since nobody held the name.
    HistoryOfNobody,
    /// Two links were cut at one time.
    PartitionsOverlapped,
    /// The wall clock had gone back, and a stamp stood still.
    ClockWentBack,
    /// A power cut came between a write to the server's disk and the sync of it.
    CutBeforeSync,
    /// A power cut left a part of a write.
    WriteTorn,
    /// The power went again while the log recovered from the cut before.
    CutInRecovery,
    /// A server found records in its log of which the one before had told nobody.
    DurableUntold,
    /// A log was loaded from a checkpoint and what came after it.
    CheckpointWithTail,
    /// A line was refused since the disk was full, and one was accepted when there was room.
    DiskFullThenRoom,
    /// A commit failed, and the server began anew without a new process.
    BegunAnew,
    /// A sync of the log failed, and the server ended.
    SyncFailed,
    /// A device was fed from the log with what was written before a restart of the server.
    FedFromKeptLog,
    /// A device went on with its session at a restarted server that had kept its log.
    ResumedWithKeptLog,
    /// An id that was taken before a restart of the server came again, and got its first answer.
    DuplicateAfterRestart,
}

/// How often each state was reached.
pub type Reached = BTreeMap<Probe, u64>;

/// Looks on at a run and counts.
pub struct Probes {
    /// How often each state was reached, in the order of [`PROBES`].
    times: Vec<u64>,
    devices: Vec<Device>,
    conns: Dense<Session>,
    /// What was handed to which device of whom.
    delivered: Owned<Marks>,
    /// Who wrote last to whom, of two users of different levels.
    spoke: BTreeMap<(u64, u64), u64>,
    /// The last record of the log that the server found when it started, if it keeps one.
    kept: Option<u64>,
}

/// A device, as far as probes care.
#[derive(Default)]
struct Device {
    /// Lines under way.
    sent: Marks,
    /// Those that stood in the log when it resumed.
    asked: Marks,
    epoch: Option<u64>,
    acked: u64,
    /// Its acks that came.
    came: u64,
    /// A line of it was refused since the log was full.
    refused: bool,
}

/// What a connection is bound to.
struct Session {
    holder: (Who, u64),
    /// Where the log ended when it was bound.
    head: u64,
}

impl Probes {
    /// Those of a run of so many people.
    pub fn new(people: usize) -> Probes {
        Probes {
            times: vec![0; PROBES.len()],
            devices: (0..people).map(|_| Device::default()).collect(),
            conns: Dense::default(),
            delivered: Owned::default(),
            spoke: BTreeMap::new(),
            kept: None,
        }
    }

    /// What was reached, and how often.
    pub fn end(self) -> Reached {
        let times = PROBES.iter().copied().zip(self.times);
        times.filter(|(_, times)| *times > 0).collect()
    }

    fn hit(&mut self, probe: Probe) {
        self.times[probe as usize] += 1;
    }

    fn hit_any(&mut self, probe: Option<Probe>) {
        if let Some(probe) = probe {
            self.hit(probe);
        }
    }

    fn hit_if(&mut self, is_so: bool, probe: Probe) {
        if is_so {
            self.hit(probe);
        }
    }

    fn on_disk(&mut self, news: DiskNews) {
        match news {
            DiskNews::PowerCut {
                unsynced,
                torn,
                in_recovery,
            } => {
                self.hit_if(unsynced > 0, Probe::CutBeforeSync);
                self.hit_if(torn > 0, Probe::WriteTorn);
                self.hit_if(in_recovery, Probe::CutInRecovery);
            }
            DiskNews::Loaded {
                told,
                head,
                replayed,
            } => {
                self.hit_if(told < head, Probe::DurableUntold);
                self.hit_if(0 < replayed && replayed < head, Probe::CheckpointWithTail);
            }
            DiskNews::CommitFailed => self.hit(Probe::BegunAnew),
            DiskNews::SyncFailed => self.hit(Probe::SyncFailed),
        }
    }

    /// Sees what befalls a run.
    pub fn on_plan(&mut self, what: &What) {
        if let What::Blocked(links) = what {
            self.hit_if(*links > 1, Probe::PartitionsOverlapped);
        }
    }

    /// Sees what happens at a classic user's end.
    pub fn on_classic(&mut self, news: &ClassicNews) {
        self.hit_any(plain::of_classic(news));
    }

    /// Sees a delivery that was written.
    pub fn on_wrote(&mut self, message: &Message) {
        self.hit_if(message.may_repeat, Probe::RepeatMarked);
    }

    /// Sees an ack that a client said.
    pub fn on_acked(&mut self, who: Who, seq: u64) {
        let device = &mut self.devices[who];
        device.acked = device.acked.max(seq);
    }

    /// Sees what else happens at a session user's end.
    pub fn on_device(&mut self, ledger: &Ledger, who: Who, news: &DeviceNews) {
        self.hit_any(plain::of_device(news));
        let device = &mut self.devices[who];
        let in_log = |line: &u64| ledger.find(Tag { who, line: *line }).is_some();
        match news {
            DeviceNews::Welcomed { epoch, .. } => {
                device.asked = device.sent.iter().filter(in_log).collect();
                let before = device.epoch.replace(*epoch);
                if let Some(before) = before.filter(|before| before != epoch) {
                    self.hit(Probe::ResumedAfterRestart);
                    let same = ledger.log_of(before) == ledger.log_of(*epoch);
                    self.hit_if(same, Probe::ResumedWithKeptLog);
                }
            }
            DeviceNews::Told(Notice::Held { code, .. }) => {
                device.refused |= *code == Code::STORAGE_FULL && self.kept.is_some();
            }
            DeviceNews::Repeated { seq, answer, .. } => {
                let again = answer.is_ok() && self.kept.is_some_and(|kept| *seq <= kept);
                self.hit_if(again, Probe::DuplicateAfterRestart);
            }
            DeviceNews::Recalled { epoch, recalled } => {
                self.on_recalled(ledger, who, *epoch, recalled);
            }
            DeviceNews::Ended { crashed, .. } => {
                let unheard = device.sent.iter().any(|line| in_log(&line));
                device.sent.clear();
                if *crashed && unheard {
                    self.hit(Probe::DurableUnanswered);
                }
            }
            _ => {}
        }
    }

    fn on_recalled(&mut self, ledger: &Ledger, who: Who, epoch: u64, recalled: &Recalled) {
        if recalled.removed.0 > 0 {
            self.hit(Probe::HistoryGone);
        }
        let Some(first) = recalled.messages.first() else {
            return;
        };
        self.hit(Probe::HistoryRead);
        let place = ledger.place_for(who, epoch, u64::MAX);
        if place.is_some_and(|place| first.seq.0 < place.user) {
            self.hit(Probe::HistoryBeforeClaim);
        }
    }

    /// Sees that a line changed its state.
    #[inline]
    pub fn on_line(&mut self, ledger: &Ledger, told: Told<'_>) {
        let (tag, state) = (told.tag, *told.state);
        self.hit_any(plain::of_line(state));
        let (device, line) = (&mut self.devices[tag.who], tag.line);
        match state {
            LineState::Sent => drop(device.sent.insert(line)),
            LineState::Queued => {
                if device.sent.remove(line) && !device.asked.is_empty() {
                    self.hit(Probe::ResumedMidPipeline);
                }
            }
            LineState::Accepted { seq, .. } => {
                device.sent.remove(line);
                let refused = std::mem::take(&mut device.refused);
                if device.asked.remove(line) {
                    self.hit(Probe::AnswerLostThenTold);
                    if ledger.logs.last().is_some_and(|log| has_come(log, seq.0)) {
                        self.hit(Probe::DeliveredBeforeAnswered);
                    }
                }
                self.hit_if(refused, Probe::DiskFullThenRoom);
            }
            _ => drop(device.sent.remove(line)),
        }
    }

    /// Sees what happens at the server, other than what it appends and hands out.
    pub fn on_server(&mut self, ledger: &Ledger, news: &ServerNews) {
        self.hit_any(plain::of_server(news));
        match news {
            ServerNews::Started { kept, .. } => {
                self.kept = *kept;
                self.delivered = Owned::default();
                self.spoke.clear();
                for device in &mut self.devices {
                    (device.acked, device.came) = (0, 0);
                }
            }
            ServerNews::Bound {
                conn, who, device, ..
            } => self.on_bound(ledger, *conn, (*who, *device)),
            ServerNews::AckCame { conn, seq } => {
                if let Some(session) = self.conns.get(*conn) {
                    let device = &mut self.devices[session.holder.0];
                    device.came = device.came.max(*seq);
                }
            }
            ServerNews::Closing { conn, reason, .. } => self.on_closing(*conn, reason),
            ServerNews::Disk(news) => self.on_disk(*news),
            _ => {}
        }
    }

    fn on_bound(&mut self, ledger: &Ledger, conn: Conn, holder: (Who, u64)) {
        let head = ledger.logs.last().map_or(0, Log::head);
        self.conns.insert(conn, Session { holder, head });
        let device = &mut self.devices[holder.0];
        let lost = device.came > 0 && device.acked > device.came;
        device.came = device.acked;
        if lost {
            self.hit(Probe::AckLostThenTold);
        }
    }

    fn on_closing(&mut self, conn: Conn, reason: &str) {
        let bound = self.conns.get(conn).is_some();
        match (reason, bound) {
            ("replaced by a newer connection", true) => self.hit(Probe::OldAndNewAlive),
            ("replaced by a newer connection", false) => self.hit(Probe::HelloVoid),
            ("refused: 173 Silent", true) => self.hit(Probe::SilenceNoticedByServer),
            ("refused: 173 Silent", false) => self.hit(Probe::NeverRegistered),
            _ => {}
        }
    }

    /// Sees a delivery that was handed to a connection.
    #[inline]
    pub fn on_delivering(&mut self, conn: Conn, seq: u64) {
        let Some(Session { holder, head }) = self.conns.get(conn) else {
            return;
        };
        let behind = seq <= *head;
        let first = self.delivered.get_or_default(*holder).insert(seq);
        self.hit_if(behind, Probe::FedFromLog);
        let kept = self.kept.is_some_and(|kept| seq <= kept);
        self.hit_if(kept, Probe::FedFromKeptLog);
        if !first {
            self.hit(Probe::ResumedMidFeed);
        }
    }

    /// Sees a record that was appended.
    #[inline]
    pub fn on_appended(&mut self, ledger: &Ledger, it: &Appended<'_>) {
        self.hit_if(it.stamp > it.wall, Probe::ClockWentBack);
        match it.entry {
            Entry::Claim { name, .. } => {
                let named = |(user, holder): (u64, &Holder)| {
                    user < it.seq && holder.name.eq_ignore_ascii_case(name)
                };
                let log = ledger.logs.last();
                if log.is_some_and(|log| log.holders.iter().any(named)) {
                    self.hit(Probe::NameClaimedAgain);
                }
            }
            Entry::Message {
                from, to: Some(to), ..
            } => {
                let is_classic = |user: Option<&Holder>| user.is_some_and(Holder::is_classic);
                if is_classic(it.sender) != is_classic(it.recipient) {
                    let pair = ((*from).min(*to), (*from).max(*to));
                    let before = self.spoke.insert(pair, *from);
                    self.hit_if(before == Some(*to), Probe::LevelsTalked);
                }
            }
            _ => {}
        }
    }
}

/// Whether somebody has written the message at `seq`.
fn has_come(log: &Log, seq: u64) -> bool {
    log.holders
        .values()
        .any(|holder| holder.wrote.contains(seq))
}
