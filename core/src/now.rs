//! The core's own notion of time: it owns no clock, its driver tells it at every call.

use core::fmt;
use core::ops::Add;
use core::time::Duration;

/// Monotonic time in microseconds since the driver started. Every decision is made on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

impl Mono {
    /// The driver's start.
    pub const ZERO: Mono = Mono(0);

    /// `micros` microseconds after the driver's start.
    pub const fn from_micros(micros: u64) -> Mono {
        Mono(micros)
    }

    /// `millis` milliseconds after the driver's start.
    pub const fn from_millis(millis: u64) -> Mono {
        Mono(millis.saturating_mul(1000))
    }

    /// Microseconds since the driver's start.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// Milliseconds since the driver's start, rounded down.
    pub const fn millis(self) -> u64 {
        self.0 / 1000
    }

    /// The first multiple of `grain` that is not before this.
    pub const fn round_up(self, grain: Duration) -> Mono {
        match grain.as_micros() as u64 {
            0 => self,
            grain => Mono(self.0.div_ceil(grain).saturating_mul(grain)),
        }
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Mono) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Mono {
    type Output = Mono;

    fn add(self, span: Duration) -> Mono {
        let seconds = span.as_secs().saturating_mul(1_000_000);
        let micros = seconds.saturating_add(u64::from(span.subsec_micros()));
        Mono(self.0.saturating_add(micros))
    }
}

impl fmt::Display for Mono {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.millis())
    }
}

/// Wall-clock time in milliseconds since 1970 (UTC). It stamps messages and decides nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(pub u64);

impl Wall {
    /// Milliseconds since an earlier stamp, of which no more than a day counts: a wall clock may jump.
    pub const fn gap_since(self, earlier: Wall) -> u64 {
        const GAP_MAX: u64 = 24 * 60 * 60 * 1000;
        let gap = self.0.saturating_sub(earlier.0);
        if gap < GAP_MAX { gap } else { GAP_MAX }
    }
}

/// What the driver hands in with every call: both clocks, read at the same moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For every decision. One older than the last counts as the last.
    pub mono: Mono,
    /// For stamps only.
    pub wall: Wall,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn units_are_kept_apart() {
        let at = Mono::from_micros(2_500_999);
        assert_eq!((at.micros(), at.millis()), (2_500_999, 2_500));
        assert_eq!(format!("{at}"), "2500ms");
        assert_eq!(Mono::from_millis(7).micros(), 7_000);
        assert_eq!((at + Duration::from_millis(3)).micros(), 2_503_999);
    }

    #[test]
    fn what_is_later_than_any_time_stays_the_last_one() {
        assert_eq!(Mono::from_micros(5) + Duration::MAX, Mono(u64::MAX));
        assert_eq!(Mono::from_micros(5).since(Mono(7)), Duration::ZERO);
        assert_eq!(Mono(7).since(Mono(5)), Duration::from_micros(2));
    }

    #[test]
    fn a_grain_is_rounded_up_to_and_none_is_none() {
        let grain = Duration::from_millis(500);
        let up = |millis| Mono::from_millis(millis).round_up(grain);
        assert_eq!([up(0), up(500)], [Mono::ZERO, Mono::from_millis(500)]);
        assert_eq!(up(501), Mono::from_millis(1_000));
        assert_eq!(Mono(7).round_up(Duration::ZERO), Mono(7));
    }

    #[test]
    fn no_gap_counts_as_more_than_a_day() {
        let day = 86_400_000;
        let gap = |from, to| Wall(to).gap_since(Wall(from));
        assert_eq!(gap(5, day + 4), day - 1);
        assert_eq!([gap(5, day + 5), gap(5, u64::MAX)], [day, day]);
        assert_eq!(gap(5, 4), 0);
    }
}
