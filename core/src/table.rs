//! An ordered map in which most look-ups find their entry at the first glance.
//!
//! The order is a B-tree's, and so is the cost of the worst case, whatever keys somebody chooses. Beside it lie hints: a
//! key's bits point at a hint, the hint at an entry, and the entry says itself whether it is the one. So a hint that is
//! wrong costs a search, never an answer.
//!
//! Room that entries had stays for later ones, until fewer than a quarter of it is taken.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;
use core::ops::RangeBounds;

/// What entries are found by.
pub(crate) trait Key: Copy + Ord + fmt::Debug {
    /// Bits of which the lowest differ between most keys. They choose a hint and decide nothing.
    fn bits(&self) -> u64;
}

/// So many hints at least, once there are any.
const HINTS_MIN: usize = 32;
/// And so many for each entry, so that few share one.
const HINTS_PER_ENTRY: usize = 4;

/// Places for so many entries as there are, at most: when there are more, room is given back.
const PLACES_PER_ENTRY: usize = 4;

/// See the module's words.
#[derive(Clone)]
pub(crate) struct Table<K, V> {
    /// Where the entry of each key lies.
    order: BTreeMap<K, u32>,
    entries: Vec<Option<(K, V)>>,
    /// Entries that were removed: their places are taken first.
    free: Vec<u32>,
    /// Where an entry may lie. Four times as many as entries or more, and a power of two.
    hints: Vec<u32>,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Table<K, V> {
        Table {
            order: BTreeMap::new(),
            entries: Vec::new(),
            free: Vec::new(),
            hints: Vec::new(),
        }
    }
}

impl<K: Key, V> Table<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    #[inline]
    pub(crate) fn find(&self, key: &K) -> Option<&V> {
        let hint = *self.hints.get(self.hint_at(key))?;
        match self.entries.get(hint as usize) {
            Some(Some((found, value))) if found == key => Some(value),
            _ => self.search(key),
        }
    }

    #[inline]
    pub(crate) fn find_mut(&mut self, key: &K) -> Option<&mut V> {
        let hint = *self.hints.get(self.hint_at(key))?;
        let hit = matches!(self.entries.get(hint as usize), Some(Some((found, _))) if found == key);
        if !hit {
            return self.search_mut(key);
        }
        self.entries[hint as usize].as_mut().map(|(_, value)| value)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.find(key).is_some()
    }

    /// Puts an entry in; gives the one of that key that was there.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        if let Some(before) = self.find_mut(&key) {
            return Some(core::mem::replace(before, value));
        }
        let entry = Some((key, value));
        let place = match self.free.pop() {
            Some(place) => {
                self.entries[place as usize] = entry;
                place
            }
            None => {
                self.entries.push(entry);
                u32::try_from(self.entries.len() - 1).expect("memory ends before that many")
            }
        };
        self.order.insert(key, place);
        self.hint(key, place);
        None
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let place = self.order.remove(key)?;
        self.free.push(place);
        let entry = self.entries[place as usize].take();
        if self.order.len() * PLACES_PER_ENTRY < self.entries.len() {
            self.give_room_back();
        }
        entry.map(|(_, value)| value)
    }

    /// Moves what is left together. It takes as many steps as entries were removed since it was last done, or fewer.
    #[inline(never)]
    fn give_room_back(&mut self) {
        let mut entries = Vec::with_capacity(self.order.len());
        for place in self.order.values_mut() {
            entries.push(self.entries[*place as usize].take());
            *place = entries.len() as u32 - 1;
        }
        (self.entries, self.free) = (entries, Vec::new());
        self.hints = Vec::new();
        if !self.order.is_empty() {
            self.hint_all();
        }
    }

    /// All entries, in the order of their keys.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&K, &V)> {
        self.order.iter().map(|(key, place)| (key, self.at(*place)))
    }

    /// Those of the keys in a range, in their order.
    pub(crate) fn range(&self, keys: impl RangeBounds<K>) -> impl Iterator<Item = (&K, &V)> {
        let found = self.order.range(keys);
        found.map(|(key, place)| (key, self.at(*place)))
    }

    /// What is there, in no order that says anything, but the same one in each run.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().flatten().map(|(_, value)| value)
    }

    /// As [`Table::values`].
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().flatten().map(|(_, value)| value)
    }

    fn at(&self, place: u32) -> &V {
        let entry = self.entries[place as usize].as_ref();
        &entry.expect("what has an order has an entry").1
    }

    #[inline(never)]
    fn search(&self, key: &K) -> Option<&V> {
        self.order.get(key).map(|place| self.at(*place))
    }

    /// As [`Table::search`]; what was looked for is found by its hint the next time.
    #[inline(never)]
    fn search_mut(&mut self, key: &K) -> Option<&mut V> {
        let place = *self.order.get(key)?;
        let at = self.hint_at(key);
        self.hints[at] = place;
        let entry = self.entries[place as usize].as_mut();
        entry.map(|(_, value)| value)
    }

    /// Which hint is that key's.
    #[inline]
    fn hint_at(&self, key: &K) -> usize {
        key.bits() as usize & self.hints.len().wrapping_sub(1)
    }

    /// Points at an entry. Of those that share a hint, the last one has it.
    fn hint(&mut self, key: K, place: u32) {
        if self.order.len() * HINTS_PER_ENTRY <= self.hints.len() {
            let at = self.hint_at(&key);
            self.hints[at] = place;
            return;
        }
        self.hint_all();
    }

    #[inline(never)]
    fn hint_all(&mut self) {
        let hints = self.order.len() * HINTS_PER_ENTRY;
        let hints = hints.next_power_of_two().max(HINTS_MIN);
        self.hints.resize(hints, 0);
        for (key, place) in &self.order {
            let at = key.bits() as usize & (hints - 1);
            self.hints[at] = *place;
        }
    }
}

impl<K: Key, V: fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    impl Key for u8 {
        /// So few that most keys share a hint.
        fn bits(&self) -> u64 {
            u64::from(self % 5)
        }
    }

    fn agree(table: &Table<u8, u32>, map: &BTreeMap<u8, u32>) {
        assert_eq!(format!("{table:?}"), format!("{map:?}"));
        assert!(table.iter().eq(map.iter()));
        assert!(table.range(..100).eq(map.range(..100)));
        assert!((0..=u8::MAX).all(|key| table.find(&key) == map.get(&key)));
        let (mut one, mut other): (Vec<_>, Vec<_>) =
            (table.values().collect(), map.values().collect());
        one.sort_unstable();
        other.sort_unstable();
        assert_eq!((one, table.len()), (other, map.len()));
    }

    #[test]
    fn it_is_a_map_whatever_its_hints_say() {
        let (mut table, mut map) = (Table::default(), BTreeMap::new());
        let mut dice = 1u32;
        for value in 0..4_000 {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (key, what) = ((dice >> 24) as u8, dice >> 16 & 3);
            match what {
                0 | 1 => assert_eq!(table.insert(key, value), map.insert(key, value)),
                2 => assert_eq!(table.remove(&key), map.remove(&key)),
                _ => assert_eq!(table.find_mut(&key), map.get_mut(&key)),
            }
            if value % 16 == 0 {
                agree(&table, &map);
            }
        }
    }

    #[test]
    fn places_are_used_again() {
        let mut table = Table::default();
        for round in 0..100u32 {
            table.insert(round as u8, round);
            table.insert(200, round);
            assert_eq!(table.remove(&(round as u8)), Some(round));
        }
        assert!(table.entries.len() <= 2);
    }

    #[test]
    fn room_is_given_back() {
        let (mut table, mut map) = (Table::default(), BTreeMap::new());
        for key in 0..=u8::MAX {
            table.insert(key, u32::from(key));
            map.insert(key, u32::from(key));
        }
        for key in 0..=u8::MAX {
            assert_eq!(table.remove(&key), map.remove(&key));
            agree(&table, &map);
            assert!(table.entries.len() <= PLACES_PER_ENTRY * table.len());
        }
        assert_eq!((table.entries.capacity(), table.hints.len()), (0, 0));
    }
}
