//! Whether a log is full of what its users are owed, so that a line that waits for room is not late: it goes out when
//! they have acked, or their names are free (PROTOCOL.md, corner 35).

use super::{Holder, Ledger, Log};

/// What a message takes in a log beside its text, about: a head, and what is counted for keeping it.
const BESIDE_BYTES: u64 = 180;

impl Ledger {
    /// Whether three quarters of the current log are owed to somebody.
    pub(super) fn is_full(&self) -> bool {
        let most = self.log_bytes_max / 4 * 3;
        let full = |log: &Log| log.bytes() > most && log.owed_bytes() > most;
        self.logs.last().is_some_and(full)
    }
}

impl Log {
    /// How many bytes of messages the log has to keep: those to one user who has not acked them, and those to all behind the
    /// first that anybody has not acked.
    fn owed_bytes(&self) -> u64 {
        let live = || self.holders.values().filter(|it| it.released.is_none());
        let to_all = live().filter_map(|holder| holder.unacked(self, true).next());
        let first = to_all.min().unwrap_or(u64::MAX);
        let kept_for_all = self.to_all.iter().copied().filter(|seq| *seq >= first);
        let own = live().flat_map(|holder| holder.unacked(self, false));
        own.chain(kept_for_all).map(|seq| self.size(seq)).sum()
    }

    /// What all messages that ever came to it take.
    fn bytes(&self) -> u64 {
        self.body_bytes + self.head() * BESIDE_BYTES
    }

    fn size(&self, seq: u64) -> u64 {
        let body = self.message(seq).map_or("", |(.., body)| body);
        body.len() as u64 + BESIDE_BYTES
    }
}

impl Holder {
    /// What it may see and has not acked: what was meant for all and was not given up, or what was for it alone.
    fn unacked<'a>(&'a self, log: &'a Log, to_all: bool) -> impl Iterator<Item = u64> + 'a {
        let first = self.visible.partition_point(|seq| *seq <= self.acked);
        let (is_classic, removed) = (self.is.1 == 0, self.removed);
        let owed = move |seq: &u64| match log.message(*seq) {
            Some((_, None, number, _)) => to_all && number > removed,
            Some(_) => !to_all,
            None => false,
        };
        let visible = self.visible[first..].iter().copied();
        visible.filter(move |seq| !is_classic && owed(seq))
    }
}
