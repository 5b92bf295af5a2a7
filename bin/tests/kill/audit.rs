//! The audit of all journals: what must have come true, and what is still to come.

use super::journal::{Entry, Noted};
use super::line::{self, USERS};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// How many faults are told in words.
const FAULTS_MAX: usize = 20;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// What should never be, the first few.
    pub faults: Vec<String>,
    /// Answers, deliveries and receipts that are still to come.
    pub unfinished: usize,
    /// Lines that are accepted.
    pub accepted: u64,
    pub delivered: u64,
    pub receipts: u64,
    /// Starts of the server that somebody saw.
    pub starts: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} accepted, {} delivered, {} receipts, {} starts seen, {} missing, {} faults",
            self.accepted,
            self.delivered,
            self.receipts,
            self.starts,
            self.unfinished,
            self.faults.len()
        )
    }
}

/// A line as its writer and its readers know it.
#[derive(Debug, Default)]
struct Line {
    /// Its seq and number, as the writer was told.
    place: Option<(u64, u64)>,
    /// When each reader had it, by reader.
    had: BTreeMap<usize, u64>,
}

#[derive(Default)]
struct Audit {
    /// By writer and counter.
    lines: BTreeMap<(usize, u64), Line>,
    report: Report,
}

/// Audits the journals, one for each user in order.
pub fn audit(journals: &[Vec<Noted>]) -> Report {
    let mut audit = Audit::default();
    for (user, notes) in journals.iter().enumerate() {
        audit.writer(user, notes);
    }
    for (user, notes) in journals.iter().enumerate() {
        audit.reader(user, notes);
    }
    audit.numbers();
    audit.arrivals();
    for (user, notes) in journals.iter().enumerate() {
        audit.receipts(user, notes);
    }
    audit.starts(journals);
    audit.report
}

impl Audit {
    fn fault(&mut self, text: String) {
        if self.report.faults.len() < FAULTS_MAX {
            self.report.faults.push(text);
        }
    }

    /// What became of a writer's lines.
    fn writer(&mut self, user: usize, notes: &[Noted]) {
        let mut waiting = BTreeMap::new();
        let mut taken = BTreeMap::new();
        for Noted { entry, .. } in notes {
            match *entry {
                Entry::Sent { id, counter } => {
                    waiting.insert(id, counter);
                }
                Entry::Welcome([_, _, _, last, lost]) => {
                    waiting.retain(|id, _| *id <= last);
                    if lost != 0 {
                        self.fault(format!("user{user} was told that its session is lost"));
                    }
                }
                Entry::Accepted {
                    first,
                    last,
                    seq,
                    number,
                } => {
                    for more in 0..=last - first {
                        let id = first + more;
                        let counter = waiting.remove(&id).or_else(|| taken.get(&id).copied());
                        let Some(counter) = counter else {
                            self.fault(format!("user{user}: id {id} is accepted and was not sent"));
                            continue;
                        };
                        taken.insert(id, counter);
                        self.accepted((user, counter), (seq + more, number + more));
                    }
                }
                Entry::Strange(what) => {
                    self.fault(format!("user{user} heard what is strange: {what}"));
                }
                _ => {}
            }
        }
        self.report.unfinished += waiting.len();
    }

    fn accepted(&mut self, (user, counter): (usize, u64), place: (u64, u64)) {
        let line = self.lines.entry((user, counter)).or_default();
        let before = line.place.replace(place);
        match before {
            None => self.report.accepted += 1,
            Some(before) if before == place => {}
            Some(before) => self.fault(format!(
                "user{user}'s line {counter} is stored twice, at {before:?} and {place:?}"
            )),
        }
    }

    /// What a reader was given: once, in order, what it may see, and where its writer was told that it stands.
    fn reader(&mut self, user: usize, notes: &[Noted]) {
        let (mut last_seq, mut last_of) = (0, [0; USERS]);
        for Noted { at, entry } in notes {
            let Entry::Delivered {
                seq,
                number,
                from,
                counter,
                to_all,
            } = *entry
            else {
                continue;
            };
            self.report.delivered += 1;
            let from = from as usize;
            if seq <= last_seq {
                self.fault(format!("user{user} was given seq {seq} after {last_seq}"));
            }
            if counter <= last_of[from] {
                let before = last_of[from];
                self.fault(format!(
                    "user{user} was given line {counter} of user{from} after {before}"
                ));
            }
            (last_seq, last_of[from]) = (seq, counter);
            let to = line::to(from, counter);
            if to.is_some_and(|to| to != user) || to.is_none() != (to_all == 1) {
                self.fault(format!(
                    "user{user} was given line {counter} of user{from}, for {to:?}"
                ));
            }
            let line = self.lines.entry((from, counter)).or_default();
            let told = line.place;
            if line.had.insert(user, *at).is_some() {
                self.fault(format!(
                    "user{user} was given line {counter} of user{from} twice"
                ));
            }
            if told.is_some_and(|told| told != (seq, number)) {
                self.fault(format!(
                    "line {counter} of user{from} lies at {told:?} for it and at ({seq}, {number}) for user{user}"
                ));
            }
        }
    }

    /// Numbers of each conversation have no gaps, and rise with the seqs.
    fn numbers(&mut self) {
        let mut conversations: BTreeMap<_, Vec<(u64, u64)>> = BTreeMap::new();
        for ((from, counter), line) in &self.lines {
            let Some((seq, number)) = line.place else {
                continue;
            };
            let key = line::to(*from, *counter).map(|to| (to.min(*from), to.max(*from)));
            conversations.entry(key).or_default().push((seq, number));
        }
        for (key, mut places) in conversations {
            places.sort_unstable();
            let wrong = (1..)
                .zip(&places)
                .find(|(expected, (_, number))| expected != number);
            if let (Some((expected, place)), 0) = (wrong, self.report.unfinished) {
                self.fault(format!(
                    "conversation {key:?}: {place:?} and not number {expected}"
                ));
            }
        }
    }

    /// What is accepted arrives, and what arrives was accepted.
    fn arrivals(&mut self) {
        for ((from, counter), line) in &self.lines {
            if line.place.is_none() {
                self.report.unfinished += 1;
                continue;
            }
            let readers = match line::to(*from, *counter) {
                Some(_) => 1,
                None => USERS - 1,
            };
            self.report.unfinished += readers - line.had.len().min(readers);
        }
    }

    /// Receipts that a writer was given were true when they came, and the last of them leave nothing out.
    fn receipts(&mut self, user: usize, notes: &[Noted]) {
        // By recipient: seqs, and when each was had.
        let mut sent: BTreeMap<Option<usize>, BTreeMap<u64, Vec<u64>>> = BTreeMap::new();
        for ((_, counter), line) in self.lines.range((user, 0)..(user + 1, 0)) {
            if let Some((seq, _)) = line.place {
                let had = line.had.values().copied().collect();
                sent.entry(line::to(user, *counter))
                    .or_default()
                    .insert(seq, had);
            }
        }
        let mut latest: BTreeMap<usize, u64> = BTreeMap::new();
        for Noted { at, entry } in notes {
            match *entry {
                Entry::Receipt { to, up_to } => {
                    self.report.receipts += 1;
                    let to = to as usize;
                    let last = sent
                        .get(&Some(to))
                        .and_then(|seqs| seqs.range(..=up_to).next_back());
                    if last.is_some_and(|(_, had)| !had.iter().any(|had| had <= at)) {
                        self.fault(format!(
                            "user{user}: receipt of user{to} up to {up_to} came too early"
                        ));
                    }
                    let so_far = latest.entry(to).or_default();
                    *so_far = up_to.max(*so_far);
                }
                Entry::Count { seq, count, of } => {
                    self.report.receipts += 1;
                    let had = sent.get(&None).and_then(|seqs| seqs.get(&seq));
                    let have = had.map_or(0, |had| had.iter().filter(|had| *had <= at).count());
                    if count > have as u64 || of != USERS as u64 - 1 {
                        self.fault(format!("user{user}: seq {seq} is said to be with {count} of {of}, and {have} have it"));
                    }
                }
                _ => {}
            }
        }
        self.report.unfinished += untold(&sent, &latest);
    }

    /// All saw the same log; counts how often it was begun anew.
    fn starts(&mut self, journals: &[Vec<Noted>]) {
        let (mut stores, mut epochs) = (BTreeSet::new(), BTreeSet::new());
        for Noted { entry, .. } in journals.iter().flatten() {
            if let Entry::Welcome([store, epoch, ..]) = entry {
                stores.insert(store);
                epochs.insert(epoch);
            }
        }
        self.report.starts = epochs.len();
        if stores.len() > 1 {
            self.fault("there was more than one log".into());
        }
    }
}

/// How many recipients have not been told of yet, up to the last line for them. (Counts of lines to `ALL` only grow, and
/// are promised to nobody.)
fn untold(
    sent: &BTreeMap<Option<usize>, BTreeMap<u64, Vec<u64>>>,
    latest: &BTreeMap<usize, u64>,
) -> usize {
    let last_of = |seqs: &BTreeMap<u64, Vec<u64>>| seqs.last_key_value().map_or(0, |(seq, _)| *seq);
    let is_untold = |(to, seqs): &(&Option<usize>, &BTreeMap<u64, Vec<u64>>)| {
        to.is_some_and(|to| latest.get(&to).is_none_or(|up_to| *up_to < last_of(seqs)))
    };
    sent.iter().filter(is_untold).count()
}
