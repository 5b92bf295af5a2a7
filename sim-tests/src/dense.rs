//! Maps and sets whose keys are counted: lines of somebody, positions in a log. A run looks into them at every event, so
//! they lie in a row. A key that nobody counts to (a planted bug may make one) goes to a tree behind it.

use crate::tag::Tag;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Index;

/// Room that the first key makes in a row.
const ROOM: usize = 64;
/// Keys below this lie in the row.
const ROW_MAX: u64 = 1 << 16;

/// A map from counted keys, in their order.
#[derive(Clone, Debug)]
pub struct Dense<T> {
    row: Vec<Option<T>>,
    far: BTreeMap<u64, T>,
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
    /// Puts a value there; gives the one that was there.
    pub fn insert(&mut self, key: u64, value: T) -> Option<T> {
        if key >= ROW_MAX {
            return self.far.insert(key, value);
        }
        let at = key as usize;
        if let Some(slot) = self.row.get_mut(at) {
            return slot.replace(value);
        }
        if self.row.capacity() == 0 {
            self.row.reserve(ROOM.max(at + 1));
        }
        self.row.resize_with(at, || None);
        self.row.push(Some(value));
        None
    }

    /// The value there.
    pub fn get(&self, key: u64) -> Option<&T> {
        match key < ROW_MAX {
            true => self.row.get(key as usize)?.as_ref(),
            false => self.far.get(&key),
        }
    }

    /// The same, to change it.
    pub fn get_mut(&mut self, key: u64) -> Option<&mut T> {
        match key < ROW_MAX {
            true => self.row.get_mut(key as usize)?.as_mut(),
            false => self.far.get_mut(&key),
        }
    }

    /// Takes the value there away.
    pub fn remove(&mut self, key: u64) -> Option<T> {
        match key < ROW_MAX {
            true => self.row.get_mut(key as usize)?.take(),
            false => self.far.remove(&key),
        }
    }

    /// All, in the order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let row = (0..).zip(&self.row);
        let row = row.filter_map(|(key, value)| Some((key, value.as_ref()?)));
        row.chain(self.far.iter().map(|(key, value)| (*key, value)))
    }

    /// All values, to change them.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.row.iter_mut().flatten().chain(self.far.values_mut())
    }
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
    pub fn insert(&mut self, key: u64) -> bool {
        if key >= ROW_MAX {
            return self.far.insert(key);
        }
        let (at, bit) = place(key);
        if at >= self.row.len() {
            self.row.resize(at + 1, 0);
        }
        let before = self.row[at];
        self.row[at] |= bit;
        before & bit == 0
    }

    /// Whether a key is in it.
    pub fn contains(&self, key: u64) -> bool {
        let (at, bit) = place(key);
        match key < ROW_MAX {
            true => self.row.get(at).is_some_and(|word| word & bit != 0),
            false => self.far.contains(&key),
        }
    }

    /// Takes a key out; whether it was in.
    pub fn remove(&mut self, key: u64) -> bool {
        if key >= ROW_MAX {
            return self.far.remove(&key);
        }
        let (at, bit) = place(key);
        let was = self.contains(key);
        if let Some(word) = self.row.get_mut(at) {
            *word &= !bit;
        }
        was
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        let keys = 0..self.row.len() as u64 * u64::from(u64::BITS);
        let row = keys.filter(|key| self.contains(*key));
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

/// The word and the bit in it that stand for a key of the row.
fn place(key: u64) -> (usize, u64) {
    let bits = u64::from(u64::BITS);
    ((key / bits) as usize, 1 << (key % bits))
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

/// A map from lines of all who take part.
#[derive(Clone, Debug)]
pub struct ByTag<T>(Vec<Dense<T>>);

impl<T> Default for ByTag<T> {
    fn default() -> ByTag<T> {
        ByTag(Vec::new())
    }
}

/// More do not take part in a run: what a tag of somebody else says is not looked for.
const PEOPLE_MAX: usize = 1 << 10;

impl<T> ByTag<T> {
    /// Puts a value there; gives the one that was there.
    pub fn insert(&mut self, tag: Tag, value: T) -> Option<T> {
        let who = tag.who.min(PEOPLE_MAX);
        if who >= self.0.len() {
            self.0.resize_with(who + 1, Dense::default);
        }
        self.0[who].insert(tag.line, value)
    }

    /// The value there.
    pub fn get(&self, tag: Tag) -> Option<&T> {
        self.0.get(tag.who.min(PEOPLE_MAX))?.get(tag.line)
    }

    /// All keys, in their order.
    pub fn tags(&self) -> impl Iterator<Item = Tag> {
        let lines = |(who, lines): (usize, &Dense<T>)| {
            let tags = lines.iter().map(move |(line, _)| Tag { who, line });
            tags.collect::<Vec<_>>()
        };
        self.0.iter().enumerate().flat_map(lines)
    }
}

#[cfg(test)]
mod tests {
    use super::{ByTag, Dense, Marks, ROW_MAX};
    use crate::tag::Tag;

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
    fn tags_keep_their_lines_apart() {
        let mut lines = ByTag::default();
        let tag = |who, line| Tag { who, line };
        assert_eq!(lines.insert(tag(2, 7), 'a'), None);
        assert_eq!(lines.insert(tag(0, 7), 'b'), None);
        assert_eq!(lines.get(tag(2, 7)), Some(&'a'));
        assert_eq!(lines.get(tag(1, 7)), None);
        assert!(lines.tags().eq([tag(0, 7), tag(2, 7)]));
    }
}
