//! A queue with a fixed number of places whose free places are blank, so that equal contents are equal values.

use std::hash::{Hash, Hasher};

/// A first-in first-out queue of at most `N` values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fifo<T, const N: usize> {
    items: [T; N],
    len: u8,
}

impl<T: Copy + Default, const N: usize> Default for Fifo<T, N> {
    fn default() -> Self {
        Fifo {
            items: [T::default(); N],
            len: 0,
        }
    }
}

impl<T: Copy + Default + Hash, const N: usize> Hash for Fifo<T, N> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.as_slice().hash(hasher);
    }
}

impl<T: Copy + Default, const N: usize> Fifo<T, N> {
    /// How many values it holds.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The values, first one first.
    pub fn as_slice(&self) -> &[T] {
        &self.items[..usize::from(self.len)]
    }

    /// The values, first one first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.as_slice().iter()
    }

    /// The values, to be changed in place.
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.items[..usize::from(self.len)]
    }

    /// The values, to be changed in place.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut T> {
        self.as_mut_slice().iter_mut()
    }

    /// Puts a value at a place, before what stands there. Panics if the queue is full: the model's bounds are wrong then.
    pub fn insert(&mut self, place: usize, item: T) {
        let len = self.len();
        assert!(
            len < N && place <= len,
            "the model's queues are long enough"
        );
        self.items.copy_within(place..len, place + 1);
        self.items[place] = item;
        self.len += 1;
    }

    /// Puts a value at the end.
    pub fn push(&mut self, item: T) {
        self.insert(self.len(), item);
    }

    /// Takes the first value.
    pub fn pop(&mut self) -> Option<T> {
        let first = self.as_slice().first().copied()?;
        self.items.copy_within(1.., 0);
        self.truncate(self.len() - 1);
        Some(first)
    }

    /// Keeps the first `len` values.
    pub fn truncate(&mut self, len: usize) {
        self.items[len..].fill(T::default());
        self.len = self.len.min(len as u8);
    }

    /// Keeps none.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Keeps the values for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        let before = *self;
        self.clear();
        for item in before.iter().filter(|item| keep(item)) {
            self.push(*item);
        }
    }
}
