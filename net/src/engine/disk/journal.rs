//! The journal: a file beside the store that has what was committed since the store last took everything in.
//!
//! A commit of the store costs two syncs and a dozen writes, whatever is in it; an entry of the journal costs one write and
//! one sync, into room that was written before, so that the file system has nothing of its own to sync. So a commit goes
//! into the journal, and the store takes in many at once (see [`super::fold`]). Each time it has, a new *turn* begins, and
//! the journal is written from its beginning again: an entry of an earlier turn counts no more, since the store's own commit
//! names the turn.
//!
//! An entry begins on a block of its own, so no later one can tear it. Numbers are little end first:
//!
//! | bytes | what |
//! | --- | --- |
//! | 32 | SHA-256 of the log's key, of all numbers here and the link before, of the link behind it, and of what rides beside |
//! | 8, 8 | the turn; the entry's place in the file |
//! | 32 | the chain's link before it |
//! | 4, 4 | the lengths of the two parts that follow |
//! | 8 | the log's own number |
//! | | stretches: the first seq (8), the length (4), the stretch |
//! | | what rides beside the log: its key (9), the length (2), the rest; 0: what was under that key goes |
//!
//! The chain vouches for the stretches. The key is secret, so nobody can write a text that looks like an entry.

use super::super::{Failure, Identity};
use super::chain::{Link, Proof};
use super::fresh::Stretch;
use super::layout::{Turn, damaged, io_failed};
use super::stretch::{entries, link_of};
use redb::StorageBackend;
use sha2::{Digest, Sha256};
use verbatim_core::id::Seq;
use verbatim_core::saved::Beside;

/// What no write tears that does not touch it.
const BLOCK: u64 = 4096;
const DIGEST_BYTES: usize = 32;
const HEAD_BYTES: usize = 96;

/// The journal of an open log.
pub(super) struct Journal {
    backend: Box<dyn StorageBackend>,
    identity: Identity,
    turn: u64,
    /// Where the next entry goes, and where the file ends.
    at: u64,
    end: u64,
    scratch: Vec<u8>,
}

/// An entry that was found.
pub(super) struct Entry {
    pub(super) stretches: Vec<Stretch>,
    pub(super) beside: Vec<Beside>,
}

/// What was found of a turn: its entries, and where the next one goes.
#[derive(Default)]
pub(super) struct Found {
    pub(super) entries: Vec<Entry>,
    at: u64,
    /// The last one as it lies in the file, and where.
    last: Option<(u64, Vec<u8>)>,
}

impl Journal {
    /// Begins an empty journal: all of its room is written once, and nothing of before is left in it.
    pub(super) fn begin(
        backend: Box<dyn StorageBackend>,
        identity: Identity,
        bytes: u64,
    ) -> Result<Journal, Failure> {
        let end = bytes.next_multiple_of(BLOCK);
        let done = backend.set_len(end);
        done.map_err(|error| io_failed(&error, true))?;
        blank(&*backend)?;
        Ok(Journal::at(backend, identity, 0, (0, end)))
    }

    /// Goes on behind what was found.
    pub(super) fn resume(
        backend: Box<dyn StorageBackend>,
        identity: Identity,
        turn: u64,
        found: &Found,
    ) -> Result<Journal, Failure> {
        let refused = |error: std::io::Error| io_failed(&error, true);
        let end = backend.len().map_err(refused)?;
        // Others will be told of it now. A process that was killed may not have synced the last of it, and if that sync
        // failed, no other one brings it to the disk unless it is written again.
        if let Some((at, entry)) = &found.last {
            backend.write(*at, entry).map_err(refused)?;
        }
        sync(&*backend)?;
        Ok(Journal::at(backend, identity, turn, (found.at, end)))
    }

    fn at(
        backend: Box<dyn StorageBackend>,
        identity: Identity,
        turn: u64,
        (at, end): (u64, u64),
    ) -> Journal {
        Journal {
            backend,
            identity,
            turn,
            at,
            end,
            scratch: Vec::new(),
        }
    }

    /// Overwrites all that is in it. The store has taken everything in.
    pub(super) fn blank(&self) -> Result<(), Failure> {
        blank(&*self.backend)
    }

    /// What the store names when it takes everything in.
    pub(super) fn next_turn(&self) -> Turn {
        Turn {
            number: self.turn + 1,
            bytes: self.end,
        }
    }

    /// The store has taken everything in: it is written from its beginning again.
    pub(super) fn turn_over(&mut self) {
        (self.turn, self.at) = (self.turn + 1, 0);
    }

    /// Makes an entry durable. Whether there was room for it; if not, nothing was done.
    pub(super) fn append<'a>(
        &mut self,
        before: &Link,
        stretches: &[Stretch],
        beside: impl Iterator<Item = &'a Beside>,
    ) -> Result<bool, Failure> {
        let mut entry = std::mem::take(&mut self.scratch);
        self.write_entry(&mut entry, before, stretches, beside);
        let fits = self.at + entry.len() as u64 <= self.end;
        if fits {
            let written = self.backend.write(self.at, &entry);
            written.map_err(|error| io_failed(&error, true))?;
            sync(&*self.backend)?;
            self.at += (entry.len() as u64).next_multiple_of(BLOCK);
        }
        self.scratch = entry;
        Ok(fits)
    }

    fn write_entry<'a>(
        &self,
        out: &mut Vec<u8>,
        before: &Link,
        stretches: &[Stretch],
        beside: impl Iterator<Item = &'a Beside>,
    ) {
        out.clear();
        out.resize(HEAD_BYTES, 0);
        for Stretch { first, bytes } in stretches {
            out.extend_from_slice(&first.to_le_bytes());
            out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            out.extend_from_slice(bytes);
        }
        let middle = out.len();
        beside.for_each(|one| put_beside(one, out));
        let lengths = [middle - HEAD_BYTES, out.len() - middle];
        out[32..40].copy_from_slice(&self.turn.to_le_bytes());
        out[40..48].copy_from_slice(&self.at.to_le_bytes());
        out[48..80].copy_from_slice(before);
        out[80..84].copy_from_slice(&(lengths[0] as u32).to_le_bytes());
        out[84..88].copy_from_slice(&(lengths[1] as u32).to_le_bytes());
        out[88..96].copy_from_slice(&self.identity.store.0.to_le_bytes());
        let digest = Raw::at(out, 0).map(|raw| raw.digest(self.identity));
        out[..DIGEST_BYTES].copy_from_slice(&digest.expect("its lengths were just written"));
    }
}

/// Writes zeros over the whole of a journal.
pub(super) fn blank(backend: &dyn StorageBackend) -> Result<(), Failure> {
    let fill = || {
        let end = backend.len()?;
        let zeros = vec![0; (16 * BLOCK).min(end.max(1)) as usize];
        (0..end).step_by(zeros.len()).try_for_each(|at| {
            let rest = (end - at).min(zeros.len() as u64);
            backend.write(at, &zeros[..rest as usize])
        })
    };
    fill().map_err(|error| io_failed(&error, true))?;
    sync(backend)
}

fn put_beside(one: &Beside, out: &mut Vec<u8>) {
    let (kind, number) = one.key();
    out.push(kind);
    out.extend_from_slice(&number.to_le_bytes());
    let at = out.len();
    out.extend_from_slice(&[0; 2]);
    if !matches!(one, Beside::Closed(_)) {
        one.encode(out);
    }
    let length = (out.len() - at - 2) as u16;
    out[at..at + 2].copy_from_slice(&length.to_le_bytes());
}

/// Takes a stretch off the front.
fn take_stretch(rest: &mut &[u8]) -> Option<Stretch> {
    let (head, behind) = rest.split_first_chunk::<12>()?;
    let length = u32::from_le_bytes(*head.last_chunk().expect(FIXED));
    let (bytes, behind) = behind.split_at_checked(length as usize)?;
    *rest = behind;
    Some(Stretch {
        first: u64::from_le_bytes(*head.first_chunk().expect(FIXED)),
        bytes: bytes.into(),
    })
}

/// Takes what rides beside the log off the front.
fn take_beside(rest: &mut &[u8]) -> Option<Beside> {
    let (head, behind) = rest.split_first_chunk::<11>()?;
    let length = u16::from_le_bytes([head[9], head[10]]) as usize;
    let (one, behind) = behind.split_at_checked(length)?;
    *rest = behind;
    if one.is_empty() {
        let number = u64::from_le_bytes(*head[1..].first_chunk().expect(FIXED));
        return Some(Beside::Closed(Seq(number)));
    }
    Beside::decode(one).ok()
}

fn sync(backend: &dyn StorageBackend) -> Result<(), Failure> {
    let done = backend.sync_data();
    done.map_err(|error| io_failed(&error, false))
}

/// Reads a turn's entries, each of which follows the one before; `proof` is where the store ends. Nothing is written.
///
/// An entry is written only when the one before is synced. So where no entry stands the turn ends, unless there is one
/// behind it: then something that was committed is not as it was written. One of a later turn, or one that follows
/// another record, shows that the store is not that of this journal.
pub(super) fn read(
    backend: &dyn StorageBackend,
    identity: Identity,
    Turn {
        number: turn,
        bytes,
    }: Turn,
    mut proof: Proof,
) -> Result<Found, Failure> {
    let bytes = whole(backend, bytes)?;
    if belongs_elsewhere(&bytes, identity) {
        return Err(damaged("its journal is that of another log"));
    }
    let mut found = Found::default();
    let since = |at| Raw::since(&bytes, at, identity, turn);
    while let Some(raw) = since(found.at).filter(|raw| raw.turn == turn) {
        // Its first and its last sector may be there, and one between them not.
        let Some((entry, behind)) = raw.entry(proof) else {
            break;
        };
        found.entries.push(entry);
        proof = behind;
        let (from, to) = (found.at as usize, found.at as usize + raw.length());
        found.last = Some((found.at, bytes[from..to].to_vec()));
        found.at += (raw.length() as u64).next_multiple_of(BLOCK);
    }
    let torn = |raw: &Raw<'_>| (raw.turn, raw.place, raw.before) == (turn, found.at, proof.hash);
    let mut rest = (found.at..bytes.len() as u64).step_by(BLOCK as usize);
    match rest.any(|at| since(at).is_some_and(|raw| !torn(&raw))) {
        true => Err(damaged(format_args!(
            "the journal is not that of log.redb, or lacks what came behind record {}",
            proof.head
        ))),
        false => Ok(found),
    }
}

/// All of the file, which must be as long as it was when the turn began.
fn whole(backend: &dyn StorageBackend, length: u64) -> Result<Vec<u8>, Failure> {
    let refused = |error: std::io::Error| io_failed(&error, true);
    let mut bytes = vec![0; backend.len().map_err(refused)? as usize];
    if bytes.is_empty() || (bytes.len() as u64) < length {
        return Err(damaged("its journal is shorter than it was"));
    }
    backend.read(0, &mut bytes).map_err(refused)?;
    Ok(bytes)
}

/// Whether the first entry names another log. No crash leaves that: what is torn is a part of an entry of this one.
fn belongs_elsewhere(bytes: &[u8], identity: Identity) -> bool {
    let store = bytes.get(HEAD_BYTES - 8..HEAD_BYTES).unwrap_or_default();
    store != identity.store.0.to_le_bytes() && store.iter().any(|byte| *byte != 0)
}

/// An entry as it lies in the file.
struct Raw<'a> {
    digest: &'a [u8],
    /// All numbers, and the link before.
    head: &'a [u8],
    turn: u64,
    place: u64,
    before: Link,
    stretches: &'a [u8],
    beside: &'a [u8],
}

impl<'a> Raw<'a> {
    fn at(bytes: &'a [u8], at: u64) -> Option<Raw<'a>> {
        let (head, rest) = bytes.get(at as usize..)?.split_at_checked(HEAD_BYTES)?;
        let number = |from: usize| u64::from_le_bytes(*head[from..].first_chunk().expect(FIXED));
        let length = |from: usize| u32::from_le_bytes(*head[from..].first_chunk().expect(FIXED));
        let (stretches, rest) = rest.split_at_checked(length(80) as usize)?;
        Some(Raw {
            digest: &head[..DIGEST_BYTES],
            head: &head[DIGEST_BYTES..],
            turn: number(32),
            place: number(40),
            before: *head[48..].first_chunk().expect(FIXED),
            stretches,
            beside: rest.get(..length(84) as usize)?,
        })
    }

    /// The one at that place, if it is one of that turn or a later one.
    fn since(bytes: &'a [u8], at: u64, identity: Identity, turn: u64) -> Option<Raw<'a>> {
        let raw = Raw::at(bytes, at)?;
        let here = raw.turn >= turn && raw.place == at;
        (here && raw.digest == raw.digest(identity)).then_some(raw)
    }

    fn digest(&self, identity: Identity) -> Link {
        let behind = self.stretches.last_chunk().unwrap_or(&self.before);
        let mut hash = Sha256::new();
        let halves = identity.hash_key.iter();
        halves.for_each(|half| hash.update(half.to_le_bytes()));
        hash.update(self.head);
        hash.update(behind);
        hash.update(self.beside);
        hash.finalize().into()
    }

    fn length(&self) -> usize {
        HEAD_BYTES + self.stretches.len() + self.beside.len()
    }

    /// What is in it, and where the chain leads; `None` if the chain does not lead through it.
    fn entry(&self, mut proof: Proof) -> Option<(Entry, Proof)> {
        if self.before != proof.hash {
            return None;
        }
        let (mut stretches, mut rest) = (Vec::new(), self.stretches);
        while !rest.is_empty() {
            let stretch = take_stretch(&mut rest)?;
            proof = follow(proof, &stretch)?;
            stretches.push(stretch);
        }
        let (mut beside, mut rest) = (Vec::new(), self.beside);
        while !rest.is_empty() {
            beside.push(take_beside(&mut rest)?);
        }
        Some((Entry { stretches, beside }, proof))
    }
}

const FIXED: &str = "a head has all of its bytes";

/// Walks the chain through a stretch; `None` if it breaks there.
fn follow(mut proof: Proof, stretch: &Stretch) -> Option<Proof> {
    let begins = proof.head.next() == Seq(stretch.first);
    for entry in entries(&stretch.bytes) {
        let entry = entry.ok()?;
        proof = proof.next(entry.head, &entry.body_hash());
    }
    let holds = begins && link_of(&stretch.bytes).ok()? == proof.hash;
    holds.then_some(proof)
}
