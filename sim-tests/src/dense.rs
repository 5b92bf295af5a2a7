//! Maps and sets whose keys are counted: lines of somebody, positions in a log. A run looks into them at every event, so
//! they lie in a row. A key that nobody counts to (a planted bug may make one) goes to a tree behind it.

use crate::history::Who;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

/// Room that the first key makes in a row.
const ROOM: usize = 64;
/// Words for which the first key of a set makes room.
const WORDS: usize = 8;
/// Keys below this lie in the row.
const ROW_MAX: u64 = 1 << 16;

/// A map from counted keys, in their order.
#[derive(Clone, Debug)]
pub struct Dense<T> {
    row: Vec<Option<T>>,
    far: BTreeMap<u64, Option<T>>,
}

impl<T> Default for Dense<T> {
    fn default() -> Dense<T> {
        Dense {
            row: Vec::new(),
            far: BTreeMap::new(),
        }
    }
}

impl<T> Dense<T> {
    /// The place for the value of a key.
    #[inline]
    pub fn slot(&mut self, key: u64) -> &mut Option<T> {
        let at = index(key);
        if at >= self.row.len() {
            // Most often it is the next one.
            let has_room = at < ROW_MAX as usize && self.row.len() < self.row.capacity();
            if at > self.row.len() || !has_room {
                return self.slot_behind(key);
            }
            self.row.push(None);
        }
        &mut self.row[at]
    }

    /// The place for one that lies far behind the end of the row, or for which it has no room yet.
    #[cold]
    #[inline(never)]
    fn slot_behind(&mut self, key: u64) -> &mut Option<T> {
        if key >= ROW_MAX {
            return self.far.entry(key).or_insert(None);
        }
        let at = index(key);
        if self.row.capacity() == 0 {
            self.row.reserve(ROOM.max(at + 1));
        }
        while self.row.len() <= at {
            self.row.push(None);
        }
        &mut self.row[at]
    }

    /// Puts a value there; gives the one that was there.
    #[inline]
    pub fn insert(&mut self, key: u64, value: T) -> Option<T> {
        self.slot(key).replace(value)
    }

    /// The value there.
    #[inline]
    pub fn get(&self, key: u64) -> Option<&T> {
        match self.row.get(index(key)) {
            Some(slot) => slot.as_ref(),
            None if self.far.is_empty() => None,
            None => self.far.get(&key)?.as_ref(),
        }
    }

    /// The same, to change it.
    #[inline]
    pub fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        match self.row.get_mut(index(key)) {
            Some(slot) => slot.as_mut(),
            None if self.far.is_empty() => None,
            None => self.far.get_mut(&key)?.as_mut(),
        }
    }

    /// The value there, to change it; it is put there first if there is none.
    #[inline]
    pub fn get_or_default(&mut self, key: u64) -> &mut T
    where
        T: Default,
    {
        self.slot(key).get_or_insert_with(T::default)
    }

    /// Takes the value there away.
    #[inline]
    pub fn remove(&mut self, key: u64) -> Option<T> {
        match self.row.get_mut(index(key)) {
            Some(slot) => slot.take(),
            None if self.far.is_empty() => None,
            None => self.remove_far(key),
        }
    }

    #[cold]
    #[inline(never)]
    fn remove_far(&mut self, key: u64) -> Option<T> {
        self.far.remove(&key)?
    }

    /// All, in the order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let far = self.far.iter().map(|(key, value)| (*key, value));
        let all = (0..).zip(&self.row).chain(far);
        all.filter_map(|(key, value)| Some((key, value.as_ref()?)))
    }

    /// All values, to change them.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.row.iter_mut().chain(self.far.values_mut()).flatten()
    }
}

/// Where a key would lie in a row that has no end.
fn index(key: u64) -> usize {
    usize::try_from(key).unwrap_or(usize::MAX)
}

impl<T> Index<u64> for Dense<T> {
    type Output = T;

    /// The value of a key that is there.
    fn index(&self, key: u64) -> &T {
        self.get(key)
            .expect("only what was put there is looked for")
    }
}

/// A set of counted keys.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    row: Vec<u64>,
    far: BTreeSet<u64>,
}

impl Marks {
    /// Puts a key in; whether it is new.
    #[inline]
    pub fn insert(&mut self, key: u64) -> bool {
        let (at, bit) = place(key);
        let Some(word) = self.row.get_mut(at) else {
            return self.insert_behind(key);
        };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    /// Puts a key in behind the end of the row.
    #[cold]
    #[inline(never)] // rarely: a word of the row is for many keys
    fn insert_behind(&mut self, key: u64) -> bool {
        if key >= ROW_MAX {
            return self.far.insert(key);
        }
        let (at, bit) = place(key);
        if self.row.capacity() == 0 {
            self.row.reserve(WORDS.max(at + 1));
        }
        while self.row.len() < at {
            self.row.push(0);
        }
        self.row.push(bit);
        true
    }

    /// Whether a key is in it.
    #[inline]
    pub fn contains(&self, key: u64) -> bool {
        let (at, bit) = place(key);
        match self.row.get(at) {
            Some(word) => word & bit != 0,
            None => !self.far.is_empty() && self.far.contains(&key),
        }
    }

    /// Takes a key out; whether it was in.
    #[inline]
    pub fn remove(&mut self, key: u64) -> bool {
        let (at, bit) = place(key);
        let Some(word) = self.row.get_mut(at) else {
            return !self.far.is_empty() && self.remove_far(key);
        };
        let was = *word & bit != 0;
        *word &= !bit;
        was
    }

    #[cold]
    #[inline(never)]
    fn remove_far(&mut self, key: u64) -> bool {
        self.far.remove(&key)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        let words = (0..).zip(&self.row).filter(|(_, word)| **word != 0);
        let row = words.flat_map(|(at, word)| {
            let bits = 0..u64::from(u64::BITS);
            let bits = bits.filter(move |bit| word & 1 << bit != 0);
            bits.map(move |bit| at * u64::from(u64::BITS) + bit)
        });
        row.chain(self.far.iter().copied())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.far.is_empty() && self.row.iter().all(|word| *word == 0)
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.row.clear();
        self.far.clear();
    }
}

/// The word of a row that has no end, and the bit in it, that stand for a key.
#[inline]
fn place(key: u64) -> (usize, u64) {
    let bits = u64::from(u64::BITS);
    (index(key / bits), 1 << (key % bits))
}

impl Extend<u64> for Marks {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, keys: I) {
        for key in keys {
            self.insert(key);
        }
    }
}

impl FromIterator<u64> for Marks {
    fn from_iter<I: IntoIterator<Item = u64>>(keys: I) -> Marks {
        let mut marks = Marks::default();
        marks.extend(keys);
        marks
    }
}

/// A map from what people have, their lines or their devices: whose it is, and its number among theirs.
#[derive(Clone, Debug)]
pub struct Owned<T>(Vec<Dense<T>>);

impl<T> Default for Owned<T> {
    fn default() -> Owned<T> {
        Owned(Vec::new())
    }
}

/// More do not take part in a run: what a tag of somebody else says is not looked for.
const PEOPLE_MAX: usize = 1 << 10;

impl<T> Owned<T> {
    /// Puts a value there; gives the one that was there.
    #[inline]
    pub fn insert(&mut self, (who, number): (Who, u64), value: T) -> Option<T> {
        self.slot((who, number)).replace(value)
    }

    /// The value there.
    #[inline]
    pub fn get(&self, (who, number): (Who, u64)) -> Option<&T> {
        self.0.get(who.min(PEOPLE_MAX))?.get(number)
    }

    /// The value there, to change it; it is put there first if there is none.
    #[inline]
    pub fn get_or_default(&mut self, (who, number): (Who, u64)) -> &mut T
    where
        T: Default,
    {
        self.slot((who, number)).get_or_insert_with(T::default)
    }

    /// The place for a value.
    #[inline]
    pub fn slot(&mut self, (who, number): (Who, u64)) -> &mut Option<T> {
        let who = who.min(PEOPLE_MAX);
        if who >= self.0.len() {
            self.make_row(who);
        }
        self.0[who].slot(number)
    }

    #[cold]
    #[inline(never)]
    fn make_row(&mut self, who: Who) {
        self.0.resize_with(who + 1, Dense::default);
    }

    /// All keys, in their order.
    pub fn keys(&self) -> impl Iterator<Item = (Who, u64)> {
        let keys = |(who, row): (Who, &Dense<T>)| {
            let keys = row.iter().map(move |(number, _)| (who, number));
            keys.collect::<Vec<_>>()
        };
        self.0.iter().enumerate().flat_map(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::{Dense, Marks, Owned, ROW_MAX};

    const KEYS: [u64; 5] = [0, 63, 64, ROW_MAX, u64::MAX];

    #[test]
    fn what_was_put_there_is_there() {
        let mut dense = Dense::default();
        for key in KEYS {
            assert_eq!(dense.insert(key, key + u64::from(key < 9)), None);
        }
        assert_eq!(dense.insert(63, 5), Some(63));
        assert_eq!(
            (dense.get(1), dense[63], dense[u64::MAX]),
            (None, 5, u64::MAX)
        );
        assert!(dense.iter().map(|(key, _)| key).eq(KEYS));
        for key in KEYS {
            assert!(dense.remove(key).is_some() && dense.remove(key).is_none());
        }
        assert_eq!(dense.iter().count(), 0);
    }

    #[test]
    fn marks_come_and_go() {
        let mut marks: Marks = KEYS.into_iter().collect();
        assert!(marks.iter().eq(KEYS));
        assert!(!marks.insert(64) && marks.remove(64) && !marks.remove(64));
        assert!(!marks.contains(64) && !marks.contains(1_000) && marks.contains(u64::MAX));
        marks.clear();
        assert!(marks.is_empty());
    }

    #[test]
    fn what_people_have_is_kept_apart() {
        let mut lines = Owned::default();
        assert_eq!(lines.insert((2, 7), 'a'), None);
        assert_eq!(lines.insert((0, 7), 'b'), None);
        assert_eq!(lines.get((2, 7)), Some(&'a'));
        assert_eq!(lines.get((1, 7)), None);
        assert_eq!(*lines.get_or_default((1, 3)), '\0');
        assert!(lines.keys().eq([(0, 7), (1, 3), (2, 7)]));
    }
}
