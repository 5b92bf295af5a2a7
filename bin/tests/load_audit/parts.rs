//! The audit's parts alone.

use crate::load::audit::Stream;
use crate::load::body::{Blank, Stamp};
use crate::load::latency::Latency;
use std::collections::BTreeSet;

fn stream(counters: &[u64]) -> Stream {
    let mut stream = Stream::default();
    counters.iter().for_each(|counter| stream.see(*counter));
    stream
}

fn lost(counters: &[u64], sent: u64, refused: &[u64]) -> u64 {
    stream(counters).lost(sent, &refused.iter().copied().collect())
}

#[test]
fn what_does_not_arrive_is_lost_unless_it_was_refused() {
    assert_eq!(lost(&[0, 1, 2], 3, &[]), 0);
    assert_eq!(lost(&[0, 2], 3, &[]), 1);
    assert_eq!(lost(&[0, 1], 3, &[]), 1);
    assert_eq!(lost(&[0, 2], 4, &[1, 3]), 0);
    assert_eq!(lost(&[], 4, &[1]), 3);
}

#[test]
fn what_comes_twice_and_what_comes_late_are_told_apart() {
    let twice = stream(&[0, 1, 1, 2, 0]);
    assert_eq!((twice.duplicates, twice.reordered), (2, 0));
    let late = stream(&[0, 2, 1, 3]);
    assert_eq!((late.duplicates, late.reordered, late.holes()), (0, 1, 0));
}

#[test]
fn runs_of_numbers_may_come_early_but_not_twice() {
    let mut numbers = Stream::beginning_at(1);
    numbers.see_run(3, 2);
    assert_eq!(numbers.holes(), 2);
    numbers.see_run(1, 2);
    assert_eq!((numbers.holes(), numbers.duplicates), (0, 0));
    numbers.see_run(4, 2);
    assert_eq!((numbers.holes(), numbers.duplicates), (0, 1));
}

#[test]
fn a_huge_jump_is_counted_and_not_stored() {
    let stream = stream(&[0, u64::MAX - 1]);
    assert_eq!(stream.lost(0, &BTreeSet::new()), u64::MAX - 2);
}

#[test]
fn a_stamp_is_read_as_it_was_written() {
    let stamp = Stamp {
        sender: 0xfffe,
        counter: 0xff_1234_5678,
        nanos: 0x1234_5678_9abc,
    };
    let mut blank = Blank::new(100);
    assert_eq!(blank.stamped(stamp).len(), 100);
    assert_eq!(Stamp::read(blank.stamped(stamp).as_bytes()), Some(stamp));
    assert_eq!(Stamp::read(b"hi"), None);
    assert_eq!(Stamp::read(&[b'x'; 100]), None);
}

#[test]
fn quantiles_are_within_a_hundredth() {
    let mut latency = Latency::default();
    (1..=100_000u64).for_each(|micros| latency.record(micros * 1000));
    for part in [0.01, 0.5, 0.9, 0.99, 0.999, 1.0] {
        let (found, exact) = (latency.quantile_micros(part), part * 100_000.0);
        assert!((found - exact).abs() < exact / 100.0, "{part}: {found}");
    }
    assert_eq!(Latency::default().quantile_micros(0.5), 0.0);
}
