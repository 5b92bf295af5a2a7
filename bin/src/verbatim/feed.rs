//! Messages on their way from the store to who shows them: no more at once than can be shown, the rest waits in the store.

use std::collections::VecDeque;
use verbatim_core::client::Message;
use verbatim_core::id::Seq;
use verbatim_net::store::Store;

/// Most messages that were handed on and are not shown yet.
const HANDED_MAX: usize = 256;

/// See the module's words.
#[derive(Debug)]
pub(crate) struct Feed {
    /// Up to this place everything was handed on.
    handed: u64,
    waiting: VecDeque<(Seq, u64)>,
    /// The store has messages after `handed`, perhaps.
    behind: bool,
    /// Up to here an earlier run may have shown them.
    earlier: u64,
}

impl Feed {
    /// Goes on where the store says that everything was shown.
    pub(crate) fn new(store: &Store) -> Feed {
        Feed {
            handed: store.shown(),
            waiting: VecDeque::new(),
            behind: true,
            earlier: store.last(),
        }
    }

    /// A message was put at that place. Whether it is to be handed on now.
    pub(crate) fn takes(&mut self, seq: Seq, place: u64) -> bool {
        self.behind |= self.waiting.len() >= HANDED_MAX;
        if self.behind {
            return false;
        }
        self.handed = place;
        self.waiting.push_back((seq, place));
        true
    }

    /// Everything handed on was shown up to the last message with that seq: up to which place that is.
    pub(crate) fn on_shown(&mut self, seq: Seq) -> Option<u64> {
        let last = self.waiting.iter().rposition(|(known, _)| *known == seq)?;
        let mut shown = self.waiting.drain(..=last);
        shown.next_back().map(|(_, place)| place)
    }

    /// What is to be handed on now of that which waits in the store. If the store cannot be read, later.
    pub(crate) fn more(&mut self, store: &mut Store) -> Vec<Message> {
        let room = HANDED_MAX - self.waiting.len().min(HANDED_MAX);
        if !self.behind || room < HANDED_MAX / 2 {
            return Vec::new();
        }
        let Ok(page) = store.messages_after(self.handed, room) else {
            return Vec::new();
        };
        self.behind = page.len() == room || store.has_unkept();
        let mut messages = Vec::with_capacity(page.len());
        for (place, mut message) in page {
            self.handed = place;
            self.waiting.push_back((message.seq, place));
            message.may_repeat |= place <= self.earlier;
            messages.push(message);
        }
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use verbatim_core::client::{Keep, Output};
    use verbatim_core::id::{DeviceId, Epoch, Number, StoreId};
    use verbatim_core::name::{Name, Recipient};

    /// A store in a directory of this test alone, removed with it.
    struct Place(std::path::PathBuf);

    impl Place {
        fn open(&self) -> Store {
            let user = Name::parse(b"alice").unwrap();
            Store::open(&self.0, user, DeviceId::new([7; 16])).unwrap()
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    /// Stores messages and hands on what is to be handed on now.
    fn deliver(
        store: &mut Store,
        feed: &mut Feed,
        seqs: std::ops::RangeInclusive<u64>,
    ) -> Vec<u64> {
        let message = |seq| Message {
            seq: Seq(seq),
            from: Name::parse(b"bob").unwrap(),
            to: Recipient::All,
            number: Number(seq),
            time: 0,
            body: String::new(),
            may_repeat: false,
        };
        let cursor = Keep::Cursor {
            store: StoreId(1),
            epoch: Epoch(1),
            seq: Seq(*seqs.end()),
        };
        let messages = seqs
            .clone()
            .map(|seq| Output::Deliver(Box::new(message(seq))));
        let outputs: Vec<Output> = messages.chain([Output::Keep(cursor)]).collect();
        store.keep(&outputs).unwrap();
        let places = seqs.zip(store.take_places());
        let taken = places.filter(|(seq, place)| feed.takes(Seq(*seq), *place));
        taken.map(|(seq, _)| seq).collect()
    }

    fn more(store: &mut Store, feed: &mut Feed) -> Vec<(u64, bool)> {
        let more = feed.more(store).into_iter();
        more.map(|message| (message.seq.0, message.may_repeat))
            .collect()
    }

    #[test]
    fn a_slow_reader_gets_all_in_order_and_what_it_may_have_seen_is_marked() {
        let name = format!("verbatim-feed-{}", std::process::id());
        let place = Place(std::env::temp_dir().join(name));
        let mut store = place.open();
        let mut feed = Feed::new(&store);
        assert_eq!(more(&mut store, &mut feed), []);
        assert_eq!(deliver(&mut store, &mut feed, 1..=2), [1, 2]);
        let first = deliver(&mut store, &mut feed, 3..=300);
        assert_eq!(first, (3..=HANDED_MAX as u64).collect::<Vec<_>>());
        assert_eq!(deliver(&mut store, &mut feed, 301..=302), [0; 0]);
        let shown = feed.on_shown(Seq(200)).unwrap();
        store.on_shown(shown);
        let rest: Vec<_> = (257..=302).map(|seq| (seq, false)).collect();
        assert_eq!(more(&mut store, &mut feed), rest);
        assert_eq!(deliver(&mut store, &mut feed, 303..=303), [303]);
        store.close().unwrap();

        let mut store = place.open();
        let mut feed = Feed::new(&store);
        let again: Vec<_> = (201..=303).map(|seq| (seq, true)).collect();
        assert_eq!(more(&mut store, &mut feed), again);
        assert_eq!(deliver(&mut store, &mut feed, 304..=304), [304]);
    }
}
