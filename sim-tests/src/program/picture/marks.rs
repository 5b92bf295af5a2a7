//! What a history says of places: marks for what happens, bands for what lasts.

use super::scene::{Band, Mark, micros};
use crate::history::{ClassicNews, DeviceNews, Entry, Event, ServerNews, Tag, What, Who};
use crate::plan::{Act, Deed, Fault, Plan};
use std::collections::BTreeMap;
use verbatim_core::client::{LineState, Notice};

/// See the module's words.
pub(super) struct Notes {
    pub(super) healed: Option<u64>,
    pub(super) bands: Vec<Band>,
    pub(super) marks: Vec<Mark>,
    hosts: Vec<usize>,
    elapsed: u64,
    now: u64,
    /// Starts of the server.
    starts: u64,
    /// Bands that have begun and whose end is not known, by whose they are and their kind.
    open: BTreeMap<(Option<Who>, &'static str), u64>,
    /// The names in the log, by the seq of their claim.
    names: BTreeMap<u64, String>,
}

/// A user's program runs.
const RUNS: &str = "runs";
/// A user is known to the server, as far as it knows.
const ONLINE: &str = "online";
/// The server is down, or about to be.
const DOWN: &str = "down";

impl Notes {
    /// What there is to say of that history.
    pub(super) fn of(plan: &Plan, events: &[Event], elapsed: u64) -> Notes {
        let mut notes = Notes {
            healed: None,
            bands: Vec::new(),
            marks: Vec::new(),
            hosts: plan.users.iter().map(|user| user.host).collect(),
            elapsed,
            now: 0,
            starts: 0,
            open: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        for event in events {
            notes.now = micros(event.at);
            notes.see(&event.what);
        }
        notes.now = elapsed;
        for (user, kind) in notes.open.keys().copied().collect::<Vec<_>>() {
            notes.end(user, kind);
        }
        let healed = notes.healed.unwrap_or(elapsed);
        let faults = notes.bands.iter_mut().filter(|band| is_fault(band.kind));
        faults.for_each(|band| band.to = band.to.min(healed).max(band.from));
        notes.bands = joined(notes.bands);
        notes
    }

    fn see(&mut self, what: &What) {
        match what {
            What::Device(who, news) => self.device(*who, news),
            What::Classic(who, news) => self.classic(*who, news),
            What::Server(news) => self.server(news),
            What::Plan(step) => match step.deed {
                Deed::Do(who, act) => self.act(who, act),
                Deed::Befall(fault) => self.befall(fault),
            },
            What::Blocked(_) => {}
            What::Healed => self.healed = Some(self.now),
        }
    }

    fn mark(&mut self, user: Option<Who>, kind: &'static str, words: impl Into<String>) {
        let (at, words) = (self.now, words.into());
        self.marks.push(Mark {
            user,
            at,
            kind,
            words,
        });
    }

    fn begin(&mut self, user: Option<Who>, kind: &'static str) {
        self.open.entry((user, kind)).or_insert(self.now);
    }

    fn end(&mut self, user: Option<Who>, kind: &'static str) {
        if let Some(from) = self.open.remove(&(user, kind)) {
            self.band_from(user, kind, from, self.now, kind);
        }
    }

    fn band_from(
        &mut self,
        user: Option<Who>,
        kind: &'static str,
        from: u64,
        to: u64,
        words: impl Into<String>,
    ) {
        let (to, words) = (to.min(self.elapsed), words.into());
        self.bands.push(Band {
            user,
            kind,
            from,
            to,
            words,
        });
    }

    /// Something lasts for so many milliseconds.
    fn lasts(&mut self, who: Who, kind: &'static str, span: u64, words: impl Into<String>) {
        let (from, to) = (self.now, self.now + span * 1_000);
        self.band_from(Some(who), kind, from, to, words);
    }

    fn device(&mut self, who: Who, news: &DeviceNews) {
        let user = Some(who);
        match news {
            DeviceNews::Began { device, keeping } => {
                self.begin(user, RUNS);
                self.mark(
                    user,
                    "life",
                    format!("starts: device {device}, keeps {keeping}"),
                );
            }
            DeviceNews::Ended { crashed, forgot } => {
                self.end(user, RUNS);
                self.end(user, ONLINE);
                let words = match (crashed, forgot) {
                    (true, _) => "dies",
                    (false, true) => "ends, and gives its name up",
                    (false, false) => "ends",
                };
                self.mark(user, "life", words);
            }
            DeviceNews::Returned => self.mark(user, "life", "asks for a connection"),
            DeviceNews::Submitted { line, to, body, .. } => {
                let words = format!("#{line} to {to} ({} bytes)", body.len());
                self.mark(user, "line", words);
            }
            DeviceNews::Line { line, state } => {
                self.mark(
                    user,
                    line_kind(*state),
                    format!("#{line} {}", state_words(*state)),
                );
            }
            DeviceNews::Told(notice) => self.told(who, notice),
            DeviceNews::Wrote { message, .. } => {
                let again = if message.may_repeat { " again?" } else { "" };
                let (seq, from, tag) = (message.seq, message.from, tag(&message.body));
                self.mark(user, "wrote", format!("wrote {seq} {from}: {tag}{again}"));
            }
            DeviceNews::Repeated { id, answer, .. } => {
                self.mark(
                    user,
                    "line",
                    format!("another program repeated id {id}: {answer:?}"),
                );
            }
            DeviceNews::Asked { with, count } => {
                self.mark(user, "line", format!("asks for {count} of {with}"));
            }
            DeviceNews::Recalled { recalled, .. } => self.mark(user, "line", recalled.to_string()),
            DeviceNews::SecretSeen => self.mark(user, "bad", "a secret came here"),
            DeviceNews::Connects | DeviceNews::Welcomed { .. } | DeviceNews::Acked { .. } => {}
        }
    }

    fn told(&mut self, who: Who, notice: &Notice) {
        match notice {
            Notice::Online { .. } => self.begin(Some(who), ONLINE),
            Notice::Offline { .. } | Notice::Away(_) => self.end(Some(who), ONLINE),
            _ => {}
        }
        let kind = match notice {
            Notice::Online { .. } => "good",
            Notice::Users(_) | Notice::NoUsers(_) => "line",
            _ => "bad",
        };
        self.mark(Some(who), kind, notice.to_string());
    }

    fn classic(&mut self, who: Who, news: &ClassicNews) {
        let user = Some(who);
        match news {
            ClassicNews::Began => {
                self.begin(user, RUNS);
                self.mark(user, "life", "starts");
            }
            ClassicNews::Ended => {
                self.end(user, RUNS);
                self.end(user, ONLINE);
                self.mark(user, "life", "ends");
            }
            ClassicNews::Registered => {
                self.begin(user, ONLINE);
                self.mark(user, "good", "registered");
            }
            ClassicNews::Taken => self.mark(user, "bad", "the name is taken"),
            ClassicNews::Parted(why) => {
                self.end(user, ONLINE);
                self.mark(user, "bad", format!("parted: {why}"));
            }
            ClassicNews::Said { line, to, body } => {
                self.mark(
                    user,
                    "line",
                    format!("#{line} to {to} ({} bytes)", body.len()),
                );
            }
            ClassicNews::Answered { line, code: None } => {
                self.mark(user, "good", format!("#{line} arrived"));
            }
            ClassicNews::Answered {
                line,
                code: Some(code),
            } => self.mark(user, "bad", format!("#{line} refused: {code}")),
            ClassicNews::Heard { from, text } => {
                self.mark(user, "wrote", format!("heard {from}: {}", tag(text)));
            }
            ClassicNews::Misread(what) => self.mark(user, "bad", format!("cannot read {what:?}")),
            ClassicNews::Typed { .. } | ClassicNews::Received | ClassicNews::Complained => {}
        }
    }

    fn server(&mut self, news: &ServerNews) {
        match news {
            ServerNews::Started { .. } => {
                self.end(None, DOWN);
                self.begin(None, RUNS);
                self.names.clear();
                self.starts += 1;
                self.mark(None, "life", format!("start {}", self.starts));
            }
            ServerNews::Stopped => self.down("down"),
            ServerNews::Appended { seq, entry, .. } => {
                let words = self.record(*seq, entry);
                self.mark(None, "line", words);
            }
            ServerNews::Closing { conn, reason, .. } => {
                self.mark(None, "bad", format!("closes c{conn}: {reason}"));
            }
            ServerNews::Disk(news) => self.mark(None, "bad", format!("its disk: {news:?}")),
            ServerNews::Late(conn) => self.mark(None, "bad", format!("late bytes on c{conn}")),
            _ => {}
        }
    }

    /// The server ends; the words are told once.
    fn down(&mut self, words: &str) {
        if !self.open.contains_key(&(None, DOWN)) {
            self.end(None, RUNS);
            self.begin(None, DOWN);
            self.mark(None, "life", words);
        }
    }

    fn record(&mut self, seq: u64, entry: &Entry) -> String {
        let name = |seq: &u64| self.names.get(seq).map_or("?", String::as_str);
        match entry {
            Entry::Claim { name, .. } => {
                let words = format!("{seq} {name} claims");
                self.names.insert(seq, name.clone());
                words
            }
            Entry::Release { user } => format!("{seq} {} is free", name(user)),
            Entry::Message { from, to, body, .. } => {
                let to = to.as_ref().map_or("ALL", name);
                format!("{seq} {} → {to}: {}", name(from), tag(body))
            }
        }
    }

    fn act(&mut self, who: Who, act: Act) {
        let user = Some(who);
        match act {
            Act::Crash { dark } if dark > 0 => self.lasts(who, "dark", dark, "dark after a crash"),
            Act::Dark(span) => self.lasts(who, "dark", span, "dark"),
            Act::Deaf(span) => self.lasts(who, "deaf", span, "deaf"),
            Act::Pause(span) => self.lasts(who, "pause", span, "pauses"),
            Act::Usurp(span) => self.lasts(who, "usurp", span, "another program has its device"),
            Act::Cut { far: true } => self.mark(user, "bad", "connection cut at the server's end"),
            Act::Cut { far: false } => self.mark(user, "bad", "connection cut at its end"),
            Act::Withdraw => self.mark(user, "line", "withdraws"),
            Act::Begin
            | Act::Say { .. }
            | Act::Who
            | Act::History { .. }
            | Act::Crash { .. }
            | Act::Leave { .. }
            | Act::Return => {}
        }
    }

    fn befall(&mut self, fault: Fault) {
        match fault {
            Fault::Partition { host, span } => {
                self.befall_link(host, "partition", span, "partition");
            }
            Fault::OneWay {
                host,
                to_server: true,
                span,
            } => self.befall_link(host, "one-way-up", span, "nothing reaches the server"),
            Fault::OneWay { host, span, .. } => {
                self.befall_link(host, "one-way-down", span, "nothing comes from the server");
            }
            Fault::Hold { host, span } => self.befall_link(host, "hold", span, "hold"),
            Fault::Latency { host, each } => {
                for who in self.users_on(host) {
                    self.mark(Some(who), "net", format!("each way {each} ms now"));
                }
            }
            Fault::ServerCrash { power, span } => self.crash(power, span),
            Fault::ServerStop { .. } => self.down("told to end"),
            Fault::Clock { jump } => self.mark(None, "net", format!("wall clock {jump:+} ms")),
            Fault::DiskFull { .. } | Fault::DiskCut { .. } | Fault::DiskError { .. } => {
                self.mark(None, "net", fault.to_string());
            }
        }
    }

    fn crash(&mut self, power: bool, span: u64) {
        if self.open.contains_key(&(None, DOWN)) {
            return;
        }
        self.down(if power { "power cut" } else { "crash" });
        if power {
            for who in 0..self.hosts.len() {
                self.lasts(who, "partition", span, "power cut");
            }
        }
    }

    fn befall_link(&mut self, host: usize, kind: &'static str, span: u64, words: &str) {
        for who in self.users_on(host) {
            self.lasts(who, kind, span, format!("{words} (host {host})"));
        }
    }

    fn users_on(&self, host: usize) -> Vec<Who> {
        let users = self.hosts.iter().enumerate();
        users
            .filter(|(_, its)| **its == host)
            .map(|(who, _)| who)
            .collect()
    }
}

/// Bands of one kind that overlap, as one.
fn joined(bands: Vec<Band>) -> Vec<Band> {
    let mut joined: Vec<Band> = Vec::new();
    for band in bands {
        let same = |other: &&mut Band| {
            let alike = (other.user, other.kind) == (band.user, band.kind);
            alike && other.words == band.words && band.from <= other.to && other.from <= band.to
        };
        match joined.iter_mut().rev().find(same) {
            Some(other) => other.to = other.to.max(band.to),
            None => joined.push(band),
        }
    }
    joined
}

/// What ends when everything heals.
fn is_fault(kind: &str) -> bool {
    !matches!(kind, RUNS | ONLINE | DOWN)
}

fn tag(body: &str) -> String {
    Tag::of(body).map_or_else(|| "what nobody wrote".into(), |tag| tag.to_string())
}

fn line_kind(state: LineState) -> &'static str {
    match state {
        LineState::Queued | LineState::Sent => "line",
        LineState::Accepted { .. } | LineState::Delivered | LineState::Counted { .. } => "good",
        _ => "bad",
    }
}

fn state_words(state: LineState) -> String {
    match state {
        LineState::Accepted { seq, number } => format!("accepted {seq}, number {number}"),
        state => state.to_string(),
    }
}
