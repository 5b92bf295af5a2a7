//! A record as a line of an export: seq, time, what it is, from whom, to whom, number, hash, text. A text cannot forge
//! a line: it is escaped as on the client's plain output. No device's id stands in it. If the log's beginning was removed,
//! a first line says so, with the last record that is gone and its hash. Of a message whose text was removed the text's own
//! hash stands in its place, and the line is of another kind.

use super::{hash_of, hex};
use crate::clean;
use std::collections::BTreeMap;
use verbatim_core::id::{Seq, UserId};
use verbatim_core::name::Name;
use verbatim_core::record::{Record, What};
use verbatim_core::saved::BodyHash;
use verbatim_net::engine::disk::{Found, Proof};

/// The kind of a message with its text.
const MESSAGE: &str = "message";
/// That of one whose text was removed: its hash stands there.
const EMPTIED: &str = "message-removed";

/// All kinds of lines.
const KINDS: [&str; 6] = ["start", "claim", "release", MESSAGE, EMPTIED, "removed"];

/// Who holds a name, as of some record: a release names its user only by number.
#[derive(Default)]
pub(super) struct Names(BTreeMap<UserId, Name>);

impl Names {
    /// Follows a walk by one step.
    pub(super) fn follow(&mut self, found: &Found<'_>) {
        match found {
            Found::Removed(_, names) => self.0.extend(names.iter().copied()),
            Found::Record(record, ..) => self.take(record),
        }
    }

    fn take(&mut self, record: &Record) {
        match &record.what {
            What::Claim { name, .. } => _ = self.0.insert(UserId(record.seq), *name),
            What::Release { user, .. } => _ = self.0.remove(user),
            _ => {}
        }
    }

    /// How many names are held.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// The line of one step, without its end; `names` as of before it.
pub(super) fn line(found: &Found<'_>, names: &Names) -> String {
    match found {
        Found::Removed(proof, _) => format!("{} - removed - - - {}", proof.head, hash_of(proof)),
        Found::Record(record, proof, text) => record_line(record, proof, text, names),
    }
}

/// The seq and the hash that stand in a line, and whether it says that all before was removed.
pub(super) fn place(line: &str) -> Option<(Seq, &str, bool)> {
    let mut words = line.split(' ');
    let seq = words.next()?.parse().ok()?;
    let removed = words.nth(1)? == "removed";
    let hash = words.nth(3)?;
    Some((Seq(seq), hash, removed))
}

/// Whether it has the form of a line as it is written here, whatever it says.
pub(super) fn is_line(line: &str) -> bool {
    let is_kind = |kind: &str| KINDS.contains(&kind);
    let is_hash =
        |hash: &str| hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit());
    line.split(' ').nth(2).is_some_and(is_kind)
        && place(line).is_some_and(|(_, hash, _)| is_hash(hash))
}

/// A stamp as it is written.
pub(super) fn time(millis: u64) -> String {
    let written = jiff::Timestamp::from_millisecond(i64::try_from(millis).unwrap_or(i64::MAX));
    written.map_or_else(
        |_| millis.to_string(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
    )
}

/// A line about a message, taken apart.
pub(super) struct Told<'a> {
    /// All but its kind and its text.
    pub(super) frame: (&'a str, &'a str),
    /// Its text as it was written, or the hash that stands for it.
    pub(super) text: Result<&'a str, &'a str>,
}

impl<'a> Told<'a> {
    /// `None`: it is about something else.
    pub(super) fn of(line: &'a str) -> Option<Told<'a>> {
        let spaces: Vec<usize> = line.match_indices(' ').map(|(at, _)| at).take(7).collect();
        let [_, before, after, _, _, _, end] = spaces[..] else {
            return None;
        };
        let text = &line[end + 1..];
        let text = match &line[before + 1..after] {
            MESSAGE => Ok(text),
            EMPTIED => Err(text),
            _ => return None,
        };
        let frame = (&line[..before], &line[after..end]);
        Some(Told { frame, text })
    }
}

fn record_line(record: &Record, proof: &Proof, text: &BodyHash, names: &Names) -> String {
    let (seq, time, hash) = (record.seq, time(record.stamp.0), hash_of(proof));
    let bare = |kind: &str, who: &str| format!("{seq} {time} {kind} {who} - - {hash}");
    match &record.what {
        What::Start { .. } => bare("start", "-"),
        What::Claim { name, .. } => bare("claim", name.as_str()),
        What::Release { user, .. } => {
            let name = names.0.get(user).map_or("-", Name::as_str);
            bare("release", name)
        }
        What::Message(message) => {
            let delivery = message.delivery();
            let (from, to, number) = (delivery.from, delivery.to.as_str(), delivery.number);
            let (kind, text) = match delivery.removed {
                true => (EMPTIED, hex(text).into()),
                false => (MESSAGE, clean::line(delivery.body)),
            };
            format!("{seq} {time} {kind} {from} {to} {number} {hash} {text}")
        }
    }
}
