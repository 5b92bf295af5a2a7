//! Decisions drawn from a seed, each from its own number: `hash(seed, who, counter)`. So one decision more of one who
//! leaves the decisions of all others as they were, and a seed keeps its meaning when a run is changed a little.

/// Who draws decisions from a seed.
#[derive(Clone, Debug)]
pub struct Dice {
    key: u64,
    rolled: u64,
}

impl Dice {
    /// The dice of `who` in the run of that seed.
    pub fn new(seed: u64, who: &str) -> Dice {
        let key = who
            .bytes()
            .fold(mix(seed, 0), |key, byte| mix(key, u64::from(byte) + 1));
        Dice { key, rolled: 0 }
    }

    /// The same, of the `which`th occasion.
    #[must_use]
    pub fn of(&self, which: u64) -> Dice {
        let (key, rolled) = (mix(self.key, which), 0);
        Dice { key, rolled }
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.rolled += 1;
        mix(self.key, self.rolled)
    }

    /// A number below `end`, which is at least 1.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// Whether something happens that does so in `permille` of a thousand cases.
    pub fn chance(&mut self, permille: u64) -> bool {
        self.below(1000) < permille
    }

    /// One of them.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let count = u64::try_from(of.len()).expect("a list is short");
        of[usize::try_from(self.below(count)).expect("below the length of a list")]
    }
}

/// One number from two, of which no bit says anything about another (the finaliser of SplitMix64).
pub(crate) fn mix(seed: u64, which: u64) -> u64 {
    let mut z = seed.wrapping_add(which.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_draws_more_leaves_the_others_as_they_were() {
        let draw = |more: bool| {
            let (mut alice, mut bob) = (Dice::new(7, "alice"), Dice::new(7, "bob"));
            if more {
                alice.roll();
            }
            (alice.roll(), bob.roll())
        };
        assert_ne!(draw(false).0, draw(true).0);
        assert_eq!(draw(false).1, draw(true).1);
        assert_ne!(Dice::new(1, "bob").roll(), Dice::new(2, "bob").roll());
    }
}
